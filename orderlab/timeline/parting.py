"""Where two logs of one domain part, and how their entities then end."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from orderlab.core.decider import Fact
from orderlab.timeline.fields import same

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_TOGETHER = 10_000
"""Events read at a time: of a log in a file each query takes milliseconds."""

_FEW = 100
"""So many streams are asked for one by one."""

_Tail = dict[str, list[tuple[int, Any]]]
"""What comes after the shared beginning: by stream, the positions and values of its events."""


def ends_of(one: "Timeline[Any]", other: "Timeline[Any]") -> Iterator[tuple[str, Any, Any]]:
    """Give each entity that may be another at the ends of two timelines, by where they part, with both its ends."""
    shared = _shared(one, other)
    places = _parted(_tail(one, shared), _tail(other, shared))
    if one.decider.evolve is not other.decider.evolve:  # the same events may then have made another entity
        places = list(dict.fromkeys([*places, *_streams(one), *_streams(other)]))
    mine, theirs = _ends(one, places), _ends(other, places)
    for stream_id in places:
        yield one.decider.key_in(stream_id), mine.get(stream_id), theirs.get(stream_id)


def _shared(one: "Timeline[Any]", other: "Timeline[Any]") -> int:
    """Return how many events at the beginning are the same in both timelines."""
    end = min(len(one), len(other))
    for after in range(0, end, _TOGETHER):
        until = min(after + _TOGETHER, end)
        pairs = zip(one._source.stretch(after, until), other._source.stretch(after, until), strict=True)
        for position, (this, that) in enumerate(pairs, start=after):
            if not _equal(this, that):
                return position
    return end


def _equal(this: Fact, that: Fact) -> bool:
    return this[0] == that[0] and same(this[2], that[2])


def _tail(timeline: "Timeline[Any]", shared: int) -> _Tail:
    tail: _Tail = {}
    for after in range(shared, len(timeline), _TOGETHER):
        facts = timeline._source.stretch(after, min(after + _TOGETHER, len(timeline)))
        for position, (stream_id, _, event) in enumerate(facts, start=after + 1):
            tail.setdefault(stream_id, []).append((position, event))
    return tail


def _parted(mine: _Tail, theirs: _Tail) -> list[str]:
    """Return the streams whose events are not the same in both, in the order of where they part."""
    parted = {}
    for stream_id in {**mine, **theirs}:
        for here, there in zip_longest(mine.get(stream_id, []), theirs.get(stream_id, [])):
            if here is None or there is None or not same(here[1], there[1]):
                parted[stream_id] = min(each[0] for each in (here, there) if each is not None)
                break
    return sorted(parted, key=parted.__getitem__)


def _streams(timeline: "Timeline[Any]") -> list[str]:
    return timeline._source.stream_ids(0, len(timeline))


def _ends(timeline: "Timeline[Any]", stream_ids: list[str]) -> dict[str, Any]:
    """Return the last entity of each of these streams that a timeline has."""
    if len(stream_ids) > _FEW:  # to ask for the number of each would take longer than to have them all
        known = {stream_id: number for number, stream_id in enumerate(_streams(timeline))}
    else:
        found = ((stream_id, timeline._source.stream_of(stream_id)) for stream_id in stream_ids)
        known = {stream_id: number for stream_id, number in found if number is not None}
    numbers = [known[stream_id] for stream_id in stream_ids if stream_id in known]
    return {each.stream_id: each.entity for each in timeline._entities.at(numbers, len(timeline))}
