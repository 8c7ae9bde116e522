from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderlab.core.errors import CorruptStream
from orderlab.orders.actions import (
    CancelOrder,
    Command,
    Event,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    Rejection,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.decider import ORDERS, decide, evolve, reflects, total_of
from orderlab.orders.model import Cancelled, Order, OrderItem, Placed, Shipped

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MUG = OrderItem("p-1", "Mug", 2, 250)
POT = OrderItem("p-2", "Pot", 1, 1299)

PLACED_EVENT = OrderPlaced("order-1", "ada", (MUG,), 500, NOON)
SHIPPED_EVENT = OrderShipped("order-1", "T-1", LATER)
CANCELLED_EVENT = OrderCancelled("order-1", "late", LATER)

PLACED = Order("order-1", "ada", (MUG,), Placed(), 500, NOON, NOON, 1)
SHIPPED = Order("order-1", "ada", (MUG,), Shipped("T-1", LATER), 500, NOON, LATER, 2)
CANCELLED = Order("order-1", "ada", (MUG,), Cancelled("late", LATER), 500, NOON, LATER, 2)


def decided(command: Command, order: Order | None = None) -> tuple[Event, ...] | Rejection:
    return decide(command, order, order_id="order-1", at=NOON)


def error_of(command: Command, order: Order | None = None) -> str:
    decision = decided(command, order)
    assert isinstance(decision, ValidationFailed)
    return decision.error


def place(*items: OrderItem, customer_id: Any = "ada", order_id: Any = None) -> PlaceOrder:
    return PlaceOrder(customer_id, items or (MUG,), order_id)


# What an accepted command causes


def test_placing_an_order_causes_that_it_was_placed() -> None:
    assert decided(place(MUG)) == (OrderPlaced("order-1", "ada", (MUG,), 500, NOON),)


def test_an_order_costs_what_its_items_cost_together() -> None:
    assert total_of([MUG, POT]) == 2 * 250 + 1299


def test_the_total_is_written_into_the_event() -> None:
    assert decided(place(MUG, POT, MUG)) == (OrderPlaced("order-1", "ada", (MUG, POT, MUG), 2299, NOON),)


def test_shipping_a_placed_order_causes_that_it_was_shipped() -> None:
    assert decided(ShipOrder("order-1", "T-1"), PLACED) == (OrderShipped("order-1", "T-1", NOON),)


def test_cancelling_a_placed_order_causes_that_it_was_cancelled() -> None:
    assert decided(CancelOrder("order-1", "late"), PLACED) == (OrderCancelled("order-1", "late", NOON),)


def test_a_cancellation_without_a_reason_is_the_customers() -> None:
    assert decided(CancelOrder("order-1"), PLACED) == (OrderCancelled("order-1", "Cancelled by customer", NOON),)


@pytest.mark.parametrize("items", [[MUG, POT], (MUG, POT), deque([MUG, POT])], ids=lambda items: type(items).__name__)
def test_the_items_of_an_event_are_a_tuple_whatever_sequence_was_given(items: Sequence[OrderItem]) -> None:
    assert decided(PlaceOrder("ada", items)) == (OrderPlaced("order-1", "ada", (MUG, POT), 1799, NOON),)


def test_an_event_does_not_change_when_the_list_of_the_command_does() -> None:
    items = [MUG]
    decision = decided(PlaceOrder("ada", items))
    items.append(POT)
    assert decision == (OrderPlaced("order-1", "ada", (MUG,), 500, NOON),)


@pytest.mark.parametrize(
    "action", [PLACED_EVENT, OrderNotFound("order-1"), None], ids=lambda action: type(action).__name__
)
def test_what_is_no_command_is_a_mistake_of_the_program(action: Any) -> None:
    with pytest.raises(TypeError, match="is no command"):
        decided(action)


# What is refused by the order as it stands


@pytest.mark.parametrize("command", [ShipOrder("order-1", "T-1"), CancelOrder("order-1")])
def test_an_unknown_order_is_not_found(command: Command) -> None:
    assert decided(command) == OrderNotFound("order-1")


def test_a_shipped_order_cannot_be_cancelled() -> None:
    assert decided(CancelOrder("order-1"), SHIPPED) == InvalidOrderState("order-1", "shipped")


def test_a_shipped_order_cannot_be_shipped_again() -> None:
    assert decided(ShipOrder("order-1", "T-2"), SHIPPED) == InvalidOrderState("order-1", "shipped")


def test_a_cancelled_order_cannot_be_shipped() -> None:
    assert decided(ShipOrder("order-1", "T-1"), CANCELLED) == InvalidOrderState("order-1", "cancelled")


def test_a_cancelled_order_cannot_be_cancelled_again() -> None:
    assert decided(CancelOrder("order-1"), CANCELLED) == InvalidOrderState("order-1", "cancelled")


@pytest.mark.parametrize(("order", "status"), [(PLACED, "placed"), (SHIPPED, "shipped"), (CANCELLED, "cancelled")])
def test_an_order_that_exists_cannot_be_placed(order: Order, status: str) -> None:
    assert decided(place(order_id="order-1"), order) == InvalidOrderState("order-1", status)


# The order of the checks


@pytest.mark.parametrize("order", [None, PLACED, SHIPPED, CANCELLED], ids=["none", "placed", "shipped", "cancelled"])
@pytest.mark.parametrize(
    "command",
    [ShipOrder("order-1", ""), CancelOrder("order-1", ""), PlaceOrder("", (MUG,), "order-1")],
    ids=lambda command: type(command).__name__,
)
def test_its_own_fields_are_checked_before_the_order(command: Command, order: Order | None) -> None:
    assert isinstance(decided(command, order), ValidationFailed)


# The rules for text


TEXTS: dict[str, Any] = {
    "customer_id": lambda text: place(customer_id=text),
    "product_id": lambda text: place(replace(MUG, product_id=text)),
    "name": lambda text: place(replace(MUG, name=text)),
    "reason": lambda text: CancelOrder("order-1", text),
    "tracking_number": lambda text: ShipOrder("order-1", text),
}
each_text = pytest.mark.parametrize("field", TEXTS)


def of_placed(command: Command) -> Order | None:
    return None if isinstance(command, PlaceOrder) else PLACED


@each_text
@pytest.mark.parametrize(
    "text",
    ["x", "x" * 200, " x ", "é", "👩🏽‍🚀", "\x00", "</script>", "\U0001f600" * 200],
    ids=["1", "200", "padded", "accent", "emoji", "nul", "markup", "200 emoji"],
)
def test_a_text_has_1_to_200_characters_of_any_kind(field: str, text: str) -> None:
    command = TEXTS[field](text)
    assert isinstance(decided(command, of_placed(command)), tuple)


@each_text
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "must not be blank"),
        (" ", "must not be blank"),
        ("\t\r\n\u00a0\u2003", "must not be blank"),
        ("x" * 201, "must have at most 200 characters, not 201"),
        ("\ud800", "must be valid text, without half of a surrogate pair"),
        ("x\udfff", "must be valid text, without half of a surrogate pair"),
        (None, "must be text, not NoneType"),
        (5, "must be text, not int"),
        (b"x", "must be text, not bytes"),
        (["x"], "must be text, not list"),
    ],
    ids=["empty", "space", "white space", "201", "high half", "low half", "None", "int", "bytes", "list"],
)
def test_any_other_text_is_refused_naming_its_field(field: str, text: Any, problem: str) -> None:
    command = TEXTS[field](text)
    name = f"items[0].{field}" if field in ("product_id", "name") else field
    assert error_of(command, of_placed(command)) == f"{name} {problem}"


