"""3.3: persist, then announce."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import PlaceOrder
from orderlab.workshop.exercises.effects.counter import COUNTER
from orderlab.workshop.exercises.effects.edge import when_all_goes_well, when_it_cannot_be_written
from orderlab.workshop.exercises.runs import BASKETS, order_commands, runs_of
from orderlab.workshop.exercises.telling import at_step

QUESTION = """\
A step has a new state and effects, and nothing of it has been done. You are at the edge of the program now: here it is
done, and here disks are full and other writers come first. A customer who has been told "your order is placed" must
find it again, whatever happens to the machine a moment later.

Write `commit(shop, step, append)`. Perform the effects of the step, and let the shop have the step's state:

- `append(effect)` writes an `AppendEvents`, and returns when it is safe. It may raise `VersionConflict`, or `OSError`
  if the disk is full: then nothing was written. Let it pass to whoever called, and try nothing again; the shop must
  keep its state, and nobody be told anything.
- `shop.state = step.state` makes the new state the shop's own, for all to see.
- `shop.announce(action)` tells everybody the action of an `Emit`. Who hears it may look at `shop.state` at once.

A refused command has an `Emit` and nothing to append. It is announced, too.

For example: for `PlaceOrder` there is first `append`, then the new state, then `announce(OrderPlaced(…))`.
"""

STARTER = """\
from orderlab import Step


def commit(shop, step: Step, append) -> None:
    return ...
"""

HINTS = (
    "Three things are to be done. Which of them may fail? That one comes first.",
    "`from orderlab import AppendEvents, Emit`. Go through `step.effects` and append each `AppendEvents`; only then "
    "set the state; then go through the effects again for each `Emit`. No `try` is needed: what `append` raises ends "
    "the function, and nothing after it is done.",
    "`for effect in step.effects:`, and in it `if isinstance(effect, AppendEvents): append(effect)`. Then "
    "`shop.state = step.state`. Then the loop again, with `if isinstance(effect, Emit): shop.announce(effect.action)`.",
)

SOLUTION = """\
from orderlab import AppendEvents, Emit


def commit(shop, step, append):
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            append(effect)
    shop.state = step.state
    for effect in step.effects:
        if isinstance(effect, Emit):
            shop.announce(effect.action)
"""

WRONG = (
    Wrong(
        "The state is changed first and written afterwards, so it can be seen and then be lost.",
        """\
from orderlab import AppendEvents, Emit


def commit(shop, step, append):
    shop.state = step.state
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            append(effect)
    for effect in step.effects:
        if isinstance(effect, Emit):
            shop.announce(effect.action)
""",
    ),
    Wrong(
        "People are told before it is written.",
        """\
from orderlab import AppendEvents, Emit


def commit(shop, step, append):
    for effect in step.effects:
        if isinstance(effect, Emit):
            shop.announce(effect.action)
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            append(effect)
    shop.state = step.state
""",
    ),
    Wrong(
        "The effects are done in turn and the state comes last, so who is told and looks sees the old one.",
        """\
from orderlab import AppendEvents


def commit(shop, step, append):
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            append(effect)
        else:
            shop.announce(effect.action)
    shop.state = step.state
""",
    ),
    Wrong(
        "A conflict is swallowed, and all goes on as if it had been written.",
        """\
from orderlab import AppendEvents, Emit, VersionConflict


def commit(shop, step, append):
    for effect in step.effects:
        try:
            if isinstance(effect, AppendEvents):
                append(effect)
        except VersionConflict:
            pass
    shop.state = step.state
    for effect in step.effects:
        if isinstance(effect, Emit):
            shop.announce(effect.action)
""",
    ),
    Wrong(
        "What met a conflict is tried again at once, though it was decided on what is no longer so.",
        """\
from orderlab import AppendEvents, Emit, VersionConflict


def commit(shop, step, append):
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            try:
                append(effect)
            except VersionConflict:
                append(effect)
    shop.state = step.state
    for effect in step.effects:
        if isinstance(effect, Emit):
            shop.announce(effect.action)
""",
    ),
    Wrong(
        "A full disk is passed over, and all goes on as if it had been written.",
        """\
from orderlab import AppendEvents, Emit


def commit(shop, step, append):
    for effect in step.effects:
        try:
            if isinstance(effect, AppendEvents):
                append(effect)
        except OSError:
            pass
    shop.state = step.state
    for effect in step.effects:
        if isinstance(effect, Emit):
            shop.announce(effect.action)
""",
    ),
    Wrong(
        "The shop gets the whole step for its state.",
        SOLUTION.replace("    shop.state = step.state", "    if len(step.effects) > 1:\n        shop.state = step"),
    ),
    Wrong(
        "Only the first is announced, though two things may have happened.",
        SOLUTION.replace("shop.announce(effect.action)", "shop.announce(effect.action)\n            break"),
    ),
    Wrong(
        "Only what was written is announced, so a refusal is never told.",
        """\
from orderlab import AppendEvents


def commit(shop, step, append):
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            append(effect)
            shop.state = step.state
            for event in effect.events:
                shop.announce(event)
""",
    ),
)


@exercise(
    "3.3",
    title="Persist, then announce",
    question=QUESTION,
    answer="commit",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="What may fail comes before what cannot be unsaid: first it is durable, then it is seen, then it is told.",
    runs=lambda: runs_of(COUNTER, (*order_commands(), PlaceOrder("counter", BASKETS[1], "order-2")), depth=2),
)
def announcing(answer: Any, trace: Trace) -> Problem | None:
    """Have each step of a run committed: when all goes well, when another writer came first, and on a full disk."""
    right = trace.replayed(COUNTER)
    for number, step in enumerate(right.steps, start=1):
        told = when_all_goes_well(answer, step) or when_it_cannot_be_written(answer, step)
        if told:
            return Problem(told, f"At {at_step(right, number)}, of which comes {step.outcome}.", right)
    return None
