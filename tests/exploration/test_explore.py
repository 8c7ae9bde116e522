"""What a search finds: confirmed by counting again, in the fewest lines, and by arithmetic."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit, Deposited, Withdraw
from hypothesis import strategies as st
from loans import LOANS, Buy, GiveUp, Lend, Return

from orderlab.core.decider import Decider, Step
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.script import TimedCommand
from orderlab.exploration.commands import commands_of
from orderlab.exploration.explore import explore
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import CancelOrder, OrderShipped, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Cancelled, OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer

ITEMS = (OrderItem("p-1", "Mug", 1, 250),)
PLACE = PlaceOrder("ada", ITEMS, "order-1")
CANCEL, SHIP = CancelOrder("order-1", "changed my mind"), ShipOrder("order-1", "TRACK-1")


def ships_the_cancelled(command: Any, order: Any, *, key: str, at: Any) -> Any:
    """Decide on an order as is right, but ship a cancelled one."""
    if isinstance(command, ShipOrder) and order is not None and isinstance(order.status, Cancelled):
        return (OrderShipped(key, command.tracking_number, at),)
    return ORDERS.decide(command, order, key=key, at=at)


def counted(reducer: Any, commands: Any) -> tuple[int, int, int]:
    """Return how many states and transitions there are and how many commands are refused: all of it done by hand."""
    env = OrderEnvironment(TestClock(), SequentialIds())
    found = [reducer.initial_state()]
    transitions = refused = 0
    for state in found:
        for command in commands:
            step = reducer.reduce(state, command, env)
            if not any(isinstance(effect, AppendEvents) for effect in step.effects):
                refused += 1
                continue
            transitions += 1
            if step.state not in found:
                found.append(step.state)
    return len(found), transitions, refused


@pytest.mark.parametrize("entities", [1, 2, 3])
def test_the_states_of_orders_are_those_that_are_found_by_hand(entities: int) -> None:
    commands = commands_of(ORDERS, entities=entities)
    explored = explore(ORDERS, commands)
    by_hand = counted(OrderReducer(), commands)
    assert (explored.states, explored.transitions, explored.refused) == by_hand
    assert by_hand[0] == 4**entities
    assert explored.exhaustive
    assert explored.why_not == ""


def test_the_states_of_eight_orders_are_those_of_arithmetic() -> None:
    commands = commands_of(ORDERS, entities=8)
    explored = explore(ORDERS, commands)
    assert explored.states == 4**8 == 65_536
    assert explored.transitions == 8 * 3 * 4**7  # each order: three ways, whatever the seven others are in
    assert explored.tried == 4**8 * len(commands)
    assert explored.ends == 2**8  # each order shipped or cancelled
    assert explored.depth == 16
    assert explored.exhaustive


def test_the_two_ways_to_search_find_the_same() -> None:
    commands = commands_of(ORDERS, entities=3)
    quick = explore(ORDERS, commands)
    plain = explore(ORDERS, lambda state: commands)
    assert quick == plain
    assert quick.levels == (1, 3, 9, 13, 18, 12, 8)  # (1 + x + 2 x²)³: none, placed, and two ways to end, three times
    assert explore(OrderReducer(), commands) == quick


def test_invariants_are_asked_of_each_state_once() -> None:
    asked: list[OrderState] = []

    def notes(state: OrderState) -> bool:
        asked.append(state)
        return True

    explored = explore(OrderReducer(), commands_of(ORDERS, entities=3), always=notes)
    assert len(asked) == len(set(asked)) == explored.states


def asked_by(commands: Any) -> list[Any]:
    """Return the states of two loans that a search with these commands asks about."""
    asked: list[Any] = []

    def notes(state: Any) -> bool:
        asked.append(state)
        return True

    explore(LOANS, commands, always=notes)
    return asked


def test_states_that_are_asked_about_are_those_that_are_played() -> None:
    commands = commands_of(LOANS, entities=2)
    asked, played = asked_by(commands), asked_by(lambda state: commands)
    assert {state.entities for state in asked} == {state.entities for state in played}
    assert {sum(state.versions.values()) for state in asked} == {sum(state.versions.values()) for state in played}


def test_a_domain_with_loops_and_commands_of_several_events_ends() -> None:
    explored = explore(LOANS)
    assert (explored.states, explored.exhaustive) == (5, True)  # none, on the shelf, lent and reminded 0, 1, 2 times
    assert explored.ends == 0
    assert explore(LOANS, commands_of(LOANS, entities=3)).states == 5**3


def test_commands_may_bring_their_own_times() -> None:
    late = TimedCommand(AT + timedelta(days=400), GiveUp("b"), "late")
    explored = explore(
        LOANS,
        [Buy(9, "b"), Lend("b", "ada"), late],
        sometimes={"missing": lambda s: "b" in s.entities and s.entities["b"].state == "missing"},
    )
    assert [step.at for step in explored.reached["missing"].steps] == [AT, AT, AT + timedelta(days=400)]
    assert explored.ends == 1


def test_what_is_there_at_the_beginning_is_found_there() -> None:
    start = Trace.of(ORDERS, [PLACE]).state
    explored = explore(ORDERS, [SHIP, CANCEL], start=start)
    assert (explored.states, explored.transitions) == (3, 2)
    assert explore(ORDERS, lambda state: [SHIP, CANCEL], start=start) == explored


def test_a_broken_rule_is_shown_by_a_shortest_run() -> None:
    def shipped_orders_were_never_cancelled(state: Any) -> bool:
        return all(order.version <= 2 for order in state.entities.values())

    faulty = replace(ORDERS, decide=ships_the_cancelled, evolve=evolved, reflects=lambda *_: False)
    for commands in (commands_of(ORDERS, entities=3), lambda state: commands_of(ORDERS, entities=3)):
        explored = explore(faulty, commands, always=shipped_orders_were_never_cancelled)
        assert explored.broken == "shipped_orders_were_never_cancelled"
        assert explored.counterexample is not None
        assert [type(command).__name__ for command in explored.counterexample.commands] == [
            "PlaceOrder",
            "CancelOrder",
            "ShipOrder",
        ]
        assert not shipped_orders_were_never_cancelled(explored.counterexample.state)
        assert not explored.holds
        assert explored.why_not == "it stopped at the counterexample"


def evolved(order: Any, event: Any) -> Any:
    """Apply an event of a faulty decider as well."""
    if isinstance(event, OrderShipped) and isinstance(order.status, Cancelled):
        return replace(order, version=order.version + 1)
    return ORDERS.evolve(order, event)


def test_what_a_domain_raises_is_a_counterexample() -> None:
    faulty = replace(ORDERS, decide=ships_the_cancelled)  # and evolve, which is right, cannot apply it
    for commands in (commands_of(ORDERS, entities=2), lambda state: commands_of(ORDERS, entities=2)):
        explored = explore(faulty, commands)
        assert explored.broken == "nothing is raised"
        assert explored.counterexample is not None
        assert len(explored.counterexample) == 3
        assert explored.counterexample.steps[-1].failure.startswith("CorruptStream: OrderShipped")
        assert "The domain raises CorruptStream" in explored.sentences()[0]


def test_what_would_be_raised_beyond_the_depth_is_not_met() -> None:
    faulty = replace(ORDERS, decide=ships_the_cancelled)
    for commands in ([PLACE, CANCEL, SHIP], lambda state: [PLACE, CANCEL, SHIP]):
        assert explore(faulty, commands, depth=2).counterexample is None
        assert explore(faulty, commands, depth=3).counterexample is not None


def test_a_rule_of_every_step_sees_what_was_refused() -> None:
    explored = explore(
        ORDERS,
        [PLACE, SHIP, CANCEL],
        every_step={"nothing is refused": lambda step: step.rejection is None},
    )
    assert explored.broken == "nothing is refused"
    assert explored.counterexample is not None
    assert explored.counterexample.outcomes == ("OrderNotFound",)


def test_what_happens_sometimes_is_shown_and_what_never_does_is_told() -> None:
    explored = explore(
        ORDERS,
        [PLACE, SHIP, CANCEL],
        sometimes={
            "shipped": lambda state: any(order.status.name == "shipped" for order in state.entities.values()),
            "lost": lambda state: any(order.status.name == "lost" for order in state.entities.values()),
        },
    )
    assert explored.never == ("lost",)
    assert explored.reached["shipped"].commands == (PLACE, SHIP)
    assert not explored.holds
    assert "lost never happens." in explored.sentences()
    assert repr(explored).endswith("exhaustive, never: lost>")


def test_states_that_are_called_the_same_are_folded_into_one() -> None:
    commands = commands_of(ORDERS, entities=8)
    explored = explore(ORDERS, commands, symmetry=lambda state: sorted(each.status.name for each in all_in(state)))
    assert explored.states == 165  # ways to put eight orders into four statuses: 11 over 3
    assert explored.exhaustive


def all_in(state: Any) -> list[Any]:
    """Return the orders of a state."""
    return list(state.entities.values())


def test_an_id_that_is_drawn_is_the_same_at_every_run() -> None:
    place = PlaceOrder("ada", ITEMS)
    explored = explore(ORDERS, [place, ShipOrder("order-2", "TRACK-1")], depth=3)
    assert explored.states == 1 + 1 + 1 + 2  # one order, two orders, three or the second shipped
    assert explored == explore(ORDERS, [place, ShipOrder("order-2", "TRACK-1")], depth=3)
    opened = explore(ACCOUNTS, [Deposit(None, 5)], depth=2, sometimes={"two": lambda s: len(s.entities) == 2})
    assert sorted(opened.reached["two"].state.entities) == ["account-1", "account-2"]


def test_an_invalid_command_that_asks_for_an_id_costs_nothing() -> None:
    explored = explore(ORDERS, [PLACE, SHIP, PlaceOrder("", ITEMS)])
    assert (explored.states, explored.transitions, explored.refused) == (3, 2, 3 + 2 * 1 + 2)
    assert explore(ORDERS, lambda state: [PLACE, SHIP, PlaceOrder("", ITEMS)]) == explored


def test_a_key_that_cannot_be_told_is_a_counterexample() -> None:
    faulty = replace(ORDERS, key_of=lambda action: action.order_id or str(1 // 0))
    explored = explore(faulty, [PLACE, PlaceOrder("ada", ITEMS)])
    assert explored.broken == "nothing is raised"
    assert explored.counterexample is not None
    assert explored.counterexample.outcomes == ("ZeroDivisionError: integer division or modulo by zero",)


class Light:
    """A reducer of somebody's own: a traffic light, whose state is a text."""

    def initial_state(self) -> str:
        """Return the first state."""
        return "red"

    def reduce(self, state: str, action: str, env: Any) -> Step[str]:
        """Go on to the next colour, or switch off for good."""
        if action == "off":
            return Step("dark")
        return Step({"red": "green", "green": "amber", "amber": "red"}.get(state, state))


