"""A value in a form that can be hashed and compared whatever it is made of."""

from collections.abc import Mapping, Set
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from re import sub
from typing import Any
from uuid import UUID

_AS_THEY_ARE = frozenset({str, int, bytes, type(None), datetime, date, timedelta, UUID})
_DEEPEST = 40


def canon(value: Any) -> Any:
    """Return a hashable stand-in for a value: two of them are equal if the values say the same, field by field.

    A class counts by its name, so that one which a notebook has defined again is still the same; and a number counts
    with its kind, because `1`, `1.0` and `True` are three things in a log.

    >>> canon([1, {"a": 2}]) == canon([1, {"a": 2}]), canon(1) == canon(1.0), canon((1,)) == canon([1])
    (True, False, False)
    """
    return _canon(value, 0)


def _canon(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    deeper = depth + 1
    if kind is tuple:
        return tuple(_canon(each, deeper) for each in value)
    name = f"<{kind.__name__}>"  # which no text in a tuple is taken for
    if depth > _DEEPEST:
        return name
    if isinstance(value, bool | float | complex | Decimal | Enum):
        return name, repr(value)
    if is_dataclass(value) and not isinstance(value, type):
        return name, *(_canon(getattr(value, each, None), deeper) for each in compared(kind))
    if isinstance(value, Mapping):
        return "<mapping>", frozenset((_canon(key, deeper), _canon(each, deeper)) for key, each in value.items())
    if isinstance(value, Set):
        return "<set>", frozenset(_canon(each, deeper) for each in value)
    if isinstance(value, list | tuple):
        return name, *(_canon(each, deeper) for each in value)
    inside = getattr(value, "__dict__", None)
    if isinstance(inside, dict) and not callable(value) and inside:
        return name, *((key, _canon(each, deeper)) for key, each in sorted(inside.items()))
    return name, sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


@cache
def compared(kind: type) -> tuple[str, ...]:
    """Return the names of the fields by which a dataclass is compared."""
    return tuple(each.name for each in fields(kind) if each.compare)


def copied(value: Any) -> Any:
    """Return a copy of a value that shares nothing that could be changed; itself where it cannot be copied."""
    try:
        return deepcopy(value)
    except Exception:  # noqa: BLE001 - a lock, a generator: whoever changes it is still found out, by comparing
        return value
