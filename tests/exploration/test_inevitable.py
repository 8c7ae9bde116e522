"""Until when a bad end could be avoided, and how."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit, Withdraw
from loans import LOANS, Buy, GiveUp, Lend

from orderlab.core.decider import Step
from orderlab.core.script import TimedCommand
from orderlab.exploration.inevitable import inevitable
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem, Shipped
from orderlab.orders.reducer import OrderReducer

ITEMS = (OrderItem("p-1", "Mug", 1, 250),)


def place(order_id: str | None = "order-1", customer: str = "bob") -> PlaceOrder:
    """Return the command that places an order."""
    return PlaceOrder(customer, ITEMS, order_id)


def ship(order_id: str = "order-1") -> ShipOrder:
    """Return the command that ships it."""
    return ShipOrder(order_id, "TRACK-1")


def cancel(order_id: str = "order-1") -> CancelOrder:
    """Return the command that cancels it."""
    return CancelOrder(order_id, "wrong customer")


def is_shipped(state: Any) -> bool:
    """Tell whether anything is shipped."""
    return any(isinstance(order.status, Shipped) for order in state.entities.values())


SHIPPED = Trace.of(ORDERS, [place(), ship()])


def test_what_is_shipped_to_the_wrong_customer_could_have_been_cancelled() -> None:
    found = inevitable(SHIPPED, is_shipped)
    assert (found.step, found.never_avoidable, found.always_avoidable) == (2, False, False)
    assert isinstance(found.command, CancelOrder)
    assert found.rescue is not None
    assert [type(each).__name__ for each in found.rescue.commands] == ["PlaceOrder", "CancelOrder"]
    assert not is_shipped(found.rescue.state)
    assert str(found) == (
        "The bad end could be avoided until step 2 of 2, where CancelOrder in the place of ShipOrder would have led "
        "to a good end."
    )


def test_without_a_word_it_is_bad_how_the_run_ends() -> None:
    assert inevitable(SHIPPED) == inevitable(SHIPPED, is_shipped)
    cancelled = inevitable(Trace.of(ORDERS, [place(), cancel()]))
    assert isinstance(cancelled.command, ShipOrder)


def test_steps_after_it_was_too_late_are_not_looked_at() -> None:
    found = inevitable(Trace.of(ORDERS, [place(), ship(), cancel(), ship(), place("order-2")]), is_shipped)
    assert found.step == 2


def test_a_bad_state_that_can_be_left_is_no_end_yet() -> None:
    open_orders = Trace.of(ORDERS, [place(), place("order-2")])
    found = inevitable(open_orders, lambda state: any(order.version == 1 for order in state.entities.values()))
    assert found.always_avoidable
    assert found.step == 3
    assert str(found) == "The bad end can still be avoided after all 2 steps, by " + (
        f"{type(found.command).__name__}."
    )


def test_an_end_that_cannot_be_avoided_is_told_as_that() -> None:
    found = inevitable(Trace.of(ORDERS, [place()]), lambda state: True)
    assert (found.step, found.command, found.rescue, found.never_avoidable) == (None, None, None, True)
    assert str(found) == "The bad end could not be avoided from the beginning on."
    assert "could not be avoided" in found._repr_html_()


def test_what_is_good_can_be_said() -> None:
    found = inevitable(SHIPPED, is_shipped, good=lambda state: len(state.entities) == 1 and not is_shipped(state))
    assert (found.step, found.command) == (2, None)  # placed, and left alone
    assert found.rescue is not None
    assert found.rescue.commands == (place(),)
    assert "no command in the place of ShipOrder" in str(found)


def test_only_the_commands_that_are_given_are_used() -> None:
    assert inevitable(SHIPPED, is_shipped, commands=[ship(), place()]).step is None
    assert inevitable(SHIPPED, is_shipped, commands=[ship(), cancel()]).command == cancel()
    assert inevitable(SHIPPED, is_shipped, commands=lambda state: [ship(), cancel()]).command == cancel()


def test_where_nothing_can_be_done_from_the_start_the_empty_end_is_good() -> None:
    found = inevitable(SHIPPED, is_shipped, commands=[ship(), cancel("order-2")])
    assert (found.step, found.command) == (1, None)


def test_among_many_orders_only_the_one_that_went_wrong_is_looked_at() -> None:
    others = [place(f"order-{number}") for number in range(2, 40)]
    found = inevitable(Trace.of(ORDERS, [place(), *others, ship(), *map(cancel, ["order-2", "order-3"])]), is_shipped)
    assert found.step == 40
    assert found.rescue is not None
    assert len(found.rescue) == 40
    assert found.why_not == ""


def test_an_id_that_was_drawn_is_known() -> None:
    found = inevitable(Trace.of(ORDERS, [place(None), ship()]))
    assert (found.step, type(found.command)) == (2, CancelOrder)


def test_another_entity_may_be_what_helps() -> None:
    def two_shipped(state: Any) -> bool:
        return sum(isinstance(order.status, Shipped) for order in state.entities.values()) == 2

    trace = Trace.of(ORDERS, [place(), place("order-2"), ship(), ship("order-2")])
    assert inevitable(trace, two_shipped).step == 4
    only_first = inevitable(trace, two_shipped, commands=[place(), ship(), cancel(), place("order-2"), ship("order-2")])
    assert only_first.step == 3
    assert only_first.command == cancel()


def test_a_domain_that_never_ends_is_good_until_it_is_bad() -> None:
    trace = Trace.of(ACCOUNTS, [Deposit("a", 5), Withdraw("a", 5), Deposit("a", 1)])
    found = inevitable(trace, lambda state: sum(each.balance_cents for each in state.entities.values()) == 1, depth=2)
    assert (found.step, found.command) == (3, None)
    assert found.rescue is not None
    assert len(found.rescue) == 2


def test_a_command_in_the_place_of_another_is_decided_when_that_was() -> None:
    late = TimedCommand(AT + timedelta(days=400), GiveUp("b"), "late")
    found = inevitable(
        Trace.of(LOANS, [Buy(9, "b"), Lend("b", "ada"), late]),
        good=lambda state: state.entities["b"].state == "shelved",
    )
    assert found.step == 3
    assert type(found.command).__name__ == "Return"
    assert found.rescue is not None
    assert found.rescue.steps[-1].at == late.at


def test_a_bound_that_leaves_a_doubt_is_told() -> None:
    trace = Trace.of(ORDERS, [place(), ship()])
    found = inevitable(trace, is_shipped, depth=0)
    assert (found.step, found.why_not) == (None, "nothing beyond 0 commands was looked at")
    assert str(found) == (
        "The bad end could not be avoided from the beginning on (nothing beyond 0 commands was looked at)."
    )


def test_a_reducer_of_ones_own_is_looked_at_with_the_commands_of_the_run() -> None:
    found = inevitable(Trace.of(OrderReducer(), [place(), cancel(), ship()]))
    assert isinstance(found.command, ShipOrder)
    burnt = inevitable(Trace.of(Toast(), ["up", "down", "wait", "wait"]), lambda state: state == "black")
    assert (burnt.step, burnt.command) == (4, "up")


class Toast:
    """Bread in a toaster: it turns black if it is left too long."""

    def initial_state(self) -> str:
        """Return the first state."""
        return "bread"

    def reduce(self, state: str, action: str, env: Any) -> Step[str]:
        """Toast it, or put it out."""
        if action == "wait":
            return Step({"in": "brown", "brown": "black"}.get(state, state))
        if action == "down":
            return Step("in" if state == "bread" else state)
        return Step({"in": "done", "brown": "done"}.get(state, state))


@dataclass(frozen=True)
class Secret:
    """A command that cannot be made up."""

    order_id: str
    what: Any


def test_of_a_type_that_cannot_be_made_up_there_are_those_of_the_run() -> None:
    domain = replace(ORDERS, commands=(*ORDERS.commands, Secret))
    found = inevitable(Trace.of(domain, [place(), ship()]), is_shipped)
    assert (found.step, type(found.command)) == (2, CancelOrder)
    only_secrets = inevitable(Trace.of(replace(domain, commands=(Secret,)), [place()]), lambda state: True)
    assert only_secrets.never_avoidable


def test_a_faulty_domain_is_looked_at_as_far_as_it_goes() -> None:
    domain = replace(ORDERS, key_of=lambda action: action.order_id or str(1 // 0))
    found = inevitable(Trace.of(domain, [place(None), place(), ship()]), is_shipped)
    assert (found.step, type(found.command)) == (3, CancelOrder)


def test_it_is_shown_with_both_runs() -> None:
    html = inevitable(SHIPPED)._repr_html_()
    assert "How it would have ended well" in html
    assert "<svg" not in html
    assert repr(inevitable(SHIPPED)) == str(inevitable(SHIPPED))


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"trace": [place()]}, TypeError, "trace must be a Trace"),
        ({"bad": lambda state: False}, ValueError, "bad must hold at the end of the trace"),
        ({"bad": 3}, TypeError, "bad must be a function of a state, not 3"),
        ({"good": 3}, TypeError, "good must be a function of a state, not 3"),
        ({"bad": lambda state: state.nothing}, ValueError, "bad: bad raises AttributeError"),
        ({"good": lambda state: None}, TypeError, "good: good must return True or False, and returned None"),
        ({"trace": Trace.of(ORDERS, [ship()])}, ValueError, "trace must have a step that causes an event"),
        ({"depth": -1}, ValueError, "depth must be at least 0"),
        ({"commands": 3}, TypeError, "commands must be a list of commands"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], error: type[Exception], said: str) -> None:
    given = {"trace": SHIPPED, **arguments}
    with pytest.raises(error, match=said):
        inevitable(given.pop("trace"), **given)
