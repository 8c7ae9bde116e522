"""Somebody who gives one command, without knowing of the others."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from orderlab.core.decider import Decider
from orderlab.drawing.tables import AsTable
from orderlab.timeline.whatif.redeciding import UnusedIds


@dataclass(frozen=True, slots=True)
class Writer(AsTable):
    """Somebody who gives one command.

    Args:
        name: Who it is.
        letter: The letter that stands for the writer in a picture.
        command: What is wanted.
        key: The key of the entity that it is about, drawn where the command leaves it to be drawn.
    """

    name: str
    letter: str
    command: Any
    key: str


def writers_of(given: Any, decider: Decider[Any], used: Container[str]) -> tuple[Writer, ...]:
    """Return the writers of some commands.

    Args:
        given: The commands, or names with a command each.
        decider: The domain.
        used: Keys that are in use, which no new entity gets.

    Raises:
        TypeError: It is neither, or one of them is no command of the domain.
        ValueError: There is none, or a name is of what cannot be written.
    """
    named = _named(given)
    if not named:
        raise ValueError("writers must hold at least one command, such as [ShipOrder(…), CancelOrder(…)]")
    ids = UnusedIds(used.__contains__)
    letters = _letters(list(named))
    found = []
    for (name, command), letter in zip(named.items(), letters, strict=True):
        if not isinstance(command, decider.commands):
            raise TypeError(f"writers must hold commands of {decider.name}, and that of {name} is {command!r}")
        key = decider.key_of(command)
        found.append(Writer(name, letter, command, ids.new_id(decider.name) if key is None else key))
    return tuple(found)


def _named(given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        for name in given:
            if not isinstance(name, str) or not name.strip():
                raise TypeError(f"the names of writers must be text, such as 'warehouse', not {name!r}")
            if not name.isprintable():
                raise ValueError(
                    f"the names of writers must be text that can be printed, such as 'warehouse', not {name!r}"
                )
        return dict(given)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"writers must be one command each, or names with a command each, not {given!r}")
    commands = list(given)
    return {_letter(number): command for number, command in enumerate(commands)}


def _letters(names: list[str]) -> list[str]:
    """Return a letter for each: those that the names begin with, if these are all different."""
    first = [name.strip()[0].upper() for name in names]
    if len(set(first)) == len(names) and all(map(str.isalpha, first)):
        return first
    return [_letter(number) for number in range(len(names))]


def _letter(number: int) -> str:
    """Return A, B, C …, and A1 after Z."""
    round_, place = divmod(number, len(ascii_uppercase))
    return f"{ascii_uppercase[place]}{round_ or ''}"
