"""What of a timeline may be handed out as it is, and what as a copy: nobody who is given something changes the past."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, TypeVar

T = TypeVar("T")

_ENOUGH = 256
"""After so many values of a type that are values throughout, the next ones are taken for such: hashing takes time."""

_IDENTITY: Any = object.__hash__


class Sharing:
    """Tell values, which nobody can change, from things that somebody could; what hashes by its contents is a value."""

    def __init__(self) -> None:
        self._seen: dict[type, int] = {}

    def shares(self, thing: Any) -> bool:
        """Tell whether a thing may be handed out while it is also kept."""
        kind = type(thing)
        seen = self._seen.get(kind, 0)
        if seen >= _ENOUGH:
            return True
        if not is_value(thing):
            return False
        self._seen[kind] = seen + 1
        return True

    def out(self, thing: T) -> T:
        """Return a value itself, and of anything else a copy."""
        return thing if self.shares(thing) else copied(thing)


def is_value(thing: Any) -> bool:
    """Tell whether a thing is a value: it hashes, and not merely as the object that it is.

    >>> is_value((1, "a")), is_value((1, [])), is_value({}), is_value(object())
    (True, False, False, False)
    """
    if type(thing).__hash__ is _IDENTITY:
        return False
    try:
        hash(thing)
    except Exception:  # noqa: BLE001 - a hash that fails tells of something inside that can change
        return False
    return True


def copied(thing: T) -> T:
    """Return a copy, or the thing itself where its kind cannot be copied."""
    try:
        return deepcopy(thing)
    except Exception:  # noqa: BLE001 - a lock, say, or an open file: nothing else can be handed out
        return thing


def metadata_of(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return metadata as a copy: a view that refuses changes could be neither pickled nor copied again."""
    return copied(dict(metadata)) if metadata else {}
