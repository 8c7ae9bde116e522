"""A domain under random use: a state machine of Hypothesis that sends commands and watches what comes of them."""

from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from orderlab.core.decider import Decider, Reducer
from orderlab.exploration.domain import reducer_of, start_of
from orderlab.exploration.generating.likely import Asking, Commands, asking
from orderlab.exploration.generating.promises import Promises, Watch
from orderlab.exploration.playing import AT, play
from orderlab.exploration.profiles import profile_of
from orderlab.exploration.searching.predicates import Asked
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep

_WAITS = st.sampled_from([1, 3_600, 86_400, 400 * 86_400])


class PromiseBroken(AssertionError):
    """A run breaks a promise; `trace` is the run.

    Args:
        broken: The name of the promise.
        trace: The run up to where it is broken.
    """

    def __init__(self, broken: str, trace: Trace) -> None:
        super().__init__(broken, trace)
        self.broken = broken
        self.trace = trace
        self.add_note(str(trace))

    def __str__(self) -> str:
        failure = self.trace.steps[-1].failure if len(self.trace) else ""
        return f"{self.broken}: not so after {len(self.trace)} commands{f', {failure}' if failure else ''}"


class DomainMachine(RuleBasedStateMachine):
    """A domain under random use; made by `machine_of`, and open to rules of your own.

    Attributes:
        trace: The run so far. Of the class: the last run that failed, which is the one that Hypothesis shows at the
            end; None if none did.
    """

    trace: Trace | None = None
    reducer: ClassVar[Reducer[Any]]
    promises: ClassVar[Promises]
    start: ClassVar[Any]
    ask: ClassVar[Asking]

    def __init__(self) -> None:
        super().__init__()
        self.state = self.start
        self.at = AT
        self.steps: list[TraceStep] = []
        self._watch = Watch(self.promises, self.reducer, self.state)

    def likely(self) -> st.SearchStrategy[Any]:
        """Return a strategy for the next command."""
        return self.ask.choices.map(lambda choice: self.ask.command(choice, self.state, self.at))

    @rule(command=st.runner().flatmap(lambda machine: machine.likely()))
    def send(self, command: Any) -> None:
        """Send a command, and look at what comes of it."""
        self.steps.append(play(self.reducer, self.state, command, at=self.at))
        self.state = self.steps[-1].state
        self._watch.see(self.steps[-1])

    @rule(seconds=_WAITS)
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)

    @invariant()
    def all_promises_are_kept(self) -> None:
        """Fail with the run as a `Trace` if a promise is broken."""
        self.trace = Trace(self.reducer, self.start, tuple(self.steps))
        if self._watch.broken:
            broken = f"Breaks: {self._watch.broken}"
            type(self).trace = self.trace = Trace(self.reducer, self.start, tuple(self.steps), broken)
            raise PromiseBroken(self._watch.broken, self.trace)


def machine_of(
    domain: Decider[Any] | Reducer[Any],
    *,
    always: Asked = (),
    every_step: Asked = (),
    commands: Commands = None,
    start: Any = None,
    profile: str = "quick",
) -> type[DomainMachine]:
    """Return a state machine of Hypothesis that uses a domain at random, ready to run.

    It sends commands that are likely where they come, lets time pass, and looks after each: nothing is raised, live
    equals replayed, and what is said of it holds. `TestOrders = machine_of(ORDERS).TestCase` is a test for unittest
    and pytest. What fails is shown as a run, told in a note of the error; it is `machine.trace` too.

    Args:
        domain: A decider, or a reducer.
        always: What must hold of every state: a function, some, or some by name.
        every_step: What must hold of every `TraceStep`.
        commands: A list of commands, a function from a state to some, or a strategy; made from the types if None.
        start: The state before the first command; the reducer's own initial state if None.
        profile: How hard its `TestCase` tries: `quick`, `thorough` or `exhaustive`.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
        TypeError: An argument is of the wrong kind.
        ValueError: There is no such profile.

    >>> from orderlab.orders.decider import ORDERS
    >>> TestOrders = machine_of(ORDERS).TestCase
    """
    reducer = reducer_of(domain)
    first = start_of(reducer, start)
    attributes = {
        "__doc__": f"{reducer!r} under random use.",
        "reducer": reducer,
        "promises": Promises(always, every_step),
        "start": first,
        "ask": asking(domain, commands, first),
    }
    machine: type[DomainMachine] = type("DomainMachine", (DomainMachine,), attributes)
    machine.TestCase.settings = profile_of(profile)
    return machine


def run_machine(machine: type[RuleBasedStateMachine], *, profile: str = "quick") -> None:
    """Run a state machine as a test, as hard as a profile says.

    Raises:
        Exception: What the machine fails with.
        ValueError: There is no such profile.
    """
    run_state_machine_as_test(machine, settings=profile_of(profile))
