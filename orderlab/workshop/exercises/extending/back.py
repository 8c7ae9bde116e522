"""What is new in the shop when parcels come back: a command, an event, and a status."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from orderlab.core.decider import Decider
from orderlab.drawing.tables import AsTable
from orderlab.orders.decider import ORDERS, command_of, reflects


@dataclass(frozen=True, slots=True)
class ReturnOrder(AsTable):
    """Take an order back that was shipped."""

    order_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderReturned(AsTable):
    """An order came back."""

    order_id: str
    reason: str
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class Returned(AsTable):
    """The parcel came back; nothing more can happen to the order."""

    name: ClassVar[str] = "returned"
    reason: str
    returned_at: datetime


def with_returns(decide: Callable[..., Any], evolve: Callable[..., Any]) -> Decider[Any]:
    """Return orders that can come back: the words that are new, with two functions that know them.

    Args:
        decide: `decide(command, order, *, key, at)`.
        evolve: `evolve(order, event)`.
    """
    return replace(
        ORDERS,
        decide=decide,
        evolve=evolve,
        commands=(*ORDERS.commands, ReturnOrder),
        events=(*ORDERS.events, OrderReturned),
        states=(*ORDERS.states, Returned.name),
        reflects=_reflects,
        command_of=_command_of,
    )


def _reflects(order: Any, event: Any) -> bool:
    if isinstance(event, OrderReturned):
        return bool(order.status == Returned(event.reason, event.timestamp))
    return reflects(order, event)


def _command_of(event: Any) -> Any:
    return ReturnOrder(event.order_id, event.reason) if isinstance(event, OrderReturned) else command_of(event)
