"""2.4: a clock and ids that are handed in, not read."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import OrderPlaced, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.deciding.asking import asked_of, met, of_answer, order_before
from orderlab.workshop.exercises.runs import BASKETS, other_commands, runs_of, shortest_first
from orderlab.workshop.exercises.telling import at_step, differs, unless_alike
from orderlab.workshop.exercises.world import handed_on, watched

QUESTION = """\
A customer says that her order was placed on Monday; you think it was Tuesday. Could you ask `decide` once more, as of
Monday? Only if it is **pure**: the same arguments, the same answer, today and in a year. A function that looks at the
clock itself, or draws a number itself, answers differently each time, and nobody can find out what it said.

So the world is handed in: `at` is the time, and `order_id` the number that a new order is to have. It is drawn outside,
by whoever asks.

Write `decide_placing(command, order, *, order_id, at)` for a `PlaceOrder` whose fields are in order. If there is an
order already, return `InvalidOrderState(order_id, order.status.name)`. Else return
`(OrderPlaced(order_id, customer_id, items, total_cents, timestamp),)`; what an item costs is `item.total_cents`.

For example: Ada's two mugs at 950 cents, `order_id="order-1"` and `at=noon`, give
`(OrderPlaced("order-1", "ada", items, 1900, noon),)`. Asked again, the same. Write it yourself, without
orderlab's own `decide`.
"""

STARTER = """\
from orderlab import Order, PlaceOrder


def decide_placing(command: PlaceOrder, order: Order | None, *, order_id: str, at):
    return ...
"""

HINTS = (
    "Everything that the event needs is among the arguments. Nothing has to be imported but types of orderlab.",
    "`from orderlab import InvalidOrderState, OrderPlaced`. The customer and the items are those of the command, the "
    "number is `order_id` and the time is `at`. The command's own `order_id` may be None, so it is no help.",
    "The total is `sum(item.total_cents for item in command.items)`, and the event is "
    "`OrderPlaced(order_id, command.customer_id, tuple(command.items), total, at)`, in a tuple of one.",
)

SOLUTION = """\
from orderlab import InvalidOrderState, OrderPlaced


def decide_placing(command, order, *, order_id, at):
    if order is not None:
        return InvalidOrderState(order_id, order.status.name)
    items = tuple(command.items)
    return (OrderPlaced(order_id, command.customer_id, items, sum(item.total_cents for item in items), at),)
"""

WRONG = (
    Wrong(
        "The event gets the time at which the program happens to run.",
        "from datetime import UTC, datetime\n"
        + SOLUTION.replace("for item in items), at)", "for item in items), datetime.now(UTC))"),
    ),
    Wrong(
        "The number of the order is drawn here, and is another one each time.",
        "from uuid import uuid4\n" + SOLUTION.replace("    items =", '    order_id = f"order-{uuid4()}"\n    items ='),
    ),
    Wrong(
        "The shop takes no orders at night, and asks the machine's clock when that is.",
        "import time\n"
        + SOLUTION.replace(
            "    items =",
            '    if time.localtime().tm_hour >= 22:\n        return InvalidOrderState(order_id, "closed")\n    items =',
        ),
    ),
    Wrong(
        "Orders are counted in a variable outside, so the answer depends on how often one has asked.",
        """\
from orderlab import InvalidOrderState, OrderPlaced

PLACED = []


def decide_placing(command, order, *, order_id, at):
    if order is not None:
        return InvalidOrderState(order_id, order.status.name)
    items = tuple(command.items)
    PLACED.append(order_id)
    order_id = f"order-{len(PLACED)}"
    return (OrderPlaced(order_id, command.customer_id, items, sum(item.total_cents for item in items), at),)
""",
    ),
    Wrong(
        "The command's own number is taken, which a new order does not have yet.",
        SOLUTION.replace("OrderPlaced(order_id", "OrderPlaced(command.order_id"),
    ),
    Wrong(
        "How dear things are is read from the machine's environment, which nobody hands in.",
        "import os\n"
        + SOLUTION.replace("for item in items), at)", 'for item in items) * int(os.environ.get("DEARER", "1")), at)'),
    ),
    Wrong(
        "A line is logged on the way, and a log line has the time in it.",
        SOLUTION.replace("orderlab import", "logging import warning\n\nfrom orderlab import").replace(
            "    items =", '    warning("placing %s", order_id)\n    items ='
        ),
    ),
    Wrong(
        "It is handed on to orderlab's own rules, which were to be understood.",
        """\
from orderlab import decide


def decide_placing(command, order, *, order_id, at):
    return decide(command, order, order_id=order_id, at=at)
""",
    ),
)

COMMANDS = (
    PlaceOrder("ada", BASKETS[0]),
    PlaceOrder("grace", BASKETS[2], "order-1"),
    ShipOrder("order-1", "TRACK-1"),
)


@exercise(
    "2.4",
    title="A clock that is handed in",
    question=QUESTION,
    answer="decide_placing",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Who decides reads no clock and draws no number: what the world has to say comes in as an argument.",
    runs=lambda: shortest_first(runs_of(ORDERS, COMMANDS, depth=3), runs_of(ORDERS, other_commands(), depth=2)),
)
def purity(answer: Any, trace: Trace) -> Problem | None:
    """Watch whether the answer looks at the world, ask it twice, and compare it with the shop's rules."""

    def ask(command: Any, order: Any, *, key: str, at: Any) -> Any:
        return answer(command, order, order_id=key, at=at)

    right = trace.replayed(ORDERS)
    for number, step in enumerate(right.steps, start=1):
        if not isinstance(step.command, PlaceOrder):
            continue
        order, key, at = order_before(step), step.key, step.at
        where = f"At {at_step(right, number)}, with order_id={key!r} and at={at}: {met(order)}."
        found, look = watched(asked_of, ask, step.command, order, key=key, at=at, its=answer)
        if look is not None:
            return Problem(f"decide_placing {look}; it may use only what it is handed.", where, right)
        wanted = step.events or step.rejection
        told = _not_the_one_handed_in(found, wanted) or differs(found, wanted, "decide_placing(…)")
        if told:
            shown = of_answer(trace, (PlaceOrder,), ask)
            return Problem(told, where, shown, unless_alike(right, shown))
        again, handed = handed_on(asked_of, ask, step.command, order, key=key, at=at)
        told = differs(again, found, "Asked the same again, decide_placing(…)") or handed
        if told:
            return Problem(told, where, right)
    return None


def _not_the_one_handed_in(found: Any, wanted: Any) -> str:
    """Tell of a time that is not `at`; it may be another at every run, so it is not shown."""
    events = isinstance(wanted, tuple) and isinstance(found, tuple) and len(found) == 1
    if not events or not isinstance(found[0], OrderPlaced) or found[0].timestamp == wanted[0].timestamp:
        return ""
    return f"decide_placing(…)[0].timestamp is not the time that was handed in as at, which is {wanted[0].timestamp}."
