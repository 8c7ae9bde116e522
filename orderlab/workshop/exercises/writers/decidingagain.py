"""4.5: on a conflict, decide again on what is there now; do not append again what was decided before."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.recording import Conflict, brief
from orderlab.workshop.exercises.writers.busyshelf import (
    ROUNDS,
    YOU,
    Answer,
    Append,
    Read,
    decide_each_time,
    played,
    runs,
)

_CONFLICT = "from orderlab import VersionConflict\n\n\n"


@exercise(
    "4.5",
    title="Beaten: decide again",
    question="""\
Two mugs are on the shelf, and you decide to sell both. Somebody takes one before you have written that. The
event store says `VersionConflict`. What now? The events that you hold were right for a shelf that is no more.

Write `handle(command, read, decide, append)`.

- `read()` returns the shelf as it is and its version.
- `decide(command, shelf)` returns a tuple of events, or a rejection.
- `append(events, version)` writes the events, or raises `VersionConflict` and writes nothing.

Return the events that were written, or the rejection. On a conflict read and decide anew. If the third attempt
meets a conflict too, let the exception pass: somebody must know.

For example: with two mugs, `Take("mugs", 2)`, and somebody who takes one in between, `handle` returns
`SoldOut("mugs", left=1)`, and nothing was written by you.""",
    answer="handle",
    starter=f"""\
{_CONFLICT}def handle(command, read, decide, append):
    return ...
""",
    hints=(
        "What must be done anew after a conflict? Everything that came after the moment at which you looked.",
        "A loop of three rounds. In each: read, decide, return a rejection, else append. Around `append` a `try`.",
        "`read()` and `decide(…)` are in the loop, not before it. In `except VersionConflict:` go on, but in the "
        "third round `raise`.",
    ),
    solution=f"""\
{_CONFLICT}def handle(command, read, decide, append):
    for attempt in (1, 2, 3):
        shelf, version = read()
        said = decide(command, shelf)
        if not isinstance(said, tuple):
            return said
        try:
            append(said, version)
            return said
        except VersionConflict:
            if attempt == 3:
                raise
""",
    wrong=(
        Wrong(
            "The same events are appended again at the new version.",
            f"""\
{_CONFLICT}def handle(command, read, decide, append):
    shelf, version = read()
    said = decide(command, shelf)
    if not isinstance(said, tuple):
        return said
    for attempt in (1, 2, 3):
        try:
            append(said, version)
            return said
        except VersionConflict as conflict:
            if attempt == 3:
                raise
            version = conflict.actual
""",
        ),
        Wrong(
            "After a conflict the shelf is read, but decided is on the old one.",
            f"""\
{_CONFLICT}def handle(command, read, decide, append):
    shelf, version = read()
    for attempt in (1, 2, 3):
        said = decide(command, shelf)
        if not isinstance(said, tuple):
            return said
        try:
            append(said, version)
            return said
        except VersionConflict:
            if attempt == 3:
                raise
            _, version = read()
""",
        ),
        Wrong(
            "A conflict is passed on at once, to somebody who can do nothing about it.",
            """\
def handle(command, read, decide, append):
    shelf, version = read()
    said = decide(command, shelf)
    if isinstance(said, tuple):
        append(said, version)
    return said
""",
        ),
        Wrong(
            "It tries for ever.",
            f"""\
{_CONFLICT}def handle(command, read, decide, append):
    while True:
        shelf, version = read()
        said = decide(command, shelf)
        if not isinstance(said, tuple):
            return said
        try:
            append(said, version)
            return said
        except VersionConflict:
            continue
""",
        ),
        Wrong(
            "After three attempts it returns as if all were well.",
            f"""\
{_CONFLICT}def handle(command, read, decide, append):
    for attempt in (1, 2, 3):
        shelf, version = read()
        said = decide(command, shelf)
        if not isinstance(said, tuple):
            return said
        try:
            append(said, version)
            break
        except VersionConflict:
            continue
    return said
""",
        ),
        Wrong(
            "The last attempt is made without a check, so that it succeeds.",
            f"""\
{_CONFLICT}def handle(command, read, decide, append):
    for attempt in (1, 2, 3):
        shelf, version = read()
        said = decide(command, shelf)
        if not isinstance(said, tuple):
            return said
        try:
            append(said, version if attempt < 3 else None)
            return said
        except VersionConflict:
            continue
""",
        ),
    ),
    remember="A conflict is answered by reading and deciding again; what was decided before is worth nothing any more.",
    runs=runs,
)
def deciding_again(answer: Any, trace: Trace) -> Problem | None:
    """Find somebody in between after whom the answer writes what it should not, or gives up, or does not."""
    first, *rest = trace.steps
    others = [(step.writer, step.command) for step in rest if step.writer != YOU]
    command = rest[-1].command.command
    found = played(answer, command, others, first.command.pieces, trace.title)
    wanted = played(decide_each_time, command, others, first.command.pieces, trace.title)
    steps = enumerate(zip(found.steps, wanted.steps, strict=False), 1)
    differing = (step for step in steps if _seen(step[1][0]) != _seen(step[1][1]))
    number, (is_so, should) = next(differing, (0, (None, None)))
    if not number and len(found) == len(wanted):
        return None
    what = _what(found, wanted)
    if is_so is None or should is None:
        return Problem(
            what, f"Step {min(len(found), len(wanted)) + 1}: only one of the two runs has it.", found, wanted
        )
    return Problem(what, f"Step {number}: it is {_said(is_so)}, and should be {_said(should)}.", found, wanted)


def _seen(step: Any) -> Any:
    """Return what two steps are compared by."""
    return step.writer, step.command, step.events, step.rejection, step.failure, step.effects


def _said(step: Any) -> str:
    match step.command:
        case Read():
            return "reading the shelf"
        case Append(events=events, version=version):
            return f"appending {brief(events)} at version {version}, and the outcome is {step.outcome}"
        case Answer() if isinstance(step.rejection, Conflict):
            return "letting the VersionConflict pass"
        case Answer():
            return f"answering with {step.failure or (brief(step.rejection or step.effects))}"
    return f"{step.writer}, who takes {step.command.pieces}"


def _what(found: Trace, wanted: Trace) -> str:
    """Return what went wrong: the first that is so, by what was written, what is left, and what was answered."""
    left, should = found.state.entities["mugs"].pieces, wanted.state.entities["mugs"].pieces
    appended = [step.command for step in found.steps if isinstance(step.command, Append)]
    gave_up, give_up = (isinstance(trace.steps[-1].rejection, Conflict) for trace in (found, wanted))
    what = {
        f"It does not give up: after {ROUNDS} attempts the caller should be told of the conflict.": bool(
            found.steps[-1].failure or len(appended) > ROUNDS
        ),
        "It was appended without a version, so that whoever came in between was not noticed.": any(
            each.version is None for each in appended
        ),
        f"More was sold than there is: the shelf has {left} mugs on it.": left < 0,
        f"What was decided on an old shelf was written: pieces is {left}, and should be {should}.": left < should,
        "It gives up at a conflict that it could have answered by deciding again.": gave_up and not give_up,
        "Nothing was written, and the caller is not told.": give_up and not gave_up,
    }
    otherwise = "What was done is not what reading and deciding anew would have done."
    return next((sentence for sentence, is_so in what.items() if is_so), otherwise)
