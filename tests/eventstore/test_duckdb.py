import asyncio
import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from event_loop import PATIENCE_SECONDS, Gate, in_event_loop
from log_files import files_beside, notes, opened

from orderlab.core.environment import TestClock
from orderlab.core.errors import VersionConflict
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.duckdb"


# The file


@in_event_loop
async def test_it_shows_its_file(path: Path) -> None:
    assert repr(opened(path)) == "<DuckDBEventStore log.duckdb>"


@in_event_loop
async def test_it_is_opened_at_the_first_use(path: Path) -> None:
    event_store = opened(path)
    assert files_beside(path) == []
    assert await event_store.head() == 0
    assert "log.duckdb" in files_beside(path)
    await event_store.close()


@in_event_loop
async def test_a_block_opens_and_closes_it(path: Path) -> None:
    async with opened(path) as event_store:
        assert "log.duckdb" in files_beside(path)
    with pytest.raises(EventStoreError, match=r"^<DuckDBEventStore log\.duckdb> is closed$"):
        await event_store.head()


@in_event_loop
async def test_a_log_that_is_closed_is_one_file(path: Path) -> None:
    async with opened(path) as event_store:
        await event_store.append_events("a", notes(1, 2))
    assert files_beside(path) == ["log.duckdb"]


@in_event_loop
async def test_a_closed_log_is_open_to_sql(path: Path) -> None:
    async with opened(path, clock=TestClock()) as event_store:
        await event_store.append_events("a", notes(1, 2))
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("SELECT position, version, payload->>'number', recorded_at::VARCHAR FROM events")
        assert found.fetchall() == [(1, 1, "1", "2025-01-01 00:00:00"), (2, 2, "2", "2025-01-01 00:00:00")]


@in_event_loop
async def test_columns_come_in_stretches(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DuckDBEventStore, "_STRETCH", 3)
    async with opened(path) as event_store:
        await event_store.append_events("a", notes(*range(8)))
        stretches = [columns["version"] async for columns in event_store.read_columns("version", after=1, until=8)]
    assert stretches == [[2, 3, 4], [5, 6, 7], [8]]


@in_event_loop
async def test_a_column_asked_for_twice_comes_once(path: Path) -> None:
    async with opened(path) as event_store:
        await event_store.append_events("a", notes(1))
        assert [each async for each in event_store.read_columns("version", "version")] == [{"version": [1]}]


SHOW_TIMES = """
import asyncio, sys
from orderlab.core.environment import TestClock
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore

async def main():
    async with DuckDBEventStore(sys.argv[1], codec=CONTRACT_CODEC, clock=TestClock()) as event_store:
        await event_store.append_events("a", [Noted("x")])
        for recorded in await event_store.load_events("a"):
            print(recorded.recorded_at.isoformat())
        async for columns in event_store.read_columns("recorded_at"):
            print(*(at.isoformat() for at in columns["recorded_at"]), sep="\\n")

asyncio.run(main())
"""


def test_times_are_utc_wherever_the_process_runs(path: Path) -> None:
    wanted = ["2025-01-01T00:00:00+00:00"]
    for count, zone in enumerate(("America/New_York", "Asia/Kolkata"), start=1):
        shown = subprocess.run(
            [sys.executable, "-c", SHOW_TIMES, str(path)],
            env={**os.environ, "TZ": zone},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert shown.stdout.split() == wanted * 2 * count


def test_it_is_used_from_two_event_loops_at_once(path: Path) -> None:
    event_store, start = opened(path), threading.Barrier(2)

    async def use(own: str) -> list[int]:
        start.wait()
        subscription = event_store.subscribe()
        for number in range(40):
            await event_store.append_events(own, notes(number), expected_version=number)
            with suppress(VersionConflict):
                both = len(await event_store.load_events("both"))
                await event_store.append_events("both", notes(number), expected_version=both)
        return [(await anext(subscription)).position for _ in range(80)]

    with ThreadPoolExecutor(2) as threads:
        for positions in threads.map(lambda own: asyncio.run(use(own)), ("one", "other")):
            assert positions == list(range(1, 81))

    async def check() -> None:
        for own in ("one", "other"):
            assert [recorded.event.number for recorded in await event_store.load_events(own)] == list(range(40))
        both = await event_store.load_events("both")
        assert [recorded.version for recorded in both] == list(range(1, len(both) + 1))
        assert await event_store.head() == 80 + len(both)
        await event_store.close()

    asyncio.run(check())


# Letting go


async def written_to(path: Path) -> int:
    async with opened(path) as event_store:
        return await event_store.head()


def test_a_dropped_event_store_lets_go_of_its_file(path: Path) -> None:
    async def use_and_drop() -> None:
        await opened(path).append_events("a", notes(1))

    asyncio.run(use_and_drop())
    gc.collect()
    assert asyncio.run(written_to(path)) == 1


def test_an_event_store_dropped_in_a_ring_of_references_lets_go_of_its_file(path: Path) -> None:
    async def use_and_drop() -> None:
        event_store = opened(path)
        ring: list[object] = [event_store]
        ring.append(ring)
        await event_store.append_events("a", notes(1))

    asyncio.run(use_and_drop())
    gc.collect()
    assert asyncio.run(written_to(path)) == 1


@in_event_loop
async def test_an_event_store_dropped_in_a_readers_own_thread_lets_go_of_its_file(path: Path) -> None:
    gate, event_store = Gate(), opened(path)
    await event_store.append_events("a", notes(1))
    writing = event_store._writer._thread
    reading = asyncio.ensure_future(event_store._read(lambda cursor: gate.pass_through(0)))
    await gate.reached()
    reading.cancel()
    await asyncio.wait([reading])
    del event_store, reading  # now only the thread that reads knows it
    gate.let_go()
    await asyncio.to_thread(writing.join, PATIENCE_SECONDS)
    assert not writing.is_alive()
    assert await written_to(path) == 1


@in_event_loop
async def test_an_event_store_collected_in_its_writers_own_thread_lets_go_of_its_file(path: Path) -> None:
    gate = Gate()

    class CollectingClock(TestClock):
        def now(self) -> datetime:
            gate.pass_through(0)
            gc.collect()
            return super().now()

    event_store = opened(path, clock=CollectingClock())
    ring: list[object] = [event_store]
    ring.append(ring)
    writing = event_store._writer._thread
    gc.disable()
    try:
        appending = asyncio.ensure_future(event_store.append_events("a", notes(1)))
        await gate.reached()
        appending.cancel()
        await asyncio.wait([appending])
        del event_store, appending, ring
        gate.let_go()
        await asyncio.to_thread(writing.join, PATIENCE_SECONDS)
    finally:
        gc.enable()
    assert not writing.is_alive()
    assert await written_to(path) == 1