# The rules for an order id


IDS: dict[str, Any] = {
    "PlaceOrder": lambda order_id: place(order_id=order_id),
    "CancelOrder": CancelOrder,
    "ShipOrder": lambda order_id: ShipOrder(order_id, "T-1"),
}
each_id = pytest.mark.parametrize("command", IDS)


@each_id
@pytest.mark.parametrize("order_id", ["x", "x" * 100, "AZaz09", "a.b_c-d", ".", "..", "-", "_"])
def test_an_order_id_has_1_to_100_letters_digits_dots_underscores_and_hyphens(command: str, order_id: str) -> None:
    assert not isinstance(decided(IDS[command](order_id)), ValidationFailed)


BAD_IDS = ["", "x" * 101, "a b", "a/b", "a\n", "\n", "é", "٣", "a\x00", "a:b", "a%20", "\ud800", 5, b"a", ["a"], 1.5]


@each_id
@pytest.mark.parametrize("order_id", BAD_IDS, ids=repr)
def test_any_other_order_id_is_refused_and_given_back(command: str, order_id: Any) -> None:
    problem = "order_id must be 1 to 100 letters, digits, dots, underscores or hyphens"
    assert decided(IDS[command](order_id)) == ValidationFailed(problem, order_id)


@pytest.mark.parametrize("command", ["CancelOrder", "ShipOrder"])
def test_only_placing_may_leave_the_order_id_open(command: str) -> None:
    assert isinstance(decided(IDS[command](None)), ValidationFailed)


