"""What is said to an answer."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orderlab.grading.telling import HERE, Told, html_of, in_code, sentence, text_of


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

    def __repr__(self) -> str:
        return f"<Problem: {self.what}>"

    def _repr_html_(self) -> str:
        return html_of("problem", "incorrect", [self.what, self.where], self.trace, self.wanted)


@dataclass(frozen=True, slots=True, repr=False)
class Verdict:
    """What is said to an answer: correct, incorrect, or not attempted; and if incorrect, what is wrong.

    `print(verdict)` tells all of it; in a notebook it shows itself.

    Args:
        exercise: The exercise's number.
        result: What the answer is.
        problem: What is wrong with it; None unless it is incorrect.
        said: What else is said: of a correct answer, what to remember.
        printed: What the answer printed while it was checked, or the beginning of it.
        note: What happened besides, such as that the verdict could not be recorded; empty if nothing did.
    """

    exercise: str
    result: Result
    problem: Problem | None = None
    said: str = ""
    printed: str = ""
    note: str = ""

    @property
    def is_correct(self) -> bool:
        """Whether the answer is correct."""
        return self.result is Result.CORRECT

    @property
    def trace(self) -> Any:
        """The shortest run that shows what is wrong; None unless there is one."""
        return None if self.problem is None else self.problem.trace

    def traceback(self) -> Told:
        """Return where the answer raised what it did, call by call; a sentence if it raised nothing."""
        detail = "" if self.problem is None else self.problem.detail
        return Told(detail or "Nothing was raised.")

    def as_text(self, *, notebook: bool = True) -> str:
        """Return all that is said, as lines of text; outside a notebook, without what can be done only in one."""
        return self._text("verdict" if notebook else "")

    def __str__(self) -> str:
        return self.as_text()

    def __repr__(self) -> str:
        said = " ".join(self._sentences("")[:2])
        return (
            f"<Verdict {self.exercise} {self.result.value}: {said}>"
            if said
            else f"<Verdict {self.exercise} {self.result.value}>"
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show all of it in IPython's terminal, too."""
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        return html_of(self.exercise, self.result.value, self._sentences(HERE), self.trace, self._wanted)

    @property
    def _wanted(self) -> Any:
        return None if self.problem is None else self.problem.wanted

    def _text(self, named: str) -> str:
        sentences = self._sentences(named)
        return text_of(self.exercise, self.result.value, sentences, self.trace, self._wanted, named=named)

    def _sentences(self, named: str) -> list[str]:
        problem = self.problem
        said = [] if problem is None else [problem.what, problem.where]
        said.append(self.said)
        if self.printed:
            said.append(f"It printed:\n{self.printed}")
        if named and problem is not None and problem.detail:
            said.append(f"{in_code(f'{named}.traceback()', named)} shows all of what was raised")
        return [sentence(each) for each in (*said, self.note) if each]
