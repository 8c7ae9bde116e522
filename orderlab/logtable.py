"""A log as a table: a pandas DataFrame, or a Parquet file."""

import asyncio
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

_COLUMNS = tuple(name for name in StoredEvent._fields if name not in ("metadata", "payload"))
_DTYPES = {
    **dict.fromkeys(("position", "version", "schema_version"), "int64"),
    **dict.fromkeys(("stream_id", "event_type", "correlation_id", "causation_id"), "str"),
    "event_id": "object",
    "recorded_at": "datetime64[us, UTC]",
}
"""Said, and not left to what is found, so that a column has one type also where it is empty."""


class LogTableError(OrderlabError):
    """A table that cannot be written."""


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
    dtypes = {**_DTYPES, **dict.fromkeys(("event_id", "metadata", "payload"), "str")}
    empty = pd.DataFrame(columns=list(StoredEvent._fields)).astype(dtypes)
    parts = [pd.DataFrame(columns).astype(dtypes) async for columns in event_store.read_columns(*StoredEvent._fields)]
    table = pd.concat(parts, ignore_index=True) if parts else empty
    await asyncio.to_thread(_write_parquet, table, Path(path))
    return len(table)


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
    partial = path.with_name(f".{path.name}.partial")
    try:
        with duckdb.connect() as connection:
            connection.from_df(table).write_parquet(str(partial))
        partial.replace(path)
    except (duckdb.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).rpartition(": ")[2]
        raise LogTableError(f"{path} cannot be written: {reason}") from error
    finally:
        with suppress(OSError):  # it is not there if all went well, or if nothing did
            partial.unlink()