def test_a_reducer_of_ones_own_is_explored() -> None:
    explored = explore(Light(), ["next", "off"])
    assert (explored.states, explored.transitions, explored.ends, explored.name) == (4, 6, 1, "Light")
    assert explored.quiet == 2


class Shelf:
    """A reducer with a state that cannot be hashed: books by title."""

    def initial_state(self) -> dict[str, list[int]]:
        """Return the first state."""
        return {"books": []}

    def reduce(self, state: dict[str, list[int]], action: int, env: Any) -> Step[dict[str, list[int]]]:
        """Put a book on the shelf, or take it away."""
        books = state["books"]
        return Step({"books": [each for each in books if each != action] if action in books else [*books, action]})


class Careless(Shelf):
    """The same, but it changes the state that it is given."""

    def reduce(self, state: dict[str, list[int]], action: int, env: Any) -> Step[dict[str, list[int]]]:
        """Put a book on the shelf."""
        state["books"].append(action)
        return Step(state)


def test_states_that_cannot_be_hashed_are_compared_by_what_they_hold() -> None:
    assert explore(Shelf(), [1, 2, 3]).states == 16  # 1, 3, 6 and 6 ways to have none, one, two and three in a row


def test_a_state_that_is_changed_in_place_is_a_counterexample() -> None:
    explored = explore(Careless(), [1])
    assert explored.broken == "nothing is changed in place"
    assert explored.sentences() == ("The last command changes the state before it in place, after 1 command.",)
    assert explored.counterexample is not None
    assert explored.counterexample.commands == (1,)


