import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from event_loop import PATIENCE_SECONDS, Gate, in_event_loop
from log_files import files_beside, notes, opened

from orderlab.core.codec import JsonCodec
from orderlab.core.environment import TestClock
from orderlab.core.log import EncodedEvent, StoredEvent
from orderlab.eventstore import duckdb_file, duckdb_writer, groupwriter
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb_writer import DuckDBWriter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.duckdb"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Make every transaction of every log wait at a gate; its sizes are the events of each."""
    gate, write = Gate(), DuckDBWriter._insert

    def write_after_the_gate(self: DuckDBWriter, rows: Sequence[StoredEvent]) -> None:
        gate.pass_through(len(rows))
        write(self, rows)

    monkeypatch.setattr(DuckDBWriter, "_insert", write_after_the_gate)
    yield gate
    gate.let_go()


# Group commit


@in_event_loop
async def test_appends_that_wait_go_to_disk_together(path: Path, gate: Gate) -> None:
    async with opened(path) as event_store:
        first = asyncio.ensure_future(event_store.append_events("first", notes(0)))
        await gate.reached()
        others = [asyncio.ensure_future(event_store.append_events(f"s{number}", notes(number))) for number in range(63)]
        await asyncio.sleep(0)
        gate.let_go()
        assert await asyncio.gather(first, *others) == [1] * 64
        assert gate.sizes == [1, 63]


ONE_NOTE = len(CONTRACT_CODEC.encode(notes(1)[0]).payload)


