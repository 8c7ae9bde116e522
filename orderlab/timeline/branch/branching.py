"""What a branch adds to a log: its events as they are recorded, and the commands of the past that it shares."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from orderlab.core.codec import Codec
from orderlab.core.log import RecordedEvent, StoredEvent
from orderlab.core.script import TimedCommand
from orderlab.timeline.whatif.redeciding import Answer

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_PAGE = 1_000

_NAMESPACE = UUID("0b7f4c55-1d6e-5a3f-9a53-3a1c2f6f7d10")


@dataclass(frozen=True, slots=True)
class Where:
    """Where events go: after which position and version, when, and on whose account."""

    position: int
    version: int
    recorded_at: datetime
    correlation_id: str


def recorded_next(answer: Answer, where: Where, *, codec: Codec, after: tuple[str, UUID | None]) -> list[RecordedEvent]:
    """Return the events of a command as they are recorded next.

    Their ids are made from all that is in them and before them: the same branch has the same ids, and another has
    others.

    Args:
        answer: What the command led to.
        where: Where its events go.
        codec: How they become JSON.
        after: What the ids are to follow: a text that tells the branch's log from all others, and the last id before.

    Raises:
        CodecError: An event has no JSON form.
    """
    recorded: list[RecordedEvent] = []
    salt, last = after
    for number, event in enumerate(answer.events, start=1):
        event_type, schema_version, payload = codec.encode(event)
        told = (salt, last, answer.stream_id, where.version + number, where.recorded_at, event_type, payload)
        last = uuid5(_NAMESPACE, "/".join(map(str, told)))
        recorded.append(
            RecordedEvent(
                last,
                str(answer.stream_id),
                where.version + number,
                where.position + number,
                event_type,
                schema_version,
                event,
                where.recorded_at,
                correlation_id=where.correlation_id,
                causation_id=where.correlation_id,
                metadata={},
            )
        )
    return recorded


def commands_until(timeline: "Timeline[Any]", n: int) -> tuple[TimedCommand, ...]:
    """Return the commands that a timeline was given by a position: all but those that come later.

    Neither time nor place alone tells: of several commands at one instant some may come later, and what was recorded
    late may have been given early.
    """
    until = timeline.time_of(n)
    if n == len(timeline) or not timeline.commands:
        return timeline.commands
    if until is None:
        return ()
    # What a delayed action led to has another cause: its command was given long before.
    later = {each.correlation_id for each in timeline.events(n + 1) if each.causation_id in (None, each.correlation_id)}
    return tuple(timed for timed in timeline.commands if timed.at <= until and timed.key not in later)


def rows_until(timeline: "Timeline[Any]", n: int) -> Iterator[StoredEvent]:
    """Give the rows of a timeline's log up to a position, as they are where it comes from."""
    for start in range(1, n + 1, _PAGE):
        yield from timeline._source.rows(range(start, min(start + _PAGE, n + 1)))
