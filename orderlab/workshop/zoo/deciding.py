"""Deciders that decide wrongly: a state not looked at, a rule left out, a refusal that is none.

Each `decide` makes one mistake and leaves the rest to the real one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orderlab.core.decider import Decider
from orderlab.orders.actions import (
    CancelOrder,
    Command,
    Event,
    InvalidOrderState,
    OrderCancelled,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
)
from orderlab.orders.decider import ORDERS, decide, evolve, problem_with, total_of
from orderlab.orders.model import Cancelled, Order, Placed, Shipped
from orderlab.workshop.zoo.orders_desk import COMMANDS
from orderlab.workshop.zoo.specimen import Specimen


def ship_unless_shipped(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Ship whatever was not shipped before."""
    if isinstance(command, ShipOrder) and order is not None and isinstance(order.status, Cancelled):
        return (OrderShipped(key, command.tracking_number, at),)
    return decide(command, order, order_id=key, at=at)


def cancel_unless_cancelled(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Cancel whatever was not cancelled before."""
    if isinstance(command, CancelOrder) and order is not None and isinstance(order.status, Shipped):
        return (OrderCancelled(key, command.reason, at),)
    return decide(command, order, order_id=key, at=at)


def place_anyway(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Place an order without asking whether it is there."""
    return decide(command, None if isinstance(command, PlaceOrder) else order, order_id=key, at=at)


def evolve_anything(order: Order | None, event: Event) -> Order:
    """Apply an event whatever the order is like, so that what `decide` let through really happens."""
    if order is None or isinstance(event, OrderPlaced):
        return replace(evolve(None, event), version=1 if order is None else order.version + 1)
    return evolve(replace(order, status=Placed()), event)


def place_without_quantities(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Sum the prices of the items, and forget how many there are of each."""
    decision = decide(command, order, order_id=key, at=at)
    if isinstance(command, PlaceOrder) and isinstance(decision, tuple):
        prices = sum(item.unit_price_cents for item in command.items)
        return (OrderPlaced(key, command.customer_id, tuple(command.items), prices, at),)
    return decision


def look_at_status_first(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Ask what the order is like before asking whether the command says anything sensible."""
    if not isinstance(command, PlaceOrder) and order is not None and not isinstance(order.status, Placed):
        return InvalidOrderState(key, order.status.name)
    return decide(command, order, order_id=key, at=at)


def take_nothing_of_something(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Refuse a quantity below zero, and take one of zero."""
    if not isinstance(command, PlaceOrder):
        return decide(command, order, order_id=key, at=at)
    one_for_none = tuple(replace(item, quantity=item.quantity or 1) for item in command.items)
    decision = decide(replace(command, items=one_for_none), order, order_id=key, at=at)
    if not isinstance(decision, tuple):
        return decision
    return (OrderPlaced(key, command.customer_id, tuple(command.items), total_of(command.items), at),)


def cancel_for_no_reason(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Ask that there is a reason, and take a blank for one."""
    if isinstance(command, CancelOrder) and command.reason and not command.reason.strip():
        decision = decide(replace(command, reason="blank"), order, order_id=key, at=at)
        return (OrderCancelled(key, command.reason, at),) if isinstance(decision, tuple) else decision
    return decide(command, order, order_id=key, at=at)


def refuse_by_raising(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Raise an error where the command breaks a rule."""
    problem = problem_with(command)
    if problem is not None:
        raise ValueError(problem)
    return decide(command, order, order_id=key, at=at)


def take_the_draft_for_a_state(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Say of an order that is not there that it is a draft."""
    if order is None and not isinstance(command, PlaceOrder) and problem_with(command) is None:
        return InvalidOrderState(key, "draft")
    return decide(command, order, order_id=key, at=at)


def read_the_clock(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    """Write the time at which this line runs into the events."""
    return decide(command, order, order_id=key, at=datetime.now(UTC))


def _deciding(name: str, mistake: str, faulty: Decider[Order]) -> Specimen:
    written: tuple[Callable[..., Any], ...] = (faulty.decide,)
    if faulty.evolve is not evolve:
        written += (faulty.evolve,)
    return Specimen(name, mistake, "decider", faulty, ORDERS, written, COMMANDS)


SPECIMENS: tuple[Specimen, ...] = (
    _deciding(
        "ships-a-cancelled-order",
        "It asks only whether the order was shipped before, so a parcel goes out that was called off.",
        replace(ORDERS, decide=ship_unless_shipped, evolve=evolve_anything),
    ),
    _deciding(
        "cancels-a-shipped-order",
        "It asks only whether the order was cancelled before, so an order is called off that is on its way.",
        replace(ORDERS, decide=cancel_unless_cancelled, evolve=evolve_anything),
    ),
    _deciding(
        "places-over-an-order",
        "It never asks whether the order id is taken, so a second order replaces the first.",
        replace(ORDERS, decide=place_anyway, evolve=evolve_anything),
    ),
    _deciding(
        "forgets-quantities",
        "It sums the prices without the quantities, so two mugs cost as much as one.",
        replace(ORDERS, decide=place_without_quantities),
    ),
    _deciding(
        "looks-at-the-status-first",
        "It looks at the order before the command's own fields, so nonsense is refused for another reason.",
        replace(ORDERS, decide=look_at_status_first),
    ),
    _deciding(
        "takes-a-quantity-of-zero",
        "It refuses a quantity only below zero, so none of something can be ordered.",
        replace(ORDERS, decide=take_nothing_of_something),
    ),
    _deciding(
        "takes-a-blank-reason",
        "It asks that there is a reason and not that it says anything, so a blank is one.",
        replace(ORDERS, decide=cancel_for_no_reason),
    ),
    _deciding(
        "refuses-by-raising",
        "It raises an error for a command that breaks a rule, so a refusal cannot be told from a bug.",
        replace(ORDERS, decide=refuse_by_raising),
    ),
    _deciding(
        "takes-the-draft-for-a-state",
        "It says of an unknown order that it is a draft, so nobody learns that there is no such order.",
        replace(ORDERS, decide=take_the_draft_for_a_state),
    ),
    _deciding(
        "reads-the-clock-in-decide",
        "It reads the world's clock instead of the time that it is handed, so it never says the same twice.",
        replace(ORDERS, decide=read_the_clock),
    ),
)
