"""Following: everything after a position, and then what comes, without gap or duplicate."""

import asyncio
from collections.abc import AsyncIterator

from orderlab.core.effects import AppendEvents
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.contract.kit import ContractCase, expect, followed, let_go, notes, refusal, scenario, turns

HISTORY, WRITERS, APPENDS = 50, 10, 20
LAST = HISTORY + WRITERS * APPENDS + 1


class Following(ContractCase):
    """A subscription begins in the past and goes on live, and nobody can tell where the one became the other.

    That is harder than it looks. Who reads the history first and registers for news after it misses what was written
    in between; who registers first and reads then gets it twice.
    """

    @scenario
    async def test_a_subscriber_gets_the_history_and_then_what_comes(self, event_store: EventStore) -> None:
        """From the start, and then each append when it is there."""
        await event_store.append_events("a", notes([1, 2]))
        subscription = event_store.subscribe()
        expect([(await anext(subscription)).event.number for _ in range(2)], [1, 2], "the history")
        for number in range(3, 8):
            await event_store.append_events("a", notes([number]))
            expect((await anext(subscription)).event.number, number, "an event that came later")
        await let_go(subscription)

    @scenario
    async def test_a_waiting_subscriber_is_woken_by_an_append(self, event_store: EventStore) -> None:
        """It sits idle in an empty log, and need not be asked again."""
        subscription = event_store.subscribe()
        for number in range(1, 6):
            waiting = asyncio.ensure_future(_next(subscription))
            await turns(20)
            assert not waiting.done(), "a subscriber waits while nothing comes"
            await event_store.append_many([AppendEvents("a", notes([number]))])
            expect((await waiting).event.number, number, "the event that it was woken for")
        await let_go(subscription)

    @scenario
    async def test_a_subscriber_begins_after_the_position_it_names(self, event_store: EventStore) -> None:
        """One that comes back says how far it got, and goes on from there."""
        await event_store.append_events("a", notes(range(10)))
        for after in (0, 1, 5, 9, 10):
            last = await event_store.head() + 1
            following = asyncio.ensure_future(followed(event_store, after=after, last=last))
            await turns(5)
            await event_store.append_events("b", notes([0]))
            expect(await following, list(range(after + 1, last + 1)), f"subscribe(after={after})")

    @scenario
    async def test_nothing_is_missed_or_repeated_between_history_and_live(self, event_store: EventStore) -> None:
        """Many writers, and at every moment somebody who begins to follow."""
        await event_store.append_events("history", notes(range(HISTORY)))

        async def write(writer: int) -> None:
            for number in range(APPENDS):
                await event_store.append_events(f"stream-{writer}", notes([number]))
                await turns(1)

        async def follow(moment: int) -> tuple[int, list[int]]:
            await turns(moment)
            after = moment * 7 % HISTORY
            return after, await followed(event_store, after=after, last=LAST)

        following = [asyncio.ensure_future(follow(moment)) for moment in range(2 * APPENDS)]
        await asyncio.gather(*map(write, range(WRITERS)))
        await turns(3 * APPENDS)
        await event_store.append_events("end", notes([0]))
        for after, positions in await asyncio.gather(*following):
            expect(positions, list(range(after + 1, LAST + 1)), f"what came after {after}, while many wrote")

    @scenario
    async def test_every_subscriber_gets_every_event(self, event_store: EventStore) -> None:
        """They do not share: each has the whole log, at its own pace."""
        following = [asyncio.ensure_future(followed(event_store, last=30)) for _ in range(5)]
        for number in range(10):
            await event_store.append_events(f"stream-{number}", notes([1, 2, 3]))
        for positions in await asyncio.gather(*following):
            expect(positions, list(range(1, 31)), "what each of several subscribers got")

    @scenario
    async def test_a_subscriber_who_leaves_harms_no_other(self, event_store: EventStore) -> None:
        """Cancelled while it waits, or stopped in the middle of the history."""
        await event_store.append_events("a", notes([1, 2]))
        staying = asyncio.ensure_future(followed(event_store, last=3))
        cancelled = asyncio.ensure_future(followed(event_store))
        expect(await followed(event_store, last=1), [1], "what the one who stops early got")
        await turns(10)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        await event_store.append_events("a", notes([3]))
        expect(await staying, [1, 2, 3], "what the one who stays gets")

    @scenario
    async def test_closing_ends_those_who_follow(self, event_store: EventStore) -> None:
        """They come to their end as a loop does, not by an error; whatever they got until then is without gap."""
        await event_store.append_events("a", notes([1, 2, 3]))
        following = [asyncio.ensure_future(followed(event_store, after=after)) for after in range(4)]
        await followed(event_store, last=3)
        await turns(50)
        await event_store.close()
        for after, positions in enumerate(await asyncio.gather(*following)):
            expect(positions, list(range(after + 1, after + 1 + len(positions))), f"what came after {after}")

    @scenario
    async def test_closing_ends_those_who_are_still_reading_the_history(self, event_store: EventStore) -> None:
        """Also in the middle of a long log the end is an end, not an error."""
        await event_store.append_events("a", notes(range(5_000)))
        subscription = event_store.subscribe()
        positions = [(await anext(subscription)).position]
        await event_store.close()
        positions += [recorded.position async for recorded in subscription]
        expect(positions, list(range(1, len(positions) + 1)), "what came before the end")

    @scenario
    async def test_who_waits_is_told_the_head_once_there_is_more(self, event_store: EventStore) -> None:
        """It wants to know how far it can read, not what there is."""
        await event_store.append_events("a", notes([1]))
        waiting = asyncio.ensure_future(event_store.wait_past(1))
        await turns(20)
        assert not waiting.done(), "whoever waits for more waits while nothing comes"
        await event_store.append_events("a", notes([2, 3]))
        expect(await waiting, 3, "the head, for who waited for more than one event")

    @scenario
    async def test_who_waits_for_what_is_there_is_told_at_once(self, event_store: EventStore) -> None:
        """What came between looking and waiting is not waited for any more."""
        await event_store.append_events("a", notes([1, 2, 3]))
        for position in range(3):
            expect(await event_store.wait_past(position), 3, f"the head, for who waited for more than {position}")

    @scenario
    async def test_who_waits_is_not_sent_away_with_less(self, event_store: EventStore) -> None:
        """Woken by an append, it looks whether that reaches far enough, and waits on if not."""
        waiting = asyncio.ensure_future(event_store.wait_past(2))
        for number in (1, 2):
            await event_store.append_events("a", notes([number]))
            await turns(50)
            assert not waiting.done(), f"whoever waits for more than 2 events waits while there are {number}"
        await event_store.append_events("a", notes([3]))
        expect(await waiting, 3, "the head, for who waited for more than 2 events")

    @scenario
    async def test_who_waits_is_woken_by_a_writer_in_another_thread(self, event_store: EventStore) -> None:
        """A notebook writes in its own event loop to the log that a server follows in another."""
        waiting = asyncio.ensure_future(event_store.wait_past(0))
        await turns(20)

        def write() -> int:
            return asyncio.run(_append(event_store))

        expect(await asyncio.to_thread(write), 1, "the version told to the writer in another thread")
        expect(await waiting, 1, "the head, for who waited in this thread")

    @scenario
    async def test_who_gives_up_waiting_harms_no_other(self, event_store: EventStore) -> None:
        """The others are woken all the same."""
        waiting = [asyncio.ensure_future(event_store.wait_past(0)) for _ in range(3)]
        await turns(20)
        waiting[1].cancel()
        await asyncio.wait([waiting[1]])
        await event_store.append_events("a", notes([1]))
        expect([await waiting[0], await waiting[2]], [1, 1], "the head, for those who still waited")

    @scenario
    async def test_who_waits_at_closing_is_told_so(self, event_store: EventStore) -> None:
        """Nothing more comes from here, and an answer would look as if something had."""
        await event_store.append_events("a", notes([1]))
        waiting = [asyncio.ensure_future(event_store.wait_past(position)) for position in (1, 2)]
        await turns(20)
        await event_store.close()
        for each in waiting:
            await refusal(each, EventStoreError, "waiting for more, of an event store that was closed meanwhile")


async def _append(event_store: EventStore) -> int:
    return await event_store.append_events("a", notes([1]))


async def _next(subscription: AsyncIterator[RecordedEvent]) -> RecordedEvent:
    return await anext(subscription)
