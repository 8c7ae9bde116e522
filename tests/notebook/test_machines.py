from dataclasses import replace
from typing import Any

import pytest
from accounts import ACCOUNTS

from orderlab.drawing.machine import Edge, Machine
from orderlab.notebook.machines import MOST_STATES, counts_of, edge_counts_of, machine_of
from orderlab.notebook.recording import Way
from orderlab.orders.actions import OrderCancelled
from orderlab.orders.decider import ORDERS
from orderlab.timeline.machine.samples import NOON
from orderlab.timeline.machine.statemachine import StateMachine

PLACED = Way("draft", "OrderPlaced", "placed")
SHIPPED = Way("placed", "OrderShipped", "shipped")


def test_the_machine_of_a_log_is_that_of_its_decider() -> None:
    machine = machine_of(ORDERS, [PLACED, SHIPPED], None)
    assert machine is not None
    assert [edge.label for edge in machine.edges] == ["PlaceOrder", "ShipOrder", "CancelOrder"]


def test_a_way_that_no_command_leads_is_drawn_dashed() -> None:
    machine = machine_of(ORDERS, [PLACED, Way("shipped", "OrderCancelled", "cancelled")], None)
    assert machine is not None
    assert [edge.label for edge in machine.edges if edge.dashed] == ["OrderCancelled"]


@pytest.mark.parametrize("given", [StateMachine.of(ORDERS), StateMachine.of(ORDERS).drawing])
def test_a_machine_that_is_given_is_taken(given: Any) -> None:
    assert machine_of(ORDERS, [PLACED], given) == StateMachine.of(ORDERS).drawing


def test_what_is_no_machine_is_refused() -> None:
    with pytest.raises(TypeError, match=r"machine must be a StateMachine, as StateMachine.of\(decider\) gives it"):
        machine_of(ORDERS, [], "draft")  # type: ignore[arg-type] # what a reader might try


def fails(*_: Any, **__: Any) -> Any:
    raise KeyError("no such order")


def returns_one_event(*_: Any, **__: Any) -> Any:
    return OrderCancelled("order-1", "Too late", NOON)


@pytest.mark.parametrize("decide", [fails, returns_one_event])
def test_of_a_decider_that_does_not_work_there_is_the_machine_of_what_the_log_did(decide: Any) -> None:
    machine = machine_of(replace(ORDERS, decide=decide), [PLACED, SHIPPED], None)
    assert machine is not None
    assert [edge.label for edge in machine.edges] == ["OrderPlaced", "OrderShipped"]
    assert not any(edge.dashed for edge in machine.edges)


def test_a_machine_with_more_states_than_anyone_reads_is_none() -> None:
    ways = [Way(f"state {number}", "Went", f"state {number + 1}") for number in range(MOST_STATES)]
    assert machine_of(ACCOUNTS, ways, None) is None


def test_entities_are_counted_where_their_ways_end() -> None:
    machine = Machine("draft", (Edge("draft", "placed", "PlaceOrder", ("OrderPlaced",)),), ("draft", "placed", "gone"))
    taken = {PLACED: 5, Way("placed", "OrderLost", "gone"): 2}
    assert counts_of(machine, taken) == {"placed": 3, "gone": 2}
    assert edge_counts_of(machine, taken) == {machine.edges[0]: 5}
