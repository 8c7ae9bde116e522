"""What event stores over a database have in common: one thread that writes, and some that read."""

import asyncio
import logging
import os
import weakref
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, Generic, Self, TypeVar

from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended
from orderlab.eventstore.base import Columns, EventStoreError
from orderlab.eventstore.groupwriter import GroupWriter
from orderlab.eventstore.rows import RowEventStore, require_columns, require_range
from orderlab.eventstore.stored import EncodedAppend

logger = logging.getLogger(__name__)

T = TypeVar("T")
WriterT = TypeVar("WriterT", bound=GroupWriter)
ConnectionT = TypeVar("ConnectionT")


class ThreadedEventStore(RowEventStore, Generic[WriterT, ConnectionT]):
    """An event store whose database is asked in threads, so that no method blocks the event loop.

    Opened at the first use, or by `async with`. It may be used from several event loops at once.
    """

    _READERS: ClassVar[int] = 2
    _STRETCH: ClassVar[int] = 100_000
    """Events that `read_columns` reads at a time."""

    _writer: WriterT
    _is_opened = False

    def _use(self, writer: WriterT, called: str) -> None:
        """Take over a writer, which is closed with the event store; `called` names the threads."""
        self._writer = writer
        self._process = os.getpid()
        self._readers = ThreadPoolExecutor(max_workers=self._READERS, thread_name_prefix=f"orderlab read {called}")
        # A notebook drops event stores without closing them; nothing must stay locked or connected for that.
        self._finalizer = weakref.finalize(self, _let_go, writer, self._readers)

    @abstractmethod
    def _ask(self, query: Callable[[ConnectionT], T]) -> T:
        """Run a query, in the thread that this is called in.

        Raises:
            EventStoreError: It failed.
        """

    @abstractmethod
    def _stretch(self, connection: ConnectionT, names: tuple[str, ...], after: int, until: int) -> Columns:
        """Read a stretch of the log by column."""

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        """Iterate over large stretches of the log by column, undecoded; the next is read while one is in use."""
        require_columns(names)
        require_range(after, until=until)
        wanted = tuple(dict.fromkeys(names))
        head = await self.head()
        end = head if until is None else min(until, head)
        starts = iter(range(after, end, self._STRETCH))

        def read_next() -> "asyncio.Future[Columns] | None":
            start = next(starts, None)
            if start is None:
                return None
            stop = min(end, start + self._STRETCH)
            query = partial(self._stretch, names=wanted, after=start, until=stop)
            reading = asyncio.ensure_future(self._read(query))
            reading.add_done_callback(_retrieve)  # for whoever stops reading before it is wanted
            return reading

        coming = read_next()
        try:
            while coming is not None:
                columns = await coming
                coming = read_next()
                yield columns
        finally:
            if coming is not None:
                coming.cancel()

    async def close(self) -> None:
        """Write what was accepted, and let go of the log; closing twice is harmless."""
        await super().close()
        await asyncio.to_thread(self._finalizer)
        await asyncio.to_thread(self._writer.close)  # whoever closes second waits as well until it is done

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    def _require_open(self) -> None:
        super()._require_open()
        if os.getpid() != self._process:  # of which the threads are not here, and the connections not to be touched
            raise EventStoreError(f"{self!r} was made in another process, of which this is a fork: make one here")

    async def _write(self, batch: Sequence[EncodedAppend]) -> list[Appended | AppendRefused]:
        await self._open()
        self._require_open()
        return await self._writer.submit(batch)

    async def _open(self) -> None:
        self._require_open()
        if self._is_opened:
            return
        opened = self._writer.open()
        if opened.done():
            opened.result()
        else:  # shielded, because one caller who gives up waiting must not take the opening from the others
            await asyncio.shield(asyncio.wrap_future(opened))
        self._is_opened = True

    async def _read(self, query: Callable[[ConnectionT], T]) -> T:
        """Run a query in a reader's thread."""
        await self._open()
        self._require_open()
        answer: Any = await asyncio.get_running_loop().run_in_executor(self._readers, partial(self._ask, query))
        return answer  # type: ignore[no-any-return] # the executor's own annotation loses it

    def _read_at_once(self, query: Callable[[ConnectionT], T]) -> T:
        """Do the same and wait for it here: in a reader's thread all the same, for which closing waits."""
        try:
            self._require_open()
            return self._readers.submit(self._ask, query).result()
        except (EventStoreError, RuntimeError) as error:
            if not self._closed:
                raise
            raise EventStoreError(
                f"{self!r} is closed, and a timeline of its log reads from it: keep it open as long as the timeline is "
                "used, or load the timeline with in_memory=True"
            ) from error


def _retrieve(reading: "asyncio.Future[Columns]") -> None:
    if not reading.cancelled():
        reading.exception()


def _let_go(writer: GroupWriter, readers: ThreadPoolExecutor) -> None:
    writer.end_reading()
    try:
        readers.shutdown()
    except RuntimeError:
        logger.debug("dropped in a reader's own thread, which cannot wait for itself")
    writer.close()
