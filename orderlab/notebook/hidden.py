"""The texts of an event that no field of its entity shows, such as the names of what was ordered: for the search alone.

A field's short form says `2 × OrderItem`; who searches for a star map looks for what is in them. Each text is listed
once, and what is recorded of an event are the numbers of its texts.
"""

from collections.abc import Mapping, Set
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any

from orderlab.timeline.fields import DEPTH, WIDTH, own_fields

_LONGEST = 1_000
"""How many characters of a text are kept."""

_BREAK = "\x1f"
"""Between two texts, so that nothing is found that begins in the one and ends in the other."""

_WITHOUT_TEXT = frozenset({int, float, bool, type(None), datetime})


class Hidden:
    """Columns of hidden texts: of each its event, as how many events after that of the one before, and its number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.gaps: list[int] = []
        self.codes: list[int] = []
        self._last = 0
        self._getters: dict[type, attrgetter[Any] | None] = {}

    def add(self, event: Any, number: int, seen: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
        """Add the texts of an event that are not found in what is seen of it, and return them.

        Args:
            event: The event's value.
            number: How many events there were before it.
            seen: What the event changed of its entity.
            names: Its key, its type and the state it led to.
        """
        added = []
        for value in self._parts(event):
            kind = type(value)
            if kind in _WITHOUT_TEXT or (kind is str and (value in names or _is_in(value, seen))):
                continue
            for part in value if kind is tuple or kind is list else (value,):
                texts: list[str] = []
                self._collect((part,), DEPTH, texts)
                if any(texts):
                    added.append(_BREAK.join(texts))
        for text in added:
            self.codes.append(self.numbers.setdefault(text, len(self.numbers)))
            self.gaps.append(number - self._last)
            self._last = number
        return added

    def _collect(self, parts: Any, depth: int, texts: list[str]) -> None:
        """Collect the texts in some values, and in what is in them."""
        for part in parts:
            kind = type(part)
            if kind in _WITHOUT_TEXT:
                continue
            if kind is not str and isinstance(part, Enum):
                texts.append(part.name)
            elif isinstance(part, str):
                texts.append(part[:_LONGEST])
            elif depth:
                self._collect(self._parts(part), depth - 1, texts)

    def _parts(self, value: Any) -> Any:
        """Return the values that a value consists of; none if nobody can say."""
        kind = type(value)
        if kind not in self._getters:
            self._getters[kind] = _getter(value)
        getter = self._getters[kind]
        if getter is not None:
            try:
                return getter(value)
            except AttributeError:  # a slot that was never set
                pass
        parts = own_fields(value)
        if parts is not None:
            return parts.values()
        try:
            if isinstance(value, Mapping):
                return [each for pair in value.items() for each in pair]
            if isinstance(value, Set):  # has no order of its own, and the same log gives the same bytes
                return sorted(value, key=repr)
            return list(value) if isinstance(value, list | tuple) else ()
        except Exception:  # noqa: BLE001 - of a value that cannot tell what is in it nothing is found
            return ()


def _getter(example: Any) -> "attrgetter[Any] | None":
    """Return what gets the fields of a dataclass at once; None for anything else, and for one of less than two."""
    names = list(own_fields(example) or ()) if is_dataclass(example) and not isinstance(example, type) else []
    return attrgetter(*names) if len(names) > 1 else None


def _is_in(text: str, seen: Mapping[str, Any]) -> bool:
    """Tell whether one of the fields is a text, and shown as it is."""
    is_there = any(type(each) is str and each == text for each in seen.values())
    return is_there and len(text) <= WIDTH and " ".join(text.split()) == text
