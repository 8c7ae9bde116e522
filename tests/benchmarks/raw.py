"""The bare engine: the same table in the same file with the same settings, and nothing of ours around it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from benchmarks import sample
from benchmarks.sample import Written
from orderlab.eventstore.duckdb_file import open_file, release

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
    """Return events as the rows that DuckDB is given."""
    return [
        (*row[:3], row.event_id.hex, row.event_type, row.schema_version, row.recorded_at.replace(tzinfo=None), *row[7:])
        for row in sample.rows_of(events)
    ]


def encoded(rows: Sequence[RawRow], events: Sequence[Written]) -> list[RawRow]:
    """Put each event's JSON into its row: the part of the work that no writer can have done beforehand."""
    return [(*row[:-1], _encode(written.event).decode()) for row, written in zip(rows, events, strict=True)]
