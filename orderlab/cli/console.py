"""How every command speaks: tables that fit, progress, one sentence for an error, and exit codes.

0 means done, 1 that it could not be done, 2 that it was not asked rightly, 130 that it was interrupted.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from io import TextIOWrapper
from textwrap import fill
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from orderlab.core.errors import OrderlabError
from orderlab.masking import masked

T = TypeVar("T")

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)

FAILED, INTERRUPTED = 1, 130

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for scripts.")]


def run(app: typer.Typer) -> None:
    """Run the command line and exit; a user's mistake is a sentence, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name in a script that the terminal lacks is shown by its numbers
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except OrderlabError as error:
        ERR.print(Text(f"orderlab: {masked(str(error))}"), soft_wrap=True)
        sys.exit(FAILED)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "orderlab":
            raise
        ERR.print(
            Text(f"orderlab: this needs {error.name}, which is not here: pip install orderlab brings it"),
            soft_wrap=True,
        )
        sys.exit(FAILED)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # else whoever read the output, such as `head`, has seen enough
            what = "the output cannot be written" if error.filename is None else error.filename
            ERR.print(Text(f"orderlab: {what}: {error.strerror}"), soft_wrap=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def perform(work: Coroutine[Any, Any, T], *, resumable: bool = False) -> T:
    """Run a command's asynchronous part to its end; Ctrl-C lets it finish what it began."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        goes_on = "; the log is whole, and the same command goes on where this one stopped" if resumable else ""
        ERR.print(f"orderlab: interrupted{goes_on}", soft_wrap=True)
        raise typer.Exit(INTERRUPTED) from None


def show_version(wanted: bool) -> None:
    """Print the version and end, if that is what was asked for."""
    if wanted:
        OUT.print(f"orderlab {version('orderlab')}")
        raise typer.Exit


def show_json(value: Any) -> None:
    """Print a value as one JSON document, in ASCII, which every terminal and pipe can carry."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")
    sys.stdout.flush()  # here, where a failure is still told in a sentence


def show_text(text: str, *, style: str = "", indent: int = 0) -> None:
    """Print a text wrapped to the terminal, the lines after the first indented; a path is left in one piece."""
    lines = fill(text, OUT.width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
    OUT.print(Text(lines, style=style), soft_wrap=True)


def show_counts(title: str, counts: Mapping[str, Any]) -> None:
    """Print a title, and names and numbers under it; no password of an address that is named."""
    show_text(masked(title), style="bold")
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for name, count in counts.items():
        table.add_row(Text(name), Text(f"{count:,}" if isinstance(count, int) else str(count)))
    OUT.print(table)


def show_rows(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a header, folded where the terminal is narrow."""
    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    OUT.print(table)


@contextmanager
def progress_of(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while work goes on; give the function that moves it to a number."""
    if not ERR.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=ERR, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
