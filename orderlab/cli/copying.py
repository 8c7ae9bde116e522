"""`orderlab copy` and `orderlab export`: a log in another place, or as a file that others can read."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderlab.cli.console import AsJson, perform, progress_of, show_counts, show_json, show_text
from orderlab.eventstore.urls import open_event_store, path_of

if TYPE_CHECKING:
    from orderlab.logcopy import Copied, Progress, Stage

_KINDS = "duckdb:///file.duckdb or postgresql://user@host/database"


def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"The log to copy, the source: {_KINDS}.")],
    target: Annotated[
        str, typer.Argument(metavar="TO", help=f"Where it goes, the target, made if it is not there: {_KINDS}.")
    ],
    as_json: AsJson = False,
) -> None:
    """Copy a log to another event store, as it is, and verify it; run again, it adds what is missing."""
    _require_two_logs(source, target)
    copied = perform(_copy(source, target), resumable=True)
    if as_json:
        show_json({each: getattr(copied, each) for each in ("events", "added", "digest", "newer")})
        return
    show_counts("Both logs are the same", {"events": copied.events, "of them added now": copied.added})
    show_text(f"SHA-256 of either: {copied.digest}")
    if copied.newer:
        show_text(
            f"FROM got {copied.newer:,} events meanwhile, which were not copied: the same command again adds them."
        )


def _require_two_logs(source: str, target: str) -> None:
    for name, url in {"FROM": source, "TO": target}.items():
        if url.startswith("memory:"):
            raise typer.BadParameter("a log in memory is gone with its process: name one that stays", param_hint=name)
    files = {_file_of(source), _file_of(target)}
    if source == target or (len(files) == 1 and None not in files):
        raise typer.BadParameter("TO is the log that FROM is", param_hint="TO")


def _file_of(url: str) -> Path | None:
    return path_of(url.removeprefix("duckdb://"), url).resolve() if url.startswith("duckdb://") else None


async def _copy(source: str, target: str) -> "Copied":
    from orderlab.logcopy import copy_log  # noqa: PLC0415 - keeps `orderlab --help` quick

    async with open_event_store(source, create=False) as there, open_event_store(target) as here:
        with _stages(await there.head()) as progress:
            return await copy_log(there, here, progress=progress)


@contextmanager
def _stages(total: int) -> Iterator["Progress"]:
    """Show a bar for each stage, in place of that of the stage before."""
    bars: dict[Stage, Callable[[int], None]] = {}
    with ExitStack() as shown:

        def tell(stage: "Stage", position: int) -> None:
            if stage not in bars:
                shown.close()
                bars[stage] = shown.enter_context(progress_of(stage, total))
            bars[stage](position)

        yield tell


def export(
    url: Annotated[
        str,
        typer.Argument(
            help="The log: duckdb:///file.duckdb (relative), duckdb:////folder/file.duckdb, or "
            "postgresql://user@host/database."
        ),
    ],
    to: Annotated[
        Path,
        typer.Option("--to", metavar="FILE", help="A .jsonl file, which can be imported again, or a .parquet file."),
    ],
    as_json: AsJson = False,
) -> None:
    """Write a log to a file: JSON lines keep all of it exactly, Parquet is for data tools."""
    if to.suffix.lower() not in (".jsonl", ".ndjson", ".parquet"):
        raise typer.BadParameter(f"{to.name} must end in .jsonl or .parquet", param_hint="--to")
    if url.startswith("duckdb://"):
        log = path_of(url.removeprefix("duckdb://"), url)
        if to.exists() and log.exists() and to.samefile(log):
            raise typer.BadParameter(f"{to.name} is the log itself", param_hint="--to")
    count = perform(_export(url, to))
    if as_json:
        show_json({"file": str(to), "events": count})
    else:
        show_counts(f"Into {to}", {"events": count})


async def _export(url: str, to: Path) -> int:
    async with open_event_store(url, create=False) as event_store:
        with progress_of("Exporting", await event_store.head()) as progress:
            if to.suffix.lower() == ".parquet":
                from orderlab.logtable import export_parquet  # noqa: PLC0415 - pandas is slow to load

                return await export_parquet(event_store, to)
            from orderlab.logfile import export_lines  # noqa: PLC0415 - keeps `orderlab --help` quick

            return await export_lines(event_store, to, progress=progress)
