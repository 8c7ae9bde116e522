"""The shop with a counter, at which one takes along at once what one buys: one command, two events."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.orders.actions import Command, OrderShipped, PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order


def _decide(command: Command, order: Order | None, /, *, key: str, at: datetime) -> Any:
    """Decide as the shop does, which has a counter where one takes along at once what one buys."""
    decision = ORDERS.decide(command, order, key=key, at=at)
    if isinstance(command, PlaceOrder) and command.customer_id == "counter" and isinstance(decision, tuple):
        return (*decision, OrderShipped(key, "TAKEN-ALONG", at))
    return decision


COUNTER = replace(ORDERS, decide=_decide)
"""The shop with a counter: one command that causes two events."""
