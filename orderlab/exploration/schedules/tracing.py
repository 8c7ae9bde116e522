"""What happened in one schedule, as a trace: who decided what on which state, and what the log made of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.core.log import NO_STREAM
from orderlab.exploration.schedules.beginning import Beginning
from orderlab.exploration.schedules.running import Attempt
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep

Entities = dict[str, tuple[Any, int]]
"""By key, an entity and its version."""


def trace_of(
    attempts: Sequence[Attempt], beginning: Beginning, reducer: DeciderReducer[Any, Any], at: datetime, title: str
) -> Trace:
    """Return a schedule as a trace: a step for each time that a writer was done with its decision.

    `before` of a step is what its writer believed, `state` what the log says after it. Where an event cannot follow
    there is no such state, and what the writer believed stands there: the last one who wrote seems to be right.
    """
    entities = {key: reducer.entity(beginning.state, key) for key in beginning.events}
    steps, state = list(beginning.steps), beginning.state
    for attempt in attempts:
        command, key, believed = attempt.writer.command, attempt.writer.key, state
        if isinstance(key, str):
            read = {key: (attempt.entity, attempt.version)}
            believed = state if entities.get(key, (None, NO_STREAM)) == read[key] else _state(reducer, entities | read)
        if attempt.accepted:
            entities[key] = _after(reducer, entities.get(key, (None, NO_STREAM)), attempt)
            state = _state(reducer, entities)
        steps.append(
            TraceStep(
                command,
                at,
                believed,
                state,
                attempt.events if attempt.accepted else (),
                attempt.rejection if attempt.conflict is None else attempt.conflict,
                attempt.failure,
                key,
                attempt.writer.name,
                attempt.effects,
            )
        )
    return Trace(reducer, beginning.start, tuple(steps), title)


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