# The rules for items


@pytest.mark.parametrize("count", [1, 1000])
def test_an_order_has_1_to_1000_items(count: int) -> None:
    assert isinstance(decided(place(*[MUG] * count)), tuple)


@pytest.mark.parametrize("count", [0, 1001])
def test_an_order_of_no_items_or_of_more_than_1000_is_refused(count: int) -> None:
    assert error_of(PlaceOrder("ada", [MUG] * count)) == f"items must hold 1 to 1000 items, not {count}"


@pytest.mark.parametrize("quantity", [1, 1_000_000])
def test_a_quantity_is_1_to_1000000(quantity: int) -> None:
    assert isinstance(decided(place(replace(MUG, quantity=quantity))), tuple)


@pytest.mark.parametrize("quantity", [0, -1, 1_000_001, 2**63])
def test_any_other_quantity_is_refused(quantity: int) -> None:
    error = error_of(place(replace(MUG, quantity=quantity)))
    assert error == f"items[0].quantity must be from 1 to 1000000, not {quantity}"


@pytest.mark.parametrize("cents", [1, 100_000_000_000])
def test_a_unit_price_is_1_to_100000000000_cents(cents: int) -> None:
    assert isinstance(decided(place(replace(MUG, unit_price_cents=cents))), tuple)


@pytest.mark.parametrize("cents", [0, -1, 100_000_000_001, 2**63])
def test_any_other_unit_price_is_refused(cents: int) -> None:
    error = error_of(place(replace(MUG, unit_price_cents=cents)))
    assert error == f"items[0].unit_price_cents must be from 1 to 100000000000, not {cents}"


@pytest.mark.parametrize("field", ["quantity", "unit_price_cents"])
@pytest.mark.parametrize("number", [True, 1.0, "1", None, 1j, [1]], ids=repr)
def test_a_number_of_another_type_is_refused(field: str, number: Any) -> None:
    problem = f"items[0].{field} must be a whole number, not {type(number).__name__}"
    assert error_of(place(replace(MUG, **{field: number}))) == problem


@pytest.mark.parametrize("field", ["quantity", "unit_price_cents"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_with_more_digits_than_python_prints_is_refused_like_any_other(field: str, sign: int) -> None:
    number: Any = {field: sign * 10**5000}
    assert error_of(place(replace(MUG, **number))).startswith(f"items[0].{field} ")


@pytest.mark.parametrize(
    "items",
    [None, 5, MUG, "mug", {"p-1": MUG}, {MUG}, iter([MUG])],
    ids=lambda items: type(items).__name__,
)
def test_items_that_are_no_sequence_are_refused(items: Any) -> None:
    error = error_of(PlaceOrder("ada", items))
    assert error == f"items must be a sequence of OrderItem, not {type(items).__name__}"


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([None], "items[0] must be an OrderItem, not NoneType"),
        ([MUG, {"product_id": "p-1"}], "items[1] must be an OrderItem, not dict"),
        ([[MUG]], "items[0] must be an OrderItem, not list"),
        (range(3), "items[0] must be an OrderItem, not int"),
    ],
)
def test_what_is_no_item_is_refused_by_its_place(items: Any, error: str) -> None:
    assert error_of(PlaceOrder("ada", items)) == error


