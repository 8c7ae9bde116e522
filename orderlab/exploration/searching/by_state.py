"""The plain search, for any reducer: every command is played on every state that is found."""

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from orderlab.core.decider import DeciderReducer, Reducer
from orderlab.exploration.arguments import in_brief
from orderlab.exploration.differing.canon import canon
from orderlab.exploration.domain import entities_of
from orderlab.exploration.playing import play
from orderlab.exploration.searching.answering import Answering, Came
from orderlab.exploration.searching.found import NO_COMMAND_IS_CHANGED, NOTHING_IS_CHANGED, Found, Questions
from orderlab.exploration.searching.given import Given
from orderlab.exploration.searching.sameness import EntityNumbering, is_settled
from orderlab.exploration.searching.watching import Watch
from orderlab.orders.reducer import OrderReducer


class StateSearch:
    """A breadth-first search through the states of any reducer.

    Args:
        reducer: The domain's reducer.
        start: The state to begin with.
        given: The commands.
        symmetry: Gives what is the same of states that are to be folded into one; None for what they hold.
    """

    def __init__(
        self, reducer: Reducer[Any], start: Any, given: Given, symmetry: Callable[[Any], Any] | None = None
    ) -> None:
        self._reducer, self._start, self._given = reducer, start, given
        self._is, self._same = _looked_into(reducer, symmetry), identity_of(reducer, symmetry)
        self._answering = Answering(reducer)

    def run(self, found: Found, questions: Questions, watch: Watch) -> None:
        """Search until an end, a bound, or something that does not hold."""
        if not questions.ask(found, 0, self._start):
            return
        seen, level, first = {self._same(self._start)}, [self._start], 0
        while level:
            if len(found.levels) - 1 == watch.bounds.depth:
                found.why_not = watch.bounds.deep(len(level))
                return
            found.levels.append(0)
            after: list[Any] = []
            for place, state in enumerate(level):
                for number, reached in self._moves(found, questions, state, first + place, watch):
                    same = self._same(reached)
                    if same in seen:
                        continue
                    if found.states >= watch.bounds.states:
                        found.why_not = watch.bounds.full()
                        return
                    seen.add(same)
                    after.append(reached)
                    found.add(first + place, number)
                    if not questions.ask(found, found.states - 1, reached):
                        return
                if found.broken is not None or found.why_not:
                    return
            first, level = first + len(level), after
        found.levels.pop()  # the one that nothing was found for

    def _moves(
        self, found: Found, questions: Questions, state: Any, parent: int, watch: Watch
    ) -> Iterator[tuple[int, Any]]:
        """Try every command on a state; yield, with its number, what is reached by those that cause something."""
        is_end, before = True, self._is(state)
        is_open = not is_settled(state)
        for number in self._given.numbers_in(state):
            if watch.is_over(found):
                found.why_not = watch.bounds.late()
                return
            command, at = self._given.fresh(number)
            if questions.every_step:
                step = play(self._reducer, state, command, at=at)
                came = Came(step.state, len(step.events), step.rejection is not None, step.failure)
            else:
                came = self._answering.to(state, command, at)
            if self._given.is_changed(number, command):
                return found.fails((*found.path(parent), number), "", NO_COMMAND_IS_CHANGED)
            if is_open and self._is(state) != before:
                return found.fails((*found.path(parent), number), "", NOTHING_IS_CHANGED)
            if came.failure:
                return found.fails((*found.path(parent), number), came.failure)
            for predicate in questions.every_step:
                holds, failure = predicate.asks(step)
                if not holds:
                    return found.breaks(predicate, (*found.path(parent), number), failure)
            if came.events or (came.state is not state and self._is(came.state) != before):
                is_end = False
                found.transitions += 1
                yield number, came.state
            elif came.is_refused:
                found.refused += 1
            else:
                found.quiet += 1
        found.ends += is_end


def identity_of(reducer: Reducer[Any], symmetry: Callable[[Any], Any] | None = None) -> Callable[[Any], Hashable]:
    """Return what tells whether two states are the same: of a lifted decider their entities, else all that they hold.

    How many events an entity has had is not counted, for a decider does not see it; a reducer of somebody's own may.
    """
    if symmetry is not None:
        return lambda state: _folded(symmetry, state)
    if type(reducer) not in (DeciderReducer, OrderReducer):
        return canon
    numbering = EntityNumbering()
    return lambda state: numbering.of(entities_of(state))


def _looked_into(reducer: Reducer[Any], symmetry: Callable[[Any], Any] | None) -> Callable[[Any], Hashable]:
    """Return what tells whether a state is still what it was, also where only a symmetry knows what is in it."""
    holds, folded = identity_of(reducer), identity_of(reducer, symmetry)

    def seen(state: Any) -> Hashable:
        try:
            return holds(state)
        except TypeError:
            return folded(state)

    return holds if symmetry is None else seen


def _folded(symmetry: Callable[[Any], Any], state: Any) -> Hashable:
    try:
        same: Hashable = canon(symmetry(state))
    except Exception as error:
        error.add_note(f"symmetry was asked of {in_brief(state)}")
        raise
    return same
