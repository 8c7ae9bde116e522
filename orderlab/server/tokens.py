"""The one token that lets people in: as a header, as a link, and as the cookie that the link sets."""

import hmac
from hashlib import sha256
from urllib.parse import quote, unquote_to_bytes

_PARAMETER = b"token="
_KEPT = "!$&'()*+,;=:@/?%-._~"
"""What may stand in a query as it is (RFC 3986); whatever else a client put there is escaped before it is a header."""


class Token:
    """Tell who knows the token.

    Args:
        token: The token.
        port: Where the server listens. It is in the cookie's name, because a browser sends the cookies of one port of
            a host to every other: two servers on a laptop would overwrite each other's.
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token.encode("ascii")
        self._cookie_name = f"orderlab-{port}".encode("ascii")
        # Not the token itself: whoever sees the cookie, such as a server on another port, cannot send the link around.
        self._cookie_value = hmac.new(self._token, b"orderlab cookie", sha256).hexdigest().encode("ascii")

    @property
    def cookie(self) -> bytes:
        """The value of the Set-Cookie header that lets a browser in.

        SameSite is Lax, not Strict: people come from a link in a chat or a course page, and a browser does not send a
        Strict cookie along a chain of redirects that began on another site, so they would be let in only at the second
        try. What Strict would add, no cross-site requests that change something, the check of the origin does as well.
        Not Secure, since this server speaks plain HTTP.
        """
        return self._cookie_name + b"=" + self._cookie_value + b"; Path=/; HttpOnly; SameSite=Lax"

    def is_in_query(self, query: bytes) -> bool:
        """Tell whether a query string has the right token."""
        return _PARAMETER in query and any(
            part.startswith(_PARAMETER) and self._is_token(unquote_to_bytes(part.removeprefix(_PARAMETER)))
            for part in query.split(b"&")
        )

    def is_in_authorization(self, header: bytes) -> bool:
        """Tell whether an Authorization header has the right token."""
        scheme, _, token = header.partition(b" ")
        return scheme.lower() == b"bearer" and self._is_token(token.strip(b" "))

    def is_in_cookies(self, header: bytes) -> bool:
        """Tell whether a Cookie header has the right cookie."""
        for pair in header.split(b";"):
            name, _, value = pair.strip(b" ").partition(b"=")
            if name == self._cookie_name and hmac.compare_digest(value, self._cookie_value):
                return True
        return False

    def _is_token(self, given: bytes) -> bool:
        return hmac.compare_digest(given, self._token)


def address_without_token(path: str, query: bytes) -> bytes:
    """Return where a link with a token leads: the same path and query without it, safe as a Location header.

    >>> address_without_token("/docs", b"a=1&token=sesame&b=2")
    b'/docs?a=1&b=2'
    >>> address_without_token("//evil.example", b"token=sesame")  # it would be another host's page
    b'/evil.example'
    """
    kept = b"&".join(part for part in query.split(b"&") if not part.startswith(_PARAMETER))
    # A backslash, which browsers take for a slash, and line ends are escaped by quote.
    address = "/" + quote(path.lstrip("/"), safe="/!$&'()*+,;=:@-._~", errors="replace")
    return (f"{address}?{quote(kept, safe=_KEPT)}" if kept else address).encode("ascii")
