"""The body of a request, which has to be small and to arrive in time."""

import asyncio
from collections.abc import Mapping

from starlette.types import Message, Receive, Scope

from orderlab.server.problems import Problem

ARRIVED = "orderlab.body_arrived"
"""The ASGI extension by which the connection says that all of a body is there, and how many bytes it has.

Most requests come in one piece; they need neither a limit nor a timer, which would cost a tenth of the whole request.
"""

_DRAINED = 6 * 1024 * 1024
"""Bytes beyond the limit that are read all the same."""

_MOST_DIGITS = 18
"""A Content-Length with more digits is too large, whatever it says; Python refuses to read numbers of thousands."""


def announces_too_much(content_length: bytes, limit: int) -> bool:
    """Tell whether a Content-Length header promises a body over the limit; one that is no number promises nothing."""
    return content_length.isdigit() and (len(content_length) > _MOST_DIGITS or int(content_length) > limit)


def too_large(limit: int) -> Problem:
    """Return what a client is told of a body over the limit."""
    return Problem("payload_too_large", f"a body may have {limit:,} bytes at the most")


def has_arrived(scope: Scope, limit: int) -> bool:
    """Tell whether all of a request's body is known to be there, and to be within the limit."""
    arrived: Mapping[str, int] | None = (scope.get("extensions") or {}).get(ARRIVED)
    return arrived is not None and arrived["bytes"] <= limit


class BoundedBody:
    """Hand on what arrives of a body, until it is too much or takes too long.

    The problem is raised where the application reads, and kept: the guard answers with it even if the application
    takes the exception for something else.

    Args:
        receive: Where the body comes from.
        limit: How many bytes it may have.
        seconds: How long it may take from now on.
    """

    __slots__ = ("_deadline", "_left", "_limit", "_receive", "_seconds", "problem")

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive = receive
        self._limit = self._left = limit
        self._seconds = seconds
        self._deadline: float | None = asyncio.get_running_loop().time() + seconds
        self.problem: Problem | None = None

    async def receive(self) -> Message:
        """Return the next message.

        Raises:
            Problem: The body is too large, or did not arrive in time.
        """
        if self.problem is not None:
            raise self.problem
        if self._deadline is None:  # the body is complete, and what is waited for is that the client goes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.problem = Problem("request_timeout", f"the body did not arrive within {self._seconds:g} seconds")
            raise self.problem from None
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            if message.get("more_body", False):
                await self.drain()
            self.problem = too_large(self._limit)
            raise self.problem
        if not message.get("more_body", False):
            self._deadline = None
        return message

    async def drain(self) -> None:
        """Read what nobody wants, for a while: whoever is cut off while it sends may never see why.

        The system answers what arrives at a closed connection with a reset, which can overtake the answer.
        """
        drained = 0
        try:
            async with asyncio.timeout_at(self._deadline):
                while drained < _DRAINED:
                    message = await self._receive()
                    drained += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return
        except TimeoutError:
            return  # it is answered all the same, and has had its time
