"""3.3: persist, then announce."""

from typing import Any

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.errors import VersionConflict
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.effects.edge import Edge
from orderlab.workshop.exercises.runs import again, order_commands, runs_of
from orderlab.workshop.exercises.telling import at_step, differs

QUESTION = """\
A step has a new state and effects, and nothing of it has been done. You are at the edge of the program now: here it is
done, and here disks are full and other writers come first. A customer who has been told "your order is placed" must
find it again, whatever happens to the machine a moment later.

Write `commit(shop, step, append)`. Perform the effects of the step, and let the shop have the step's state:

- `append(effect)` writes an `AppendEvents`, and returns when it is safe. It may raise `VersionConflict`: then nothing
  was written. Let it pass to whoever called; the shop must keep its state, and nobody be told anything.
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
    runs=lambda: runs_of(ORDERS, order_commands(), depth=2),
)
def announcing(answer: Any, trace: Trace) -> Problem | None:
    """Have each step of a run committed, once when all goes well, and once when another writer came first."""
    right = again(trace, ORDERS)
    for number, step in enumerate(right.steps, start=1):
        told = _when_all_goes_well(answer, step) or _when_another_came_first(answer, step)
        if told:
            return Problem(told, f"At {at_step(right, number)}, of which comes {step.outcome}.", right)
    return None


def _when_all_goes_well(answer: Any, step: TraceStep) -> str:
    shop = Edge(step.before, None)
    answer(shop, Step(step.state, step.effects), shop.append)
    appended = [("the events are appended", each) for each in step.effects if isinstance(each, AppendEvents)]
    changed = [("the new state is set", None)] if step.state is not step.before else []
    said = [each.action for each in step.effects if isinstance(each, Emit)]
    wanted = [*appended, *changed, *((f"{type(action).__name__} is announced", action) for action in said)]
    if shop.done == wanted:
        return ""
    found, should = (", then ".join(name for name, _ in done) or "nothing is done" for done in (shop.done, wanted))
    if found == should:
        return differs([what for _, what in shop.done], [what for _, what in wanted], "what is done")
    return f"What is done: {found}. It should be: {should}."


def _when_another_came_first(answer: Any, step: TraceStep) -> str:
    appends = [each for each in step.effects if isinstance(each, AppendEvents)]
    if not appends:
        return ""
    conflict = VersionConflict(appends[0].stream_id, appends[0].expected_version or 0, 9)
    shop = Edge(step.before, conflict)
    try:
        answer(shop, Step(step.state, step.effects), shop.append)
    except VersionConflict:
        passed = True
    else:
        passed = False
    if shop.done:
        return f"When append raises VersionConflict, {shop.done[0][0]} all the same, of what was never written."
    return "" if passed else "When append raises VersionConflict, commit keeps it to itself, and nobody tries again."
