"""Events in one DuckDB file: durable, quick to scan, and open to SQL."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TypeVar

import duckdb

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns
from orderlab.eventstore.duckdb_file import failure
from orderlab.eventstore.duckdb_reader import DuckDBLogReader, read_stretch
from orderlab.eventstore.duckdb_writer import DuckDBWriter
from orderlab.eventstore.stored import as_utc
from orderlab.eventstore.threaded import ThreadedEventStore
from orderlab.orders.codec import ORDER_CODEC

T = TypeVar("T")

_ALL = ", ".join(StoredEvent._fields)


class DuckDBEventStore(ThreadedEventStore[DuckDBWriter, duckdb.DuckDBPyConnection]):
    """An event store in a DuckDB file, which one process at a time may have open.

    Opened at the first use, or by `async with`. Appends that wait go to disk together; each is durable when it
    returns. Reads run beside them in threads of their own.

    Args:
        path: The file.
        codec: How events become JSON and back; orders by default.
        clock: What stamps `recorded_at` where the writer does not.
        ids: What draws event ids where the writer does not.
        create: Make a log that is not there. False refuses, for whoever means to read one.

    Raises:
        EventStoreError: At the first use: the file is open elsewhere, is no log, is damaged, or cannot be written.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        codec: Codec = ORDER_CODEC,
        clock: Clock | None = None,
        ids: IdGenerator | None = None,
        create: bool = True,
    ) -> None:
        super().__init__(codec=codec, clock=clock, ids=ids)
        if "://" in str(path):
            raise ValueError(f"path must be a file, and {path} is an address: use open_event_store({str(path)!r})")
        if str(path) == ":memory:":
            raise ValueError("path must be a file: use InMemoryEventStore() for a log in memory")
        self.path = Path(path).absolute()
        writer = DuckDBWriter(self.path.resolve(), self._clock, self._ids, self._bell, create=create)
        self._use(writer, self.path.name)

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        return await self._rows("position > ? AND position <= ? ORDER BY position", after, until)

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return await self._rows("stream_id = ? AND version >= ? ORDER BY version", stream_id, from_version)

    async def list_streams(self) -> list[str]:
        """Return the id of every stream, in the order of their first events."""
        found = await self._read(
            lambda cursor: cursor.execute("SELECT stream_id FROM events WHERE version = 1 ORDER BY position").fetchall()
        )
        return [stream_id for (stream_id,) in found]

    async def head(self) -> int:
        """Return the position of the last event; 0 for an empty log."""
        await self._open()
        self._require_open()
        return self._writer.position

    async def log_reader(self) -> DuckDBLogReader:
        """Return a reader of the log as it is now; it works for as long as the event store is open."""
        return DuckDBLogReader(self._read_at_once, await self.head())

    async def _rows(self, where: str, *parameters: object) -> list[StoredEvent]:
        query = f"SELECT {_ALL} FROM events WHERE {where}"  # noqa: S608 - both parts are constants of this module
        found = await self._read(lambda cursor: cursor.execute(query, parameters).fetchall())
        return [StoredEvent._make((*row[:6], as_utc(row[6]), *row[7:])) for row in found]

    def _ask(self, query: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run a query on a cursor of its own."""
        self._writer.require_file()
        try:
            with self._writer.reader.cursor() as cursor:
                return query(cursor)
        except duckdb.Error as error:
            raise failure(self.path, error) from error

    def _stretch(
        self, connection: duckdb.DuckDBPyConnection, names: tuple[str, ...], after: int, until: int
    ) -> Columns:
        return read_stretch(connection, names, after, until)

    def __repr__(self) -> str:
        return f"<DuckDBEventStore {self.path.name}>"
