"""How a log comes to a timeline: from an event store or a file; and back into a file."""

import re
from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orderlab.collector import collector_resting
from orderlab.core.decider import Decider
from orderlab.core.errors import UnreadableEvent
from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns, EventStore, LogReader, Outline, ReadsAnywhere
from orderlab.eventstore.gaps import damaged, gap_in
from orderlab.logfile import LogFileError, read_lines, write_lines
from orderlab.timeline.asof.outlining import RowsInMemory
from orderlab.timeline.asof.source import Source
from orderlab.timeline.fields import shown

if TYPE_CHECKING:
    from orderlab.eventstore.duckdb_reader import DuckDBLogReader

LARGEST_IN_MEMORY = 250_000
"""A log of more events stays where it is, if it can be read there."""

_STRETCH = 50_000
"""Events read at a time; for a query of seconds DuckDB would draw a bar of its progress into the notebook."""


def require_domain(source: Source, outline: Outline, decider: Decider[Any]) -> None:
    """Make sure that a log is of a domain: its streams are named as that does, and its event types can be read.

    A single event that cannot be read is none of this: one can stand before it.

    Raises:
        CorruptStream: The streams are of another kind.
        UnreadableEvent: The codec does not know an event type.
    """
    for stream_id in source.stream_ids(0, min(1, len(outline))):
        decider.key_in(stream_id)
    known = {event_type.__name__ for event_type in decider.events}
    for number, name in enumerate(outline.type_names):
        if name not in known:
            first = int((outline.types == number).argmax()) + 1
            try:
                source.facts([first])
            except UnreadableEvent as error:
                raise UnreadableEvent(f"{error}: give the codec of the log's own domain") from error


async def reader_of(event_store: EventStore, in_memory: bool | None) -> LogReader:
    """Return a reader of an event store's log: in memory, or where it is if it is large and can be read there."""
    if not callable(getattr(event_store, "read_columns", None)):
        raise TypeError(f"event_store must be an event store, such as open_event_store gives, not {event_store!r}")
    if in_memory not in (None, True, False):
        raise TypeError(f"in_memory must be True, False, or None for what fits the log's length, not {in_memory!r}")
    if not isinstance(event_store, ReadsAnywhere):
        if in_memory is False:
            raise ValueError(
                f"in_memory=False needs an event store that can be read at any place, such as DuckDBEventStore or "
                f"PostgresEventStore, and {event_store!r} cannot"
            )
    elif not in_memory and (in_memory is False or await event_store.head() > LARGEST_IN_MEMORY):
        return await event_store.log_reader()
    columns: Columns = {name: [] for name in StoredEvent._fields}
    with collector_resting():
        async for stretch in event_store.read_columns(*StoredEvent._fields):
            for name, values in stretch.items():
                columns[name] += values
    missing = gap_in(columns["position"], 0)
    if missing is not None:
        raise damaged(event_store, missing)
    return RowsInMemory(columns)


def reader_of_file(path: str | PathLike[str]) -> LogReader:
    """Return a reader of an exported log (`.jsonl`, `.parquet`), or of the DuckDB file that one is kept in."""
    file = _path(path)
    if not _is_there(file):
        raise LogFileError(f"there is no file {file}")
    match file.suffix.lower():
        case ".jsonl":
            return _in_memory(read_lines(file))
        case ".parquet":
            from orderlab.logtable import read_parquet  # noqa: PLC0415 - it needs pandas and duckdb

            return _in_memory(read_parquet(file))
        case ".duckdb":
            return _duckdb(file)
    raise LogFileError(f"path must name a log as .jsonl, .parquet or .duckdb, and {file.name} is none of them")


def write_file(rows: Iterable[StoredEvent], path: str | PathLike[str]) -> int:
    """Write rows of a log to a file, `.jsonl` or `.parquet`, and return how many there are."""
    file = _path(path)
    match file.suffix.lower():
        case ".jsonl":
            return write_lines(rows, file)
        case ".parquet":
            from orderlab.logtable import write_parquet  # noqa: PLC0415 - it needs pandas and duckdb

            return write_parquet(rows, file)
    raise LogFileError(f"path must name a file as .jsonl or .parquet, and {file.name} is neither")


def _path(path: str | PathLike[str]) -> Path:
    if not isinstance(path, str | PathLike):
        raise TypeError(f"path must be the path of a file, not {path!r}")
    if re.match(r"\w+://", str(fspath(path))):  # not repeated, for there may be a password in it
        raise LogFileError(
            "path must be the path of a file, and this is an address: use open_event_store and Timeline.load"
        )
    if "\0" in str(fspath(path)):
        raise LogFileError(f"path must be the path of a file, and {path!r} has a NUL in it")
    return Path(fspath(path))


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError as error:
        raise LogFileError(f"{shown(str(file))} cannot be read: {error.strerror}") from error


def _duckdb(file: Path) -> "DuckDBLogReader | RowsInMemory":
    from orderlab.eventstore.duckdb_reader import DuckDBLogFile  # noqa: PLC0415 - it needs duckdb

    opened = DuckDBLogFile(file)
    reader = opened.reader()
    if len(reader) > LARGEST_IN_MEMORY:
        return reader
    columns: Columns = {name: [] for name in StoredEvent._fields}
    try:
        with collector_resting():
            for after in range(0, len(reader), _STRETCH):
                until = min(after + _STRETCH, len(reader))
                for name, values in reader.columns(*StoredEvent._fields, after=after, until=until).items():
                    columns[name] += values
        return RowsInMemory(columns)
    finally:
        opened.close()


def _in_memory(rows: Iterable[StoredEvent]) -> RowsInMemory:
    with collector_resting():
        columns = [list(column) for column in zip(*rows, strict=True)]
    return RowsInMemory(dict(zip(StoredEvent._fields, columns or [[] for _ in StoredEvent._fields], strict=True)))
