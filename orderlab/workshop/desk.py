"""The workshop's desk: what a learner asks for, by the number of an exercise. What is asked is recorded."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from orderlab.core.errors import OrderlabError
from orderlab.grading.answer import Written, is_empty
from orderlab.grading.checking import warm_up
from orderlab.grading.exercise import HINTS, Exercise
from orderlab.grading.verdict import Result, Verdict
from orderlab.workshop import journal
from orderlab.workshop.contents import exercises, find, title_of
from orderlab.workshop.learning import NoMoreHints, RecordAttempt, ResetAnswer, ShowSolution, Study, TakeHint
from orderlab.workshop.mistakes import InASentence, Mistake
from orderlab.workshop.sheet import Overview, Sheet
from orderlab.workshop.sources import source_of
from orderlab.workshop.standing import next_of, overview, state_of
from orderlab.workshop.standing import progress as progress_of

Number = str | float
"""An exercise's number: `"2.1"`, or 2.1."""


class Stopped(InASentence, KeyboardInterrupt):
    """Ctrl-C, before anything was recorded; the text says so."""


_hints_taken: dict[str, int] = {}
"""Hints given by this process, where they could not be recorded."""


def show(number: Number) -> Sheet:
    """Show an exercise: its question, what to begin with, and how far you are with it.

    Raises:
        NoSuchExercise: There is none with that number.
    """
    exercise = find(number)
    _warm_up(exercise)  # while the question is read
    studies, note = _studies()
    where = note or state_of(studies.get(exercise.number))
    return Sheet(
        f"### {exercise.number} {exercise.title}\n\n{exercise.question.strip()}\n\nBegin with:\n\n"
        f"```python\n{exercise.starter.strip()}\n```\n\n"
        f"*Part {exercise.part}: {title_of(exercise.part)}. {where}*\n"
    )


def check(number: Number, answer: Any, *, source: str | None = None) -> Verdict:
    """Check an answer, record the attempt, and return what is said to it.

    The answer runs in a process of its own, so that an endless loop ends with a sentence.

    Args:
        number: The exercise's number.
        answer: What the starter's name stands for now: the function itself, not what it returns.
        source: The answer as it is written; found by itself in a notebook.

    Raises:
        NoSuchExercise: There is none with that number.
        CheckFailed: There is no process to check it in.
        Stopped: Somebody pressed Ctrl-C while it ran.
    """
    exercise = find(number)
    if isinstance(answer, Written) and is_empty(answer.source):
        return Verdict(exercise.number, Result.NOT_ATTEMPTED, said="nothing is written yet but comments")
    try:
        verdict = exercise.check(answer)
    except KeyboardInterrupt:
        raise Stopped("Stopped; nothing was recorded.") from None
    if source is None:
        source = answer.source if isinstance(answer, Written) else source_of(exercise.answer, answer)
    what = verdict.problem.what if verdict.problem else ""
    _, note = _recorded(RecordAttempt(exercise.number, verdict.result, what, source))
    return replace(verdict, note=note) if note else verdict


def hint(number: Number) -> Sheet:
    """Give the next hint; there are three, each telling more than the one before.

    Raises:
        NoSuchExercise: There is none with that number.
    """
    exercise = find(number)
    rejection, note = _recorded(TakeHint(exercise.number))
    level, again = HINTS, isinstance(rejection, NoMoreHints)
    if note:
        level = _hints_taken[exercise.number] = min(_hints_taken.get(exercise.number, 0) + 1, HINTS)
    elif isinstance(rejection, Study):
        level = rejection.hints
    ask = f'workshop.solution("{exercise.number}")'
    told = f"**Hint {level} of {HINTS}** {exercise.hints[level - 1].strip()}"
    if again:
        told = f"All three hints were given, and this is the third again; `{ask}` shows the solution.\n\n{told}"
    return Sheet(_with(told, note))


def solution(number: Number) -> Sheet:
    """Show a solution, and record that it was shown; there may be others as good.

    Raises:
        NoSuchExercise: There is none with that number.
    """
    exercise = find(number)
    _, note = _recorded(ShowSolution(exercise.number))
    told = (
        f"**A solution of {exercise.number}** (that you looked at it is recorded with your progress)\n\n"
        f"```python\n{exercise.solution.strip()}\n```\n\n{exercise.remember}"
    )
    return Sheet(_with(told, note))


