"""Actions in a line of text, as a person would tell them."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any


def told(action: Any) -> str:
    """Return an action's name and what it says.

    >>> from orderlab.orders.actions import ShipOrder
    >>> told(ShipOrder("order-1", "TRACK-001"))
    'ShipOrder  order_id order-1, tracking_number TRACK-001'
    """
    return f"{type(action).__name__}  {details(action)}"


def details(action: Any, *, without: tuple[str, ...] = ()) -> str:
    """Return what an action says, field by field; what is not given is left out."""
    said = {each.name: getattr(action, each.name) for each in fields(action) if each.name not in without}
    return ", ".join(f"{name} {_shown(value)}" for name, value in said.items() if value is not None)


def at(instant: datetime) -> str:
    """Return an instant to the second, in UTC."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return at(value)
    if isinstance(value, tuple):  # the items of an order
        named = [f"{item.quantity} x {item.name}" for item in value[:3]]
        more = [f"{len(value) - 3} more"] if len(value) > 3 else []  # noqa: PLR2004 - as many as fit a line
        return f"[{', '.join(named + more)}]"
    return str(value)
