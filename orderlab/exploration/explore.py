"""Go through all states that a domain can get into, and find the shortest run in which something does not hold."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider, Reducer
from orderlab.exploration.arguments import time
from orderlab.exploration.differing.canon import copied
from orderlab.exploration.domain import decider_of, reducer_of, start_of
from orderlab.exploration.explored import Explored
from orderlab.exploration.playing import AT
from orderlab.exploration.searching.bounds import Bounds
from orderlab.exploration.searching.by_entity import EntitySearch
from orderlab.exploration.searching.by_state import StateSearch
from orderlab.exploration.searching.confirming import Runs
from orderlab.exploration.searching.found import THE_SAME_IS_SAID_TWICE, Found, Questions
from orderlab.exploration.searching.given import Given, given_commands
from orderlab.exploration.searching.predicates import Asked, predicates
from orderlab.exploration.searching.sameness import is_settled
from orderlab.exploration.searching.watching import Progress, Watch


def explore(
    domain: Decider[Any] | Reducer[Any],
    commands: Any = None,
    *,
    start: Any = None,
    always: Asked = (),
    every_step: Asked = (),
    sometimes: Asked = (),
    symmetry: Callable[[Any], Any] | None = None,
    depth: int | None = None,
    states: int = 1_000_000,
    seconds: float | None = None,
    at: datetime = AT,
    progress: Callable[[Progress], object] | bool | None = None,
) -> Explored:
    """Find every state that commands lead to, breadth first, so that what does not hold is shown by a shortest run.

    It is the same at every call. Of a decider, states are the same if their entities are; of a reducer, if they are
    equal, and values of two types never are: `1`, `1.0` and `True` are three. Something that raises, be it the domain
    or what is asked of it, is a counterexample as well, and so is a decider that changes what it was given.

    Args:
        domain: A decider, or a reducer.
        commands: What is tried in each state: a list, a function that gives a list for a state, or a Hypothesis
            strategy, of which up to a hundred are drawn. `TimedCommand`s bring their own times. If None, commands about
            one entity are made from the command types, as by `commands_of`.
        start: The state to begin with; the reducer's own initial state if None.
        always: What holds in every state: a function of a state, a list of such, or a dict of them by name.
        every_step: What holds of every command tried, refused ones included: functions of a `TraceStep`.
        sometimes: What holds in some state at least: functions of a state.
        symmetry: Gives, for a state, what tells it apart; states of which it gives the same are folded into one.
        depth: How many commands in a row are tried; any number if None.
        states: How many states are found at the most. It takes about 100 bytes to remember one of a decider's.
        seconds: How long it may take; any time if None.
        at: When commands are decided, aware.
        progress: Called with a `Progress` a few times a second. If None, a search of more than two seconds is told of
            at a terminal or in a notebook, in a line that goes away again; False tells nothing.

    Raises:
        TypeError: An argument is of the wrong kind, or a predicate returns something else than True or False.
        ValueError: A number is too small, or the time has no zone.

    >>> from orderlab.exploration.commands import commands_of
    >>> from orderlab.orders.decider import ORDERS
    >>> explore(ORDERS, commands_of(ORDERS, entities=3))
    <Explored order: 64 states, 144 transitions, 1,968 refused, depth 6, exhaustive>
    """
    reducer, decider = reducer_of(domain), decider_of(domain)
    time("at", at)
    if not (symmetry is None or callable(symmetry)):
        raise TypeError(f"symmetry must be a function of a state, not {symmetry!r}")
    watch = Watch(Bounds(depth, states, seconds), progress)
    questions = Questions(
        predicates("always", always), predicates("sometimes", sometimes), predicates("every_step", every_step)
    )
    first = start_of(reducer, start)
    beginning = first if is_settled(first) else copied(first)  # a faulty domain may change it
    given = given_commands(commands, decider, at)
    found = Found()
    try:
        _search(reducer, first, given, symmetry, questions).run(found, questions, watch)
    finally:
        watch.end()
    watch.end(found)
    runs = Runs(reducer, beginning, given, at)
    runs.confirm(found, questions)
    return Explored(
        name=type(reducer).__name__ if decider is None else decider.name,
        states=found.states,
        transitions=found.transitions,
        refused=found.refused,
        quiet=found.quiet,
        levels=tuple(found.levels),
        ends=found.ends,
        why_not=_why_not(found, runs),
        counterexample=runs.counterexample,
        broken=runs.broken,
        never=tuple(each.name for each in questions.sometimes if each.name not in found.reached),
        reached=runs.reached,
        seconds=watch.seconds,
    )


def _search(
    reducer: Reducer[Any],
    start: Any,
    given: Given,
    symmetry: Callable[[Any], Any] | None,
    questions: Questions,
) -> EntitySearch | StateSearch:
    """Return the quick search where it is right, and else the one that always is."""
    quick = None if symmetry is not None or questions.every_step else EntitySearch.of(reducer, start, given)
    return StateSearch(reducer, start, given, symmetry) if quick is None else quick


def _why_not(found: Found, runs: Runs) -> str:
    """Say why a search was not exhaustive, as a sentence; empty if it was."""
    if found.broken is not None:
        return "it stopped at the counterexample"
    return "the same commands do not lead to the same twice" if runs.broken == THE_SAME_IS_SAID_TWICE else found.why_not
