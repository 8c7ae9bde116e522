"""What an event looks like on its way into a log and in it.

Three words carry it all: a *stream* is the events of one entity, a *version* is the count of events in it, and
a *position* is the 1-based place in the whole log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from orderlab.drawing.tables import AsTable

NO_STREAM = 0
"""The `expected_version` of a stream that must not have any events yet."""


class EncodedEvent(NamedTuple):
    """An event as the log keeps it: its name, the version of its shape, and its JSON text.

    Given to an event store in place of a domain value it is written as it is, so that copying a log changes
    nothing in it.
    """

    event_type: str
    schema_version: int
    payload: str


@dataclass(frozen=True, slots=True)
class NewEvent(AsTable):
    """A domain event together with what its writer wants recorded about it.

    Args:
        event: The domain value, or an `EncodedEvent` to be written verbatim.
        event_id: Makes a retry safe: appended again, it changes nothing. Drawn by the event store if None.
        recorded_at: When it is to count as recorded; the event store's clock if None. A log's times never
            decrease, so an earlier one than the log's last is raised to that.
        correlation_id: The request that started it all.
        causation_id: What directly caused it.
        metadata: Further JSON-compatible facts about the recording.
    """

    event: Any
    event_id: UUID | None = None
    recorded_at: datetime | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, repr=False)
class RecordedEvent(AsTable):
    """An event in the log, with everything known about it.

    `version` counts from 1 in its stream, `position` from 1 in the whole log, without gaps and in commit order;
    `recorded_at` is aware UTC and never decreases with position.
    """

    event_id: UUID
    stream_id: str
    version: int
    position: int
    event_type: str
    schema_version: int
    event: Any
    recorded_at: datetime
    correlation_id: str | None
    causation_id: str | None
    metadata: Mapping[str, Any] = field(hash=False)

    def __repr__(self) -> str:
        return f"<#{self.position} {self.event_type} {self.stream_id} v{self.version} {self.recorded_at:%F %T}>"


class StoredEvent(NamedTuple):
    """One row of the log, undecoded; `metadata` and `payload` are JSON text."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    event_type: str
    schema_version: int
    recorded_at: datetime
    correlation_id: str | None
    causation_id: str | None
    metadata: str
    payload: str


@dataclass(frozen=True, slots=True)
class Appended(AsTable):
    """Where an append went: the stream's version after its last event, and the position of each event.

    `repeated` tells that its event ids were in the log already, and that nothing was written now. `rows` are the
    events as they were written; two answers that name the same place are equal whatever was drawn for it.
    """

    version: int
    positions: tuple[int, ...]
    repeated: bool = False
    rows: tuple[StoredEvent, ...] = field(default=(), repr=False, compare=False)
