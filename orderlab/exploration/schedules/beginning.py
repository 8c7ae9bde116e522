"""What has happened before the writers come."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.exploration.playing import play
from orderlab.exploration.tracestep import TraceStep


@dataclass(frozen=True, slots=True)
class Beginning:
    """What has happened before the writers come.

    Args:
        start: The state before it.
        steps: What happened, as the steps of a trace.
        events: The events by the key of their entity.
    """

    start: Any
    steps: tuple[TraceStep, ...]
    events: dict[str, tuple[Any, ...]]

    @property
    def state(self) -> Any:
        """The state that the writers find."""
        return self.steps[-1].state if self.steps else self.start


def beginning_of(given: Any, reducer: DeciderReducer[Any, Any], at: datetime) -> Beginning:
    """Return what has happened, of commands that were given before, or events.

    Raises:
        TypeError: One is neither a command nor an event of the domain.
        ValueError: A command is refused, or an event cannot follow.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"given must be a sequence of commands or events, not {given!r}")
    decider = reducer.decider
    start = state = reducer.initial_state()
    steps: list[TraceStep] = []
    for number, action in enumerate(given):
        if isinstance(action, decider.commands):
            step = play(reducer, state, action, at=at)
            if step.rejection is not None or step.failure:
                raise ValueError(f"given[{number}] must be accepted, and {action!r} gives {step.outcome}")
        elif isinstance(action, decider.events):
            step = _happened(reducer, state, action, at, number)
        else:
            raise TypeError(f"given[{number}] must be a command or an event of {decider.name}, not {action!r}")
        state = step.state
        if step.command is None:  # an event that the command of the one before it caused as well
            last = steps.pop()
            step = replace(last, state=state, events=(*last.events, *step.events))
        steps.append(step)
    events: dict[str, tuple[Any, ...]] = {}
    for step in steps:
        if step.key is not None and step.events:
            events[step.key] = (*events.get(step.key, ()), *step.events)
    return Beginning(start, tuple(steps), events)


def _happened(reducer: DeciderReducer[Any, Any], state: Any, event: Any, at: datetime, number: int) -> TraceStep:
    """Return a step that an event tells of; its command is the one that it answers to, where events tell that."""
    decider = reducer.decider
    key = decider.key_of(event)
    if not isinstance(key, str):
        raise TypeError(f"given[{number}] must be about an entity with a key of text, and {event!r} has {key!r}")
    entity, version = reducer.entity(state, key)
    try:
        after = decider.evolve(entity, event)
    except Exception as error:
        raise ValueError(f"given[{number}] cannot follow what is before it: {error}") from error
    command = event if decider.command_of is None else decider.command_of(event)
    if command is None and version == 0:
        command = event
    return TraceStep(command, at, state, reducer.with_entity(state, key, after, version + 1), (event,), key=key)
