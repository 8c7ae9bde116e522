"""The bare engine: the same table in the same file with the same settings, and nothing of ours around it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from benchmarks.sample import Written
from orderlab.eventstore.duckdb_file import open_file, release
from orderlab.orders.codec import ORDER_CODEC
from orderlab.system import RandomIds

RawRow = tuple[object, ...]

_encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


class RawLog:
    """A log's file, written to by nothing but the engine's own appender."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._appender = connection.appender("events")

    def write(self, rows: Sequence[RawRow]) -> None:
        """Write rows in one transaction, durable when this returns."""
        self.connection.begin()
        self._appender.append_rows(rows)
        self._appender.flush()
        self.connection.commit()


@contextmanager
def raw_log(path: Path) -> Iterator[RawLog]:
    """Open a log's file as our event store does, and close it."""
    connection = open_file(path)
    try:
        yield RawLog(connection)
    finally:
        connection.close()
        release(path)


def rows_of(events: Sequence[Written]) -> list[RawRow]:
    """Return events as the rows that our event store would write."""
    ids, at = RandomIds(), datetime.now(UTC).replace(tzinfo=None)
    rows: list[RawRow] = []
    for position, written in enumerate(events, start=1):
        event_type, schema_version, payload = ORDER_CODEC.encode(written.event)
        place = (position, written.stream_id, written.version)
        rows.append((*place, ids.new_uuid().hex, event_type, schema_version, at, None, None, "{}", payload))
    return rows


def encoded(rows: Sequence[RawRow], events: Sequence[Written]) -> list[RawRow]:
    """Put each event's JSON into its row: the part of the work that no writer can have done beforehand."""
    return [(*row[:-1], _encode(written.event).decode()) for row, written in zip(rows, events, strict=True)]
