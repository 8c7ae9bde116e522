"""One entity on two sides, and the fields in which they differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing import tables
from orderlab.timeline.fields import ABSENT, fields_of, same, shown

_TOLD = 8
"""How many changes a sentence tells."""

_IDENTITY: Any = object.__eq__


@dataclass(frozen=True, slots=True)
class Change(tables.AsTable):
    """One field and its two values; one of them is `ABSENT` where only the other side has such a field.

    >>> print(Change("status", "placed", "shipped"), Change("size", ABSENT, 5), Change("size", 5, ABSENT), sep="; ")
    status placed → shipped; size 5; no size (was 5)
    """

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is ABSENT:
            return f"{self.field} {shown(self.after)}"
        if self.after is ABSENT:
            return f"no {self.field} (was {shown(self.before)})"
        return f"{self.field} {shown(self.before)} → {shown(self.after)}"


@dataclass(frozen=True, slots=True, repr=False)
class EntityChange(tables.AsTable):
    """One entity on the two sides, None where it does not exist, with its changed fields."""

    key: str
    before: Any
    after: Any
    before_name: str
    after_name: str
    changes: tuple[Change, ...]

    @property
    def kind(self) -> str:
        """Whether the entity `appeared`, is `gone`, or has `changed`."""
        return "appeared" if self.before is None else "gone" if self.after is None else "changed"

    def __repr__(self) -> str:
        return f"<{self.key} {self.kind}: {', '.join(map(str, self.changes))}>"

    def lines(self) -> list[str]:
        """Return the change as lines, with a minus for what was and a plus for what is."""
        mark = {"appeared": "+", "gone": "-", "changed": " "}[self.kind]
        sides = [(change.field, sign, value) for change in self.changes for sign, value in _sides(change)]
        return [f"{mark} {self.key}", *(f"{sign}     {field}: {shown(value)}" for field, sign, value in sides)]


def changes_between(before: Any, after: Any) -> tuple[Change, ...]:
    """Return the fields in which two values of an entity differ, in the order of the fields.

    An entity that appears or is gone is told by its own fields; of one that changed also the sequences and mappings
    in it are compared, element by element.

    >>> from orderlab.orders.model import OrderItem
    >>> changes_between(OrderItem("p-1", "Mug", 2, 250), OrderItem("p-1", "Mug", 3, 250))
    (Change(field='quantity', before=2, after=3),)
    """
    if same(before, after):
        return ()
    deep = before is not None and after is not None
    was, now = fields_of(before, deep=deep), fields_of(after, deep=deep)
    pairs = ((field, was.get(field, ABSENT), now.get(field, ABSENT)) for field in {**now, **was})
    changes = tuple(Change(field, old, new) for field, old, new in pairs if not same(old, new))
    tells = deep and type(after).__eq__ is not _IDENTITY  # else being another object is no difference
    return changes if changes or not tells else (Change("value", before, after),)


def in_words(changes: Sequence[Change]) -> str:
    """Return changes in one line.

    >>> in_words([Change("status", "placed", "shipped"), Change("version", 1, 2)]), in_words([])
    ('status placed → shipped, version 1 → 2', 'nothing changed')
    """
    told = ", ".join(map(str, changes[:_TOLD])) or "nothing changed"
    return f"{told} and {len(changes) - _TOLD:,} more" if len(changes) > _TOLD else told


def _sides(change: Change) -> Iterator[tuple[str, Any]]:
    if change.before is not ABSENT:
        yield "-", change.before
    if change.after is not ABSENT:
        yield "+", change.after
