"""State machines, ready to run: of a domain, whose failure is a trace, and of an event store."""

import unittest
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit
from broken_event_stores import ExpectsOneTooMany, LoadingRepeatsOne, LosesAnInsert, TheSecondDoesNotSeeTheFirst
from faulty_orders import PLACE, SHIPS_CANCELLED
from hypothesis import Phase, settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from loans import LOANS

from orderlab.core.decider import Decider
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.profiles import profile_of
from orderlab.exploration.stateful import DomainMachine, PromiseBroken, event_store_machine, machine_of, run_machine
from orderlab.orders.actions import CancelOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.zoo.eventstores import StoresARetryTwice

UNSHRUNK = settings(profile_of("quick"), phases=[Phase.generate])
FEW = settings(profile_of("quick"), max_examples=15)


@pytest.mark.parametrize("decider", [ORDERS, ACCOUNTS, LOANS], ids=repr)
def test_a_healthy_domain_keeps_its_promises(decider: Decider[Any]) -> None:
    machine = machine_of(decider)
    run_state_machine_as_test(machine, settings=FEW)
    assert machine.trace is None


def test_a_failure_is_a_trace_that_the_error_tells() -> None:
    machine = machine_of(SHIPS_CANCELLED)
    with pytest.raises(PromiseBroken, match="nothing is raised: not so after 3 commands, CorruptStream") as failed:
        run_machine(machine)
    assert failed.value.trace is machine.trace
    assert failed.value.trace.commands == (PLACE, CancelOrder("order-1"), ShipOrder("order-1", "a1"))
    assert str(machine.trace) in failed.value.__notes__[0]
    assert any("state.send(command=" in note for note in failed.value.__notes__)


def test_it_is_a_test_case_for_any_runner() -> None:
    case = machine_of(ACCOUNTS, every_step={"nothing is paid in": lambda step: not step.events}).TestCase
    result = unittest.TestResult()
    case("runTest").run(result)
    assert "nothing is paid in: not so after 1 commands" in result.failures[0][1]


def test_a_state_that_must_not_be_is_found() -> None:
    machine = machine_of(ACCOUNTS, always=lambda state: not state.entities, commands=[Deposit("ada", 1)])
    with pytest.raises(PromiseBroken, match="always: not so after 1 commands"):
        run_machine(machine)


def test_it_is_open_to_rules_of_your_own() -> None:
    seen: list[int] = []

    class Counting(machine_of(ORDERS)):  # type: ignore[misc] # a class that is made
        @rule()
        def place(self) -> None:
            self.send(PLACE)

        @invariant()
        def as_many_steps_as_commands(self) -> None:
            seen.append(len(self.trace))
            assert len(self.steps) == len(self.trace)

    assert issubclass(Counting, DomainMachine)
    run_state_machine_as_test(Counting, settings=FEW)
    assert max(seen) > 3


@pytest.mark.parametrize("profile", ["quick", "thorough"])
def test_its_test_case_tries_as_hard_as_the_profile_says(profile: str) -> None:
    assert machine_of(ORDERS, profile=profile).TestCase.settings.max_examples == profile_of(profile).max_examples
    assert event_store_machine(InMemoryEventStore, profile=profile).TestCase.settings == profile_of(profile)


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (ExpectsOneTooMany, "VersionConflict names|an append"),
        (LosesAnInsert, "the log holds what was appended, and nothing else"),
        (StoresARetryTwice, "what is sent again changes nothing|events of which some are known are refused"),
        (TheSecondDoesNotSeeTheFirst, "append"),
        (LoadingRepeatsOne, "load_events gives a stream from a version on"),
    ],
)
def test_a_broken_event_store_is_found_out(broken: Any, rule: str) -> None:
    with pytest.raises(AssertionError, match=rule):
        run_state_machine_as_test(event_store_machine(broken), settings=UNSHRUNK)


def test_a_log_is_opened_again_at_any_time() -> None:
    opened: list[Any] = []

    def reopened(closed: Any, **options: Any) -> Any:
        opened.append(closed)
        return InMemoryEventStore(**options)  # which has forgotten everything

    machine = event_store_machine(InMemoryEventStore, reopen_event_store=reopened)
    with pytest.raises(AssertionError, match="the log holds what was appended, and nothing else"):
        run_state_machine_as_test(machine, settings=UNSHRUNK)
    assert opened


def test_an_event_store_that_cannot_be_opened_leaves_nothing_behind() -> None:
    def closed(**options: Any) -> Any:
        raise OSError("no such folder")

    with pytest.raises(OSError, match="no such folder"):
        run_machine(event_store_machine(closed))


@pytest.mark.parametrize("machine", [3, int])
def test_what_is_no_state_machine_is_refused(machine: Any) -> None:
    with pytest.raises(TypeError, match="machine must be a class, such as machine_of"):
        run_machine(machine)


def test_what_opens_no_event_store_is_refused() -> None:
    opened: Any = InMemoryEventStore()
    with pytest.raises(TypeError, match="open_event_store must be what opens an event store"):
        event_store_machine(opened)
