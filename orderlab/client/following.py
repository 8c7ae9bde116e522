"""Follow a log from a position on, through lost connections and restarts of its server, without gap or duplicate."""

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterator
from uuid import UUID

from orderlab.client.bell import Bell
from orderlab.client.errors import ClientClosed, LogReplaced
from orderlab.client.line import PAGE, Line, page_path
from orderlab.client.patience import Away, Patience
from orderlab.client.shapes import EventView, recorded_event
from orderlab.core.log import RecordedEvent


class Subscription(AsyncIterator[RecordedEvent]):
    """Iterate over committed events in position order, for as long as the client is open.

    Every event is read from the log by its position, and the bell only says when to look: a message that is lost
    delays, and there is no switch from old to new at which one could be missed. An iteration that is cancelled, or
    that failed, goes on where it was when it is asked again.

    Args:
        line: The line to the server.
        start: Gives the position before the first event wanted.
        patience: How many seconds the server may be away.
    """

    def __init__(self, line: Line, start: "asyncio.Future[int]", patience: float) -> None:
        self._line = line
        self._start = start
        self._patience = Patience(line.address.url, patience)
        self._last: int | None = None
        self._last_id: UUID | None = None
        self._waiting: deque[EventView] = deque()
        self._bell: Bell | None = None
        self._dropped: weakref.finalize[..., Subscription] | None = None
        self._is_checked = False  # that the log still has the event after which to go on
        self._is_behind = True
        self._over = asyncio.Event()
        self._turn = asyncio.Lock()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> RecordedEvent:
        """Return the next event.

        Raises:
            ServerUnreachable: The server was away for longer than there is patience.
            LogReplaced: It came back with another log.
            ServerError: It does not let us in.
            StopAsyncIteration: The client, or this subscription, was closed.
        """
        async with self._turn:
            try:
                while not self._over.is_set():
                    if self._waiting:
                        recorded = recorded_event(self._waiting[0])  # one that cannot be read is never passed over
                        self._waiting.popleft()
                        return recorded
                    await self._look()
            except ClientClosed:
                if not self._line.over.is_set():
                    raise
        self._take_down()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Let the iteration end; a second time is harmless."""
        self._over.set()
        bell = self._take_down(drop=False)
        if bell is not None:
            await bell.take_down()

    async def _look(self) -> None:
        """Take one step: hang the bell, read a page, or wait for the bell; or wait after what failed."""
        if self._last is None:
            self._last = await asyncio.shield(self._start)
        try:
            if self._bell is None:
                self._hold(await Bell.hang(self._line))
            elif self._is_behind:
                await self._read(self._last)
            else:
                await self._bell.rings(self._last)
                self._is_behind = True
                self._patience.calm()
        except Away as away:
            self._take_down()
            await self._patience.wait(away, self._over)

    async def _read(self, last: int) -> None:
        """Read the next page; the first one after the bell was hung begins with the event that was read last."""
        after = last if self._is_checked or last == 0 else last - 1
        page = self._line.page_in(await self._line.ask_once("GET", page_path(after, PAGE)), after)
        if after < last:
            self._require_same_log(last, page[:1])
        self._is_checked = True
        self._patience.found()
        new = [view for view in page if view.position > last]
        self._is_behind = bool(new)  # a page may be short and not the last: the server gives no more than some bytes
        self._waiting.extend(new)
        if page:
            self._last, self._last_id = page[-1].position, page[-1].event_id

    def _require_same_log(self, last: int, found: list[EventView]) -> None:
        where = f"the log at {self._line.address.url}"
        begin = "subscribe with after=0 for all of it, or with after=None for what comes"
        if not found:
            raise LogReplaced(f"{where} ends before position {last}, after which it was to go on: {begin}")
        if self._last_id not in (None, found[0].event_id):
            raise LogReplaced(f"{where} is another one now, with another event at position {last}: {begin}")

    def _hold(self, bell: Bell) -> None:
        self._bell = bell
        self._is_behind, self._is_checked = True, False
        # Whoever breaks out of a loop drops the subscription without closing it.
        self._dropped = weakref.finalize(self, bell.drop)
        self._dropped.atexit = False

    def _take_down(self, *, drop: bool = True) -> Bell | None:
        """Let go of the bell, and return it."""
        bell, self._bell = self._bell, None
        if self._dropped is not None:
            self._dropped.detach()
            self._dropped = None
        if bell is not None and drop:
            bell.drop()
        return bell

    def __repr__(self) -> str:
        where = "not begun" if self._last is None else f"read to position {self._last}"
        return f"<Subscription to {self._line.address.url}, {where}{', ended' if self._over.is_set() else ''}>"
