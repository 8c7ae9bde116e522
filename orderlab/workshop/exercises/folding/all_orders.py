"""1.3: a whole log, folded into all orders."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.runs import other_commands, runs_of, shop_commands, shortest_first
from orderlab.workshop.exercises.telling import differs_twice, log_of

QUESTION = """\
Now for the table of orders that the former owner did not keep. The log mixes the events of all orders, as life mixed
them, and each event names the order that it is about.

Write `fold_all(events)`, which returns a dictionary: by its id, every order that the log speaks of, as its events have
made it. Orders that were shipped or cancelled are in it, too. `evolve(order, event)` of orderlab takes every step,
also the first, for which the order is `None`.

For example: `order-1` is placed, `order-2` is placed, `order-1` is shipped. The dictionary has two orders, `order-1`
shipped at version 2, and `order-2` placed at version 1. Of the empty log it is `{}`.
"""

STARTER = """\
from orderlab import Order


def fold_all(events) -> dict[str, Order]:
    return ...
"""

HINTS = (
    "One `evolve` is one step of one order. Which order does an event go to, and how do you find that order as it "
    "stands?",
    "Keep a dictionary of orders by id. `event.order_id` names the order; `orders.get(event.order_id)` is that order, "
    "or None if this is its first event.",
    "Make the dictionary inside the function. In the loop: "
    "`orders[event.order_id] = evolve(orders.get(event.order_id), event)`.",
)

SOLUTION = """\
from orderlab import evolve


def fold_all(events):
    orders = {}
    for event in events:
        orders[event.order_id] = evolve(orders.get(event.order_id), event)
    return orders
"""

WRONG = (
    Wrong(
        "The dictionary is made once, when the function is defined, so a second fold begins where the first ended.",
        """\
from orderlab import evolve


def fold_all(events, orders={}):
    for event in events:
        orders[event.order_id] = evolve(orders.get(event.order_id), event)
    return orders
""",
    ),
    Wrong(
        "All events are folded into one order, whichever they are about.",
        """\
from orderlab import evolve


def fold_all(events):
    orders, order = {}, None
    for event in events:
        order = evolve(order, event)
        orders[order.id] = order
    return orders
""",
    ),
    Wrong(
        "Every event is folded from nothing, as if it were the first of its order.",
        """\
from orderlab import evolve


def fold_all(events):
    return {event.order_id: evolve(None, event) for event in events}
""",
    ),
    Wrong(
        "An order that was shipped or cancelled is thrown away, as if it had never been.",
        """\
from orderlab import OrderPlaced, evolve


def fold_all(events):
    orders = {}
    for event in events:
        if isinstance(event, OrderPlaced):
            orders[event.order_id] = evolve(None, event)
        else:
            del orders[event.order_id]
    return orders
""",
    ),
    Wrong(
        "An order that is known already is not looked at again.",
        """\
from orderlab import evolve


def fold_all(events):
    orders = {}
    for event in events:
        if event.order_id not in orders:
            orders[event.order_id] = evolve(None, event)
    return orders
""",
    ),
)


@exercise(
    "1.3",
    title="A whole log into all orders",
    question=QUESTION,
    answer="fold_all",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="The state of everything is a fold, too: each event takes the one order that it is about a step further.",
    runs=lambda: shortest_first(
        runs_of(ORDERS, shop_commands(2), depth=4, accepted=True),
        runs_of(ORDERS, other_commands(3), depth=3, accepted=True),
    ),
)
def all_orders(answer: Any, trace: Trace) -> Problem | None:
    """Compare the dictionary with the orders of the run itself, and fold the same log a second time."""
    wanted = dict(sorted(trace.state.entities.items()))
    told = differs_twice(lambda: answer(list(trace.events)), wanted, "fold_all(events)")
    return Problem(told, f"That is for {log_of(trace.events)}.", trace) if told else None
