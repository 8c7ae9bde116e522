"""Deciders that evolve wrongly: a field forgotten, the world looked at, a fact refused.

Their `decide` is the real one. What is wrong shows only in the order that the events lead to.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from orderlab.core.errors import CorruptStream
from orderlab.orders.actions import Event, OrderPlaced
from orderlab.orders.decider import ORDERS, evolve
from orderlab.orders.model import Order
from orderlab.workshop.zoo.orders_desk import COMMANDS
from orderlab.workshop.zoo.specimen import Specimen

SMALLEST = 1_000


def refuse_small_orders(order: Order | None, event: Event) -> Order:
    """Hold a fact to a rule that came later: an order is of ten euros at least."""
    if isinstance(event, OrderPlaced) and event.total_cents < SMALLEST:
        raise CorruptStream(f"an order must be of {SMALLEST} cents at least, not {event.total_cents}")
    return evolve(order, event)


def keep_the_time(order: Order | None, event: Event) -> Order:
    """Set the new status, and leave `updated_at` as it was."""
    after = evolve(order, event)
    return after if order is None else replace(after, updated_at=order.updated_at)


def take_the_time_of_now(order: Order | None, event: Event) -> Order:
    """Write down when the event is applied, not when it happened."""
    return replace(evolve(order, event), updated_at=datetime.now(UTC))


def keep_the_version(order: Order | None, event: Event) -> Order:
    """Set the new status, and do not count the event."""
    after = evolve(order, event)
    return after if order is None else replace(after, version=order.version)


def _evolving(name: str, mistake: str, mistaken: Callable[[Order | None, Event], Order]) -> Specimen:
    return Specimen(name, mistake, "decider", replace(ORDERS, evolve=mistaken), ORDERS, (mistaken,), COMMANDS)


SPECIMENS: tuple[Specimen, ...] = (
    _evolving(
        "refuses-a-fact",
        "Its evolve holds a fact to a rule, so what has happened cannot be read back.",
        refuse_small_orders,
    ),
    _evolving(
        "forgets-when-it-changed",
        "Its evolve leaves updated_at as it was, so an order looks untouched after it was shipped.",
        keep_the_time,
    ),
    _evolving(
        "reads-the-clock-in-evolve",
        "Its evolve reads the world's clock, so every replay gives other times.",
        take_the_time_of_now,
    ),
    _evolving(
        "does-not-count-versions",
        "Its evolve does not raise the version, so the second writer is not noticed.",
        keep_the_version,
    ),
)
