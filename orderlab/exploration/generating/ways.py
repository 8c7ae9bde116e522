"""The ways to ask something of a domain: each command type about each of a few entities."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from itertools import accumulate, chain, islice
from typing import Any

from hypothesis import strategies as st

from orderlab.core.decider import Decider
from orderlab.exploration.arguments import several
from orderlab.exploration.generating.fields import Values, made, silent_field
from orderlab.timeline.machine.samples import CannotMake, build, fields_of
from orderlab.timeline.machine.trying import commands_for as sample_commands

ENTITIES = 3
"""How many entities commands are about, unless somebody says which: few, so that commands meet each other."""

_MOST_SAMPLES = 60
"""How many commands about one entity are chosen from besides the most ordinary ones, of all types together."""

SMALL = 100
"""Below this a number is never one of the constants that Hypothesis takes from whatever modules happen to be loaded."""

_OFTEN = 2
"""How many times as often as all the others together the most ordinary commands are drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """All ways to ask: what commands are chosen from, by small numbers, which are quick to draw and shrink well.

    Args:
        by_key: For each entity the commands about it, the same ones in the same order.
        ordinary: Where among them the most ordinary command of each type is; then those that leave a key to be drawn.
        keys: The entities. No keys for commands that somebody gives, and then there is one list of commands.
    """

    by_key: tuple[tuple[Any, ...], ...]
    ordinary: tuple[int, ...]
    keys: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the commands as they are drawn: the ordinary ones more often than all the others."""
        others = [number for number in range(len(self.by_key[0])) if number not in self.ordinary]
        often = min(_OFTEN * len(others), SMALL - len(others)) // len(self.ordinary)
        return (*self.ordinary * max(often, 1), *others)


def keys_for(decider: Decider[Any], count: int = ENTITIES) -> tuple[str, ...]:
    """Return the keys of so many entities, as they are drawn where a command leaves them to be drawn.

    >>> from orderlab.orders.decider import ORDERS
    >>> keys_for(ORDERS, 2)
    ('order-1', 'order-2')
    """
    return tuple(f"{decider.name}-{number}" for number in range(1, count + 1))


def chosen_keys(decider: Decider[Any], keys: Any) -> tuple[str, ...]:
    """Return the keys that somebody says, or the usual ones if nobody does.

    Raises:
        TypeError: It is no decider, or they are no list of texts.
        ValueError: There are none.
    """
    if not isinstance(decider, Decider):
        raise TypeError(f"decider must be a Decider, such as ORDERS, not {decider!r}")
    if keys is None:
        return keys_for(decider)
    chosen = several("keys", keys, "texts")
    for key in chosen:
        if not isinstance(key, str):
            raise TypeError(f"keys must be texts, such as {keys_for(decider, 1)[0]!r}, and {key!r} is none")
    if not chosen:
        raise ValueError("keys must hold one key at least, or be left out")
    return chosen


def one_of_many(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for one of some values that draws small numbers only, the first value first.

    >>> from hypothesis import find
    >>> find(one_of_many(range(1_000)), lambda value: value > 199)
    200
    """
    if len(values) <= SMALL:
        return st.sampled_from(values)
    pages = [values[begin : begin + SMALL] for begin in range(0, len(values), SMALL)]
    return one_of_many(pages).flatmap(st.sampled_from)


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
    for kind in decider.commands:
        if not issubclass(kind, Enum) and (field := silent_field(kind)):
            raise CannotMake(
                f"no {kind.__name__} can be made to try, for its field {field} does not say what it holds: annotate "
                f"it, or hand over commands, as a list or as a strategy: commands=st.builds({kind.__name__}, …)"
            )
    try:
        samples = [[_samples(decider, kind, key) for kind in decider.commands] for key in keys]
    except CannotMake as error:
        raise CannotMake(f"{error}, or as a strategy: commands=st.builds(…)") from error
    by_key = tuple(tuple(chain.from_iterable(of_kinds)) for of_kinds in samples)
    named = tuple(accumulate((len(of_kind) for of_kind in samples[0][:-1]), initial=0))
    drawn = [first + 1 for first, of_kind in zip(named, samples[0], strict=True) if _is_drawn(decider, of_kind[1:2])]
    return Ways(by_key, (*named, *drawn), keys)


_known_ways = lru_cache(maxsize=64)(_ways)


def _is_drawn(decider: Decider[Any], commands: Sequence[Any]) -> bool:
    return any(decider.key_of(command) is None for command in commands)


def _samples(decider: Decider[Any], kind: type, key: str) -> tuple[Any, ...]:
    """Return commands of one type: one about this key, one that leaves it to be drawn, then others of both kinds."""
    asked = sample_commands(decider, [kind], [key])
    most = 1 + _MOST_SAMPLES // len(decider.commands)
    named = [command for command in asked if decider.key_of(command) is not None]
    drawn = [command for command in asked if decider.key_of(command) is None]
    return tuple(islice(chain(named[:1], drawn[:1], named[1:], drawn[1:]), most))


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
