"""2.1: decide whether an order may be shipped."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.deciding.asking import first_difference
from orderlab.workshop.exercises.runs import order_commands, other_commands, runs_of, shortest_first

QUESTION = """\
The past is in order, so you open the shop. The first parcel is packed, and somebody wants to hand it to the carrier.
May it leave? That is decided *before* it happens, on the order as it stands.

Write `decide_shipping(command, order, *, at)`. The command is a `ShipOrder`, and the order is the one that it is about,
or `None` if there is none. Return

- a tuple with one `OrderShipped(order_id, tracking_number, timestamp)`, at the time `at`, if the order is placed;
- `OrderNotFound(order_id)` if there is no order;
- `InvalidOrderState(order_id, current_status)` if it is shipped or cancelled already. The name of its status is
  `order.status.name`.

For example: `ShipOrder("order-1", "TRACK-1")` for a placed order gives
`(OrderShipped("order-1", "TRACK-1", at),)`, and for one that was cancelled
`InvalidOrderState("order-1", "cancelled")`. All three types are in orderlab. Write it yourself, without orderlab's own
`decide`.
"""

STARTER = """\
from orderlab import Order, ShipOrder


def decide_shipping(command: ShipOrder, order: Order | None, *, at):
    return ...
"""

HINTS = (
    "There are three cases. Look first for the one in which there is nothing to look at: no order.",
    "`from orderlab import InvalidOrderState, OrderNotFound, OrderShipped`. An order is placed if its "
    '`order.status.name` is `"placed"`, and the names of the fields are in the question.',
    "`if order is None: return OrderNotFound(command.order_id)`; then, unless the order is placed, "
    "`return InvalidOrderState(command.order_id, order.status.name)`; and at last the event, in a tuple of one: "
    "`(OrderShipped(command.order_id, command.tracking_number, at),)`. The comma makes it a tuple.",
)

SOLUTION = """\
from orderlab import InvalidOrderState, OrderNotFound, OrderShipped


def decide_shipping(command, order, *, at):
    if order is None:
        return OrderNotFound(command.order_id)
    if order.status.name != "placed":
        return InvalidOrderState(command.order_id, order.status.name)
    return (OrderShipped(command.order_id, command.tracking_number, at),)
"""

WRONG = (
    Wrong(
        "A decision is a tuple of events; this is a bare event.",
        SOLUTION.replace(
            "(OrderShipped(command.order_id, command.tracking_number, at),)",
            "OrderShipped(command.order_id, command.tracking_number, at)",
        ),
    ),
    Wrong(
        "That there may be no order at all is not thought of.",
        SOLUTION.replace("    if order is None:\n        return OrderNotFound(command.order_id)\n", ""),
    ),
    Wrong(
        "A parcel can leave twice: only a cancelled order is refused.",
        SOLUTION.replace('!= "placed"', '== "cancelled"'),
    ),
    Wrong(
        "Every refusal is told as the same one.",
        SOLUTION.replace(
            "return InvalidOrderState(command.order_id, order.status.name)", "return OrderNotFound(command.order_id)"
        ),
    ),
    Wrong(
        "The refusal names the class of the status, not the status.",
        SOLUTION.replace("(command.order_id, order.status.name)", "(command.order_id, type(order.status).__name__)"),
    ),
    Wrong(
        "The event has what the example has, whatever the command says.",
        SOLUTION.replace(
            "OrderShipped(command.order_id, command.tracking_number,", 'OrderShipped("order-1", "TRACK-1",'
        ),
    ),
    Wrong(
        "The event is in a list, and lists can be changed by whoever gets them.",
        SOLUTION.replace(
            "(OrderShipped(command.order_id, command.tracking_number, at),)",
            "[OrderShipped(command.order_id, command.tracking_number, at)]",
        ),
    ),
    Wrong(
        "A refusal is raised like an exception, and it is a value.",
        SOLUTION.replace("return OrderNotFound", "raise OrderNotFound").replace(
            "return InvalidOrderState", "raise InvalidOrderState"
        ),
    ),
    Wrong(
        "It is handed on to orderlab's own rules, which were to be understood.",
        """\
from orderlab import decide


def decide_shipping(command, order, *, at):
    return decide(command, order, order_id=command.order_id, at=at)
""",
    ),
)


@exercise(
    "2.1",
    title="May it be shipped?",
    question=QUESTION,
    answer="decide_shipping",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Deciding looks at the present and answers with facts or with one refusal; it changes nothing.",
    runs=lambda: shortest_first(runs_of(ORDERS, order_commands(), depth=3), runs_of(ORDERS, other_commands(), depth=3)),
)
def shipping(answer: Any, trace: Trace) -> Problem | None:
    """Compare what is said to each ShipOrder with what the shop's rules say."""

    def ask(command: Any, order: Any, *, key: str, at: Any) -> Any:
        return answer(command, order, at=at)

    return first_difference(trace, (ShipOrder,), "decide_shipping", ask)
