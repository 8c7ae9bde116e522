"""1.4: the first fact of a log that cannot follow what is before it."""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.core.errors import CorruptStream
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import Command, Event, OrderCancelled, OrderPlaced, OrderShipped, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS, evolve, status_after, total_of
from orderlab.orders.model import Order, Placed
from orderlab.workshop.exercises.runs import other_commands, runs_of, shop_commands, shortest_first
from orderlab.workshop.exercises.telling import differs_twice, log_of

QUESTION = """\
Your cousin confesses: one evening he "tidied up" the log in a text editor. Now it may say that a parcel left which
nobody ordered, or that one was cancelled when it was on its way.

`evolve` never *refuses* a fact, for what has happened has happened. But a fact that cannot follow what is before it
cannot have happened like that: the log is broken, and orderlab's `evolve` raises `CorruptStream` rather than guess.

Write `first_impossible(events)`, which returns the **position** of the first event that cannot follow, counted from 1
as positions in a log are, or `None` if all is well. Each order is a story of its own.

For example: `order-1` is placed, `order-2` is placed, `order-1` is cancelled, `order-1` is shipped. The answer is 4.
"""

STARTER = """\
def first_impossible(events) -> int | None:
    return ...
"""

HINTS = (
    "Fold the log as in 1.3, an order at a time, and watch for the step that fails.",
    "`for position, event in enumerate(events, start=1)`, and in it `try: … except CorruptStream: …` around the one "
    "line that evolves.",
    "In the `except`, `return position` at once: what comes after a broken place cannot be judged. After the loop "
    "`return None`. And remember `orders.get(event.order_id)`: another order's events are no obstacle.",
)

SOLUTION = """\
from orderlab import CorruptStream, evolve


def first_impossible(events):
    orders = {}
    for position, event in enumerate(events, start=1):
        try:
            orders[event.order_id] = evolve(orders.get(event.order_id), event)
        except CorruptStream:
            return position
    return None
"""

WRONG = (
    Wrong(
        "It counts from 0, as Python's lists do, but positions in a log begin with 1.",
        SOLUTION.replace("enumerate(events, start=1)", "enumerate(events)"),
    ),
    Wrong(
        "What cannot follow is passed over in silence, so the log seems sound.",
        SOLUTION.replace("return position", "continue"),
    ),
    Wrong(
        "All events are folded into one order, so a second order seems impossible.",
        """\
from orderlab import CorruptStream, evolve


def first_impossible(events):
    order = None
    for position, event in enumerate(events, start=1):
        try:
            order = evolve(order, event)
        except CorruptStream:
            return position
    return None
""",
    ),
    Wrong(
        "Only events of orders that were never placed are found, not what follows an order's end.",
        """\
from orderlab import OrderPlaced


def first_impossible(events):
    placed = set()
    for position, event in enumerate(events, start=1):
        if isinstance(event, OrderPlaced):
            placed.add(event.order_id)
        elif event.order_id not in placed:
            return position
    return None
""",
    ),
    Wrong(
        "It goes on after the first one, and tells the last.",
        SOLUTION.replace("orders = {}", "orders, last = {}, None")
        .replace("return position", "last = position")
        .replace("return None", "return last"),
    ),
    Wrong(
        "The position of an event that is equal is told, though a line may have been written twice.",
        SOLUTION.replace("return position", "return events.index(event) + 1"),
    ),
    Wrong(
        "The orders are kept outside the function, so a log that is read again seems to go on from where it ended.",
        SOLUTION.replace(
            "def first_impossible(events):\n    orders = {}\n", "orders = {}\n\n\ndef first_impossible(events):\n"
        ),
    ),
)


def _written(command: Command, order: Order | None, /, *, key: str, at: datetime) -> tuple[Event, ...]:
    """Write down whatever is asked, as somebody does who edits a log by hand."""
    if isinstance(command, PlaceOrder):
        return (OrderPlaced(key, command.customer_id, tuple(command.items), total_of(command.items), at),)
    if isinstance(command, ShipOrder):
        return (OrderShipped(key, command.tracking_number, at),)
    return (OrderCancelled(key, command.reason, at),)


def _believed(order: Order | None, event: Event) -> Order:
    """Believe whatever is written, so that a broken log can be shown as a run."""
    try:
        return evolve(order, event)
    except CorruptStream:
        at = event.timestamp
        if isinstance(event, OrderPlaced):
            return replace(evolve(None, event), version=1 if order is None else order.version + 1)
        known = order or Order(event.order_id, "nobody", (), Placed(), 0, at, at, version=0)
        return replace(known, status=status_after(event), updated_at=at, version=known.version + 1)


BY_HAND = replace(ORDERS, decide=_written, evolve=_believed)
"""Orders whose log is written by hand: nothing is refused, and everything believed."""


def _alike(state: Any) -> Hashable:
    return frozenset((order.id, order.status.name, order.version) for order in state.entities.values())


def _logs() -> Iterator[Trace]:
    """Give the logs that may have come out of the editor, also those in which a line was written a second time."""
    for commands, depth in ((shop_commands(2), 3), (other_commands(2), 2)):
        for run in runs_of(BY_HAND, commands, depth=depth, alike=_alike):
            yield _told_by(run.events)
            if run.events and depth < 3:  # noqa: PLR2004 - of short ones there are enough
                yield _told_by((*run.events, run.events[-1]))


def _told_by(log: Sequence[Event]) -> Trace:
    """Return a log as a run: nobody knows who asked for what, and what cannot follow changes nothing."""
    reducer: DeciderReducer[Any, Any] = DeciderReducer(ORDERS)
    state, steps = reducer.initial_state(), []
    for event in log:
        order, version = reducer.entity(state, event.order_id)
        before = state
        with suppress(CorruptStream):
            state = reducer.with_entity(state, event.order_id, evolve(order, event), version + 1)
        steps.append(TraceStep(event, event.timestamp, before, state, (event,), key=event.order_id))
    return Trace(reducer, reducer.initial_state(), tuple(steps))


@exercise(
    "1.4",
    title="A fact that cannot follow",
    question=QUESTION,
    answer="first_impossible",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="Evolving never refuses; it stops with CorruptStream, for nobody can guess what a broken log meant.",
    runs=lambda: shortest_first(_logs()),
)
def impossible(answer: Any, trace: Trace) -> Problem | None:
    """Compare the position with that at which the domain's own `evolve` stops."""
    wanted, why = None, "every event can follow"
    orders: dict[str, Order] = {}
    for position, event in enumerate(trace.events, start=1):
        order = orders.get(event.order_id)
        try:
            orders[event.order_id] = evolve(order, event)
        except CorruptStream:
            wanted = position
            why = f"event {position} meets an order that is {'not there' if order is None else order.status.name}"
            break
    told = differs_twice(
        lambda: answer(list(trace.events)), wanted, "first_impossible(events)", may_be_none=True, does="Read"
    )
    return Problem(told, f"That is for {log_of(trace.events)}: {why}.", trace) if told else None
