"""A log folded once from its beginning, event by event: for whatever has to see every state."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from orderlab.collector import collector_resting
from orderlab.core.decider import Decider
from orderlab.core.errors import CorruptStream
from orderlab.timeline.asof.entities import cannot_follow, require_own
from orderlab.timeline.asof.index import Index
from orderlab.timeline.asof.source import Source

_STRETCH = 10_000
"""Events read and folded at a time."""


class Stride(NamedTuple):
    """One event, and the entity it is about before and after it."""

    position: int
    key: str
    event: Any
    before: Any
    after: Any


def strides(index: Index, source: Source, decider: Decider[Any]) -> Iterator[list[Stride]]:
    """Give a whole log in stretches, folded; an entity is let go after its last event.

    Raises:
        CorruptStream: An event cannot follow what its stream holds before it.
        UnreadableEvent: An event cannot be decoded.
    """
    alive: dict[int, tuple[str, Any]] = {}
    for after in range(0, len(index), _STRETCH):
        with collector_resting():  # not while the caller has a stretch: he may never come back
            stretch = _stretch(index, source, decider, after, alive)
        yield stretch


def _stretch(
    index: Index, source: Source, decider: Decider[Any], after: int, alive: dict[int, tuple[str, Any]]
) -> list[Stride]:
    evolve, end = decider.evolve, len(index)
    until = min(after + _STRETCH, end)
    facts = source.stretch(after, until)
    places = range(after + 1, until + 1)
    streams, later = index.streams[after:until].tolist(), index.later[after:until].tolist()
    found = []
    for position, stream, next_position, fact in zip(places, streams, later, facts, strict=True):
        known = alive.get(stream)
        key, before = (require_own(decider, fact), None) if known is None else known
        try:
            entity = evolve(before, fact[2])
        except CorruptStream as error:
            raise cannot_follow(fact, error) from error
        if next_position <= end:
            alive[stream] = key, entity
        elif known is not None:
            del alive[stream]
        found.append(Stride(position, key, fact[2], before, entity))
    return found
