"""1.1: how many orders are open, by folding the log into a number."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Placed
from orderlab.workshop.exercises.runs import other_commands, runs_of, shop_commands, shortest_first
from orderlab.workshop.exercises.telling import differs_twice, log_of

QUESTION = """\
You have taken over a small shop. The former owner left no table of orders, only the **log**: every event that there
ever was, in its order. The first thing you want to know is how much work is waiting.

Write `count_open(events)`. It is given a list of events, and returns how many orders are *open*: placed, and neither
shipped nor cancelled. The log is sound, so only what was placed is shipped or cancelled, and only once.

For example: `order-1` is placed, `order-2` is placed, `order-1` is shipped. One order is open. If nothing has happened
yet, it is 0.
"""

STARTER = """\
from orderlab import OrderCancelled, OrderPlaced, OrderShipped


def count_open(events: list[OrderPlaced | OrderShipped | OrderCancelled]) -> int:
    return ...
"""

HINTS = (
    "You need not know which orders are open, only how many. Begin with 0 and go through the events one by one.",
    "An `OrderPlaced` makes the number larger by one. Which events make it smaller by one? `isinstance(event, …)` "
    "tells what kind an event is.",
    "A loop with two branches: `if isinstance(event, OrderPlaced)`, add 1; otherwise subtract 1, for a shipped order "
    "and a cancelled one are both open no more. Return the number after the loop, not in it.",
)

SOLUTION = """\
from orderlab import OrderPlaced


def count_open(events):
    count = 0
    for event in events:
        if isinstance(event, OrderPlaced):
            count += 1
        else:
            count -= 1
    return count
"""

WRONG = (
    Wrong(
        "What was placed is counted, and stays open for ever.",
        """\
from orderlab import OrderPlaced


def count_open(events):
    return sum(isinstance(event, OrderPlaced) for event in events)
""",
    ),
    Wrong(
        "Only a shipped order is open no more; that one can be cancelled is forgotten.",
        """\
from orderlab import OrderPlaced, OrderShipped


def count_open(events):
    count = 0
    for event in events:
        if isinstance(event, OrderPlaced):
            count += 1
        if isinstance(event, OrderShipped):
            count -= 1
    return count
""",
    ),
    Wrong(
        "The return stands in the loop, so only the first event is looked at.",
        """\
from orderlab import OrderPlaced


def count_open(events):
    count = 0
    for event in events:
        count += 1 if isinstance(event, OrderPlaced) else -1
        return count
""",
    ),
    Wrong(
        "The orders that the log speaks of are counted, whatever became of them.",
        """\
def count_open(events):
    return len({event.order_id for event in events})
""",
    ),
    Wrong(
        "Orders are looked for by the names that the example has.",
        """\
from orderlab import OrderPlaced


def count_open(events):
    of_order = {"order-1": 0, "order-2": 0}
    for event in events:
        if event.order_id in of_order:
            of_order[event.order_id] += 1 if isinstance(event, OrderPlaced) else -1
    return sum(of_order.values())
""",
    ),
    Wrong(
        "The number is kept outside the function, so a second fold begins where the first ended.",
        """\
from orderlab import OrderPlaced

count = 0


def count_open(events):
    global count
    for event in events:
        count += 1 if isinstance(event, OrderPlaced) else -1
    return count
""",
    ),
)


@exercise(
    "1.1",
    title="Count by folding",
    question=QUESTION,
    answer="count_open",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="A fold begins with what is so before anything has happened, and takes in one event after the other.",
    runs=lambda: shortest_first(
        runs_of(ORDERS, shop_commands(2), depth=4, accepted=True),
        runs_of(ORDERS, other_commands(3), depth=4, accepted=True),
    ),
)
def open_orders(answer: Any, trace: Trace) -> Problem | None:
    """Compare the number with the orders that the run itself has left open, and fold the same log a second time."""
    wanted = sorted(key for key, order in trace.state.entities.items() if isinstance(order.status, Placed))
    told = differs_twice(lambda: answer(list(trace.events)), len(wanted), "count_open(events)")
    if not told:
        return None
    still = f"Open in the end: {', '.join(wanted) or 'none'}."
    return Problem(told, f"That is for {log_of(trace.events)}. {still}", trace)
