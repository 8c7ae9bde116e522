"""Branches side by side: what they share, what happened in each, and how each ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest
from typing import Any

from orderlab.core.log import RecordedEvent
from orderlab.drawing import tables
from orderlab.timeline.branch.fork import Fork
from orderlab.timeline.fields import same
from orderlab.timeline.timeline import Timeline
from orderlab.timeline.unknown import counted


def side_by_side(*branches: Fork[Any] | Timeline[Any], **named: Fork[Any] | Timeline[Any]) -> "Branches":
    """Return branches to be looked at beside each other.

    Args:
        branches: Forks and timelines of one domain.
        named: More of them, with a name for each.

    Raises:
        TypeError: One is something else, or of another domain.
        ValueError: There is none, or two have the same name.

    >>> from orderlab.timeline import Timeline
    >>> log = Timeline([])
    >>> side_by_side(log.fork(), calm=log)
    <Branches branch 1, calm: 0 events shared, then 0 and 0>
    """
    numbered = {f"branch {number}": each for number, each in enumerate(branches, start=1)}
    for name in numbered.keys() & named.keys():
        raise ValueError(f"{name!r} is what a branch without a name is called here: give the other one another name")
    every = {**numbered, **named}
    if not every:
        raise ValueError("side_by_side must be given at least one branch")
    for each in every.values():
        if not isinstance(each, Fork | Timeline):
            raise TypeError(f"side_by_side takes forks and timelines, not {each!r}")
    timelines = {name: each.timeline if isinstance(each, Fork) else each for name, each in every.items()}
    kinds = {timeline.decider.name for timeline in timelines.values()}
    if len(kinds) > 1:
        raise TypeError(f"side_by_side takes branches of one domain, not of {' and '.join(sorted(kinds))}")
    return Branches(timelines)


@dataclass(frozen=True, repr=False, eq=False)
class Branches:
    """Branches of one domain, by name."""

    timelines: Mapping[str, Timeline[Any]]

    @cached_property
    def shared(self) -> int:
        """How many events at the beginning are the same in all of them."""
        shared = 0
        for first, *others in zip(*(timeline.events() for timeline in self.timelines.values()), strict=False):
            # The ids alone do not tell: two runs that count their ids have the same ones.
            if not all(same(first, each) for each in others):
                break
            shared += 1
        return shared

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of the entities that something happened to in some branch alone."""
        events = (each for timeline in self.timelines.values() for each in _after(timeline, self.shared))
        decider = next(iter(self.timelines.values())).decider
        return tuple(dict.fromkeys(decider.key_in(each.stream_id) for each in events))

    def rows(self) -> Iterator[tuple[RecordedEvent | None, ...]]:
        """Give what happened next in each branch, after the shared past; None where a branch is at its end."""
        return zip_longest(*(_after(timeline, self.shared) for timeline in self.timelines.values()))

    def ends(self) -> dict[str, tuple[str, ...]]:
        """Return the name of the state that each of these entities ends in, in each branch."""
        return {key: tuple(_end(timeline, key) for timeline in self.timelines.values()) for key in self.keys}

    def __repr__(self) -> str:
        own = " and ".join(f"{len(timeline) - self.shared:,}" for timeline in self.timelines.values())
        return f"<Branches {', '.join(self.timelines)}: {counted(self.shared, 'event')} shared, then {own}>"

    def __str__(self) -> str:
        ends = [f"  {key}: {' | '.join(names)}" for key, names in islice(self.ends().items(), tables.ROWS)]
        return "\n".join([repr(self).strip("<>"), *ends])

    def _repr_html_(self) -> str:
        names, longest = list(self.timelines), max(map(len, self.timelines.values())) - self.shared
        body = [
            [self.shared + number, *("" if each is None else _told(self.timelines[name], each) for name, each in pairs)]
            for number, row in enumerate(islice(self.rows(), tables.ROWS), start=1)
            for pairs in [list(zip(names, row, strict=True))]
        ]
        ends = [[key, *states] for key, states in self.ends().items()]
        noun = next(iter(self.timelines.values())).decider.name
        return (
            f"<p>{counted(self.shared, 'event')} shared</p>"
            + tables.rows(["position", *names], body, left_out=longest - len(body))
            + tables.rows([noun, *names], ends[: tables.ROWS], left_out=max(0, len(ends) - tables.ROWS))
        )


def _after(timeline: Timeline[Any], position: int) -> Iterator[RecordedEvent]:
    return timeline.events(position + 1) if position < len(timeline) else iter(())


def _end(timeline: Timeline[Any], key: str) -> str:
    return timeline.decider.state_name(timeline.entity(key) if timeline.positions(key) else None)


def _told(timeline: Timeline[Any], recorded: RecordedEvent) -> str:
    return f"{recorded.event_type} {timeline.decider.key_in(recorded.stream_id)}"
