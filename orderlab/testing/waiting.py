"""Delayed actions that wait for their instant, as data: nothing here lets time pass."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import Any

from orderlab.core.effects import Delay, instant_after
from orderlab.testing.writing import brief


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """An action and when it is due; of those due at one instant, the one asked for first comes first."""

    due: datetime
    number: int
    action: Any = field(compare=False)


class WaitingActions:
    """All actions that wait, the next one first.

    >>> from datetime import UTC
    >>> waiting = WaitingActions()
    >>> waiting.add(datetime(2025, 1, 2, tzinfo=UTC), "second")
    >>> waiting.add(datetime(2025, 1, 1, tzinfo=UTC), "first")
    >>> [each.action for each in waiting]
    ['first', 'second']
    """

    def __init__(self) -> None:
        self._heap: list[Waiting] = []
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(sorted(self._heap))

    def add(self, due: datetime, action: Any) -> None:
        """Let an action wait until it is due."""
        heappush(self._heap, Waiting(due, next(self._numbers), action))

    def take(self, until: datetime) -> Waiting | None:
        """Remove and return the next action that is due by an instant; None if there is none."""
        return heappop(self._heap) if self._heap and self._heap[0].due <= until else None


def due_instant(delay: Delay, since: datetime) -> datetime:
    """Return when a delay that was asked for at an instant is over.

    Raises:
        ValueError: The seconds are no length of time; the delay is named.
    """
    return instant_after(since, delay.seconds, f"the seconds of {brief(delay)}")
