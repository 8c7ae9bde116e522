"""The shortest run that tells two domains or event stores apart, or the proof that up to a bound there is none."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider, Reducer
from orderlab.core.script import TimedCommand
from orderlab.exploration.arguments import time
from orderlab.exploration.differing.bounds import Bounds, Commands, bound_of, require_commands
from orderlab.exploration.differing.eventstores import Scripts, require_operations
from orderlab.exploration.differing.pairs import Pairs
from orderlab.exploration.differing.scripts import PATIENCE_SECONDS, EventStoreReducer, OpenEventStore, run_apart
from orderlab.exploration.differing.sides import Side
from orderlab.exploration.distinction import Distinction
from orderlab.exploration.domain import decider_of, reducer_of, start_of
from orderlab.exploration.playing import AT
from orderlab.exploration.searching.given import given_commands
from orderlab.exploration.trace import Trace
from orderlab.timeline.machine.trying import commands_for
from orderlab.timeline.unknown import counted

_LABELS = ("the first", "the second")
_DEPTH = 8
_WRITES = 3


def distinguish(
    a: Any,
    b: Any,
    commands: Commands | None = None,
    *,
    start: Any = None,
    depth: int | None = None,
    entities: int = 1,
    states: int = 200_000,
    at: datetime = AT,
    labels: tuple[str, str] = _LABELS,
) -> Distinction:
    """Find the shortest run on which two domains differ, or prove that up to a bound they are the same.

    Both are given the same commands, in every state that they reach. What came of each is compared: the events, the
    rejection, what is raised, of reducers also the effects in their order; then the state after it. A side that
    changes the state it is given, that does not say the same twice, or whose live state is not the one that its events
    fold to, is told from one that does none of this. Nothing is drawn by chance: the same run is found every time.

    Of event stores scripts of operations are done on fresh ones: up to three writes of every kind one after the other,
    and after each script every look at the log.

    Args:
        a: A decider, a reducer, or what opens a fresh event store: its class, or a function. One that also has a
            `reopen(closed)`, which opens a log again, is asked to.
        b: Another one of the same kind.
        commands: What is tried in every state, or a function that gives what is tried in one. If None they are made
            from the command types. A `TimedCommand` is decided at its own time, every other one a minute after the
            change before it, and then, as the last one of the run, also a year after. For event stores: operations.
        start: The state that both begin with; each with its own initial one if None.
        depth: So many commands are tried one after the other, eight if None; of writes to event stores three.
        entities: So many entities there are at the most, where the commands are made.
        states: So many states are looked at; of event stores so many scripts.
        at: When the first command is decided, aware.
        labels: What the two are called in what is said of them.

    Raises:
        TypeError: One of them is neither, or there is nothing to make commands from; the commands or the start are none
            of theirs; or they say what cannot be compared, such as a lock.
        ValueError: A bound is less than 1.

    >>> from orderlab.orders.actions import CancelOrder, ShipOrder
    >>> from orderlab.orders.decider import ORDERS
    >>> print(distinguish(ORDERS, ORDERS, [ShipOrder("order-1", "TRACK-1"), CancelOrder("order-1")]))
    no difference: 1 state of at most 1 entity was compared, with 2 commands each, and no others can be reached
    """
    _require(at, labels)
    kinds = _is_opener(a), _is_opener(b)
    if kinds[0] != kinds[1]:
        raise TypeError(f"a and b must be two of a kind: domains, or what opens event stores; not {a!r} and {b!r}")
    depth = (_WRITES if kinds[0] else _DEPTH) if depth is None else depth
    bounds = Bounds(_from_1("depth", depth), _from_1("states", states), _from_1("entities", entities))
    if kinds[0]:
        return _of_event_stores(a, b, commands, bounds=bounds, labels=labels)
    return _of_domains(a, b, commands, start=start, bounds=bounds, at=at, labels=labels)


def _is_opener(value: Any) -> bool:
    """Tell whether something opens event stores, rather than being a domain."""
    if callable(getattr(value, "append_events", None)) and not isinstance(value, type):
        raise TypeError(f"hand over what opens a fresh event store, such as InMemoryEventStore, not the open {value!r}")
    is_domain = isinstance(value, Decider) or callable(getattr(value, "reduce", None))
    return callable(value) and not is_domain


def _of_event_stores(
    a: OpenEventStore, b: OpenEventStore, commands: Any, *, bounds: Bounds, labels: tuple[str, str]
) -> Distinction:
    scripts = Scripts(a, b, None if commands is None else require_operations(commands), labels)
    found = run_apart(scripts.search(bounds.depth, bounds.states))
    one = other = None
    if found.difference:
        one, other = (
            Trace.of(EventStoreReducer(opener), found.script, title=f"what {label} does")
            for opener, label in zip((a, b), labels, strict=True)
        )
    done = counted(found.scripts, "script")
    if found.difference:
        bound = f"{done} were done before it, and no shorter one tells them apart"
    else:
        up_to = f"of up to {counted(found.depth, 'write')} " if found.complete else ""
        longer = (
            f"neither answers {found.silent} within {PATIENCE_SECONDS:g} s, and so nothing was done after it"
            if found.silent
            else "longer ones were not"
        )
        were = "was" if found.scripts == 1 else "were"
        bound = f"{done} {up_to}{were} done, each with every look at the log after it; {longer}"
    what, field = found.difference.what, found.difference.field
    return Distinction(one, other, what, bound, False, found.scripts, found.compared, found.depth, labels, field)


def _of_domains(
    a: Any, b: Any, commands: Any, *, start: Any, bounds: Bounds, at: datetime, labels: tuple[str, str]
) -> Distinction:
    reducers = reducer_of(a), reducer_of(b)
    effects = not (isinstance(a, Decider) and isinstance(b, Decider))
    sides = tuple(Side(each, start_of(each, start)) for each in reducers)
    if commands is None:
        tried: Commands = _made(*reducers, bounds.entities or 1)
    else:
        tried = _given(commands, at, reducers, only=not effects)
        bounds = replace(bounds, entities=_entities_in(tried, decider_of(reducers[0])))
    found = Pairs(sides[0], sides[1], tried, at=at, effects=effects, labels=labels).search(bounds)
    one = other = None
    if found.difference:
        one, other = (
            side.trace(found.commands, f"what {label} does") for side, label in zip(sides, labels, strict=True)
        )
    return Distinction(
        one,
        other,
        found.difference.what,
        bound_of(found, bounds, tried),
        found.exhaustive,
        found.states,
        found.compared,
        found.depth,
        labels,
        found.difference.field,
    )


def _made(a: Reducer[Any], b: Reducer[Any], entities: int) -> tuple[Any, ...]:
    """Make commands from the types of either decider; a drawn id is one of the keys that they are about."""
    decider = decider_of(a) or decider_of(b)
    if decider is None:
        raise TypeError("neither is made from a Decider, so say which commands are to be tried: commands=[…]")
    keys = [f"{decider.name}-{number}" for number in range(1, entities + 1)]
    return commands_for(decider, decider.commands, keys)


def _given(commands: Any, at: datetime, reducers: Sequence[Reducer[Any]], *, only: bool) -> Commands:
    """Return commands as they are tried, however they were handed over."""
    if isinstance(commands, Sequence) and not isinstance(commands, str) and commands:
        return tuple(require_commands(commands, reducers, only=only))
    given = given_commands(commands, None, at)
    listed = [command for command, _ in given.listed]
    return given.function or tuple(require_commands(listed, reducers, only=only))


def _require(at: Any, labels: Any) -> None:
    time("at", at)
    is_pair = isinstance(labels, list | tuple) and len(labels) == 2  # noqa: PLR2004 - there are two of them
    if not is_pair or not all(isinstance(each, str) and each.strip() for each in labels):
        raise TypeError(f"labels must be two texts, such as ('mine', 'the right one'), not {labels!r}")


def _entities_in(commands: Commands, decider: Decider[Any] | None) -> int | None:
    """Count the entities that commands are about; one that leaves the id to be drawn is about a further one.

    None where that cannot be told: then everything is followed.
    """
    if callable(commands) or decider is None:
        return None
    keys: set[Any] = set()
    for each in commands:
        try:
            key = decider.key_of(each.command if isinstance(each, TimedCommand) else each)
        except Exception:  # noqa: BLE001 - what a faulty domain raises is found out by trying
            return None
        keys.add(key if isinstance(key, str) else None)
    return len(keys)


def _from_1(name: str, value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{name} must be a whole number from 1, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be a whole number from 1, not {value!r}")
    return value
