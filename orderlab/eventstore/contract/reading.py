"""Reading: a stream by version, the log by position, and the log by column."""

from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from orderlab.core.errors import UnreadableEvent
from orderlab.core.log import EncodedEvent, RecordedEvent, StoredEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract.kit import (
    CONTRACT_CODEC,
    ContractCase,
    everything,
    expect,
    let_go,
    notes,
    refusal,
    rows,
    scenario,
)

MANY = 4_500
"""More events than an event store is likely to fetch at a time, twice over."""

PLACES = (0, 1, 999, 1_000, 1_999, 2_000, 2_001, 4_000, 4_499, 4_500, 9_999)
"""Positions at which pages are likely to end, and their neighbours."""


class Reading(ContractCase):
    """Whatever is read comes in order, from exactly where it was asked for, and each event once."""

    @scenario
    async def test_a_stream_is_loaded_from_any_version_on(self, event_store: EventStore) -> None:
        """A reader who has the first n asks from n + 1, and must neither skip one nor get one twice."""
        for version in range(1, 8):
            await event_store.append_events("a", notes([version]))
            await event_store.append_events("b", notes([version, version]))
        for version in range(1, 10):
            loaded = await event_store.load_events("a", from_version=version)
            found = [(recorded.stream_id, recorded.version, recorded.event.number) for recorded in loaded]
            expect(found, [("a", each, each) for each in range(version, 8)], f"stream a from version {version} on")

    @scenario
    async def test_a_stream_that_is_not_there_has_no_events(self, event_store: EventStore) -> None:
        """That is an answer, not an error: an entity before its first event."""
        expect(await event_store.load_events("a"), [], "the events of no stream, in an empty log")
        await event_store.append_events("a", notes([1]))
        expect(await event_store.load_events("A"), [], "a stream id means what it says, to the letter")

    @scenario
    async def test_a_recorded_event_says_where_it_is(self, event_store: EventStore) -> None:
        """Whichever way it was read, an event is the same in all its fields."""
        await event_store.append_events("a", notes([1]))
        await event_store.append_events("b", notes([2, 3]))
        [_, second, third] = [recorded async for recorded in event_store.read_all()]
        expect([second, third], await event_store.load_events("b"), "events read by position and by stream")
        found = [third.stream_id, third.version, third.position, third.event_type, third.schema_version]
        expect(found, ["b", 2, 3, "Noted", 1], "stream, version, position, type and schema version")

    @scenario
    async def test_the_log_is_read_from_any_position_to_any_limit(self, event_store: EventStore) -> None:
        """An event store fetches in pages; where one ends, none may be skipped or repeated."""
        await event_store.append_events("a", notes(range(1, MANY + 1)))
        for after in PLACES:
            for limit in (None, 0, 1, 2_000, 2_001):
                events = event_store.read_all(after=after, limit=limit)
                found = [(recorded.position, recorded.event.number) async for recorded in events]
                end = MANY if limit is None else min(MANY, after + limit)
                wanted = [(position, position) for position in range(after + 1, end + 1)]
                expect(found, wanted, f"read_all(after={after}, limit={limit})")

    @scenario
    async def test_a_log_that_grows_while_it_is_read_is_read_in_order(self, event_store: EventStore) -> None:
        """What comes meanwhile may be seen or not, but never out of order and never twice."""
        await event_store.append_events("a", notes(range(MANY)))
        positions = []
        async for recorded in event_store.read_all():
            positions.append(recorded.position)
            if recorded.position in PLACES:
                await event_store.append_events("b", notes([0]))
        expect(positions, list(range(1, len(positions) + 1)), "the positions, in order")
        assert len(positions) >= MANY, f"all that was there at the start is read, and there were {len(positions)}"

    @scenario
    async def test_columns_hold_the_same_log(self, event_store: EventStore) -> None:
        """Bulk replay reads columns, a page reads events; both must tell the same."""
        for number in range(30):
            await event_store.append_events(f"stream-{number % 4}", notes([number]))
        by_event = [recorded async for recorded in event_store.read_all()]
        by_column = [_decoded(row) for row in await everything(event_store)]
        expect(by_column, by_event, "the events put together from their columns")

    @scenario
    async def test_columns_are_read_from_any_position_to_any_other(self, event_store: EventStore) -> None:
        """The same bounds as elsewhere: `after` is not wanted any more, `until` is."""
        await event_store.append_events("a", notes(range(MANY)))
        for after in PLACES:
            for until in (None, *PLACES):
                found = [row.position async for row in rows(event_store, after=after, until=until)]
                end = MANY if until is None else min(MANY, until)
                expect(found, list(range(after + 1, end + 1)), f"read_columns(after={after}, until={until})")

    @scenario
    async def test_only_the_columns_asked_for_come(self, event_store: EventStore) -> None:
        """A scan of one column must not pay for all."""
        await event_store.append_events("a", notes([1, 2]))
        stretches = [stretch async for stretch in event_store.read_columns("version", "stream_id")]
        expect(stretches, [{"version": [1, 2], "stream_id": ["a", "a"]}], "the columns")

    @scenario
    async def test_a_column_that_is_not_there_is_an_error(self, event_store: EventStore) -> None:
        """A misspelt name is told, also while the log is empty."""
        error = await refusal(_first(event_store.read_columns("colour")), ValueError, "a column no log has")
        assert "colour" in str(error), f"the text must name the column, and is: {error}"
        await refusal(_first(event_store.read_columns()), ValueError, "no column at all")

    @scenario
    async def test_streams_are_listed_by_their_first_events(self, event_store: EventStore) -> None:
        """The order in which things came to be, not that of the alphabet."""
        expect(await event_store.list_streams(), [], "the streams of an empty log")
        for stream_id in ("b", "c", "a", "c", "b"):
            await event_store.append_events(stream_id, notes([1]))
        expect(await event_store.list_streams(), ["b", "c", "a"], "the streams, each once")

    @scenario
    async def test_the_head_is_the_position_of_the_last_event(self, event_store: EventStore) -> None:
        """How far a reader still has to go."""
        heads = [await event_store.head()]
        for count in (1, 3):
            await event_store.append_events("a", notes(range(count)))
            heads.append(await event_store.head())
        expect(heads, [0, 1, 4], "the heads")

    @scenario
    async def test_ranges_that_cannot_be_meant_are_errors(self, event_store: EventStore) -> None:
        """Counting from the end, or from zero, is a mistake that would otherwise pass for an empty answer."""
        await event_store.append_events("a", notes([1]))
        await refusal(event_store.load_events("a", from_version=0), ValueError, "from_version 0: versions begin at 1")
        await refusal(_first(event_store.read_all(after=-1)), ValueError, "read_all after -1")
        await refusal(_first(event_store.read_all(limit=-1)), ValueError, "read_all with limit -1")
        await refusal(_first(event_store.read_columns("version", after=-1)), ValueError, "read_columns after -1")
        await refusal(_first(event_store.read_columns("version", until=-1)), ValueError, "read_columns until -1")
        await refusal(_first(event_store.subscribe(after=-1)), ValueError, "subscribe after -1")

    @scenario
    async def test_an_event_that_cannot_be_decoded_is_named(self, event_store: EventStore) -> None:
        """One bad row in a million is found only if the error says which."""
        await event_store.append_events("a", notes([1]))
        await event_store.append_events("b", [EncodedEvent("Forgotten", 1, "{}")])
        attempts: list[Callable[[], Awaitable[object]]] = [
            lambda: event_store.load_events("b"),
            lambda: _last(event_store.read_all()),
        ]
        for attempt in attempts:
            error = await refusal(attempt(), UnreadableEvent, "an event of a type that the codec does not know")
            for part in ("position 2", "stream b", "version 1"):
                assert part in str(error), f"the text must name {part}, and is: {error}"


def _decoded(row: StoredEvent) -> RecordedEvent:
    event = CONTRACT_CODEC.decode(EncodedEvent(row.event_type, row.schema_version, row.payload), row.recorded_at)
    return RecordedEvent(
        event=event,
        metadata=msgspec.json.decode(row.metadata),
        **{name: value for name, value in row._asdict().items() if name not in ("metadata", "payload")},
    )


async def _first(iterator: AsyncIterator[object]) -> object:
    try:
        return await anext(iterator, None)
    finally:
        await let_go(iterator)


async def _last(iterator: AsyncIterator[object]) -> object:
    return [each async for each in iterator][-1]
