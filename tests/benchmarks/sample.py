"""The events that are written and read: orders of three items, four in five shipped later, the others cancelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from orderlab.core.effects import AppendEvents
from orderlab.core.log import StoredEvent
from orderlab.orders.actions import Event, OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem
from orderlab.system import RandomIds

ITEMS = tuple(OrderItem(f"p-{number:02}", "Graph-paper notebook, A5", 2, 1_150) for number in range(1, 4))
TOTAL_CENTS = sum(item.total_cents for item in ITEMS)
LATER = 1_000
CUSTOMER, REASON, TRACKING_NUMBER = "customer-17", "Found it cheaper", "HERON-000001"


def is_cancelled(index: int) -> bool:
    """Tell whether the order with this index is cancelled, and not shipped."""
    return index % 5 == 0


@dataclass(frozen=True, slots=True)
class Written:
    """An event, and where in its stream it goes."""

    stream_id: str
    version: int
    event: Event

    def as_append(self) -> AppendEvents:
        """Return it as an append of its own, that checks the version."""
        return AppendEvents(self.stream_id, (self.event,), self.version - 1)


def placed_orders(count: int) -> list[Written]:
    """Return so many events, each that another order is placed."""
    ids, at = RandomIds(), datetime.now(UTC)
    order_ids = [ids.new_id("order") for _ in range(count)]
    return [
        Written(ORDERS.stream_id(order_id), 1, OrderPlaced(order_id, CUSTOMER, ITEMS, TOTAL_CENTS, at))
        for order_id in order_ids
    ]


def events_of_orders(count: int) -> list[Written]:
    """Return so many events: orders are placed, and each is shipped or cancelled when `LATER` others have been placed.

    An odd last order stays placed.
    """
    placed = placed_orders(count - count // 2)
    events: list[Written] = []
    for start in range(0, len(placed) + LATER, LATER):
        events += placed[start : start + LATER]
        events += [_ended(placed[index], index) for index in before(start, count)]
    return events


def rows_of(events: Sequence[Written]) -> list[StoredEvent]:
    """Return events as the rows that our event stores would write."""
    ids, at = RandomIds(), datetime.now(UTC)
    rows: list[StoredEvent] = []
    for position, written in enumerate(events, start=1):
        event_type, schema_version, payload = ORDER_CODEC.encode(written.event)
        place = (position, written.stream_id, written.version)
        rows.append(StoredEvent(*place, ids.new_uuid(), event_type, schema_version, at, None, None, "{}", payload))
    return rows


def before(start: int, count: int) -> range:
    """Return the indices of the orders that end when those up to `start` + `LATER` have been placed."""
    return range(max(start - LATER, 0), min(start, count // 2))


def _ended(placed: Written, index: int) -> Written:
    order_id, at = placed.event.order_id, placed.event.timestamp
    event = OrderCancelled(order_id, REASON, at) if is_cancelled(index) else OrderShipped(order_id, TRACKING_NUMBER, at)
    return Written(placed.stream_id, 2, event)
