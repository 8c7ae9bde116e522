"""Many appends in one transaction, each with an answer of its own."""

from datetime import timedelta
from uuid import UUID

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import EventIdReused, Unwritable, VersionConflict
from orderlab.core.log import Appended, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract.keeping import METADATA, NOON
from orderlab.eventstore.contract.kit import (
    ContractCase,
    Noted,
    Unheard,
    everything,
    expect,
    notes,
    numbers_in,
    scenario,
)
from orderlab.eventstore.contract.retries import brought


class Batches(ContractCase):
    """`append_many` costs one transaction, whoever the appends are from: so the refusal of one is nobody else's.

    Within a batch it is as if the appends came one after the other: a later one sees what the earlier ones wrote.
    """

    @scenario
    async def test_a_batch_answers_where_each_append_went(self, event_store: EventStore) -> None:
        """The positions let a writer wait for a reader that follows the log."""
        await event_store.append_events("a", notes([0]))
        batch = [AppendEvents("a", notes([1, 2])), AppendEvents("b", notes([3]), 0), AppendEvents("c", notes([4, 5]))]
        wanted = [Appended(3, (2, 3)), Appended(1, (4,)), Appended(2, (5, 6))]
        expect(await event_store.append_many(batch), wanted, "version and positions of each append, in order")
        order = [row.stream_id for row in await everything(event_store)]
        expect(order, list("aaabcc"), "the log has the appends in the order of the batch")

    @scenario
    async def test_an_answer_holds_its_events_as_the_rows_of_the_log(self, event_store: EventStore) -> None:
        """Whoever wrote them can pass them on as others will read them, and need not read them first."""
        await event_store.append_events("a", [NewEvent(Noted("first"), recorded_at=NOON)])
        special = NewEvent(Noted("é"), UUID(int=7), NOON - timedelta(days=1), "correlation", "causation", METADATA)
        batch = [AppendEvents("a", [special, Noted("plain")], 1), AppendEvents("b", notes([1]), 7)]
        batch += [AppendEvents("b", notes([2, 3])), AppendEvents("a", notes([4]), 3), AppendEvents("c", [])]
        answers = await event_store.append_many(batch)
        found = [list(answer.rows) for answer in answers if isinstance(answer, Appended)]
        log = await everything(event_store)
        expect(found, [log[1:3], log[3:5], log[5:6], []], "the rows in each answer are those of the log")

    @scenario
    async def test_an_empty_batch_has_no_answers(self, event_store: EventStore) -> None:
        """Nothing to do is nothing to fail."""
        expect(await event_store.append_many([]), [], "the answers to no appends")
        expect(await event_store.head(), 0, "the head of the log")

    @scenario
    async def test_a_conflict_in_a_batch_harms_no_other_append(self, event_store: EventStore) -> None:
        """Its answer is in its place; all others are written, and no position is lost to it."""
        await event_store.append_events("a", notes([0]))
        batch = [
            AppendEvents("b", notes([1]), 0),
            AppendEvents("a", notes([2, 3]), 0),
            AppendEvents("c", notes([4]), 7),
            AppendEvents("d", notes([5]), 0),
        ]
        first, second, third, fourth = await event_store.append_many(batch)
        expect([first, fourth], [Appended(1, (2,)), Appended(1, (3,))], "the answers beside the conflicts")
        for conflict, fields in ((second, ("a", 0, 1)), (third, ("c", 7, 0))):
            assert isinstance(conflict, VersionConflict), f"a conflict is an answer, not raised; it was {conflict!r}"
            expect((conflict.stream_id, conflict.expected, conflict.actual), fields, "the fields of the conflict")
        await event_store.append_events("e", notes([6]))
        log = [(row.position, row.stream_id) for row in await everything(event_store)]
        expect(log, [(1, "a"), (2, "b"), (3, "d"), (4, "e")], "the log holds what was accepted, without gaps")

    @scenario
    async def test_an_unwritable_event_in_a_batch_harms_no_other_append(self, event_store: EventStore) -> None:
        """Whoever brings what cannot be written keeps it to itself."""
        batch = [
            AppendEvents("a", notes([1])),
            AppendEvents("b", [Noted("x"), Unheard()]),
            AppendEvents("c", notes([2])),
        ]
        first, second, third = await event_store.append_many(batch)
        expect([first, third], [Appended(1, (1,)), Appended(1, (2,))], "the answers beside the refusal")
        assert isinstance(second, Unwritable), f"the refusal is an answer, not raised; it was {second!r}"
        expect(await event_store.list_streams(), ["a", "c"], "the streams that were written")

    @scenario
    async def test_the_same_stream_twice_in_a_batch_goes_on_where_the_first_ended(
        self, event_store: EventStore
    ) -> None:
        """Versions count on from one append to the next, as they would one by one."""
        batch = [AppendEvents("a", notes([1, 2]), 0), AppendEvents("b", notes([3])), AppendEvents("a", notes([4]), 2)]
        wanted = [Appended(2, (1, 2)), Appended(1, (3,)), Appended(3, (4,))]
        expect(await event_store.append_many(batch), wanted, "the second append to a stream sees the first")
        versions = [(recorded.version, recorded.event.number) for recorded in await event_store.load_events("a")]
        expect(versions, [(1, 1), (2, 2), (3, 4)], "the versions of a stream appended to twice")

    @scenario
    async def test_the_same_stream_twice_in_a_batch_conflicts_at_the_version_of_the_first(
        self, event_store: EventStore
    ) -> None:
        """Two who decided on the same version must not both win because they happened to be joined."""
        first, second = await event_store.append_many(
            [AppendEvents("a", notes([1]), 0), AppendEvents("a", notes([2]), 0)]
        )
        expect(first, Appended(1, (1,)), "the first of two that expect no stream")
        assert isinstance(second, VersionConflict), f"the second must conflict, and was answered {second!r}"
        expect((second.expected, second.actual), (0, 1), "expected and actual of the second")
        expect(await numbers_in(event_store, "a"), [1], "the stream holds the first only")

    @scenario
    async def test_an_append_refused_in_a_batch_is_not_seen_by_the_next(self, event_store: EventStore) -> None:
        """What was refused never was, for its own batch as well."""
        batch = [AppendEvents("a", notes([1, 2]), 9), AppendEvents("a", notes([3]), 0)]
        refused, accepted = await event_store.append_many(batch)
        assert isinstance(refused, VersionConflict), f"the first must conflict, and was answered {refused!r}"
        expect(accepted, Appended(1, (1,)), "the append after a refused one to the same stream")

    @scenario
    async def test_an_append_sent_twice_in_one_batch_is_written_once(self, event_store: EventStore) -> None:
        """A retry may be joined with what it repeats."""
        twice = [AppendEvents("a", brought(1, 2), 0)] * 2
        wanted = [Appended(2, (1, 2)), Appended(2, (1, 2), repeated=True)]
        expect(await event_store.append_many(twice), wanted, "the second is answered as a retry of the first")
        expect(await event_store.head(), 2, "the head of the log")

    @scenario
    async def test_an_event_id_taken_earlier_in_the_batch_is_taken(self, event_store: EventStore) -> None:
        """An id names one event, also among events that become durable together."""
        first, second = await event_store.append_many([AppendEvents("a", brought(1)), AppendEvents("b", brought(1, 2))])
        expect(first, Appended(1, (1,)), "the first to bring the id")
        assert isinstance(second, EventIdReused), f"the second must be refused, and was answered {second!r}"
        expect(await event_store.list_streams(), ["a"], "the streams that were written")

    @scenario
    async def test_a_batch_may_be_large(self, event_store: EventStore) -> None:
        """An import writes thousands of streams at once."""
        batch = [AppendEvents(f"stream-{number}", notes([number]), 0) for number in range(2_500)]
        wanted = [Appended(1, (position,)) for position in range(1, 2_501)]
        expect(await event_store.append_many(batch), wanted, "the answers to a large batch")
        log = [(row.position, row.stream_id) for row in await everything(event_store)]
        expect(log, [(number + 1, f"stream-{number}") for number in range(2_500)], "the log after a large batch")
