"""What learners handed in: read file by file, each learner once, with a sentence about what could not be used."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from os import PathLike
from pathlib import Path
from re import split
from typing import Any
from uuid import UUID

from orderlab.core.errors import OrderlabError
from orderlab.core.log import EncodedEvent
from orderlab.drawing.tables import AsTable
from orderlab.eventstore.urls import open_event_store
from orderlab.logfile import read_lines
from orderlab.workshop.journal import address_of
from orderlab.workshop.learning import LEARNING_CODEC, ExerciseAttempted, Study, evolve
from orderlab.workshop.mistakes import Mistake
from orderlab.workshop.standing import is_solved

KINDS = (".jsonl", ".duckdb")

_BREAK = timedelta(minutes=10)
"""A longer silence between two things a learner did is a break, and counts as this much work."""


@dataclass(frozen=True, slots=True)
class Learner(AsTable):
    """What one learner did.

    Args:
        name: What the file is called.
        studies: What came of it, by exercise.
        minutes: How long it took, by exercise.
        attempts: The answers that were checked, in order.
    """

    name: str
    studies: Mapping[str, Study]
    minutes: Mapping[str, float]
    attempts: tuple[ExerciseAttempted, ...]

    def is_stuck(self, number: str) -> bool:
        """Whether it was tried and never solved; who only looked at the solution is not stuck."""
        study = self.studies.get(number)
        return study is not None and not is_solved(study) and study.attempts > 0

    def has_only_seen(self, number: str) -> bool:
        """Whether the solution was looked at, and nothing tried."""
        study = self.studies.get(number)
        return study is not None and study.solution_shown and not study.attempts


@dataclass(frozen=True, slots=True)
class _Log:
    """A file's events; the ids tell whether two files are of one learner."""

    file: Path
    ids: tuple[UUID, ...]
    learner: Learner

    def begins(self, other: "_Log") -> bool:
        return bool(self.ids) and self.ids == other.ids[: len(self.ids)]


def handed_in(paths: Any) -> tuple[list[Learner], tuple[str, ...]]:
    """Read what learners handed in; return them by their names, and a sentence for each file that was left out.

    Args:
        paths: Files, or folders of them; one of them, or several.

    Raises:
        Mistake: There is no file, or none that can be read.
    """
    files = list(dict.fromkeys(_files(paths)))
    if not files:
        raise Mistake(f"there is no learner's file ({' or '.join(KINDS)}) in {_said(paths)}")
    logs, unread = [], []
    for file in files:
        try:
            if file.is_file() and not file.stat().st_size:
                unread.append(f"{file.name} is empty")
            else:
                logs.append(_read(file))
        except Exception as error:  # noqa: BLE001 - one file of thirty may be anything, and does not end the table
            unread.append(f"{file.name} is no learner's progress that can be read: {_told(error)}")
    if not logs:
        raise Mistake("; ".join(unread))
    groups, twice = _once(logs)
    return sorted(_named(groups), key=lambda each: in_order(each.name)), (
        *(f"{each}; it is left out." for each in unread),
        *twice,
    )


def in_order(name: str) -> list[Any]:
    """Return what names are sorted by, with the numbers in them as numbers.

    >>> sorted(["ada10", "Ada2", "ada1"], key=in_order)
    ['ada1', 'Ada2', 'ada10']
    """
    return [int(part) if part.isdecimal() else part.casefold() for part in split(r"(\d+)", name)]


def _files(paths: Any) -> Iterator[Path]:
    for each in map(Path, [paths] if isinstance(paths, str | PathLike) else paths):
        if each.is_dir():
            files = [file for file in each.iterdir() if file.suffix.lower() in KINDS]
            yield from sorted(files, key=lambda file: in_order(file.name))
        else:
            yield each


def _said(paths: Any) -> str:
    return str(paths) if isinstance(paths, str | PathLike) else ", ".join(map(str, paths))


def _told(error: Exception) -> str:
    if isinstance(error, OrderlabError):
        return str(error).rstrip(".")
    return str(getattr(error, "strerror", None) or f"{type(error).__name__}: {error}")


def _once(logs: list[_Log]) -> tuple[list[list[_Log]], list[str]]:
    """Put the files of one learner together, the longest first: each other is the beginning of it."""
    groups: list[list[_Log]] = []
    twice = []
    for log in sorted(logs, key=lambda each: -len(each.ids)):
        group = next((each for each in groups if log.begins(each[0])), None)
        if group is None:
            groups.append([log])
            continue
        group.append(log)
        longest, alike = group[0], len(group[0].ids) == len(log.ids)
        why = "they hold the same" if alike else f"{longest.file.name} holds all of the other and more, and counts"
        twice.append(f"{log.file.name} and {longest.file.name} are one learner: {why}.")
    return sorted(groups, key=lambda group: min(map(logs.index, group))), twice


def _named(groups: list[list[_Log]]) -> list[Learner]:
    """Name learners by their files, and by their folders as well where two files have one name."""
    files = [min((log.file for log in group), key=lambda file: (len(file.stem), file.name)) for group in groups]
    same = Counter(file.stem for file in files)
    learners = []
    for file, (log, *_) in zip(files, groups, strict=True):
        name = file.stem if same[file.stem] == 1 else f"{file.parent.name}/{file.name}"
        learners.append(Learner(name, log.learner.studies, log.learner.minutes, log.learner.attempts))
    return learners


def _read(file: Path) -> _Log:
    recorded = _recorded(file)
    studies: dict[str, Study] = {}
    minutes: dict[str, float] = defaultdict(float)
    last = None
    for _, event in recorded:
        studies[event.number] = evolve(studies.get(event.number), event)
        since = timedelta() if last is None else max(timedelta(), event.timestamp - last)
        minutes[event.number] += min(since, _BREAK).total_seconds() / 60
        last = event.timestamp
    rounded = {number: round(spent, 1) for number, spent in minutes.items()}
    attempts = tuple(event for _, event in recorded if isinstance(event, ExerciseAttempted))
    return _Log(file, tuple(event_id for event_id, _ in recorded), Learner(file.stem, studies, rounded, attempts))


def _recorded(file: Path) -> list[tuple[UUID, Any]]:
    """Return all events of a learner's file with their ids, in order."""
    if file.suffix.lower() == ".duckdb":
        with ThreadPoolExecutor(1) as threads:  # a notebook's own loop runs already
            return threads.submit(asyncio.run, _kept(address_of(file))).result()
    found = []
    for row in read_lines(file):
        encoded = EncodedEvent(row.event_type, row.schema_version, row.payload)
        found.append((row.event_id, LEARNING_CODEC.decode(encoded, row.recorded_at)))
    return found


async def _kept(url: str) -> list[tuple[UUID, Any]]:
    async with open_event_store(url, codec=LEARNING_CODEC, create=False) as event_store:
        return [(recorded.event_id, recorded.event) async for recorded in event_store.read_all()]
