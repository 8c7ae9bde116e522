"""What has happened before the writers come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.exploration.playing import play


@dataclass(frozen=True, slots=True)
class Beginning:
    """What has happened before the writers come.

    Args:
        state: The state that they find.
        events: The events that led to it, by the key of their entity.
        given: The same events in order.
    """

    state: Any
    events: dict[str, tuple[Any, ...]]
    given: tuple[Any, ...]


def beginning_of(given: Any, reducer: DeciderReducer[Any, Any], at: datetime) -> Beginning:
    """Return what has happened, of commands that were given before, or events.

    Raises:
        TypeError: One is neither a command nor an event of the domain.
        ValueError: A command is refused, or an event cannot follow.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"given must be a sequence of commands or events, not {given!r}")
    state, events = reducer.initial_state(), dict[str, tuple[Any, ...]]()
    happened: list[Any] = []
    for number, action in enumerate(given):
        if isinstance(action, reducer.decider.commands):
            step = play(reducer, state, action, at=at)
            if step.rejection is not None or step.failure:
                raise ValueError(f"given[{number}] must be accepted, and {action!r} gives {step.outcome}")
            state, caused = step.state, step.events
        elif isinstance(action, reducer.decider.events):
            state, caused = _after(reducer, state, action, number), (action,)
        else:
            raise TypeError(f"given[{number}] must be a command or an event of {reducer.decider.name}, not {action!r}")
        happened += caused
        for event in caused:
            key = str(reducer.decider.key_of(event))
            events[key] = (*events.get(key, ()), event)
    return Beginning(state, events, tuple(happened))


def _after(reducer: DeciderReducer[Any, Any], state: Any, event: Any, number: int) -> Any:
    """Return the state after an event, also after one that is equal to the one before it: it has happened twice."""
    key = reducer.decider.key_of(event)
    if not isinstance(key, str):
        raise TypeError(f"given[{number}] must be about an entity with a key of text, and {event!r} has {key!r}")
    entity, version = reducer.entity(state, key)
    try:
        after = reducer.decider.evolve(entity, event)
    except Exception as error:
        raise ValueError(f"given[{number}] cannot follow what is before it: {error}") from error
    return reducer.with_entity(state, key, after, version + 1)
