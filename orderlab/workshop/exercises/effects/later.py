"""3.4: a delay as data, which a test clock brings about in no time."""

from typing import Any

from orderlab.core.effects import Delay
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import EVENTS, CancelOrder, OrderPlaced
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.effects.clockwork import lived_on
from orderlab.workshop.exercises.runs import order_commands, other_commands, runs_of, shortest_first
from orderlab.workshop.exercises.telling import differs, log_of
from orderlab.workshop.exercises.world import watched

HOUR = 3600
REASON = "Nobody shipped it"

QUESTION = """\
What nobody ships within an hour shall be cancelled. A function that waits for an hour keeps the shop waiting, and its
test, too. But waiting is an effect like any other: `Delay(seconds, action)` *says* that an action shall come back to us
after so many seconds, and then it is decided on the state of then. A shop's clock brings it back in an hour, and a test
clock, which is moved by hand, in no time.

Write `patience(event)`, which returns a tuple of effects. For an `OrderPlaced` it is one `Delay` of 3600 seconds, whose
action is a `CancelOrder` of this order, with the reason `"Nobody shipped it"`. For any other event there is nothing to
wait for, and the tuple is empty.

For example: `order-1` is placed. It is `(Delay(3600, CancelOrder("order-1", "Nobody shipped it")),)`.
"""

STARTER = """\
from orderlab import Delay, OrderCancelled, OrderPlaced, OrderShipped


def patience(event: OrderPlaced | OrderShipped | OrderCancelled) -> tuple[Delay, ...]:
    return ...
"""

HINTS = (
    "Nothing is waited for here. What is returned is a note: who reads it does the waiting.",
    "`from orderlab import CancelOrder, Delay, OrderPlaced`. The note holds a *command*, not an event: nobody knows "
    "yet whether the parcel will have left in an hour.",
    '`if isinstance(event, OrderPlaced): return (Delay(3600, CancelOrder(event.order_id, "Nobody shipped it")),)`, and '
    "after it `return ()`.",
)

SOLUTION = """\
from orderlab import CancelOrder, Delay, OrderPlaced


def patience(event):
    if isinstance(event, OrderPlaced):
        return (Delay(3600, CancelOrder(event.order_id, "Nobody shipped it")),)
    return ()
"""

WRONG = (
    Wrong(
        "It waits for the hour itself, and the shop with it.",
        "import time\n\n"
        + SOLUTION.replace("        return (Delay(3600", "        time.sleep(3600)\n        return (Delay(0"),
    ),
    Wrong(
        "The cancellation is sent as a fact, though the parcel may have left by then.",
        """\
from datetime import timedelta

from orderlab import Delay, OrderCancelled, OrderPlaced


def patience(event):
    if isinstance(event, OrderPlaced):
        later = event.timestamp + timedelta(hours=1)
        return (Delay(3600, OrderCancelled(event.order_id, "Nobody shipped it", later)),)
    return ()
""",
    ),
    Wrong(
        "Every event sets an alarm, also that the parcel has left.",
        """\
from orderlab import CancelOrder, Delay


def patience(event):
    return (Delay(3600, CancelOrder(event.order_id, "Nobody shipped it")),)
""",
    ),
    Wrong(
        "The order of the example is cancelled, whichever was placed.",
        SOLUTION.replace("CancelOrder(event.order_id,", 'CancelOrder("order-1",'),
    ),
    Wrong(
        "Where there is nothing to wait for the answer is an empty list, not an empty tuple.",
        SOLUTION.replace("return ()", "return []"),
    ),
    Wrong(
        "The length is given in minutes, and a delay is in seconds.",
        SOLUTION.replace("3600", "60"),
    ),
    Wrong(
        "A function is put into the note instead of a command, and cannot be compared or written down.",
        SOLUTION.replace(
            'CancelOrder(event.order_id, "Nobody shipped it")',
            'lambda: CancelOrder(event.order_id, "Nobody shipped it")',
        ),
    ),
)


@exercise(
    "3.4",
    title="Later, as data",
    question=QUESTION,
    answer="patience",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Who describes a delay waits for nothing; what comes back is a command, decided on the state of then.",
    runs=lambda: shortest_first(
        runs_of(ORDERS, order_commands(), depth=2, accepted=True),
        runs_of(ORDERS, other_commands(), depth=2, accepted=True),
    ),
)
def later(answer: Any, trace: Trace) -> Problem | None:
    """Compare what is to come back after each event, and show on a test clock what would come of it."""
    for number, event in enumerate(trace.events, start=1):
        wanted = _patience(event)
        found, look = watched(answer, event)
        name = f"patience({type(event).__name__} of {event.order_id})"
        told = f"patience {look}; it should describe, and be done." if look else differs(found, wanted, name)
        if told:
            where = f"At event {number} of {log_of(trace.events)}. {_of_a_fact(found)}".rstrip()
            return Problem(
                told, where, lived_on(trace, lambda each: watched(answer, each)[0]), lived_on(trace, _patience)
            )
    return None


def _patience(event: Any) -> tuple[Delay, ...]:
    if isinstance(event, OrderPlaced):
        return (Delay(HOUR, CancelOrder(event.order_id, REASON)),)
    return ()


def _of_a_fact(found: Any) -> str:
    facts = isinstance(found, tuple) and any(isinstance(getattr(each, "action", None), EVENTS) for each in found)
    return "An event that is sent is a fact in an hour, even if the parcel has left by then." if facts else ""
