"""What many learners wrote for one exercise, and what was said to each: first of those who are stuck at it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from textwrap import indent
from typing import TYPE_CHECKING, Any

from orderlab.drawing.svg import escape
from orderlab.drawing.tables import AsTable
from orderlab.grading.verdict import Result
from orderlab.workshop.handing_in import Learner, in_order
from orderlab.workshop.sheet import ended

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
        stuck: Whether the learner has not solved the exercise since.
    """

    learner: str
    result: str
    what: str
    source: str
    at: datetime
    stuck: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """What learners wrote for one exercise; `print` shows all of it, what several wrote alike once.

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
    def alike(self) -> tuple[tuple[GivenAnswer, ...], ...]:
        """The answers, with those together that are written alike and were told the same.

        Those of who is stuck come first, then other wrong ones, then the right ones; of these, what most wrote.
        """
        groups: dict[Any, list[GivenAnswer]] = defaultdict(list)
        for each in self.given:
            groups[each.result, each.what, _without_spaces_at_ends(each.source)].append(each)
        return tuple(map(tuple, sorted(groups.values(), key=_place)))

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
        parts = [
            f"{_whose(group)}\n{_told(group)}\n\n{indent(_without_spaces_at_ends(group[0].source), '    ')}"
            for group in self.alike
        ]
        return "\n\n".join((self.sentence, *parts))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        parts = [
            f"<p>{escape(_whose(group))}<br>{escape(_told(group))}</p>"
            f"<pre style='white-space:pre-wrap'>{escape(_without_spaces_at_ends(group[0].source))}</pre>"
            for group in self.alike
        ]
        return f"<p>{escape(self.sentence)}</p>{''.join(parts)}"


def answers_of(number: str, exercise: str, learners: Iterable[Learner]) -> Answers:
    """Gather what learners wrote for an exercise, each that a learner repeated once: of who is stuck first, right last.

    Args:
        number: The exercise's number.
        exercise: What it is called.
        learners: The learners.
    """
    given = []
    for learner in learners:
        tried = [a for a in learner.attempts if a.number == number and a.result is not Result.NOT_ATTEMPTED]
        last = {attempt.source.strip(): attempt for attempt in tried}
        stuck = learner.is_stuck(number)
        given += [
            GivenAnswer(learner.name, a.result.value, a.what, a.source, a.timestamp, stuck) for a in last.values()
        ]
    return Answers(exercise, tuple(sorted(given, key=lambda each: (each.result == Result.CORRECT, not each.stuck))))


def _place(group: Sequence[GivenAnswer]) -> tuple[Any, ...]:
    return (
        group[0].result == Result.CORRECT,
        not any(each.stuck for each in group),
        -len(group),
        in_order(_names(group)),
    )


def _whose(group: Sequence[GivenAnswer]) -> str:
    return f"{_many(len(group), 'learner')}: {_names(group)}"


def _names(group: Sequence[GivenAnswer]) -> str:
    return ", ".join(sorted((each.learner for each in group), key=in_order))


def _told(group: Sequence[GivenAnswer]) -> str:
    """Say what was said to an answer, and whether who gave it has come further.

    >>> _told([GivenAnswer("ada", "incorrect", "it is 2", "x = 2", datetime(2025, 1, 1), stuck=True)])
    'incorrect, still stuck: it is 2.'
    """
    first, stuck = group[0], sum(each.stuck for each in group)
    if first.result == Result.CORRECT:
        since = ""
    elif stuck == len(group):
        since = ", still stuck" if stuck == 1 else ", all still stuck"
    else:
        since = f", {stuck} still stuck" if stuck else ", solved since"
    return f"{first.result}{since}" + (f": {ended(first.what)}" if first.what else ".")


def _without_spaces_at_ends(source: str) -> str:
    """Return a source as it is compared: an editor that takes trailing spaces away makes no other answer of it."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _many(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
