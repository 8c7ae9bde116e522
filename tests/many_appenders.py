"""What processes do that append to one log in PostgreSQL at once, in every way there is, and that read it meanwhile."""

import asyncio
from itertools import count
from multiprocessing.synchronize import Barrier
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

from marked_logs import Seen, Written, marked

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import VersionConflict
from orderlab.core.log import Appended, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.postgres import PostgresEventStore

Log = tuple[str, str]
"""Where a log is: the database, and the schema."""

_SHARED = [f"shared-{number}" for number in range(5)]
_TASKS = 3
_LARGEST = 6_000  # events in one append: more than are sent in one statement


def opened(log: Log) -> PostgresEventStore:
    """Return an event store for a log."""
    url, schema = log
    return PostgresEventStore(url, schema=schema)


class Appender:
    """Append to a stream of its own and to others', and keep what was acknowledged.

    Args:
        event_store: The log.
        name: The beginning of all marks, and its own stream.
        most: Events in its largest append.
    """

    def __init__(self, event_store: EventStore, name: str, most: int) -> None:
        self.written: list[Written] = []
        self.refused = 0
        self.count = 0
        self._event_store = event_store
        self._random = Random(name)
        self._name = name
        self._most = most
        self._own = 0
        self._common = 0
        self._known: dict[str, int] = {}

    async def append(self, events: int) -> None:
        """Append in ways that are drawn, until so many events are written."""
        ways = {self._one: 6, self._own_checked: 4, self._checked: 4, self._batch: 8, self._twice: 2, self._shared: 2}
        while self.count < events:
            [way] = self._random.choices([*ways, self._many], [*ways.values(), 0.2])
            await way()

    async def _one(self) -> None:
        stream_id, marks = self._random.choice(_SHARED), self._marks(1)
        version = await self._event_store.append_events(stream_id, list(map(marked, marks)))
        self.written.append(Written(stream_id, version, marks))

    async def _many(self) -> None:
        stream_id, marks = self._random.choice(_SHARED), self._marks(self._most)
        version = await self._event_store.append_events(stream_id, list(map(marked, marks)))
        self.written.append(Written(stream_id, version, marks))

    async def _own_checked(self) -> None:
        marks = self._marks(self._random.randrange(1, 5))
        events = list(map(marked, marks))
        self._own = await self._event_store.append_events(self._name, events, expected_version=self._own)
        self.written.append(Written(self._name, self._own, marks))

    async def _checked(self) -> None:
        stream_id, marks = self._random.choice(_SHARED), self._marks(2)
        expected = self._known.get(stream_id, 0)
        try:
            version = await self._event_store.append_events(
                stream_id, list(map(marked, marks)), expected_version=expected
            )
        except VersionConflict as conflict:
            self._take_in(conflict, expected)
        else:
            self._known[stream_id] = version
            self.written.append(Written(stream_id, version, marks))

    def _take_in(self, conflict: VersionConflict, expected: int) -> None:
        assert (conflict.expected, conflict.actual > expected) == (expected, True), conflict
        self.refused += 1
        self._known[conflict.stream_id] = conflict.actual

    async def _batch(self) -> None:
        own, appends, all_marks = self._own, [], []
        for _ in range(self._random.randrange(1, 25)):
            marks = self._marks(self._random.randrange(1, 8))
            all_marks.append(marks)
            if self._random.random() < 0.4:
                appends.append(AppendEvents(self._name, list(map(marked, marks)), own))
                own += len(marks)
            else:
                appends.append(AppendEvents(self._random.choice(_SHARED), list(map(marked, marks))))
        for append, marks, answer in zip(appends, all_marks, await self._event_store.append_many(appends), strict=True):
            self._keep(append.stream_id, marks, answer, repeated=False)
        self._own = own

    async def _twice(self) -> None:
        marks = self._marks(3)
        stream_id = self._random.choice(_SHARED)
        events = [NewEvent(marked(mark), UUID(int=self._random.getrandbits(128))) for mark in marks]
        for repeated in (False, True):
            [answer] = await self._event_store.append_many([AppendEvents(stream_id, events)])
            self._keep(stream_id, marks, answer, repeated=repeated)

    async def _shared(self) -> None:
        """Append what every other does too: it is written once."""
        self._common += 1
        marks = tuple(f"common/{self._common}/{place}" for place in range(2))
        events = [NewEvent(marked(mark), uuid5(NAMESPACE_URL, mark)) for mark in marks]
        stream_id = _SHARED[self._common % len(_SHARED)]
        [answer] = await self._event_store.append_many([AppendEvents(stream_id, events)])
        self._keep(stream_id, marks, answer, repeated=None)

    def _keep(self, stream_id: str, marks: tuple[str, ...], answer: object, *, repeated: bool | None) -> None:
        assert isinstance(answer, Appended), answer
        assert repeated in (None, answer.repeated), answer
        self.written.append(Written(stream_id, answer.version, marks, answer.positions, answer.repeated))

    def _marks(self, count: int) -> tuple[str, ...]:
        first, self.count = self.count, self.count + count
        return tuple(f"{self._name}/{number}" for number in range(first, first + count))


async def append(log: Log, name: str, events: int, most: int, start: Barrier) -> tuple[list[Written], int]:
    """Append about so many events from some tasks at once; return what was acknowledged, and how much was refused."""
    async with opened(log) as event_store:
        appenders = [Appender(event_store, f"{name}-{number}", most) for number in range(_TASKS)]
        await asyncio.to_thread(start.wait)
        await asyncio.gather(*(appender.append(events // _TASKS) for appender in appenders))
    written = [each for appender in appenders for each in appender.written]
    return written, sum(appender.refused for appender in appenders)


async def follow(log: Log) -> tuple[int, int]:
    """Follow a log from the first event to that with which it ends, and return what was seen."""
    seen = Seen()
    async with opened(log) as event_store:
        async for recorded in event_store.subscribe():
            seen.take(recorded)
            if seen.ended:
                break
    return seen.sequence


async def poll(log: Log) -> tuple[int, int]:
    """Read on and on what is new in a log, to the event with which it ends, and return what was seen."""
    seen = Seen()
    async with opened(log) as event_store:
        while not seen.ended:
            async for recorded in event_store.read_all(after=seen.position):
                seen.take(recorded)
    return seen.sequence


async def append_large(log: Log, name: str, size: int, start: Barrier) -> None:
    """Append so many events at once, again and again, for as long as this process lives."""
    async with opened(log) as event_store:
        await asyncio.to_thread(start.wait)
        for number in count(1):
            await event_store.append_events(name, [marked(f"{name}/{number}/{place}") for place in range(size)])