def test_the_item_with_the_problem_is_named_by_its_place() -> None:
    assert error_of(place(MUG, POT, replace(MUG, name=""))) == "items[2].name must not be blank"


LARGEST_TOTAL = 2**53 - 1
NEARLY = OrderItem("p-1", "Nearly all", 90_071, 100_000_000_000)
REST = OrderItem("p-2", "The rest", 1, LARGEST_TOTAL - NEARLY.total_cents)


def test_an_order_may_cost_the_largest_whole_number_that_json_keeps_exact() -> None:
    assert decided(place(NEARLY, REST)) == (OrderPlaced("order-1", "ada", (NEARLY, REST), 2**53 - 1, NOON),)


def test_an_order_that_costs_a_cent_more_is_refused() -> None:
    dearer = replace(REST, unit_price_cents=REST.unit_price_cents + 1)
    assert error_of(place(NEARLY, dearer)) == f"items must cost at most {2**53 - 1} cents in all, not {2**53}"


def test_a_refusal_without_an_order_id_says_so() -> None:
    assert decided(place(customer_id="")) == ValidationFailed("customer_id must not be blank", None)


def test_a_refusal_gives_back_the_order_id_of_the_command() -> None:
    decision = decided(place(customer_id="", order_id="mine"))
    assert decision == ValidationFailed("customer_id must not be blank", "mine")


class Text(str):
    """A text of another class, as arrays of text hold them."""

    __slots__ = ()


class Number(int):
    """A whole number of another class."""


@pytest.mark.parametrize(
    "command",
    [
        place(customer_id=Text("ada")),
        place(replace(MUG, name=Text("Mug"))),
        place(replace(MUG, quantity=Number(2))),
        place(replace(MUG, unit_price_cents=Number(2))),
        CancelOrder("order-1", Text("late")),
        ShipOrder("order-1", Text("T-1")),
    ],
    ids=["customer_id", "name", "quantity", "unit_price_cents", "reason", "tracking_number"],
)
def test_what_is_not_refused_can_be_written_to_the_log(command: Command) -> None:
    decision = decided(command, of_placed(command))
    events = () if isinstance(decision, ValidationFailed) else decision
    assert isinstance(events, tuple)
    assert [ORDER_CODEC.decode(ORDER_CODEC.encode(event), NOON) for event in events] == list(events)


# What an event does


def test_an_order_begins_when_it_is_placed() -> None:
    assert evolve(None, PLACED_EVENT) == PLACED


def test_a_placed_order_that_was_shipped_is_shipped() -> None:
    assert evolve(PLACED, SHIPPED_EVENT) == SHIPPED


def test_a_placed_order_that_was_cancelled_is_cancelled() -> None:
    assert evolve(PLACED, CANCELLED_EVENT) == CANCELLED


def test_an_event_is_never_refused_for_a_rule_of_its_fields() -> None:
    assert evolve(None, OrderPlaced("", "", (), -1, NOON)).total_cents == -1


OTHER = "order-2"
IMPOSSIBLE: list[tuple[Order | None, Event]] = [
    (None, SHIPPED_EVENT),
    (None, CANCELLED_EVENT),
    (PLACED, PLACED_EVENT),
    (PLACED, replace(PLACED_EVENT, order_id=OTHER)),
    (PLACED, replace(SHIPPED_EVENT, order_id=OTHER)),
    (PLACED, replace(CANCELLED_EVENT, order_id=OTHER)),
    (SHIPPED, PLACED_EVENT),
    (SHIPPED, SHIPPED_EVENT),
    (SHIPPED, CANCELLED_EVENT),
    (CANCELLED, PLACED_EVENT),
    (CANCELLED, SHIPPED_EVENT),
    (CANCELLED, CANCELLED_EVENT),
]


