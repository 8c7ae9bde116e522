"""What a search is asked with: each wrong argument is told in a sentence that names it."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from accounts import Deposit

from orderlab.core.decider import Step
from orderlab.exploration.differing.canon import canon
from orderlab.exploration.explore import explore
from orderlab.exploration.searching.predicates import predicates
from orderlab.orders.actions import PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem

PLACE = PlaceOrder("ada", (OrderItem("p-1", "Mug", 1, 250),), "order-1")


class Bare:
    """A reducer without a first state."""

    def reduce(self, state: Any, action: Any, env: Any) -> Step[Any]:
        """Change nothing."""
        return Step(state)


def forgets(state: Any) -> None:
    """Forget to return."""


async def waits(state: Any) -> bool:
    """Answer later."""
    return True


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"domain": "orders"}, TypeError, "a Decider or a reducer is wanted"),
        ({"domain": Bare()}, TypeError, "start="),
        ({"domain": Bare(), "start": 1}, TypeError, "commands must be given"),
        ({"commands": "ship"}, TypeError, "commands must be a list of commands, a function of the state or"),
        ({"commands": PLACE}, TypeError, "commands must be a list of commands"),
        ({"commands": PlaceOrder}, TypeError, "commands must be a list of commands"),
        ({"commands": []}, ValueError, "commands must hold at least one command"),
        ({"commands": [Deposit("a", 1)]}, TypeError, "commands must be commands of order, and Deposit"),
        ({"commands": lambda state: PLACE}, TypeError, "commands must return the commands to try in a state"),
        ({"commands": lambda state: [3]}, TypeError, "commands must be commands of order, and 3 is none"),
        ({"always": "yes"}, TypeError, "always must be a function, a list of functions or a dict of them"),
        ({"sometimes": ["yes"]}, TypeError, "sometimes must hold functions that answer True or False, not 'yes'"),
        ({"every_step": [bool]}, TypeError, "every_step must hold functions"),
        ({"always": forgets}, TypeError, "always: forgets must return True or False, and returned None"),
        ({"always": waits}, TypeError, "always: waits must return True or False, and returned <coroutine"),
        ({"symmetry": 3}, TypeError, "symmetry must be a function of a state, not 3"),
        ({"symmetry": lambda state: (each for each in "")}, TypeError, "a generator cannot be compared with another"),
        ({"depth": -1}, ValueError, "depth must be at least 0, not -1"),
        ({"depth": "all"}, TypeError, "depth must be a whole number, or None for no bound, not 'all'"),
        ({"states": 0}, ValueError, "states must be at least 1, not 0"),
        ({"states": None}, TypeError, "states must be a whole number, not None"),
        ({"seconds": 0}, ValueError, "seconds must be more than zero"),
        ({"seconds": "long"}, TypeError, "seconds must be a number"),
        ({"at": "now"}, TypeError, "at must be a datetime, not 'now'"),
        ({"at": datetime(2025, 1, 1)}, ValueError, "at must be a timezone-aware datetime"),  # noqa: DTZ001
        ({"progress": True}, TypeError, "progress must be a function that takes a Progress, or False"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], error: type[Exception], said: str) -> None:
    given = {"domain": ORDERS, **arguments}
    with pytest.raises(error, match=said.replace("[", r"\[").replace("(", r"\(")):
        explore(given.pop("domain"), **given)


def test_a_symmetry_that_raises_says_of_which_state() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        explore(ORDERS, [PLACE], symmetry=lambda state: 1 // len(state.entities))
    assert raised.value.__notes__ == ["symmetry was asked of <EntityState of 0 entities, 0 events>"]


def test_a_list_of_items_is_a_command_like_its_tuple() -> None:
    assert explore(ORDERS, [PlaceOrder("ada", list(PLACE.items), "order-1"), PLACE]).transitions == 1


def breaks(state: Any) -> bool:
    """Look for what is not there."""
    return bool(state.entities["order-1"].status.tracking_number)


@pytest.mark.parametrize("argument", ["always", "sometimes"])
@pytest.mark.parametrize("commands", [[PLACE], lambda state: [PLACE]])
def test_a_predicate_that_raises_is_told_by_its_name_with_the_run(argument: str, commands: Any) -> None:
    asked: dict[str, Any] = {argument: {"tracked": lambda state: not state.entities or breaks(state)}}
    explored = explore(ORDERS, commands, **asked)
    if argument == "sometimes":
        assert explored.reached["tracked"].commands == ()  # it held at the beginning, and was asked no more
        return
    assert explored.broken == "tracked"
    assert explored.counterexample is not None
    assert explored.counterexample.commands == (PLACE,)
    assert explored.sentences()[0] == (
        "always: tracked raises AttributeError: 'Placed' object has no attribute 'tracking_number', after 1 command."
    )


def test_a_wish_that_raises_is_told_as_well() -> None:
    explored = explore(ORDERS, [PLACE], sometimes=breaks)
    assert explored.sentences()[0] == "sometimes: breaks raises KeyError: 'order-1', at the beginning."
    assert explored.never == ("breaks",)


def test_a_rule_of_steps_that_raises_is_told_as_well() -> None:
    explored = explore(ORDERS, [ShipOrder("order-1", "T")], every_step={"dull": lambda step: 1 / 0})
    assert explored.sentences()[0] == "every_step: dull raises ZeroDivisionError: division by zero, after 1 command."


def test_predicates_have_names_of_their_own() -> None:
    def named(*given: Any) -> list[str]:
        return [each.name for each in predicates("always", *given)]

    assert named(breaks) == ["breaks"]
    assert named([breaks, breaks]) == ["breaks", "breaks (2)"]
    assert named(partial(breaks)) == ["breaks"]
    assert named(lambda state: True) == ["always"]
    assert named([lambda state: True, lambda state: False]) == ["always[0]", "always[1]"]
    assert named({"a rule": breaks}) == ["a rule"]


@pytest.mark.parametrize(
    "value",
    [[1, [2]], {"a": {1: [2]}}, {1, 2}, bytearray(b"x"), ([1],), OrderItem("p", "m", 1, [2])],  # type: ignore[arg-type]
)
def test_what_cannot_be_hashed_is_compared_by_its_parts(value: Any) -> None:
    assert hash(canon(value)) == hash(canon(value))
    assert canon(value) == canon(value)
    assert canon(value) != canon([value])
