"""`given(…).when(…).then(…)`: what it accepts, how it fails, and that it decides as a reducer does."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html import unescape
from typing import Any

import pytest
from accounts import ACCOUNTS, Account, Deposit, Deposited, InsufficientFunds, Withdraw, Withdrawn
from hypothesis import given as each_of

from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import FixedClock, SequentialIds, TestClock
from orderlab.exploration.strategies import runs
from orderlab.orders.actions import (
    CancelOrder,
    Command,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.model import Cancelled, Order, OrderItem, OrderState, Placed
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.testing import AT, given

MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE = PlaceOrder("ada", (MUG,))
PLACED = OrderPlaced("order-1", "ada", (MUG,), 500, AT)
SHIP = ShipOrder("order-1", "T-1")
SHIPPED = OrderShipped("order-1", "T-1", AT)
CANCELLED = OrderCancelled("order-1", "late", AT)


def failure_of(test: Any, *stated: Any) -> str:
    """Return the text with which a statement fails."""
    with pytest.raises(AssertionError) as failed:
        test(*stated)
    return str(failed.value)


# Given


@pytest.mark.parametrize("nothing", [[], (), iter(())], ids=["a list", "a tuple", "an iterator"])
def test_nothing_can_be_given(nothing: Any) -> None:
    given(nothing).when(PLACE).then(PLACED)


def test_given_may_be_left_empty() -> None:
    given().when(PLACE).then(PLACED)


@pytest.mark.parametrize("events", [PLACED, [PLACED], (PLACED,), iter([PLACED])])
def test_events_are_given_one_or_several_in_any_form(events: Any) -> None:
    given(events).when(SHIP).then(SHIPPED)


def test_events_of_several_orders_may_be_given_and_the_command_is_decided_on_its_own() -> None:
    other = replace(PLACED, order_id="order-2")
    given([PLACED, other, SHIPPED]).when(CancelOrder("order-2", "late")).then(replace(CANCELLED, order_id="order-2"))


def test_what_is_given_is_a_value_from_which_any_number_of_tests_may_begin() -> None:
    nothing = given([])
    nothing.when(PLACE).then(PLACED)
    nothing.when(PLACE).then(PLACED)


def test_a_given_event_that_cannot_follow_is_named() -> None:
    with pytest.raises(ValueError, match="given: ") as error:
        given([PLACED, CANCELLED, SHIPPED])
    assert str(error.value) == (
        "given: OrderShipped(order_id='order-1', tracking_number='T-1', timestamp=2025-01-01T00:00:00Z) "
        "cannot follow the events before it: stream order-order-1, version 3: "
        "OrderShipped of order-1 cannot follow <Order order-1 cancelled 500 cents v2>"
    )


def test_a_given_event_that_cannot_be_the_first_is_named() -> None:
    with pytest.raises(ValueError, match=r"^given: OrderShipped\(.*\) cannot be the first event: "):
        given(SHIPPED)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (SHIP, r"given takes events, and ShipOrder\(.*\) is a command: hand it to when"),
        ([PLACED, OrderNotFound("order-1")], r"OrderNotFound\(.*\) is a rejection: state it with then_rejected"),
        ("order-1", "given takes events of order, one or a list of them, not 'order-1'"),
        (None, "given takes events of order, one or a list of them, not None"),
        ([PLACED, 5], "given takes events of order, one or a list of them, not 5"),
    ],
)
def test_what_is_no_event_cannot_be_given(events: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        given(events)


def test_a_given_event_must_say_what_it_is_about() -> None:
    nobody: Any = None
    with pytest.raises(TypeError, match="event 1 must say which account it is about"):
        given(Deposited(nobody, 5), decider=ACCOUNTS)


def test_a_reducer_is_no_decider() -> None:
    reducer: Any = OrderReducer()
    with pytest.raises(TypeError, match=r"must be a Decider, not <OrderReducer of order>: a reducer has its own in `"):
        given(decider=reducer)


def test_what_is_no_decider_at_all_is_refused() -> None:
    orders: Any = "orders"
    with pytest.raises(TypeError, match=r"^decider must be a Decider, not 'orders'$"):
        given(decider=orders)


# When


def test_a_command_is_decided_at_the_fixed_instant_at_which_test_clocks_start() -> None:
    assert TestClock().now() == AT
    given(PLACED).when(SHIP).then(OrderShipped("order-1", "T-1", AT))


def test_a_command_may_be_decided_at_another_instant() -> None:
    noon = AT + timedelta(hours=12)
    given(PLACED).when(SHIP, at=noon).then(OrderShipped("order-1", "T-1", noon))


def test_the_instant_is_written_in_utc() -> None:
    summer = timezone(timedelta(hours=2))
    command = given(PLACED).when(SHIP, at=datetime(2025, 7, 1, 12, tzinfo=summer))
    assert command.events[0].timestamp.isoformat() == "2025-07-01T10:00:00+00:00"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="at must be a timezone-aware datetime"):
        given(PLACED).when(SHIP, at=datetime(2025, 1, 1))  # noqa: DTZ001 - the mistake


def test_an_id_that_is_drawn_is_the_first_that_is_not_in_use() -> None:
    given([PLACED, replace(PLACED, order_id="order-2")]).when(PLACE).then(replace(PLACED, order_id="order-3"))


def test_an_id_that_is_drawn_may_be_said() -> None:
    given([]).when(PLACE, key="order-nine").then(replace(PLACED, order_id="order-nine"))


def test_a_command_with_an_id_of_its_own_takes_no_other() -> None:
    with pytest.raises(ValueError, match=r"key is for a command whose id is drawn, and ShipOrder\(.*\) brings its own"):
        given(PLACED).when(SHIP, key="order-2")


def test_only_a_command_comes_in_when() -> None:
    with pytest.raises(TypeError, match=r"^when takes a command of order, not OrderShipped\(order_id='order-1', "):
        given(PLACED).when(SHIPPED)


def test_the_answer_can_be_looked_at() -> None:
    accepted, refused = given(PLACED).when(SHIP), given([]).when(SHIP)
    assert (accepted.events, accepted.rejection) == ((SHIPPED,), None)
    assert (refused.events, refused.rejection) == ((), OrderNotFound("order-1"))


# Then


@pytest.mark.parametrize("events", [SHIPPED, [SHIPPED], (SHIPPED,)])
def test_events_are_stated_one_or_several(events: Any) -> None:
    given(PLACED).when(SHIP).then(events)


def test_other_events_fail_with_a_sentence_and_a_diff() -> None:
    assert failure_of(given(PLACED).when(ShipOrder("order-1", "T-2")).then, SHIPPED) == (
        "ShipOrder(order_id='order-1', tracking_number='T-2') led to OrderShipped, which is not what the test states"
        " (- stated, + actual):\n"
        "\n"
        "  OrderShipped(\n"
        "      order_id='order-1',\n"
        "-     tracking_number='T-1',\n"
        "+     tracking_number='T-2',\n"
        "      timestamp=2025-01-01T00:00:00Z,\n"
        "  )"
    )


def test_events_of_another_time_fail() -> None:
    text = failure_of(given(PLACED).when(SHIP, at=AT + timedelta(seconds=1)).then, SHIPPED)
    assert "-     timestamp=2025-01-01T00:00:00Z,\n+     timestamp=2025-01-01T00:00:01Z,\n" in text


def test_one_event_too_many_fails() -> None:
    text = failure_of(given(PLACED).when(SHIP).then, [SHIPPED, CANCELLED])
    assert text.partition("\n\n")[2] == (
        "  (\n"
        "      OrderShipped(\n"
        "          ...\n"
        "      ),\n"
        "-     OrderCancelled(\n"
        "-         order_id='order-1',\n"
        "-         reason='late',\n"
        "-         timestamp=2025-01-01T00:00:00Z,\n"
        "-     ),\n"
        "  )"
    )


def test_a_refusal_where_events_are_stated_fails() -> None:
    assert failure_of(given([PLACED, CANCELLED]).when(SHIP).then, SHIPPED) == (
        "ShipOrder(order_id='order-1', tracking_number='T-1') led to InvalidOrderState, which is not what the test "
        "states (- stated, + actual):\n"
        "\n"
        "- OrderShipped(\n"
        "-     order_id='order-1',\n"
        "-     tracking_number='T-1',\n"
        "-     timestamp=2025-01-01T00:00:00Z,\n"
        "- )\n"
        "+ InvalidOrderState(\n"
        "+     order_id='order-1',\n"
        "+     current_status='cancelled',\n"
        "+ )"
    )


@pytest.mark.parametrize("word", ["then", "then_nothing"])
def test_that_nothing_happens_can_be_stated(word: str) -> None:
    command = given([], decider=ACCOUNTS).when(Deposit("ada", 0))
    command.then_nothing() if word == "then_nothing" else command.then([])


def test_an_event_where_none_is_stated_fails() -> None:
    assert failure_of(given([], decider=ACCOUNTS).when(Deposit("ada", 5)).then_nothing) == (
        "Deposit(account_id='ada', cents=5) led to Deposited, which is not what the test states (- stated, + actual):\n"
        "\n"
        "- nothing\n"
        "+ Deposited(\n"
        "+     account_id='ada',\n"
        "+     cents=5,\n"
        "+ )"
    )


def test_a_refusal_is_not_nothing() -> None:
    text = failure_of(given([]).when(SHIP).then_nothing)
    assert "led to OrderNotFound, which" in text
    assert "- nothing\n+ OrderNotFound(" in text


def test_nothing_is_not_an_event() -> None:
    text = failure_of(given([], decider=ACCOUNTS).when(Deposit("ada", 0)).then, Deposited("ada", 0))
    assert "led to nothing, which" in text
    assert text.endswith("- )\n+ nothing")


@pytest.mark.parametrize(
    ("stated", "sentence"),
    [
        (OrderNotFound("order-1"), "is a rejection: state it with then_rejected"),
        (SHIP, "then takes events, and ShipOrder"),
        (None, "then takes events of order, one or a list of them, not None"),
    ],
)
def test_only_events_come_in_then(stated: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        given([]).when(SHIP).then(stated)


# Then rejected


@pytest.mark.parametrize("rejection", [OrderNotFound("order-1"), OrderNotFound])
def test_a_refusal_is_stated_by_its_value_or_its_type(rejection: Any) -> None:
    given([]).when(SHIP).then_rejected(rejection)


def test_acceptance_where_a_refusal_is_stated_fails() -> None:
    assert failure_of(given(PLACED).when(SHIP).then_rejected, InvalidOrderState) == (
        "ShipOrder(order_id='order-1', tracking_number='T-1') led to OrderShipped, which is not what the test states"
        " (- stated, + actual):\n"
        "\n"
        "- InvalidOrderState(...)\n"
        "+ OrderShipped(\n"
        "+     order_id='order-1',\n"
        "+     tracking_number='T-1',\n"
        "+     timestamp=2025-01-01T00:00:00Z,\n"
        "+ )"
    )


def test_a_refusal_for_another_reason_fails() -> None:
    text = failure_of(given([PLACED, SHIPPED]).when(SHIP).then_rejected, InvalidOrderState("order-1", "cancelled"))
    assert text.partition("\n\n")[2] == (
        "  InvalidOrderState(\n"
        "      order_id='order-1',\n"
        "-     current_status='cancelled',\n"
        "+     current_status='shipped',\n"
        "  )"
    )


def test_a_refusal_of_another_type_fails() -> None:
    assert "- ValidationFailed(...)\n+ OrderNotFound(" in failure_of(
        given([]).when(SHIP).then_rejected, ValidationFailed
    )


def test_nothing_is_no_refusal() -> None:
    text = failure_of(given([], decider=ACCOUNTS).when(Deposit("ada", 0)).then_rejected, InsufficientFunds)
    assert text.endswith("- InsufficientFunds(...)\n+ nothing")


@pytest.mark.parametrize("stated", [SHIPPED, OrderShipped, "no", int])
def test_only_a_rejection_comes_in_then_rejected(stated: Any) -> None:
    with pytest.raises(TypeError, match=r"^then_rejected takes a rejection of order, not "):
        given([]).when(SHIP).then_rejected(stated)


# Then state


def test_the_entity_afterwards_can_be_stated() -> None:
    late = Cancelled("late", AT)
    given(PLACED).when(CancelOrder("order-1", "late")).then_state(
        Order("order-1", "ada", (MUG,), late, 500, created_at=AT, updated_at=AT, version=2)
    )


def test_another_entity_afterwards_fails() -> None:
    draft = Order("order-1", "ada", (MUG,), Placed(), 400, created_at=AT, updated_at=AT, version=1)
    assert failure_of(given([]).when(PLACE).then_state, draft) == (
        "After PlaceOrder(customer_id='ada', items=(OrderItem(product_id='p-1', name='Mug', quantity=2, "
        "unit_price_cents=250),), order_id=None) the order is not what the test states (- stated, + actual):\n"
        "\n"
        "  Order(\n"
        "      ...\n"
        "      status=Placed(),\n"
        "-     total_cents=400,\n"
        "+     total_cents=500,\n"
        "      created_at=2025-01-01T00:00:00Z,\n"
        "      updated_at=2025-01-01T00:00:00Z,\n"
        "      version=1,\n"
        "  )"
    )


def test_a_refused_command_leaves_the_entity_as_it_was() -> None:
    given(Deposited("ada", 5), decider=ACCOUNTS).when(Withdraw("ada", 6)).then_state(Account("ada", 5))


@pytest.mark.parametrize("command", [SHIP, PlaceOrder("ada", ())], ids=["of no order", "that draws an id in vain"])
def test_an_entity_that_is_not_there_is_none(command: Command) -> None:
    given([]).when(command).then_state(None)


# One after another


def test_the_events_of_a_command_are_given_to_the_next() -> None:
    given([]).when(PLACE).when(SHIP).then(SHIPPED)


def test_what_has_happened_after_a_command_can_be_looked_at() -> None:
    assert given(PLACED).when(SHIP).after.events == (PLACED, SHIPPED)


def test_a_story_may_be_stated_step_by_step() -> None:
    noon = AT + timedelta(hours=12)
    (
        given([])
        .when(PLACE)
        .then(PLACED)
        .when(SHIP, at=noon)
        .then(OrderShipped("order-1", "T-1", noon))
        .when(CancelOrder("order-1"))
        .then_rejected(InvalidOrderState("order-1", "shipped"))
        .when(PLACE, key="order-x")
        .then(replace(PLACED, order_id="order-x"))
    )


def test_a_refused_command_in_between_fails_unless_it_is_stated() -> None:
    refused = given([]).when(SHIP)
    assert failure_of(refused.when, CancelOrder("order-1", "late")) == (
        "ShipOrder(order_id='order-1', tracking_number='T-1') was refused, so CancelOrder(order_id='order-1', "
        "reason='late') has nothing to follow: OrderNotFound(order_id='order-1'); "
        "if that is as it should be, state it with then_rejected in between"
    )
    refused.then_rejected(OrderNotFound).when(PLACE).then(PLACED)


def test_a_command_that_causes_nothing_may_be_followed() -> None:
    given([], decider=ACCOUNTS).when(Deposit("ada", 0)).when(Deposit("ada", 5)).then(Deposited("ada", 5))


# Any domain


def test_a_domain_that_is_not_orders() -> None:
    twice = [Deposited("ada", 5), Deposited("ada", 5)]
    given(twice, decider=ACCOUNTS).when(Withdraw("ada", 10)).then(Withdrawn("ada", 10)).then_state(Account("ada", 0))
    given(twice, decider=ACCOUNTS).when(Withdraw("ada", 11)).then_rejected(InsufficientFunds("ada", 10))


def test_an_id_is_drawn_with_the_name_of_the_domain() -> None:
    given([], decider=ACCOUNTS).when(Deposit(None, 5)).then(Deposited("account-1", 5))


def test_a_command_that_causes_several_events() -> None:
    def in_two(command: Any, account: Any, *, key: str, at: Any) -> tuple[Deposited, ...]:
        return Deposited(key, 1), Deposited(key, command.cents - 1)

    command = given([], decider=replace(ACCOUNTS, decide=in_two)).when(Deposit("ada", 5))
    command.then([Deposited("ada", 1), Deposited("ada", 4)])
    assert failure_of(command.then, [Deposited("ada", 4), Deposited("ada", 1)])


@each_of(runs(max_size=12))
def test_a_command_is_decided_as_the_reducer_decides_it(run: list[Command]) -> None:
    env, same_ids = OrderEnvironment(FixedClock(AT), SequentialIds()), SequentialIds()
    state, happened = OrderState(), given([])
    for command in run:
        step = OrderReducer().reduce(state, command, env)
        decided = happened.when(command, key=None if command.order_id else same_ids.new_id("order"))
        for effect in step.effects[:1]:
            if isinstance(effect, AppendEvents):
                decided.then(effect.events)
            elif isinstance(effect, Emit):
                decided.then_rejected(effect.action)
        state, happened = step.state, decided.after
    assert happened.state.entities == state.orders


# Shown


def test_what_is_given_and_what_came_of_it_are_shown_in_one_line() -> None:
    assert repr(given([])) == "<Given nothing>"
    assert repr(given([PLACED, SHIPPED])) == "<Given OrderPlaced, OrderShipped>"
    assert repr(given(PLACED).when(SHIP)) == "<When ShipOrder: OrderShipped>"
    assert repr(given([]).when(SHIP)) == "<When ShipOrder: OrderNotFound>"
    assert repr(given([], decider=ACCOUNTS).when(Deposit("ada", 0))) == "<When Deposit: nothing>"


def test_a_notebook_shows_them_as_tables() -> None:
    assert "OrderPlaced" in given(PLACED)._repr_html_()
    assert "OrderShipped(order_id='order-1'" in unescape(given(PLACED).when(SHIP)._repr_html_())
    assert "nothing" in given([], decider=ACCOUNTS).when(Deposit("ada", 0))._repr_html_()


def test_a_command_with_markup_is_escaped() -> None:
    assert "<b>" not in given([]).when(CancelOrder("order-1", "<b>"))._repr_html_()
