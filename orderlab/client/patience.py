"""Wait between attempts: longer each time, never in step with other clients, and not for ever."""

import asyncio
import random
from datetime import timedelta

from orderlab.client.errors import ServerError, ServerUnreachable

_FIRST_SECONDS, _LONGEST_SECONDS = 0.05, 2.0


class Away(Exception):
    """Nobody answered, or nobody who could do it now; another attempt may find it otherwise.

    Args:
        reason: What happened.
        in_doubt: Whether what was asked may have been done all the same.
        retry_after: How many seconds the server wants to be left alone.
        problem: What the server answered, if it did.
    """

    def __init__(
        self,
        reason: str,
        *,
        in_doubt: bool = False,
        retry_after: float | None = None,
        problem: ServerError | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.in_doubt = in_doubt
        self.retry_after = retry_after
        self.problem = problem


_LEAST_PART = 0.1
"""The part of the patience that an attempt must have before it: one with less would fail for that, and say nothing."""


class Patience:
    """Count how long the server is away: from `begin` on, or else from the first failed attempt.

    Args:
        address: Where the server should be.
        seconds: How long it may be away.
    """

    def __init__(self, address: str, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self._end: float | None = None
        self._longest = min(_LONGEST_SECONDS, seconds / 4)  # so that there is more than one attempt
        self._delay = min(_FIRST_SECONDS, self._longest)
        self._in_doubt = False

    def begin(self) -> None:
        """Count from now on, unless it is counted already."""
        if self._end is None:
            self._end = asyncio.get_running_loop().time() + self._seconds

    @property
    def left(self) -> float:
        """How many seconds are left, after `begin`."""
        assert self._end is not None
        return self._end - asyncio.get_running_loop().time()

    async def wait(self, away: Away, over: asyncio.Event) -> None:
        """Wait until it is time for the next attempt, or for as long as it takes until `over` is set.

        Raises:
            ServerUnreachable: Patience has come to its end.
            ServerError: As well, and the server did answer, though only that it cannot do it now.
        """
        if over.is_set():
            return
        self.begin()
        self._in_doubt |= away.in_doubt
        delay = self._delay * random.uniform(0.5, 1)  # noqa: S311 - so that a class of notebooks does not come at once
        delay = max(delay, away.retry_after or 0.0)
        if delay > self.left - self._seconds * _LEAST_PART:
            error = away.problem or ServerUnreachable(self._address, away.reason)
            error.in_doubt = self._in_doubt
            self.found()  # who asks again all the same has patience anew
            raise error from away.__cause__
        self._delay = min(2 * self._delay, self._longest)
        try:
            async with asyncio.timeout(delay):
                await over.wait()
        except TimeoutError:
            return

    def found(self) -> None:
        """Know that the server is there; when it is away again, that is counted anew."""
        self._end = None
        self._in_doubt = False

    def calm(self) -> None:
        """Know that all is well again, so that the next delay may be short."""
        self._delay = min(_FIRST_SECONDS, self._longest)


def seconds_of(patience: float | timedelta) -> float:
    """Return a patience in seconds.

    Raises:
        ValueError: It is none.
    """
    seconds = patience.total_seconds() if isinstance(patience, timedelta) else patience
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f"patience must be a number of seconds above 0, or a timedelta, not {patience!r}")
    return float(seconds)
