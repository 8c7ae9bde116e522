"""5.2: a projection that goes on where it was, wherever the plug was pulled."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at
from orderlab.workshop.exercises.reading.disk import OnDisk, Read, Save, plan_of, played, runs, save_together


@exercise(
    "5.2",
    title="Where was I?",
    question="""\
The figures are kept on a disk, so that they need not be folded from the beginning each time. Now the plug may
be pulled at any moment, and the program is started again. No event may be counted twice then, none be missed,
and what the disk has already is not read again.

Write `catch_up(log, disk, fold)`. It brings the disk up to date with the log, and returns nothing.

- `disk.model` and `disk.checkpoint` are what was saved last, and can only be read; both are 0 at first.
- `disk.save(model=…, checkpoint=…)` writes what you give it: all that is given in one call, or nothing. Either
  may be left out.
- `log.after(position)` gives the events after a position, each with `.position` and `.event`.
- `fold(model, event)` returns the model after the event.

For example: two orders, of 1,900 and 450 cents, are in the log, and the plug is pulled once in between. When it
has caught up after that, the disk has model 2350 and checkpoint 2.""",
    answer="catch_up",
    starter="""\
def catch_up(log, disk, fold):
    return ...
""",
    hints=(
        "Begin with what is on the disk: the model from there, and the events after the checkpoint from there.",
        "Between two calls of `disk.save` the plug can be pulled. What is on the disk then, and what happens at "
        "the next start?",
        "Fold, then one call: `disk.save(model=model, checkpoint=recorded.position)`. Either after each event, "
        "or once at the end.",
    ),
    solution="""\
def catch_up(log, disk, fold):
    model = disk.model
    for recorded in log.after(disk.checkpoint):
        model = fold(model, recorded.event)
        disk.save(model=model, checkpoint=recorded.position)
""",
    wrong=(
        Wrong(
            "The model is saved first and the checkpoint after it, so an event may be counted twice.",
            """\
def catch_up(log, disk, fold):
    for recorded in log.after(disk.checkpoint):
        disk.save(model=fold(disk.model, recorded.event))
        disk.save(checkpoint=recorded.position)
""",
        ),
        Wrong(
            "Model and checkpoint are set one after the other, as if the disk were a value in memory.",
            """\
def catch_up(log, disk, fold):
    for recorded in log.after(disk.checkpoint):
        disk.model = fold(disk.model, recorded.event)
        disk.checkpoint = recorded.position
""",
        ),
        Wrong(
            "It is saved in two pieces, and the second in a `finally`, which no plug waits for.",
            """\
def catch_up(log, disk, fold):
    for recorded in log.after(disk.checkpoint):
        model = fold(disk.model, recorded.event)
        try:
            disk.save(model=model)
        finally:
            disk.save(checkpoint=recorded.position)
""",
        ),
        Wrong(
            "The total is added without asking `fold`, and not every event has one.",
            """\
def catch_up(log, disk, fold):
    model = disk.model
    for recorded in log.after(disk.checkpoint):
        model += recorded.event.total_cents
        disk.save(model=model, checkpoint=recorded.position)
""",
        ),
        Wrong(
            "The checkpoint is saved first and the model after it, so an event may be missed.",
            """\
def catch_up(log, disk, fold):
    for recorded in log.after(disk.checkpoint):
        disk.save(checkpoint=recorded.position)
        disk.save(model=fold(disk.model, recorded.event))
""",
        ),
        Wrong(
            "It begins with the first event each time, on top of the model that is there.",
            """\
def catch_up(log, disk, fold):
    model = disk.model
    for recorded in log.after(0):
        model = fold(model, recorded.event)
        disk.save(model=model, checkpoint=recorded.position)
""",
        ),
        Wrong(
            "It begins with the first event and with nothing each time, so that the disk is of no use.",
            """\
def catch_up(log, disk, fold):
    model = 0
    for recorded in log.after(0):
        model = fold(model, recorded.event)
        disk.save(model=model, checkpoint=recorded.position)
""",
        ),
        Wrong(
            "All is folded anew and saved once at the end, so the disk is never wrong, and of no use.",
            """\
def catch_up(log, disk, fold):
    model, position = 0, 0
    for recorded in log.after(0):
        model, position = fold(model, recorded.event), recorded.position
    disk.save(model=model, checkpoint=position)
""",
        ),
        Wrong(
            "*After* is read as *from*, so one is added, and an event is left out.",
            """\
def catch_up(log, disk, fold):
    model, position = disk.model, disk.checkpoint
    for recorded in log.after(position + 1 if position else 0):
        model = fold(model, recorded.event)
        disk.save(model=model, checkpoint=recorded.position)
""",
        ),
        Wrong(
            "The checkpoint counts the events of this time only.",
            """\
def catch_up(log, disk, fold):
    model, count = disk.model, 0
    for recorded in log.after(disk.checkpoint):
        model, count = fold(model, recorded.event), count + 1
    if count:
        disk.save(model=model, checkpoint=count)
""",
        ),
        Wrong(
            "It is saved before it is folded, so the model is one event behind its checkpoint.",
            """\
def catch_up(log, disk, fold):
    model = disk.model
    for recorded in log.after(disk.checkpoint):
        disk.save(model=model, checkpoint=recorded.position)
        model = fold(model, recorded.event)
""",
        ),
    ),
    remember="A model and its checkpoint are one thing, and are saved as one.",
    runs=runs,
)
def checkpointing(answer: Any, trace: Trace) -> Problem | None:
    """Find a moment for the plug after which an event is counted twice, or not at all."""
    plan = plan_of(trace)
    found, wanted = played(answer, plan, trace.title), played(save_together, plan, trace.title)
    for (number, is_so), (_, should) in zip(_stops(found), _stops(wanted), strict=True):
        saved, right = is_so.command, should.command
        if saved != right and not (is_so.failure or should.failure):
            pulled = next((each for each, step in _stops(found) if step.failure), None)
            since = f", after the plug was pulled in step {pulled}" if pulled else ""
            return found_at(
                number,
                _what(saved, right),
                f"Step {number}, caught up{since}: the disk has model {saved.model!r} and checkpoint "
                f"{saved.checkpoint!r}, and should have model {right.model} and checkpoint {right.checkpoint}.",
                found,
                wanted,
            )
    return _in_vain(found, wanted)


def _in_vain(found: Trace, wanted: Trace) -> Problem | None:
    """Find a step that goes back behind what the disk has: by reading it again, or by saving an older checkpoint."""
    has: Any = 0
    for number, step in enumerate(found.steps, 1):
        if isinstance(step.command, Read) and step.command.after < has:
            what = "What the disk has already is read again, and it is there so that it need not be."
            where = f"Step {number}: log.after({step.command.after}), and the disk has checkpoint {has}."
            return found_at(number, what, where, found, wanted)
        if isinstance(step.command, Save) and step.command.checkpoint is not None:
            if step.command.checkpoint < has:
                what = f"The checkpoint goes back from {has} to {step.command.checkpoint}."
                where = f"Step {number}: what came in between is read again next time."
                return found_at(number, what, where, found, wanted)
            has = step.command.checkpoint
    return None


def _stops(trace: Trace) -> list[tuple[int, TraceStep]]:
    return [(number, step) for number, step in enumerate(trace.steps, 1) if isinstance(step.command, OnDisk)]


def _what(saved: OnDisk, right: OnDisk) -> str:
    if saved.model == right.model:
        return "The checkpoint is not the position of the last event."
    if not isinstance(saved.model, int):
        return "The model is wrong."
    return "An event was counted twice." if saved.model > right.model else "An event was not counted."
