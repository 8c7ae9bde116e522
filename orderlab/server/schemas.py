"""What the API takes and gives, as types: the same that check a request describe it in the OpenAPI document.

A request is checked for its shape only, strictly (`"2"` and `true` are no integers); the rules are `decide`'s.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, with_config

from orderlab.core.log import RecordedEvent
from orderlab.orders.actions import Event, OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.model import Cancelled, Order, OrderItem, Shipped

MOST_POSITION = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""

MOST_AT_ONCE = 1_000

_strict = with_config({"strict": True, "extra": "forbid"})
_lax = with_config({"extra": "forbid"})  # a query is text: there "2" is the only way to say 2


# What is asked for.


@_strict
@dataclass(frozen=True, slots=True)
class PlaceOrderBody:
    """An order to be placed, of 1 to 1,000 items."""

    customer_id: str
    items: tuple[OrderItem, ...]


@_strict
@dataclass(frozen=True, slots=True)
class CancelOrderBody:
    """Why an order is cancelled."""

    reason: str = "Cancelled by customer"


@_strict
@dataclass(frozen=True, slots=True)
class ShipOrderBody:
    """The parcel that an order went in."""

    tracking_number: str


Limit = Annotated[int, Field(ge=1, le=MOST_AT_ONCE, description="How many at the most.")]


@_lax
@dataclass(frozen=True, slots=True)
class OrdersQuery:
    """Which orders are listed, newest first."""

    status: Annotated[Literal["placed", "shipped", "cancelled"] | None, Field(description="Only these.")] = None
    customer_id: Annotated[str | None, Field(description="Only those of this customer.")] = None
    after: Annotated[str | None, Field(description="The `next` of the page before.")] = None
    limit: Limit = 100


@_lax
@dataclass(frozen=True, slots=True)
class EventsQuery:
    """Which part of the log is given."""

    after: Annotated[int, Field(ge=0, le=MOST_POSITION, description="The position before the first event wanted.")] = 0
    limit: Limit = 100


@_lax
@dataclass(frozen=True, slots=True)
class FollowQuery:
    """Where a WebSocket client goes on."""

    after: Annotated[int | None, Field(ge=0, le=MOST_POSITION, description="The position that was seen last.")] = None


# What is answered.


@dataclass(frozen=True, slots=True)
class PlacedAnswer:
    """An order was placed."""

    order_id: str
    total_cents: int
    placed_at: datetime
    status: Literal["placed"] = "placed"


@dataclass(frozen=True, slots=True)
class CancelledAnswer:
    """An order was cancelled."""

    order_id: str
    reason: str
    cancelled_at: datetime
    status: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True, slots=True)
class ShippedAnswer:
    """An order was shipped."""

    order_id: str
    tracking_number: str
    shipped_at: datetime
    status: Literal["shipped"] = "shipped"


@dataclass(frozen=True, slots=True)
class _OrderView:
    order_id: str
    customer_id: str
    items: tuple[OrderItem, ...]
    total_cents: int
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class PlacedOrder(_OrderView):
    """An order that waits to be shipped, or cancelled."""

    status: Literal["placed"] = "placed"


@dataclass(frozen=True, slots=True)
class ShippedOrder(_OrderView):
    """An order that is on its way."""

    tracking_number: str
    shipped_at: datetime
    status: Literal["shipped"] = "shipped"


@dataclass(frozen=True, slots=True)
class CancelledOrder(_OrderView):
    """An order that was called off."""

    reason: str
    cancelled_at: datetime
    status: Literal["cancelled"] = "cancelled"


OrderView = Annotated[PlacedOrder | ShippedOrder | CancelledOrder, Field(discriminator="status")]


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """Some orders, newest first; `next` goes into `after` for those before them, and is null at the end."""

    orders: list[OrderView]
    next: str | None


@dataclass(frozen=True, slots=True)
class PlacedEvent:
    """An order was placed."""

    OrderPlaced: OrderPlaced


@dataclass(frozen=True, slots=True)
class ShippedEvent:
    """An order was shipped."""

    OrderShipped: OrderShipped


@dataclass(frozen=True, slots=True)
class CancelledEvent:
    """An order was cancelled."""

    OrderCancelled: OrderCancelled


TaggedEvent = PlacedEvent | ShippedEvent | CancelledEvent


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as the log has it; `action` is tagged with its name."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    recorded_at: datetime
    correlation_id: str | None
    causation_id: str | None
    action: TaggedEvent


@dataclass(frozen=True, slots=True)
class StreamPage:
    """All events of an order, in order."""

    events: list[EventView]


@dataclass(frozen=True, slots=True)
class EventsPage:
    """A stretch of the log; `next_after` goes into `after` for what comes next, also when that has yet to happen."""

    events: list[EventView]
    next_after: int


@dataclass(frozen=True, slots=True)
class Summary:
    """How many orders there are in each status, after the event at `position`."""

    position: int
    orders: dict[str, int]


@dataclass(frozen=True, slots=True)
class Health:
    """The server answers, and reaches its event store."""

    status: Literal["ok"] = "ok"


def order_view(order: Order) -> PlacedOrder | ShippedOrder | CancelledOrder:
    """Return an order as the API shows it."""
    common = (
        order.id,
        order.customer_id,
        order.items,
        order.total_cents,
        order.created_at,
        order.updated_at,
        order.version,
    )
    match order.status:
        case Shipped(tracking_number, shipped_at):
            return ShippedOrder(*common, tracking_number, shipped_at)
        case Cancelled(reason, cancelled_at):
            return CancelledOrder(*common, reason, cancelled_at)
    return PlacedOrder(*common)


def event_view(recorded: RecordedEvent) -> EventView:
    """Return an event as the API shows it."""
    return EventView(
        recorded.position,
        recorded.stream_id,
        recorded.version,
        recorded.event_id,
        recorded.recorded_at,
        recorded.correlation_id,
        recorded.causation_id,
        tagged(recorded.event),
    )


def tagged(event: Event) -> TaggedEvent:
    """Return an event under its name."""
    match event:
        case OrderPlaced():
            return PlacedEvent(event)
        case OrderShipped():
            return ShippedEvent(event)
        case OrderCancelled():
            return CancelledEvent(event)
