"""What can go wrong between a client and its server; a refused command is none of it, for that is a value."""

from collections.abc import Mapping
from typing import Any

from orderlab.core.errors import OrderlabError

UNEXPECTED = "unexpected_answer"
OVERLOADED = "overloaded"
"""The code of a server that has refused at once, so that nothing was done."""

_SERVER_FAILED = 500


class ClientClosed(OrderlabError):
    """The client was closed, or belongs to another event loop, and asks no more."""


class ServerUnreachable(OrderlabError):
    """Nobody answered for as long as the client had patience.

    Args:
        address: Where the server was looked for.
        reason: What happened at the last attempt.
        in_doubt: Whether something was sent whose answer did not come, so that it may have been done.
    """

    def __init__(self, address: str, reason: str, in_doubt: bool = False) -> None:
        super().__init__(
            f"the server at {address} cannot be reached: {reason}; see that it runs, and that this is its address"
        )
        self.address = address
        self.reason = reason
        self.in_doubt = in_doubt

    def __reduce__(self) -> tuple[type["ServerUnreachable"], tuple[str, str, bool]]:
        return ServerUnreachable, (self.address, self.reason, self.in_doubt)


class ServerError(OrderlabError):
    """The server answered that it cannot do what was asked; the text is its own sentence.

    Args:
        code: The problem's stable code, such as `unauthorized`; `unexpected_answer` for what is none of the API's.
        status: The HTTP status.
        detail: One sentence about this very request.
        members: What else the problem says, such as `current_version`.
    """

    def __init__(self, code: str, status: int, detail: str, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.detail = detail
        self.members = dict(members or {})
        self.in_doubt = status >= _SERVER_FAILED and code != OVERLOADED
        """Whether what was asked may have been done all the same, by this attempt or an earlier one."""

    def __reduce__(self) -> tuple[Any, ...]:
        return ServerError, (self.code, self.status, self.detail, self.members), {"in_doubt": self.in_doubt}


class LogReplaced(OrderlabError):
    """The log does not have the event after which to go on: another server, with a log of its own, has the address."""
