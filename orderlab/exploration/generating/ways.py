"""The ways to ask something of a domain: each command type about each of a few entities."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Any

from hypothesis import strategies as st

from orderlab.core.decider import Decider
from orderlab.exploration.generating.fields import Values, made
from orderlab.timeline.machine.samples import CannotMake, build, fields_of
from orderlab.timeline.machine.trying import commands_for as sample_commands

ENTITIES = 3
"""How many entities commands are about, unless somebody says which: few, so that commands meet each other."""

_MOST_SAMPLES = 24
_MOST_TOLD_APART = 8
"""How many of one way's commands are tried to find an allowed one."""

_OFTEN = 2
"""How many times as often as all the others together the most ordinary commands are drawn."""

_RARELY = 8
"""One in so many commands is made of other values than the samples."""


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """All ways to ask: what commands are chosen from, by one small number, which is quick and shrinks well.

    Args:
        commands: What most choices stand for: ordinary commands first, and again and again; then the others.
        ordinary: For each way, a few commands, the most ordinary first.
        any_commands: What the remaining choices stand for: a strategy for any command.
        choices: A strategy for the number of a choice, and for whether it must be allowed, which zero denies.
    """

    commands: tuple[Any, ...]
    ordinary: tuple[tuple[Any, ...], ...]
    any_commands: Values
    choices: st.SearchStrategy[tuple[int, int]]

    @classmethod
    def of(cls, samples: Sequence[Sequence[Any]], any_commands: Values) -> "Ways":
        """Return the ways, given the commands of each, the most ordinary first."""
        first = [commands[0] for commands in samples]
        others = [command for commands in samples for command in commands[1:]]
        commands = first * max(_OFTEN * len(others) // len(first), 1) + others
        return cls(
            tuple(commands),
            tuple(tuple(commands[:_MOST_TOLD_APART]) for commands in samples),
            any_commands,
            st.tuples(st.integers(0, len(commands) + len(commands) // _RARELY), st.integers(0, 5)),
        )


def keys_for(decider: Decider[Any], count: int = ENTITIES) -> tuple[str, ...]:
    """Return the keys of so many entities, as they are drawn where a command leaves them to be drawn.

    >>> from orderlab.orders.decider import ORDERS
    >>> keys_for(ORDERS, 2)
    ('order-1', 'order-2')
    """
    return tuple(f"{decider.name}-{number}" for number in range(1, count + 1))


def ways_of(decider: Decider[Any], keys: Sequence[str]) -> Ways:
    """Return all ways to ask, those about a given key before those that have one drawn.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
    """
    try:
        hash(decider)
    except TypeError:  # made of callables that do not hash
        return _ways(decider, tuple(keys))
    return _known_ways(decider, tuple(keys))


def _ways(decider: Decider[Any], keys: tuple[str, ...]) -> Ways:
    try:
        asked = [(kind, key) for kind in decider.commands for key in keys]
        asked += [(kind, None) for kind in decider.commands]
        samples = [commands for kind, key in asked if (commands := _samples(decider, kind, key))]
        return Ways.of(samples, commands_about(decider, keys))
    except CannotMake as error:
        raise CannotMake(f"{error}, or as a strategy: commands=st.builds(…)") from error


_known_ways = lru_cache(maxsize=64)(_ways)


def _samples(decider: Decider[Any], kind: type, key: str | None) -> tuple[Any, ...]:
    """Return commands of one type about one key; none where there are none, as where a key must be given."""
    asked = sample_commands(decider, [kind], [f"{decider.name}-1" if key is None else key])
    about = (command for command in asked if (decider.key_of(command) is None) == (key is None))
    return tuple(islice(about, _MOST_SAMPLES))


def commands_about(decider: Decider[Any], keys: Sequence[str]) -> Values:
    """Return a strategy for all commands, each about one of these keys or leaving it to be drawn.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
    """
    return st.one_of([_of_kind(decider, kind, keys) for kind in decider.commands])


def _of_kind(decider: Decider[Any], kind: type, keys: Sequence[str]) -> Values:
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    field = key_field(decider, kind)
    if field is None:
        return made(kind, _kept(decider, kind))
    drawn = build(kind, {name: values[0] for name, values in fields_of(kind).items()} | {field: None})
    optional = None in fields_of(kind)[field] and drawn is not None
    return made(kind, {field: st.sampled_from([*keys, None] if optional else keys)})


def key_field(decider: Decider[Any], kind: type) -> str | None:
    """Return the name of the field of a command type that carries the key; None where no single one does.

    >>> from orderlab.orders.decider import ORDERS
    >>> from orderlab.orders.actions import ShipOrder
    >>> key_field(ORDERS, ShipOrder)
    'order_id'
    """
    marked, fields = "a-key", fields_of(kind)
    first = {name: values[0] for name, values in fields.items()}
    for name, values in fields.items():
        if any(isinstance(value, str) for value in values):
            command = build(kind, {**first, name: marked})
            if command is not None and decider.key_of(command) == marked:
                return name
    return None


def _kept(decider: Decider[Any], kind: type) -> dict[str, Values]:
    """Return the fields that a key is made of, where several are or a part of one is, as they are in the samples."""
    fields = fields_of(kind)
    first = {name: values[0] for name, values in fields.items()}
    usual = decider.key_of(build(kind, first))
    kept: dict[str, Values] = {}
    for name, values in fields.items():
        others = (build(kind, {**first, name: value}) for value in values)
        if any(other is not None and decider.key_of(other) != usual for other in others):
            kept[name] = st.just(first[name])
    return kept
