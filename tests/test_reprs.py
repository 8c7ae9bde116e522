"""Every public object shows itself in a notebook, as one line of text and as HTML, and never fails at it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import orderlab
from orderlab import (
    AppendEvents,
    CancelOrder,
    Delay,
    DuckDBEventStore,
    Emit,
    EntityState,
    InMemoryEventStore,
    NewEvent,
    OrderEnvironment,
    OrderItem,
    OrderPlaced,
    OrderReducer,
    OrderState,
    PlaceOrder,
    RecordedEvent,
    SequentialIds,
    Shipped,
    Step,
    Store,
    TestClock,
    VersionConflict,
    connect,
)

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
MUG = OrderItem("p-1", "<Mug>", 2, 250)
PLACED = OrderPlaced("order-1", "ada", (MUG,), 500, NOON)
RECORDED = RecordedEvent(UUID(int=1), "order-order-1", 1, 1, "OrderPlaced", 2, PLACED, NOON, "c-1", None, {})


class Unprintable:
    """Fails whatever it is asked for."""

    def __repr__(self) -> str:
        raise RuntimeError("not to be shown")


@pytest.mark.parametrize(
    "value",
    [
        MUG,
        PLACED,
        Shipped("TRACK-1", NOON),
        PlaceOrder("ada", (MUG, MUG)),
        RECORDED,
        NewEvent(PLACED),
        Step(OrderState(), (Emit(PLACED), Delay(5, CancelOrder("order-1")))),
        AppendEvents("order-order-1", (PLACED, CancelOrder("order-1")), 0),
        OrderEnvironment(TestClock(), SequentialIds()),
        EntityState({"ada": 5}, {"ada": 1}),
        VersionConflict("order-order-1", 1, 2),
        orderlab.ORDERS,
        OrderReducer(),
        TestClock(),
        InMemoryEventStore(),
        DuckDBEventStore(Path("orders.duckdb")),
        Store(OrderReducer(), OrderState(), OrderEnvironment(TestClock(), SequentialIds()), InMemoryEventStore()),
        connect("http://127.0.0.1:9"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_has_a_line_of_text_and_html(value: Any) -> None:
    assert "\n" not in repr(value)
    assert "object at 0x" not in repr(value)
    html = value._repr_html_()
    assert html.count("<table>") == html.count("</table>")
    assert html.startswith(("<table>", "<p>", "<img"))
    assert "<Mug>" not in html


@pytest.mark.parametrize("name", orderlab.__all__)
def test_every_public_class_shows_itself_as_html(name: str) -> None:
    value = getattr(orderlab, name)
    assert not isinstance(value, type) or hasattr(value, "_repr_html_")


@pytest.mark.parametrize("value", [Emit(Unprintable()), Step(Unprintable(), ()), NewEvent(Unprintable())])
def test_what_holds_something_that_cannot_be_shown_still_shows_the_rest(value: Any) -> None:
    assert "Unprintable that cannot be shown: RuntimeError" in value._repr_html_()


def test_the_items_of_an_order_are_a_table_in_the_table() -> None:
    html = PLACED._repr_html_()

    assert "unit_price_cents" in html
    assert "&lt;Mug&gt;" in html
    assert html.count("<table>") == 2
