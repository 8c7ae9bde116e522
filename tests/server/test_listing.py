from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise, product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderlab.core.log import RecordedEvent
from orderlab.orders.actions import Event, OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.decider import ORDERS, evolve
from orderlab.orders.model import Order, OrderItem, OrderState
from orderlab.server.listing import OrderListing

AT = datetime(2025, 1, 1, tzinfo=UTC)
ITEMS = (OrderItem("mug", "Mug", 1, 250),)
CUSTOMERS = ("ada", "bea")
STATUSES = ("placed", "shipped", "cancelled")


def recorded(event: Event, position: int) -> RecordedEvent:
    stream_id = ORDERS.stream_id(event.order_id)
    return RecordedEvent(UUID(int=position), stream_id, 1, position, type(event).__name__, 2, event, AT, "c", "c", {})


@dataclass(frozen=True)
class History:
    """A log of orders, and the state after any part of it."""

    events: Sequence[RecordedEvent]

    def orders(self, until: int) -> dict[str, Order]:
        """Return the orders after so many events, in the order in which they were placed."""
        orders: dict[str, Order] = {}
        for each in self.events[:until]:
            orders[each.event.order_id] = evolve(orders.get(each.event.order_id), each.event)
        return orders

    def listing(self, until: int) -> OrderListing:
        """Return a listing that begins after so many events."""
        orders = self.orders(until)
        return OrderListing(orders, OrderState(orders), until)


@st.composite
def histories(draw: st.DrawFn) -> History:
    events: list[Event] = []
    placed: list[str] = []
    for number in range(draw(st.integers(0, 30))):
        what = draw(st.sampled_from(["place", "place", "ship", "cancel"]))
        if what == "place" or not placed:
            # Ids that sort otherwise than they come: in which order orders were placed, their ids do not tell.
            order_id = f"{number * 7 % 10}-{number}"
            placed.append(order_id)
            events.append(OrderPlaced(order_id, draw(st.sampled_from(CUSTOMERS)), ITEMS, 250, AT))
        else:
            order_id = placed.pop(draw(st.integers(0, len(placed) - 1)))
            events.append(OrderShipped(order_id, "T", AT) if what == "ship" else OrderCancelled(order_id, "R", AT))
    return History([recorded(event, position) for position, event in enumerate(events, 1)])


def pages(
    listing: OrderListing, state: OrderState, limit: int, status: str | None, customer_id: str | None
) -> list[list[Order]]:
    found: list[list[Order]] = []
    after: str | None = None
    while True:
        page, following = listing.page(state, status=status, customer_id=customer_id, after=after, limit=limit)
        found.append(page)
        if following is None:
            return found
        assert following == page[-1].id
        after = following


@given(histories(), st.integers(0, 30), st.sets(st.integers(0, 30)), st.integers(1, 8))
def test_its_pages_are_the_orders_of_the_log_newest_first_and_each_once(
    history: History, begin: int, cuts: set[int], limit: int
) -> None:
    count = len(history.events)
    listing = history.listing(min(begin, count))
    for start, end in pairwise(sorted({each for each in {begin, *cuts} if begin <= each <= count} | {count})):
        listing.take_in(history.events[start:end])
    orders = history.orders(count)

    for status, customer_id in product((None, *STATUSES), (None, *CUSTOMERS, "nobody")):
        found = pages(listing, OrderState(orders), limit, status, customer_id)

        assert [order for page in found for order in page] == [
            order
            for order in reversed(orders.values())
            if status in (None, order.status.name) and customer_id in (None, order.customer_id)
        ]
        assert all(len(page) == limit for page in found[:-1])
        assert len(found[-1]) <= limit
    assert listing.position == count


@given(histories(), st.integers(0, 30))
def test_its_counts_are_those_of_the_state(history: History, begin: int) -> None:
    listing = history.listing(min(begin, len(history.events)))
    listing.take_in(history.events[begin:])
    orders = history.orders(len(history.events))

    assert listing.counts() == OrderState(orders).counts()
    assert all(order_id in listing for order_id in orders)
    assert "nobody" not in listing


def test_a_page_after_an_order_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        History([]).listing(0).page(OrderState(), status=None, customer_id=None, after="nobody", limit=1)


def test_it_says_how_much_it_holds() -> None:
    assert repr(History([recorded(OrderPlaced("o", "ada", ITEMS, 250, AT), 1)]).listing(1)) == "<OrderListing 1 orders>"
