"""A log in PostgreSQL read at any place; what that comes to is in tests/timeline."""

import asyncio

import numpy as np
import pytest
from event_loop import in_event_loop
from postgres_logs import notes, opened
from postgres_servers import PostgresServer

from orderlab.core.effects import AppendEvents
from orderlab.core.log import EncodedEvent, StoredEvent
from orderlab.eventstore import postgres_reader
from orderlab.eventstore.base import EventStoreError, LogReader, ReadsAnywhere
from orderlab.eventstore.postgres import PostgresEventStore


@pytest.fixture(scope="module")
def event_store(postgres: PostgresServer) -> PostgresEventStore:
    """Return an event store with seven events in three streams; the last two are of other types than the first."""

    async def append() -> PostgresEventStore:
        event_store = opened(postgres)
        streams = "b", "a", "b", "c", "a"
        await event_store.append_many([AppendEvents(each, notes(number)) for number, each in enumerate(streams)])
        await event_store.append_events("b", [EncodedEvent("Was", 1, "{}"), EncodedEvent("Became", 1, "{}")])
        return event_store

    return asyncio.run(append())


@pytest.fixture
def reader(event_store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch) -> LogReader:
    monkeypatch.setattr(postgres_reader, "_STRETCH", 3)
    return asyncio.run(event_store.log_reader())


def test_streams_are_numbered_by_their_first_events(reader: LogReader) -> None:
    outline = reader.outline()
    assert outline.streams.tolist() == [0, 1, 0, 2, 1, 0, 0]
    assert outline.versions.tolist() == [1, 1, 2, 1, 2, 3, 4]


def test_types_are_numbered_as_they_come(reader: LogReader) -> None:
    outline = reader.outline()
    assert [outline.type_names[each] for each in outline.types] == ["Noted"] * 5 + ["Was", "Became"]
    assert outline.types.dtype == np.uint8


@in_event_loop
async def test_times_are_those_of_the_events(event_store: PostgresEventStore) -> None:
    times = (await event_store.log_reader()).outline().times
    recorded_at = [each.recorded_at.timestamp() for each in await event_store.load_events("a")]
    assert [time / 1e6 for time in times[[1, 4]].tolist()] == recorded_at


def test_a_stream_is_found_by_its_id(reader: LogReader) -> None:
    assert reader.stream_of("b") is None  # which has no number yet
    reader.outline()
    assert [reader.stream_of(each) for each in ("b", "a", "c", "d", "")] == [0, 1, 2, None, None]


def test_the_ids_of_streams_are_those_that_begin_in_a_stretch(reader: LogReader) -> None:
    assert reader.stream_ids(0, 7) == ["b", "a", "c"]
    assert reader.stream_ids(1, 4) == ["a", "c"]
    assert reader.stream_ids(4, 7) == []


@in_event_loop
async def test_rows_come_in_the_order_asked_for_as_the_event_store_has_them(event_store: PostgresEventStore) -> None:
    reader = await event_store.log_reader()
    [columns] = [each async for each in event_store.read_columns(*StoredEvent._fields)]
    rows = [StoredEvent._make(row) for row in zip(*columns.values(), strict=True)]
    assert reader.rows([5, 1, 7, 1]) == [rows[4], rows[0], rows[6], rows[0]]
    assert reader.rows([]) == []
    assert reader.columns("version", "payload", after=2, until=5) == {
        "version": columns["version"][2:5],
        "payload": columns["payload"][2:5],
    }


@in_event_loop
async def test_what_comes_later_is_not_seen(postgres: PostgresServer) -> None:
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1))
        reader = await event_store.log_reader()
        await event_store.append_events("b", notes(2))
        assert (len(reader), len(reader.outline()), reader.stream_of("b")) == (1, 1, None)


@in_event_loop
async def test_a_log_without_events_can_be_read(postgres: PostgresServer) -> None:
    async with opened(postgres) as event_store:
        reader = await event_store.log_reader()
        assert (len(reader), len(reader.outline()), reader.stream_of("a"), reader.stream_ids(0, 0)) == (0, 0, None, [])


def test_an_event_store_in_postgresql_can_be_read_at_any_place(event_store: PostgresEventStore) -> None:
    assert isinstance(event_store, ReadsAnywhere)


@in_event_loop
async def test_a_log_with_a_gap_is_not_read(postgres: PostgresServer) -> None:
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1, 2, 3))
        reader = await event_store.log_reader()
        postgres.execute(f"DELETE FROM {event_store.schema}.events WHERE position = 2")
        with pytest.raises(EventStoreError, match="the log does not hold each position from 1 to 3"):
            reader.outline()


@in_event_loop
async def test_a_reader_fails_in_one_sentence_when_its_event_store_is_closed(postgres: PostgresServer) -> None:
    event_store = opened(postgres)
    await event_store.append_events("a", notes(1))
    reader = await event_store.log_reader()
    assert len(reader.rows([1])) == 1
    await event_store.close()
    with pytest.raises(EventStoreError, match="is closed, and a timeline of its log reads from it: keep it open"):
        reader.rows([1])


@in_event_loop
async def test_a_reader_goes_on_after_its_connections_were_cut(postgres: PostgresServer) -> None:
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1))
        reader = await event_store.log_reader()
        assert len(reader.rows([1])) == 1
        assert postgres.terminate_connections("orderlab")
        assert [row.position for row in reader.rows([1])] == [1]
