"""2.2: which of the three commands is refused in which of the four statuses."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.exploration.domain import reducer_of
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import Command, Event, PlaceOrder
from orderlab.orders.decider import ORDERS, decide
from orderlab.orders.model import Order
from orderlab.workshop.exercises.deciding.asking import Ask, asked_of, met, order_before
from orderlab.workshop.exercises.runs import order_commands, other_commands, runs_of, shortest_first
from orderlab.workshop.exercises.telling import at_step, differs
from orderlab.workshop.exercises.world import handed_on

QUESTION = """\
There are three commands, and an order is in one of four statuses: a draft, which is no order yet, or placed, shipped,
cancelled. That makes twelve cases, and only three of them are allowed: a draft can be placed, and what is placed can be
shipped or cancelled. The customers will try the other nine.

Write `refusal(command, order, *, order_id)`. It returns `None` if the command is allowed, and otherwise the reason:
`InvalidOrderState(order_id, order.status.name)` if the order's status does not allow it, or `OrderNotFound(order_id)`
if there should be an order and `order` is `None`.

For example: to cancel a placed order gives `None`; to cancel a shipped one,
`InvalidOrderState("order-1", "shipped")`; to place an order that is there already,
`InvalidOrderState("order-1", "placed")`. Write it yourself, without orderlab's own `decide`.
"""

STARTER = """\
from orderlab import Order


def refusal(command, order: Order | None, *, order_id: str):
    return ...
"""

HINTS = (
    "Draw the twelve cases as a table of three rows and four columns. Which row is unlike the other two?",
    "`PlaceOrder` wants that there is *no* order; the other two want that there is one, and that it is placed. "
    "`isinstance(command, PlaceOrder)` parts the two kinds.",
    "For `PlaceOrder`: `None` if `order is None`, else `InvalidOrderState(order_id, order.status.name)`. For the other "
    "two ask three things in turn: is there no order; is it not placed; and at last, all is well.",
)

SOLUTION = """\
from orderlab import InvalidOrderState, OrderNotFound, PlaceOrder


def refusal(command, order, *, order_id):
    if order is None:
        return None if isinstance(command, PlaceOrder) else OrderNotFound(order_id)
    if isinstance(command, PlaceOrder) or order.status.name != "placed":
        return InvalidOrderState(order_id, order.status.name)
    return None
"""

WRONG = (
    Wrong(
        "An order that is not there yet cannot be found, so it cannot even be placed.",
        SOLUTION.replace("None if isinstance(command, PlaceOrder) else ", ""),
    ),
    Wrong(
        "An order can be placed again, as by a customer who clicks twice.",
        SOLUTION.replace("isinstance(command, PlaceOrder) or ", ""),
    ),
    Wrong(
        "A parcel that is on its way can be cancelled, as if it could be called back.",
        """\
from orderlab import CancelOrder, InvalidOrderState, OrderNotFound, PlaceOrder


def refusal(command, order, *, order_id):
    if order is None:
        return None if isinstance(command, PlaceOrder) else OrderNotFound(order_id)
    if isinstance(command, CancelOrder) and order.status.name != "cancelled":
        return None
    if isinstance(command, PlaceOrder) or order.status.name != "placed":
        return InvalidOrderState(order_id, order.status.name)
    return None
""",
    ),
    Wrong(
        "To cancel what is cancelled does no harm, so it is allowed, and happens twice.",
        """\
from orderlab import CancelOrder, InvalidOrderState, OrderNotFound, PlaceOrder


def refusal(command, order, *, order_id):
    if order is None:
        return None if isinstance(command, PlaceOrder) else OrderNotFound(order_id)
    if isinstance(command, CancelOrder) and order.status.name == "cancelled":
        return None
    if isinstance(command, PlaceOrder) or order.status.name != "placed":
        return InvalidOrderState(order_id, order.status.name)
    return None
""",
    ),
    Wrong(
        "The reason is put into a tuple, as events are, and there is only one.",
        SOLUTION.replace(
            "return InvalidOrderState(order_id, order.status.name)",
            "return (InvalidOrderState(order_id, order.status.name),)",
        ),
    ),
    Wrong(
        "It is handed on to orderlab's own rules, which were to be understood.",
        """\
from datetime import UTC, datetime

from orderlab import decide


def refusal(command, order, *, order_id):
    decision = decide(command, order, order_id=order_id, at=datetime(2025, 1, 1, tzinfo=UTC))
    return None if isinstance(decision, tuple) else decision
""",
    ),
)


def _allowed(command: Command, order_id: str, at: datetime) -> tuple[Event, ...]:
    """Return the events of a command as if it were allowed: those that it causes where it is."""
    run = Trace.of(ORDERS, [replace(order_commands()[0], order_id=order_id)])
    order = None if isinstance(command, PlaceOrder) else run.state.entities[order_id]
    events = decide(command, order, order_id=order_id, at=at)
    return events if isinstance(events, tuple) else ()


def _of_answer(trace: Trace, ask: Ask) -> Trace:
    """Return the run as it goes when an answer refuses, or does not."""

    def decided(command: Command, order: Order | None, /, *, key: str, at: datetime) -> Any:
        refused = asked_of(ask, command, order, order_id=key)
        return _allowed(command, key, at) if refused is None else refused

    return replace(trace.replayed(replace(ORDERS, decide=decided)), reducer=reducer_of(ORDERS))


@exercise(
    "2.2",
    title="The nine that are refused",
    question=QUESTION,
    answer="refusal",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Three of twelve cases are allowed; a rule is complete when it has an answer to the other nine.",
    runs=lambda: shortest_first(runs_of(ORDERS, order_commands(), depth=3), runs_of(ORDERS, other_commands(), depth=3)),
)
def transitions(answer: Any, trace: Trace) -> Problem | None:
    """Compare the refusal of each command with the one that the shop's rules give."""
    right = trace.replayed(ORDERS)
    for number, step in enumerate(right.steps, start=1):
        order = order_before(step)
        found, handed = handed_on(asked_of, answer, step.command, order, order_id=step.key)
        told = differs(found, step.rejection, "refusal(…)", may_be_none=True) or handed
        if told:
            return Problem(told, f"At {at_step(right, number)}: {met(order)}.", _of_answer(trace, answer), right)
    return None
