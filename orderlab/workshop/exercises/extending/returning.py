"""7.1: an order that comes back: a domain is extended by adding to decide and to evolve."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import InvalidOrderState, OrderNotFound, ValidationFailed
from orderlab.orders.decider import ORDERS
from orderlab.orders.decider import evolve as evolve_order
from orderlab.orders.model import Order, Shipped
from orderlab.workshop.exercises.extending.back import OrderReturned, Returned, ReturnOrder, with_returns
from orderlab.workshop.exercises.extending.comparing import first_difference
from orderlab.workshop.exercises.runs import order_commands, runs_of

QUESTION = """\
A parcel stands at the door: the lamp was the wrong colour. Until now the shop has no word for that. Shipped was the
end.

In `orderlab.workshop.exercises.extending.back` there are three new words: the command `ReturnOrder(order_id, reason)`,
the event `OrderReturned(order_id, reason, timestamp)`, and the status `Returned(reason, returned_at)`. What they mean
is for you to say, in `decide_too` and `evolve_too`; `with_returns` makes a decider, `RETURNS`, of the two. The first
line does not import all that you need: add `Returned` to it, and take the refusals from `orderlab`.

- A return with a blank reason is refused with `ValidationFailed("reason must not be blank", order_id)`, one of an order
  that is not there with `OrderNotFound(order_id)`, and one of an order that is not *shipped* with
  `InvalidOrderState(order_id, order.status.name)`, checked in this order. Else `(OrderReturned(…),)` comes of it.
- After `OrderReturned` the order has the status `Returned`, `updated_at` is the event's time, and its version is one
  more. That is its end: nothing more can happen to it.
- All that there was before is as it was: leave it to `decide(command, order, order_id=key, at=at)` and
  `evolve(order, event)` of orderlab.

For example: to return what was placed is `InvalidOrderState("order-1", "placed")`.
"""

STARTER = """\
from orderlab.workshop.exercises.extending.back import OrderReturned, ReturnOrder, with_returns


def decide_too(command, order, *, key, at):
    return ...


def evolve_too(order, event):
    return ...


RETURNS = with_returns(decide_too, evolve_too)
"""

HINTS = (
    "Both functions begin alike: is it the new word? If not, orderlab's own function answers.",
    "`if not isinstance(command, ReturnOrder): return decide(command, order, order_id=key, at=at)`, and the same with "
    "`OrderReturned` and `evolve(order, event)`. Below that there are only returns: three checks and an event, and an "
    "order that is made by `replace` of `dataclasses`.",
    'The checks: `if not command.reason.strip()`, `if order is None`, `if order.status.name != "shipped"`. The order '
    "after it: `replace(order, status=Returned(event.reason, event.timestamp), updated_at=event.timestamp, "
    "version=order.version + 1)`.",
)

SOLUTION = """\
from dataclasses import replace

from orderlab import InvalidOrderState, OrderNotFound, ValidationFailed, decide, evolve
from orderlab.workshop.exercises.extending.back import OrderReturned, Returned, ReturnOrder, with_returns


def decide_too(command, order, *, key, at):
    if not isinstance(command, ReturnOrder):
        return decide(command, order, order_id=key, at=at)
    if not command.reason.strip():
        return ValidationFailed("reason must not be blank", key)
    if order is None:
        return OrderNotFound(key)
    if order.status.name != "shipped":
        return InvalidOrderState(key, order.status.name)
    return (OrderReturned(key, command.reason, at),)


def evolve_too(order, event):
    if not isinstance(event, OrderReturned):
        return evolve(order, event)
    status = Returned(event.reason, event.timestamp)
    return replace(order, status=status, updated_at=event.timestamp, version=order.version + 1)


RETURNS = with_returns(decide_too, evolve_too)
"""

WRONG = (
    Wrong(
        "What has not left yet can come back: only the ends are refused.",
        SOLUTION.replace('order.status.name != "shipped"', 'order.status.name in ("cancelled", "returned")'),
    ),
    Wrong(
        "An order can come back twice, and is paid back twice.",
        SOLUTION.replace('order.status.name != "shipped"', 'order.status.name not in ("shipped", "returned")'),
    ),
    Wrong(
        "The order is placed again, as the lamp is on the shelf again; so it can be shipped once more.",
        SOLUTION.replace("Returned(event.reason, event.timestamp)", "Placed()").replace(
            "ValidationFailed, decide", "Placed, ValidationFailed, decide"
        ),
    ),
    Wrong(
        "A reason of nothing at all is let through, for it has no spaces in it.",
        SOLUTION.replace("not command.reason.strip()", "command.reason.isspace()"),
    ),
    Wrong(
        "It is written for the order of the example, and every other one becomes that.",
        SOLUTION.replace("(OrderReturned(key, ", '(OrderReturned("order-1", '),
    ),
    Wrong(
        "The event is not counted, so a second writer is not noticed.",
        SOLUTION.replace(", version=order.version + 1", ""),
    ),
    Wrong(
        "The order looks as if nobody had touched it since it was shipped.",
        SOLUTION.replace("updated_at=event.timestamp, ", ""),
    ),
    Wrong(
        "The status is asked of an order that may not be there.",
        SOLUTION.replace("    if order is None:\n        return OrderNotFound(key)\n", ""),
    ),
    Wrong(
        "Only the new words are thought of, and the old ones get no answer.",
        SOLUTION.replace("        return decide(command, order, order_id=key, at=at)\n", "        return None\n"),
    ),
)


def _decide(command: Any, order: Order | None, /, *, key: str, at: datetime) -> Any:
    if not isinstance(command, ReturnOrder):
        return ORDERS.decide(command, order, key=key, at=at)
    if not command.reason.strip():
        return ValidationFailed("reason must not be blank", key)
    if order is None:
        return OrderNotFound(key)
    if not isinstance(order.status, Shipped):
        return InvalidOrderState(key, order.status.name)
    return (OrderReturned(key, command.reason, at),)


def _evolve(order: Order | None, event: Any) -> Any:
    if not isinstance(event, OrderReturned) or order is None:
        return evolve_order(order, event)
    status: Any = Returned(event.reason, event.timestamp)
    return replace(order, status=status, updated_at=event.timestamp, version=order.version + 1)


RETURNS = with_returns(_decide, _evolve)
"""Orders that can come back, as they should."""

COMMANDS = (
    *order_commands(),
    *(ReturnOrder("order-1", reason) for reason in ("The wrong colour", " ", "")),
    *order_commands(2),
    ReturnOrder("order-2", "It is too small"),
)


@exercise(
    "7.1",
    title="It comes back",
    question=QUESTION,
    answer="RETURNS",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="A domain grows by adding: a new word in decide and in evolve, and all that was there stays as it was.",
    runs=lambda: runs_of(RETURNS, COMMANDS, depth=4),
)
def returning(answer: Any, trace: Trace) -> Problem | None:
    """Compare what is decided, and the order after it, with what the question says; the old commands among them."""
    return first_difference(answer, trace, RETURNS, "RETURNS", decides="decide_too", evolves="evolve_too")
