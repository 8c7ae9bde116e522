"""A value in a form that can be hashed and compared whatever it is made of."""

from collections import Counter
from collections.abc import Callable, Mapping, Set
from copy import deepcopy
from copyreg import dispatch_table
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import CellType, CodeType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any
from uuid import UUID

_AS_THEY_ARE = frozenset({str, int, bytes, type(None), datetime, date, timedelta, UUID, CodeType})
_BY_TEXT = (bool, float, complex, Decimal)
_CLASSES = 1_000
_EMPTY = CellType()

Within = tuple[int, ...]
"""The values that a value is inside of, the outermost first, by their ids."""


def canon(value: Any, within: Within = ()) -> Any:
    """Return a hashable stand-in for a value: two of them are equal if the values say the same, field by field.

    A class counts by its name, so that one which a notebook has defined again is still the same; and a number counts
    with its kind, because `1`, `1.0` and `True` are three things in a log. An object of a class of its own is what
    pickling keeps of it, so that nothing counts as the same that was not looked into.

    Args:
        value: The value.
        within: The values that it is inside of, by their ids.

    Raises:
        TypeError: There is no telling what it holds.

    >>> canon([1, {"a": 2}]) == canon([1, {"a": 2}]), canon(1) == canon(1.0), canon((1,)) == canon([1])
    (True, False, False)
    """
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if id(value) in within:
        return "<again>", len(within) - within.index(id(value))
    inner = (*within, id(value))
    try:
        if kind is tuple:
            return tuple([each if type(each) in _AS_THEY_ARE else canon(each, inner) for each in value])
        return _way_of(kind)(value, inner)
    except RecursionError:
        if within:
            raise
    raise TypeError(f"a {kind.__name__} cannot be compared with another, for it is nested too deeply")


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


def attributes_of(value: Any) -> dict[str, Any]:
    """Return the attributes that an object holds, by name, also those in slots."""
    held = {
        name: getattr(value, name)
        for kind in reversed(type(value).__mro__)
        for name, member in vars(kind).items()
        if isinstance(member, MemberDescriptorType) and hasattr(value, name)
    }
    inside = getattr(value, "__dict__", None)
    return {**held, **inside} if isinstance(inside, dict) else held


@lru_cache(_CLASSES)
def _way_of(kind: Any) -> Callable[[Any, Within], Any]:  # noqa: PLR0911 - a kind of value a line
    """Return how values of a kind are made comparable; they are tagged with its name, which no text looks like."""
    tag = f"<{kind.__name__}>"
    if kind in _BY_TEXT:
        return lambda value, within: (tag, repr(value))
    if issubclass(kind, Enum):
        return lambda value, within: (tag, value.name, canon(value.value, within))
    names = compared(kind) if is_dataclass(kind) else None
    if names is not None:
        return lambda value, within: (tag, *[canon(getattr(value, name, None), within) for name in names])
    # What somebody's own kind of list or dictionary holds besides its items is compared as well.
    more = _attributes if issubclass(kind, list | tuple | dict | set | frozenset) else _no_attributes
    if issubclass(kind, Mapping):
        return lambda value, within: (
            "<mapping>",
            len(value),
            frozenset([(canon(key, within), canon(each, within)) for key, each in value.items()]),
            *more(value, within),
        )
    if issubclass(kind, Set):
        return lambda value, within: (
            "<set>",
            frozenset(Counter([canon(each, within) for each in value]).items()),  # two may say the same
            *more(value, within),
        )
    if issubclass(kind, list | tuple):
        return lambda value, within: (tag, *[canon(each, within) for each in value], *more(value, within))
    if issubclass(kind, type | ModuleType):
        return lambda value, within: (tag, value.__name__)
    if issubclass(kind, FunctionType):
        return lambda value, within: (tag, *_function(value, within))
    return lambda value, within: (tag, *_inside(value, within))


def _no_attributes(value: Any, within: Within) -> tuple[Any, ...]:
    return ()


def _attributes(value: Any, within: Within) -> tuple[Any, ...]:
    held = attributes_of(value) if type(value).__flags__ & _HEAP_TYPE else {}
    return (("<attributes>", *_items(held, within)),) if held else ()


_HEAP_TYPE = 1 << 9
"""What Python marks a class with that was made by a class statement."""


def _items(held: Mapping[str, Any], within: Within) -> tuple[Any, ...]:
    return tuple((name, canon(each, within)) for name, each in sorted(held.items()))


def _function(value: FunctionType, within: Within) -> tuple[Any, ...]:
    """Return what a function does, and what it knows of where it was made."""
    known = [cell.cell_contents for cell in value.__closure__ or () if cell != _EMPTY]
    given = value.__defaults__, value.__kwdefaults__
    return value.__qualname__, value.__code__, *[canon(each, within) for each in (*known, *given)]


def _inside(value: Any, within: Within) -> tuple[Any, ...]:
    """Return what an object of a class of its own holds: what pickling would keep of it.

    Raises:
        TypeError: It can be pickled by nobody, as a lock, so that there is no telling.
    """
    kind = type(value)
    if kind is object:  # what tells one from another is that it is another
        raise TypeError("an object() cannot be compared with another: make it a member of an enumeration")
    try:
        kept = dispatch_table[kind](value) if kind in dispatch_table else value.__reduce_ex__(4)
    except Exception as error:
        raise TypeError(
            f"a {kind.__name__} cannot be compared with another, for there is no telling what it holds: make it a "
            "frozen dataclass, or leave it out of events and states"
        ) from error
    if isinstance(kept, str):
        return (kept,)
    made, arguments, state, items, pairs = (*kept, None, None, None)[:5]
    listed = [list(each) for each in (items, pairs) if each is not None]
    # Of its class there is the name; the class itself is among the arguments with which it is made.
    return made.__qualname__, *[canon(each, within) for each in (arguments, state, *listed)]
