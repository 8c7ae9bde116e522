"""What is new in the shop when an order is sent in several parcels: a command, an event, a status, a refusal."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from orderlab.core.decider import Decider
from orderlab.drawing.tables import AsTable
from orderlab.orders.decider import ORDERS, command_of, reflects


@dataclass(frozen=True, slots=True)
class SendParcel(AsTable):
    """Send so many pieces of an order."""

    order_id: str
    pieces: int
    tracking_number: str


@dataclass(frozen=True, slots=True)
class ParcelSent(AsTable):
    """So many pieces of an order have left."""

    order_id: str
    pieces: int
    tracking_number: str
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class TooMany(AsTable):
    """Refused: only so many pieces of the order have not been sent yet."""

    order_id: str
    left: int


@dataclass(frozen=True, slots=True)
class PartlySent(AsTable):
    """Some of the pieces are on their way, and some are not."""

    name: ClassVar[str] = "partly sent"
    sent: int


def with_parcels(decide: Callable[..., Any], evolve: Callable[..., Any]) -> Decider[Any]:
    """Return orders that are sent in parcels: the words that are new, with two functions that know them.

    Args:
        decide: `decide(command, order, *, key, at)`.
        evolve: `evolve(order, event)`.
    """
    return replace(
        ORDERS,
        decide=decide,
        evolve=evolve,
        commands=(*ORDERS.commands, SendParcel),
        events=(*ORDERS.events, ParcelSent),
        rejections=(*ORDERS.rejections, TooMany),
        states=(*ORDERS.states, PartlySent.name),
        reflects=_reflects,
        command_of=_command_of,
    )


def _reflects(order: Any, event: Any) -> bool:
    """Say of a parcel that it is not seen in the order yet: two may be alike in all but their numbers."""
    return not isinstance(event, ParcelSent) and reflects(order, event)


def _command_of(event: Any) -> Any:
    if isinstance(event, ParcelSent):
        return SendParcel(event.order_id, event.pieces, event.tracking_number)
    return command_of(event)
