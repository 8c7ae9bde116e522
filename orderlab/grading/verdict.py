"""What is said to an answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """What an answer is; there is nothing in between."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    NOT_ATTEMPTED = "not attempted"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an answer, as an exercise finds it on one run.

    Args:
        what: What is wrong, one sentence.
        where: Where it shows, one sentence: which step, which field, which line.
        trace: The run that shows it; the exercise's own check makes sure that it does.
        wanted: The same run as it should be; None where there is no other.
        detail: A traceback, which is shown only to who asks; empty if nothing was raised.
    """

    what: str
    where: str = ""
    trace: Any = None
    wanted: Any = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said to an answer: correct, incorrect, or not attempted; and if incorrect, what is wrong.

    Args:
        exercise: The exercise's number.
        result: What the answer is.
        problem: What is wrong with it; None unless it is incorrect.
        said: What else is said: of a correct answer, what to remember.
    """

    exercise: str
    result: Result
    problem: Problem | None = None
    said: str = ""

    @property
    def is_correct(self) -> bool:
        """Whether the answer is correct."""
        return self.result is Result.CORRECT

    @property
    def trace(self) -> Any:
        """The shortest run that shows what is wrong; None unless there is one."""
        return None if self.problem is None else self.problem.trace
