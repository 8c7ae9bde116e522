"""The runs that show what a search has found: each is played again from the beginning, and confirmed by that."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import Reducer
from orderlab.exploration.differing.canon import copied
from orderlab.exploration.searching.found import (
    NO_COMMAND_IS_CHANGED,
    NOTHING_IS_CHANGED,
    NOTHING_IS_RAISED,
    THE_SAME_IS_SAID_TWICE,
    Broken,
    Found,
    Questions,
)
from orderlab.exploration.searching.given import Given
from orderlab.exploration.searching.predicates import quoted
from orderlab.exploration.searching.sameness import is_settled
from orderlab.exploration.trace import Trace
from orderlab.timeline.unknown import counted


class Runs:
    """Makes runs of what a search has found.

    A run that does not show what the search had found is shown all the same, for then the domain, or what is asked
    of it, does not say the same twice: it keeps something, or there is chance or a clock in it.

    Args:
        reducer: The domain's reducer.
        start: The state that they begin with.
        given: The commands.
        at: When commands are decided that do not say it themselves.

    Attributes:
        broken: The name of what does not hold; empty if all does.
        counterexample: The run that shows it; None if all holds.
        reached: By the name of what should happen sometimes, the run in which it does.
    """

    def __init__(self, reducer: Reducer[Any], start: Any, given: Given, at: datetime) -> None:
        self._reducer, self._start, self._given, self._at = reducer, start, given, at
        self.broken = ""
        self.counterexample: Trace | None = None
        self.reached: dict[str, Trace] = {}

    def confirm(self, found: Found, questions: Questions) -> None:
        """Make all runs that a search has found, and look whether they show it."""
        broken = found.broken
        if broken is not None:
            trace = self._along(broken.path, _told(broken))
            self._breaks(broken.name, trace, is_shown=_is_shown(broken, trace, questions))
        for each in questions.sometimes:
            if each.name not in found.reached:
                continue
            trace = self._along(found.path(found.reached[each.name]), f"{quoted(each.name)} happens.")
            if each.asks(trace.state)[0]:
                self.reached[each.name] = trace
            elif self.counterexample is None:
                self._breaks(each.name, trace, is_shown=False)

    def _breaks(self, name: str, trace: Trace, *, is_shown: bool) -> None:
        if not is_shown:
            title = (
                f"The same commands do not lead to the same twice: the search found that {trace.title.rstrip('.')}, "
                "and this run does not show it."
            )
            name, trace = THE_SAME_IS_SAID_TWICE, replace(trace, title=title)
        self.broken, self.counterexample = name, trace

    def _along(self, path: tuple[int, ...], title: str) -> Trace:
        """Return the run of commands with these numbers; its commands are shown as they were given."""
        start = self._start if is_settled(self._start) else copied(self._start)
        trace = Trace.of(self._reducer, self._given.scripted(path), start=start, at=self._at, title=title)
        steps = zip(trace.steps, map(self._given.fresh, path), strict=True)
        return replace(trace, steps=tuple([replace(step, command=command) for step, (command, _) in steps]))


def _is_shown(broken: Broken, trace: Trace, questions: Questions) -> bool:
    """Tell whether a run ends as a search has said."""
    if not broken.argument:
        return broken.name != NOTHING_IS_RAISED or bool(trace.steps[-1].failure)
    asked: Any = getattr(questions, broken.argument)
    predicate = next(each for each in asked if each.name == broken.name)
    holds, failure = predicate.asks(trace.steps[-1] if broken.argument == "every_step" else trace.state)
    return bool(failure) if broken.failure else not holds


def _told(broken: Broken) -> str:
    """Say what does not hold, and where."""
    number = len(broken.path)
    after = f"after {counted(number, 'command')}" if number else "at the beginning"
    if broken.argument and broken.failure:
        return f"{broken.argument}: {quoted(broken.name)} raises {broken.failure}, {after}."
    if broken.argument:
        return f"{quoted(broken.name)} does not hold {after}."
    if broken.name == NOTHING_IS_CHANGED:
        return f"The last command changes the state before it in place, {after}."
    if broken.name == NO_COMMAND_IS_CHANGED:
        return f"The last command is changed in place by deciding it, {after}."
    return f"The domain raises {broken.failure}, {after}."
