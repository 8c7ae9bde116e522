"""Who may use the server, and how much of it: the part of the settings that every request is held against."""

from dataclasses import dataclass, field
from typing import Self

from orderlab.server.hosts import is_loopback, names_of_machine
from orderlab.server.limits import BODY_BYTES
from orderlab.server.settings import ServerSettings

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Access:
    """What the guard lets through.

    Args:
        names: The server's own names and addresses, in the form of `canonical_host`.
        origins: The foreign origins whose pages may use the API.
        token: What everything but `/health` asks for; None for an open server.
        port: Where the server listens, which is in the name of its cookie.
        body_bytes: The largest body of a request.
        body_seconds: How long a body may take to arrive, from the beginning of the request.
    """

    names: frozenset[str] = _LOOPBACK_NAMES
    origins: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)
    port: int = 3000
    body_bytes: int = BODY_BYTES
    body_seconds: float = 30.0

    @classmethod
    def of(cls, settings: ServerSettings, port: int) -> Self:
        """Return the access that settings grant.

        Args:
            settings: The server's settings.
            port: The port that is listened at, which differs from the setting where that is 0.
        """
        names = {*_LOOPBACK_NAMES, *settings.allowed_hosts, settings.host.lower()}
        if not is_loopback(settings.host):
            names.update(names_of_machine())
        token = settings.token.get_secret_value() if settings.token is not None else None
        return cls(frozenset(names), frozenset(settings.origins), token, port)
