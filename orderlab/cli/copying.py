"""`orderlab export`: a log as a file that others can read."""

from pathlib import Path
from typing import Annotated

import typer

from orderlab.cli.console import AsJson, perform, progress_of, show_counts, show_json
from orderlab.eventstore.urls import open_event_store, path_of


def export(
    url: Annotated[
        str, typer.Argument(help="The log: duckdb:///file.duckdb (relative) or duckdb:////folder/file.duckdb.")
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
    if to.exists() and url.startswith("duckdb://") and to.samefile(path_of(url.removeprefix("duckdb://"), url)):
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
