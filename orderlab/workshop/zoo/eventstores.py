"""Event stores with a mistake each. All keep their log in memory, and all can open it again: `reopen(closed)`."""

from asyncio import sleep
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.errors import AppendRefused, VersionConflict
from orderlab.core.log import Appended, RecordedEvent, StoredEvent
from orderlab.eventstore.base import Columns
from orderlab.eventstore.ledger import Place
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import require_columns
from orderlab.eventstore.stored import EncodedAppend
from orderlab.orders.codec import ORDER_CODEC
from orderlab.workshop.zoo.specimen import Specimen

Answers = list[Appended | AppendRefused]


class Reopenable(InMemoryEventStore):
    """No mistake: an event store in memory whose log can be opened again after it was closed, as a file can."""

    @classmethod
    def reopen(
        cls, closed: Self, *, codec: Codec = ORDER_CODEC, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> Self:
        """Return a new event store over the log of one that was closed."""
        again = cls(codec=codec, clock=clock, ids=ids)
        again._rows, again._streams, again._ledger = closed._rows, closed._streams, closed._ledger
        return again


class NeverConflicts(Reopenable):
    """It takes no notice of what a writer expects."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        """Append, whatever version is expected."""
        return await super().append_many([replace(append, expected_version=None) for append in appends])


class ChecksAndThenWrites(Reopenable):
    """It checks the version, waits, and writes: the check is outside of the transaction."""

    async def append_events(self, stream_id: str, events: Sequence[Any], *, expected_version: int | None = None) -> int:
        """Append, unless the version was another one a moment ago."""
        if expected_version == len(self._streams.get(stream_id, [])):
            await sleep(0)
            expected_version = None
        return await super().append_events(stream_id, events, expected_version=expected_version)


class LeavesAGap(Reopenable):
    """A refused append uses up a position, as a sequence of a database does in a transaction rolled back."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        answers = await super()._write(batch)
        if any(isinstance(answer, AppendRefused) for answer in answers):
            self._rows.append(_BURNT)
            self._ledger.position += 1
        return answers

    async def head(self) -> int:
        """Return the position of the last event that there is."""
        await super().head()
        return max((row.position for row in self._rows), default=0)

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        return [row for row in self._rows[after:until] if row is not _BURNT]

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        """Iterate over the events that there are."""
        require_columns(names)
        async for columns in super().read_columns(*names, "position", after=after, until=until):
            kept = [index for index, position in enumerate(columns["position"]) if position]
            yield {name: [columns[name][index] for index in kept] for name in names}


_BURNT = StoredEvent(0, "", 0, UUID(int=0), "", 0, datetime(1, 1, 1, tzinfo=UTC), None, None, "", "")


class StoresARetryTwice(Reopenable):
    """It does not know the event ids that it has."""

    async def _write(self, batch: Sequence[EncodedAppend]) -> Answers:
        self._ledger._known = _KnowsNothing()
        return await super()._write(batch)


class _KnowsNothing:
    def __contains__(self, event_id: UUID) -> bool:
        return False

    def locate(self, event_ids: Sequence[UUID]) -> dict[UUID, Place]:
        return {}

    def add(self, rows: Sequence[StoredEvent]) -> None:
        pass


class AnswersARetryWithAConflict(Reopenable):
    """It looks at the expected version before it looks whether it has the events already."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        """Append, unless the version is another one: that of a retry always is."""
        answers: Answers = []
        for append in appends:
            version = len(self._streams.get(append.stream_id, []))
            if append.expected_version not in (None, version):
                answers.append(VersionConflict(append.stream_id, append.expected_version or 0, version))
            else:
                answers += await super().append_many([append])
        return answers


class StopsAtAConflict(Reopenable):
    """Of a batch it writes what comes before the first conflict, and leaves out the rest."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> Answers:
        """Append one after the other, up to a refusal, which is then the answer to all that follow."""
        answers: Answers = []
        for append in appends:
            refused = answers[-1] if answers and isinstance(answers[-1], AppendRefused) else None
            answers += [refused] if refused else await super().append_many([append])
        return answers


class SortsItsStreams(Reopenable):
    """It lists its streams by name, not in the order in which they began."""

    async def list_streams(self) -> list[str]:
        """Return the id of every stream, in the order of the alphabet."""
        return sorted(await super().list_streams())


class ReadsFromInsteadOfAfter(Reopenable):
    """It begins to read with the position after which it is asked to read."""

    async def read_all(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[RecordedEvent]:
        """Iterate over the events from a position on, which whoever asks has had already."""
        async for recorded in super().read_all(after=max(after - 1, 0), limit=limit):
            yield recorded


class LoadingSkipsOne(Reopenable):
    """It loads from the version after the one that is asked for."""

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return await super()._read_stream(stream_id, from_version + 1 if from_version > 1 else 1)


class LosesTimesWhenOpenedAgain(Reopenable):
    """It keeps no times, and gives all events that of being opened."""

    @classmethod
    def reopen(
        cls, closed: Self, *, codec: Codec = ORDER_CODEC, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> Self:
        """Return a new event store over the log of one that was closed, with the times of now."""
        again = super().reopen(closed, codec=codec, clock=clock, ids=ids)
        now = again._clock.now()
        again._rows = [row._replace(recorded_at=now) for row in again._rows]
        again._streams = {
            stream_id: [row._replace(recorded_at=now) for row in rows] for stream_id, rows in again._streams.items()
        }
        return again


def _event_store(name: str, mistake: str, faulty: type[Reopenable]) -> Specimen:
    return Specimen(name, mistake, "event store", faulty, Reopenable, (faulty,))


SPECIMENS: tuple[Specimen, ...] = (
    _event_store(
        "never-conflicts",
        "It takes no notice of the expected version, so the work of one of two writers is lost.",
        NeverConflicts,
    ),
    _event_store(
        "checks-and-then-writes",
        "It checks the expected version outside of the transaction, so two who write at once both get through.",
        ChecksAndThenWrites,
    ),
    _event_store(
        "leaves-a-gap",
        "A refused append uses up a position, so a reader that waits for the next one waits for ever.",
        LeavesAGap,
    ),
    _event_store(
        "stores-a-retry-twice",
        "It does not know its event ids again, so what is sent twice has happened twice.",
        StoresARetryTwice,
    ),
    _event_store(
        "answers-a-retry-with-a-conflict",
        "It looks at the version before the event ids, so who sends again after a lost answer is told that it failed.",
        AnswersARetryWithAConflict,
    ),
    _event_store(
        "stops-at-a-conflict",
        "The first conflict of a batch refuses all that comes after it, so one writer harms the others.",
        StopsAtAConflict,
    ),
    _event_store(
        "sorts-its-streams",
        "It lists the streams by name, so nobody can tell which of them came first.",
        SortsItsStreams,
    ),
    _event_store(
        "reads-from-instead-of-after",
        "It reads from a position instead of after it, so whoever goes on reading gets one event twice.",
        ReadsFromInsteadOfAfter,
    ),
    _event_store(
        "loading-skips-one",
        "It loads from the version after the one that is asked for, so one event is missing from the state.",
        LoadingSkipsOne,
    ),
    _event_store(
        "loses-times-when-opened-again",
        "It gives all events the time at which its log was opened, so nothing can be asked as of an earlier day.",
        LosesTimesWhenOpenedAgain,
    ),
)
