"""Everything that can be said about an order: commands, the events they cause, and rejections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from orderlab.drawing.tables import AsTable
from orderlab.orders.model import OrderItem

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A timezone-aware datetime; JSON without a zone is refused."""


@dataclass(frozen=True, slots=True)
class PlaceOrder(AsTable):
    """Order these items; without an `order_id` one is drawn."""

    customer_id: str
    items: Sequence[OrderItem]
    order_id: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.items, list):  # as people write it; a tuple can be hashed and is never changed
            object.__setattr__(self, "items", tuple(self.items))


@dataclass(frozen=True, slots=True)
class CancelOrder(AsTable):
    """Call off an order that has not been shipped."""

    order_id: str
    reason: str = "Cancelled by customer"


@dataclass(frozen=True, slots=True)
class ShipOrder(AsTable):
    """Hand an order to the carrier."""

    order_id: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class OrderPlaced(AsTable):
    """An order was placed."""

    order_id: str
    customer_id: str
    items: tuple[OrderItem, ...]
    total_cents: int
    timestamp: Instant


@dataclass(frozen=True, slots=True)
class OrderCancelled(AsTable):
    """An order was called off."""

    order_id: str
    reason: str
    timestamp: Instant


@dataclass(frozen=True, slots=True)
class OrderShipped(AsTable):
    """An order was handed to the carrier."""

    order_id: str
    tracking_number: str
    timestamp: Instant


@dataclass(frozen=True, slots=True)
class OrderNotFound(AsTable):
    """Refused: there is no order with this id."""

    order_id: str


@dataclass(frozen=True, slots=True)
class InvalidOrderState(AsTable):
    """Refused: the order's status does not allow it."""

    order_id: str
    current_status: str


@dataclass(frozen=True, slots=True)
class ValidationFailed(AsTable):
    """Refused: the command itself breaks a rule; `error` is one sentence that names the field."""

    error: str
    order_id: str | None = None


Command = PlaceOrder | CancelOrder | ShipOrder
Event = OrderPlaced | OrderCancelled | OrderShipped
Rejection = OrderNotFound | InvalidOrderState | ValidationFailed
Action = Command | Event | Rejection

COMMANDS: tuple[type, ...] = (PlaceOrder, CancelOrder, ShipOrder)
EVENTS: tuple[type, ...] = (OrderPlaced, OrderCancelled, OrderShipped)
REJECTIONS: tuple[type, ...] = (OrderNotFound, InvalidOrderState, ValidationFailed)
