"""Wait for a time on the environment's clock: a test clock moves what waits here, the real one lets it pass."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from orderlab.core.effects import instant_after
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
        self._waiting: dict[int, tuple[Callable[[], object], Callable[[], object]]] = {}
        self._numbers = count()
        self._past: list[tuple[datetime, int, Callable[[], None]]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, seconds: float, since: datetime, due: Due, dropped: Callable[[], object]) -> None:
        """Call `due` in the event loop when the instant so many seconds after `since` has come.

        It is given that instant; or None where real time had to pass, which may have passed it by: a computer sleeps.
        `dropped` is called instead if it is not waited for to the end.

        Raises:
            ValueError: `seconds` is no length of time.
        """
        number = next(self._numbers)
        at = instant_after(since, seconds)
        left = (at - self._clock.now()).total_seconds()
        is_alarm = isinstance(self._clock, AlarmClock)

        def come() -> None:
            if self._waiting.pop(number, None) is not None:
                due(at if is_alarm or left <= 0 else None)

        def ring() -> None:
            if threading.get_ident() == self._thread:
                come()
            else:  # a test clock may be moved from another thread
                self._loop.call_soon_threadsafe(come)

        if left <= 0:  # as in a chain of delays that a test clock passes in one step
            heappush(self._past, (at, number, come))
            self._waiting[number] = self._loop.call_soon(self._next_past).cancel, dropped
        elif isinstance(self._clock, AlarmClock):
            self._waiting[number] = self._clock.call_at(at, ring), dropped
        else:
            self._waiting[number] = self._loop.call_later(left, come).cancel, dropped

    def drop(self) -> int:
        """Let nothing that waits come any more, and return how much it was."""
        dropped = len(self._waiting)
        while self._waiting:
            _, (call_off, tell) = self._waiting.popitem()
            call_off()
            tell()
        return dropped

    def _next_past(self) -> None:
        """Let come what was due first, of all whose time was past already; called once for each."""
        _, _, come = heappop(self._past)
        come()
