"""What an order is: its items, its statuses, and the state of all orders. Values, without rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Union

import immutables

from orderlab.drawing import tables
from orderlab.drawing.machine import Edge, Machine
from orderlab.drawing.tables import AsTable


@dataclass(frozen=True, slots=True)
class OrderItem(AsTable):
    """One line of an order: a product, how many of it, and what each costs in cents.

    >>> OrderItem("p-1", "Mug", 3, 250).total_cents
    750
    """

    product_id: str
    name: str
    quantity: int
    unit_price_cents: int

    @property
    def total_cents(self) -> int:
        """What the line costs, in cents."""
        return self.quantity * self.unit_price_cents


@dataclass(frozen=True, slots=True)
class Draft(AsTable):
    """No order yet: the status before the first event. No order in an `OrderState` has it."""

    name: ClassVar[str] = "draft"


@dataclass(frozen=True, slots=True)
class Placed(AsTable):
    """The customer has ordered; the order can be shipped or cancelled."""

    name: ClassVar[str] = "placed"


@dataclass(frozen=True, slots=True)
class Shipped(AsTable):
    """The parcel is on its way; nothing more can happen to the order."""

    name: ClassVar[str] = "shipped"
    tracking_number: str
    shipped_at: datetime


@dataclass(frozen=True, slots=True)
class Cancelled(AsTable):
    """The order will not be sent; nothing more can happen to it."""

    name: ClassVar[str] = "cancelled"
    reason: str
    cancelled_at: datetime


Status = Union[Draft, Placed, Shipped, Cancelled]  # noqa: UP007 - a Union also reads well in error messages


@dataclass(frozen=True, slots=True)
class Order:
    """One order as its events have made it; `version` is how many there were."""

    id: str
    customer_id: str
    items: tuple[OrderItem, ...]
    status: Status
    total_cents: int
    created_at: datetime
    updated_at: datetime
    version: int

    def __repr__(self) -> str:
        return f"<Order {self.id} {self.status.name} {self.total_cents} cents v{self.version}>"

    def _repr_html_(self) -> str:
        return MACHINE.picture(lit=self.status.name) + tables.fields(
            {
                "order": self.id,
                "customer": self.customer_id,
                "status": self.status.name,
                "items": len(self.items),
                "total in cents": self.total_cents,
                "created": self.created_at,
                "updated": self.updated_at,
                "version": self.version,
            }
        )


@dataclass(frozen=True, slots=True, repr=False)
class OrderState:
    """All orders by id, as a persistent map: keeping an old state costs little. Its order means nothing."""

    orders: Mapping[str, Order] = field(default_factory=immutables.Map)

    def __post_init__(self) -> None:
        if not isinstance(self.orders, immutables.Map):
            object.__setattr__(self, "orders", immutables.Map(self.orders))

    def counts(self) -> dict[str, int]:
        """Return how many orders there are in each status that an order can have.

        >>> OrderState().counts()
        {'placed': 0, 'shipped': 0, 'cancelled': 0}
        """
        counts = {status.name: 0 for status in (Placed, Shipped, Cancelled)}
        for order in self.orders.values():
            counts[order.status.name] = counts.get(order.status.name, 0) + 1
        return counts

    def __repr__(self) -> str:
        counted = ", ".join(f"{count} {name}" for name, count in self.counts().items() if count)
        return f"<OrderState {len(self.orders)} orders{': ' + counted if counted else ''}>"

    def _repr_html_(self) -> str:
        newest = sorted(self.orders.values(), key=lambda order: (order.updated_at, order.id), reverse=True)
        shown = newest[: tables.ROWS]
        return MACHINE.picture(counts=self.counts()) + tables.rows(
            ["order", "customer", "status", "total in cents", "updated", "version"],
            [
                [each.id, each.customer_id, each.status.name, each.total_cents, each.updated_at, each.version]
                for each in shown
            ],
            left_out=len(newest) - len(shown),
        )


MACHINE = Machine(
    initial="draft",
    edges=(
        Edge("draft", "placed", "PlaceOrder", ("OrderPlaced",)),
        Edge("placed", "shipped", "ShipOrder", ("OrderShipped",)),
        Edge("placed", "cancelled", "CancelOrder", ("OrderCancelled",)),
    ),
    named=("draft", "placed", "shipped", "cancelled"),
)
"""The picture of an order's life, for showing; the rules are those of `decide`.

The layers below those that can compute it need it; that `StateMachine.of(ORDERS)` draws the same is tested.
"""
