"""Event stores with one defect each, which the contract must catch; and one that is only slow, which must pass.

Those whose defect people make most often are in the zoo of the workshop, and are put through the contract with these.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, EncodedEvent, NewEvent, RecordedEvent, StoredEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract.kit import turns
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import require_range
from orderlab.eventstore.stored import EncodedAppend
from orderlab.system import RandomIds
from orderlab.workshop.zoo import eventstores as zoo

Answers = list[Appended | AppendRefused]

NeverConflicts = zoo.NeverConflicts


class Unhurried(InMemoryEventStore):
    """No defect: it writes one after the other as all should, and takes its time over everything."""

    def __init__(self, *, codec: Codec, clock: Clock, ids: IdGenerator) -> None:
        super().__init__(codec=codec, clock=clock, ids=ids)
        self._writing = asyncio.Lock()

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        async with self._writing:
            await turns(2)
            answers = await super()._write(batch)
            await turns(1)
            return answers

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        await turns(2)
        return await super()._read_page(after, until)


class ExpectsOneTooMany(InMemoryEventStore):
    """It compares with a version that is off by one once there is a first event."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        return await super().append_many(
            [replace(append, expected_version=_one_too_many(append.expected_version)) for append in appends]
        )


def _one_too_many(expected_version: int | None) -> int | None:
    return expected_version + 1 if expected_version is not None and expected_version > 0 else expected_version


class AnswersOneTooFew(InMemoryEventStore):
    """It answers with the version before the last event, once there is a first."""

    async def append_events(self, stream_id: str, events: Sequence[Any], *, expected_version: int | None = None) -> int:
        version = await super().append_events(stream_id, events, expected_version=expected_version)
        return version - 1 if version > 1 else version


class LosesAnInsert(InMemoryEventStore):
    """It answers every tenth append with success and writes nothing."""

    _writes = 0

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        self._writes += 1
        if self._writes % 10 == 0:
            return self._ledger.plan(batch, self._clock.now(), self._ids).answers
        return await super()._write(batch)


class HidesARetry(InMemoryEventStore):
    """It answers a retry as if it had been written now."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        answers = await super().append_many(appends)
        return [replace(each, repeated=False) if isinstance(each, Appended) else each for each in answers]


class WritesEventByEvent(InMemoryEventStore):
    """An append whose writer gives up in the middle stays there by half."""

    async def append_events(self, stream_id: str, events: Sequence[Any], *, expected_version: int | None = None) -> int:
        version = await super().append_events(stream_id, events[:1], expected_version=expected_version)
        for event in events[1:]:
            await turns(1)
            version = await super().append_events(stream_id, [event])
        return version


class LetsTimesDecrease(InMemoryEventStore):
    """It writes down what the clock and the writer say, also when that is before the last event."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        self._ledger._recorded_at = datetime.min.replace(tzinfo=UTC)
        return await super()._write(batch)


class ForgetsTheZone(InMemoryEventStore):
    """It takes the digits of a time for UTC, wherever they are from."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        return await super().append_many(
            [replace(append, events=[_without_zone(event) for event in append.events]) for append in appends]
        )


def _without_zone(event: Any) -> Any:
    at = getattr(event, "recorded_at", None)
    return event if at is None or at.tzinfo is None else replace(event, recorded_at=at.replace(tzinfo=UTC))


class DrawsForTheRefused(InMemoryEventStore):
    """It draws an id before it decides: the same, and yet another log for the same seed."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        answers = await super()._write(batch)
        if any(isinstance(answer, AppendRefused) for answer in answers):
            self._ids.new_uuid()
        return answers


class ABatchDiesOfOneConflict(InMemoryEventStore):
    """The refusal of one append is the refusal of all."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        answers = self._ledger.plan(batch, datetime.max.replace(tzinfo=UTC), RandomIds()).answers
        refused = [answer for answer in answers if isinstance(answer, AppendRefused)]
        return [refused[0] for _ in batch] if refused else await super()._write(batch)


class TheSecondDoesNotSeeTheFirst(InMemoryEventStore):
    """It checks all appends of a batch against the versions before it."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        return await super()._write(
            [
                replace(append, expected_version=None)
                if append.expected_version == len(self._streams.get(append.stream_id, []))
                else append
                for append in batch
            ]
        )


