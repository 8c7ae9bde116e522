"""Events in one DuckDB file: durable, quick to scan, and open to SQL."""

import asyncio
import logging
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Self, TypeVar

import duckdb

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, StoredEvent
from orderlab.eventstore.base import Columns, EventStoreError
from orderlab.eventstore.duckdb_file import failure
from orderlab.eventstore.duckdb_reader import DuckDBLogReader, read_stretch
from orderlab.eventstore.duckdb_writer import DuckDBWriter
from orderlab.eventstore.rows import RowEventStore, require_columns, require_range
from orderlab.eventstore.stored import EncodedAppend, as_utc
from orderlab.orders.codec import ORDER_CODEC

logger = logging.getLogger(__name__)

T = TypeVar("T")

_STRETCH = 100_000
_ALL = ", ".join(StoredEvent._fields)


class DuckDBEventStore(RowEventStore):
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
        self._writer = DuckDBWriter(self.path.resolve(), self._clock, self._ids, self._bell, create=create)
        self._readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"orderlab read {self.path.name}")
        # A notebook drops event stores without closing them; the file must not stay locked for that.
        self._finalizer = weakref.finalize(self, _let_go, self._writer, self._readers)

    async def _write(self, batch: Sequence[EncodedAppend]) -> list[Appended | AppendRefused]:
        await self._open()
        self._require_open()
        return await self._writer.submit(batch)

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        return await self._rows("position > ? AND position <= ? ORDER BY position", after, until)

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return await self._rows("stream_id = ? AND version >= ? ORDER BY version", stream_id, from_version)

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        """Iterate over large stretches of the log by column, undecoded."""
        require_columns(names)
        require_range(after, until=until)
        wanted = tuple(dict.fromkeys(names))
        head = await self.head()
        end = head if until is None else min(until, head)
        for start in range(after, end, _STRETCH):
            yield await self._read(partial(read_stretch, names=wanted, after=start, until=min(end, start + _STRETCH)))

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

    async def close(self) -> None:
        """Write what was accepted, checkpoint, and let go of the file; closing twice is harmless."""
        await super().close()
        await asyncio.to_thread(self._finalizer)
        await asyncio.to_thread(self._writer.close)  # whoever closes second waits as well until it is done

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def _open(self) -> None:
        self._require_open()
        opened = self._writer.open()
        if opened.done():
            opened.result()
        else:  # shielded, because one caller who gives up waiting must not take the opening from the others
            await asyncio.shield(asyncio.wrap_future(opened))

    async def _rows(self, where: str, *parameters: object) -> list[StoredEvent]:
        query = f"SELECT {_ALL} FROM events WHERE {where}"  # noqa: S608 - both parts are constants of this module
        found = await self._read(lambda cursor: cursor.execute(query, parameters).fetchall())
        return [StoredEvent._make((*row[:6], as_utc(row[6]), *row[7:])) for row in found]

    async def _read(self, query: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run a query on a cursor of its own, in a reader's thread."""
        await self._open()
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(self._readers, partial(self._run, query))

    def _read_at_once(self, query: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Do the same and wait for it here: in a reader's thread all the same, for which closing waits."""
        try:
            self._require_open()
            return self._readers.submit(self._run, query).result()
        except (EventStoreError, RuntimeError) as error:
            if not self._closed:
                raise
            raise EventStoreError(
                f"{self!r} is closed, and a timeline of its log reads from it: keep it open as long as the timeline is "
                "used, or load the timeline with in_memory=True"
            ) from error

    def _run(self, query: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        self._writer.require_file()
        try:
            with self._writer.reader.cursor() as cursor:
                return query(cursor)
        except duckdb.Error as error:
            raise failure(self.path, error) from error

    def __repr__(self) -> str:
        return f"<DuckDBEventStore {self.path.name}>"


def _let_go(writer: DuckDBWriter, readers: ThreadPoolExecutor) -> None:
    try:
        readers.shutdown()
    except RuntimeError:
        logger.debug("dropped in a reader's own thread, which cannot wait for itself")
    writer.close()
