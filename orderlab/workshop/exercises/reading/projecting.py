"""5.1: a read model as a fold, which must remember what later events do not say."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orderlab.core.script import TimedCommand
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import OrderCancelled, OrderPlaced
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.pointing import found_at, up_to
from orderlab.workshop.exercises.recording import brief, copies_of
from orderlab.workshop.exercises.runs import order_commands

DAY = timedelta(days=1)
PLACE_1, SHIP_1, CANCEL_1 = order_commands(1)
PLACE_2, SHIP_2, CANCEL_2 = order_commands(2)


def _right(model: dict[str, Any], event: Any) -> dict[str, Any]:
    if isinstance(event, OrderPlaced):
        day = event.timestamp.date()
        model["orders"][event.order_id] = day, event.total_cents
        model["by_day"][day] = model["by_day"].get(day, 0) + event.total_cents
    elif isinstance(event, OrderCancelled):
        day, cents = model["orders"].pop(event.order_id)
        model["by_day"][day] -= cents
    return model


def _runs() -> tuple[Trace, ...]:
    days = {
        "One order": (PLACE_1,),
        "Two orders on one day": ((PLACE_1, PLACE_2),),
        "Two orders on two days": (PLACE_1, PLACE_2),
        "An order is shipped": (PLACE_1, SHIP_1),
        "An order is cancelled the day after": (PLACE_1, CANCEL_1),
        "One of two orders is cancelled": (PLACE_1, PLACE_2, CANCEL_1),
        "The other of two orders is cancelled": (PLACE_1, PLACE_2, CANCEL_2),
        "All there is": ((PLACE_1, PLACE_2), SHIP_2, CANCEL_1),
    }
    return tuple(_run(title, commands) for title, commands in days.items())


def _run(title: str, days: tuple[Any, ...]) -> Trace:
    script = [
        TimedCommand(AT + number * DAY, command, f"{number}")
        for number, commands in enumerate(days)
        for command in (commands if isinstance(commands, tuple) else (commands,))
    ]
    return Trace.of(ORDERS, script, title=title).marked(0, "")  # the title does not say what the end shows


_IMPORT = "from orderlab import OrderCancelled, OrderPlaced\n\n\n"


@exercise(
    "5.1",
    title="What was earned on each day",
    question="""\
The shopkeeper wants to know what was earned on each day: the totals of the orders that were **placed** on it,
without those that have been cancelled since. A cancellation counts against the day on which the order was
placed, whenever it comes.

Write the step of this projection, `earn(model, event)`, which returns the model after the event. It may change
the model that it is given. At first it is `{"by_day": {}, "orders": {}}`.

- `model["by_day"]` is what the shopkeeper reads: from a `date` to cents. A day on which nothing is left may be
  there with 0.
- `model["orders"]` is yours, to remember what you need. What is kept anywhere else is gone when the program is
  started again, and that may be between any two events.

An `OrderPlaced` has the fields `order_id`, `customer_id`, `items`, `total_cents` and `timestamp`; an `OrderShipped`
`order_id`, `tracking_number` and `timestamp`; an `OrderCancelled` `order_id`, `reason` and `timestamp`.
`event.timestamp.date()` is the day of an event.

For example: an order of 1,900 cents is placed on the first of
January and cancelled on the second; then 0 cents were earned on the first, and nothing is said of the second.""",
    answer="earn",
    starter="""\
from orderlab import OrderCancelled, OrderPlaced, OrderShipped


def earn(model, event: OrderPlaced | OrderShipped | OrderCancelled):
    return ...
""",
    hints=(
        "Look at what an `OrderCancelled` says, and at what it does not: neither the total nor the day of the order.",
        'What a later event does not say must be remembered when it is known: `model["orders"]` can keep day and '
        "total by order id.",
        "When placed: keep `(day, total)`, and add to `by_day.get(day, 0)`. When cancelled: look the pair up, "
        "and subtract. "
        "Any other event: return the model as it is.",
    ),
    solution=f"""\
{_IMPORT}def earn(model, event):
    by_day, orders = model["by_day"], model["orders"]
    if isinstance(event, OrderPlaced):
        day = event.timestamp.date()
        orders[event.order_id] = day, event.total_cents
        by_day[day] = by_day.get(day, 0) + event.total_cents
    if isinstance(event, OrderCancelled):
        day, cents = orders[event.order_id]
        by_day[day] -= cents
    return model
