"""An exercise: what is asked, and a check that finds the shortest run on which an answer is wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from orderlab.grading.verdict import Problem


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong answer that people give, which the check must refuse.

    Args:
        mistake: What is thought wrongly, one sentence.
        source: The answer, as Python.
    """

    mistake: str
    source: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """A task with a check of its own.

    Args:
        number: Part and number in it, `2.1`.
        title: What it is about, a few words.
        question: What to do, Markdown; says what the answer is called.
        answer: The name in the source whose value is the answer.
        starter: The source that a learner begins with; its answer is "not attempted".
        hints: Three, each telling more than the one before.
        solution: A source whose answer is correct.
        wrong: At least three wrong answers.
        remember: What is said to who got it right, one sentence.
        runs: Gives the runs to try an answer on, the shortest first.
        examine: Finds what is wrong with an answer on one run, if anything is.
    """

    number: str
    title: str
    question: str
    answer: str
    starter: str
    hints: tuple[str, ...]
    solution: str
    wrong: tuple[Wrong, ...]
    remember: str
    runs: Callable[[], Iterable[Any]]
    examine: Callable[[Any, Any], Problem | None]
