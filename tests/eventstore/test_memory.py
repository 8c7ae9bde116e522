import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from event_loop import in_event_loop

from orderlab.core.errors import VersionConflict
from orderlab.eventstore import memory
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.memory import InMemoryEventStore


@pytest.fixture
def event_store() -> InMemoryEventStore:
    return InMemoryEventStore(codec=CONTRACT_CODEC)


def notes(*numbers: int) -> list[Noted]:
    return [Noted("x", number) for number in numbers]


@in_event_loop
async def test_it_shows_how_much_is_in_it(event_store: InMemoryEventStore) -> None:
    assert repr(event_store) == "<InMemoryEventStore 0 events in 0 streams>"
    await event_store.append_events("a", notes(1, 2))
    await event_store.append_events("b", notes(3))
    assert repr(event_store) == "<InMemoryEventStore 3 events in 2 streams>"
    assert "3 events in 2 streams" in event_store._repr_html_()


@in_event_loop
async def test_a_block_closes_it(event_store: InMemoryEventStore) -> None:
    async with event_store as entered:
        assert entered is event_store
    with pytest.raises(EventStoreError, match=r"^<InMemoryEventStore 0 events in 0 streams> is closed$"):
        await event_store.head()


@in_event_loop
async def test_columns_come_in_stretches(event_store: InMemoryEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STRETCH", 3)
    await event_store.append_events("a", notes(*range(8)))
    stretches = [columns["version"] async for columns in event_store.read_columns("version", after=1, until=8)]
    assert stretches == [[2, 3, 4], [5, 6, 7], [8]]


@in_event_loop
async def test_an_append_does_not_wait_for_anything(event_store: InMemoryEventStore) -> None:
    appending = event_store.append_events("a", notes(1))
    with pytest.raises(StopIteration) as answer:
        appending.send(None)  # it is done before it gives the event loop a turn
    assert answer.value.value == 1


def test_writers_in_many_threads_win_each_version_once(event_store: InMemoryEventStore) -> None:
    start = threading.Barrier(8)

    async def write_on_what_is_there() -> list[int]:
        won = []
        start.wait()
        for _ in range(100):
            expected = len(await event_store.load_events("a"))
            with suppress(VersionConflict):
                won.append(await event_store.append_events("a", notes(expected), expected_version=expected))
        return won

    with ThreadPoolExecutor(8) as threads:
        won = Counter(
            version
            for versions in threads.map(lambda _: asyncio.run(write_on_what_is_there()), range(8))
            for version in versions
        )
    versions = [recorded.version for recorded in asyncio.run(event_store.load_events("a"))]
    assert won == Counter(versions)
    assert versions == list(range(1, len(versions) + 1))


def test_a_subscriber_in_one_thread_follows_a_writer_in_another(event_store: InMemoryEventStore) -> None:
    following = threading.Event()

    async def follow() -> list[int]:
        subscription = event_store.subscribe()
        following.set()
        return [(await anext(subscription)).event.number for _ in range(50)]

    async def write() -> None:
        for number in range(50):
            await event_store.append_events("a", notes(number))

    with ThreadPoolExecutor(1) as thread:
        followed = thread.submit(asyncio.run, follow())
        assert following.wait(10)
        asyncio.run(write())
        assert followed.result(10) == list(range(50))
