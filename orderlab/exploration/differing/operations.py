"""What can be asked of an event store, as values: each is a step of a script, and does itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from orderlab.core.effects import AppendEvents
from orderlab.core.log import Appended, NewEvent
from orderlab.drawing.tables import AsTable
from orderlab.eventstore.base import EventStore
from orderlab.exploration.differing.storeanswers import (
    Accepted,
    Answers,
    At,
    Read,
    Refused,
    StoreAnswer,
    Streams,
    refused,
)
from orderlab.exploration.playing import AT
from orderlab.orders.actions import OrderCancelled


def event(number: int, stream_id: str) -> NewEvent:
    """Return the event with this number: its id, its time and all that is noted of it follow from the number.

    So an event that is appended a second time is a retry, and the one with number 0 comes from before all others.
    """
    at = AT + timedelta(minutes=number)
    fact = OrderCancelled(stream_id, f"event {number}", at)
    return NewEvent(fact, UUID(int=number), at, f"request-{number}", f"cause-{number}", {"number": number})


@dataclass(frozen=True, slots=True)
class Append(AsTable):
    """Append the events with these numbers to a stream."""

    stream_id: str
    numbers: tuple[int, ...]
    expected_version: int | None = None

    @property
    def effect(self) -> AppendEvents:
        """The append as a batch takes it."""
        return AppendEvents(self.stream_id, self.events(), self.expected_version)

    def events(self) -> list[NewEvent]:
        """Return the events that it appends."""
        return [event(number, self.stream_id) for number in self.numbers]

    def __str__(self) -> str:
        said = "" if self.expected_version is None else f", expecting version {self.expected_version}"
        return f"append {_numbered(self.numbers)} to {self.stream_id}{said}"

    async def on(self, event_store: EventStore) -> Accepted:
        """Do it."""
        version = await event_store.append_events(self.stream_id, self.events(), expected_version=self.expected_version)
        return Accepted(version)


@dataclass(frozen=True, slots=True)
class AppendMany(AsTable):
    """Do several appends in one batch."""

    appends: tuple[Append, ...]

    def __str__(self) -> str:
        return f"in one batch: {'; '.join(map(str, self.appends))}"

    async def on(self, event_store: EventStore) -> StoreAnswer:
        """Do it."""
        answers = await event_store.append_many([each.effect for each in self.appends])
        return Answers(tuple(_answer_in_batch(each) for each in answers))


@dataclass(frozen=True, slots=True)
class AppendAtOnce(AsTable):
    """Have several writers append at the same time; who of them wins is left open."""

    appends: tuple[Append, ...]

    def __str__(self) -> str:
        return f"at once: {'; '.join(map(str, self.appends))}"

    async def on(self, event_store: EventStore) -> StoreAnswer:
        """Do it."""
        answers = await asyncio.gather(*(_attempted(each, event_store) for each in self.appends))
        return Answers(tuple(sorted(answers, key=repr)))


@dataclass(frozen=True, slots=True)
class Load(AsTable):
    """Load a stream from a version on."""

    stream_id: str
    from_version: int = 1

    def __str__(self) -> str:
        since = f" from version {self.from_version} on" if self.from_version > 1 else ""
        return f"load {self.stream_id}{since}"

    async def on(self, event_store: EventStore) -> StoreAnswer:
        """Do it."""
        return Read(tuple(await event_store.load_events(self.stream_id, from_version=self.from_version)))


@dataclass(frozen=True, slots=True)
class ReadAll(AsTable):
    """Read the log after a position."""

    after: int = 0
    limit: int | None = None

    def __str__(self) -> str:
        most = "" if self.limit is None else f", at most {self.limit}"
        return f"read all after position {self.after}{most}" if self.after else f"read all{most}"

    async def on(self, event_store: EventStore) -> StoreAnswer:
        """Do it."""
        events = event_store.read_all(after=self.after, limit=self.limit)
        return Read(tuple([recorded async for recorded in events]))


@dataclass(frozen=True, slots=True)
class ListStreams(AsTable):
    """Ask which streams there are."""

    def __str__(self) -> str:
        return "list the streams"

    async def on(self, event_store: EventStore) -> StoreAnswer:
        """Do it."""
        return Streams(tuple(await event_store.list_streams()))


@dataclass(frozen=True, slots=True)
class Head(AsTable):
    """Ask for the position of the last event."""

    def __str__(self) -> str:
        return "ask for the head"

    async def on(self, event_store: EventStore) -> StoreAnswer:
        """Do it."""
        return At(await event_store.head())


@dataclass(frozen=True, slots=True)
class Reopen(AsTable):
    """Close the event store, and open its log again."""

    def __str__(self) -> str:
        return "close it, and open its log again"


Write = Append | AppendMany | AppendAtOnce | Reopen
Look = Load | ReadAll | ListStreams | Head
Operation = Write | Look

APPENDS: tuple[type, ...] = (Append, AppendMany, AppendAtOnce, Reopen)
"""The operations after which a log may be another one."""

OPERATIONS: tuple[type, ...] = (*APPENDS, Load, ReadAll, ListStreams, Head)


async def _attempted(append: Append, event_store: EventStore) -> Accepted | Refused:
    try:
        return await append.on(event_store)
    except Exception as error:  # noqa: BLE001 - the answer of this one, beside those of the others
        return refused(error)


def _numbered(numbers: Sequence[int]) -> str:
    return f"event{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers)) or 'none'}"


def _answer_in_batch(answer: Any) -> Accepted | Refused:
    return Accepted(answer.version, answer.positions) if isinstance(answer, Appended) else refused(answer)
