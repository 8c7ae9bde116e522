"""What is different between two places in a log, or between the ends of two logs: which entities, and which fields."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from orderlab.drawing import tables
from orderlab.timeline.comparison import EntityChange, changes_between
from orderlab.timeline.fields import shown
from orderlab.timeline.parting import ends_of
from orderlab.timeline.unknown import UnknownKey, counted, proposal

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_LINES = 200
"""How many lines the text of a difference has at the most."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Difference(Mapping[str, EntityChange]):
    """The entities that differ, by key, in the order in which they first changed.

    Args:
        between: The two places: `4 → 7`.
        noun: What kind of entity the log is about.
        entities: The changes by key.
    """

    between: str
    noun: str
    entities: Mapping[str, EntityChange]

    def __post_init__(self) -> None:
        object.__setattr__(self, "entities", MappingProxyType(dict(self.entities)))

    def __reduce__(self) -> tuple[type["Difference"], tuple[str, str, dict[str, EntityChange]]]:
        return Difference, (self.between, self.noun, dict(self.entities))  # a view can neither be copied nor pickled

    def __getitem__(self, key: str) -> EntityChange:
        if key in self.entities:
            return self.entities[key]
        raise UnknownKey(
            f"{self.noun} {key} is no different ({self.between}){proposal(key, list(self), what='changed are', most=3)}"
        )

    def __contains__(self, key: object) -> bool:
        return key in self.entities

    def __iter__(self) -> Iterator[str]:
        return iter(self.entities)

    def __len__(self) -> int:
        return len(self.entities)

    def __eq__(self, other: object) -> bool:
        """Tell whether the same has changed; where, and in which order, does not matter."""
        return isinstance(other, Difference) and dict(self.entities) == dict(other.entities)

    __hash__ = None  # type: ignore[assignment] # entities of any kind are compared, and need not hash

    def __repr__(self) -> str:
        return f"<Difference {self.between}: {self._told()}>"

    def __str__(self) -> str:
        lines = [line for entity in self.values() for line in entity.lines()]
        left_out = [f"... and {counted(len(lines) - _LINES, 'line')} more"] if len(lines) > _LINES else []
        return "\n".join([f"{self.between}: {self._told()}", *lines[:_LINES], *left_out])

    def _repr_html_(self) -> str:
        body = [row for entity in self.values() for row in _rows(entity)]
        table = tables.rows(
            [self.noun, "field", "before", "after"],
            body[: tables.ROWS],
            left_out=max(len(body) - tables.ROWS, 0),
        )
        return f"<p>{tables.cell(self.between)}: {tables.cell(self._told())}</p>{table}"

    def _told(self) -> str:
        kinds = [entity.kind for entity in self.values()]
        counts = {kind: kinds.count(kind) for kind in ("appeared", "changed", "gone") if kind in kinds}
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        number, _, rest = told.partition(" ")
        return f"{counted(next(iter(counts.values())), self.noun)} {rest}" if number else "nothing changed"


def difference_of(timeline: "Timeline[Any]", m: "int | Timeline[Any]", n: int | None = None) -> Difference:
    """Return what is different between two positions of a timeline, or between the ends of two timelines.

    Args:
        timeline: The timeline.
        m: The one position; or another timeline of the same domain, then what its end has that this one's has not.
        n: The other position, which may be the earlier one; the end if None.

    Raises:
        IndexError: A position is outside the timeline.
        TypeError: The other timeline is of another domain, or a position goes with it.
    """
    if isinstance(m, SupportsIndex):
        before, after = timeline._n(m, "m"), timeline._as_of(n, "n")
        return _difference(timeline, f"{before} → {after}", _between(timeline, before, after))
    if n is not None or getattr(getattr(m, "decider", None), "name", None) != timeline.decider.name:
        kind = timeline.decider.name
        raise TypeError(f"diff takes two positions, or another timeline of kind {kind} alone, not {m!r} and {n!r}")
    return _difference(timeline, f"this timeline at {len(timeline)} → the other at {len(m)}", ends_of(timeline, m))


def _difference(timeline: "Timeline[Any]", between: str, both: Iterable[tuple[str, Any, Any]]) -> Difference:
    named = timeline.decider.state_of
    entities = {}
    for key, before, after in both:
        changes = changes_between(before, after)
        if changes or (before is None) != (after is None):
            entities[key] = EntityChange(key, before, after, named(before), named(after), changes)
    return Difference(between, timeline.decider.name, entities)


def _between(timeline: "Timeline[Any]", m: int, n: int) -> Iterator[tuple[str, Any, Any]]:
    """Give the entities with events between two positions, as of both, in the order of the first of these events."""
    low, high = min(m, n), max(m, n)
    streams, firsts = np.unique(timeline._index.streams[low:high], return_index=True)
    changed = streams[np.argsort(firsts)]
    existing = changed[changed < timeline._index.existing(low)]
    earlier = {each.stream_id: each.entity for each in timeline._entities.at(existing.tolist(), low)}
    for stream_id, entity, _ in timeline._entities.at(changed.tolist(), high):
        sides = earlier.get(stream_id), entity
        yield timeline.decider.key_in(stream_id), *(sides if m <= n else sides[::-1])


def _rows(entity: EntityChange) -> list[list[str]]:
    if entity.kind != "changed":
        return [[entity.key, entity.kind, entity.before_name, entity.after_name]]
    keys = [entity.key, *[""] * len(entity.changes)]
    return [
        [key, change.field, shown(change.before), shown(change.after)]
        for key, change in zip(keys, entity.changes, strict=False)
    ]
