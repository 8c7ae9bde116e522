"""The command line: which benchmarks to run, how large, and where."""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from benchmarks import appending, bulk, importing, replaying, streams, writers
from benchmarks.table import Row, show
from benchmarks.timing import Run

BENCHMARKS: dict[str, Callable[[Run], list[Row]]] = {
    "replay": replaying.rows,
    "stream": streams.rows,
    "append": appending.rows,
    "bulk": bulk.rows,
    "writers": writers.rows,
    "import": importing.rows,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks and print their ratios; returns the exit code, which does not hang on any goal."""
    given = _parser().parse_args(arguments)
    names = given.only or list(BENCHMARKS)
    errors = Console(stderr=True)
    rows: list[Row] = []
    with errors.status("") as status:
        run = Run(
            folder=given.folder,
            events=given.events or (400 if given.quick else 100_000),
            rounds=given.rounds or (1 if given.quick else 5),
            quick=given.quick,
            progress=status.update,
        )
        for name in names:
            rows += BENCHMARKS[name](run)
    show(rows, title=_title(run))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python tests/benchmarks",
        description="Time orderlab against pyeventsourcing and against bare DuckDB, in turns, and print the ratios.",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one round: shows that it works, no more")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="run this one; may be given again")
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


def _title(run: Run) -> str:
    engines = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "eventsourcing"))
    sizes = f"{run.events:,} events, {run.rounds} round{'s' * (run.rounds != 1)}"
    python = f"Python {platform.python_version()}, {os.cpu_count()} processors"
    return f"orderlab {version('orderlab')}: {sizes}. {python}, {engines}{', QUICK: no figures' * run.quick}"
