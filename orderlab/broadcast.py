"""Hand what was committed to whoever follows: each event once, in position order, and nobody waits for anybody.

A follower either is called at each commit (`observe`), or iterates at its own pace over a bounded buffer
(`Subscription`). One who falls behind loses its place in the buffer, never in the log: it reads on from there.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from weakref import WeakSet

from orderlab.core.errors import OrderlabError
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore, EventStoreError

logger = logging.getLogger(__name__)

Observer = Callable[[Sequence[RecordedEvent]], object]

BUFFER = 10_000
"""Events that may wait for one subscriber: more than a full batch has, so that nobody who keeps up falls behind."""

_PAGE = 1_000

_TURN = 100
"""Events that a subscriber reads from the log at a time before others have their turn: reading may wait for nothing."""


class Lagged(OrderlabError):
    """A subscriber was too slow, and events went by; `subscribe_actions(after=last_position)` goes on without a gap.

    Args:
        missed: How many events were committed that the subscriber has not had.
        last_position: The position of the last event that it has had.

    >>> print(Lagged(3, 17))
    the subscriber fell behind: 3 events came after position 17; subscribe again with after=17
    """

    def __init__(self, missed: int, last_position: int) -> None:
        super().__init__(
            f"the subscriber fell behind: {missed} events came after position {last_position}; "
            f"subscribe again with after={last_position}"
        )
        self.missed = missed
        self.last_position = last_position

    def __reduce__(self) -> tuple[type["Lagged"], tuple[int, int]]:
        return Lagged, (self.missed, self.last_position)


class Broadcast:
    """Tell followers of every committed event, without a gap: what a commit does not bring is read from the log.

    Args:
        event_store: The log.
    """

    def __init__(self, event_store: EventStore) -> None:
        self.event_store = event_store
        self.position = 0
        """The position of the last event that followers were told of."""
        self.closed = False
        self._observers: dict[object, tuple[int, Observer]] = {}
        # A subscription that its owner drops, as a `break` out of a loop does, is not kept for being told.
        self._subscriptions: WeakSet[Subscription] = WeakSet()

    @property
    def followed(self) -> bool:
        """Whether anybody wants to be told."""
        return bool(self._observers or self._subscriptions)

    def observe(self, observer: Observer, after: int) -> Callable[[], None]:
        """Call `observer` with the events of each commit that come after a position, and return what ends that."""
        mark = object()  # the same observer may be given twice
        self._observers[mark] = after, observer

        def end() -> None:
            self._observers.pop(mark, None)

        return end

    def join(self, subscription: "Subscription") -> None:
        """Let a subscription be told from now on."""
        self._subscriptions.add(subscription)

    async def publish(self, position: int, committed: Sequence[RecordedEvent] | None) -> None:
        """Tell of everything up to a position.

        Args:
            position: That of the last event committed.
            committed: The events, if they are at hand; None to have them read from the log.
        """
        if not self.followed:
            self.position = position
        elif committed is not None and committed[0].position == self.position + 1:
            self._tell(committed)
        else:
            await self._tell_from_log(position)

    async def _tell_from_log(self, position: int) -> None:
        page: list[RecordedEvent] = []
        async for recorded in self.event_store.read_all(after=self.position, limit=position - self.position):
            page.append(recorded)
            if len(page) == _PAGE:
                self._tell(page)
                page = []
                await asyncio.sleep(0)  # who keeps up takes these before more come
        if page:
            self._tell(page)
        if self.position < position:
            raise EventStoreError(f"the log was read up to position {self.position}, and goes to {position}")

    def _tell(self, committed: Sequence[RecordedEvent]) -> None:
        events = tuple(committed)  # many share them, and none may change them
        self.position = events[-1].position
        for after, observer in tuple(self._observers.values()):
            wanted = events if events[0].position > after else tuple(each for each in events if each.position > after)
            try:
                if wanted:
                    observer(wanted)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException:  # an observer's bug must not undo a commit, nor keep others from being told
                logger.exception("an observer failed at the events up to position %d", self.position)
        for subscription in tuple(self._subscriptions):
            subscription.offer(events)

    def close(self) -> None:
        """Let every subscription come to its end."""
        self.closed = True
        for subscription in tuple(self._subscriptions):
            subscription.wake()


class Subscription(AsyncIterator[RecordedEvent]):
    """Iterate over committed events in position order: from a position on in the log, then live.

    Args:
        broadcast: What tells of the events.
        after: The position before the first event wanted.
        live: Nothing after that was committed yet, so that all of it is to wait here rather than in the log.
        buffer: How many events may wait here.
    """

    def __init__(self, broadcast: Broadcast, after: int, *, live: bool = False, buffer: int = BUFFER) -> None:
        if type(after) is not int or after < 0:
            raise ValueError(f"after must be None or a position from 0, not {after!r}")
        if type(buffer) is not int or buffer < 1:
            raise ValueError(f"buffer must be a number of events from 1, not {buffer!r}")
        self._broadcast = broadcast
        self._limit = buffer
        self._buffer: deque[RecordedEvent] = deque()
        self._woken = asyncio.Event()
        self._live = False
        self._lagging = False
        self._last = after
        self._history: AsyncIterator[RecordedEvent] | None = None
        if live:
            self._go_live()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> RecordedEvent:
        """Return the next event.

        Raises:
            Lagged: More came than the buffer holds; going on reads what was missed from the log.
            StopAsyncIteration: The store was closed.
        """
        while True:
            if not self._live:
                recorded = await self._next_of_history()
                if recorded is None:
                    self._go_live()
                    continue
            elif self._buffer:
                recorded = self._buffer.popleft()
            elif self._lagging:
                self._lagging = self._live = False
                raise Lagged(self._broadcast.position - self._last, self._last)
            elif self._broadcast.closed:
                raise StopAsyncIteration
            else:
                self._woken.clear()
                await self._woken.wait()
                continue
            self._last = recorded.position
            return recorded

    def offer(self, events: Sequence[RecordedEvent]) -> None:
        """Take events in, as far as there is room and they are wanted."""
        if not self._live or self._lagging:
            return
        newest = self._buffer[-1].position if self._buffer else self._last
        wanted = [recorded for recorded in events if recorded.position > newest]
        room = self._limit - len(self._buffer)
        self._buffer.extend(wanted[:room])
        self._lagging = len(wanted) > room
        self.wake()

    def wake(self) -> None:
        """Have a waiting `__anext__` look again."""
        self._woken.set()

    def _go_live(self) -> None:
        # Nothing is awaited between finding the end of the history and this, so nothing can come between.
        self._live = True
        self._broadcast.join(self)

    async def _next_of_history(self) -> RecordedEvent | None:
        """Return the next event from the log; None when it is read as far as followers were told."""
        if self._last % _TURN == 0:
            await asyncio.sleep(0)
        while True:
            if self._history is None:
                limit = self._broadcast.position - self._last
                if limit <= 0:
                    return None
                self._history = self._broadcast.event_store.read_all(after=self._last, limit=limit)
            try:
                return await anext(self._history)
            except StopAsyncIteration:
                self._history = None
            except EventStoreError:
                self._history = None
                if self._broadcast.closed:
                    raise StopAsyncIteration from None
                raise

    def __repr__(self) -> str:
        return f"<Subscription at position {self._last}, {len(self._buffer)} events waiting>"
