"""Events in PostgreSQL: one log for several processes and machines at once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, TypeVar, cast

try:
    import psycopg  # noqa: F401 - to say here what is missing
    import psycopg_pool  # noqa: F401 - as above
except ImportError as error:
    raise ImportError(
        f'PostgreSQL needs a driver that is not here ({error}): pip install "orderlab[postgres]"'
    ) from error

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns, EventStoreError
from orderlab.eventstore.postgres_address import read_address
from orderlab.eventstore.postgres_database import Database
from orderlab.eventstore.postgres_listener import LOOK_SECONDS, Listener, last_event
from orderlab.eventstore.postgres_reader import SELECTED, PostgresLogReader, read_stretch
from orderlab.eventstore.postgres_schema import Connection
from orderlab.eventstore.postgres_writer import PostgresWriter
from orderlab.eventstore.threaded import ThreadedEventStore
from orderlab.orders.codec import ORDER_CODEC

T = TypeVar("T")


class PostgresEventStore(ThreadedEventStore[PostgresWriter, Connection]):
    """An event store in a schema of a PostgreSQL database, which any number of processes may have open.

    Opened at the first use, or by `async with`; its tables are made then, if they are not there. Appends that wait go
    to the database together; each is durable when it returns. A lost connection is regained: what reads or appends
    waits some seconds for that, and an append whose answer was lost is looked up before it is sent again.

    Args:
        url: `postgresql://user:password@host:port/database`, with whatever else the driver understands, such as
            `?sslmode=verify-full`. What is not in it comes from the driver's environment variables and files.
        schema: The schema of the log, one for each: lower-case letters, digits and underscores. None for the one that
            `?schema=` in the address names, or else `orderlab`.
        codec: How events become JSON and back; orders by default.
        clock: What stamps `recorded_at` where the writer does not.
        ids: What draws event ids where the writer does not.
        create: Make a log that is not there. False refuses, for whoever means to read one.

    Raises:
        ValueError: The schema is none.
        EventStoreError: The address is none; or at the first use: there is no such database, it cannot be used so by
            this user, or holds something else.
        Unreachable: At any use: there was no connection for some seconds.
    """

    _READERS: ClassVar[int] = 4
    _STRETCH: ClassVar[int] = 8_000

    def __init__(
        self,
        url: str,
        *,
        schema: str | None = None,
        codec: Codec = ORDER_CODEC,
        clock: Clock | None = None,
        ids: IdGenerator | None = None,
        create: bool = True,
    ) -> None:
        super().__init__(codec=codec, clock=clock, ids=ids)
        address = read_address(url, schema)
        self.schema = address.schema
        self._database = Database(address, self._READERS)
        self._listener = Listener(self._database, self._bell)
        self._use(PostgresWriter(self._database, self._listener, self._clock, self._ids, create=create), self.schema)

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        return await self._select("position > %s AND position <= %s ORDER BY position", after, until)

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return await self._select("stream_id = %s AND version >= %s ORDER BY version", stream_id, from_version)

    async def list_streams(self) -> list[str]:
        """Return the id of every stream, in the order of their first events."""
        query = "SELECT stream_id FROM {log}.events WHERE version = 1 ORDER BY position"
        found = await self._read(lambda connection: connection.execute(connection.about_log(query)).fetchall())
        return [cast("str", stream_id) for (stream_id,) in found]

    async def head(self) -> int:
        """Return the position of the last event, whoever wrote it; 0 for an empty log."""
        head, event_id = await self._read(last_event)
        self._listener.learn(head, event_id)
        return head

    async def log_reader(self) -> PostgresLogReader:
        """Return a reader of the log as it is now; it works for as long as the event store is open."""
        return PostgresLogReader(self._read_at_once, await self.head())

    async def wait_past(self, position: int) -> int:
        """Wait until the log has an event after this position, whoever writes it, and return one that it has."""
        await self._open()
        with self._bell.listening() as rung:
            self._listener.start()
            if self._listener.position <= position:
                await self.head()
            while True:
                rung.clear()
                self._require_open()
                if self._listener.position > position:
                    return self._listener.position
                if self._listener.is_listening:
                    await rung.wait()
                elif not await _in_time(rung.wait()):  # as on a replica, where nobody can listen
                    await self.head()

    async def close(self) -> None:
        """Write what was accepted, and let go of the log; closing twice is harmless."""
        await super().close()
        await asyncio.to_thread(self._listener.join)

    async def _select(self, where: str, *parameters: object) -> list[StoredEvent]:
        query = f"SELECT {SELECTED} FROM {{log}}.events WHERE {where}"  # noqa: S608 - all of it is ours

        def rows(connection: Connection) -> list[tuple[object, ...]]:
            return connection.execute(connection.about_log(query), parameters, prepare=True, binary=True).fetchall()

        return [StoredEvent._make(cast("Any", row)) for row in await self._read(rows)]

    def _ask(self, query: Callable[[Connection], T]) -> T:
        return self._database.ask(query, reading=True)

    def _stretch(self, connection: Connection, names: tuple[str, ...], after: int, until: int) -> Columns:
        return read_stretch(connection, names, after, until)

    def __repr__(self) -> str:
        return f"<PostgresEventStore {self._database.called}>"

    def _require_open(self) -> None:
        super()._require_open()
        if self._listener.replaced:
            error = EventStoreError(self._listener.replaced)
            error.where = self._database.called
            raise error


async def _in_time(waiting: Coroutine[Any, Any, object]) -> bool:
    """Tell whether something has come before it is time to look."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await waiting
    except TimeoutError:
        return False
    return True
