"""The command line: which benchmarks to run, how large, and where."""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from benchmarks import (
    appending,
    broadcasting,
    bulk,
    exploring,
    importing,
    postgres_appending,
    postgres_live,
    postgres_reading,
    replaying,
    serving,
    streams,
    subscriber,
    timeline,
    widget,
    writers,
)
from benchmarks.database import Database, running_database
from benchmarks.live import Line, show_live
from benchmarks.table import Row, show
from benchmarks.timing import LeftOut, Run

T = TypeVar("T")

BENCHMARKS: dict[str, Callable[[Run], list[Row]]] = {
    "replay": replaying.rows,
    "stream": streams.rows,
    "append": appending.rows,
    "bulk": bulk.rows,
    "writers": writers.rows,
    "import": importing.rows,
    "timeline": timeline.rows,
    "exploring": exploring.rows,
}
"""Those of the library, whose rows are times of an event, or of an answer."""

LARGE_BENCHMARKS: dict[str, Callable[[Run], list[Row]]] = {"timeline-large": timeline.large_rows}
"""Those that take a minute and gigabytes of disk, and are run by name only."""

SERVER_BENCHMARKS: dict[str, Callable[[Run], list[Line]]] = {
    "http": serving.lines,
    "broadcast": broadcasting.lines,
    "stalled": subscriber.lines,
}
"""Those of the running server, whose lines are rates and latencies."""

BROWSER_BENCHMARKS: dict[str, Callable[[Run], list[Line]]] = {"widget": widget.lines}
"""Those of what is seen in a browser, which take the whole machine, and are run by name only."""


POSTGRES_ROWS: dict[str, Callable[[Run, Database], list[Row]]] = {
    "postgres-append": postgres_appending.append_rows,
    "postgres-bulk": postgres_appending.bulk_rows,
    "postgres-writers": postgres_appending.writer_rows,
    "postgres-replay": postgres_reading.replay_rows,
    "postgres-stream": postgres_reading.stream_rows,
}
"""Those of the library on PostgreSQL."""

POSTGRES_LINES: dict[str, Callable[[Run, Database], list[Line]]] = {
    "postgres-follow": postgres_live.following_lines,
    "postgres-http": postgres_live.serving_lines,
}
"""Those of several processes, and of the running server, on PostgreSQL."""

POSTGRES = "postgres"
"""What all of those are called together."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks and print their ratios; returns the exit code, which does not hang on any goal."""
    given = _parser().parse_args(arguments)
    names = given.only or [*BENCHMARKS, *SERVER_BENCHMARKS, POSTGRES]
    if POSTGRES in names:
        names += [*POSTGRES_ROWS, *POSTGRES_LINES]
    with Console(stderr=True).status("") as status:
        run = Run(
            folder=given.folder,
            events=given.events or (400 if given.quick else 100_000),
            rounds=given.rounds or (1 if given.quick else 5),
            quick=given.quick,
            progress=status.update,
        )
        left_out: list[str] = []
        rows = _each(run, {**BENCHMARKS, **LARGE_BENCHMARKS}, names, left_out)
        lines = _each(run, {**SERVER_BENCHMARKS, **BROWSER_BENCHMARKS}, names, left_out)
        on_postgres = _of_postgres(run, names, left_out)
    if rows:
        show(rows, title=_title(run, *_versions("duckdb", "eventsourcing")))
    if lines:
        show_live(lines, title=_title(run, *_versions("uvicorn", "starlette", "websockets")))
    if on_postgres.rows:
        show(on_postgres.rows, title=_title(run, on_postgres.told, *_versions("psycopg", "eventsourcing")))
    if on_postgres.lines:
        show_live(on_postgres.lines, title=_title(run, on_postgres.told, *_versions("psycopg", "uvicorn", "starlette")))
    Console(markup=False).print(*left_out, sep="\n", end="\n" if left_out else "")
    return 0


@dataclass(slots=True)
class _OnPostgres:
    told: str = ""
    rows: list[Row] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def _of_postgres(run: Run, names: Sequence[str], left_out: list[str]) -> _OnPostgres:
    """Run those on PostgreSQL that are named, on one server."""
    if not any(name in POSTGRES_ROWS or name in POSTGRES_LINES for name in names):
        return _OnPostgres()
    try:
        database = running_database(run)
    except LeftOut as why:
        left_out.append(f"Left out: {POSTGRES}, which {why}.")
        return _OnPostgres()
    rows = _each(run, {name: partial(_on, database, its) for name, its in POSTGRES_ROWS.items()}, names, left_out)
    lines = _each(run, {name: partial(_on, database, its) for name, its in POSTGRES_LINES.items()}, names, left_out)
    return _OnPostgres(database.told, rows, lines)


def _on(database: Database, benchmark: Callable[[Run, Database], list[T]], run: Run) -> list[T]:
    return benchmark(run, database)


def _each(
    run: Run, benchmarks: Mapping[str, Callable[[Run], list[T]]], names: Sequence[str], left_out: list[str]
) -> list[T]:
    """Run those that are named, and return all that they give; say which cannot be run here."""
    found: list[T] = []
    for name in names:
        if name in benchmarks:
            try:
                found += benchmarks[name](run)
            except LeftOut as why:
                left_out.append(f"Left out: {name}, which {why}.")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks",
        description="Time orderlab against pyeventsourcing, bare engines and bare servers, in turns; print ratios.",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: shows that it works, no more")
    parser.add_argument(
        "--only",
        action="append",
        choices=[
            *BENCHMARKS,
            *LARGE_BENCHMARKS,
            *SERVER_BENCHMARKS,
            *BROWSER_BENCHMARKS,
            POSTGRES,
            *POSTGRES_ROWS,
            *POSTGRES_LINES,
        ],
        help="run this one; may be given again",
    )
    parser.add_argument("--events", type=_count, metavar="N", help="events in the long logs (100,000)")
    parser.add_argument("--rounds", type=_count, metavar="N", help="rounds that count (5)")
    parser.add_argument(
        "--folder",
        type=_folder,
        default=tempfile.gettempdir(),
        help="where the temporary files go, which should be a disk (the system's folder for such)",
    )
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {count}")
    return count


def _folder(text: str) -> Path:
    folder = Path(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return folder


def _title(run: Run, *engines: str) -> str:
    sizes = f"{run.events:,} events, {run.rounds} round{'s' * (run.rounds != 1)}"
    python = f"Python {platform.python_version()}, {os.cpu_count()} processors"
    return (
        f"orderlab {version('orderlab')}: {sizes}. {', '.join([python, *engines])}{', QUICK: no figures' * run.quick}"
    )


def _versions(*libraries: str) -> list[str]:
    return [f"{name} {version(name)}" for name in libraries]
