"""When two values are the same for a search, and which ones nobody can change while it goes on.

That is told by `canon`, as it is in comparing two domains: by what values hold, and by their types, for a quantity of
`True` is another one than `1`, although Python calls them equal.
"""

from collections.abc import Hashable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any
from uuid import UUID

import immutables

from orderlab.exploration.differing.canon import canon, compared

_SETTLED = frozenset({str, int, bool, float, complex, bytes, NoneType, datetime, date, time, timedelta, Decimal, UUID})
_SETTLED_KINDS = (Enum, type, FunctionType, BuiltinFunctionType)

_REMEMBERED = 10_000
"""How many values are known again without being looked into."""


def is_settled(value: Any) -> bool:
    """Tell whether a value will not be changed by anybody who keeps to the rules, all that is in it included.

    >>> is_settled(("ada", 1)), is_settled(("ada", [1]))
    (True, False)
    """
    kind: Any = type(value)
    if kind in _SETTLED or isinstance(value, _SETTLED_KINDS):
        return True
    try:
        if isinstance(value, tuple | frozenset):
            return all(map(is_settled, value))
        if isinstance(value, immutables.Map):
            return all(map(is_settled, value.values()))
        if is_dataclass(kind):
            is_frozen: bool = getattr(kind, "__dataclass_params__").frozen  # noqa: B009
            return is_frozen and all(is_settled(getattr(value, name, None)) for name in compared(kind))
    except RecursionError:  # it holds itself
        return False
    return kind.__eq__ is not object.__eq__ and kind.__hash__ is not None  # it says itself what it is the same as


class Numbering:
    """Give values numbers, the same number to those that are the same."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._known: dict[int, tuple[Any, int]] = {}

    def of(self, value: Any) -> int:
        """Return the number of a value, a new one if none like it was met before.

        Raises:
            TypeError: There is no telling what it holds.
        """
        known = self._known.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        number = self._numbers.setdefault((type(value), canon(value)), len(self._numbers))
        if is_settled(value):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[id(value)] = value, number
        return number


class EntityNumbering:
    """Tell states apart by their entities: by small numbers, one for each entity with its key."""

    def __init__(self) -> None:
        self._values = Numbering()
        self._numbers: dict[Hashable, int] = {}

    def of(self, entities: Mapping[Any, Any]) -> Hashable:
        """Return what is the same for the same entities."""
        return tuple(sorted([self._number(key, entity) for key, entity in entities.items()]))

    def _number(self, key: Any, entity: Any) -> int:
        named = key if type(key) is str else canon(key)
        return self._numbers.setdefault((named, self._values.of(entity)), len(self._numbers))
