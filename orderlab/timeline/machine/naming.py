"""The names of states as a machine has them: text, and not without number."""

from collections.abc import Callable
from typing import Any

from orderlab.core.decider import Decider

_KIND = Decider.__dataclass_fields__["state_name"].default


def namer_of(decider: Decider[Any]) -> Callable[[Any], str]:
    """Return what gives the name of the state that an entity is in, and refuses what is no text."""
    return lambda entity: as_name(decider.state_name(entity), decider)


def as_name(name: Any, decider: Decider[Any]) -> str:
    """Return the name of a state, as `state_name` gave it, as plain text.

    Raises:
        TypeError: It is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"state_name of {decider.name} must return the name of a state as text, not {name!r}")
    return plain(name)


def plain(name: str) -> str:
    """Return text as nothing but text: a member of an enumeration of texts would be shown as `Status.OPEN`."""
    return str.__str__(name)


def names_nothing(decider: Decider[Any]) -> bool:
    """Tell whether a decider names no states of its own: the types of its entities stand for them."""
    return decider.state_name is _KIND
