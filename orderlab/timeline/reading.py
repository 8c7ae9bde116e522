"""Read what a log has about one entity."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orderlab.core.errors import CorruptStream
from orderlab.core.log import RecordedEvent
from orderlab.timeline.asof.entities import cannot_follow
from orderlab.timeline.asof.source import recorded_at
from orderlab.timeline.unknown import UnknownKey, proposal

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_PROPOSED = 3
"""How many keys are named to somebody who asks for one that is not there."""

_FEW, _MANY = 16, 1_000
"""How many events are read at a time."""


def positions_of(timeline: "Timeline[Any]", key: str, *, at: int | None = None) -> list[int]:
    """Return the positions of an entity's events, of which there is at least one.

    Raises:
        UnknownKey: There is no such entity, or not yet at this position.
    """
    noun, positions = timeline.decider.name, timeline.positions(key, at=at)
    if positions:
        return positions
    later = timeline.positions(key)
    if later:
        n = timeline._as_of(at, "at")
        raise UnknownKey(f"{noun} {key} does not exist yet at position {n}: its first event is at {later[0]}")
    others = proposal(key, timeline.keys(), what="there are", most=_PROPOSED)
    raise UnknownKey(f"there is no {noun} {key} in this timeline{others}")


def lived(timeline: "Timeline[Any]", positions: Sequence[int]) -> Iterator[tuple[RecordedEvent, Any, Any]]:
    """Give the events at all the positions of one entity, each with the entity before and after it.

    Raises:
        CorruptStream: An event cannot follow.
    """
    evolve, out, entity = timeline.decider.evolve, timeline._sharing.out, None
    for recorded in events_at(timeline, positions):
        before = out(entity)  # first, for there are functions that change it into what comes after it
        try:
            entity = evolve(entity, out(recorded.event))
        except CorruptStream as error:
            raise cannot_follow((recorded.stream_id, recorded.version, recorded.event), error) from error
        yield recorded, before, out(entity)


def events_at(timeline: "Timeline[Any]", positions: Sequence[int]) -> Iterator[RecordedEvent]:
    """Give the events at these positions; few are read at first, to begin soon, then more, to go on quickly."""
    start, size = 0, _FEW
    while start < len(positions):
        yield from recorded_at(timeline._source, positions[start : start + size])
        start, size = start + size, min(2 * size, _MANY)
