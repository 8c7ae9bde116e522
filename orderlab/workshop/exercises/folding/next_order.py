"""1.2: the order after an event, as a value of its own."""

from dataclasses import replace
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS, evolve
from orderlab.orders.model import Order
from orderlab.workshop.exercises.runs import order_commands, other_commands, runs_of, shortest_first
from orderlab.workshop.exercises.telling import at_step, differs, unless_alike
from orderlab.workshop.exercises.world import handed_on

QUESTION = """\
A number is not enough when a customer rings: you want the whole order. `evolve` takes the order as it was and one
event, and gives the order as it is then. The first event, `OrderPlaced`, makes the order. The other two are yours.

Write `order_after(order, event)`. The order is placed, and the event is its `OrderShipped` or its `OrderCancelled`.
Return the order after it: with the new status, `updated_at` the event's time, and a `version` higher by one, for a
version counts events. All else stays. An order is a value and cannot be changed; `replace` of `dataclasses` makes
another one. Write it yourself, without orderlab's own `evolve`.

For example: after `OrderShipped("order-1", "TRACK-1", noon)` the status is `Shipped("TRACK-1", noon)`; after
`OrderCancelled("order-1", "Too late", noon)` it is `Cancelled("Too late", noon)`.
"""

STARTER = """\
from orderlab import Order, OrderCancelled, OrderShipped


def order_after(order: Order, event: OrderShipped | OrderCancelled) -> Order:
    return ...
"""

HINTS = (
    "Three fields of the order change, and the event tells two of them. Which status follows from which event?",
    "`from orderlab import Cancelled, Shipped` and `from dataclasses import replace`. A status is made from the fields "
    "of the event: `Shipped(event.tracking_number, event.timestamp)`.",
    "Work out `status` first, in two branches. Then "
    "`return replace(order, status=status, updated_at=event.timestamp, version=order.version + 1)`.",
)

SOLUTION = """\
from dataclasses import replace

from orderlab import Cancelled, OrderShipped, Shipped


def order_after(order, event):
    if isinstance(event, OrderShipped):
        status = Shipped(event.tracking_number, event.timestamp)
    else:
        status = Cancelled(event.reason, event.timestamp)
    return replace(order, status=status, updated_at=event.timestamp, version=order.version + 1)
"""

_BRANCHES = """\
from dataclasses import replace

from orderlab import Cancelled, OrderShipped, Shipped


def order_after(order, event):
    if isinstance(event, OrderShipped):
        status = Shipped(event.tracking_number, event.timestamp)
    else:
        status = Cancelled(event.reason, event.timestamp)
"""

WRONG = (
    Wrong(
        "The version is left as it was, though it counts the order's events.",
        _BRANCHES + "    return replace(order, status=status, updated_at=event.timestamp)\n",
    ),
    Wrong(
        "The time of the last change is left as it was.",
        _BRANCHES + "    return replace(order, status=status, version=order.version + 1)\n",
    ),
    Wrong(
        "The order that was given is changed by force, so the past changes with it.",
        _BRANCHES
        + """    object.__setattr__(order, "status", status)
    object.__setattr__(order, "updated_at", event.timestamp)
    object.__setattr__(order, "version", order.version + 1)
    return order
""",
    ),
    Wrong(
        "The status is written as text, and who shipped what and when is lost.",
        """\
from dataclasses import replace

from orderlab import OrderShipped


def order_after(order, event):
    status = "shipped" if isinstance(event, OrderShipped) else "cancelled"
    return replace(order, status=status, updated_at=event.timestamp, version=order.version + 1)
""",
    ),
    Wrong(
        "The order that was given is changed, which an order does not allow.",
        _BRANCHES + "    order.status = status\n    return order\n",
    ),
    Wrong(
        "The version is always 2, whatever it was.",
        _BRANCHES + "    return replace(order, status=status, updated_at=event.timestamp, version=2)\n",
    ),
    Wrong(
        "It is handed on to orderlab's own function, which was to be understood.",
        """\
from orderlab import evolve


def order_after(order, event):
    return evolve(order, event)
""",
    ),
)

_LATER = 6
"""How many versions later an order is tried."""


@exercise(
    "1.2",
    title="The order after an event",
    question=QUESTION,
    answer="order_after",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Evolving gives a new order and leaves the old one as it was, so every moment of the past is still there.",
    runs=lambda: shortest_first(
        runs_of(ORDERS, order_commands(), depth=2, accepted=True),
        runs_of(ORDERS, other_commands(), depth=2, accepted=True),
    ),
)
def next_order(answer: Any, trace: Trace) -> Problem | None:
    """Compare each order after its first event with the one that the domain's own `evolve` gives."""
    order: Order | None = None
    for number, event in enumerate(trace.events, start=1):
        before, order = order, evolve(order, event)
        if before is None:
            continue
        where = f"At {at_step(trace, number)}: {type(event).__name__} meets {before!r}."
        given = replace(before)  # an answer that changes it by force shall change this one only
        found, handed = handed_on(answer, given, event)
        told = differs(found, order, "order_after(order, event)")
        told = told or differs(given, before, "order_after changes the order that it was given: order")
        if told:
            run = _trace_of(answer, trace, found)
            return Problem(told, where, run, unless_alike(trace.replayed(ORDERS), run))
        told = handed or _of_a_later_version(answer, before, event)
        if told:
            return Problem(told, where, trace)
    return None


def _of_a_later_version(answer: Any, before: Order, event: Any) -> str:
    """Tell what is wrong with the version after that of an order which has seen more than the shop's orders have."""
    wanted = before.version + _LATER + 1
    found = answer(replace(before, version=before.version + _LATER), event)
    return differs(found.version, wanted, f"Of an order at version {wanted - 1}, order_after(order, event).version")


def _trace_of(answer: Any, trace: Trace, found: Any) -> Trace:
    """Return the run as the answer makes it, if what it makes is an order; else as it was asked for."""
    if not isinstance(found, Order) or isinstance(found.status, str):
        return trace

    def evolved(order: Order | None, event: Any) -> Any:
        return evolve(order, event) if order is None else answer(replace(order), event)

    return trace.replayed(replace(ORDERS, evolve=evolved))
