"""Whole runs of a domain: traces, and the commands of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from orderlab.core.decider import Decider, Reducer
from orderlab.exploration.domain import reducer_of, start_of
from orderlab.exploration.generating.likely import Asking, Commands, asking
from orderlab.exploration.generating.promises import Promises, Watch
from orderlab.exploration.playing import AT, play
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.orders.decider import ORDERS

MOST_STEPS = 20
"""How long a run is at the most, unless somebody says so."""

GAPS = st.sampled_from([timedelta(0)] * 4 + [timedelta(seconds=1), timedelta(hours=1), timedelta(days=400)])
"""How long nothing happens before a command."""

_PACE = st.tuples(st.integers(0, 12), GAPS)
"""Whether and when a run goes on. Zero ends it, so that a failure is shrunk to a short one."""


@dataclass(frozen=True, slots=True)
class _Run:
    reducer: Reducer[Any]
    start: Any
    ask: Asking
    at: datetime
    max_size: int
    promises: Promises | None = None


@dataclass(slots=True)
class _Place:
    """How far a run has come."""

    state: Any
    at: datetime
    steps: list[TraceStep] = field(default_factory=list)


def traces(
    domain: Decider[Any] | Reducer[Any] = ORDERS,
    *,
    start: Any = None,
    commands: Commands = None,
    at: datetime = AT,
    max_size: int = MOST_STEPS,
) -> "st.SearchStrategy[Trace]":
    """Return a strategy for runs: commands that are likely where they come, and what came of each.

    Args:
        domain: A decider, or a reducer.
        start: The state before the first command; the reducer's own initial state if None.
        commands: A list of commands, a function from a state to some, or a strategy; made from the types if None.
        at: When a run begins; time passes in it, now and then.
        max_size: How many commands a run has at the most.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
        TypeError: The domain is none, or the commands are none.

    >>> from hypothesis import find
    >>> find(traces(), lambda trace: "OrderShipped" in trace.outcomes).outcomes
    ('OrderPlaced', 'OrderShipped')
    """
    reducer = reducer_of(domain)
    return _traces(_Run(reducer, start_of(reducer, start), asking(domain, commands), at, max_size))


def runs(
    domain: Decider[Any] | Reducer[Any] = ORDERS,
    *,
    start: Any = None,
    commands: Commands = None,
    at: datetime = AT,
    max_size: int = MOST_STEPS,
) -> "st.SearchStrategy[list[Any]]":
    """Return a strategy for lists of commands that meet each other; see `traces`, which also tells what came of them.

    >>> from hypothesis import find
    >>> find(runs(), lambda commands: len(commands) == 2 and commands[0] != commands[1])[0].order_id
    'order-1'
    """
    made = traces(domain, start=start, commands=commands, at=at, max_size=max_size)
    return made.map(lambda trace: list(trace.commands))


def broken_traces(
    domain: Decider[Any] | Reducer[Any], promises: Promises, *, start: Any, commands: Commands, max_size: int
) -> "st.SearchStrategy[Trace]":
    """Return a strategy for runs that end where they break a promise, whose name is then their title."""
    reducer = reducer_of(domain)
    return _traces(_Run(reducer, start_of(reducer, start), asking(domain, commands), AT, max_size, promises))


@st.composite
def _traces(draw: st.DrawFn, run: "_Run") -> Trace:
    place = _Place(run.start, run.at)
    watch = None if run.promises is None else Watch(run.promises, run.reducer, run.start)
    step = _step(run, place)
    while len(place.steps) < run.max_size and not (watch is not None and watch.broken) and draw(step):
        if watch is not None:
            watch.see(place.steps[-1])
    return Trace(run.reducer, run.start, tuple(place.steps), "" if watch is None else watch.broken)


@st.composite
def _step(draw: st.DrawFn, run: "_Run", place: "_Place") -> bool:
    """Draw one more command and play it, or return False; all in one piece, which shrinking can leave out.

    The strategy is the same for all steps of a run, and the place changes: a new one for each is slow to make.
    """
    goes_on, gap = draw(_PACE)
    if not goes_on:
        return False
    place.at += gap
    command = run.ask(draw, place.state, place.at)
    place.steps.append(play(run.reducer, place.state, command, at=place.at))
    place.state = place.steps[-1].state
    return True
