"""The plain search, for any reducer: every command is played on every state that is found."""

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from orderlab.core.decider import DeciderReducer, EntityState, Reducer
from orderlab.exploration.playing import play
from orderlab.exploration.searching.bounds import Watch
from orderlab.exploration.searching.found import Found, Questions
from orderlab.exploration.searching.given import Given
from orderlab.exploration.searching.sameness import hashable


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
        self._same = identity_of(reducer, symmetry)

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
                for number, reached in self._moves(found, questions, state, first + place):
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
                if found.broken is not None:
                    return
                if watch.is_over(found):
                    found.why_not = watch.bounds.late()
                    return
            first, level = first + len(level), after
        found.levels.pop()  # the one that nothing was found for

    def _moves(self, found: Found, questions: Questions, state: Any, parent: int) -> Iterator[tuple[int, Any]]:
        """Play every command on a state; yield, with its number, what is reached by those that cause something."""
        is_end = True
        for number in self._given.numbers_in(state):
            command, at = self._given.listed[number]
            step = play(self._reducer, state, command, at=at)
            if step.failure:
                found.fails((*found.path(parent), number), step.failure)
                return
            for predicate in questions.every_step:
                holds, failure = predicate.asks(step)
                if not holds:
                    found.breaks(predicate, (*found.path(parent), number), failure)
                    return
            if step.events or (step.state is not state and self._same(step.state) != self._same(state)):
                is_end = False
                found.transitions += 1
                yield number, step.state
            elif step.rejection is not None:
                found.refused += 1
            else:
                found.quiet += 1
        found.ends += is_end


def identity_of(reducer: Reducer[Any], symmetry: Callable[[Any], Any] | None = None) -> Callable[[Any], Hashable]:
    """Return what tells whether two states are the same: of a lifted decider their entities, else all that they hold.

    How many events an entity has had is not counted, for a decider does not see it; a reducer of somebody's own may.
    """
    if symmetry is not None:
        return lambda state: hashable(symmetry(state))
    if type(reducer) is DeciderReducer:
        return lambda state: hashable(state.entities if isinstance(state, EntityState) else state)
    return hashable
