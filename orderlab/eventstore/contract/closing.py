"""Closing, and for event stores that outlive their process, opening again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import Clock, IdGenerator, SeededIds, SequentialIds, TestClock
from orderlab.core.errors import EventIdReused, VersionConflict
from orderlab.core.log import NewEvent
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.contract.keeping import METADATA, NOON
from orderlab.eventstore.contract.kit import (
    CONTRACT_CODEC,
    ContractCase,
    Gathered,
    Noted,
    everything,
    expect,
    in_event_loop,
    notes,
    refusal,
    scenario,
    turns,
)
from orderlab.eventstore.contract.retries import brought


class Closing(ContractCase):
    """The end: what was accepted is finished, what comes later is told so."""

    @scenario
    async def test_closing_twice_is_harmless(self, event_store: EventStore) -> None:
        """A block that closes at its end need not know who closed before, or is closing just now."""
        await event_store.append_events("a", notes([1]))
        await asyncio.gather(event_store.close(), event_store.close())
        await event_store.close()

    @scenario
    async def test_closing_what_was_never_used_is_harmless(self, event_store: EventStore) -> None:
        """Opened and thought better of."""
        await event_store.close()

    @scenario
    async def test_whoever_uses_a_closed_event_store_is_told_so(self, event_store: EventStore) -> None:
        """By name, rather than by an answer that looks like an empty log."""
        await event_store.append_events("a", notes([1]))
        await event_store.close()
        attempts: dict[str, Callable[[], Awaitable[object]]] = {
            "append_events": lambda: event_store.append_events("a", notes([2])),
            "append_many": lambda: event_store.append_many([AppendEvents("a", notes([2]))]),
            "load_events": lambda: event_store.load_events("a"),
            "read_all": lambda: anext(event_store.read_all()),
            "read_columns": lambda: anext(event_store.read_columns("version")),
            "list_streams": event_store.list_streams,
            "head": event_store.head,
            "wait_past": lambda: event_store.wait_past(0),
        }
        for name, attempt in attempts.items():
            await refusal(attempt(), EventStoreError, f"{name} of a closed event store")

    @in_event_loop
    async def test_an_append_under_way_at_closing_is_answered(self) -> None:
        """Written or refused: nobody waits for ever for an event store that is gone."""
        for moment in range(4):
            async with self.fresh() as event_store:
                attempts = [
                    asyncio.ensure_future(event_store.append_events(f"stream-{number}", notes([number])))
                    for number in range(20)
                ]
                await turns(moment)
                await event_store.close()
                for answer in await asyncio.gather(*attempts, return_exceptions=True):
                    assert answer == 1 or isinstance(answer, EventStoreError), f"the answer at closing was {answer!r}"


class Durability(ContractCase):
    """An append that has returned is in the log for good, and whoever opens the log again goes on where it ended."""

    def reopen_event_store(
        self, closed: EventStore, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        """Return an async context manager that gives a new event store over the log of a closed one."""
        raise NotImplementedError("override reopen_event_store, or give it to event_store_contract(...)")

    def again(
        self, closed: EventStore, *, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        """Open the log of a closed event store as a new process would, with ids of another seed."""
        ids = SeededIds(2) if ids is None else ids
        return self.reopen_event_store(closed, codec=CONTRACT_CODEC, clock=clock or TestClock(), ids=ids)

    @scenario
    async def test_the_log_is_the_same_after_opening_it_again(self, event_store: EventStore) -> None:
        """In every column, and the streams in their order."""
        special = NewEvent(Gathered(["é", "\0"]), None, NOON, "correlation", "causation", METADATA)
        await event_store.append_events("b", [Noted("first"), special])
        await event_store.append_events("a", notes(range(2_500)))
        before, streams = await everything(event_store), await event_store.list_streams()
        await event_store.close()
        async with self.again(event_store) as reopened:
            expect(await everything(reopened), before, "the log, opened again")
            expect(await reopened.list_streams(), streams, "its streams")
            expect(await reopened.head(), len(before), "its head")

    @scenario
    async def test_an_append_under_way_at_closing_is_there_if_it_was_accepted(self, event_store: EventStore) -> None:
        """What a writer was told is true, also when it was told at the last moment."""
        attempts = [
            asyncio.ensure_future(event_store.append_events(f"stream-{number}", notes([1, 2]))) for number in range(20)
        ]
        await turns(2)
        await event_store.close()
        answers = await asyncio.gather(*attempts, return_exceptions=True)
        told = sorted(f"stream-{number}" for number, answer in enumerate(answers) if isinstance(answer, int))
        async with self.again(event_store) as reopened:
            expect(sorted(await reopened.list_streams()), told, "the streams whose writers were told so")
            expect(await reopened.head(), 2 * len(told), "the head")

    @scenario
    async def test_versions_and_positions_go_on_after_opening_again(self, event_store: EventStore) -> None:
        """Expectations are checked against what was written before."""
        await event_store.append_events("a", notes([1, 2]))
        await event_store.append_events("b", notes([3]))
        await event_store.close()
        async with self.again(event_store) as reopened:
            attempt = reopened.append_events("a", notes([9]), expected_version=0)
            conflict = await refusal(attempt, VersionConflict, "no stream, of one that was written before")
            expect((conflict.expected, conflict.actual), (0, 2), "expected and actual")
            expect(await reopened.append_events("a", notes([4]), expected_version=2), 3, "the rightly expected version")
            found = [(row.position, row.stream_id, row.version) for row in await everything(reopened)]
            expect(found, [(1, "a", 1), (2, "a", 2), (3, "b", 1), (4, "a", 3)], "the log")

    @scenario
    async def test_a_retry_after_opening_again_changes_nothing(self, event_store: EventStore) -> None:
        """A lost answer and a restart often have the same cause."""
        await event_store.append_events("a", brought(1, 2), expected_version=0)
        await event_store.close()
        async with self.again(event_store) as reopened:
            before = await everything(reopened)
            expect(await reopened.append_events("a", brought(1, 2), expected_version=0), 2, "the retry")
            await refusal(reopened.append_events("a", brought(2, 3)), EventIdReused, "a known and a new event")
            await refusal(reopened.append_events("b", brought(1)), EventIdReused, "an id of another stream")
            expect(await everything(reopened), before, "the log is as it was before")

    @in_event_loop
    async def test_times_do_not_decrease_after_opening_again(self) -> None:
        """Also when the clock of the next machine is behind."""
        async with self.fresh(clock=TestClock(NOON)) as event_store:
            await event_store.append_events("a", notes([1]))
            await event_store.close()
            async with self.again(event_store, clock=TestClock(NOON - timedelta(hours=1))) as reopened:
                await reopened.append_events("a", notes([2]))
                found = [recorded.recorded_at async for recorded in reopened.read_all()]
        expect(found, [NOON, NOON], "the times, the second by a clock that is an hour behind")

    @in_event_loop
    async def test_an_id_generator_that_begins_anew_repeats_no_event_id(self) -> None:
        """Ids that count begin at 1 in every process; what is taken is passed over."""
        async with self.fresh(ids=SequentialIds()) as event_store:
            await event_store.append_events("a", notes([1, 2]))
            await event_store.close()
            async with self.again(event_store, ids=SequentialIds()) as reopened:
                expect(await reopened.append_events("a", notes([3, 4])), 4, "the version, with ids that begin anew")
                found = [row.event_id.int for row in await everything(reopened)]
        expect(found, [1, 2, 3, 4], "the event ids")