class Purse:
    """An entity that can be changed, and compared only by what it holds."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


def paid_in(purse: Purse | None, event: Deposited) -> Purse:
    """Return a purse with more in it, up to three."""
    return Purse(min((purse.cents if purse else 0) + event.cents, 3))


def pays_in_place(purse: Purse | None, event: Deposited) -> Purse:
    """Put more into a purse."""
    purse = purse or Purse(0)
    purse.cents += event.cents
    return purse


def purses(evolve: Any) -> Decider[Any]:
    """Return a domain of purses."""
    return replace(ACCOUNTS, decide=lambda command, entity, *, key, at: (Deposited(key, 1),), evolve=evolve)


def test_entities_that_cannot_be_compared_are_compared_by_what_they_hold() -> None:
    explored = explore(purses(paid_in), [Deposit("a", 1), Deposit("b", 1)])
    assert (explored.states, explored.exhaustive) == (16, True)
    assert explore(purses(paid_in), lambda state: [Deposit("a", 1), Deposit("b", 1)]) == explored


def test_an_entity_that_is_changed_in_place_is_a_counterexample() -> None:
    for commands in ([Deposit("a", 1)], lambda state: [Deposit("a", 1)]):
        explored = explore(purses(pays_in_place), commands)
        assert explored.broken == "nothing is changed in place"
        assert explored.counterexample is not None
        assert len(explored.counterexample) == 2


def test_commands_that_a_strategy_makes_work_as_well_as_a_list() -> None:
    strategy = st.sampled_from([PLACE, SHIP, CANCEL])
    assert explore(ORDERS, strategy) == explore(ORDERS, [PLACE, SHIP, CANCEL])
    made = st.builds(Deposit, st.just("a"), st.integers(1, 3)) | st.builds(Withdraw, st.just("a"), st.integers(1, 3))
    assert explore(ACCOUNTS, made, depth=3) == explore(ACCOUNTS, made, depth=3)


def test_a_function_may_say_what_can_be_done_in_a_state() -> None:
    explored = explore(LOANS, lambda state: [Lend("b", "ada"), Return("b")] if state.entities else [Buy(9, "b")])
    assert (explored.states, explored.transitions, explored.refused) == (3, 3, 2)


def test_without_commands_they_are_made_of_the_types() -> None:
    assert explore(ORDERS) == explore(ORDERS, commands_of(ORDERS))


def test_what_was_found_is_the_same_whatever_the_hash_seed() -> None:
    program = """
