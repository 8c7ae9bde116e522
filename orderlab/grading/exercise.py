"""An exercise: what is asked, and a check that finds the shortest run on which an answer is wrong."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from re import fullmatch
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.grading.answer import value_in
from orderlab.grading.checking import check
from orderlab.grading.judging import judge
from orderlab.grading.verdict import Problem, Verdict

HINTS, WRONG = 3, 3
"""So many hints an exercise has, and at least so many wrong answers."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong answer that people give, which the check must refuse.

    Args:
        mistake: What is thought wrongly, one sentence.
        source: The answer, as Python.
    """

    mistake: str
    source: str


@dataclass(frozen=True, slots=True, repr=False)
class Exercise(AsTable):
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

    def __post_init__(self) -> None:
        if not (isinstance(self.number, str) and fullmatch(r"\d+\.\d+", self.number)):
            raise TypeError(f'number must be a part and a number in it, such as "2.1", not {self.number!r}')
        for name in ("title", "question", "answer", "starter", "solution", "remember"):
            text = getattr(self, name)
            if not (isinstance(text, str) and text.strip()):
                raise TypeError(f"{name} of exercise {self.number} must be a text, not {text!r}")
        if not self.answer.isidentifier():
            raise TypeError(f"answer of exercise {self.number} must be the name of a value, not {self.answer!r}")
        self._keep_tuple("hints", str, "texts")
        self._keep_tuple("wrong", Wrong, "Wrong(mistake, source)")
        if len(self.hints) != HINTS:
            raise TypeError(f"exercise {self.number} must have {HINTS} hints, not {len(self.hints)}")
        if len(self.wrong) < WRONG:
            raise TypeError(f"exercise {self.number} must have at least {WRONG} wrong answers, not {len(self.wrong)}")
        for name in ("runs", "examine"):
            if not callable(getattr(self, name)):
                raise TypeError(f"{name} of exercise {self.number} must be a function, not {getattr(self, name)!r}")

    @property
    def part(self) -> int:
        """The part that it belongs to, as a number."""
        return int(self.number.partition(".")[0])

    def answer_in(self, source: str) -> Any:
        """Run a source in a namespace of its own, and return the answer in it.

        Raises:
            AnswerError: It is no Python, raises something, or has no answer; the text is a sentence.
        """
        return value_in(source, self.answer, f"<answer {self.number}>")

    def judge(self, answer: Any) -> Verdict:
        """Judge an answer in this process, which an endless loop would keep: for tests, and for answers one trusts."""
        return judge(self, answer)

    def check(self, answer: Any, *, seconds: float = 5) -> Verdict:
        """Check an answer in a process of its own, which it can neither keep for ever nor change for the next one.

        Args:
            answer: The answer: what the starter's name stands for now.
            seconds: How long it may take.

        Raises:
            CheckFailed: There is no process to check it in, or the exercise itself has a mistake.
        """
        return check(self, answer, seconds)

    def __repr__(self) -> str:
        return f"<Exercise {self.number}: {self.title}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled by name if it is one of the package's, else by value: its functions are of any place then."""
        module, name = self.examine.__module__, getattr(self.examine, "__qualname__", "")
        if module.partition(".")[0] == __package__.partition(".")[0] and _named(module, name) is self:
            return _named, (module, name)
        return type(self), tuple(getattr(self, each.name) for each in fields(self))

    def _keep_tuple(self, name: str, kind: type, wanted: str) -> None:
        given = getattr(self, name)
        if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(e, kind) for e in given):
            raise TypeError(f"{name} of exercise {self.number} must be a tuple of {wanted}, not {given!r}")
        object.__setattr__(self, name, tuple(given))


def exercise(
    number: str,
    *,
    title: str,
    question: str,
    answer: str,
    starter: str,
    hints: Sequence[str],
    solution: str,
    wrong: Sequence[Wrong],
    remember: str,
    runs: Callable[[], Iterable[Any]],
) -> Callable[[Callable[[Any, Any], Problem | None]], Exercise]:
    """Make an exercise of a function that examines an answer on one run: `def counting(answer, trace)`.

    The function returns a `Problem`, or None if it finds nothing wrong; it may let the answer raise what it likes.

    Args:
        number: Part and number in it, `2.1`.
        title: What it is about, a few words.
        question: What to do, Markdown; says what the answer is called.
        answer: The name in the source whose value is the answer.
        starter: The source that a learner begins with.
        hints: Three, each telling more than the one before.
        solution: A source whose answer is correct.
        wrong: At least three wrong answers.
        remember: What is said to who got it right, one sentence.
        runs: Gives the runs to try an answer on, the shortest first.
    """

    def made(examine: Callable[[Any, Any], Problem | None]) -> Exercise:
        return Exercise(
            number, title, question, answer, starter, tuple(hints), solution, tuple(wrong), remember, runs, examine
        )

    return made


def _named(module: str, name: str) -> Any:
    """Return what a module calls by a name; None if there is nothing."""
    if module not in sys.modules:
        __import__(module)
    return getattr(sys.modules[module], name, None)
