"""A log folded once from its beginning, event by event: for whatever has to see every state."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from orderlab.collector import collector_resting
from orderlab.core.decider import Decider, Fact
from orderlab.core.errors import CorruptStream
from orderlab.timeline.asof.entities import cannot_follow, require_own
from orderlab.timeline.asof.index import Index
from orderlab.timeline.asof.sharing import Sharing
from orderlab.timeline.asof.source import Source, facts_between

_STRETCH = 10_000
"""Events read and folded at a time."""


class Stride(NamedTuple):
    """One event, and the entity it is about before and after it."""

    position: int
    key: str
    event: Any
    before: Any
    after: Any


def strides(index: Index, source: Source, decider: Decider[Any], sharing: Sharing) -> Iterator[list[Stride]]:
    """Give a whole log in stretches, folded; an entity is let go after its last event.

    What comes before an event that fails is given before it raises; no stretch is empty.

    Raises:
        CorruptStream: An event cannot follow what its stream holds before it.
        UnreadableEvent: An event cannot be decoded.
    """
    folding = _Folding(index, decider, sharing, {})
    for after in range(0, len(index), _STRETCH):
        until, stretch = min(after + _STRETCH, len(index)), list[Stride]()
        try:
            with collector_resting():  # not while the caller has a stretch: he may never come back
                folding.fold(facts_between(source, after, until), after, until, stretch)
        except Exception:
            if stretch:
                yield stretch
            raise
        yield stretch


@dataclass(frozen=True, slots=True)
class _Folding:
    """How a log is folded: `alive` has the entities whose streams go on."""

    index: Index
    decider: Decider[Any]
    sharing: Sharing
    alive: dict[int, tuple[str, Any]]

    def fold(self, facts: Iterator[Fact], after: int, until: int, found: list[Stride]) -> None:
        """Fold the facts of a stretch, and add what is found, as far as it goes."""
        alive, end = self.alive, len(self.index)
        places = range(after + 1, until + 1)
        streams, later = self.index.streams[after:until].tolist(), self.index.later[after:until].tolist()
        evolve, out = self.decider.evolve, self.sharing.out
        for position, stream, next_position, fact in zip(places, streams, later, facts, strict=True):
            known = alive.get(stream)
            key, before = (require_own(self.decider, fact), None) if known is None else known
            handed = out(before)  # first, for there are functions that change it into what comes after it
            try:
                entity = evolve(before, out(fact[2]))
            except CorruptStream as error:
                raise cannot_follow(fact, error) from error
            if next_position <= end:
                alive[stream] = key, entity
            elif known is not None:
                del alive[stream]
            found.append(Stride(position, key, fact[2], handed, out(entity)))
