"""The first field in which two values differ, by its path."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from itertools import zip_longest
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.differing.canon import attributes_of, compared, same_canon
from orderlab.timeline.fields import ABSENT, shown

_WIDTH = 120


@dataclass(frozen=True, slots=True)
class FieldDifference(AsTable):
    """A field in which two values differ.

    Args:
        field: The path to it, as Python would write it: `events[0].total_cents`.
        one: What the one has there; `ABSENT` if it has no such field.
        other: What the other has there.
    """

    field: str
    one: Any
    other: Any

    def sentence(self, labels: tuple[str, str]) -> str:
        """Say what each has.

        >>> FieldDifference("size", 2, ABSENT).sentence(("the first", "the second"))
        'size is 2 in the first and missing in the second'
        """
        one, other = self.shown()
        return f"{self.field} is {one} in {labels[0]} and {other} in {labels[1]}"

    def shown(self) -> tuple[str, str]:
        """Return both as short texts that are not the same."""
        one, other = shown(self.one), shown(self.other)
        if one == other:  # what is short enough for a sentence would hide it
            one, other = _exact(self.one), _exact(self.other)
        return (
            "missing" if self.one is ABSENT else one,
            "missing" if self.other is ABSENT else other,
        )


def first_difference(one: Any, other: Any, path: str) -> FieldDifference | None:
    """Return the first field in which two values differ, looking from the outside in and in the order of the fields.

    >>> from orderlab.orders.model import OrderItem
    >>> first_difference((OrderItem("p-1", "Mug", 2, 250),), (OrderItem("p-1", "Mug", 3, 250),), "items")
    FieldDifference(field='items[0].quantity', one=2, other=3)
    >>> first_difference([1], [1], "sizes") is None
    True
    """
    if one is ABSENT or other is ABSENT:
        return None if one is other else FieldDifference(path, one, other)
    if same_canon(one, other):
        return None
    if type(one).__name__ == type(other).__name__:
        for name, left, right in _parts(one, other):
            found = first_difference(left, right, path + name)
            if found is not None:
                return found
    return FieldDifference(path, one, other)


def _parts(one: Any, other: Any) -> list[tuple[str, Any, Any]]:
    """Return what is inside two values of one kind: the path from the value, and both sides."""
    if is_dataclass(one) and not isinstance(one, type):
        names = dict.fromkeys((*compared(type(one)), *compared(type(other))))
        return [(f".{name}", getattr(one, name, ABSENT), getattr(other, name, ABSENT)) for name in names]
    if isinstance(one, Mapping):
        keys = sorted({**one, **other}, key=repr)
        return [(f"[{key!r}]", one.get(key, ABSENT), other.get(key, ABSENT)) for key in keys]
    if isinstance(one, list | tuple):
        named = getattr(one, "_fields", None)
        pairs = enumerate(zip_longest(one, other, fillvalue=ABSENT))
        return [(f".{named[index]}" if named else f"[{index}]", left, right) for index, (left, right) in pairs]
    inside, beside = attributes_of(one), attributes_of(other)
    every = sorted({**inside, **beside})
    return [(f".{name}", inside.get(name, ABSENT), beside.get(name, ABSENT)) for name in every]


def _exact(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
