"""4.5: on a conflict, decide again on what is there now; do not append again what was decided before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.errors import VersionConflict
from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.recording import Conflict, Recording, brief
from orderlab.workshop.exercises.shelf import SHELF, Fill, Take

ROUNDS = 3
YOU, STREAM = "you", SHELF.stream_id("mugs")


@dataclass(frozen=True, slots=True)
class Read(AsTable):
    """Read the shelf."""

    shelf: str


@dataclass(frozen=True, slots=True)
class Append(AsTable):
    """Append events, provided that the shelf is still at this version."""

    shelf: str
    events: tuple[Any, ...]
    version: int | None


@dataclass(frozen=True, slots=True)
class Answer(AsTable):
    """Answer a command."""

    command: Any


class _Endless(RuntimeError):
    """The answer tries for ever."""


class _Shop:
    """A shelf, others who take from it right after each time that you have read it, and what happens."""

    def __init__(self, others: Sequence[tuple[str, Any]], pieces: int, title: str) -> None:
        self.recording, self._version, self._others = Recording(SHELF, title), 0, list(others)
        self._happen("shop", Fill("mugs", pieces))

    def _happen(self, writer: str, command: Any) -> None:
        said = SHELF.decide(command, self.recording.entity("mugs"), key="mugs", at=self.recording.at)
        events = said if isinstance(said, tuple) else ()
        self._version += len(events)
        self.recording.tell(writer, command, events, rejection=None if events else said, key="mugs")

    def read(self) -> tuple[Any, int]:
        """Return the shelf and its version; then another customer comes."""
        seen = self.recording.entity("mugs"), self._version
        self.recording.tell(YOU, Read("mugs"), key="mugs")
        if len(self.recording) > 10 * ROUNDS:
            raise _Endless(sum(isinstance(step.command, Read) for step in self.recording.trace().steps))
        self.another_comes()
        return seen

    def another_comes(self) -> bool:
        """Have the next of the others take what they want; tell whether there was one."""
        if self._others:
            self._happen(*self._others.pop(0))
            return True
        return False

    def append(self, events: Any, version: Any = None) -> None:
        """Append events, provided that the shelf is at this version."""
        action = Append("mugs", tuple(events), version)
        if version is not None and version != self._version:
            conflict = VersionConflict(STREAM, version, self._version)
            self.recording.tell(YOU, action, rejection=Conflict.of(conflict), key="mugs")
            raise conflict
        self._version += len(action.events)
        self.recording.tell(YOU, action, action.events, key="mugs")


def _decide(command: Any, shelf: Any) -> Any:
    return SHELF.decide(command, shelf, key="mugs", at=None)


def played(handle: Callable[..., Any], command: Take, others: Sequence[Any], pieces: int, title: str) -> Trace:
    """Return what comes of a command that is handled by this function while others come in between."""
    shop, failure = _Shop(others, pieces, title), ""
    try:
        answer = handle(command, shop.read, _decide, shop.append)
    except VersionConflict as conflict:
        answer = Conflict.of(conflict)
    except _Endless as error:
        answer, failure = None, f"it has tried {error} times and goes on"
    while shop.another_comes():
        pass
    events, rejection = (answer, None) if isinstance(answer, tuple) else ((), answer)
    shop.recording.tell(YOU, Answer(command), rejection=rejection, failure=failure, effects=events, key="mugs")
    return shop.recording.trace()


def _right(command: Any, read: Any, decide: Any, append: Any) -> Any:
    for attempt in range(1, ROUNDS + 1):
        shelf, version = read()
        said = decide(command, shelf)
        if not isinstance(said, tuple):
            return said
        try:
            append(said, version)
        except VersionConflict:
            if attempt == ROUNDS:
                raise
        else:
            return said
    raise AssertionError


def _runs() -> tuple[Trace, ...]:
    take, bens, idas = Take("mugs", 2), ("ben", Take("mugs", 1)), ("ida", Take("mugs", 1))
    cases = (
        ("Nobody comes in between", 2, ()),
        ("There is too little from the start", 1, ()),
        ("Another takes the last that you need", 2, (bens,)),
        ("Another comes in between, and there is enough for all", 4, (bens,)),
        ("Another comes in between twice", 4, (bens, idas)),
        ("Another comes in between every time", 8, (bens, idas, bens, idas)),
    )
    runs = (played(_right, take, others, pieces, title) for title, pieces, others in cases)
    return tuple(sorted(runs, key=len))


_CONFLICT = "from orderlab import VersionConflict\n\n\n"


@exercise(
    "4.5",
    title="Beaten: decide again",
    question="""\
Two mugs are on the shelf, and you decide to sell both. Somebody takes one before you have written that. The event store says
`VersionConflict`. What now? The events that you hold were right for a shelf that is no more.

Write `handle(command, read, decide, append)`.

- `read()` returns the shelf as it is and its version.
- `decide(command, shelf)` returns a tuple of events, or a rejection.
- `append(events, version)` writes the events, or raises `VersionConflict` and writes nothing.

Return the events that were written, or the rejection. On a conflict read and decide anew. If the third attempt meets a conflict too, let the
exception pass: somebody must know.

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
        "`read()` and `decide(…)` are in the loop, not before it. In `except VersionConflict:` go on, but in the third round `raise`.",
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
    runs=_runs,
)
def deciding_again(answer: Any, trace: Trace) -> Problem | None:
    """Find somebody in between after whom the answer writes what it should not, or gives up, or does not."""
    first, *rest = trace.steps
    others = [(step.writer, step.command) for step in rest if step.writer != YOU]
    command = rest[-1].command.command
    found = played(answer, command, others, first.command.pieces, trace.title)
    wanted = played(_right, command, others, first.command.pieces, trace.title)
    steps = enumerate(zip(found.steps, wanted.steps, strict=False), 1)
    differing = (step for step in steps if _seen(step[1][0]) != _seen(step[1][1]))
    number, (is_so, should) = next(differing, (0, (None, None)))
    if not number and len(found) == len(wanted):
        return None
    what = _what(found, wanted)
    if is_so is None or should is None:
        return Problem(what, f"Step {min(len(found), len(wanted)) + 1}: only one of the two runs has it.", found, wanted)
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
        case Answer():
            return f"answering with {step.failure or (brief(step.rejection or step.effects))}"
    return f"{step.writer}, who takes {step.command.pieces}"


def _what(found: Trace, wanted: Trace) -> str:
    """Return what went wrong, by what is left on the shelf and what was answered."""
    left, should = found.state.entities["mugs"].pieces, wanted.state.entities["mugs"].pieces
    answer, right = found.steps[-1], wanted.steps[-1]
    appended = [step.command for step in found.steps if isinstance(step.command, Append)]
    if answer.failure or len(appended) > ROUNDS:
        return f"It does not give up: after {ROUNDS} attempts the caller should be told of the conflict."
    if any(each.version is None for each in appended):
        return "It was appended without a version, so that whoever came in between was not noticed."
    if left < 0:
        return f"More was sold than there is: the shelf has {left} mugs on it."
    if left < should:
        return f"What was decided on an old shelf was written: {left} mugs are left, and it should be {should}."
    if isinstance(answer.rejection, Conflict) and not isinstance(right.rejection, Conflict):
        return "It gives up at a conflict that it could have answered by deciding again."
    if isinstance(right.rejection, Conflict):
        return "Nothing was written, and the caller is not told."
    return "What was done is not what reading and deciding anew would have done."
