"""Wait for a time on the environment's clock: a test clock moves what waits here, the real one lets it pass."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from math import isfinite

from orderlab.core.environment import AlarmClock, Clock

Due = Callable[[datetime | None], object]


class Delays:
    """What waits for its time. Kept in memory alone: delays do not survive a restart.

    Args:
        clock: The environment's clock. One that rings alarms says itself when a time has come; for any other the
            event loop counts the seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._waiting: dict[object, tuple[Callable[[], object], Callable[[], object]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, seconds: float, since: datetime, due: Due, dropped: Callable[[], object]) -> None:
        """Call `due` in the event loop when the instant so many seconds after `since` has come.

        It is given that instant; or None where real time had to pass, which may have passed it by: a computer sleeps.
        `dropped` is called instead if it is not waited for to the end.

        Raises:
            ValueError: `seconds` is no length of time.
        """
        mark = object()
        at = since + seconds_of(seconds)
        left = (at - self._clock.now()).total_seconds()
        is_alarm = isinstance(self._clock, AlarmClock)

        def come() -> None:
            if self._waiting.pop(mark, None) is not None:
                due(at if is_alarm or left <= 0 else None)

        def ring() -> None:
            if threading.get_ident() == self._thread:
                come()
            else:  # a test clock may be moved from another thread
                self._loop.call_soon_threadsafe(come)

        if left > 0 and isinstance(self._clock, AlarmClock):
            self._waiting[mark] = self._clock.call_at(at, ring), dropped
        else:
            self._waiting[mark] = self._loop.call_later(max(left, 0), come).cancel, dropped

    def drop(self) -> int:
        """Let nothing that waits come any more, and return how much it was."""
        dropped = len(self._waiting)
        while self._waiting:
            _, (call_off, tell) = self._waiting.popitem()
            call_off()
            tell()
        return dropped


def seconds_of(seconds: float) -> timedelta:
    """Return a number of seconds as a length of time; refuse what is none.

    >>> seconds_of(90)
    datetime.timedelta(seconds=90)
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds) or seconds < 0:
        raise ValueError(f"the seconds of a Delay must be a number from 0, not {seconds!r}")
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"a Delay of {seconds:g} seconds goes beyond the calendar") from None
