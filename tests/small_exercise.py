"""An exercise for testing how exercises are judged: count the events of a run."""

from collections.abc import Iterator
from threading import Lock
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem

PLACE, SHIP = PlaceOrder("ada", (OrderItem("mug", "Mug", 1, 950),), "order-1"), ShipOrder("order-1", "TRACK-1")


def runs() -> Iterator[Trace]:
    """Give the runs of one command and of two."""
    yield Trace.of(ORDERS, [PLACE])
    yield Trace.of(ORDERS, [PLACE, SHIP])


def right(body: str) -> str:
    """Return a right answer that does something else first."""
    return f"def counting(events):\n{_indented(body)}\n    return len(events)\n"


def _indented(body: str) -> str:
    return "\n".join(f"    {line}" for line in body.splitlines())


def told_with_a_lock(answer: Any, trace: Any) -> Problem:
    """Examine an answer, and tell of it with a run that cannot be sent to another process."""
    return Problem("it is locked", "everywhere", Lock())


def length(answer: Any, trace: Any) -> Any:
    """Examine an answer, wrongly: a check returns a Problem or None."""
    return len(trace)


def echoed(answer: Any, trace: Any) -> Problem:
    """Examine an answer, and tell what it gives in the place of a run."""
    return Problem("this is what it gives", "", answer(trace))


@exercise(
    "1.1",
    title="Count",
    question="Write `counting(events)`, which returns how many there are.",
    answer="counting",
    starter="def counting(events):\n    return ...\n",
    hints=("Think.", "Think of `len`.", "`return len(events)`"),
    solution="def counting(events):\n    return len(events)\n",
    wrong=(
        Wrong("One event is enough.", "def counting(events):\n    return 1\n"),
        Wrong("Nothing happened.", "def counting(events):\n    return 0\n"),
        Wrong("There are always two.", "def counting(events):\n    return 1 + (events[1] is not None)\n"),
    ),
    remember="A log is counted by its events.",
    runs=runs,
)
def counting(answer: Any, trace: Trace) -> Problem | None:
    """Compare with the number of events."""
    counted, there = answer(trace.events), len(trace.events)
    return None if counted == there else Problem(f"counting gives {counted}, not {there}", "at the end", trace)
