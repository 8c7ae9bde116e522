"""3.1: what a decision asks of the world, described as values, and in which order."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.core.effects import AppendEvents
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import Command, OrderShipped, PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order
from orderlab.workshop.exercises.runs import BASKETS, again, order_commands, runs_of
from orderlab.workshop.exercises.telling import at_step, differs, unless_alike

QUESTION = """\
Deciding writes nothing down and tells nobody. Somebody must: on the shop's disk, and to the customer who waits. Instead
of doing that, our part of the program *describes* it, as values that are called effects. They can be looked at,
compared and tested before anybody does them.

Write `effects_of(decision, stream_id, version)`, which returns a tuple of effects. The decision is what `decide`
returned: a tuple of events, or a rejection. `stream_id` is the order's stream, and `version` the version at which it
was when the decision was made.

- Of events: one `AppendEvents(stream_id, events, expected_version)` with all of them, and after it one `Emit(event)`
  for each, in their order.
- Of a rejection: only `Emit(rejection)`, for nothing has happened.

For example: a customer at the counter buys and takes along, so two events come of one command. The effects are
`(AppendEvents("order-order-1", (placed, shipped), 0), Emit(placed), Emit(shipped))`.
"""

STARTER = """\
def effects_of(decision, stream_id: str, version: int) -> tuple:
    return ...
"""

HINTS = (
    "Two kinds of decision, two branches. A tuple is events; anything else is a rejection.",
    "`from orderlab import AppendEvents, Emit`. The events are written together, all or nothing, so they are in *one* "
    "`AppendEvents`. They are announced one by one. And what is not written yet should not be announced.",
    "`(AppendEvents(stream_id, decision, version), *map(Emit, decision))` for events, and `(Emit(decision),)` for a "
    "rejection.",
)

SOLUTION = """\
from orderlab import AppendEvents, Emit


def effects_of(decision, stream_id, version):
    if isinstance(decision, tuple):
        return (AppendEvents(stream_id, decision, version), *map(Emit, decision))
    return (Emit(decision),)
"""

WRONG = (
    Wrong(
        "What happened is announced first, and written afterwards.",
        SOLUTION.replace(
            "(AppendEvents(stream_id, decision, version), *map(Emit, decision))",
            "(*map(Emit, decision), AppendEvents(stream_id, decision, version))",
        ),
    ),
    Wrong(
        "Each event is appended by itself, so half of a decision may be lost.",
        SOLUTION.replace(
            "(AppendEvents(stream_id, decision, version), *map(Emit, decision))",
            "(*(AppendEvents(stream_id, (event,), version) for event in decision), *map(Emit, decision))",
        ),
    ),
    Wrong(
        "All events are announced as one.",
        SOLUTION.replace("*map(Emit, decision))", "Emit(decision))"),
    ),
    Wrong(
        "A refusal is kept to oneself, and whoever asked waits for ever.",
        SOLUTION.replace("(Emit(decision),)", "()"),
    ),
    Wrong(
        "The version is not handed on, so two writers can overwrite each other.",
        SOLUTION.replace("decision, version)", "decision)"),
    ),
    Wrong(
        "The version expected is the one after the events, not the one that was decided on.",
        SOLUTION.replace("decision, version)", "decision, version + len(decision))"),
    ),
)


def _decide(command: Command, order: Order | None, /, *, key: str, at: datetime) -> Any:
    """Decide as the shop does, which has a counter where one takes along at once what one buys."""
    decision = ORDERS.decide(command, order, key=key, at=at)
    if isinstance(command, PlaceOrder) and command.customer_id == "counter" and isinstance(decision, tuple):
        return (*decision, OrderShipped(key, "TAKEN-ALONG", at))
    return decision


COUNTER = replace(ORDERS, decide=_decide)
"""The shop with a counter: one command that causes two events."""

COMMANDS = (PlaceOrder("counter", BASKETS[1], "order-2"), *order_commands())


@exercise(
    "3.1",
    title="Effects as values",
    question=QUESTION,
    answer="effects_of",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="An effect is a description of work: written first, announced after, and done by somebody else.",
    runs=lambda: runs_of(COUNTER, COMMANDS, depth=3),
)
def described(answer: Any, trace: Trace) -> Problem | None:
    """Compare the effects of each decision with those that the domain's own reducer describes."""
    right = again(trace, COUNTER)
    for number, step in enumerate(right.steps, start=1):
        key = step.key or ""
        version = step.before.versions.get(key, 0)
        found = answer(step.events or step.rejection, COUNTER.stream_id(key), version)
        told = differs(_settled(found), step.effects, "effects_of(…)")
        if told:
            where = f"At {at_step(right, number)}, decided at version {version}: {_kinds(found)}."
            shown = step if not isinstance(found, tuple) else replace(step, effects=found)
            steps = (*right.steps[: number - 1], shown, *right.steps[number:])
            run = replace(right, steps=steps)
            return Problem(told, where, run, unless_alike(right, run))
    return None


def _settled(effects: Any) -> Any:
    """Return effects whose events are in a tuple: whether they are in that or a list does not matter."""
    if not isinstance(effects, tuple):
        return effects
    return tuple(
        replace(each, events=tuple(each.events))
        if isinstance(each, AppendEvents) and isinstance(each.events, list)
        else each
        for each in effects
    )


def _kinds(effects: Any) -> str:
    if not isinstance(effects, tuple):
        return "that is no tuple of effects"
    kinds = ", ".join(type(effect).__name__ for effect in effects)
    return f"the effects are {kinds}" if kinds else "there are no effects"
