"""Entities as of any position: the events of one stream, folded again."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from orderlab.core.decider import Decider, Fact
from orderlab.core.errors import CorruptStream
from orderlab.timeline.asof.index import Index, Integers
from orderlab.timeline.asof.sharing import Sharing
from orderlab.timeline.asof.source import Source

_EVERY = 64
"""Of a long stream the entity after every so many events is kept, once it was folded."""

_KEPT_STREAMS = 1_000
_KEPT_ENTITIES = 100_000
_TOGETHER = 10_000
"""Events read at a time."""


class Standing(NamedTuple):
    """An entity as of some position, and the version that its stream was at."""

    stream_id: str
    entity: Any
    version: int


@dataclass(slots=True)
class _Kept:
    """Of one stream the entities after each `_EVERY` events, as far as it was ever folded."""

    stream_id: str
    entities: list[Any]


@dataclass(slots=True)
class _Run:
    """What is to be folded for one entity: where to begin, and the positions of the events that follow."""

    stream: int
    standing: Standing | None
    positions: Integers


class Entities:
    """Fold streams up to a position.

    Args:
        index: Where the events of each stream are.
        source: The events.
        decider: The domain.
        sharing: Tells which entities may be kept as they are; of others copies are.
    """

    def __init__(self, index: Index, source: Source, decider: Decider[Any], sharing: Sharing) -> None:
        self._index = index
        self._source = source
        self._decider = decider
        self._sharing = sharing
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._count = 0

    def at(self, streams: Sequence[int], n: int) -> list[Standing]:
        """Return the entity of each of these streams as of a position, by which each must have begun.

        Raises:
            CorruptStream: An event cannot follow what its stream holds before it.
            UnreadableEvent: An event cannot be decoded.
        """
        runs = [self._run(stream, n) for stream in streams]
        facts = self._facts(runs)
        return [self._fold(run, facts) for run in runs]

    def _run(self, stream: int, n: int) -> _Run:
        kept = self._kept.get(stream)
        if kept is None:
            return _Run(stream, None, self._index.positions(stream, n))
        self._kept.move_to_end(stream)
        place = min(self._index.version(stream, n) // _EVERY, len(kept.entities))
        standing = None
        if place:
            standing = Standing(kept.stream_id, self._sharing.out(kept.entities[place - 1]), place * _EVERY)
        return _Run(stream, standing, self._index.positions(stream, n, after_version=place * _EVERY))

    def _facts(self, runs: list[_Run]) -> Iterator[Fact]:
        positions = [position for run in runs for position in run.positions.tolist()]
        for start in range(0, len(positions), _TOGETHER):
            yield from self._source.facts(positions[start : start + _TOGETHER])

    def _fold(self, run: _Run, facts: Iterator[Fact]) -> Standing:
        evolve, standing = self._decider.evolve, run.standing
        stream_id, entity, version = ("", None, 0) if standing is None else standing
        for _ in range(len(run.positions)):
            fact = next(facts)
            if version == 0:
                stream_id = fact[0]
                require_own(self._decider, fact)
            version += 1
            try:
                entity = evolve(entity, fact[2])
            except CorruptStream as error:
                raise cannot_follow(fact, error) from error
            if version % _EVERY == 0:
                self._keep(run.stream, Standing(stream_id, entity, version))
        return Standing(stream_id, entity, version)

    def _keep(self, stream: int, standing: Standing) -> None:
        kept = self._kept.setdefault(stream, _Kept(standing.stream_id, []))
        if len(kept.entities) == standing.version // _EVERY - 1:
            kept.entities.append(self._sharing.out(standing.entity))
            self._count += 1
        while len(self._kept) > _KEPT_STREAMS or (self._count > _KEPT_ENTITIES and len(self._kept) > 1):
            self._count -= len(self._kept.popitem(last=False)[1].entities)


def require_own(decider: Decider[Any], fact: Fact) -> str:
    """Make sure that a stream's first event is about the entity that the stream is named after; return its key."""
    stream_id, _, event = fact
    key = decider.key_in(stream_id)
    if decider.key_of(event) != key:
        raise CorruptStream(f"stream {stream_id} holds {event!r}, which is about another")
    return key


def cannot_follow(fact: Fact, error: CorruptStream) -> CorruptStream:
    """Say which fact it is that cannot follow."""
    return CorruptStream(f"stream {fact[0]}, version {fact[1]}: {error}")
