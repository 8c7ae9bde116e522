"""Appending to one stream: what is counted, what a writer may expect, and what a refusal leaves behind."""

from orderlab.core.errors import AppendRefused, Unwritable, VersionConflict
from orderlab.core.log import NO_STREAM
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract.kit import (
    ContractCase,
    Noted,
    Unheard,
    everything,
    expect,
    notes,
    numbers_in,
    refusal,
    scenario,
)


class Appending(ContractCase):
    """A version counts the events of one stream, a position those of the whole log; both from 1, without gaps.

    `expected_version` is all the locking there is. A writer says what it believes the stream to be at; if somebody
    was there first it is told so, and nothing of what it wanted is written.
    """

    @scenario
    async def test_an_append_answers_with_the_new_version_of_its_stream(self, event_store: EventStore) -> None:
        """The answer saves a read: it is what to expect at the next append."""
        answers = [await event_store.append_events("a", notes(range(count))) for count in (1, 3, 2)]
        expect(answers, [1, 4, 6], "an append answers with the version after its last event")

    @scenario
    async def test_what_was_appended_is_there_in_the_order_it_was_given(self, event_store: EventStore) -> None:
        """A success that wrote nothing is the worst answer of all: nobody will ever try again."""
        for number in range(0, 40, 2):
            await event_store.append_events("a", notes([number, number + 1]))
            expect(await numbers_in(event_store, "a"), list(range(number + 2)), "an accepted append is in its stream")
        expect(await event_store.head(), 40, "an accepted append is in the log")

    @scenario
    async def test_versions_count_from_one_in_each_stream(self, event_store: EventStore) -> None:
        """Each stream counts for itself, so that two entities never wait for each other."""
        for stream_id in ("a", "b", "a", "a", "b"):
            await event_store.append_events(stream_id, notes([1]))
        for stream_id, count in (("a", 3), ("b", 2)):
            versions = [recorded.version for recorded in await event_store.load_events(stream_id)]
            expect(versions, list(range(1, count + 1)), f"the versions of stream {stream_id}")

    @scenario
    async def test_positions_count_from_one_through_the_whole_log(self, event_store: EventStore) -> None:
        """One order of everything that happened is what makes a log replayable."""
        for stream_id, count in (("a", 2), ("b", 1), ("a", 1), ("c", 3)):
            await event_store.append_events(stream_id, notes(range(count)))
        found = [(row.position, row.stream_id) for row in await everything(event_store)]
        expect(found, list(enumerate("aabaccc", start=1)), "the positions, in commit order")

    @scenario
    async def test_expecting_none_appends_whatever_the_version(self, event_store: EventStore) -> None:
        """For facts that are true whoever else writes: nothing was decided on the stream's content."""
        answers = [await event_store.append_events("a", notes([1]), expected_version=None) for _ in range(3)]
        expect(answers, [1, 2, 3], "expected_version=None is no expectation")

    @scenario
    async def test_expecting_no_stream_makes_a_stream_once(self, event_store: EventStore) -> None:
        """Two that both make the same thing would otherwise make it twice."""
        expect(await event_store.append_events("a", notes([1]), expected_version=NO_STREAM), 1, "a new stream")
        rule = "NO_STREAM refuses a stream that is there"
        await refusal(event_store.append_events("a", notes([2]), expected_version=NO_STREAM), VersionConflict, rule)
        expect(await numbers_in(event_store, "a"), [1], "the refused one wrote nothing")

    @scenario
    async def test_expecting_the_exact_version_succeeds_at_every_version(self, event_store: EventStore) -> None:
        """Also at the second and the tenth event, not at the first alone."""
        for version in range(10):
            answer = await event_store.append_events("a", notes([version]), expected_version=version)
            expect(answer, version + 1, f"an append that rightly expects version {version}")

    @scenario
    async def test_expecting_any_other_version_is_a_conflict(self, event_store: EventStore) -> None:
        """Too low is a writer who missed something, too high one who believes in what never happened."""
        for actual in range(4):
            for expected in {*range(6)} - {actual}:
                rule = f"expecting version {expected} of a stream at {actual}"
                attempt = event_store.append_events("a", notes([99]), expected_version=expected)
                await refusal(attempt, VersionConflict, rule)
            await event_store.append_events("a", notes([actual]), expected_version=actual)
        expect(await numbers_in(event_store, "a"), [0, 1, 2, 3], "only those who expected rightly have written")

    @scenario
    async def test_a_conflict_names_the_stream_and_both_versions(self, event_store: EventStore) -> None:
        """Enough to decide again from the right place without asking."""
        await event_store.append_events("a", notes([1, 2, 3]))
        await event_store.append_events("b", notes([1]))
        attempt = event_store.append_events("a", notes([4]), expected_version=1)
        conflict = await refusal(attempt, VersionConflict, "a version too low")
        found = (conflict.stream_id, conflict.expected, conflict.actual)
        expect(found, ("a", 1, 3), "stream_id, expected and actual of the conflict")

    @scenario
    async def test_a_refused_append_leaves_nothing_behind(self, event_store: EventStore) -> None:
        """No event, no stream, and no position used up: whoever reads by position would wait at a gap for ever."""
        await event_store.append_events("a", notes([1]))
        await refusal(event_store.append_events("a", notes([2, 3]), expected_version=5), VersionConflict, "too high")
        await refusal(event_store.append_events("b", notes([4]), expected_version=1), VersionConflict, "no stream yet")
        expect(await event_store.head(), 1, "the head of the log after refused appends")
        expect(await event_store.list_streams(), ["a"], "the streams after refused appends")
        await event_store.append_events("c", notes([5]))
        positions = [row.position for row in await everything(event_store)]
        expect(positions, [1, 2], "the positions after refused appends have no gap")

    @scenario
    async def test_one_unwritable_event_keeps_out_its_whole_append(self, event_store: EventStore) -> None:
        """All or nothing: half of a decision is none that anybody took."""
        await event_store.append_events("a", notes([1]))
        attempt = event_store.append_events("a", [Noted("good"), Unheard(), Noted("good too")])
        error = await refusal(attempt, Unwritable, "an event of an unknown type")
        assert "Unheard" in str(error), f"the text must name the type that cannot be written, and is: {error}"
        expect(await numbers_in(event_store, "a"), [1], "nothing of the refused append is in the stream")
        expect(await event_store.append_events("a", notes([2])), 2, "the version goes on where it was")

    @scenario
    async def test_appending_no_events_changes_nothing_and_answers_with_the_version(
        self, event_store: EventStore
    ) -> None:
        """A decision that causes nothing is no special case for the writer; its expectation is checked all the same."""
        expect(await event_store.append_events("a", []), 0, "the version of a stream that is not there")
        await event_store.append_events("a", notes([1, 2]))
        expect(await event_store.append_events("a", [], expected_version=2), 2, "the version of a stream of two")
        await refusal(event_store.append_events("a", [], expected_version=1), VersionConflict, "expecting wrongly")
        expect(await event_store.head(), 2, "the head of the log")

    @scenario
    async def test_a_stream_without_a_name_is_refused(self, event_store: EventStore) -> None:
        """Such a name is always a mistake in the writer, best met where it is made."""
        error = await refusal(event_store.append_events("", notes([1])), AppendRefused, "an empty stream id")
        assert "stream_id" in str(error), f"the text must name the argument, and is: {error}"
        expect(await event_store.head(), 0, "the head of the log")

    @scenario
    async def test_a_negative_expected_version_is_refused(self, event_store: EventStore) -> None:
        """No stream is ever at it, so it says nothing that could be checked."""
        attempt = event_store.append_events("a", notes([1]), expected_version=-1)
        error = await refusal(attempt, AppendRefused, "expected_version -1")
        assert "-1" in str(error), f"the text must say what was given, and is: {error}"
        expect(await event_store.head(), 0, "the head of the log")
