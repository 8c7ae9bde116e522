"""The words for what is in a run: an action, an entity, and what a step made of it. None of them raises."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer, Reducer
from orderlab.core.errors import CorruptStream
from orderlab.exploration.domain import decider_of
from orderlab.exploration.tracestep import TraceStep
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderState
from orderlab.timeline.comparison import changes_between, in_words
from orderlab.timeline.fields import ABSENT, own_fields, same, shown
from orderlab.timeline.unknown import counted

_TOLD = 3
"""How many entities of a state are told one by one."""

_LONGEST_KEY = 16
"""How many characters of a key are shown in a picture."""

_UNNAMED = "a state without a name"


def action_in_words(action: Any, key: str | None = None, *, at: datetime | None = None) -> str:
    """Return an action as its kind, what it is about, and what else it says; what says nothing new is left out.

    Args:
        action: The action.
        key: The key of what it is about, which comes first.
        at: A time that need not be said.

    >>> from orderlab.orders.actions import PlaceOrder, ShipOrder
    >>> action_in_words(ShipOrder("order-1", "TRACK-1")), action_in_words(PlaceOrder("ada", ()))
    ('ShipOrder order-1, TRACK-1', 'PlaceOrder ada, empty')
    """
    kind, values = type(action).__name__, own_fields(action)
    if isinstance(action, BaseException):
        return f"{kind}: {shown(action)}"
    if values is None:
        return kind if isinstance(action, type) else shown(action)
    usual = _usual(action)
    told = [
        _within(value)
        for name, value in values.items()
        if value is not None and not (at is not None and same(value, at)) and not same(value, usual.get(name, ABSENT))
    ]
    first = [key] if key is not None and key in told else []
    return " ".join([kind, ", ".join([*first, *(each for each in told if each not in first)])]).strip()


def _within(value: Any) -> str:
    """Return a value of an action as text; another action that is too long for its own text in words."""
    text = shown(value)
    return action_in_words(value) if text.endswith("…") and own_fields(value) is not None else text


def abbreviated(text: str, key: str | None) -> str:
    """Return a text in which a long key is shortened, in its middle: how it ends tells it from others.

    >>> abbreviated("7f8b0a4e-2f1c-4c1e-9d3a-5b6c7d8e9f00 is placed", "7f8b0a4e-2f1c-4c1e-9d3a-5b6c7d8e9f00")
    '7f8b0a4e…8e9f00 is placed'
    """
    if key is None or len(key) <= _LONGEST_KEY:
        return text
    return text.replace(key, f"{key[:8]}…{key[-6:]}")


def noun_of(reducer: Reducer[Any], state: Any = None) -> str:
    """Return what an entity is called; a state tells whether a reducer that was not lifted is about orders."""
    decider = decider_of(reducer) or (ORDERS if isinstance(state, OrderState) else None)
    return "entity" if decider is None else decider.name


def who_decides(reducer: Reducer[Any]) -> str:
    """Return what decides on the commands, for a picture."""
    decider = decider_of(reducer)
    return "reducer" if decider is None else f"{decider.name} decider"


def entity_in(reducer: Reducer[Any], state: Any, key: str | None) -> Any:
    """Return the entity with a key in a state; None if there is none, or it cannot be told."""
    if key is None:
        return None
    try:
        return reducer.entity(state, key)[0] if isinstance(reducer, DeciderReducer) else entities_in(state).get(key)
    except Exception:  # noqa: BLE001 - a state that the reducer does not understand; what it was told of still is
        return None


def entities_in(state: Any) -> Mapping[str, Any]:
    """Return the entities of a state by key; none where it cannot be told."""
    for name in ("entities", "orders"):
        found = getattr(state, name, None)
        if isinstance(found, Mapping):
            return found
    return state if isinstance(state, Mapping) else {}


def state_name(reducer: Reducer[Any], entity: Any, state: Any = None) -> str:
    """Return the name of the state that an entity is in.

    Args:
        reducer: The domain's reducer.
        entity: The entity; None for none.
        state: The whole state; of a reducer that is not lifted from a decider it tells whether it is about orders.
    """
    decider = decider_of(reducer) or (ORDERS if isinstance(state, OrderState) else None)
    try:
        if decider is not None:
            return decider.state_of(entity)
        return "none" if entity is None else type(entity).__name__
    except Exception:  # noqa: BLE001 - a faulty domain; its run is told all the same
        return _UNNAMED


def noted(step: TraceStep) -> str:
    """Return what the writer of a note does: the text of the note where it has one of its own."""
    if not any("__str__" in vars(kind) for kind in type(step.command).__mro__[:-1]):  # of all but object
        return action_in_words(step.command, step.key)
    try:
        return " ".join(str(step.command).split())
    except Exception:  # noqa: BLE001 - the text of somebody's own class may fail, and its name says enough
        return type(step.command).__name__


def only_happened(step: TraceStep) -> bool:
    """Tell whether a step is only what a log says: its command is not known, so that is the event itself, or None."""
    command: Any = step.command
    is_known = command is not None and not any(event is command for event in step.events)
    return bool(step.events) and not step.part and not is_known


def became(reducer: Reducer[Any], step: TraceStep, log: Any) -> str:
    """Return what a step made of the entity that it was about: `order-1: placed → shipped`; empty if nothing.

    Where the names of its states do not tell, the fields that changed do.

    Args:
        reducer: The domain's reducer.
        step: The step.
        log: The state that the log had before it, whatever the writer believed.
    """
    before, after = (entity_in(reducer, state, step.key) for state in (log, step.state))
    is_unfit = bool(step.events) and not _can_follow(reducer, before, step.events)
    if before is None and after is None and not entities_in(step.state) and not is_unfit:
        return "" if log is step.state else _changes(log, step.state, "")
    if same(before, after):
        return f"{step.key}: {step.answer} cannot follow" if is_unfit else ""
    was, now = state_name(reducer, before, log), state_name(reducer, after, step.state)
    names_tell = was != now and (before is not None or _names_states(reducer, step.state))
    changed = f"{was} → {now}" if names_tell else _changes(before, after, step.key or "")
    return f"{step.key}: {changed or now}{' (cannot follow)' if is_unfit else ''}"


def stands(reducer: Reducer[Any], state: Any, key: str | None) -> str:
    """Return how an entity stands in a state: `order-1 is placed`; `no order order-1` where there is none."""
    entity = entity_in(reducer, state, key)
    if key is None or entity is None:
        return f"no {noun_of(reducer, state)} {key or 'yet'}" if entities_are_kept(state) else ""
    if not _names_states(reducer, state):
        told = _changes(None, entity, key)
        if told:
            return f"{key}: {told}"
    return f"{key} is {state_name(reducer, entity, state)}"


def stale(reducer: Reducer[Any], step: TraceStep, log: Any) -> str:
    """Return what a writer believed of the entity, where the log says otherwise by then; empty where it does not."""
    believed, known = (entity_in(reducer, state, step.key) for state in (step.before, log))
    return "" if same(believed, known) else stands(reducer, step.before, step.key)


def state_in_words(reducer: Reducer[Any], state: Any) -> str:
    """Return a whole state in a line: `order-1 is placed, order-2 is shipped`.

    >>> from orderlab.orders.reducer import OrderReducer
    >>> state_in_words(OrderReducer(), OrderReducer().initial_state())
    'no order yet'
    """
    entities = entities_in(state)
    if not entities:
        return f"no {noun_of(reducer, state)} yet" if entities_are_kept(state) else shown(state)
    keys = sorted(entities, key=str)
    told = [stands(reducer, state, str(key)) for key in keys[:_TOLD]]
    more = [f"and {counted(len(keys) - _TOLD, 'other')}"] if len(keys) > _TOLD else []
    return ", ".join([*told, *more])


def entities_are_kept(state: Any) -> bool:
    """Tell whether a state is one of entities by key."""
    return any(isinstance(getattr(state, name, None), Mapping) for name in ("entities", "orders"))


def _can_follow(reducer: Reducer[Any], entity: Any, events: Iterable[Any]) -> bool:
    """Tell whether events can follow what an entity is; they can where nobody says that they cannot."""
    decider = decider_of(reducer)
    if decider is None:
        return True
    for event in events:
        try:
            entity = decider.evolve(entity, event)
        except CorruptStream:
            return False
        except Exception:  # noqa: BLE001 - a faulty domain; its run is told all the same
            return True
    return True


def _usual(action: Any) -> dict[str, Any]:
    """Return what the fields of an action hold where nobody says anything."""
    if not is_dataclass(action):
        return {}
    return {each.name: each.default for each in fields(action) if each.default is not MISSING}


def _names_states(reducer: Reducer[Any], state: Any) -> bool:
    decider = decider_of(reducer)
    return isinstance(state, OrderState) if decider is None else bool(decider.states)


def _changes(before: Any, after: Any, key: str) -> str:
    """Return what changed in words, without what only repeats the key."""
    try:
        changes = [each for each in changes_between(before, after) if not key or shown(each.after) != key]
        return in_words(changes) if changes else ""
    except Exception:  # noqa: BLE001 - values that cannot be compared have nothing to tell
        return ""
