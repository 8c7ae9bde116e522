"""7.2: an order that leaves in several parcels; when it is shipped follows from the facts."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import InvalidOrderState, OrderNotFound, PlaceOrder, ValidationFailed
from orderlab.orders.decider import ORDERS
from orderlab.orders.decider import evolve as evolve_order
from orderlab.orders.model import Order, OrderItem, Placed, Shipped
from orderlab.workshop.exercises.extending.comparing import first_difference
from orderlab.workshop.exercises.extending.parcel import ParcelSent, PartlySent, SendParcel, TooMany, with_parcels
from orderlab.workshop.exercises.runs import order_commands, runs_of

QUESTION = """\
Grace has ordered three mugs, and two are there. Shall they wait for the third? From today an order may leave in several
parcels, and it is *shipped* when all of its pieces have left. An order's pieces are the sum of its items' `quantity`;
which of them are in a parcel does not matter here.

`orderlab.workshop.exercises.extending.parcel` has the command `SendParcel(order_id, pieces, tracking_number)`, the
event `ParcelSent(order_id, pieces, tracking_number, timestamp)`, the status `PartlySent(sent)` with the pieces that
have left so far, and the refusal `TooMany(order_id, left)`. Write `decide_too` and `evolve_too` for `PARCELS`.
The first line does not import all that you need: add `PartlySent` and `TooMany` to it, and take the other refusals and
`Shipped` from `orderlab`.

- Fewer pieces than 1 are refused with `ValidationFailed("pieces must be 1 or more", order_id)`, an order that is not
  there with `OrderNotFound(order_id)`, one that is neither placed nor partly sent with
  `InvalidOrderState(order_id, order.status.name)`, and more pieces than are left with `TooMany(order_id, left)`.
  They are checked in this order.
- After `ParcelSent` an order is `PartlySent` with *all* that have left, or, if nothing is left, `Shipped` with the last
  parcel's tracking number and time. `updated_at` and `version` change as always.
- The rest is as before. So an order that is partly sent cannot be cancelled any more, nor shipped whole.

For example: of three mugs two are sent, and then three more. The second is `TooMany("order-1", left=1)`.
"""

STARTER = """\
from orderlab.workshop.exercises.extending.parcel import ParcelSent, SendParcel, with_parcels


def decide_too(command, order, *, key, at):
    return ...


def evolve_too(order, event):
    return ...


PARCELS = with_parcels(decide_too, evolve_too)
"""

HINTS = (
    "Both functions have to know how many pieces have left already. The status says it, and a placed order has sent "
    "none. A small function of its own, `sent_of(order)`, will do for both.",
    "`sent = order.status.sent if isinstance(order.status, PartlySent) else 0`, and all pieces are "
    "`sum(item.quantity for item in order.items)`. In `decide_too` you compare `command.pieces` with what is left, in "
    "`evolve_too` you add `event.pieces` to what was sent.",
    'In `decide_too`: four refusals, each an `if`; the third: `order.status.name not in ("placed", "partly sent")`. '
    "In `evolve_too`: `status = Shipped(event.tracking_number, event.timestamp) if sent == all_pieces else "
    "PartlySent(sent)`, and then `replace(order, status=status, updated_at=event.timestamp, "
    "version=order.version + 1)`.",
)

SOLUTION = """\
from dataclasses import replace

from orderlab import InvalidOrderState, OrderNotFound, Shipped, ValidationFailed, decide, evolve
from orderlab.workshop.exercises.extending.parcel import ParcelSent, PartlySent, SendParcel, TooMany, with_parcels


def sent_of(order):
    return order.status.sent if isinstance(order.status, PartlySent) else 0


def pieces_of(order):
    return sum(item.quantity for item in order.items)


def decide_too(command, order, *, key, at):
    if not isinstance(command, SendParcel):
        return decide(command, order, order_id=key, at=at)
    if command.pieces < 1:
        return ValidationFailed("pieces must be 1 or more", key)
    if order is None:
        return OrderNotFound(key)
    if order.status.name not in ("placed", "partly sent"):
        return InvalidOrderState(key, order.status.name)
    left = pieces_of(order) - sent_of(order)
    if command.pieces > left:
        return TooMany(key, left)
    return (ParcelSent(key, command.pieces, command.tracking_number, at),)


def evolve_too(order, event):
    if not isinstance(event, ParcelSent):
        return evolve(order, event)
    sent = sent_of(order) + event.pieces
    status = Shipped(event.tracking_number, event.timestamp) if sent == pieces_of(order) else PartlySent(sent)
    return replace(order, status=status, updated_at=event.timestamp, version=order.version + 1)


