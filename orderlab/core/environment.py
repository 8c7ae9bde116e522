"""All that a reducer may read of the world: a clock and an id generator, and deterministic ones for tests."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Protocol, runtime_checkable
from uuid import UUID

from orderlab.drawing.tables import AsTable


class Clock(Protocol):
    """Tell the time; the only way in which time reaches the pure core."""

    def now(self) -> datetime:
        """Return the present instant as an aware UTC datetime."""
        ...


class IdGenerator(Protocol):
    """Draw identifiers; the only way in which chance reaches the pure core."""

    def new_id(self, kind: str) -> str:
        """Return an id never returned before, beginning with `kind` and a hyphen: `order-…`."""
        ...

    def new_uuid(self) -> UUID:
        """Return a UUID never returned before, for an event or a correlation."""
        ...


class Environment(Protocol):
    """What `reduce` is handed beside the state and the action."""

    @property
    def clock(self) -> Clock:
        """The clock, read once per command."""
        ...

    @property
    def ids(self) -> IdGenerator:
        """The id generator, drawn from at most once per command."""
        ...


@runtime_checkable
class AlarmClock(Clock, Protocol):
    """A clock that also says when an instant has come, for whoever waits on it rather than on the real time."""

    def call_at(self, instant: datetime, ring: Callable[[], object]) -> Callable[[], None]:
        """Have `ring` called when the clock comes to `instant`, and return what calls that off."""
        ...


@dataclass(frozen=True, slots=True)
class FixedClock(AsTable):
    """A clock that stands still, for deciding as of one instant.

    >>> FixedClock(datetime(2025, 1, 1, tzinfo=UTC)).now().year
    2025
    """

    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _require_aware(self.at, "at"))

    def now(self) -> datetime:
        """Return the instant at which this clock stands."""
        return self.at


class TestClock(AsTable):
    """A clock that moves only when it is told to, and rings the alarms that it passes.

    >>> clock = TestClock()
    >>> clock.advance(90)
    datetime.datetime(2025, 1, 1, 0, 1, 30, tzinfo=datetime.timezone.utc)
    """

    __test__ = False  # pytest collects classes named Test…

    def __init__(self, start: datetime = datetime(2025, 1, 1, tzinfo=UTC)) -> None:
        self._now = _require_aware(start, "start")
        self._alarms: list[tuple[datetime, int]] = []
        self._rings: dict[int, Callable[[], object]] = {}
        self._numbered = 0

    def now(self) -> datetime:
        """Return the instant this clock was last moved to."""
        return self._now

    def advance(self, by: float | timedelta) -> datetime:
        """Move forward by `by` (seconds, or a timedelta) and return the new instant.

        Alarms on the way ring in the order of their instants, each while the clock stands at its own.

        Raises:
            ValueError: `by` is negative; time never runs backwards here.
        """
        step = by if isinstance(by, timedelta) else timedelta(seconds=by)
        if step < timedelta(0):
            raise ValueError(f"by must not be negative, and {step} is: a clock never runs backwards")
        end = self._now + step
        while self._alarms and self._alarms[0][0] <= end:
            instant, number = heappop(self._alarms)
            ring = self._rings.pop(number, None)
            if ring is not None:  # else it was called off
                self._now = max(self._now, instant)
                ring()
        self._now = end
        return self._now

    def call_at(self, instant: datetime, ring: Callable[[], object]) -> Callable[[], None]:
        """Have `ring` called when the clock comes to `instant`, and return what calls that off.

        >>> clock, heard = TestClock(), []
        >>> off = clock.call_at(clock.now() + timedelta(seconds=60), lambda: heard.append(clock.now()))
        >>> _ = clock.advance(3600)
        >>> heard
        [datetime.datetime(2025, 1, 1, 0, 1, tzinfo=datetime.timezone.utc)]
        """
        alarm = _require_aware(instant, "instant"), self._numbered
        self._numbered += 1
        self._rings[alarm[1]] = ring
        heappush(self._alarms, alarm)

        def call_off() -> None:
            self._rings.pop(alarm[1], None)

        return call_off

    def __repr__(self) -> str:
        return f"TestClock({self._now.isoformat()})"


class SequentialIds(AsTable):
    """Count: `order-1`, `order-2`, …; the ids a person can follow.

    >>> ids = SequentialIds()
    >>> ids.new_id("order"), ids.new_id("order"), str(ids.new_uuid())
    ('order-1', 'order-2', '00000000-0000-0000-0000-000000000001')
    """

    def __init__(self) -> None:
        self._counters: dict[str, int] = {}
        self._uuids = 0

    def new_id(self, kind: str) -> str:
        """Return `kind` with the next number of that kind."""
        number = self._counters[kind] = self._counters.get(kind, 0) + 1
        return f"{kind}-{number}"

    def new_uuid(self) -> UUID:
        """Return the next number as a UUID."""
        self._uuids += 1
        return UUID(int=self._uuids)

    def __repr__(self) -> str:
        return "SequentialIds()"


class SeededIds(AsTable):
    """Draw from a seeded generator: look like real ids, and are the same at every run.

    >>> SeededIds(7).new_id("order") == SeededIds(7).new_id("order")
    True
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatability is the purpose, not secrecy

    def new_id(self, kind: str) -> str:
        """Return `kind` with 16 hexadecimal digits."""
        return f"{kind}-{self._random.getrandbits(64):016x}"

    def new_uuid(self) -> UUID:
        """Return a version 4 UUID."""
        return UUID(int=self._random.getrandbits(128), version=4)

    def __repr__(self) -> str:
        return f"SeededIds({self._seed})"


def _require_aware(instant: datetime, name: str) -> datetime:
    if not isinstance(instant, datetime):
        raise TypeError(f"{name} must be a datetime, not {instant!r}")
    if instant.utcoffset() is None:
        raise ValueError(f"{name} must be a timezone-aware datetime, such as datetime(2025, 1, 1, tzinfo=UTC)")
    utc = instant.astimezone(UTC)
    # A plain datetime, also of a subclass such as a pandas Timestamp, which JSON does not know.
    return utc if type(utc) is datetime else datetime.combine(utc.date(), utc.time(), UTC)
