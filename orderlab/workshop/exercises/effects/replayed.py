"""3.2: what is known live must follow from the log."""

from typing import Any

from orderlab.core.errors import CorruptStream
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Cancelled
from orderlab.workshop.exercises.runs import BASKETS, order_commands, other_commands, runs_of, shortest_first
from orderlab.workshop.exercises.telling import differs, log_of, shown

QUESTION = """\
On Friday you restart the program, and the shop has forgotten how much its customers have spent. The number was kept in
memory, and no event carried it. After a restart only the log is left: what does not follow from events is gone.

Write the class `Shop` with two attributes and two methods:

- `orders`, a dictionary of orders by id, and `spent`, a dictionary of cents by customer: what their orders cost
  together. What was cancelled is paid back. Both are empty at first.
- `handle(command, at)` decides on the present orders, takes in what comes of it, and returns the tuple of events,
  which is empty if the command was refused. `decide(command, order, order_id=…, at=…)` and `evolve(order, event)` are
  orderlab's, and every command here has an `order_id`.
- `apply(event)` takes in one event. A shop that is made new and is given the events that another one has returned must
  know the same.

For example: Ada orders for 1900 cents, and `spent` is `{"ada": 1900}`, live and after a restart. She cancels, and it is
`{"ada": 0}`.
"""

STARTER = """\
class Shop:
    def __init__(self):
        self.orders, self.spent = {}, {}

    def handle(self, command, at):
        return ...

    def apply(self, event):
        return ...
"""

HINTS = (
    "There are two ways in, a command and an event, but what an event *means* should be written in one place only.",
    "`from orderlab import OrderCancelled, OrderPlaced, decide, evolve`. `handle` only decides; each event that comes "
    "of it is handed to `self.apply`. All that changes is changed in `apply`.",
    "In `apply`: `order = self.orders[event.order_id] = evolve(self.orders.get(event.order_id), event)`. Then add "
    "`order.total_cents` to `self.spent[order.customer_id]` for an `OrderPlaced`, and take it away for an "
    "`OrderCancelled`. In `handle`: return the answer of `decide` if it is a tuple, after applying it, and else `()`.",
)

SOLUTION = """\
from orderlab import OrderCancelled, OrderPlaced, decide, evolve


class Shop:
    def __init__(self):
        self.orders, self.spent = {}, {}

    def handle(self, command, at):
        key = command.order_id
        answer = decide(command, self.orders.get(key), order_id=key, at=at)
        events = answer if isinstance(answer, tuple) else ()
        for event in events:
            self.apply(event)
        return events

    def apply(self, event):
        order = self.orders[event.order_id] = evolve(self.orders.get(event.order_id), event)
        paid = {OrderPlaced: order.total_cents, OrderCancelled: -order.total_cents}.get(type(event), 0)
        self.spent[order.customer_id] = self.spent.get(order.customer_id, 0) + paid
"""

_KEPT_IN_HANDLE = """\
        for event in events:
            self.apply(event)
            order = self.orders[key]
            paid = {OrderPlaced: order.total_cents, OrderCancelled: -order.total_cents}.get(type(event), 0)
            self.spent[order.customer_id] = self.spent.get(order.customer_id, 0) + paid
        return events
"""
_HANDLE = "        for event in events:\n            self.apply(event)\n        return events\n"
_KEPT_IN_APPLY = SOLUTION[SOLUTION.index("        paid =") :]

