"""Many learners in one table: how far each is, how long each exercise takes, and where people are stuck."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from os import PathLike
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from orderlab.core.errors import OrderlabError
from orderlab.core.log import EncodedEvent
from orderlab.drawing import tables
from orderlab.drawing.svg import escape
from orderlab.eventstore.urls import open_event_store
from orderlab.logfile import read_lines
from orderlab.workshop.contents import exercises
from orderlab.workshop.journal import address_of
from orderlab.workshop.learning import LEARNING_CODEC, Study, evolve
from orderlab.workshop.sheet import Overview, columns
from orderlab.workshop.standing import is_solved

if TYPE_CHECKING:
    import pandas as pd

_BREAK = timedelta(minutes=10)
"""A longer silence between two things a learner did is a break, and counts as this much work."""

_KINDS = (".jsonl", ".duckdb")


@dataclass(frozen=True, slots=True)
class _Learner:
    name: str
    studies: Mapping[str, Study]
    minutes: Mapping[str, float]

    def at(self, number: str) -> Study | None:
        return self.studies.get(number)

    def is_stuck(self, number: str) -> bool:
        """Whether it was tried, or the solution looked at, and it was never solved."""
        study = self.at(number)
        return study is not None and not is_solved(study) and (study.attempts > 0 or study.solution_shown)


@dataclass(frozen=True, slots=True, repr=False)
class Classroom:
    """Many learners' progress.

    Args:
        sentence: What it comes to: where most are stuck.
        exercises: A row for each exercise that somebody touched.
        learners: A row for each learner.
    """

    sentence: str
    exercises: Overview
    learners: Overview

    @property
    def frame(self) -> "pd.DataFrame":
        """The exercises as a DataFrame; `classroom.learners.frame` is that of the learners."""
        return self.exercises.frame

    def __repr__(self) -> str:
        return f"<Classroom: {self.sentence}>"

    def __str__(self) -> str:
        parts = [columns(each.header, each.rows) for each in (self.exercises, self.learners)]
        return "\n\n".join((self.sentence, *parts))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        parts = [tables.rows(each.header, each.rows) for each in (self.exercises, self.learners)]
        return f"<p>{escape(self.sentence)}</p>{''.join(parts)}"


def classroom(paths: str | PathLike[str] | Iterable[str | PathLike[str]]) -> Classroom:
    """Load many learners' progress into one table, which shows where people are stuck.

    Args:
        paths: Files that `workshop.export` wrote, or learners' logs themselves; or a folder of them. A learner is
            called as the file is.

    Raises:
        OrderlabError: A file cannot be read, or is no learner's log; or there is none.
    """
    files = list(_files(paths))
    if not files:
        raise OrderlabError(f"there is no learner's file ({' or '.join(_KINDS)}) in {paths}")
    learners = [_learner(name, file) for name, file in _named(files).items()]
    titles = {each.number: each.title for each in exercises()}
    touched = {number for each in learners for number in each.studies}
    numbers = sorted(touched, key=lambda number: [int(part) for part in number.split(".")])
    by_exercise = Overview("", _EXERCISE, tuple(_exercise(number, titles, learners) for number in numbers))
    by_learner = Overview("", _LEARNER, tuple(_standing(each, len(titles)) for each in learners))
    return Classroom(_summary(learners, titles), by_exercise, by_learner)


_EXERCISE = ("exercise", "title", "tried", "solved", "stuck", "attempts", "hints", "solution shown", "minutes")
_LEARNER = ("learner", "solved", "tried", "stuck at", "attempts", "hints", "minutes", "last seen")


def _exercise(number: str, titles: Mapping[str, str], learners: list[_Learner]) -> tuple[Any, ...]:
    met = [(each, study) for each in learners if (study := each.at(number)) is not None]
    tried = [study for _, study in met if study.attempts]
    return (
        number,
        titles.get(number, ""),
        len(tried),
        sum(is_solved(study) for _, study in met),
        sum(each.is_stuck(number) for each, _ in met),
        _middle([study.attempts for study in tried]),
        _middle([study.hints for _, study in met]),
        sum(study.solution_shown for _, study in met),
        _middle([each.minutes.get(number, 0.0) for each, _ in met]),
    )


def _standing(learner: _Learner, of: int) -> tuple[Any, ...]:
    studies = learner.studies.values()
    stuck = [number for number in learner.studies if learner.is_stuck(number)]
    last = max((study.last_at for study in studies), default=None)
    return (
        learner.name,
        f"{sum(map(is_solved, studies))} of {of}",
        sum(1 for study in studies if study.attempts),
        ", ".join(sorted(stuck)),
        sum(study.attempts for study in studies),
        sum(study.hints for study in studies),
        round(sum(learner.minutes.values()), 1),
        last,
    )


def _summary(learners: list[_Learner], titles: Mapping[str, str]) -> str:
    many = "1 learner" if len(learners) == 1 else f"{len(learners)} learners"
    stuck = Counter(number for each in learners for number in each.studies if each.is_stuck(number))
    if not stuck:
        return f"{many}; nobody is stuck."
    number, count = max(stuck.items(), key=lambda each: (each[1], each[0]))
    title = f", {titles[number]}" if number in titles else ""
    return f"{many}; most are stuck at {number}{title}: {count} tried it and have not solved it."


def _middle(values: list[Any]) -> float:
    return round(float(median(values)), 1) if values else 0.0


def _files(paths: Any) -> Iterator[Path]:
    if isinstance(paths, str | PathLike):
        paths = [paths]
    for each in map(Path, paths):
        if each.is_dir():
            yield from sorted(file for file in each.iterdir() if file.suffix in _KINDS)
        else:
            yield each


def _named(files: list[Path]) -> dict[str, Path]:
    """Name learners by their files, and by their folders as well where two files have one name."""
    same = Counter(file.stem for file in files)
    return {file.stem if same[file.stem] == 1 else f"{file.parent.name}/{file.name}": file for file in files}


def _learner(name: str, file: Path) -> _Learner:
    studies: dict[str, Study] = {}
    minutes: dict[str, float] = defaultdict(float)
    last = None
    for event in _events(file):
        studies[event.number] = evolve(studies.get(event.number), event)
        since = timedelta() if last is None else max(timedelta(), event.timestamp - last)
        minutes[event.number] += min(since, _BREAK).total_seconds() / 60
        last = event.timestamp
    return _Learner(name, studies, {number: round(spent, 1) for number, spent in minutes.items()})


def _events(file: Path) -> list[Any]:
    """Return all events of a learner's file, in order."""
    try:
        if file.suffix == ".duckdb":
            with ThreadPoolExecutor(1) as threads:  # a notebook's own loop runs already
                return threads.submit(asyncio.run, _recorded(address_of(file))).result()
        decode = LEARNING_CODEC.decode
        return [
            decode(EncodedEvent(row.event_type, row.schema_version, row.payload), row.recorded_at)
            for row in read_lines(file)
        ]
    except OrderlabError as error:
        raise OrderlabError(f"{file.name} is no learner's progress that can be read: {error}") from error


async def _recorded(url: str) -> list[Any]:
    async with open_event_store(url, codec=LEARNING_CODEC, create=False) as event_store:
        return [recorded.event async for recorded in event_store.read_all()]
