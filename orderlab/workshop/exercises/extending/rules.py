"""7.4: new rules for an old log: they are for what is decided from now on, not for what has happened."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import PlaceOrder, ValidationFailed
from orderlab.orders.decider import ORDERS, problem_with, total_of
from orderlab.orders.model import Order, OrderItem
from orderlab.workshop.exercises.extending.comparing import first_difference
from orderlab.workshop.exercises.runs import BASKETS, order_commands, runs_of

QUESTION = """\
Postage has become dear. From today there are two new rules:

1. The items of a new order must cost 1000 cents at least. If they cost less, `PlaceOrder` is refused with
   `ValidationFailed("items must cost 1000 cents at least", order_id)`. That is a check of the command's own fields: it
   comes after those that there are already, and before anybody looks whether the order exists.
2. A new order costs 490 cents more, for postage: they are in the event's `total_cents`.

But the shop has a log, and it is full of small orders without postage. They have been paid, and some will be shipped
tomorrow. Whoever replays the log under the new rules must get what was so, to the cent: *every old log must still
fold*.

Make `TODAY`, a `Decider`, with `replace(ORDERS, …)`. Write `decide_today`, and an `evolve` of your own if you think
that it needs one. `decide(command, order, order_id=key, at=at)` and `evolve(order, event)` are orderlab's.

For example: yesterday a tea for 450 cents was ordered. Under `TODAY` that order costs 450 cents still, and may be
shipped; to order another one is refused.
"""

STARTER = """\
from dataclasses import replace

from orderlab import ORDERS, decide, evolve


def decide_today(command, order, *, key, at):
    return ...


TODAY = replace(ORDERS, decide=decide_today, evolve=evolve)
"""

HINTS = (
    "A rule says what may be *decided*. An event says what *was* decided. Which of the two functions does a new rule "
    "belong to, then?",
    "`evolve` stays as it is: the total is in the event, the old one as well as the new one. In `decide_today`, ask "
    "orderlab's `decide` first; if a `ValidationFailed` comes of it, that is the answer. The two rules are for "
    "`PlaceOrder` alone.",
    "`answer = decide(command, order, order_id=key, at=at)`. Return it if it is no `PlaceOrder`, or if it is a "
    "`ValidationFailed`. Then, if `sum(item.total_cents for item in command.items) < 1000`, return the refusal. If the "
    "answer is a tuple, `(placed,) = answer`, and return "
    "`(replace(placed, total_cents=placed.total_cents + 490),)`; else the answer.",
)

SOLUTION = """\
from dataclasses import replace

from orderlab import ORDERS, PlaceOrder, ValidationFailed, decide, evolve


def decide_today(command, order, *, key, at):
    answer = decide(command, order, order_id=key, at=at)
    if not isinstance(command, PlaceOrder) or isinstance(answer, ValidationFailed):
        return answer
    if sum(item.total_cents for item in command.items) < 1000:
        return ValidationFailed("items must cost 1000 cents at least", command.order_id)
    if not isinstance(answer, tuple):
        return answer
    (placed,) = answer
    return (replace(placed, total_cents=placed.total_cents + 490),)


