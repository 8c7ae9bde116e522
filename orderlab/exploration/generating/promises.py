"""What a run must keep to: what somebody says always holds, and what every domain promises."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orderlab.core.decider import DeciderReducer, Reducer
from orderlab.exploration.tracestep import TraceStep

Predicates = Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | Mapping[str, Callable[[Any], Any]]
"""A function, some of them, or some by name."""

NOTHING_RAISED = "nothing is raised"
LIVE_IS_REPLAYED = "live equals replayed"


class Promises:
    """All that must hold in a run.

    Args:
        always: Predicates of a state.
        every_step: Predicates of a `TraceStep`.

    Raises:
        TypeError: They are no functions.
    """

    def __init__(self, always: Predicates = (), every_step: Predicates = ()) -> None:
        self._always = named(always, "always")
        self._every_step = named(every_step, "every_step")

    def broken_by_state(self, state: Any) -> str:
        """Return the name of the first promise that a state breaks; empty if it keeps them all."""
        return next((name for name, holds in self._always.items() if not holds(state)), "")

    def broken_by_step(self, step: TraceStep) -> str:
        """Return the name of the first promise that a step breaks, or the state after it; empty if there is none."""
        if step.failure:
            return NOTHING_RAISED
        by_step = next((name for name, holds in self._every_step.items() if not holds(step)), "")
        return by_step or self.broken_by_state(step.state)


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
            self.broken = LIVE_IS_REPLAYED if self._replayed != step.state else ""
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


def named(predicates: Predicates, parameter: str) -> dict[str, Callable[[Any], Any]]:
    """Return predicates by name: the one that is given, or that of the function.

    Raises:
        TypeError: One of them is no function.

    >>> list(named([str.isupper], "always"))
    ['isupper']
    """
    if isinstance(predicates, Mapping):
        found = dict(predicates)
    else:
        listed = [predicates] if callable(predicates) else list(predicates)
        found = {}
        for number, each in enumerate(listed, start=1):
            name = getattr(each, "__name__", "") or repr(each)
            plain = f"{parameter} {number}" if name == "<lambda>" else name
            found[plain if plain not in found else f"{plain} ({number})"] = each
    for name, each in found.items():
        if not callable(each):
            raise TypeError(f"{parameter} must be functions that give true or false, and {name} is {each!r}")
    return found
