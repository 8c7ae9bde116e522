"""Many learners in one table: how far each is, how long each exercise takes, and where people are stuck."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from statistics import median
from typing import TYPE_CHECKING, Any

from orderlab.drawing.svg import escape
from orderlab.workshop.answers import Answers, answers_of
from orderlab.workshop.contents import exercises, find
from orderlab.workshop.handing_in import Learner, handed_in, in_order
from orderlab.workshop.sheet import Overview, columns, table
from orderlab.workshop.standing import is_solved

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 3
"""Exercises that a sentence names; of more it says how many there are."""


@dataclass(frozen=True, slots=True, repr=False)
class Classroom:
    """Many learners' progress.

    Args:
        sentence: What it comes to: where people are stuck, and who looked at a solution without trying.
        exercises: A row for each exercise that somebody touched.
        learners: A row for each learner.
        notes: A sentence for each file that could not be read, or that was handed in twice.
        work: What each learner did.
    """

    sentence: str
    exercises: Overview
    learners: Overview
    notes: tuple[str, ...] = ()
    work: tuple[Learner, ...] = ()

    @property
    def frame(self) -> "pd.DataFrame":
        """The exercises as a DataFrame; `classroom.learners.frame` is that of the learners."""
        return self.exercises.frame

    def answers(self, number: str | float) -> Answers:
        """Return what was written for an exercise, and what was said to it: first of those who are stuck at it.

        Args:
            number: The exercise's number; one that nobody answered has no answers.

        Raises:
            NoSuchExercise: None has it, and no learner added one.
        """
        asked = str(number).strip()
        is_theirs = any(asked in each.studies for each in self.work)  # it may be one that only they have
        title = _titles().get(asked) if is_theirs else find(asked).title
        return answers_of(asked, f"{asked} ({title})" if title else asked, self.work)

    def __repr__(self) -> str:
        return f"<Classroom: {self.sentence}>"

    def __str__(self) -> str:
        parts = [columns(each.header, each.rows) for each in (self.exercises, self.learners)]
        return "\n\n".join(("\n".join((self.sentence, *self.notes)), *parts))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        told = [f"<p>{escape(each)}</p>" for each in (self.sentence, *self.notes)]
        return "".join((*told, *(table(each.header, each.rows) for each in (self.exercises, self.learners))))


def classroom(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> Classroom:
    """Load many learners' progress into one table, which shows where people are stuck.

    A file that cannot be read is left out, and one that was handed in twice counts once; `notes` says so.

    Args:
        paths: Files that `workshop.export` wrote, or learners' logs themselves; or a folder of them. A learner is
            called as the file is.

    Raises:
        Mistake: There is no file, or none of them is a learner's log.
    """
    learners, notes = handed_in(paths if isinstance(paths, str | PathLike) else list(paths))
    titles = _titles()
    touched = {number for each in learners for number in each.studies}
    rows = tuple(_exercise(number, titles, learners) for number in _in_order(touched))
    by_learner = Overview("", _LEARNER, tuple(_standing(each, titles) for each in learners))
    sentence = " ".join(filter(None, (_summary(learners, titles), _only_seen(learners))))
    return Classroom(sentence, Overview("", _EXERCISE, rows), by_learner, notes, tuple(learners))


_EXERCISE = ("exercise", "title", "tried", "solved", "stuck", "attempts", "hints", "solution shown", "minutes")
_LEARNER = ("learner", "solved", "tried", "stuck at", "solution seen", "attempts", "hints", "minutes", "last seen")


def _titles() -> dict[str, str]:
    return {each.number: each.title for each in exercises()}


def _exercise(number: str, titles: Mapping[str, str], learners: list[Learner]) -> tuple[Any, ...]:
    met = [(each, study) for each in learners if (study := each.studies.get(number)) is not None]
    tried = [study for _, study in met if study.attempts]
    return (
        number,
        titles.get(number, "added by a learner"),
        len(tried),
        sum(is_solved(study) for _, study in met),
        sum(each.is_stuck(number) for each, _ in met),
        _middle([study.attempts for study in tried]),
        _middle([study.hints for _, study in met]),
        sum(study.solution_shown for _, study in met),
        _middle([each.minutes.get(number, 0.0) for each, _ in met]),
    )


def _standing(learner: Learner, titles: Mapping[str, str]) -> tuple[Any, ...]:
    studies = learner.studies.values()
    solved = [number for number, study in learner.studies.items() if is_solved(study)]
    added = sum(number not in titles for number in solved)
    last = max((study.last_at for study in studies), default=None)
    return (
        learner.name,
        f"{len(solved) - added} of {len(titles)}" + (f" and {added} added" if added else ""),
        sum(1 for study in studies if study.attempts),
        ", ".join(_in_order(filter(learner.is_stuck, learner.studies))),
        ", ".join(_in_order(number for number, study in learner.studies.items() if study.solution_shown)),
        sum(study.attempts for study in studies),
        sum(study.hints for study in studies),
        round(sum(learner.minutes.values()), 1),
        last,
    )


def _summary(learners: list[Learner], titles: Mapping[str, str]) -> str:
    of = len(learners)
    many = "1 learner" if of == 1 else f"{of} learners"
    stuck = Counter(number for each in learners for number in each.studies if each.is_stuck(number))
    if not stuck:
        return f"{many}; nobody is stuck."
    most = max(stuck.values())
    numbers = _in_order(number for number, count in stuck.items() if count == most)
    them = f"{most} of {of} {'is' if most == 1 else 'are'}"
    if len(numbers) > 1:
        return f"{many}; {them} stuck at each of {_listed(numbers)}."
    title = f" ({titles[numbers[0]]})" if numbers[0] in titles else ""
    return f"{many}; {them} stuck at {numbers[0]}{title}."


def _only_seen(learners: list[Learner]) -> str:
    """Name those who looked at a solution instead of trying: they are not stuck, and have not come further either."""
    seen = [(each.name, _in_order(filter(each.has_only_seen, each.studies))) for each in learners]
    told = ", ".join(f"{name} ({_listed(numbers)})" for name, numbers in seen if numbers)
    return f"Solution seen, and nothing tried: {told}." if told else ""


def _listed(numbers: list[str]) -> str:
    """Name a few exercises, and say how many more there are.

    >>> _listed(["1.1", "1.2"]), _listed(["1.1", "1.2", "1.3", "1.4", "2.1"])
    ('1.1 and 1.2', '1.1, 1.2, 1.3 and 2 others')
    """
    if len(numbers) == 1:
        return numbers[0]
    if len(numbers) <= _NAMED + 1:
        return f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{', '.join(numbers[:_NAMED])} and {len(numbers) - _NAMED} others"


def _in_order(numbers: Iterable[str]) -> list[str]:
    """Return numbers in the order of their exercises; whatever else an exercise is called comes after them.

    >>> _in_order(["8.x", "2.10", "2.9"])
    ['2.9', '2.10', '8.x']
    """
    return sorted(numbers, key=in_order)


def _middle(values: list[Any]) -> float:
    return round(float(median(values)), 1) if values else 0.0
