"""What a run must keep to: what somebody says always holds, and what every domain promises."""

from collections.abc import Iterable
from typing import Any

from orderlab.core.decider import DeciderReducer, Reducer
from orderlab.exploration.differing.canon import same_value
from orderlab.exploration.searching.found import NOTHING_IS_RAISED
from orderlab.exploration.searching.predicates import Asked, Predicate, predicates
from orderlab.exploration.tracestep import TraceStep

LIVE_IS_REPLAYED = "live equals replayed"


class Promises:
    """All that must hold in a run.

    Args:
        always: Predicates of a state.
        every_step: Predicates of a `TraceStep`.

    Raises:
        TypeError: They are no functions.
    """

    def __init__(self, always: Asked = (), every_step: Asked = ()) -> None:
        self._always = predicates("always", always)
        self._every_step = predicates("every_step", every_step)

    def broken_by_state(self, state: Any) -> str:
        """Return the name of the first promise that a state breaks; empty if it keeps them all."""
        return _broken(self._always, state)

    def broken_by_step(self, step: TraceStep) -> str:
        """Return the name of the first promise that a step breaks, or the state after it; empty if there is none."""
        if step.failure:
            return NOTHING_IS_RAISED
        return _broken(self._every_step, step) or self.broken_by_state(step.state)


def _broken(asked: Iterable[Predicate], value: Any) -> str:
    for each in asked:
        holds, raised = each.asks(value)
        if not holds:
            return f"{each.name}, which raises {raised}" if raised else each.name
    return ""


class Watch:
    """Watch a run, step by step, until it breaks a promise.

    Attributes:
        broken: The name of the promise that is broken; empty while all are kept.
    """

    def __init__(self, promises: Promises, reducer: Reducer[Any], start: Any) -> None:
        self._promises = promises
        self._reducer = reducer
        self._replayed = start
        self.broken = promises.broken_by_state(start)

    def see(self, step: TraceStep) -> str:
        """Look at the next step, and return the name of the promise that it breaks; empty if it keeps them all."""
        self.broken = self._promises.broken_by_step(step)
        if not self.broken:
            self._replayed = replayed_after(self._reducer, self._replayed, step)
            failed = isinstance(self._replayed, Exception)
            self.broken = LIVE_IS_REPLAYED if failed or not same_value(self._replayed, step.state) else ""
        return self.broken


def replayed_after(reducer: Reducer[Any], replayed: Any, step: TraceStep) -> Any:
    """Return a replayed state after the facts of one more step; of a reducer that cannot replay, the live state.

    What replay raises, as for an event that cannot follow, is a state that no live one equals.
    """
    if not isinstance(reducer, DeciderReducer):
        return step.state
    if not step.events:
        return replayed
    decider = reducer.decider
    try:
        key = decider.key_of(step.events[0])
        stream_id, version = decider.stream_id(str(key)), reducer.entity(replayed, str(key))[1]
        return reducer.replay(
            replayed, [(stream_id, version + index, event) for index, event in enumerate(step.events, start=1)]
        )
    except Exception as error:  # noqa: BLE001 - a faulty domain
        return error