from orderlab.exploration.commands import commands_of
from orderlab.exploration.explore import explore
from orderlab.orders.decider import ORDERS
found = explore(ORDERS, commands_of(ORDERS, entities=2), always=lambda state: len(state.entities) < 2 or
    {each.status.name for each in state.entities.values()} != {"shipped", "cancelled"})
print(found, found.counterexample.commands)
"""
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert "broken after 4 commands: always>" in said.pop()


def test_what_was_found_is_told_in_a_line_and_in_a_table() -> None:
    explored = explore(ORDERS, commands_of(ORDERS, entities=3))
    assert repr(explored) == ("<Explored order: 64 states, 144 transitions, 1,968 refused, depth 6, exhaustive>")
    html = explored._repr_html_()
    assert "<td" in html
    assert "It is exhaustive" in html
    assert "<svg" not in html


def test_a_counterexample_is_shown_with_what_was_found() -> None:
    explored = explore(ORDERS, [PLACE], always={"<no orders>": lambda state: not state.entities})
    assert explored.counterexample is not None
    html = explored._repr_html_()
    assert "&lt;no orders&gt;&quot; does not hold after 1 command." in html
    assert "PlaceOrder" in html or "data:image/svg+xml" in html


def test_what_was_found_can_be_pickled() -> None:
    explored = explore(Light(), ["next", "off"], sometimes={"dark": is_dark})
    assert pickle.loads(pickle.dumps(explored)).states == explored.states


def is_dark(state: str) -> bool:
    """Tell whether the light is off."""
    return state == "dark"
