"""The commands that tell a domain apart: valid and invalid ones of each type, and none that would only repeat another.

Many are made from the fields of the command types and tried on the entities they lead to. Of those that the domain
answers alike everywhere the first stands for all: another customer makes another order, but no other way through the
domain, and with each such order there would be as many more states. One thing is kept although it is answered like
another: a blank text, an empty list or a number below one that is accepted, for it may well be a mistake that it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from operator import index
from typing import Any

from orderlab.core.decider import Decider
from orderlab.exploration.differing.canon import canon
from orderlab.exploration.playing import AT
from orderlab.timeline.machine.naming import namer_of
from orderlab.timeline.machine.trying import commands_for

_MOST_ENTITIES, _MOST_OF_A_NAME = 24, 3
"""How many entities commands are tried on, and how many of them in a state of the same name."""

_MOST_OF_A_TYPE = 12
"""How many commands of one type are kept about each entity."""


def commands_of(decider: Decider[Any], *, entities: int = 1, keys: Iterable[str] | None = None) -> tuple[Any, ...]:
    """Return commands of every type of a decider, valid and invalid, about so many entities; the same at every call.

    Such as ask for a new key are made only of a type that never takes one: they open another entity each time, so that
    a search with them ends only by a bound.

    Args:
        decider: The domain.
        entities: How many entities they are about: `order-1`, `order-2`, ….
        keys: The keys of these entities, in place of those.

    Raises:
        CannotMake: The fields of a command type do not say what they hold: such commands have to be given.
        TypeError: What was given is no decider, no number, or no keys.
        ValueError: There are to be no entities.

    >>> from orderlab.orders.decider import ORDERS
    >>> [type(command).__name__ for command in commands_of(ORDERS)][-4:]
    ['CancelOrder', 'CancelOrder', 'ShipOrder', 'ShipOrder']
    """
    if not isinstance(decider, Decider):
        raise TypeError(f"commands are made for a Decider, such as ORDERS, not for {decider!r}")
    named = _keys(decider, entities, keys)
    kept: dict[Any, Any] = {}
    pattern = [commands_for(decider, [kind], named[:1]) for kind in decider.commands]
    chosen = _chosen(decider, pattern, named[0])
    for key in named:
        for kind, made, places in zip(decider.commands, pattern, chosen, strict=True):
            commands = made if key == named[0] else commands_for(decider, [kind], [key])
            for place in places:
                kept.setdefault((kind, canon(commands[place])), commands[place])
    return tuple(kept.values())


def _keys(decider: Decider[Any], entities: int, keys: Iterable[str] | None) -> list[str]:
    if keys is not None:
        named = list(keys) if isinstance(keys, Iterable) and not isinstance(keys, str) else []
        if not named or not all(isinstance(key, str) for key in named):
            raise TypeError(f"keys must be a list of keys, such as ['{decider.name}-1'], not {keys!r}")
        return list(dict.fromkeys(named))
    try:
        number = index(entities)
    except TypeError:
        raise TypeError(f"entities must be a whole number, not {entities!r}") from None
    if number < 1:
        raise ValueError(f"entities must be at least 1, not {number}")
    return [f"{decider.name}-{each}" for each in range(1, number + 1)]


def _chosen(decider: Decider[Any], made: Sequence[Sequence[Any]], key: str) -> list[list[int]]:
    """Return which of the made commands are kept, by type, as places in the list of that type."""
    candidates = [_about(decider, commands) for commands in made]
    every = [commands[place] for commands, places in zip(made, candidates, strict=True) for place in places]
    met = _entities(decider, every, key)
    chosen = []
    for commands, places in zip(made, candidates, strict=True):
        said: dict[Any, int] = {}
        for place in places:
            answers = tuple(_answer(decider, commands[place], entity, key)[0] for entity in met)
            is_accepted = any(kind == "events" for kind, *_ in answers)
            mark = _looks_wrong(commands[place], commands[places[0]]) if is_accepted else None
            said.setdefault((answers, mark), place)
        chosen.append(list(said.values())[:_MOST_OF_A_TYPE])
    return chosen


def _about(decider: Decider[Any], commands: Sequence[Any]) -> list[int]:
    """Return the places of the commands that say which entity they are about; of all, if none of them does."""
    about = [place for place, command in enumerate(commands) if decider.key_of(command) is not None]
    return about or list(range(len(commands)))


def _entities(decider: Decider[Any], commands: Sequence[Any], key: str) -> list[Any]:
    """Return some of the entities that commands lead to, a few in each state that there is a name for."""
    name_of = namer_of(decider)
    met: dict[Any, Any] = {canon(None): None}
    names: dict[str, int] = {}
    for entity in _growing(met):
        for command in commands:
            after = _answer(decider, command, entity, key)[1]
            if after is None or len(met) >= _MOST_ENTITIES or canon(after) in met:
                continue
            name = name_of(after)
            names[name] = names.get(name, 0) + 1
            if names[name] <= _MOST_OF_A_NAME:
                met[canon(after)] = after
    return list(met.values())


def _growing(met: dict[Any, Any]) -> Iterable[Any]:
    """Yield the values of a dictionary, those also that come in meanwhile."""
    place = 0
    while place < len(met):
        yield list(met.values())[place]
        place += 1


def _answer(decider: Decider[Any], command: Any, entity: Any, key: str) -> tuple[tuple[Any, ...], Any]:
    """Return what a domain says to a command, as far as it tells commands apart, and the entity after it."""
    try:
        decided = decider.decide(command, entity, key=key, at=AT)
        if not isinstance(decided, tuple) or isinstance(decided, decider.rejections):
            return ("rejection", type(decided), repr(decided)), None
        for event in decided:
            entity = decider.evolve(entity, event)
    except Exception as error:  # noqa: BLE001 - a faulty domain: exploring it tells the command that shows it
        return ("failure", type(error)), None
    if not decided:
        return ("nothing",), None
    return ("events", tuple(type(event) for event in decided), decider.state_of(entity)), entity


def _looks_wrong(command: Any, usual: Any) -> tuple[str, ...] | None:
    """Return the fields of a command that hold what is seldom meant; None if there are none."""
    if not is_dataclass(command) or command == usual:
        return None
    wrong = [each.name for each in fields(command) if _is_suspicious(getattr(command, each.name, None))]
    return tuple(wrong[:1]) or None


def _is_suspicious(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return value < 1
    return isinstance(value, str | tuple | list) and not value
