"""By which names this server may be asked for, and from the pages of which sites."""

import re
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

_HOST_HEADER = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::[0-9]{1,5})?")
_NAME = re.compile(r"[0-9a-z_](?:[0-9a-z._-]{0,251}[0-9a-z_])?")
_NUMBERS = re.compile(r"[0-9.]+")

_DEFAULT_PORTS = ((b"http://", b":80"), (b"https://", b":443"))
_WEB_SCHEMES = {"ws": "http", "wss": "https"}
"""A page that opens a WebSocket is known by the scheme that it was itself loaded with."""


def canonical_host(text: str) -> str | None:
    """Return a host's name or address in the one form it is compared in; None if it is neither.

    >>> canonical_host("LocalHost"), canonical_host("[0:0:0:0:0:0:0:1]"), canonical_host("a:80"), canonical_host("1.2")
    ('localhost', '::1', None, None)
    """
    text = text.lower()
    bracketed = text.startswith("[") and text.endswith("]")
    if not text.isascii() or not text.isprintable() or " " in text:  # which an IPv6 address may have in its zone
        return None
    try:
        return str(ip_address(text[1:-1] if bracketed else text))
    except ValueError:
        # What consists of numbers is an address to every resolver, whatever it is to us: 127.1 is 127.0.0.1.
        return None if bracketed or _NUMBERS.fullmatch(text) or not _NAME.fullmatch(text) else text


def is_loopback(host: str) -> bool:
    """Tell whether a host to listen on can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def names_of_machine() -> list[str]:
    """Return by what other machines know this one: its addresses in their networks, and its name."""
    name = canonical_host(socket.gethostname())
    names = [] if name is None else [name, f"{name.removesuffix('.local')}.local"]
    return [*addresses_of_machine(), *names]


def addresses_of_machine() -> list[str]:
    """Return the addresses, not those of loopback, at which other machines reach this one."""
    found: list[str] = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:  # an error: there is no network
        # Nothing is sent: to connect a datagram socket only chooses the way. The address is nobody's (RFC 5737).
        route.connect(("192.0.2.1", 9))
        found.append(route.getsockname()[0])
    with suppress(OSError, UnicodeError):  # an error: this machine's name means nothing here
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return [address for address in dict.fromkeys(found) if not is_loopback(address)]


def canonical_origin(origin: bytes) -> bytes:
    """Return an origin in the one form it is compared in: lower case, and no port where it is the scheme's own.

    >>> canonical_origin(b"HTTP://Lab.example:80"), canonical_origin(b"http://lab.example:443")
    (b'http://lab.example', b'http://lab.example:443')
    """
    origin = origin.lower()
    for scheme, port in _DEFAULT_PORTS:
        if origin.startswith(scheme):
            return origin.removesuffix(port)
    return origin


class Hosts:
    """Judge what a request says of where it goes and where it comes from.

    Both are checked against DNS rebinding: a page of `evil.example` may let that name point to 127.0.0.1 once it is
    loaded, and is then of the same origin as this server in the eyes of the browser, which protects nothing any more.
    What it cannot do is make the browser write another Host than `evil.example`: so only own names are answered.

    Args:
        names: The server's names and addresses, in canonical form.
        origins: The origins whose pages may use the API beside the server's own.
    """

    def __init__(self, names: Iterable[str], origins: Iterable[str] = ()) -> None:
        self._names = frozenset((f"[{name}]" if ":" in name else name).encode("ascii") for name in names)
        self._origins = frozenset(canonical_origin(origin.encode("ascii")) for origin in origins)

    def is_own(self, host: bytes, server: Sequence[Any] | None) -> bool:
        """Tell whether a Host header, with any port, names this server.

        Args:
            host: The header; empty if it was missing.
            server: The address at which the connection arrived, as ASGI gives it.
        """
        found = _HOST_HEADER.fullmatch(host)
        if found is None:
            return False
        name = found[1].lower()
        return name in self._names or (server is not None and _is_address(name.decode("ascii"), str(server[0])))

    def is_same_origin(self, origin: bytes, scheme: str, host: bytes) -> bool:
        """Tell whether the page that sent a request came from where the request goes; `host` is its Host header."""
        own = _WEB_SCHEMES.get(scheme, scheme).encode("latin-1") + b"://" + host
        return origin == own or canonical_origin(origin) == canonical_origin(own)

    def is_welcome(self, origin: bytes) -> bool:
        """Tell whether an origin is one of the foreign ones that were let in."""
        return bool(self._origins) and canonical_origin(origin) in self._origins

    @property
    def welcomes(self) -> bool:
        """Whether there is any foreign origin that was let in."""
        return bool(self._origins)


def _is_address(name: str, arrived_at: str) -> bool:
    """Tell whether a name is the address, as a number, that a connection arrived at.

    A browser sends a number only for an address that was typed or linked as one: no foreign name can stand behind it.
    """
    if ":" not in name and not _NUMBERS.fullmatch(name):
        return False
    arrived_at = arrived_at.removeprefix("::ffff:")  # IPv4 at a socket that listens for both
    return name == arrived_at or canonical_host(name) == (canonical_host(arrived_at) or "")
