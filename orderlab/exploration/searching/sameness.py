"""When two values are the same for a search: by value, also where their types cannot be hashed."""

from collections.abc import Hashable, Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from types import BuiltinFunctionType, FunctionType, NoneType
from typing import Any

_BY_IDENTITY = (type, Enum, NoneType, FunctionType, BuiltinFunctionType)
"""What is the same only as itself, and rightly."""


def hashable(value: Any) -> Hashable:
    """Return a value itself if it can be hashed and compared, or what stands for it: its parts, all the way down.

    Raises:
        TypeError: Nothing is known of how to compare it.

    >>> hashable(("ada", 1))
    ('ada', 1)
    >>> hashable({"ada": [1]}) == hashable({"ada": [1]}), hashable({"ada": [1]}) == hashable({"ada": [2]})
    (True, False)
    """
    if is_equal_only_to_itself(value):
        return parts(value)  # else a search would never meet it again
    try:
        hash(value)
    except TypeError:
        return parts(value)
    return value  # type: ignore[no-any-return] # it has just been hashed


def is_settled(value: Any) -> bool:
    """Tell whether a value can be hashed as it is, and so will not be changed by anybody who keeps to the rules."""
    return hashable(value) is value


def is_equal_only_to_itself(value: Any) -> bool:
    """Tell whether a value is like no other one, for no better reason than that its type does not say what is like."""
    kind: Any = type(value)
    return kind.__eq__ is object.__eq__ and not isinstance(value, _BY_IDENTITY)


def parts(value: Any) -> Hashable:
    """Return what stands for a value that cannot be hashed or compared itself.

    Raises:
        TypeError: There is no telling what it holds.
    """
    kind = type(value)
    if isinstance(value, Mapping):
        return Mapping, frozenset((hashable(key), hashable(each)) for key, each in value.items())
    if isinstance(value, Set):
        return Set, frozenset(map(hashable, value))
    if isinstance(value, list | tuple):
        return kind, tuple(map(hashable, value))
    if isinstance(value, bytearray):
        return kind, bytes(value)
    if is_dataclass(kind):
        return kind, tuple(hashable(getattr(value, each.name)) for each in fields(value) if each.compare)
    held = _attributes(value)
    if held is None:
        raise TypeError(
            f"a {kind.__name__} cannot be compared with another: make it a frozen dataclass, or say by symmetry= "
            "what is to be compared in its place"
        )
    return kind, tuple((name, hashable(each)) for name, each in sorted(held.items()))


def _attributes(value: Any) -> dict[str, Any] | None:
    """Return the attributes of an object; None if there is no telling what it holds."""
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    if not slots and not hasattr(value, "__dict__"):
        return None
    held = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return {**held, **getattr(value, "__dict__", {})}


def _slots(kind: type) -> tuple[str, ...]:
    named = kind.__dict__.get("__slots__", ())
    names = (named,) if isinstance(named, str) else tuple(named)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))
