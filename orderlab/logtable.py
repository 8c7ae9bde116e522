"""A log as a table: a pandas DataFrame, or a Parquet file."""

import asyncio
import re
from collections.abc import AsyncIterable, Iterable
from contextlib import suppress
from os import PathLike
from pathlib import Path

import duckdb
import msgspec
import pandas as pd

from orderlab.core.errors import OrderlabError
from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns, EventStore
from orderlab.eventstore.stored import as_utc
from orderlab.eventstore.succession import Succession
from orderlab.replacing import replacing

_COLUMNS = tuple(name for name in StoredEvent._fields if name not in ("metadata", "payload"))
_DTYPES = {
    **dict.fromkeys(("position", "version", "schema_version"), "int64"),
    **dict.fromkeys(("stream_id", "event_type", "correlation_id", "causation_id"), "str"),
    "event_id": "object",
    "recorded_at": "datetime64[us, UTC]",
}
"""Said, and not left to what is found, so that a column has one type also where it is empty."""

_AS_SQL = {
    **{name: f"{name}::BIGINT" for name in ("position", "version", "schema_version")},
    **{name: f"{name}::VARCHAR" for name in ("stream_id", "event_type", "correlation_id", "causation_id")},
    **{name: f"{name}::VARCHAR" for name in ("metadata", "payload")},
    "event_id": "event_id::UUID",
    "recorded_at": "make_timestamp(epoch_us(recorded_at))",  # in UTC, whether or not the file says so
}
_NO_ROWS: Columns = {name: [] for name in StoredEvent._fields}


class LogTableError(OrderlabError):
    """A table that cannot be written, or that is no log."""


async def frame_of(event_store: EventStore, *, after: int = 0, until: int | None = None) -> pd.DataFrame:
    """Return a log as a DataFrame, a row an event, indexed by position.

    The event's own fields follow as columns of their own (`total_cents`, `timestamp`), missing where an event of
    another type has none. A field whose name is taken by the log's own comes with `event_` before it.

    Args:
        event_store: The log.
        after: The position before the first row.
        until: The position of the last row; None for the end.
    """
    return await frame_from(event_store.read_columns(*_COLUMNS, "payload", after=after, until=until))


async def frame_from(stretches: AsyncIterable[Columns]) -> pd.DataFrame:
    """Return stretches of a log as one DataFrame, wherever they come from; see `frame_of`.

    Args:
        stretches: Each has the columns of `read_columns`, all but `metadata`.
    """
    parts = [await asyncio.to_thread(_part, columns) async for columns in stretches]
    empty = pd.DataFrame(columns=list(_COLUMNS)).astype(_DTYPES)
    return (pd.concat(parts, ignore_index=True) if parts else empty).set_index("position")


async def export_parquet(event_store: EventStore, path: str | PathLike[str]) -> int:
    """Write a log to a Parquet file, a row an event with the raw payload as JSON, and return how many there are.

    The file appears when it is whole; one that was there before is replaced only then.
    """
    parts = [_table(columns) async for columns in event_store.read_columns(*StoredEvent._fields)]
    table = pd.concat(parts, ignore_index=True) if parts else _table(_NO_ROWS)
    await asyncio.to_thread(_write_parquet, table, Path(path))
    return len(table)


def write_parquet(rows: Iterable[StoredEvent], path: str | PathLike[str]) -> int:
    """Write rows, of a log that is in no event store, to a file as `export_parquet` does; return how many there are."""
    columns = dict(zip(StoredEvent._fields, map(list, zip(*rows, strict=True)), strict=False))
    table = _table(columns or _NO_ROWS)
    _write_parquet(table, Path(path))
    return len(table)


def read_parquet(path: str | PathLike[str]) -> list[StoredEvent]:
    """Return the rows of a log that was written to a Parquet file, each checked to follow those before it.

    Raises:
        LogTableError: The file cannot be read or is no log, or a row does not follow; names the row.
    """
    wanted = ", ".join(_AS_SQL[name] for name in StoredEvent._fields)
    if Path(path).is_dir():
        raise LogTableError(f"{path} is a folder; name a file in it")
    try:
        with duckdb.connect() as connection:
            table = connection.read_parquet(_exactly(path), hive_partitioning=False)
            if missing := set(StoredEvent._fields).difference(table.columns):
                raise LogTableError(f"{path} is no log: it has no column {', '.join(sorted(missing))}")
            found = table.project(wanted).fetchall()
    except duckdb.Error as error:
        raise LogTableError(f"{path} cannot be read: {str(error).splitlines()[0].partition(': ')[2]}") from error
    succession, rows = Succession(), []
    for number, values in enumerate(found, start=1):
        if None in values[:7] or None in values[9:]:
            raise LogTableError(f"{path}, row {number}: only a correlation_id and a causation_id may be missing")
        row = StoredEvent._make((*values[:6], as_utc(values[6]), *values[7:]))
        if problem := succession.problem_with(row):
            raise LogTableError(f"{path}, row {number}: {problem}")
        rows.append(row)
    return rows


def _exactly(path: str | PathLike[str]) -> str:
    """Return a path by which DuckDB finds that one file: it takes some characters of a name for a pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(Path(path).absolute()))


def _table(columns: Columns) -> pd.DataFrame:
    dtypes = {**_DTYPES, **dict.fromkeys(("event_id", "metadata", "payload"), "str")}
    return pd.DataFrame(columns).astype(dtypes)


def _part(columns: Columns) -> pd.DataFrame:
    payloads = [msgspec.json.decode(payload) for payload in columns.pop("payload")]
    own = pd.DataFrame.from_records(payloads)
    own = own.rename(columns=_free_names(own.columns))
    if "timestamp" in own.columns and pd.api.types.is_string_dtype(own["timestamp"]):
        with suppress(ValueError):  # another domain's timestamp need not be a time
            own["timestamp"] = pd.to_datetime(own["timestamp"], utc=True, format="ISO8601")
    return pd.concat([pd.DataFrame(columns).astype(_DTYPES), own], axis=1)


def _free_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name that nothing else has for each field whose name is the log's own."""
    taken, free = {*_COLUMNS, *names}, {}
    for name in names:
        if name in _COLUMNS:
            free[name] = f"event_{name}"
            while free[name] in taken:
                free[name] = f"event_{free[name]}"
            taken.add(free[name])
    return free


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    try:
        with replacing(path) as partial, duckdb.connect() as connection:
            connection.from_df(table).write_parquet(str(partial))
    except (duckdb.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2]
        raise LogTableError(f"{path} cannot be written: {reason}") from error
