"""Sending again: the one thing a writer can do when the answer was lost."""

import asyncio
from dataclasses import replace
from uuid import UUID

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import EventIdReused, VersionConflict
from orderlab.core.log import Appended, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract.kit import (
    ContractCase,
    Noted,
    everything,
    expect,
    notes,
    numbers_in,
    refusal,
    scenario,
)


def brought(*numbers: int) -> list[NewEvent]:
    """Return notes that bring event ids of their own, one for each number."""
    return [NewEvent(note, event_id=UUID(int=note.number)) for note in notes(numbers)]


class Retries(ContractCase):
    """An event id that the writer brings makes a retry safe: the event is known by it and is not written again.

    A writer that heard nothing cannot tell a lost append from a lost answer. It sends the same events again, and is
    told what it would have been told the first time.
    """

    @scenario
    async def test_sending_again_succeeds_and_changes_nothing(self, event_store: EventStore) -> None:
        """Same answer, same log."""
        expect(await event_store.append_events("a", brought(1, 2), expected_version=0), 2, "the first time")
        before = await everything(event_store)
        expect(await event_store.append_events("a", brought(1, 2)), 2, "the second time")
        expect(await everything(event_store), before, "the log is as it was before the retry")

    @scenario
    async def test_a_retry_is_recognised_before_its_expected_version_is_checked(self, event_store: EventStore) -> None:
        """A retry always expects too little: its own first attempt has moved the stream on."""
        await event_store.append_events("a", brought(1), expected_version=0)
        expect(await event_store.append_events("a", brought(1), expected_version=0), 1, "a retry expecting 0")
        await event_store.append_events("a", notes([9]))
        expect(await event_store.append_events("a", brought(1), expected_version=0), 1, "also after a later append")
        expect(await numbers_in(event_store, "a"), [1, 9], "the stream")

    @scenario
    async def test_a_retry_is_answered_as_the_first_attempt_was(self, event_store: EventStore) -> None:
        """With the version and positions of then, not those of now; and it is told that nothing was written now."""
        await event_store.append_events("b", notes([0]))
        [first] = await event_store.append_many([AppendEvents("a", brought(1, 2), 0)])
        await event_store.append_events("a", notes([3, 4]))
        [again] = await event_store.append_many([AppendEvents("a", brought(1, 2), 0)])
        assert isinstance(first, Appended), f"an append without expectations was refused: {first!r}"
        expect(first.repeated, False, "the first attempt is no repetition")
        expect(again, replace(first, repeated=True), "the answer to the retry")

    @scenario
    async def test_many_retries_at_once_are_written_once(self, event_store: EventStore) -> None:
        """An impatient writer sends again while the first attempt is still under way."""
        attempts = [event_store.append_events("a", brought(1, 2), expected_version=0) for _ in range(10)]
        expect(await asyncio.gather(*attempts), [2] * 10, "the answers to the same append, ten times at once")
        expect(await numbers_in(event_store, "a"), [1, 2], "the stream")

    @scenario
    async def test_known_and_new_events_in_one_append_are_refused(self, event_store: EventStore) -> None:
        """That is no retry but a mistake, and half of it must not be written."""
        await event_store.append_events("a", brought(1, 2))
        before = await everything(event_store)
        for mixed in (brought(2, 3), brought(3, 1), [*brought(1, 2), Noted("without an id")]):
            await refusal(event_store.append_events("a", mixed), EventIdReused, f"appending {mixed}")
        expect(await everything(event_store), before, "the log is as it was before")

    @scenario
    async def test_an_event_id_of_another_stream_is_refused(self, event_store: EventStore) -> None:
        """One id, one event, in the whole log: a success would claim that this stream has it."""
        await event_store.append_events("a", brought(1))
        await refusal(event_store.append_events("b", brought(1)), EventIdReused, "an id that is in another stream")
        expect(await event_store.list_streams(), ["a"], "the streams")

    @scenario
    async def test_an_event_id_twice_in_one_append_is_refused(self, event_store: EventStore) -> None:
        """Whichever of the two were written, the other would be lost in silence."""
        await refusal(event_store.append_events("a", brought(1, 1)), EventIdReused, "one id for two events")
        expect(await event_store.head(), 0, "the head of the log")

    @scenario
    async def test_the_event_ids_of_a_refused_append_are_free(self, event_store: EventStore) -> None:
        """A writer that decides again keeps its ids; nothing of the refused attempt is remembered."""
        await event_store.append_events("a", notes([0]))
        attempt = event_store.append_events("a", brought(1), expected_version=0)
        await refusal(attempt, VersionConflict, "expecting no stream")
        expect(
            await event_store.append_events("a", brought(1), expected_version=1), 2, "the same events, decided again"
        )
        expect(await numbers_in(event_store, "a"), [0, 1], "the stream")
