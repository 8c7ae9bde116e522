"""The commands that are made to tell a domain apart."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit, Withdraw
from loans import LOANS

from orderlab.core.decider import Decider
from orderlab.exploration.commands import commands_of
from orderlab.exploration.explore import explore
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS, problem_with
from orderlab.timeline.machine.samples import CannotMake


@pytest.mark.parametrize("kind", [PlaceOrder, CancelOrder, ShipOrder])
def test_there_is_one_valid_command_of_each_type_and_some_invalid_ones(kind: type) -> None:
    made: list[Any] = [each for each in commands_of(ORDERS) if isinstance(each, kind)]
    assert [problem_with(each) is None for each in made] == [True] + [False] * (len(made) - 1)
    assert len(made) > 1


def test_invalid_commands_are_invalid_for_different_reasons() -> None:
    problems = [problem_with(each) for each in commands_of(ORDERS) if isinstance(each, PlaceOrder)]
    assert len(set(problems)) == len(problems)


def test_there_are_as_many_about_each_entity() -> None:
    about_one, about_three = commands_of(ORDERS), commands_of(ORDERS, entities=3)
    assert len(about_three) == 3 * len(about_one)
    assert {ORDERS.key_of(each) for each in about_three} == {"order-1", "order-2", "order-3"}


def test_keys_can_be_said() -> None:
    assert {ORDERS.key_of(each) for each in commands_of(ORDERS, keys=["a", "b", "a"])} == {"a", "b"}


def test_what_is_accepted_is_not_made_twice_unless_it_looks_like_a_mistake() -> None:
    deposits = [each.cents for each in commands_of(ACCOUNTS) if isinstance(each, Deposit)]
    assert deposits == [1, 0, -1]  # of nothing, which causes nothing; and of less, which should have been refused
    withdrawals = [each.cents for each in commands_of(ACCOUNTS) if isinstance(each, Withdraw)]
    assert {1, 2, -1} <= set(withdrawals)


def test_none_asks_for_a_new_key_where_it_can_take_one() -> None:
    assert None not in {ACCOUNTS.key_of(each) for each in commands_of(ACCOUNTS, entities=2)}


@dataclass(frozen=True)
class Open:
    """A command that never takes a key."""

    cents: int


def test_a_command_that_never_takes_a_key_is_made_as_it_is() -> None:
    domain = replace(
        ACCOUNTS,
        commands=(Open, Withdraw),
        key_of=lambda action: getattr(action, "account_id", None),
        decide=lambda command, entity, *, key, at: ACCOUNTS.decide(
            Deposit(key, command.cents) if isinstance(command, Open) else command, entity, key=key, at=at
        ),
    )
    assert Open(1) in commands_of(domain)
    assert explore(domain, commands_of(domain, entities=2), depth=2).states > 2


def test_a_faulty_domain_has_commands_too() -> None:
    def fails(command: Any, entity: Any, *, key: str, at: Any) -> Any:
        if isinstance(command, ShipOrder):
            raise KeyError(command.order_id)
        return ORDERS.decide(command, entity, key=key, at=at)

    made = commands_of(replace(ORDERS, decide=fails))
    assert ShipOrder in {type(each) for each in made}
    assert explore(replace(ORDERS, decide=fails), made).broken == "nothing is raised"


class Signal(Enum):
    """Commands that are an enumeration."""

    GO = "go"
    STOP = "stop"


def test_an_enumeration_is_a_type_of_commands() -> None:
    signals: Decider[Any] = Decider(
        "signal", lambda *_, **__: (), lambda *_: 1, lambda each: "signal-1", (Signal,), (), ()
    )
    assert set(commands_of(signals)) <= set(Signal)


def test_every_command_of_loans_is_there_and_finds_all_that_orders_of_time_allow() -> None:
    assert {type(each) for each in commands_of(LOANS)} == set(LOANS.commands)


def test_the_same_commands_are_made_at_every_call() -> None:
    assert commands_of(LOANS, entities=2) == commands_of(LOANS, entities=2)


@dataclass(frozen=True)
class Closed:
    """A command that does not say what its field holds."""

    key: str
    what: Any


def test_a_type_that_does_not_say_what_it_holds_is_asked_for() -> None:
    domain: Decider[Any] = Decider("x", lambda *_, **__: (), lambda *_: 1, lambda each: each.key, (Closed,), (), ())
    with pytest.raises(CannotMake, match="no Closed can be made to try"):
        commands_of(domain)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"decider": 3}, TypeError, "commands are made for a Decider"),
        ({"entities": 0}, ValueError, "entities must be at least 1, not 0"),
        ({"entities": "two"}, TypeError, "entities must be a whole number, not 'two'"),
        ({"keys": "order-1"}, TypeError, "keys must be a list of keys"),
        ({"keys": [1]}, TypeError, "keys must be a list of keys"),
        ({"keys": []}, TypeError, "keys must be a list of keys"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], error: type[Exception], said: str) -> None:
    given = {"decider": ORDERS, **arguments}
    with pytest.raises(error, match=said):
        commands_of(given.pop("decider"), **given)
