"""How a log comes to a timeline: from an event store, a file, or events that somebody has."""

from collections.abc import Iterable
from datetime import datetime
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orderlab.collector import collector_resting
from orderlab.commandfile import read_commands
from orderlab.core.codec import Codec, JsonCodec
from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.errors import UnreadableEvent
from orderlab.core.log import RecordedEvent, StoredEvent
from orderlab.core.script import TimedCommand
from orderlab.eventstore.base import Columns, EventStore, LogReader, Outline, ReadsAnywhere
from orderlab.logfile import LogFileError, read_lines, write_lines
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderReducer
from orderlab.timeline.asof.outlining import RowsInMemory
from orderlab.timeline.asof.source import Source

if TYPE_CHECKING:
    from orderlab.eventstore.duckdb_reader import DuckDBLogReader

Commands = Iterable[TimedCommand] | str | PathLike[str]
"""The commands that were given, or the file that they are in, as `write_commands` writes it."""

LARGEST_IN_MEMORY = 250_000
"""A log of more events stays where it is, if it can be read there."""

_STRETCH = 50_000
"""Events read at a time; for a query of seconds DuckDB would draw a bar of its progress into the notebook."""


def given_events(events: Iterable[RecordedEvent]) -> list[RecordedEvent]:
    """Return events as a list, once they are known to be a whole log in position order."""
    if isinstance(events, str | bytes) or not isinstance(events, Iterable):
        raise TypeError(
            f"events must be recorded events in position order, not {events!r}: an event store is loaded by "
            "`await Timeline.load(event_store)`, a file by `Timeline.from_file(path)`"
        )
    found = list(events)
    time: datetime | None = None
    for position, event in enumerate(found, start=1):
        if not isinstance(event, RecordedEvent):
            raise TypeError(
                f"events must be recorded events, and number {position} is {event!r}: `load_events` and `read_all` of "
                "an event store give them"
            )
        if event.position != position:
            what = f"it begins at position {event.position}" if position == 1 else f"{event.position} comes after it"
            raise ValueError(
                f"events must be a whole log from position 1 without gaps, and {what}"
                f"{'' if position == 1 else f' where {position} is next'}: make a timeline of the whole log, in which "
                "one can stand anywhere"
            )
        if event.recorded_at.utcoffset() is None or (time is not None and event.recorded_at < time):
            raise ValueError(
                f"events must have aware times that never decrease, and that of position {position} is "
                f"{event.recorded_at.isoformat()}"
            )
        time = event.recorded_at
    return found


def domain_of(reducer: Any, codec: Codec | None) -> tuple[DeciderReducer[Any, Any], Codec]:
    """Return the reducer, orders by default, and the codec of its events."""
    if reducer is None:
        reducer = OrderReducer()
    if not isinstance(reducer, DeciderReducer):
        raise TypeError(f"reducer must be a DeciderReducer, such as OrderReducer(), not {reducer!r}")
    if codec is None:
        codec = ORDER_CODEC if reducer.decider is ORDERS else JsonCodec(list(reducer.decider.events))
    return reducer, codec


def given_commands(commands: Commands) -> tuple[TimedCommand, ...]:
    """Return commands as a tuple, from a file where one is named, once they are known to be such."""
    found = read_commands(commands) if isinstance(commands, str | PathLike) else tuple(commands)
    for each in found:
        if not isinstance(each, TimedCommand):
            raise TypeError(f"commands must be TimedCommands, each with its time and key, and one is {each!r}")
    return found


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
                f"in_memory=False needs an event store that can be read at any place, such as DuckDBEventStore, and "
                f"{event_store!r} cannot"
            )
    elif not in_memory and (in_memory is False or await event_store.head() > LARGEST_IN_MEMORY):
        return await event_store.log_reader()
    columns: Columns = {name: [] for name in StoredEvent._fields}
    with collector_resting():
        async for stretch in event_store.read_columns(*StoredEvent._fields):
            for name, values in stretch.items():
                columns[name] += values
    return RowsInMemory(columns)


def reader_of_file(path: str | PathLike[str]) -> LogReader:
    """Return a reader of an exported log (`.jsonl`, `.parquet`), or of the DuckDB file that one is kept in."""
    file = _path(path)
    if not file.exists():
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
    return Path(fspath(path))


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
