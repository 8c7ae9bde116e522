"""What is a bad end of a run, what is a good one, and which step spoiled it."""

from collections.abc import Callable
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.exploration.differing.canon import canon
from orderlab.exploration.searching.predicates import Predicate, name_of
from orderlab.exploration.trace import Trace
from orderlab.timeline.machine.naming import names_nothing

Asking = Callable[[Any], bool]
"""A question about a state."""


def bad_of(trace: Trace, bad: Callable[[Any], Any] | None) -> Asking:
    """Return what tells whether a state is bad, as the last one of a run is.

    Raises:
        TypeError: It is no function.
        ValueError: The last state is not bad, or there is no telling what was bad about it.
    """
    if bad is not None:
        is_bad = _asking("bad", bad)
        if not is_bad(trace.state):
            raise ValueError("bad must hold at the end of the trace, or there is nothing to avoid, and it does not")
        return is_bad
    last = next((step for step in reversed(trace.steps) if step.events), None)
    if last is None:
        raise ValueError("trace must have a step that causes an event, or bad must say what is bad about it")
    reducer, key = trace.reducer, last.key
    if not isinstance(reducer, DeciderReducer) or key is None:
        return lambda state: canon(state) == canon(trace.state)
    decider = reducer.decider

    def mark(state: Any) -> Any:
        entity = reducer.entity(state, key)[0]
        return canon(entity) if names_nothing(decider) else decider.state_of(entity)

    end = mark(trace.state)
    return lambda state: mark(state) == end


def good_of(good: Callable[[Any], Any] | None) -> Asking | None:
    """Return what tells whether a state is a good end, if that is said.

    Raises:
        TypeError: It is no function.
    """
    return None if good is None else _asking("good", good)


def spoiling(trace: Trace, is_bad: Asking) -> str | None:
    """Return the key of the entity that the step was about which made the run bad for good; None if there is none."""
    place = len(trace)
    while place and is_bad(trace.states[place - 1]):
        place -= 1
    return trace.steps[place - 1].key if place else None


def _asking(argument: str, function: Callable[[Any], Any]) -> Asking:
    if not callable(function):
        raise TypeError(f"{argument} must be a function of a state, not {function!r}")
    predicate = Predicate(argument, name_of(function, argument), function)

    def asked(state: Any) -> bool:
        holds, failure = predicate.asks(state)
        if failure:
            raise ValueError(f"{argument}: {predicate.name} raises {failure}, asked of {state!r}")
        return holds

    return asked
