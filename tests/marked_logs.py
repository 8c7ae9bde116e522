"""Logs whose every event says by a mark of its own who wrote it, so that none can be lost or doubled unnoticed."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore
from orderlab.orders.actions import OrderCancelled

END = "end"
"""The mark of the last event of all, by which readers know that they have everything."""

_DAWN = datetime.min.replace(tzinfo=UTC)
_THEN = datetime(2025, 1, 1, tzinfo=UTC)


def marked(mark: str) -> OrderCancelled:
    """Return an event with this mark."""
    return OrderCancelled("any", mark, _THEN)


@dataclass(frozen=True, slots=True)
class Written:
    """An append that was acknowledged: the marks of its events, and where it was told that they are.

    `version` is that of the last of them; `positions` are empty where none were told.
    """

    stream_id: str
    version: int
    marks: tuple[str, ...]
    positions: tuple[int, ...] = ()
    repeated: bool = False


@dataclass(slots=True)
class Seen:
    """What a reader saw of a log, which makes sure at each event that it is the next one."""

    position: int = 0
    checksum: int = 0
    ended: bool = False
    _versions: dict[str, int] = field(default_factory=dict)
    _recorded_at: datetime = _DAWN

    def take(self, recorded: RecordedEvent) -> None:
        assert recorded.position == self.position + 1, f"after {self.position} came {recorded!r}"
        assert recorded.version == self._versions.get(recorded.stream_id, 0) + 1, repr(recorded)
        assert recorded.recorded_at >= self._recorded_at, repr(recorded)
        self.position, self._recorded_at = recorded.position, recorded.recorded_at
        self._versions[recorded.stream_id] = recorded.version
        whole = f"{recorded.event_id} {recorded.stream_id} {recorded.recorded_at} {recorded.event.reason}"
        self.checksum = zlib.crc32(whole.encode(), self.checksum)
        self.ended = recorded.event.reason == END

    @property
    def sequence(self) -> tuple[int, int]:
        """How many events there were, and a checksum of all of them in their order."""
        return self.position, self.checksum


async def read_whole(event_store: EventStore) -> tuple[Seen, list[RecordedEvent]]:
    """Read a log from its first event to its last."""
    seen, log = Seen(), []
    async for recorded in event_store.read_all():
        seen.take(recorded)
        log.append(recorded)
    return seen, log


def require_all(log: Iterable[RecordedEvent], written: Iterable[Written]) -> set[str]:
    """Make sure that what was acknowledged is in a log, once and where it was told; return the marks of all else."""
    places: dict[tuple[str, int], tuple[str, int]] = {}
    marks: set[str] = set()
    for recorded in log:
        mark = recorded.event.reason
        assert mark not in marks, f"twice in the log: {mark}"
        marks.add(mark)
        places[recorded.stream_id, recorded.version] = mark, recorded.position
    written = list(written)
    for each in written:
        first = each.version - len(each.marks) + 1
        found = [places.get((each.stream_id, first + offset), ("nothing", 0)) for offset in range(len(each.marks))]
        assert tuple(mark for mark, _ in found) == each.marks, each
        assert each.positions in ((), tuple(position for _, position in found)), each
    return marks.difference(chain.from_iterable(each.marks for each in written))