""",
    wrong=(
        Wrong(
            "The last order of a day replaces the others.",
            f"""\
{_IMPORT}def earn(model, event):
    if isinstance(event, OrderPlaced):
        day = event.timestamp.date()
        model["orders"][event.order_id] = day, event.total_cents
        model["by_day"][day] = event.total_cents
    if isinstance(event, OrderCancelled):
        day, cents = model["orders"][event.order_id]
        model["by_day"][day] -= cents
    return model
""",
        ),
        Wrong(
            "The cancellation counts against its own day.",
            f"""\
{_IMPORT}def earn(model, event):
    by_day, day = model["by_day"], event.timestamp.date()
    if isinstance(event, OrderPlaced):
        model["orders"][event.order_id] = event.total_cents
        by_day[day] = by_day.get(day, 0) + event.total_cents
    if isinstance(event, OrderCancelled):
        by_day[day] = by_day.get(day, 0) - model["orders"][event.order_id]
    return model
""",
        ),
        Wrong(
            "What was once earned is never lost: cancellations are left out.",
            f"""\
{_IMPORT}def earn(model, event):
    if isinstance(event, OrderPlaced):
        day = event.timestamp.date()
        model["by_day"][day] = model["by_day"].get(day, 0) + event.total_cents
    return model
""",
        ),
        Wrong(
            "What is needed later is kept in the program, and not in the model.",
            f"""\
{_IMPORT}KNOWN = {{}}


def earn(model, event):
    by_day = model["by_day"]
    if isinstance(event, OrderPlaced):
        day = event.timestamp.date()
        KNOWN[event.order_id] = day, event.total_cents
        by_day[day] = by_day.get(day, 0) + event.total_cents
    if isinstance(event, OrderCancelled):
        day, cents = KNOWN[event.order_id]
        by_day[day] -= cents
    return model
""",
        ),
        Wrong(
            "An order that is cancelled takes all that was earned on its day with it.",
            f"""\
{_IMPORT}def earn(model, event):
    by_day, orders = model["by_day"], model["orders"]
    if isinstance(event, OrderPlaced):
        day = event.timestamp.date()
        orders[event.order_id] = day
        by_day[day] = by_day.get(day, 0) + event.total_cents
    if isinstance(event, OrderCancelled):
        by_day[orders[event.order_id]] = 0
    return model
""",
        ),
        Wrong(
            "The model is returned for the events that one knows, and forgotten for the others.",
            f"""\
{_IMPORT}def earn(model, event):
    by_day, orders = model["by_day"], model["orders"]
    if isinstance(event, OrderPlaced):
        day = event.timestamp.date()
        orders[event.order_id] = day, event.total_cents
        by_day[day] = by_day.get(day, 0) + event.total_cents
        return model
    if isinstance(event, OrderCancelled):
        day, cents = orders[event.order_id]
        by_day[day] -= cents
        return model
""",
        ),
    ),
    remember="A read model keeps what its question needs, also what a later event will not say again.",
    runs=_runs,
)
def projecting(answer: Any, trace: Trace) -> Problem | None:
    """Find the first event after which the model says another sum than was earned; each comes after a restart."""
    model: Any = {"by_day": {}, "orders": {}}
    programs = copies_of(answer)
    wanted: dict[str, Any] = {"by_day": {}, "orders": {}}
    for number, step in enumerate(trace.steps, 1):
        for event in step.events:
            model, wanted = next(programs)(model, event), _right(wanted, event)
            where = f"Step {number}, {type(event).__name__} of {event.order_id} on {event.timestamp.date()}"
            so_far = up_to(trace, number)
            if not isinstance(model, Mapping) or not isinstance(model.get("by_day"), Mapping):
                what = "earn does not return the model."
                seen = f"it returns {brief(model)}, and should return a dict with by_day"
                return found_at(number, what, f"{where}: {seen}.", so_far)
            said, should = model["by_day"], wanted["by_day"]
            for day in sorted({*said, *should}, key=str):
                if not isinstance(said.get(day, 0), int | float) or said.get(day, 0) != should.get(day, 0):
                    what = f"What was earned on {day} is wrong."
                    figures = f"by_day has {brief(said.get(day, 0))} cents for it, and should have {should.get(day, 0)}"
                    return found_at(number, what, f"{where}: {figures}.", so_far)
    return None
