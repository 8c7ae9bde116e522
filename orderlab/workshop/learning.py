"""What a learner does, as a domain of its own: attempts, hints, solutions, resets. Its log is their progress."""

from dataclasses import dataclass, replace
from datetime import datetime
from re import fullmatch
from typing import Annotated

import msgspec

from orderlab.core.codec import JsonCodec
from orderlab.core.decider import Decider, DeciderReducer, EntityState
from orderlab.core.errors import CorruptStream
from orderlab.drawing.tables import AsTable
from orderlab.grading.exercise import HINTS
from orderlab.grading.verdict import Result

Instant = Annotated[datetime, msgspec.Meta(tz=True)]

SOURCE = 20_000
"""Characters of an answer that are kept."""


@dataclass(frozen=True, slots=True)
class RecordAttempt(AsTable):
    """Record that an answer was checked: what it was, what was said to it."""

    number: str
    result: Result
    what: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class TakeHint(AsTable):
    """Have the next hint."""

    number: str


@dataclass(frozen=True, slots=True)
class ShowSolution(AsTable):
    """Have the solution shown."""

    number: str


@dataclass(frozen=True, slots=True)
class ResetAnswer(AsTable):
    """Begin again; the source is what there is now, and is kept. The last one that was checked if it is empty."""

    number: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ExerciseAttempted(AsTable):
    """An answer was checked."""

    number: str
    result: Result
    what: str
    source: str
    timestamp: Instant


@dataclass(frozen=True, slots=True)
class HintTaken(AsTable):
    """A hint was given: the first, the second, the third."""

    number: str
    level: int
    timestamp: Instant


@dataclass(frozen=True, slots=True)
class SolutionShown(AsTable):
    """The solution was shown."""

    number: str
    timestamp: Instant


@dataclass(frozen=True, slots=True)
class AnswerReset(AsTable):
    """The exercise was begun again, and this is what there was before."""

    number: str
    source: str
    timestamp: Instant


@dataclass(frozen=True, slots=True)
class NoMoreHints(AsTable):
    """There are three hints, and all were given."""

    number: str


@dataclass(frozen=True, slots=True)
class NotAnExercise(AsTable):
    """What was to be recorded is about no exercise's number."""

    number: str


Command = RecordAttempt | TakeHint | ShowSolution | ResetAnswer
Event = ExerciseAttempted | HintTaken | SolutionShown | AnswerReset
Rejection = NoMoreHints | NotAnExercise


@dataclass(frozen=True, slots=True)
class Study(AsTable):
    """What a learner did with one exercise.

    Args:
        number: The exercise.
        attempts: Answers that were checked and were attempts: neither the starter nor the like.
        hints: Hints that were given.
        solution_shown: Whether the solution was.
        resets: How often it was begun again.
        result: What was said to the last answer; None before the first.
        what: What was wrong with the last answer.
        source: The last answer that was checked.
        backup: The answer before the last reset.
        first_at: When it was first touched.
        last_at: When it was last touched.
        tried_at: When it was first attempted; None if it never was.
        solved_at: When it was first correct; None if it never was.
    """

    number: str
    first_at: datetime
    last_at: datetime
    attempts: int = 0
    hints: int = 0
    solution_shown: bool = False
    resets: int = 0
    result: Result | None = None
    what: str = ""
    source: str = ""
    backup: str = ""
    tried_at: datetime | None = None
    solved_at: datetime | None = None

    @property
    def state(self) -> str:
        """What it stands at, in a word: solved, tried, or looked at."""
        if self.solved_at is not None:
            return "solved"
        return "tried" if self.attempts else "looked at"


def decide(command: Command, study: Study | None, *, key: str, at: datetime) -> tuple[Event, ...] | Rejection:
    """Record what a learner did; a fourth hint is refused, for there is none."""
    if not fullmatch(r"\d+\.\d+", command.number):
        return NotAnExercise(command.number)
    match command:
        case RecordAttempt():
            return (ExerciseAttempted(key, command.result, command.what, command.source[:SOURCE], at),)
        case TakeHint():
            taken = study.hints if study else 0
            return (HintTaken(key, taken + 1, at),) if taken < HINTS else NoMoreHints(key)
        case ShowSolution():
            return (SolutionShown(key, at),)
        case ResetAnswer():
            return (AnswerReset(key, command.source[:SOURCE] or (study.source if study else ""), at),)


def evolve(study: Study | None, event: Event) -> Study:
    """Return what a learner did with an exercise after one thing more."""
    now = event.timestamp
    study = Study(event.number, now, now) if study is None else replace(study, last_at=now)
    match event:
        case ExerciseAttempted(result=result):
            study = replace(study, result=result, what=event.what, source=event.source)
            if result is Result.NOT_ATTEMPTED:
                return study
            solved = now if study.solved_at is None and result is Result.CORRECT else study.solved_at
            return replace(study, attempts=study.attempts + 1, tried_at=study.tried_at or now, solved_at=solved)
        case HintTaken():
            if event.level != study.hints + 1:
                raise CorruptStream(f"hint {event.level} of exercise {event.number} cannot follow hint {study.hints}")
            return replace(study, hints=event.level)
        case SolutionShown():
            return replace(study, solution_shown=True)
        case AnswerReset():
            return replace(study, resets=study.resets + 1, backup=event.source or study.backup)


LEARNING: Decider[Study] = Decider(
    name="exercise",
    decide=decide,
    evolve=evolve,
    key_of=lambda action: action.number,
    commands=(RecordAttempt, TakeHint, ShowSolution, ResetAnswer),
    events=(ExerciseAttempted, HintTaken, SolutionShown, AnswerReset),
    rejections=(NoMoreHints, NotAnExercise),
    state_name=lambda study: "new" if study is None else study.state,
    states=("new", "looked at", "tried", "solved"),
)
"""A learner's work as a domain; its log opens in a timeline as that of orders does."""

LEARNING_CODEC = JsonCodec(list(LEARNING.events))

Studies = EntityState[Study]


def learning_reducer() -> DeciderReducer[Study, Studies]:
    """Return the reducer that a learner's log is kept by."""
    return DeciderReducer(LEARNING)