WRONG = (
    Wrong(
        "The money is counted when a command is handled, so a restart forgets it.",
        SOLUTION.replace(_KEPT_IN_APPLY, "").replace(_HANDLE, _KEPT_IN_HANDLE),
    ),
    Wrong(
        "To be on the safe side the money is counted in both places, and so twice while the shop is open.",
        SOLUTION.replace(_HANDLE, _KEPT_IN_HANDLE),
    ),
    Wrong(
        "The events are returned, but not taken in, so the shop does not know what it has decided itself.",
        SOLUTION.replace(_HANDLE, "        return events\n"),
    ),
    Wrong(
        "What was cancelled is not paid back.",
        SOLUTION.replace(
            "{OrderPlaced: order.total_cents, OrderCancelled: -order.total_cents}", "{OrderPlaced: order.total_cents}"
        ),
    ),
    Wrong(
        "The last event alone is counted, not the sum.",
        SOLUTION.replace("self.spent.get(order.customer_id, 0) + paid", "paid"),
    ),
    Wrong(
        "What is decided on is known to handle alone, so after a restart everything seems to be new.",
        """\
from orderlab import OrderCancelled, OrderPlaced, decide, evolve


class Shop:
    def __init__(self):
        self.orders, self.spent, self.known = {}, {}, {}

    def handle(self, command, at):
        key = command.order_id
        answer = decide(command, self.known.get(key), order_id=key, at=at)
        events = answer if isinstance(answer, tuple) else ()
        for event in events:
            self.known[key] = evolve(self.known.get(key), event)
            self.apply(event)
        return events

"""
        + SOLUTION[SOLUTION.index("    def apply") :],
    ),
    Wrong(
        "There is one purse for all customers.",
        SOLUTION.replace(
            "self.spent[order.customer_id] = self.spent.get(order.customer_id, 0) + paid",
            'self.total = getattr(self, "total", 0) + paid\n        self.spent[order.customer_id] = self.total',
        ),
    ),
    Wrong(
        "The events are returned in a list, and lists can be changed by whoever gets them.",
        SOLUTION.replace("return events", "return list(events)"),
    ),
)

COMMANDS = (
    *order_commands(),
    PlaceOrder("ada", BASKETS[1], "order-2"),
    *order_commands(2)[1:],
    PlaceOrder("grace", BASKETS[2], "order-3"),
)
"""Two orders of one customer, and one of another."""


@exercise(
    "3.2",
    title="Live equals replayed",
    question=QUESTION,
    answer="Shop",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="State that no event carries does not survive; let events alone change it, and live equals replayed.",
    runs=lambda: shortest_first(runs_of(ORDERS, COMMANDS, depth=4), runs_of(ORDERS, other_commands(), depth=3)),
)
def replayed(answer: Any, trace: Trace) -> Problem | None:
    """Compare a shop that was open all the time with those that are made of the log, and all with what is right."""
    right = trace.replayed(ORDERS)
    live, restarted, before_the_last = answer(), answer(), answer()
    lacks = next((name for name in ("orders", "spent", "handle", "apply") if not hasattr(live, name)), "")
    if lacks:
        return Problem(f"Shop has no `{lacks}`", "that is of a Shop() before anything has happened", right)
    for number, step in enumerate(right.steps, start=1):
        told = differs(live.handle(step.command, step.at), step.events, "handle(…)")
        if told:
            return Problem(told, _at(right, number), right)
    for event in right.events:
        restarted.apply(event)
    for when, shop in (("While the shop is open", live), ("After a restart", restarted)):
        told = differs(shop.spent, _with_zeros(_spent(right), shop.spent), f"{when}, spent")
        told = told or differs(dict(shop.orders), dict(right.state.entities), f"{when}, orders")
        if told:
            both = f"Open: {shown(live.spent)}; restarted: {shown(restarted.spent)}"
            return Problem(told, f"The log has {log_of(right.events).removeprefix('the log ')}. {both}.", right)
    for event in right[:-1].events:
        before_the_last.apply(event)
    for step in right.steps[-1:]:
        try:
            found = before_the_last.handle(step.command, step.at)
            told = differs(found, step.events, "After a restart, handle(…)")
        except CorruptStream as error:
            told = f"After a restart, handle(…) raises CorruptStream: {error}."
        if told:
            return Problem(told, f"{_at(right, len(right))} It was restarted before that.", right)
    return None


def _at(trace: Trace, number: int) -> str:
    return f"At step {number} of {len(trace)}, {shown(trace.steps[number - 1].command)}."


def _spent(trace: Trace) -> dict[str, int]:
    """Return what each customer of a run has spent, without those who have spent nothing."""
    spent: dict[str, int] = {}
    for order in trace.state.entities.values():
        if not isinstance(order.status, Cancelled):
            spent[order.customer_id] = spent.get(order.customer_id, 0) + order.total_cents
    return spent


def _with_zeros(wanted: dict[str, int], found: Any) -> dict[str, int]:
    """Return what was spent, with a 0 for whom the answer knows as well: whether it says so does not matter."""
    return {**dict.fromkeys(found if isinstance(found, dict) else (), 0), **wanted}
