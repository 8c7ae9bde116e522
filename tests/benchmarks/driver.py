"""The bare driver: psycopg on the tables that our event store makes, and nothing of ours around it.

Rows are ready before, as Python values. They go by the quickest ways that the driver has: one row by a prepared INSERT
with binary parameters, in one round trip, as its own transaction; many by a binary COPY, which is one as well.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from psycopg import sql

from benchmarks.database import fresh_schema
from benchmarks.sample import Written
from orderlab.core.log import StoredEvent
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.eventstore.postgres_address import read_address
from orderlab.eventstore.postgres_database import Database as PostgresDatabase
from orderlab.eventstore.postgres_schema import Connection
from orderlab.eventstore.postgres_statements import append_rows

_TYPES = ("int8", "text", "int4", "uuid", "text", "int4", "timestamptz", "text", "text", "text", "text")
"""As the columns are sent; JSON goes as the text that it is."""

_encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


class Driver:
    """A connection to a log, written to by nothing but the driver.

    Args:
        connection: Commits each statement, and is set as our event store sets its own.
        schema: Where the log is.
    """

    def __init__(self, connection: Connection, schema: str) -> None:
        self.connection = connection
        self._cursor = connection.cursor()
        self._table = sql.Identifier(schema, "events")
        values = sql.SQL(", ").join([sql.SQL("%b")] * (len(_TYPES) - 2) + [sql.SQL("%b::json")] * 2)
        self._insert = sql.SQL("INSERT INTO {} VALUES ({})").format(self._table, values)
        self._copy = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(self._table)

    def insert(self, row: StoredEvent) -> None:
        """Write a row, durable when this returns."""
        self._cursor.execute(self._insert, row, prepare=True)

    def call(self, row: StoredEvent) -> None:
        """Write a row by the call that our event store makes, durable when this returns."""
        append_rows(self.connection, [row])

    def copy(self, rows: Sequence[StoredEvent]) -> None:
        """Write rows in one transaction, durable when this returns."""
        with self._cursor.copy(self._copy) as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row(row)

    def groups(self) -> list[int]:
        """Return how many rows each transaction wrote, in turn."""
        counted = sql.SQL("SELECT count(*) FROM {} GROUP BY xmin::text ORDER BY min(position)").format(self._table)
        return [count for (count,) in self.connection.execute(counted) if isinstance(count, int)]

    def payloads(self) -> list[tuple[str, str]]:
        """Return the type and the JSON of each event."""
        with self.connection.cursor(binary=True) as cursor:
            cursor.execute(sql.SQL("SELECT event_type, payload::text FROM {}").format(self._table))
            return [(str(event_type), str(payload)) for event_type, payload in cursor]


@contextmanager
def driver(url: str, schema: str) -> Iterator[Driver]:
    """Connect to a log, and disconnect."""
    with PostgresDatabase(read_address(url, schema), readers=0).connected() as connection:
        yield Driver(connection, schema)


@contextmanager
def fresh_log(url: str, folder: Path) -> Iterator[Driver]:
    """Make the log that belongs to a timing's folder, as our event store makes it, and connect to it."""
    with fresh_schema(url, folder) as schema:
        asyncio.run(make_log(url, schema))
        with driver(url, schema) as connected:
            yield connected


async def make_log(url: str, schema: str) -> None:
    """Make the tables of a log."""
    async with PostgresEventStore(url, schema=schema):
        pass


def encoded(rows: Sequence[StoredEvent], events: Sequence[Written]) -> list[StoredEvent]:
    """Put each event's JSON into its row: the part of the work that no writer can have done beforehand."""
    return [row._replace(payload=_encode(written.event).decode()) for row, written in zip(rows, events, strict=True)]
