"""The edge of a program, played: it does what an answer has it do, and keeps count of it."""

from errno import ENOSPC
from typing import Any

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.errors import VersionConflict
from orderlab.exploration.tracestep import TraceStep
from orderlab.workshop.exercises.telling import differs, shown


class Edge:
    """The edge of a program: keeps the state that all can see, and what was done in which order.

    Args:
        state: The state that all can see at first.
        failure: What an append raises; None if it goes well.
    """

    def __init__(self, state: Any, failure: Exception | None) -> None:
        self._state = state
        self._failure = failure
        self.done: list[tuple[str, Any]] = []
        self.tried = 0

    @property
    def state(self) -> Any:
        """The state that all can see."""
        return self._state

    @state.setter
    def state(self, state: Any) -> None:
        if state is not self._state:  # a refused command may set it, or not
            self._state = state
            self.done.append(("the new state is set", state))

    def append(self, effect: Any) -> None:
        """Write an effect's events, unless somebody else came first; count that it was tried."""
        self.tried += 1
        if self._failure is not None:
            raise self._failure
        self.done.append(("the events are appended", effect))

    def announce(self, action: Any) -> None:
        """Tell everybody of an action."""
        self.done.append((f"{type(action).__name__} is announced", action))


def when_all_goes_well(answer: Any, step: TraceStep) -> str:
    """Tell what is wrong with how an answer commits a step whose events can be written; empty if nothing is."""
    shop = Edge(step.before, None)
    answer(shop, Step(step.state, step.effects), shop.append)
    appended = [("the events are appended", each) for each in step.effects if isinstance(each, AppendEvents)]
    changed = [("the new state is set", step.state)] if step.state is not step.before else []
    said = [each.action for each in step.effects if isinstance(each, Emit)]
    wanted = [*appended, *changed, *((f"{type(action).__name__} is announced", action) for action in said)]
    found, should = (", then ".join(name for name, _ in done) or "nothing is done" for done in (shop.done, wanted))
    if found != should:
        return f"What is done: {found}. It should be: {should}."
    for (name, what), (_, right) in zip(shop.done, wanted, strict=True):
        if type(what) is not type(right):
            return f"{name[0].upper()}{name[1:]}, but to {shown(what)}."
    return differs([what for _, what in shop.done], [what for _, what in wanted], "what is done")


def when_it_cannot_be_written(answer: Any, step: TraceStep) -> str:
    """Tell what is wrong with how an answer commits a step when another writer came first, or the disk is full."""
    appends = [each for each in step.effects if isinstance(each, AppendEvents)]
    if not appends:
        return ""
    conflict = VersionConflict(appends[0].stream_id, appends[0].expected_version or 0, 9)
    return _when_append_raises(conflict, answer, step) or _when_append_raises(
        OSError(ENOSPC, "No space left on device"), answer, step
    )


def _when_append_raises(failure: Exception, answer: Any, step: TraceStep) -> str:
    shop = Edge(step.before, failure)
    try:
        answer(shop, Step(step.state, step.effects), shop.append)
    except type(failure):
        passed = True
    else:
        passed = False
    when = f"When append raises {type(failure).__name__}"
    if shop.done:
        return f"{when}, {shop.done[0][0]} all the same, of what was never written."
    if shop.tried > 1:
        return f"{when}, it is tried again, and what was decided may be no longer right."
    return "" if passed else f"{when}, commit keeps it to itself, and nobody tries again."
