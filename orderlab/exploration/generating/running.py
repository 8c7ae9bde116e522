"""Whole runs of a domain: traces, and the commands of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from orderlab.core.decider import Decider, Reducer
from orderlab.exploration.arguments import time
from orderlab.exploration.domain import reducer_of, start_of
from orderlab.exploration.generating.choosing import Asking
from orderlab.exploration.generating.likely import Commands, asking
from orderlab.exploration.generating.promises import Promises, Watch
from orderlab.exploration.playing import AT, play
from orderlab.exploration.searching.bounds import whole
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.orders.decider import ORDERS

MOST_STEPS = 20
"""How long a run is at the most, unless somebody says so."""

GAPS = st.sampled_from([timedelta(0)] * 4 + [timedelta(seconds=1), timedelta(hours=1), timedelta(days=400)])
"""How long nothing happens before a command."""


Choices = tuple[tuple[Any, timedelta], ...]
"""What a run is made of: for each command a choice, and how long nothing happens before it."""


@dataclass(frozen=True, slots=True)
class Run:
    """How runs are made of choices.

    Args:
        reducer: The domain's reducer.
        start: The state before the first command.
        ask: What commands the choices stand for.
        at: When a run begins.
        max_size: How many commands it has at the most.
        promises: What it must not break; it ends where it does.
    """

    reducer: Reducer[Any]
    start: Any
    ask: Asking
    at: datetime
    max_size: int
    promises: Promises | None = None

    def choices(self) -> "st.SearchStrategy[Choices]":
        """Return a strategy for what a run is made of.

        All is drawn before anything is played, as a list of simple values: quick, and each can be left out.
        """
        step = st.tuples(self.ask.choices, GAPS)
        short = st.lists(step, max_size=self.max_size)
        return st.one_of(short, st.lists(step, min_size=self.max_size // 2, max_size=self.max_size)).map(tuple)

    def traces(self) -> "st.SearchStrategy[Trace]":
        """Return a strategy for the runs."""
        return self.choices().map(self.played)

    def played(self, choices: Choices) -> Trace:
        """Return the run that choices stand for; it ends where a promise is broken, whose name is then its title."""
        steps: list[TraceStep] = []
        state, at = self.start, self.at
        watch = None if self.promises is None else Watch(self.promises, self.reducer, state)
        broken = "" if watch is None else watch.broken
        for choice, gap in choices:
            if broken:
                break
            at += gap
            steps.append(play(self.reducer, state, self.ask.command(choice, state, at), at=at))
            state = steps[-1].state
            broken = "" if watch is None else watch.see(steps[-1])
        return Trace(self.reducer, self.start, tuple(steps), broken)


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
        TypeError: The domain is none, or the commands are none; or another argument is of the wrong kind.
        ValueError: `max_size` is less than zero, or `at` has no zone.

        @given(traces(ORDERS))
        def test_what_is_shipped_was_placed(trace): ...
    """
    return run_of(domain, start=start, commands=commands, at=at, max_size=max_size).traces()


def runs(
    domain: Decider[Any] | Reducer[Any] = ORDERS,
    *,
    start: Any = None,
    commands: Commands = None,
    at: datetime = AT,
    max_size: int = MOST_STEPS,
) -> "st.SearchStrategy[list[Any]]":
    """Return a strategy for lists of commands that meet each other; see `traces`, which also tells what came of them.

    @given(runs(ORDERS))
    def test_a_run_ends_the_same_however_it_is_batched(commands): ...
    """
    made = traces(domain, start=start, commands=commands, at=at, max_size=max_size)
    return made.map(lambda trace: list(trace.commands))


def run_of(
    domain: Decider[Any] | Reducer[Any],
    *,
    start: Any = None,
    commands: Commands = None,
    at: datetime = AT,
    max_size: int = MOST_STEPS,
    promises: Promises | None = None,
) -> "Run":
    """Return how runs of a domain are made; see `traces`."""
    reducer = reducer_of(domain)
    time("at", at)
    whole("max_size", max_size, 0)
    first = start_of(reducer, start)
    return Run(reducer, first, asking(domain, commands, first), at, max_size, promises)
