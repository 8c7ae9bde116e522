"""A domain under random use: a state machine of Hypothesis that sends commands and watches what comes of them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from orderlab.core.decider import Decider, Reducer
from orderlab.exploration.generating.likely import Commands
from orderlab.exploration.generating.promises import Promises, Watch
from orderlab.exploration.generating.running import Run, run_of
from orderlab.exploration.generating.shrinking import shrunk_trace
from orderlab.exploration.playing import play
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
        self.add_note(f"The shortest and plainest such run:\n{trace}")

    def __str__(self) -> str:
        failure = self.trace.steps[-1].failure if len(self.trace) else ""
        return f"{self.broken}: not so after {len(self.trace)} commands{f', {failure}' if failure else ''}"


class DomainMachine(RuleBasedStateMachine):
    """A domain under random use; made by `machine_of`, and open to rules of your own.

    Attributes:
        trace: The run so far. Of the class: the last run that failed, as short and plain as can be; None if none did.
    """

    trace: Trace | None = None
    how: ClassVar[Run]

    def __init__(self) -> None:
        super().__init__()
        self.state, self.at = self.how.start, self.how.at
        self.steps: list[TraceStep] = []
        self._watch = Watch(self.how.promises or Promises(), self.how.reducer, self.state)

    def likely(self) -> st.SearchStrategy[Any]:
        """Return a strategy for the next command."""
        return self.how.ask.choices.map(lambda choice: self.how.ask.command(choice, self.state, self.at))

    @rule(command=st.runner().flatmap(lambda machine: machine.likely()))
    def send(self, command: Any) -> None:
        """Send a command, and look at what comes of it."""
        self.steps.append(play(self.how.reducer, self.state, command, at=self.at))
        self.state = self.steps[-1].state
        self._watch.see(self.steps[-1])

    @rule(seconds=_WAITS)
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)

    @invariant()
    def all_promises_are_kept(self) -> None:
        """Fail with the run as a `Trace` if a promise is broken."""
        self.trace = Trace(self.how.reducer, self.how.start, tuple(self.steps))
        if self._watch.broken:
            found = shrunk_trace(self.how, replace(self.trace, title=self._watch.broken))
            type(self).trace = self.trace = replace(found, title=f"Breaks: {found.title}")
            raise PromiseBroken(found.title, self.trace)


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
    and pytest. What fails is told in a note of the error, as the shortest and plainest run that fails, which is
    `machine.trace` too; Hypothesis shows the run that it came from.

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
    how = run_of(domain, start=start, commands=commands, promises=Promises(always, every_step))
    attributes = {"__doc__": f"{how.reducer!r} under random use.", "how": how}
    machine: type[DomainMachine] = type("DomainMachine", (DomainMachine,), attributes)
    machine.TestCase.settings = _unshrunk(profile)
    return machine


def run_machine(machine: type[RuleBasedStateMachine], *, profile: str = "quick") -> None:
    """Run a state machine as a test, as hard as a profile says.

    Raises:
        Exception: What the machine fails with.
        TypeError: It is no state machine.
        ValueError: There is no such profile.
    """
    if not (isinstance(machine, type) and issubclass(machine, RuleBasedStateMachine)):
        raise TypeError(f"machine must be a class, such as machine_of(ORDERS) gives, not {machine!r}")
    chosen = _unshrunk(profile) if issubclass(machine, DomainMachine) else profile_of(profile)
    run_state_machine_as_test(machine, settings=chosen)


def _unshrunk(profile: str) -> settings:
    # The machine itself shrinks what fails, in a moment, for it knows what commands are; Hypothesis takes many seconds.
    return settings(profile_of(profile), phases=[Phase.explicit, Phase.reuse, Phase.generate])