class NumbersTheSecondLikeTheFirst(InMemoryEventStore):
    """Appended to twice in a batch, a stream gets the same versions twice."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        start = {append.stream_id: len(self._streams.get(append.stream_id, [])) for append in batch}
        answers = await super()._write(batch)
        for index, (append, answer) in enumerate(zip(batch, answers, strict=True)):
            if isinstance(answer, Appended):
                ahead = answer.version - len(answer.positions) - start[append.stream_id]
                if ahead > 0:
                    answers[index] = Appended(answer.version - ahead, answer.positions)
                    for position in answer.positions:
                        row = self._rows[position - 1]
                        self._rows[position - 1] = row._replace(version=row.version - ahead)
        return answers


class ShowsABatchInPieces(InMemoryEventStore):
    """Each append of a batch is a transaction of its own."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        answers: Answers = []
        for append in appends:
            answers += await super().append_many([append])
            await turns(1)
        return answers


class LoadingRepeatsOne(InMemoryEventStore):
    """It loads from the version before the one that is asked for."""

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return await super()._read_stream(stream_id, max(1, from_version - 1))


class RepeatsTheEndOfAPage(InMemoryEventStore):
    """The last event of a full page is also the first of the next."""

    async def read_all(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[RecordedEvent]:
        async for recorded in super().read_all(after=after, limit=limit):
            yield recorded
            if (recorded.position - after) % 2_000 == 0:
                yield recorded


class ShowsLateCommitsLate(InMemoryEventStore):
    """Positions are given out as writers come and become visible as they commit, which is not the same order."""

    _writes = 0
    _visible: frozenset[int] = frozenset()

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        answers = await super()._write(batch)
        self._writes += 1
        await turns(3 * (self._writes % 2))
        for answer in answers:
            if isinstance(answer, Appended):
                self._visible = self._visible.union(answer.positions)
        self._bell.ring()
        return answers

    async def head(self) -> int:
        await super().head()
        return max(self._visible, default=0)

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        return [row for row in await super()._read_page(after, until) if row.position in self._visible]

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return [row for row in await super()._read_stream(stream_id, from_version) if row.position in self._visible]


class IsReadFromACopyThatLags(InMemoryEventStore):
    """A stream is read as it was one append ago: from a replica, or from a cache."""

    _copied = 0

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        self._copied = len(self._rows)
        return await super()._write(batch)

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return [row for row in await super()._read_stream(stream_id, from_version) if row.position <= self._copied]


class MissesWhatComesAtTheSwitch(InMemoryEventStore):
    """It reads the history and then listens for news; what is written in between is neither."""

    async def subscribe(self, *, after: int = 0) -> AsyncIterator[RecordedEvent]:
        async for recorded in self.read_all(after=after):
            after = recorded.position
            yield recorded
        await turns(1)
        async for recorded in super().subscribe(after=max(after, len(self._rows))):
            yield recorded


class RepeatsWhatComesAtTheSwitch(InMemoryEventStore):
    """It listens for news and then reads the history; what is written in between is both."""

    async def subscribe(self, *, after: int = 0) -> AsyncIterator[RecordedEvent]:
        require_range(after)
        listening_from = len(self._rows)
        await turns(1)
        async for recorded in self.read_all(after=after):
            yield recorded
        async for recorded in super().subscribe(after=max(after, listening_from)):
            yield recorded


class AnswersWithoutRows(InMemoryEventStore):
    """It says where an append went, and keeps for itself what it wrote."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        answers = await super()._write(batch)
        return [replace(each, rows=()) if isinstance(each, Appended) else each for each in answers]


class AnswersWithWhatWasHandedIn(InMemoryEventStore):
    """The time in its answers is the writer's, also where the log has raised it."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        return [
            replace(answer, rows=tuple(map(_at_the_time_handed_in, answer.rows, append.events)))
            if isinstance(answer, Appended)
            else answer
            for append, answer in zip(batch, await super()._write(batch), strict=True)
        ]


def _at_the_time_handed_in(row: StoredEvent, handed_in: tuple[Any, NewEvent, str]) -> StoredEvent:
    return row._replace(recorded_at=handed_in[1].recorded_at or row.recorded_at)


class WaitsForTheNextAppend(InMemoryEventStore):
    """It does not look whether there is more already."""

    async def wait_past(self, position: int) -> int:
        with self._bell.listening() as rung:
            await rung.wait()
        return await super().wait_past(position)


