"""A log as a table: a pandas DataFrame, or a Parquet file."""

import asyncio
from os import PathLike
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pandas as pd

from orderlab.core.errors import OrderlabError
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.stored import StoredEvent

_COLUMNS = tuple(name for name in StoredEvent._fields if name not in ("metadata", "payload"))


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
    parts = [await asyncio.to_thread(_part, columns) async for columns in _read(event_store, after, until)]
    empty = pd.DataFrame(columns=list(_COLUMNS)).astype({"recorded_at": "datetime64[us, UTC]"})
    return (pd.concat(parts, ignore_index=True) if parts else empty).set_index("position")


async def export_parquet(event_store: EventStore, path: str | PathLike[str]) -> int:
    """Write a log to a Parquet file, a row an event with the raw payload as JSON, and return how many there are."""
    parts = [
        pd.DataFrame(columns).astype({"event_id": str})
        async for columns in event_store.read_columns(*StoredEvent._fields)
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(StoredEvent._fields), dtype=str)
    await asyncio.to_thread(_write_parquet, table, Path(path))
    return len(table)


def _read(event_store: EventStore, after: int, until: int | None) -> Any:
    return event_store.read_columns(*_COLUMNS, "payload", after=after, until=until)


def _part(columns: dict[str, list[Any]]) -> pd.DataFrame:
    payloads = [msgspec.json.decode(payload) for payload in columns.pop("payload")]
    own = pd.DataFrame.from_records(payloads)
    own = own.rename(columns={name: f"event_{name}" for name in own.columns if name in _COLUMNS})
    if "timestamp" in own.columns:
        own["timestamp"] = pd.to_datetime(own["timestamp"], utc=True, format="ISO8601")
    return pd.concat([pd.DataFrame(columns), own], axis=1)


def _write_parquet(table: pd.DataFrame, path: Path) -> None:
    try:
        with duckdb.connect() as connection:
            connection.from_df(table).write_parquet(str(path))
    except duckdb.Error as error:
        raise LogTableError(f"{path} cannot be written: {error}") from error
