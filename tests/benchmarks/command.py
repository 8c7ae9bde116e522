"""The command line: which benchmarks to run, how large, and where."""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from benchmarks import (
    appending,
    broadcasting,
    bulk,
    exploring,
    importing,
    replaying,
    serving,
    streams,
    subscriber,
    timeline,
    widget,
    writers,
)
from benchmarks.live import Line, show_live
from benchmarks.table import Row, show
from benchmarks.timing import LeftOut, Run

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks and print their ratios; returns the exit code, which does not hang on any goal."""
    given = _parser().parse_args(arguments)
    names = given.only or [*BENCHMARKS, *SERVER_BENCHMARKS]
    errors = Console(stderr=True)
    rows: list[Row] = []
    lines: list[Line] = []
    left_out: list[str] = []
    with errors.status("") as status:
        run = Run(
            folder=given.folder,
            events=given.events or (400 if given.quick else 100_000),
            rounds=given.rounds or (1 if given.quick else 5),
            quick=given.quick,
            progress=status.update,
        )
        for name in names:
            try:
                if name in BENCHMARKS or name in LARGE_BENCHMARKS:
                    rows += {**BENCHMARKS, **LARGE_BENCHMARKS}[name](run)
                else:
                    lines += {**SERVER_BENCHMARKS, **BROWSER_BENCHMARKS}[name](run)
            except LeftOut as why:
                left_out.append(f"Left out: {name}, which {why}.")
    if rows:
        show(rows, title=_title(run, "duckdb", "eventsourcing"))
    if lines:
        show_live(lines, title=_title(run, "uvicorn", "starlette", "websockets"))
    Console(markup=False).print(*left_out, sep="\n", end="\n" if left_out else "")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks",
        description="Time orderlab against pyeventsourcing, bare DuckDB and a bare server, in turns; print the ratios.",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: shows that it works, no more")
    parser.add_argument(
        "--only",
        action="append",
        choices=[*BENCHMARKS, *LARGE_BENCHMARKS, *SERVER_BENCHMARKS, *BROWSER_BENCHMARKS],
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


def _title(run: Run, *libraries: str) -> str:
    engines = ", ".join(f"{name} {version(name)}" for name in libraries)
    sizes = f"{run.events:,} events, {run.rounds} round{'s' * (run.rounds != 1)}"
    python = f"Python {platform.python_version()}, {os.cpu_count()} processors"
    return f"orderlab {version('orderlab')}: {sizes}. {python}, {engines}{', QUICK: no figures' * run.quick}"
