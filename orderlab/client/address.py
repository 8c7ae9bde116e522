"""Where a server is, and the token that lets in: taken apart at once, so that the token is in nothing that is shown."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

_WANTED = "url must be the address of a server, such as http://127.0.0.1:3000, or the link with a token that it printed"
_HOST = re.compile(r"[^\s\x00-\x20\\%@<>\"^`{|}]+")
_TOKEN = re.compile(r"[!-~]+")
_PARAMETER = "token="


@dataclass(frozen=True, slots=True)
class Address:
    """A server's address without a slash at its end, and the token.

    Args:
        url: The address; it may be shown.
        token: What visitors must know; None for an open server.
    """

    url: str
    token: str | None = field(default=None, repr=False)

    @property
    def bell_url(self) -> str:
        """Where the WebSocket is."""
        return f"ws{self.url.removeprefix('http')}/ws"

    @property
    def headers(self) -> dict[str, str]:
        """What every request says of who sends it."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine, where no proxy stands between."""
        host = urlsplit(self.url).hostname or ""
        try:
            address = ip_address(host)
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")
        return address.is_loopback or address.is_unspecified


def address_of(url: str, token: str | None = None) -> Address:
    """Return the address that a URL or a link with a token names.

    Args:
        url: The URL; what else is in its query is passed over.
        token: The token; None for the one in the URL, if there is one.

    Raises:
        ValueError: It is no address, or the token cannot be one. The text repeats neither.

    >>> address_of("http://127.0.0.1:3000/?token=sesame")
    Address(url='http://127.0.0.1:3000')
    """
    if not isinstance(url, str):
        raise TypeError(f"url must be text such as http://127.0.0.1:3000, not {type(url).__name__}")
    if token is not None and not isinstance(token, str):
        raise TypeError(f"token must be None or text, not {type(token).__name__}")
    found = _parts_of(url.strip())
    if found is None:  # told here, outside of `except`, whose error would carry the token along
        raise ValueError(_WANTED)
    base, linked = found
    token = linked if token is None else token
    if token is not None and not _TOKEN.fullmatch(token):
        raise ValueError("token must be visible ASCII characters without spaces, as the server printed it")
    return Address(base, token)


def _parts_of(url: str) -> tuple[str, str | None] | None:
    """Return the address without its query, and the token in that; None if there is no address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    name = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{name}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"
    tokens = [part.removeprefix(_PARAMETER) for part in parts.query.split("&") if part.startswith(_PARAMETER)]
    return base, unquote(tokens[0]) if tokens else None