def reset(number: Number, *, source: str = "") -> Sheet:
    """Begin an exercise again: the starter comes back, and your last answer is kept.

    Args:
        number: The exercise's number.
        source: The answer to be kept; the last one that was checked if empty.

    Raises:
        NoSuchExercise: There is none with that number.
    """
    exercise = find(number)
    study, note = _recorded(ResetAnswer(exercise.number, source))
    placed = _in_next_cell(exercise.starter)
    told = f"**{exercise.number} begins again**"
    told += " with the starter, in the cell below." if placed else f" with this:\n\n{_code(exercise.starter)}"
    kept = study.backup if isinstance(study, Study) else ""
    if kept:
        told += (
            f'\n\nYour last answer is kept, and `workshop.backup("{exercise.number}")` gives it back:\n\n{_code(kept)}'
        )
    return Sheet(_with(told, note))


def backup(number: Number) -> str:
    """Return the answer that was kept when the exercise was last begun again; empty if it never was.

    Raises:
        NoSuchExercise: There is none with that number.
        OrderlabError: The progress cannot be read.
    """
    study = journal.studies().get(find(number).number)
    return Sheet(study.backup if study else "")


def note_reset(number: Number, source: str) -> str:
    """Record that an exercise was begun again with its file; return a sentence if that failed."""
    return _recorded(ResetAnswer(find(number).number, source))[1]


def first_unsolved() -> tuple[Exercise | None, str]:
    """Return the first exercise that is not solved yet, None if each is; and a sentence if that cannot be known."""
    studies, note = _studies()
    return next_of(exercises(), studies), note


def next_exercise() -> Sheet:
    """Show the first exercise that is not solved yet."""
    ahead, _ = first_unsolved()
    if ahead is None:
        return Sheet(
            "You have solved every exercise there is. Mint one of your own: `workshop.add(trace.to_exercise(…))`."
        )
    return show(ahead.number)


def list_exercises() -> Overview:
    """Return all exercises, and where each stands."""
    studies, note = _studies()
    return _noted(overview(exercises(), studies), note)


def progress() -> Overview:
    """Return what you did with each exercise that you touched."""
    studies, note = _studies()
    return _noted(progress_of(exercises(), studies), note)


def export(path: str | PathLike[str]) -> Path:
    """Write your progress to a file of JSON lines, for an instructor's `workshop.classroom`; return the file.

    It holds what you did and when, with your answers, and nothing else of you; its name is yours to choose.

    Args:
        path: The file, such as `ada.jsonl`.

    Raises:
        Mistake: There is no progress yet.
        OrderlabError: It cannot be read, or the file not be written.
    """
    if not journal.studies():
        raise Mistake(f"there is no progress yet, so {path} was not written: check an answer first")
    journal.export(path)
    return Path(path)


def _warm_up(exercise: Exercise) -> None:
    home = exercise.examine.__module__
    warm_up(*[home] * home.startswith(f"{__package__}."))


def _recorded(command: Any) -> tuple[Any, str]:
    """Record something; return the exercise's study since, or why it was refused, and a sentence if it failed."""
    try:
        outcome, study = journal.record(command)
    except Exception as error:  # noqa: BLE001 - progress is a service to the learner, and never stops the work
        return None, f"This was not recorded in your progress: {_told(error)}"
    return (study if outcome.rejection is None else outcome.rejection), ""


def _studies() -> tuple[Mapping[str, Study], str]:
    try:
        return journal.studies(), ""
    except Exception as error:  # noqa: BLE001 - see above
        return {}, f"Your progress cannot be read: {_told(error)}"


def _told(error: Exception) -> str:
    return f"{error}." if isinstance(error, OrderlabError) else f"{type(error).__name__}: {error}."


def _noted(overview: Overview, note: str) -> Overview:
    return replace(overview, sentence=f"{overview.sentence} {note}") if note else overview


def _with(told: str, note: str) -> str:
    return f"{told}\n\n{note}\n" if note else f"{told}\n"


def _code(source: str) -> str:
    return f"```python\n{source.strip()}\n```"


def _in_next_cell(source: str) -> bool:
    """Put a source into the notebook's next cell; False where there is no notebook."""
    shell = shell_here()
    if shell is None or not hasattr(shell, "kernel"):
        return False
    shell.set_next_input(source.strip())
    return True


def shell_here() -> Any:
    """Return the notebook's or prompt's own shell; None in a script."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()
