"""What is said to every faulty decider and reducer: few commands, which between them come upon each mistake."""

from typing import Any

from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem

MUGS = OrderItem("p-1", "Mug", 2, 250)
PLATE = OrderItem("p-2", "Plate", 1, 700)

COMMANDS: tuple[Any, ...] = (
    PlaceOrder("ada", (PLATE,), "order-1"),
    PlaceOrder("ada", (MUGS, PLATE), "order-1"),
    PlaceOrder("ada", (PLATE,)),
    ShipOrder("order-1", "TRACK-1"),
    CancelOrder("order-1", "Changed my mind"),
    PlaceOrder("ada", (OrderItem("p-1", "Mug", 0, 250),), "order-1"),
    PlaceOrder("ada", (), "order-1"),
    PlaceOrder(" ", (PLATE,), "order-1"),
    CancelOrder("order-1", " "),
    ShipOrder("order-1", ""),
)
