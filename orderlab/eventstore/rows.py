"""What all of our event stores have in common: everything that follows from reading and writing rows."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, RecordedEvent, StoredEvent
from orderlab.drawing import tables
from orderlab.eventstore.base import Columns, EventStoreError, Unreachable
from orderlab.eventstore.bell import Bell
from orderlab.eventstore.gaps import damaged
from orderlab.eventstore.stored import EncodedAppend, decode_stored, encode_append
from orderlab.orders.codec import ORDER_CODEC
from orderlab.system import RandomIds, SystemClock

logger = logging.getLogger(__name__)

_FIRST_PAGE, _LARGEST_PAGE = 64, 2_000
"""Events fetched at a time by `read_all`: few at first, to begin soon, then more, to go on quickly."""

_PAGE_CHARACTERS = 256 * 1024
"""About what a page holds at the most, for many may read at once, and wait in the middle of a page."""

_LONGEST_PAUSE = 2.0
"""Seconds between two looks of a subscription at a log that cannot be reached."""


class RowEventStore(ABC):
    """An event store over rows; a subclass says how they are written, read and let go.

    Args:
        codec: How events become JSON and back; orders by default.
        clock: What stamps `recorded_at` where the writer does not.
        ids: What draws event ids where the writer does not.
    """

    def __init__(
        self, *, codec: Codec = ORDER_CODEC, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> None:
        self.codec = codec
        self._clock = clock or SystemClock()
        self._ids = ids or RandomIds()
        self._bell = Bell()
        self._closed = False

    @abstractmethod
    async def _write(self, batch: Sequence[EncodedAppend]) -> list[Appended | AppendRefused]:
        """Write a batch in one transaction and answer each append; ring the bell if anything was written."""

    @abstractmethod
    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        """Return the rows with `after` < position <= `until`, in position order."""

    @abstractmethod
    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        """Return a stream's rows from a version on, in version order."""

    @abstractmethod
    async def head(self) -> int:
        """Return the position of the last event; 0 for an empty log."""

    @abstractmethod
    async def list_streams(self) -> list[str]:
        """Return the id of every stream, in the order of their first events."""

    @abstractmethod
    def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        """Iterate over large stretches of the log by column, undecoded."""

    async def append_events(self, stream_id: str, events: Sequence[Any], *, expected_version: int | None = None) -> int:
        """Append events to a stream and return its new version; see `EventStore`."""
        [answer] = await self.append_many([AppendEvents(stream_id, events, expected_version)])
        if isinstance(answer, AppendRefused):
            raise answer
        return answer.version

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        """Do many appends in one transaction, and answer each."""
        self._require_open()
        appends = list(appends)
        encoded: list[EncodedAppend] = []
        refused: dict[int, AppendRefused] = {}
        for index, append in enumerate(appends):
            try:
                encoded.append(encode_append(append, self.codec))
            except AppendRefused as refusal:
                refused[index] = refusal
        written = iter(await self._write(encoded) if encoded else [])
        return [refused[index] if index in refused else next(written) for index in range(len(appends))]

    async def load_events(self, stream_id: str, *, from_version: int = 1) -> list[RecordedEvent]:
        """Return a stream's events from a version on; an empty list for a stream that is not there."""
        self._require_open()
        if from_version < 1:
            raise ValueError(f"from_version must be at least 1, not {from_version}: versions count from 1")
        return [decode_stored(row, self.codec) for row in await self._read_stream(stream_id, from_version)]

    async def read_all(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[RecordedEvent]:
        """Iterate over the events after a position, in position order.

        Raises:
            EventStoreError: A position is missing: somebody has changed the log by hand.
        """
        self._require_open()
        require_range(after, limit=limit)
        until = None if limit is None else after + limit
        size, was_empty = _FIRST_PAGE, False
        while until is None or after < until:
            end = after + size if until is None else min(until, after + size)
            page = await self._read_page(after, end)
            if page:
                characters = sum(len(row.payload) for row in page)
                size = max(1, min(_LARGEST_PAGE, _PAGE_CHARACTERS * len(page) // max(characters, 1)))
            for row in page:
                if row.position != after + 1:
                    raise damaged(self, after + 1)
                yield decode_stored(row, self.codec)
                after = row.position
            if after < end:
                if await self.head() <= after:
                    return
                if was_empty and not page:  # twice, for the first time it may have been written meanwhile
                    raise damaged(self, after + 1)
            was_empty = not page

    async def wait_past(self, position: int) -> int:
        """Wait until the log has an event after this position, and return its head."""
        with self._bell.listening() as rung:
            while True:
                rung.clear()
                if (head := await self.head()) > position:
                    return head
                await rung.wait()

    async def subscribe(self, *, after: int = 0) -> AsyncIterator[RecordedEvent]:
        """Iterate over everything after a position and then over what comes, until the event store is closed.

        Always reads by position and is only woken by the bell: there is no switch from history to live at which
        an event could be missed or repeated. While the log cannot be reached it waits, and goes on where it was.
        """
        pause = 0.0
        while not self._closed:
            try:
                async for recorded in self.read_all(after=after):
                    after = recorded.position
                    yield recorded
                await self.wait_past(after)
                pause = 0.0
            except Unreachable as error:
                pause = min(2 * pause + 0.1, _LONGEST_PAUSE)
                logger.warning("a subscription waits at position %d: %s", after, error)
                await self._sleep(pause)
            except EventStoreError:
                if self._closed:  # in the middle of reading: the end, like any other
                    return
                raise

    async def _sleep(self, seconds: float) -> None:
        """Wait for so long, or until the event store is closed."""
        with self._bell.listening() as rung, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._closed:
                    rung.clear()
                    await rung.wait()

    async def close(self) -> None:
        """Let go of everything; closing twice is harmless."""
        self._closed = True
        self._bell.ring()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _require_open(self) -> None:
        if self._closed:
            raise EventStoreError(f"{self!r} is closed")

    def _repr_html_(self) -> str:
        return tables.fields({"event store": repr(self)})


def require_range(after: int, *, limit: int | None = None, until: int | None = None) -> None:
    """Refuse a range of positions that cannot be meant."""
    if after < 0:
        raise ValueError(f"after must be at least 0, not {after}: it is the position before the first one wanted")
    if limit is not None and limit < 0:
        raise ValueError(f"limit must be None or at least 0, not {limit}")
    if until is not None and until < 0:
        raise ValueError(f"until must be None or at least 0, not {until}")


def require_columns(names: tuple[str, ...]) -> None:
    """Refuse columns that a log does not have, and none at all."""
    if not names:
        raise ValueError(f"name at least one column: {', '.join(StoredEvent._fields)}")
    for name in names:
        if name not in StoredEvent._fields:
            raise ValueError(f"a log has no column {name!r}; it has {', '.join(StoredEvent._fields)}")
