import pickle
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import immutables
import pytest

from orderlab.orders.actions import (
    CancelOrder,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.model import (
    MACHINE,
    Cancelled,
    Draft,
    Order,
    OrderItem,
    OrderState,
    Placed,
    Shipped,
    Status,
)

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)
ORDER = Order("order-1", "ada", (MUG,), Placed(), 500, NOON, NOON, 1)

VALUES = [
    MUG,
    Draft(),
    Placed(),
    Shipped("T-1", NOON),
    Cancelled("late", NOON),
    ORDER,
    OrderState({"order-1": ORDER}),
    PlaceOrder("ada", (MUG,)),
    CancelOrder("order-1"),
    ShipOrder("order-1", "T-1"),
    OrderPlaced("order-1", "ada", (MUG,), 500, NOON),
    OrderCancelled("order-1", "late", NOON),
    OrderShipped("order-1", "T-1", NOON),
    OrderNotFound("order-1"),
    InvalidOrderState("order-1", "shipped"),
    ValidationFailed("no items"),
]
each_value = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


class Unprintable:
    """Raises when it is shown."""

    def __str__(self) -> str:
        raise RuntimeError("not to be shown")

    __repr__ = __str__


def some_orders(count: int) -> OrderState:
    return OrderState(
        {
            f"order-{number}": replace(ORDER, id=f"order-{number}", updated_at=NOON + timedelta(minutes=number))
            for number in range(1, count + 1)
        }
    )


def pictures_in(html: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(b64decode(found)) for found in re.findall(r"base64,([^\"]+)", html)]


# Values


@each_value
def test_a_value_cannot_be_changed(value: Any) -> None:
    assert is_dataclass(value)
    for field in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field.name, None)


@each_value
def test_a_value_has_no_room_for_more(value: Any) -> None:
    assert not hasattr(value, "__dict__")


@each_value
def test_a_value_can_be_hashed(value: object) -> None:
    assert len({value, pickle.loads(pickle.dumps(value))}) == 1


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@each_value
def test_a_value_can_be_pickled(value: object, protocol: int) -> None:
    assert pickle.loads(pickle.dumps(value, protocol)) == value


@each_value
def test_values_of_different_types_are_not_equal(value: object) -> None:
    assert [other for other in VALUES if other == value] == [value]


def test_an_item_costs_its_quantity_times_its_price() -> None:
    assert OrderItem("p-1", "Mug", 3, 250).total_cents == 750


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (Draft(), "draft"),
        (Placed(), "placed"),
        (Shipped("T-1", NOON), "shipped"),
        (Cancelled("late", NOON), "cancelled"),
    ],
)
def test_a_status_is_named_in_lower_case(status: Status, name: str) -> None:
    assert status.name == name


def test_the_name_of_a_status_is_no_field_of_it() -> None:
    assert [field.name for field in fields(Shipped)] == ["tracking_number", "shipped_at"]


# All orders


def test_at_first_there_are_no_orders() -> None:
    assert dict(OrderState().orders) == {}


def test_orders_given_as_a_dictionary_are_kept_apart_from_it() -> None:
    orders = {"order-1": ORDER}
    state = OrderState(orders)
    orders.clear()
    assert dict(state.orders) == {"order-1": ORDER}


@pytest.mark.parametrize("orders", [{"order-1": ORDER}, immutables.Map({"order-1": ORDER})], ids=["dict", "map"])
def test_the_orders_can_be_read_and_not_written(orders: Mapping[str, Order]) -> None:
    state: Any = OrderState(orders)
    with pytest.raises(TypeError):
        state.orders["order-2"] = ORDER


def test_a_map_that_is_persistent_already_is_kept_as_it_is() -> None:
    orders = immutables.Map({"order-1": ORDER})
    assert OrderState(orders).orders is orders


def test_states_with_the_same_orders_are_equal_whatever_the_order_they_came_in() -> None:
    forwards = some_orders(50)
    backwards = OrderState(dict(sorted(forwards.orders.items(), reverse=True)))
    assert forwards == backwards
    assert hash(forwards) == hash(backwards)


def test_orders_are_counted_by_status() -> None:
    state = OrderState(
        {
            "a": ORDER,
            "b": replace(ORDER, status=Shipped("T-1", NOON)),
            "c": replace(ORDER, status=Shipped("T-2", NOON)),
            "d": replace(ORDER, status=Cancelled("late", NOON)),
        }
    )
    assert state.counts() == {"placed": 1, "shipped": 2, "cancelled": 1}


# As shown


def test_an_order_shows_itself_in_one_line() -> None:
    assert repr(ORDER) == "<Order order-1 placed 500 cents v1>"


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (OrderState(), "<OrderState 0 orders>"),
        (some_orders(1), "<OrderState 1 orders: 1 placed>"),
        (some_orders(3), "<OrderState 3 orders: 3 placed>"),
        (
            OrderState({"a": ORDER, "b": replace(ORDER, status=Shipped("T-1", NOON))}),
            "<OrderState 2 orders: 1 placed, 1 shipped>",
        ),
    ],
    ids=["none", "one", "many", "two kinds"],
)
def test_a_state_shows_itself_in_one_line(state: OrderState, shown: str) -> None:
    assert repr(state) == shown


def test_an_order_is_shown_as_a_picture_with_its_status_lit() -> None:
    (picture,) = pictures_in(ORDER._repr_html_())
    assert "now placed" in "".join(picture.itertext())


@pytest.mark.parametrize("text", ["order-1", "ada", "placed", "500", "2025-01-01 12:00:00"])
def test_an_order_is_shown_with_its_fields(text: str) -> None:
    assert f">{text}</td>" in ORDER._repr_html_()


def test_a_state_without_orders_is_shown_as_having_none() -> None:
    assert ">none</td>" in OrderState()._repr_html_()


def test_a_state_is_shown_as_a_picture_with_its_counts() -> None:
    (picture,) = pictures_in(some_orders(1234)._repr_html_())
    assert "1,234" in [element.text for element in picture]


def test_a_state_shows_its_newest_orders_first() -> None:
    assert re.findall(r">(order-\d+)<", some_orders(3)._repr_html_()) == ["order-3", "order-2", "order-1"]


def test_a_state_of_many_orders_shows_20_and_says_how_many_more() -> None:
    html = some_orders(25)._repr_html_()
    assert re.findall(r">(order-\d+)<", html) == [f"order-{number}" for number in range(25, 5, -1)]
    assert "<p>and 5 more</p>" in html


def test_a_state_of_20_orders_leaves_none_out() -> None:
    assert "more" not in some_orders(20)._repr_html_()


HOSTILE = '<script>alert("x")</script>'


@pytest.mark.parametrize("shown", [replace(ORDER, customer_id=HOSTILE), replace(ORDER, id=HOSTILE)])
def test_hostile_text_is_shown_as_text(shown: Order) -> None:
    for html in (shown._repr_html_(), OrderState({shown.id: shown})._repr_html_()):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_value_that_cannot_be_printed_does_not_keep_an_order_from_being_shown() -> None:
    nobody: Any = Unprintable()
    order = replace(ORDER, customer_id=nobody)
    for html in (order._repr_html_(), OrderState({"order-1": order})._repr_html_()):
        assert "Unprintable that cannot be shown" in html


def test_the_picture_has_every_status() -> None:
    assert set(MACHINE.states) == {Draft.name, Placed.name, Shipped.name, Cancelled.name}