class IsWokenByAnything(InMemoryEventStore):
    """It takes any append for the one that was waited for."""

    async def wait_past(self, position: int) -> int:
        with self._bell.listening() as rung:
            if await self.head() <= position:
                await rung.wait()
            return await self.head()


class AnswersWithTheNextPosition(InMemoryEventStore):
    """It says that there is more, and not how much."""

    async def wait_past(self, position: int) -> int:
        await super().wait_past(position)
        return position + 1


class AnswersAtOnce(InMemoryEventStore):
    """It leaves the waiting to whoever asks, who then asks without end."""

    async def wait_past(self, position: int) -> int:
        return await self.head()


class WakesOnlyItsOwnEventLoop(InMemoryEventStore):
    """Who waits in another thread than the writer's sleeps on."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        listeners = self._bell._listeners
        here = asyncio.get_running_loop()
        self._bell._listeners = {rung: loop for rung, loop in listeners.items() if loop is here}
        try:
            return await super()._write(batch)
        finally:
            self._bell._listeners = listeners


class EndsTheWaitingAtClosing(InMemoryEventStore):
    """Who waits gets an answer at closing, as if there were more."""

    async def wait_past(self, position: int) -> int:
        try:
            return await super().wait_past(position)
        except EventStoreError:
            return len(self._rows)


class LeavesThemWaitingAtClosing(InMemoryEventStore):
    """It closes, and wakes nobody."""

    async def close(self) -> None:
        self._closed = True


class StopsWakingWhenOneGivesUp(InMemoryEventStore):
    """Who gives up waiting takes the bell along."""

    async def wait_past(self, position: int) -> int:
        try:
            return await super().wait_past(position)
        except asyncio.CancelledError:
            self._bell._listeners.clear()
            raise


class _RemembersWhatItEncoded:
    """A codec that gives back the very object that it was given."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._given: dict[str, Any] = {}

    def encode(self, event: Any) -> EncodedEvent:
        encoded = self._codec.encode(event)
        self._given[encoded.payload] = event
        return encoded

    def decode(self, encoded: EncodedEvent, recorded_at: datetime) -> Any:
        return self._given.get(encoded.payload) or self._codec.decode(encoded, recorded_at)

    def current_decoder(self, event_type: str, schema_version: int) -> Callable[[str], Any] | None:
        return self._codec.current_decoder(event_type, schema_version)


class _RemembersWhatItDecoded(_RemembersWhatItEncoded):
    """A codec that gives everybody the same object."""

    def encode(self, event: Any) -> EncodedEvent:
        return self._codec.encode(event)

    def decode(self, encoded: EncodedEvent, recorded_at: datetime) -> Any:
        if encoded.payload not in self._given:
            self._given[encoded.payload] = self._codec.decode(encoded, recorded_at)
        return self._given[encoded.payload]


class SharesEventsWithTheWriter(InMemoryEventStore):
    """It keeps the event that it was handed, not what the event said."""

    def __init__(self, *, codec: Codec, clock: Clock, ids: IdGenerator) -> None:
        super().__init__(codec=_RemembersWhatItEncoded(codec), clock=clock, ids=ids)


class SharesEventsAmongReaders(InMemoryEventStore):
    """It decodes an event once and hands the same object to everybody."""

    def __init__(self, *, codec: Codec, clock: Clock, ids: IdGenerator) -> None:
        super().__init__(codec=_RemembersWhatItDecoded(codec), clock=clock, ids=ids)


class SharesMetadata(InMemoryEventStore):
    """It keeps the mapping that the writer handed in, and hands it out again."""

    _given: tuple[Any, ...] = ()

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        self._given += tuple(getattr(event, "metadata", {}) for append in appends for event in append.events)
        return await super().append_many(appends)

    async def load_events(self, stream_id: str, *, from_version: int = 1) -> list[RecordedEvent]:
        loaded = await super().load_events(stream_id, from_version=from_version)
        return [replace(recorded, metadata=self._given[recorded.position - 1]) for recorded in loaded]


class SharesItsList(InMemoryEventStore):
    """What it answers is the list that it works with."""

    _loaded: tuple[tuple[str, int, int], list[RecordedEvent]] = ("", 0, 0), []

    async def load_events(self, stream_id: str, *, from_version: int = 1) -> list[RecordedEvent]:
        key = (stream_id, from_version, len(self._rows))
        if self._loaded[0] != key:
            self._loaded = key, await super().load_events(stream_id, from_version=from_version)
        return self._loaded[1]
