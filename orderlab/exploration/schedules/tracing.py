"""What happened in one schedule, as a trace: who read, decided and wrote what, and what the log made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.core.log import NO_STREAM
from orderlab.exploration.packing import packed, unpacked
from orderlab.exploration.schedules.beginning import Beginning
from orderlab.exploration.schedules.running import Act, folded
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import CONFLICT, TraceStep

Shown = dict[str, tuple[tuple[Any, ...], int]]
"""By key, the events that make an entity, and its version."""

_NOTHING: tuple[tuple[Any, ...], int] = ((), NO_STREAM)


@dataclass(frozen=True, slots=True)
class Traced:
    """What makes the trace of a schedule when somebody looks at it; can be pickled, as the schedule can.

    Args:
        acts: What was done, in order.
        beginning: What has happened before.
        reducer: The domain's reducer.
        at: When everything is decided.
        title: What came of it.
    """

    acts: Sequence[Act]
    beginning: Beginning
    reducer: DeciderReducer[Any, Any]
    at: datetime
    title: str

    def __call__(self) -> Trace:
        """Return the trace."""
        return trace_of(self.acts, self.beginning, self.reducer, self.at, self.title)

    def __reduce__(self) -> tuple[Any, ...]:
        return unpacked, (_traced, packed(self.reducer), self.acts, self.beginning, self.at, self.title)


def _traced(
    reducer: DeciderReducer[Any, Any], acts: Sequence[Act], beginning: Beginning, at: datetime, title: str
) -> Traced:
    return Traced(acts, beginning, reducer, at, title)


def trace_of(
    acts: Sequence[Act], beginning: Beginning, reducer: DeciderReducer[Any, Any], at: datetime, title: str
) -> Trace:
    """Return a schedule as a trace, in which reading, deciding and appending are steps of their own.

    `before` of a decision is what its writer believed; all other states are those of the log. Where an event cannot
    follow there is no such state, and what its writer believed stands there: the last one who wrote seems to be right.
    """
    log = dict(beginning.events)
    shown: Shown = {key: (events, len(events)) for key, events in log.items()}
    steps, state = [], beginning.state
    for part, attempt in acts:
        writer, key = attempt.writer, attempt.writer.key
        step = TraceStep(writer.command, at, state, state, key=key, writer=writer.name, part=part)
        if part == "decide":
            read = (attempt.seen, attempt.version)
            is_behind = isinstance(key, str) and shown.get(key, _NOTHING) != read
            step = replace(
                step,
                before=_state(reducer, {**shown, key: read}) if is_behind else state,
                rejection=attempt.rejection,
                failure=attempt.failure,
                effects=attempt.effects,
            )
        elif part == "append" and attempt.accepted:
            log[key] = (*log.get(key, ()), *attempt.events)
            can_follow = _can_be_folded(reducer, log[key])
            shown[key] = (log[key] if can_follow else (*attempt.seen, *attempt.events), len(log[key]))
            state = _state(reducer, shown)
            step = replace(step, state=state, events=attempt.events, effects=attempt.effects)
        elif part == "append" and attempt.conflict:
            step = replace(step, failure=f"{CONFLICT}: {attempt.conflict}", effects=attempt.effects)
        steps.append(step)
    return Trace(reducer, beginning.state, tuple(steps), title, beginning.given)


def _can_be_folded(reducer: DeciderReducer[Any, Any], events: tuple[Any, ...]) -> bool:
    try:
        folded(reducer, events)
    except Exception:  # noqa: BLE001 - the log breaks the rules, and evolve may say so by any error
        return False
    return True


def _state(reducer: DeciderReducer[Any, Any], shown: Shown) -> Any:
    """Return the state of some entities; without those that are not there, or of whose events nothing can be made."""
    state = reducer.initial_state()
    for key, (events, version) in shown.items():
        if events and _can_be_folded(reducer, events):
            state = reducer.with_entity(state, key, folded(reducer, events), version)
    return state
