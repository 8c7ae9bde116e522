"""What many learners wrote for one exercise, and what was said to each: the wrong answers first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from textwrap import indent
from typing import TYPE_CHECKING, Any

from orderlab.drawing.svg import escape
from orderlab.drawing.tables import AsTable
from orderlab.grading.verdict import Result
from orderlab.workshop.handing_in import Learner

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class GivenAnswer(AsTable):
    """An answer that a learner had checked.

    Args:
        learner: Whose it is.
        result: What it was.
        what: What was said to be wrong with it; empty if nothing was.
        source: What was written.
        at: When it was checked.
    """

    learner: str
    result: str
    what: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """What learners wrote for one exercise; `print` shows all of it.

    Args:
        exercise: The exercise, its number and title.
        given: The answers.
    """

    exercise: str
    given: tuple[GivenAnswer, ...]

    @property
    def sentence(self) -> str:
        """What it comes to."""
        if not self.given:
            return f"Nobody has answered {self.exercise}."
        wrong = sum(each.result != Result.CORRECT for each in self.given)
        return (
            f"{self.exercise}: {_many(len(self.given), 'answer')} of "
            f"{_many(len({each.learner for each in self.given}), 'learner')}, {wrong} wrong."
        )

    @property
    def frame(self) -> "pd.DataFrame":
        """The answers as a DataFrame."""
        import pandas as pd  # noqa: PLC0415 - heavy

        return pd.DataFrame(self.as_dicts(), columns=[each.name for each in fields(GivenAnswer)])

    def as_dicts(self) -> list[Mapping[str, Any]]:
        """Return the answers as mappings, for JSON."""
        return [{part.name: getattr(each, part.name) for part in fields(GivenAnswer)} for each in self.given]

    def __len__(self) -> int:
        return len(self.given)

    def __iter__(self) -> Iterator[GivenAnswer]:
        return iter(self.given)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Answers: {self.sentence}>"

    def __str__(self) -> str:
        parts = [f"{_head(each)}\n\n{indent(each.source.strip(), '    ')}" for each in self.given]
        return "\n\n".join((self.sentence, *parts))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        parts = [
            f"<p>{escape(_head(each))}</p><pre style='white-space:pre-wrap'>{escape(each.source.strip())}</pre>"
            for each in self.given
        ]
        return f"<p>{escape(self.sentence)}</p>{''.join(parts)}"


def answers_of(number: str, exercise: str, learners: Iterable[Learner]) -> Answers:
    """Gather what learners wrote for an exercise: wrong answers first, and each that a learner repeated once.

    Args:
        number: The exercise's number.
        exercise: What it is called.
        learners: The learners.
    """
    given = []
    for learner in learners:
        tried = [a for a in learner.attempts if a.number == number and a.result is not Result.NOT_ATTEMPTED]
        last = {attempt.source.strip(): attempt for attempt in tried}
        given += [GivenAnswer(learner.name, a.result.value, a.what, a.source, a.timestamp) for a in last.values()]
    return Answers(exercise, tuple(sorted(given, key=lambda each: each.result == Result.CORRECT)))


def _head(answer: GivenAnswer) -> str:
    return f"{answer.learner}, {answer.result}" + (f": {answer.what.rstrip('.')}." if answer.what else ".")


def _many(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
