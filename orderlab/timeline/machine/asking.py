"""What a search for a state machine is asked with, once it is known to make sense."""

from collections.abc import Iterable
from operator import index
from typing import Any

from orderlab.core.decider import Decider
from orderlab.timeline.machine.naming import plain
from orderlab.timeline.machine.trying import commands_for


def given_states(states: Iterable[str] | None, decider: Decider[Any]) -> tuple[str, ...]:
    """Return the names of the states there should be: those given, else those that the decider says.

    Raises:
        TypeError: They are no names.
    """
    if isinstance(states, str):
        raise TypeError(f"states must be a tuple of names, such as ({states!r},)")
    named = decider.states if states is None else states
    found = tuple(named) if isinstance(named, Iterable) else (named,)
    for each in found:
        if not isinstance(each, str):
            raise TypeError(f"states must be a tuple of names, which are text, and {each!r} is none")
    return tuple(map(plain, found))


def given_number(value: int, name: str) -> int:
    """Return a number of something, named `name`.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is less than zero.
    """
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    if number < 0:
        raise ValueError(f"{name} must be zero or more, not {number}")
    return number


def tried(decider: Decider[Any], commands: Iterable[Any] | None) -> dict[str, tuple[Any, ...]]:
    """Return the commands to try by the key that they are about: those given, and for other types made ones.

    Raises:
        CannotMake: The fields of a type that none is given of do not say what they hold.
        TypeError: What was given are no commands of the decider.
    """
    if isinstance(commands, str) or not isinstance(commands, Iterable | None):
        raise TypeError(f"commands must be a list of commands of {decider.name}, not {commands!r}")
    given = tuple(commands or ())
    for command in given:
        if not isinstance(command, decider.commands):
            raise TypeError(f"commands must be commands of {decider.name}, and {command!r} is none")
    asked = [(decider.key_of(command), command) for command in given]
    keys = tuple(dict.fromkeys(key for key, _ in asked if key is not None)) or (f"{decider.name}-1",)
    missing = [kind for kind in decider.commands if not any(isinstance(command, kind) for command in given)]
    asked += [(decider.key_of(command), command) for command in commands_for(decider, missing, keys)]
    return {key: tuple(command for about, command in asked if about in (key, None)) for key in keys}


def require_timeline(timeline: Any, name: str) -> None:
    """Make sure that a log to be counted is one, and of the domain with this name.

    Raises:
        TypeError: It is no timeline.
        ValueError: It is of another domain.
    """
    decider = getattr(timeline, "decider", None)
    if not isinstance(decider, Decider) or not hasattr(timeline, "steps"):
        raise TypeError(f"timeline must be a Timeline, such as Timeline(events), not {timeline!r}")
    if decider.name != name:
        raise ValueError(f"this is the machine of {name}, and the timeline is of {decider.name}")
