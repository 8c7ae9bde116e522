"""`falsify`: a faulty domain is found out, by the shortest and plainest run, quickly and the same at every run."""

from dataclasses import replace
from itertools import count
from time import process_time
from typing import Any

import pytest
from accounts import ACCOUNTS, Account, Deposit, Deposited, Withdraw
from faulty_orders import PLACE, SHIPS_CANCELLED
from hypothesis import strategies as st
from loans import LOANS

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.exploration.playing import AT
from orderlab.exploration.stateful import falsify
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import CancelOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Cancelled


def found(domain: Any, **options: Any) -> Trace:
    trace = falsify(domain, **options)
    assert trace is not None
    return trace


def test_shipping_a_cancelled_order_is_found_and_shrunk_to_three_commands_in_time() -> None:
    begun = process_time()
    trace = found(SHIPS_CANCELLED)
    assert process_time() - begun < 2
    assert trace.commands == (PLACE, CancelOrder("order-1"), ShipOrder("order-1", "a1"))
    assert trace.title == "Breaks: nothing is raised"
    assert {step.at for step in trace.steps} == {AT}


@pytest.mark.parametrize("domain", [ORDERS, LOANS, DeciderReducer(ORDERS)], ids=repr)
def test_nothing_is_found_where_nothing_is_wrong(domain: Any) -> None:
    assert falsify(domain) is None


def test_it_finds_the_same_at_every_run() -> None:
    assert found(SHIPS_CANCELLED) == found(SHIPS_CANCELLED)


def test_a_state_that_must_not_be_is_found() -> None:
    def no_order_is_cancelled(state: Any) -> bool:
        return not any(isinstance(order.status, Cancelled) for order in state.entities.values())

    trace = found(ORDERS, always=no_order_is_cancelled)
    assert trace.commands == (PLACE, CancelOrder("order-1"))
    assert trace.title == "Breaks: no_order_is_cancelled"


def test_a_step_that_must_not_be_is_found() -> None:
    trace = found(ORDERS, every_step={"nothing is refused": lambda step: step.rejection is None})
    assert (len(trace), trace.title) == (1, "Breaks: nothing is refused")


def test_a_predicate_that_fails_is_told() -> None:
    def wrong(state: Any) -> bool:
        return bool(state.orders)

    trace = found(ORDERS, always=wrong)
    assert (len(trace), trace.title[:50]) == (0, "Breaks: wrong, which raises AttributeError: 'Entit")


