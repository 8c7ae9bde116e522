"""2.3: a command that is wrong in two ways, and the order of checks."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import CancelOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.deciding.asking import first_difference
from orderlab.workshop.exercises.runs import order_commands, other_commands, runs_of, shortest_first

QUESTION = """\
A customer writes: "Please cancel my order", and leaves the reason blank. The order was shipped yesterday. Two things
are wrong, and only one can be told. If it is this one today and that one tomorrow, nobody can rely on the answer, no
test and no program at the other end. So the checks have a fixed order:

1. the command's own fields, for which nothing has to be looked up;
2. whether the order exists;
3. whether its status allows this.

Write `decide_cancelling(command, order, *, at)` for a `CancelOrder`. A reason that is blank, with nothing in it but
spaces, however many, or tabs, is refused with `ValidationFailed("reason must not be blank", order_id)`, a missing order
with `OrderNotFound(order_id)`, an order that is not placed with `InvalidOrderState(order_id, order.status.name)`. Else
return `(OrderCancelled(order_id, reason, at),)`, with the reason as it was given.

For example: `CancelOrder("order-1", " ")` is `ValidationFailed`, whether there is such an order or not. Write it
yourself, without orderlab's own `decide`.
"""

STARTER = """\
from orderlab import CancelOrder, Order


def decide_cancelling(command: CancelOrder, order: Order | None, *, at):
    return ...
"""

HINTS = (
    "Each check is an `if` that returns. The order of the checks is the order of the `if`s.",
    "A reason is blank if nothing is left of it without its spaces: `command.reason.strip()` is an empty text, which "
    "counts as false.",
    "First `if not command.reason.strip(): return ValidationFailed(…)`, then `if order is None: return "
    'OrderNotFound(…)`, then `if order.status.name != "placed": return InvalidOrderState(…)`, and at the end the tuple '
    "with the event.",
)

SOLUTION = """\
from orderlab import InvalidOrderState, OrderCancelled, OrderNotFound, ValidationFailed


def decide_cancelling(command, order, *, at):
    if not command.reason.strip():
        return ValidationFailed("reason must not be blank", command.order_id)
    if order is None:
        return OrderNotFound(command.order_id)
    if order.status.name != "placed":
        return InvalidOrderState(command.order_id, order.status.name)
    return (OrderCancelled(command.order_id, command.reason, at),)
"""

WRONG = (
    Wrong(
        "The order is looked up before the command itself is looked at.",
        """\
from orderlab import InvalidOrderState, OrderCancelled, OrderNotFound, ValidationFailed


def decide_cancelling(command, order, *, at):
    if order is None:
        return OrderNotFound(command.order_id)
    if not command.reason.strip():
        return ValidationFailed("reason must not be blank", command.order_id)
    if order.status.name != "placed":
        return InvalidOrderState(command.order_id, order.status.name)
    return (OrderCancelled(command.order_id, command.reason, at),)
""",
    ),
    Wrong(
        "The fields are checked last, when all else is well.",
        """\
from orderlab import InvalidOrderState, OrderCancelled, OrderNotFound, ValidationFailed


def decide_cancelling(command, order, *, at):
    if order is not None and order.status.name != "placed":
        return InvalidOrderState(command.order_id, order.status.name)
    if not command.reason.strip():
        return ValidationFailed("reason must not be blank", command.order_id)
    if order is None:
        return OrderNotFound(command.order_id)
    return (OrderCancelled(command.order_id, command.reason, at),)
""",
    ),
    Wrong(
        "A reason of one space counts as a reason.",
        SOLUTION.replace("command.reason.strip()", "command.reason"),
    ),
    Wrong(
        "Two blank reasons are known by heart, and a third one is let through.",
        SOLUTION.replace("not command.reason.strip()", 'command.reason in ("", " ")'),
    ),
    Wrong(
        "The reason is tidied up before it is written down, so the log says what nobody wrote.",
        SOLUTION.replace(
            "OrderCancelled(command.order_id, command.reason,",
            "OrderCancelled(command.order_id, command.reason.strip(),",
        ),
    ),
    Wrong(
        "It is handed on to orderlab's own rules, which were to be understood.",
        """\
from orderlab import decide


def decide_cancelling(command, order, *, at):
    return decide(command, order, order_id=command.order_id, at=at)
""",
    ),
    Wrong(
        "The status is asked of an order that may not be there.",
        """\
from orderlab import InvalidOrderState, OrderCancelled, OrderNotFound, ValidationFailed


def decide_cancelling(command, order, *, at):
    if not command.reason.strip():
        return ValidationFailed("reason must not be blank", command.order_id)
    if order.status.name != "placed":
        return InvalidOrderState(command.order_id, order.status.name)
    if order is None:
        return OrderNotFound(command.order_id)
    return (OrderCancelled(command.order_id, command.reason, at),)
""",
    ),
)

_REASONS = ("", " ", "\t", "   ", "x", " too late ")
COMMANDS = (*order_commands(), *(CancelOrder("order-1", reason) for reason in _REASONS))


@exercise(
    "2.3",
    title="The order of checks",
    question=QUESTION,
    answer="decide_cancelling",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Fields, existence, status: checks in a fixed order give the same request the same answer every time.",
    runs=lambda: shortest_first(runs_of(ORDERS, COMMANDS, depth=3), runs_of(ORDERS, other_commands(), depth=3)),
)
def checks(answer: Any, trace: Trace) -> Problem | None:
    """Compare what is said to each CancelOrder, blank reasons among them, with what the shop's rules say."""

    def ask(command: Any, order: Any, *, key: str, at: Any) -> Any:
        return answer(command, order, at=at)

    return first_difference(trace, (CancelOrder,), "decide_cancelling", ask)
