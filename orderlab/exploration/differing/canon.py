"""A value in a form that can be hashed and compared whatever it is made of."""

from collections.abc import Callable, Mapping, Set
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from re import sub
from typing import Any
from uuid import UUID

_AS_THEY_ARE = frozenset({str, int, bytes, type(None), datetime, date, timedelta, UUID})
_DEEPEST = 40
_CLASSES = 1_000


def canon(value: Any, depth: int = 0) -> Any:
    """Return a hashable stand-in for a value: two of them are equal if the values say the same, field by field.

    A class counts by its name, so that one which a notebook has defined again is still the same; and a number counts
    with its kind, because `1`, `1.0` and `True` are three things in a log.

    Args:
        value: The value.
        depth: How many values it is inside of.

    >>> canon([1, {"a": 2}]) == canon([1, {"a": 2}]), canon(1) == canon(1.0), canon((1,)) == canon([1])
    (True, False, False)
    """
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is tuple:
        return tuple([each if type(each) in _AS_THEY_ARE else canon(each, depth + 1) for each in value])
    return _way_of(kind)(value, depth + 1) if depth < _DEEPEST else kind.__name__


def same_value(one: Any, other: Any) -> bool:
    """Tell whether two values made by one and the same code are equal, quickly where they say so themselves."""
    try:
        if one is other or bool(one == other):
            return True
    except Exception:  # noqa: BLE001 - an array answers with an array; the stand-ins can always be compared
        return same_canon(one, other)
    return same_canon(one, other)


def same_canon(one: Any, other: Any) -> bool:
    """Tell whether two values say the same, whatever code made them and whatever they say of it themselves."""
    return bool(canon(one) == canon(other))


def copied(value: Any) -> Any:
    """Return a copy of a value that shares nothing that could be changed; itself where it cannot be copied."""
    try:
        return deepcopy(value)
    except Exception:  # noqa: BLE001 - a lock, a generator: whoever changes it is still found out, by comparing
        return value


def compared(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields by which a dataclass is compared."""
    return tuple(each.name for each in fields(kind) if each.compare)


@lru_cache(_CLASSES)
def _way_of(kind: Any) -> Callable[[Any, int], Any]:
    """Return how values of a kind are made comparable; they are tagged with its name, which no text looks like."""
    tag = f"<{kind.__name__}>"
    if issubclass(kind, bool | float | complex | Decimal | Enum):
        return lambda value, depth: (tag, repr(value))
    names = compared(kind) if is_dataclass(kind) else None
    if names is not None:
        return lambda value, depth: (tag, *[canon(getattr(value, name, None), depth) for name in names])
    if issubclass(kind, Mapping):
        return lambda value, depth: (
            "<mapping>",
            frozenset([(canon(key, depth), canon(each, depth)) for key, each in value.items()]),
        )
    if issubclass(kind, Set):
        return lambda value, depth: ("<set>", frozenset([canon(each, depth) for each in value]))
    if issubclass(kind, list | tuple):
        return lambda value, depth: (tag, *[canon(each, depth) for each in value])
    return lambda value, depth: (tag, *_inside(value, depth))


def _inside(value: Any, depth: int) -> tuple[Any, ...]:
    """Return what an object of a class of its own holds; its text, without an address, where it shows nothing."""
    inside = getattr(value, "__dict__", None)
    if isinstance(inside, dict) and inside and not callable(value):
        return tuple((key, canon(each, depth)) for key, each in sorted(inside.items()))
    return (sub(r" at 0x[0-9a-fA-F]+", "", repr(value)),)
