"""What happened in one schedule, as a trace: who read, decided and wrote what, and what the log made of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.core.log import NO_STREAM
from orderlab.exploration.schedules.beginning import Beginning
from orderlab.exploration.schedules.running import Act, Attempt
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import CONFLICT, TraceStep

_NOTHING = (None, NO_STREAM)

Entities = dict[str, tuple[Any, int]]
"""By key, an entity and its version."""


def trace_of(
    acts: Sequence[Act], beginning: Beginning, reducer: DeciderReducer[Any, Any], at: datetime, title: str
) -> Trace:
    """Return a schedule as a trace, in which reading, deciding and appending are steps of their own.

    `before` of a decision is what its writer believed; all other states are those of the log. Where an event cannot
    follow there is no such state, and what its writer believed stands there: the last one who wrote seems to be right.
    """
    entities = {key: reducer.entity(beginning.state, key) for key in beginning.events}
    steps, state = [], beginning.state
    for part, attempt in acts:
        writer = attempt.writer
        step = TraceStep(writer.command, at, state, state, key=writer.key, writer=writer.name, part=part)
        if part == "decide":
            step = replace(
                step,
                before=_believed(reducer, state, entities, attempt),
                rejection=attempt.rejection,
                failure=attempt.failure,
                effects=attempt.effects,
            )
        elif part == "append" and attempt.accepted:
            entities[writer.key] = _after(reducer, entities.get(writer.key, _NOTHING), attempt)
            state = _state(reducer, entities)
            step = replace(step, state=state, events=attempt.events, effects=attempt.effects)
        elif part == "append" and attempt.conflict:
            step = replace(step, failure=f"{CONFLICT}: {attempt.conflict}", effects=attempt.effects)
        steps.append(step)
    return Trace(reducer, beginning.state, tuple(steps), title, beginning.given)


def _believed(reducer: DeciderReducer[Any, Any], state: Any, entities: Entities, attempt: Attempt) -> Any:
    """Return the state as the writer of an attempt saw it: of its own entity what it had read."""
    key, read = attempt.writer.key, (attempt.entity, attempt.version)
    if not isinstance(key, str) or entities.get(key, _NOTHING) == read:
        return state
    return _state(reducer, {**entities, key: read})


def _state(reducer: DeciderReducer[Any, Any], entities: Entities) -> Any:
    """Return the state of some entities, without those that are not there."""
    state = reducer.initial_state()
    for key, (entity, version) in entities.items():
        if entity is not None:
            state = reducer.with_entity(state, key, entity, version)
    return state


def _after(reducer: DeciderReducer[Any, Any], now: tuple[Any, int], attempt: Attempt) -> tuple[Any, int]:
    """Return an entity and its version after what was accepted."""
    evolve, (entity, version) = reducer.decider.evolve, now
    try:
        for event in attempt.events:
            entity = evolve(entity, event)
    except Exception:  # noqa: BLE001 - the log breaks the rules now, and evolve may say so by any error
        entity = attempt.entity
        for event in attempt.events:
            entity = evolve(entity, event)  # as was done when it was decided
    return entity, version + len(attempt.events)