TODAY = replace(ORDERS, decide=decide_today, evolve=evolve)
"""
LEAST, POSTAGE = 1000, 490
"""What the items of a new order cost at least, and what is added, in cents."""


def _evolving(body: str, before: str = SOLUTION) -> str:
    """Return the solution with an evolve of its own."""
    written = f"def evolve_today(order, event):\n{body}\n\nTODAY"
    written = before.replace("TODAY", written, 1).replace("evolve=evolve)", "evolve=evolve_today)")
    return written.replace("ORDERS, PlaceOrder,", "ORDERS, CorruptStream, OrderPlaced, PlaceOrder,")


WRONG = (
    Wrong(
        "The rule is kept in evolve as well, so the old log cannot be read any more.",
        _evolving(
            "    if isinstance(event, OrderPlaced) and event.total_cents < 1000:\n"
            '        raise CorruptStream("an order must cost 1000 cents at least")\n'
            "    return evolve(order, event)\n"
        ),
    ),
    Wrong(
        "The postage is added when an event is applied, so what was paid years ago costs more today.",
        _evolving(
            "    after = evolve(order, event)\n"
            "    if isinstance(event, OrderPlaced):\n"
            "        return replace(after, total_cents=after.total_cents + 490)\n"
            "    return after\n",
            SOLUTION.replace("return (replace(placed, total_cents=placed.total_cents + 490),)", "return (placed,)"),
        ),
    ),
    Wrong(
        "The total is worked out anew from the items, with postage, whatever the event says.",
        _evolving(
            "    after = evolve(order, event)\n"
            "    return replace(after, total_cents=sum(item.total_cents for item in after.items) + 490)\n"
        ),
    ),
    Wrong(
        "A small order of before may not be shipped any more, though it was promised.",
        SOLUTION.replace(
            "    if not isinstance(command, PlaceOrder)",
            "    if order is not None and order.total_cents < 1000:\n"
            '        return ValidationFailed("items must cost 1000 cents at least", key)\n'
            "    if not isinstance(command, PlaceOrder)",
        ),
    ),
    Wrong(
        "An order of 1000 cents to the cent is refused.",
        SOLUTION.replace("in command.items) < 1000", "in command.items) <= 1000"),
    ),
    Wrong(
        "Only the first kind of item is looked at.",
        SOLUTION.replace("sum(item.total_cents for item in command.items)", "command.items[0].total_cents"),
    ),
    Wrong(
        "Postage is taken for every kind of item.",
        SOLUTION.replace("placed.total_cents + 490", "placed.total_cents + 490 * len(command.items)"),
    ),
    Wrong(
        "The postage counts towards the 1000 cents.",
        SOLUTION.replace("in command.items) < 1000", "in command.items) + 490 < 1000"),
    ),
    Wrong(
        "Whether the order exists is looked at before the command's own items.",
        SOLUTION.replace("isinstance(answer, ValidationFailed)", "not isinstance(answer, tuple)"),
    ),
    Wrong(
        "The new rule comes before the old ones, so an order of nothing is refused for its price.",
        SOLUTION.replace(" or isinstance(answer, ValidationFailed)", ""),
    ),
)


def _decide(command: Any, order: Order | None, /, *, key: str, at: datetime) -> Any:
    if isinstance(command, PlaceOrder) and problem_with(command) is None and total_of(command.items) < LEAST:
        return ValidationFailed(f"items must cost {LEAST} cents at least", command.order_id)
    answer = ORDERS.decide(command, order, key=key, at=at)
    if isinstance(command, PlaceOrder) and isinstance(answer, tuple):
        return tuple(replace(event, total_cents=event.total_cents + POSTAGE) for event in answer)
    return answer


TODAY = replace(ORDERS, decide=_decide)
"""Orders under the new rules, as they should be."""

TEA = PlaceOrder("grace", BASKETS[1], "order-1")
OLD = (TEA, *order_commands()[1:])
BULBS = (OrderItem("bulb", "Bulb", quantity=2, unit_price_cents=350),)
TWO_KINDS = (*BULBS, OrderItem("pen", "Pen", quantity=1, unit_price_cents=300))
ALMOST = (OrderItem("plate", "Plate", quantity=1, unit_price_cents=999),)
NEW = (
    *order_commands()[1:],
    TEA,
    PlaceOrder("ben", (), "order-2"),
    PlaceOrder("ben", BULBS, "order-2"),
    PlaceOrder("ben", BASKETS[0], "order-2"),
    PlaceOrder("ben", TWO_KINDS, "order-2"),
    PlaceOrder("ben", ALMOST, "order-2"),
    PlaceOrder("ben", BASKETS[2], "order-2"),
)


def _runs() -> tuple[Trace, ...]:
    """Return for every old log of one order the runs that begin with it, of no new command and of up to two."""
    olds = [run.events for run in runs_of(ORDERS, OLD, depth=2, accepted=True)]
    found = []
    for given in olds:
        start = Trace.of(TODAY, (), given=given).state
        found += [replace(run, given=given) for run in runs_of(TODAY, NEW, depth=2, start=start)]
    return tuple(sorted(found, key=len))


@exercise(
    "7.4",
    title="Old facts under new rules",
    question=QUESTION,
    answer="TODAY",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Rules are for what is decided from now on; what has happened is folded as it is, whatever holds today.",
    runs=_runs,
)
def rules(answer: Any, trace: Trace) -> Problem | None:
    """Fold the old log with the answer, and compare what is decided after it with the new rules."""
    return first_difference(answer, trace, TODAY, "TODAY", decides="decide_today", evolves="evolve")