def test_an_entity_that_is_not_what_its_events_make_of_it_is_found() -> None:
    class Rounding(DeciderReducer[Any, Any]):
        def with_entity(self, state: Any, key: str, entity: Any, version: int) -> Any:
            rounded = Account(entity.id, entity.balance_cents // 10 * 10)
            return super().with_entity(state, key, rounded, version)

    trace = found(Rounding(ACCOUNTS))
    assert (trace.commands, trace.title) == ((Deposit("account-1", 1),), "Breaks: live equals replayed")


def test_a_mistake_that_only_time_brings_out_is_found() -> None:
    trace = found(LOANS, every_step={"no book goes missing": lambda step: step.outcome != "GoneMissing"})
    assert [type(command).__name__ for command in trace.commands] == ["Buy", "Lend", "GiveUp"]


def test_two_entities_are_found_where_it_takes_two() -> None:
    trace = found(ORDERS, always={"one order at most": lambda state: len(state.entities) < 2})
    assert trace.commands == (PLACE, replace(PLACE, order_id="order-2"))


def test_a_sum_is_found_by_its_parts() -> None:
    def poor(state: Any) -> bool:
        return bool(sum(each.balance_cents for each in state.entities.values()) < 2_000)

    trace = found(ACCOUNTS, always=poor)
    assert [command.cents for command in trace.commands] == [1_000, 1_000]


def test_only_commands_that_are_given_are_tried() -> None:
    assert falsify(SHIPS_CANCELLED, commands=[PLACE, CancelOrder("order-1")]) is None
    twice = found(SHIPS_CANCELLED, commands=[ShipOrder("order-1", "T"), PLACE])
    assert twice.commands == (PLACE, ShipOrder("order-1", "T"), ShipOrder("order-1", "T"))


def test_commands_of_a_strategy_are_shrunk_by_hypothesis() -> None:
    amounts = st.builds(Deposit, st.just("ada"), st.integers(0, 10**6)) | st.builds(
        Withdraw, st.just("ada"), st.just(1)
    )
    trace = found(ACCOUNTS, commands=amounts, every_step={"small": lambda s: s.events != () and s.command.cents < 500})
    assert trace.commands in {(Deposit("ada", 0),), (Deposit("ada", 500),), (Withdraw("ada", 1),)}


def test_commands_may_follow_from_the_state() -> None:
    trace = found(SHIPS_CANCELLED, commands=lambda state: [CancelOrder("order-1"), PLACE, ShipOrder("order-1", "T")])
    assert len(trace) == 3


def test_it_goes_on_from_a_state() -> None:
    start = Trace.of(ORDERS, [PLACE, CancelOrder("order-1")]).state
    assert found(SHIPS_CANCELLED, start=start).commands == (ShipOrder("order-1", "a1"),)


def test_a_domain_of_enumerated_commands_is_searched_too() -> None:
    from enum import Enum  # noqa: PLC0415 - for this one domain

    class Push(Enum):
        UP = 1
        DOWN = 2

    def decide(command: Push, entity: Any, *, key: str, at: Any) -> Any:
        return (Deposited("lift", command.value),) if entity is None or command is Push.UP else 1 / 0

    lift: Decider[Any] = Decider(
        name="lift",
        decide=decide,
        evolve=lambda entity, event: Account("lift", event.cents),
        key_of=lambda action: "lift",
        commands=(Push,),
        events=(Deposited,),
        rejections=(Withdraw,),
    )
    assert found(lift).commands == (Push.UP, Push.DOWN)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"always": 7}, "always must be a function"),
        ({"every_step": [7]}, "every_step must hold functions"),
        ({"commands": 7}, "commands must be a list of commands"),
        ({"profile": "slow"}, "profile must be quick, thorough, exhaustive"),
    ],
)
def test_what_it_cannot_be_asked_is_said(options: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        falsify(ORDERS, **options)


def test_what_is_found_does_not_depend_on_what_else_is_loaded() -> None:
    many = [Deposit("ada", cents) for cents in range(1_000)]
    trace = found(ACCOUNTS, commands=many, every_step={"little": lambda step: step.command.cents < 700})
    assert trace.commands == (Deposit("ada", 700),)


# What is no fault of the domain.


class Without:
    """An entity that says nothing of what it is equal to."""

    def __init__(self, number: float) -> None:
        self.number = number


def folding(evolve: Any) -> Decider[Any]:
    """Return a decider of accounts that takes every deposit, and makes of it what is said."""
    accounts: Decider[Any] = ACCOUNTS
    return replace(accounts, decide=lambda command, entity, *, key, at: (Deposited(key, command.cents),), evolve=evolve)


@pytest.mark.parametrize("evolve", [lambda entity, event: Without(event.cents), lambda entity, event: float("nan")])
def test_an_entity_that_is_equal_to_nothing_is_compared_by_what_it_holds(evolve: Any) -> None:
    assert falsify(folding(evolve), commands=[Deposit("a", 1), Deposit("a", 2)]) is None


def test_an_entity_that_is_another_when_replayed_is_found_by_what_it_holds() -> None:
    numbers = count()
    found = falsify(folding(lambda entity, event: Without(next(numbers))), commands=[Deposit("a", 1)])
    assert found is not None
    assert found.title == "Breaks: live equals replayed"


@pytest.mark.parametrize("commands", [[3], lambda state: [3], st.just(3)])
def test_what_is_no_command_is_not_blamed_on_the_domain(commands: Any) -> None:
    with pytest.raises(TypeError, match="commands must be commands of account, and 3 is none"):
        falsify(ACCOUNTS, commands=commands)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"start": 7}, TypeError, "start must be a state of"),
        ({"commands": lambda state: None}, TypeError, "commands must return the commands to try in a state, as a list"),
        ({"profile": []}, ValueError, "profile must be quick"),
    ],
)
def test_the_argument_that_cannot_be_meant_is_named(arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        falsify(ACCOUNTS, **arguments)