PARCELS = with_parcels(decide_too, evolve_too)
"""

WRONG = (
    Wrong(
        "Each parcel is compared with the whole order, so in two parcels more can leave than was ordered.",
        SOLUTION.replace("left = pieces_of(order) - sent_of(order)", "left = pieces_of(order)"),
    ),
    Wrong(
        "The status keeps the pieces of the last parcel, not of all of them.",
        SOLUTION.replace("else PartlySent(sent)", "else PartlySent(event.pieces)"),
    ),
    Wrong(
        "The last pieces are refused, as if one had always to be left.",
        SOLUTION.replace("command.pieces > left", "command.pieces >= left"),
    ),
    Wrong(
        "The order stays partly sent when its last parcel has left.",
        SOLUTION.replace(
            "Shipped(event.tracking_number, event.timestamp) if sent == pieces_of(order) else PartlySent(sent)",
            "PartlySent(sent)",
        ),
    ),
    Wrong(
        "The kinds of items are counted, not the pieces.",
        SOLUTION.replace("sum(item.quantity for item in order.items)", "len(order.items)"),
    ),
    Wrong(
        "Only the first kind of item is counted.",
        SOLUTION.replace("sum(item.quantity for item in order.items)", "order.items[0].quantity"),
    ),
    Wrong(
        "It says how many pieces are too many, and not how many are left.",
        SOLUTION.replace("TooMany(key, left)", "TooMany(key, command.pieces - left)"),
    ),
    Wrong(
        "A parcel with nothing in it is refused, but one with less than nothing is sent.",
        SOLUTION.replace("command.pieces < 1", "command.pieces == 0"),
    ),
    Wrong(
        "A second parcel is refused, for the order is not placed any more.",
        SOLUTION.replace('not in ("placed", "partly sent")', '!= "placed"'),
    ),
    Wrong(
        "A parcel with nothing in it, or with less, is sent.",
        SOLUTION.replace(
            '    if command.pieces < 1:\n        return ValidationFailed("pieces must be 1 or more", key)\n', ""
        ),
    ),
)


def _sent(order: Order) -> int:
    status: Any = order.status
    return status.sent if isinstance(status, PartlySent) else 0


def _pieces(order: Order) -> int:
    return sum(item.quantity for item in order.items)


def _decide(command: Any, order: Order | None, /, *, key: str, at: datetime) -> Any:
    if not isinstance(command, SendParcel):
        return ORDERS.decide(command, order, key=key, at=at)
    if command.pieces < 1:
        return ValidationFailed("pieces must be 1 or more", key)
    if order is None:
        return OrderNotFound(key)
    if not isinstance(order.status, Placed | PartlySent):
        return InvalidOrderState(key, order.status.name)
    left = _pieces(order) - _sent(order)
    if command.pieces > left:
        return TooMany(key, left)
    return (ParcelSent(key, command.pieces, command.tracking_number, at),)


def _evolve(order: Order | None, event: Any) -> Any:
    if not isinstance(event, ParcelSent) or order is None:
        return evolve_order(order, event)
    sent = _sent(order) + event.pieces
    status: Any = Shipped(event.tracking_number, event.timestamp) if sent == _pieces(order) else PartlySent(sent)
    return replace(order, status=status, updated_at=event.timestamp, version=order.version + 1)


PARCELS = with_parcels(_decide, _evolve)
"""Orders that are sent in parcels, as they should be."""

ITEMS = (
    OrderItem("mug", "Enamel mug", quantity=2, unit_price_cents=950),
    OrderItem("tea", "Green tea", quantity=1, unit_price_cents=450),
)
COMMANDS = (
    PlaceOrder("grace", ITEMS, "order-1"),
    PlaceOrder("grace", ITEMS[:1], "order-1"),
    *order_commands()[1:],
    SendParcel("order-1", 1, "TRACK-2"),
    SendParcel("order-1", 2, "TRACK-3"),
    SendParcel("order-1", 0, "TRACK-4"),
    SendParcel("order-1", -1, "TRACK-5"),
    SendParcel("order-1", 4, "TRACK-6"),
)


def _sent_in(state: Any) -> tuple[Any, ...]:
    """Return what tells two states apart: the status, and how many pieces there are and have left."""
    return tuple(
        (key, order.status.name, _pieces(order), _sent(order)) for key, order in sorted(state.entities.items())
    )


@exercise(
    "7.2",
    title="In several parcels",
    question=QUESTION,
    answer="PARCELS",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Parcels are facts; that the order is shipped follows from them, and what follows is not written down.",
    runs=lambda: runs_of(PARCELS, COMMANDS, depth=5, alike=_sent_in),
)
def parcels(answer: Any, trace: Trace) -> Problem | None:
    """Compare what is decided, and the order after it, with what the question says; the old commands among them."""
    return first_difference(answer, trace, PARCELS, "PARCELS", decides="decide_too", evolves="evolve_too")
