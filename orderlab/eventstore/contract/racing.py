"""Several at once: writers against writers, writers against readers, and writers who give up."""

import asyncio

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import VersionConflict
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract.kit import (
    ContractCase,
    everything,
    expect,
    notes,
    numbers_in,
    rows,
    scenario,
    turns,
)

WRITERS = 30


class Racing(ContractCase):
    """What holds for one writer after the other holds for many at once.

    The check of a version and the insert that relies on it are one step; positions become visible in their order; and
    an append is there or not there, whatever became of its writer.
    """

    @scenario
    async def test_of_many_who_expect_the_same_version_exactly_one_wins(self, event_store: EventStore) -> None:
        """Check first and write afterwards, and all of them have checked before the first has written."""
        for version in range(5):
            attempts = [
                event_store.append_events("a", notes([100 * version + writer]), expected_version=version)
                for writer in range(WRITERS)
            ]
            answers = await asyncio.gather(*attempts, return_exceptions=True)
            won = [writer for writer, answer in enumerate(answers) if answer == version + 1]
            expect(len(won), 1, f"writers who won version {version + 1} of {WRITERS} that tried")
            for answer in answers:
                if answer != version + 1:
                    assert isinstance(answer, VersionConflict), f"a loser must be told of a conflict, not {answer!r}"
                    found = (answer.stream_id, answer.expected, answer.actual)
                    expect(found, ("a", version, version + 1), "the fields of a loser's conflict")
            stream = await numbers_in(event_store, "a")
            expect(stream[version:], [100 * version + won[0]], "the stream grew by the winner's event")

    @scenario
    async def test_many_appends_at_once_are_all_there(self, event_store: EventStore) -> None:
        """None lost, none twice, each in its stream with the version its writer was told."""
        attempts = [event_store.append_events(f"stream-{number % 7}", notes([number, number])) for number in range(200)]
        answers = await asyncio.gather(*attempts)
        log = await everything(event_store)
        expect([row.position for row in log], list(range(1, 401)), "the positions of 200 appends of two events")
        for stream in range(7):
            recorded = await event_store.load_events(f"stream-{stream}")
            told = {answers[number]: number for number in range(stream, 200, 7)}
            expect([each.version for each in recorded], list(range(1, 2 * len(told) + 1)), "versions of a stream")
            found = {each.version: each.event.number for each in recorded if each.version % 2 == 0}
            expect(found, told, "what is at the version that each writer was told")

    @scenario
    async def test_an_append_is_visible_to_every_read_once_it_has_returned(self, event_store: EventStore) -> None:
        """A writer can read what it wrote, also while others write."""

        async def write(writer: int) -> None:
            for number in range(5):
                [answer] = await event_store.append_many([AppendEvents(f"stream-{writer}", notes([number]))])
                assert not isinstance(answer, Exception), f"an append without expectations was refused: {answer!r}"
                [position] = answer.positions
                assert await event_store.head() >= position, "the head includes an append that has returned"
                expect(len(await numbers_in(event_store, f"stream-{writer}")), number + 1, "the writer's own stream")
                [row] = [row async for row in rows(event_store, after=position - 1, until=position)]
                expect((row.stream_id, row.version), (f"stream-{writer}", number + 1), f"the row at {position}")

        await asyncio.gather(*map(write, range(WRITERS)))

    @scenario
    async def test_a_position_is_never_visible_before_all_lower_ones(self, event_store: EventStore) -> None:
        """A reader remembers how far it got. What then appears below that is lost to it for ever."""
        writing = [
            asyncio.ensure_future(event_store.append_events(f"stream-{writer}", notes([1, 2, 3])))
            for writer in range(WRITERS)
        ]
        read: list[int] = []
        done = False
        while not done:
            done = all(task.done() for task in writing)  # looked at before the last reading, not after it
            head = await event_store.head()
            read += [recorded.position async for recorded in event_store.read_all(after=read[-1] if read else 0)]
            assert len(read) >= head, f"the head was {head}, and only {len(read)} events could be read after it"
            await turns(1)
        await asyncio.gather(*writing)
        expect(read, list(range(1, 3 * WRITERS + 1)), "the positions that a reader met who went on from the last")

    @scenario
    async def test_a_batch_becomes_visible_all_at_once(self, event_store: EventStore) -> None:
        """A reader sees a transaction or does not see it."""
        for batch in range(10):
            appends = [AppendEvents(f"stream-{batch}-{number}", notes([number])) for number in range(5)]
            writing = asyncio.ensure_future(event_store.append_many(appends))
            while not writing.done():
                seen = len(await event_store.list_streams())
                assert seen in (5 * batch, 5 * batch + 5), f"a reader saw {seen - 5 * batch} of a batch of 5"
                await turns(1)
            await writing

    @scenario
    async def test_an_append_whose_writer_gives_up_is_there_entirely_or_not_at_all(
        self, event_store: EventStore
    ) -> None:
        """Cancelled at whichever moment; and the event store goes on as if nothing had been."""
        for moment in range(12):
            stream_id = f"stream-{moment}"
            writing = asyncio.ensure_future(event_store.append_events(stream_id, notes([1, 2, 3])))
            await turns(moment)
            writing.cancel()
            await asyncio.wait([writing])
            answer = await event_store.append_events(stream_id, notes([4]))
            found = await numbers_in(event_store, stream_id)
            assert found in ([4], [1, 2, 3, 4], [4, 1, 2, 3]), f"given up after {moment} turns, the stream has {found}"
            expect(answer, found.index(4) + 1, "the version told to the next writer")
        log = [row.position for row in await everything(event_store)]
        expect(log, list(range(1, len(log) + 1)), "the positions have no gap")