@pytest.mark.parametrize(("bound", "value"), [("_GROUP_EVENTS", 10), ("_GROUP_CHARACTERS", 10 * ONE_NOTE)])
@in_event_loop
async def test_a_transaction_takes_in_no_more_than_so_much(
    path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    monkeypatch.setattr(groupwriter, bound, value)
    async with opened(path) as event_store:
        appends = [asyncio.ensure_future(event_store.append_events("first", notes(0)))]
        await gate.reached()
        appends += [asyncio.ensure_future(event_store.append_events("a", notes(1, 2, 3))) for _ in range(6)]
        await asyncio.sleep(0)
        gate.let_go()
        await asyncio.gather(*appends)
        assert gate.sizes == [1, 12, 6]


class OneUnwritable(JsonCodec):
    """Writes what the database will not take, for one text."""

    def encode(self, event: Any) -> EncodedEvent:
        encoded = super().encode(event)
        return encoded._replace(payload="{no JSON") if event.text == "bad" else encoded


@in_event_loop
async def test_a_failing_append_harms_no_other_of_its_group(path: Path, gate: Gate) -> None:
    async with opened(path, codec=OneUnwritable([Noted])) as event_store:
        first = asyncio.ensure_future(event_store.append_events("first", notes(0)))
        await gate.reached()
        others = [
            asyncio.ensure_future(event_store.append_events(stream_id, [Noted("bad" if stream_id == "c" else "good")]))
            for stream_id in "abcde"
        ]
        await asyncio.sleep(0)
        gate.let_go()
        await first
        a, b, c, d, e = await asyncio.gather(*others, return_exceptions=True)
        assert gate.sizes == [1, 5, 1, 1, 1, 1, 1]
        assert [a, b, d, e] == [1, 1, 1, 1]
        assert isinstance(c, EventStoreError)
        assert str(c).startswith(f"{path}: ")
        assert "\n" not in str(c)
        assert [row async for row in event_store.read_columns("position", "stream_id")] == [
            {"position": [1, 2, 3, 4, 5], "stream_id": ["first", "a", "b", "d", "e"]}
        ]


@in_event_loop
async def test_a_clock_that_fails_is_told_to_its_writer_and_nothing_else_happens(path: Path) -> None:
    class Stopped(TestClock):
        stopped = True

        def now(self) -> Any:
            if self.stopped:
                raise RuntimeError("the clock has stopped")
            return super().now()

    clock = Stopped()
    async with opened(path, clock=clock) as event_store:
        with pytest.raises(RuntimeError, match="the clock has stopped"):
            await event_store.append_events("a", notes(1), expected_version=0)
        clock.stopped = False
        assert await event_store.append_events("a", notes(2), expected_version=0) == 1


# The event loop


@in_event_loop
async def test_the_event_loop_goes_on_while_an_append_is_written(path: Path, gate: Gate) -> None:
    async with opened(path) as event_store:
        appending = asyncio.ensure_future(event_store.append_events("a", notes(1)))
        await gate.reached()
        ticks = 0
        for _ in range(1_000):
            await asyncio.sleep(0)
            ticks += 1
        assert (ticks, appending.done()) == (1_000, False)
        gate.let_go()
        assert await appending == 1


@in_event_loop
async def test_readers_do_not_wait_for_a_writer_and_do_not_see_what_is_not_durable(path: Path, gate: Gate) -> None:
    async with opened(path) as event_store:
        appending = asyncio.ensure_future(event_store.append_events("a", notes(1)))
        await gate.reached()
        assert await event_store.head() == 0
        assert await event_store.load_events("a") == []
        assert [each async for each in event_store.read_all()] == []
        gate.let_go()
        await appending
        assert await event_store.head() == 1


@in_event_loop
async def test_an_append_is_written_although_its_caller_gives_up(path: Path, gate: Gate) -> None:
    async with opened(path) as event_store:
        appending = asyncio.ensure_future(event_store.append_events("a", notes(1, 2)))
        await gate.reached()
        appending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await appending
        gate.let_go()
        assert await event_store.append_events("a", notes(3)) == 3


@in_event_loop
async def test_who_gives_up_waiting_for_the_opening_leaves_it_to_the_others(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, open_file = Gate(), duckdb_file.open_file

    def open_after_the_gate(path: Path, **options: Any) -> duckdb.DuckDBPyConnection:
        gate.pass_through(0)
        return open_file(path, **options)

    monkeypatch.setattr(duckdb_writer, "open_file", open_after_the_gate)
    event_store = opened(path)
    giving_up, staying = (asyncio.ensure_future(event_store.append_events("a", notes(number))) for number in (1, 2))
    await gate.reached()
    giving_up.cancel()
    gate.let_go()
    assert await staying == 1
    await event_store.close()


@in_event_loop
async def test_the_log_is_checkpointed_when_nothing_is_written_for_a_while(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, checkpoint = threading.Event(), DuckDBWriter._checkpoint

    def checkpoint_and_say(self: DuckDBWriter) -> None:
        checkpoint(self)
        done.set()

    monkeypatch.setattr(DuckDBWriter, "_checkpoint", checkpoint_and_say)
    monkeypatch.setattr(groupwriter, "_IDLE_SECONDS", 0.001)
    async with opened(path) as event_store:
        await event_store.append_events("a", notes(1))
        assert await asyncio.to_thread(done.wait, PATIENCE_SECONDS)
        assert files_beside(path) == ["log.duckdb"]
        assert await event_store.append_events("a", notes(2)) == 2


def test_a_writer_closed_by_another_thread_answers_rather_than_be_waited_for(path: Path) -> None:
    async def submit() -> None:
        writer.submit([])

    event_store = opened(path)
    writer = event_store._writer
    writer.open().result(PATIENCE_SECONDS)
    writer.close()
    with pytest.raises(EventStoreError, match=r"log\.duckdb is closed$"):
        asyncio.run(submit())


def test_a_writer_closed_before_it_was_opened_cannot_be_opened(path: Path) -> None:
    event_store = opened(path)
    writer = event_store._writer
    writer.close()
    with pytest.raises(EventStoreError, match=r"log\.duckdb is closed$"):
        writer.open().result(PATIENCE_SECONDS)
    assert files_beside(path) == []
