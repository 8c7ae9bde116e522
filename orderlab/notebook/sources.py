"""What a live board follows, whatever it is: a store, an event store, or a server."""

from collections.abc import AsyncIterator
from typing import Any, Protocol
from uuid import UUID

from orderlab.client.client import Client
from orderlab.client.errors import LogReplaced
from orderlab.core.decider import DeciderReducer
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore
from orderlab.orders.reducer import OrderReducer
from orderlab.runtime import Store

_PATIENCE_SECONDS = 3.0
"""How long a server may be away before the board says so; it goes on trying."""


class Source(Protocol):
    """A log that can be read so far, and followed from there."""

    def so_far(self) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was committed until now."""
        ...

    def live(self, after: int) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was or will be committed after a position; it ends when the source is closed."""
        ...

    async def head(self, after: int) -> int:
        """Return the position of the last event, which is not before this one, or raise what is wrong."""
        ...

    async def check(self, after: int) -> None:
        """Raise what is wrong, if a log that was read to this position still cannot be followed from there."""
        ...


class OfStore:
    """The log of a store, in this event loop.

    Args:
        store: The store.
    """

    def __init__(self, store: Store[Any]) -> None:
        self._store = store

    async def so_far(self) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was committed until now."""
        head = self._store.position
        if head == 0:
            return
        async for recorded in self._store.subscribe_actions(after=0):
            yield recorded
            if recorded.position >= head:
                return

    def live(self, after: int) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was or will be committed after a position; it ends when the store is closed."""
        return self._store.subscribe_actions(after=after)

    async def head(self, after: int) -> int:
        """Return the position of the last event."""
        return self._store.position

    async def check(self, after: int) -> None:
        """Do nothing: following it raises what is wrong."""


class OfEventStore:
    """The log in an event store, whoever writes to it.

    Args:
        event_store: The event store.
    """

    def __init__(self, event_store: EventStore) -> None:
        self._event_store = event_store

    def so_far(self) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was committed until now."""
        return self._event_store.read_all()

    def live(self, after: int) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was or will be committed after a position; it ends when the event store is closed."""
        return self._event_store.subscribe(after=after)

    async def head(self, after: int) -> int:
        """Return the position of the last event."""
        return await self._event_store.head()

    async def check(self, after: int) -> None:
        """Raise what is wrong."""
        await self._event_store.head()


class OfServer:
    """The log of a server.

    Args:
        client: The client of it.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._last_id: UUID | None = None
        self._subscription: AsyncIterator[RecordedEvent] | None = None

    async def so_far(self) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was committed until now."""
        self._subscription = self._last_id = None
        async for recorded in self._client.events():
            self._last_id = recorded.event_id
            yield recorded

    async def live(self, after: int) -> AsyncIterator[RecordedEvent]:
        """Iterate over what was or will be committed after a position; it ends when the client is closed.

        Raises:
            LogReplaced: The server has another log than before.
        """
        # One for all: it goes on where it was, and knows its log again by the event before. So it begins with one that
        # is here already.
        if self._subscription is None:
            self._subscription = self._client.subscribe(max(after - 1, 0), patience=_PATIENCE_SECONDS)
        async for recorded in self._subscription:
            if recorded.position > after:
                self._last_id = recorded.event_id
                yield recorded
            elif recorded.event_id != self._last_id:
                raise _replaced(after)

    async def head(self, after: int) -> int:
        """Return the position of the last event."""
        async for recorded in self._client.events(after=after):
            after = recorded.position
        return after

    async def check(self, after: int) -> None:
        """Raise what is wrong.

        Raises:
            LogReplaced: The server has another log than before.
        """
        found = [recorded.event_id async for recorded in self._client.events(after=max(after - 1, 0), limit=1)]
        if after > 0 and found != [self._last_id]:
            raise _replaced(after)


def _replaced(after: int) -> LogReplaced:
    return LogReplaced(f"the log is another one now, without the event that was at position {after}")


def source_of(followed: Any, reducer: DeciderReducer[Any, Any] | None) -> tuple[Source, DeciderReducer[Any, Any]]:
    """Return what is to be followed as a source, and the reducer of its domain.

    Raises:
        TypeError: It is nothing that can be followed, or not by this reducer.
    """
    source: Source
    if isinstance(followed, Client):
        source = OfServer(followed)
    elif isinstance(followed, Store):
        source, reducer = OfStore(followed), reducer or followed.reducer  # type: ignore[assignment] # seen to below
    elif callable(getattr(followed, "subscribe", None)) and callable(getattr(followed, "read_all", None)):
        source = OfEventStore(followed)
    else:
        hint = ""
        if isinstance(followed, str) or hasattr(followed, "url"):
            hint = ": connect to it first, LiveBoard(orderlab.connect(url))"
        raise TypeError(f"LiveBoard follows a client, a Store or an event store, and not {followed!r}{hint}")
    reducer = OrderReducer() if reducer is None else reducer
    if not isinstance(reducer, DeciderReducer):
        raise TypeError(f"reducer must be a DeciderReducer, such as OrderReducer(), not {reducer!r}")
    return source, reducer
