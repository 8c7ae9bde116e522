"""Judge an answer: try it on runs, the shortest first, until one shows that it is wrong."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from orderlab.grading.answer import AnswerError, Written, value_in
from orderlab.grading.fitting import misfit
from orderlab.grading.raising import problem_raised
from orderlab.grading.sameness import is_blank, is_same, is_undone
from orderlab.grading.verdict import Problem, Result, Verdict

if TYPE_CHECKING:
    from orderlab.grading.exercise import Exercise

RUNS = 10_000
"""Runs that an exercise may try an answer on."""


def judge(exercise: "Exercise", answer: Any, *, begin: Callable[[], None] = lambda: None) -> Verdict:
    """Judge an answer in this process, by running it on one run after the other.

    Args:
        exercise: The exercise.
        answer: The answer; or `Written`, which is run first.
        begin: Called before the answer is tried on a run.

    Raises:
        TypeError: What the exercise's own check gives is neither a Problem nor None.
        ValueError: The exercise has no runs, or more than can be tried.
    """
    try:
        value = value_in(answer.source, exercise.answer, answer.place) if isinstance(answer, Written) else answer
    except AnswerError as error:
        return _incorrect(exercise, Problem(str(error), error.where, detail=error.detail))
    why = _untouched(exercise, value)
    if why:
        return _not_attempted(exercise, why)
    try:
        problem = misfit(exercise.answer, value, exercise.answer_in(exercise.solution)) or _found(
            exercise, value, begin
        )
    except NotImplementedError:
        return _not_attempted(exercise, _UNDONE)
    if problem is not None:
        return _incorrect(exercise, problem)
    return Verdict(exercise.number, Result.CORRECT, said=exercise.remember)


_UNDONE = "says itself that it is not done: it raises NotImplementedError"


def _untouched(exercise: "Exercise", answer: Any) -> str:
    """Say why an answer is no attempt; empty if it is one."""
    if is_same(answer, exercise.answer_in(exercise.starter)):
        return "is as it was given: write your answer, and check it again"
    if is_undone(answer):
        return _UNDONE
    return "has a `...` left where your answer goes" if is_blank(answer) else ""


def _found(exercise: "Exercise", answer: Any, begin: Callable[[], None]) -> Problem | None:
    """Return what the first run that shows anything shows to be wrong."""
    for run in _runs(exercise):
        problem = _examined(exercise, answer, run, begin)
        if problem is not None:
            return problem
    return None


def _incorrect(exercise: "Exercise", problem: Problem) -> Verdict:
    return Verdict(exercise.number, Result.INCORRECT, problem)


def _not_attempted(exercise: "Exercise", why: str) -> Verdict:
    return Verdict(exercise.number, Result.NOT_ATTEMPTED, said=f"{exercise.answer} {why}")


def _runs(exercise: "Exercise") -> Iterator[Any]:
    number = 0
    for number, run in enumerate(islice(exercise.runs(), RUNS + 1), 1):
        if number > RUNS:
            raise ValueError(f"exercise {exercise.number} gives more than {RUNS:,} runs, so checking it takes too long")
        yield run
    if not number:
        raise ValueError(f"exercise {exercise.number} gives no run to try an answer on")


def _examined(exercise: "Exercise", answer: Any, run: Any, begin: Callable[[], None]) -> Problem | None:
    """Return what is wrong with the answer on a run; what is found must be found again, or that is what is wrong."""
    begin()
    found = _once(exercise, answer, run)
    if found is None or found.detail:
        return found
    begin()
    again = _once(exercise, answer, found.trace if found.trace is not None else run)
    if again is not None:
        return found
    return Problem(
        f"{exercise.answer} does not give the same for the same run each time: it was wrong once, and right after that",
        "it keeps something from one call to the next, or reads the clock or chance",
        run,
    )


def _once(exercise: "Exercise", answer: Any, run: Any) -> Problem | None:
    try:
        found = exercise.examine(answer, run)
    except NotImplementedError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - what an answer raises is what is wrong with it
        unmarked = run.marked(0, "") if hasattr(run, "marked") else run  # at which of its steps is not known
        return problem_raised(exercise.answer, answer, error, unmarked)
    if found is None or isinstance(found, Problem):
        return found
    raise TypeError(f"the check of exercise {exercise.number} must return a Problem or None, not {found!r}")
