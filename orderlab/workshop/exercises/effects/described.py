"""3.1: what a decision asks of the world, described as values, and in which order."""

from dataclasses import replace
from typing import Any

from orderlab.core.effects import AppendEvents, Emit
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import PlaceOrder
from orderlab.workshop.exercises.effects.counter import COUNTER
from orderlab.workshop.exercises.runs import BASKETS, order_commands, other_commands, runs_of, shortest_first
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
    Wrong(
        "The version is guessed from the kind of event, and not taken from who looked it up.",
        SOLUTION.replace("decision, version)", "decision, 0 if type(decision[0]).__name__ == 'OrderPlaced' else 1)"),
    ),
    Wrong(
        "Only two events are announced, as many as the example has.",
        SOLUTION.replace("*map(Emit, decision))", "*map(Emit, decision[:2]))"),
    ),
)


COMMANDS = (PlaceOrder("counter", BASKETS[1], "order-2"), *order_commands())


_LATER = 6
"""A later version, at which one may have decided, too."""


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
    runs=lambda: shortest_first(runs_of(COUNTER, COMMANDS, depth=3), runs_of(COUNTER, other_commands(), depth=2)),
)
def described(answer: Any, trace: Trace) -> Problem | None:
    """Compare the effects of each decision with those that the domain's own reducer describes."""
    right = trace.replayed(COUNTER)
    for number, step in enumerate(right.steps, start=1):
        key = step.key or ""
        version = step.before.versions.get(key, 0)
        found = answer(step.events or step.rejection, COUNTER.stream_id(key), version)
        told = differs(_settled(found), step.effects, "effects_of(…)")
        if not told and step.events:
            told = _of_more(answer, step, COUNTER.stream_id(key))
            found = step.effects
        if told:
            where = f"At {at_step(right, number)}, decided at version {version}: {_kinds(found)}."
            shown = step if not isinstance(found, tuple) else replace(step, effects=found)
            steps = (*right.steps[: number - 1], shown, *right.steps[number:])
            run = replace(right, steps=steps)
            return Problem(told, where, run, unless_alike(right, run))
    return None


def _of_more(answer: Any, step: TraceStep, stream_id: str) -> str:
    """Tell what is wrong with the effects of more events than any of the shop's commands has, at a later version."""
    events = step.events * 3
    wanted = (AppendEvents(stream_id, events, _LATER), *map(Emit, events))
    told = differs(_settled(answer(events, stream_id, _LATER)), wanted, "effects_of(…)")
    return f"Of {len(events)} events, decided at version {_LATER}, {told}" if told else ""


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
