"""4.5: on a conflict, decide again on what is there now; do not append again what was decided before."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at
from orderlab.workshop.exercises.recording import brief
from orderlab.workshop.exercises.writers.busyshelf import ROUNDS, YOU, Answer, decide_each_time, played, runs

_CONFLICT = "from orderlab import VersionConflict\n\n\n"


@exercise(
    "4.5",
    title="Beaten: decide again",
    question="""\
Two mugs are on the shelf, and you decide to sell both. Somebody takes one before you have written that. The
event store says `VersionConflict`. What now? The events that you hold were right for a shelf that is no more.

Write `keep_trying(command, read, decide, append)`, a plain `def`, and so are these three:

- `read()` returns the shelf as it is and its version.
- `decide(command, shelf)` returns a tuple of events, or a rejection.
- `append(events, version)` writes the events, if the shelf is still at that version; else it raises
  `VersionConflict` (`from orderlab import VersionConflict`) and writes nothing.

Return the events that were written, or the rejection. On a conflict read and decide anew. If the third attempt
meets a conflict too, let the exception pass: somebody must know.

For example: with two mugs, `Take("mugs", 2)`, and somebody who takes one in between, `keep_trying` returns
`SoldOut("mugs", left=1)`, and nothing was written by you.""",
    answer="keep_trying",
    starter="""\
def keep_trying(command, read, decide, append):
    return ...
""",
    hints=(
        "What must be done anew after a conflict? Everything that came after the moment at which you looked.",
        "A loop of three rounds. In each: read, decide, return a rejection, else append. Around `append` a `try`.",
        "`read()` and `decide(…)` are in the loop, not before it. In `except VersionConflict:` go on, but in the "
        "third round `raise`.",
    ),
    solution=f"""\
{_CONFLICT}def keep_trying(command, read, decide, append):
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
{_CONFLICT}def keep_trying(command, read, decide, append):
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
{_CONFLICT}def keep_trying(command, read, decide, append):
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
def keep_trying(command, read, decide, append):
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
{_CONFLICT}def keep_trying(command, read, decide, append):
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
{_CONFLICT}def keep_trying(command, read, decide, append):
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
{_CONFLICT}def keep_trying(command, read, decide, append):
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
    is_so, should = _done(found), _done(wanted)
    if [_seen(step) for _, step in is_so] == [_seen(step) for _, step in should]:
        return None
    pairs = zip(is_so, should, strict=False)
    (number, mine), (_, right) = next(pair for pair in pairs if _seen(pair[0][1]) != _seen(pair[1][1]))
    where = f"Step {number} is {_said(mine)}, and should be {_said(right)}."
    return found_at(number, _what(found, wanted), where, found, wanted)


def _done(trace: Trace) -> list[tuple[int, TraceStep]]:
    """Return what was done, with the number of each step; how often one decides is one's own affair."""
    return [(number, step) for number, step in enumerate(trace.steps, 1) if step.part != "decide"]


def _seen(step: TraceStep) -> Any:
    """Return what two steps are compared by."""
    command = Answer if isinstance(step.command, Answer) else step.command
    return step.writer, step.part, command, step.answer, step.effects


def _said(step: TraceStep) -> str:
    match step.part, step.command:
        case "read", _:
            return "reading the shelf"
        case "append", _:
            [asked] = step.effects
            version = "without a version" if asked.expected_version is None else f"at version {asked.expected_version}"
            return f"appending {brief(asked.events)} {version}, where the outcome is {step.answer}"
        case _, Answer():
            return f"answering with {step.answer if step.failure else brief(step.effects[0].value)}"
    return f"{step.writer}, who takes {step.command.pieces}"


def _what(found: Trace, wanted: Trace) -> str:
    """Return what went wrong: the first that is so, by what was written, what is left, and what was answered."""
    left, should = found.state.entities["mugs"].pieces, wanted.state.entities["mugs"].pieces
    appended = [step.effects[0] for step in found.steps if step.part == "append"]
    gave_up, give_up = (trace.steps[-1].is_conflict for trace in (found, wanted))
    what = {
        f"It does not give up: after {ROUNDS} attempts the caller should be told of the conflict.": bool(
            found.steps[-1].answer == "Endless" or len(appended) > ROUNDS
        ),
        "It was appended without a version, so that whoever came in between was not noticed.": any(
            each.expected_version is None for each in appended
        ),
        f"More was sold than there is: the shelf has {left} mugs on it.": left < 0,
        f"What was decided on an old shelf was written: pieces is {left}, and should be {should}.": left < should,
        "It gives up at a conflict that it could have answered by deciding again.": gave_up and not give_up,
        "Nothing was written, and the caller is not told.": give_up and not gave_up,
    }
    otherwise = "What was done is not what reading and deciding anew would have done."
    return next((sentence for sentence, is_so in what.items() if is_so), otherwise)