@pytest.mark.parametrize(("order", "event"), IMPOSSIBLE)
def test_a_fact_that_cannot_follow_is_a_corrupt_stream(order: Order | None, event: Event) -> None:
    with pytest.raises(CorruptStream, match=f"{type(event).__name__} of {event.order_id} cannot follow"):
        evolve(order, event)


# Whether an event is shown already


@pytest.mark.parametrize(
    ("order", "event"),
    [
        (PLACED, PLACED_EVENT),
        (SHIPPED, PLACED_EVENT),
        (CANCELLED, PLACED_EVENT),
        (SHIPPED, SHIPPED_EVENT),
        (CANCELLED, CANCELLED_EVENT),
    ],
)
def test_an_order_reflects_the_events_that_made_it(order: Order, event: Event) -> None:
    assert reflects(order, event)


@pytest.mark.parametrize(
    ("order", "event"),
    [
        (PLACED, SHIPPED_EVENT),
        (PLACED, CANCELLED_EVENT),
        (SHIPPED, CANCELLED_EVENT),
        (CANCELLED, SHIPPED_EVENT),
        (PLACED, replace(PLACED_EVENT, order_id=OTHER)),
        (PLACED, replace(PLACED_EVENT, customer_id="bea")),
        (PLACED, replace(PLACED_EVENT, items=(POT,))),
        (PLACED, replace(PLACED_EVENT, total_cents=501)),
        (PLACED, replace(PLACED_EVENT, timestamp=LATER)),
        (SHIPPED, replace(SHIPPED_EVENT, order_id=OTHER)),
        (SHIPPED, replace(SHIPPED_EVENT, tracking_number="T-2")),
        (SHIPPED, replace(SHIPPED_EVENT, timestamp=NOON)),
        (CANCELLED, replace(CANCELLED_EVENT, order_id=OTHER)),
        (CANCELLED, replace(CANCELLED_EVENT, reason="early")),
        (CANCELLED, replace(CANCELLED_EVENT, timestamp=NOON)),
    ],
)
def test_an_order_reflects_no_other_event(order: Order, event: Event) -> None:
    assert not reflects(order, event)


# The domain as one value


def test_the_domain_is_of_orders() -> None:
    assert ORDERS.name == "order"


def test_the_stream_of_an_order_is_named_literally() -> None:
    assert ORDERS.stream_id("order-1") == "order-order-1"


def test_the_domain_decides_as_the_function_does() -> None:
    assert ORDERS.decide(place(), None, key="order-1", at=NOON) == decided(place())


@pytest.mark.parametrize(
    "action",
    [ShipOrder("order-1", "T-1"), PLACED_EVENT, OrderNotFound("order-1"), ValidationFailed("no", "order-1")],
    ids=lambda action: type(action).__name__,
)
def test_every_action_is_about_the_order_it_names(action: object) -> None:
    assert ORDERS.key_of(action) == "order-1"


def test_a_command_to_place_an_order_may_ask_for_a_new_one() -> None:
    assert ORDERS.key_of(place()) is None


@pytest.mark.parametrize("event", [PLACED_EVENT, SHIPPED_EVENT, CANCELLED_EVENT])
def test_an_event_answers_to_a_command_that_causes_it(event: Event) -> None:
    order = None if event == PLACED_EVENT else PLACED

    assert ORDERS.command_of is not None
    assert decide(ORDERS.command_of(event), order, order_id="order-1", at=event.timestamp) == (event,)


@pytest.mark.parametrize("order", [None, PLACED, SHIPPED, CANCELLED])
def test_the_state_that_an_order_is_in_is_one_of_the_states_there_are(order: Order | None) -> None:
    assert ORDERS.state_name(order) in ORDERS.states


def test_the_first_of_the_states_is_that_of_no_order() -> None:
    assert ORDERS.states[0] == ORDERS.state_name(None) == "draft"
