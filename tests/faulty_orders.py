"""A domain with a mistake: it ships what is there, whatever its status; and the plainest order there is."""

from dataclasses import replace
from typing import Any

from orderlab.orders.actions import OrderShipped, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem

PLACE = PlaceOrder("a1", (OrderItem("a1", "a1", 1, 1),), "order-1")
"""As it is made from the annotations."""


def _decide(command: Any, order: Any, *, key: str, at: Any) -> Any:
    if isinstance(command, ShipOrder) and order is not None:
        return (OrderShipped(key, command.tracking_number, at),)
    return ORDERS.decide(command, order, key=key, at=at)


SHIPS_CANCELLED = replace(ORDERS, decide=_decide)
