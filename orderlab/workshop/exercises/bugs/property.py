"""6.2: a property that holds of every step of the right decider, and breaks where a faulty one goes wrong."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order, Placed
from orderlab.workshop import zoo
from orderlab.workshop.exercises.folding.impossible import BY_HAND
from orderlab.workshop.exercises.runs import runs_of, shop_commands
from orderlab.workshop.exercises.telling import at_step, shown

QUESTION = """\
Ben got two mugs that he had cancelled. At the second till, it turns out, your cousin runs a `decide` of his
own. You could write a test for Ben's case, and the next case would slip through. Better is a **property**: a sentence
that is true of every step of every run, whoever decides, and which a search can try to break.

The sentence is: *an order that is shipped or cancelled is at its end, and nothing happens to it any more.*

Write `stays_ended(step)`, which returns `False` if the step breaks it, and else `True`. A step has

- `step.command`, and `step.events`, the events that came of it: an empty tuple if it was refused;
- `step.before.entities`, all orders by their ids as they were before it, and `step.key`, the id of the order that the
  step is about. Before its first event an order is not in there.

For example: to ship an order that was cancelled, and have an `OrderShipped` come of it, breaks the sentence. To try it
and be refused does not. To place `order-2`, when `order-1` was cancelled, does not either.
"""

STARTER = """\
def stays_ended(step) -> bool:
    return ...
"""

HINTS = (
    "Which order is it about, and how was it *before* the step? If it was at its end, nothing may have come of the "
    "command. Everything else is all right.",
    "`order = step.before.entities.get(step.key)` is that order, or None. It is at its end if `order.status.name` is "
    '`"shipped"` or `"cancelled"`.',
    '`if order is None or order.status.name not in ("shipped", "cancelled"): return True`, and then '
    "`return not step.events`.",
)

SOLUTION = """\
def stays_ended(step):
    order = step.before.entities.get(step.key)
    if order is None or order.status.name not in ("shipped", "cancelled"):
        return True
    return not step.events
"""

WRONG = (
    Wrong(
        "It looks at the order after the step, and of any order it is true that it has some status.",
        """\
def stays_ended(step):
    order = step.state.entities.get(step.key)
    return order is None or order.status.name in ("placed", "shipped", "cancelled")
""",
    ),
    Wrong(
        "It asks for an order that is not there before its first event.",
        SOLUTION.replace(".get(step.key)", "[step.key]").replace("order is None or ", ""),
    ),
    Wrong(
        "It is written for Ben's case, and lets everything else pass.",
        """\
from orderlab import OrderShipped


def stays_ended(step):
    order = step.before.entities.get(step.key)
    shipped = any(isinstance(event, OrderShipped) for event in step.events)
    return not (shipped and order is not None and order.status.name == "cancelled")
""",
    ),
    Wrong(
        "It minds what was only asked: a refusal is what should happen.",
        SOLUTION.replace("return not step.events", "return False"),
    ),
    Wrong(
        "It looks at all orders, so nothing may happen to one when another is at its end.",
        """\
def stays_ended(step):
    ended = [each for each in step.before.entities.values() if each.status.name != "placed"]
    return not (ended and step.events)
""",
    ),
    Wrong(
        "It finds any change wrong, also of an order that is under way.",
        """\
def stays_ended(step):
    return step.before.entities.get(step.key) is None or not step.events
""",
    ),
    Wrong(
        "It looks only at whether the name of the status changes, and an order that is cancelled twice keeps it.",
        """\
def stays_ended(step):
    before, after = step.before.entities.get(step.key), step.state.entities.get(step.key)
    if before is None or before.status.name == "placed":
        return True
    return before.status.name == after.status.name
""",
    ),
)

_NAMES = ("ships-a-cancelled-order", "cancels-a-shipped-order", "places-over-an-order")
FAULTY = (*(zoo.specimen(name).faulty for name in _NAMES), BY_HAND)
"""Deciders that break the sentence; at the last of them somebody writes down whatever is asked."""


def _breaks(step: TraceStep) -> bool:
    """Tell whether something happened to an order that was at its end."""
    order: Order | None = step.before.entities.get(step.key)
    return bool(step.events) and order is not None and not isinstance(order.status, Placed)


def _runs() -> tuple[Trace, ...]:
    """Return runs of the right decider, and of the faulty ones those whose last step is the first to go wrong."""
    found = [*runs_of(ORDERS, shop_commands(2), depth=3)]
    seen: set[tuple[Any, ...]] = set()
    for decider in FAULTY:
        for run in runs_of(decider, shop_commands(1), depth=3, every=True):
            told = (run.commands, run.outcomes)
            if told not in seen and len(run) and _breaks(run.steps[-1]) and _is_right(run[:-1]):
                seen.add(told)
                found.append(run)
    return tuple(sorted(found, key=len))


def _is_right(run: Trace) -> bool:
    """Tell whether a run went as it should."""
    return run.outcomes == run.replayed(ORDERS).outcomes


@exercise(
    "6.2",
    title="A sentence that is always true",
    question=QUESTION,
    answer="stays_ended",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="A property says what is true of every step; that it can be broken is shown by breaking it.",
    runs=_runs,
)
def stays(answer: Any, trace: Trace) -> Problem | None:
    """Compare what the property says of every step with what is so."""
    for number, step in enumerate(trace.steps, start=1):
        found, wanted = answer(step), not _breaks(step)
        if isinstance(found, bool) and found is wanted:
            continue
        order = step.before.entities.get(step.key)
        met = "there was no such order" if order is None else f"{order.id} was {order.status.name}"
        came = (
            f"{', '.join(type(each).__name__ for each in step.events)} came of it" if step.events else "it was refused"
        )
        what = f"stays_ended(step) is {shown(found)}, and should be {wanted}."
        if found is True:
            what = f"stays_ended holds of a step that breaks the sentence: {what}"
        elif found is False:
            what = f"stays_ended is broken by a step that is all right: {what}"
        return Problem(what, f"At {at_step(trace, number)}: {met}, and {came}.", trace)
    return None
