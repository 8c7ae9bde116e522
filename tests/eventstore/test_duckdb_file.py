"""What can go wrong with a log's file: each is one sentence that names it, and the log is unharmed."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from event_loop import in_event_loop
from log_files import (
    after_the_name,
    files_beside,
    notes,
    numbers_in,
    opened,
    read,
    read_or_sentence_of,
    sentence_of,
    write,
)

from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.system import SystemClock

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.duckdb"


@pytest.fixture
def log(path: Path) -> Path:
    """Return the path of a log of three events."""
    write(path, 1, 2, 3)
    return path


def changed(log: Path, *statements: str) -> Path:
    """Change a closed log behind its back."""
    with duckdb.connect(str(log)) as connection:
        for statement in statements:
            connection.execute(statement)
    return log


# Open elsewhere

HOLD = """
import asyncio, sys
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore

async def main():
    event_store = DuckDBEventStore(sys.argv[1], codec=CONTRACT_CODEC)
    for number in range(4, 1000):
        print(await event_store.append_events("a", [Noted("x", number)]), flush=True)
        sys.stdin.readline()

asyncio.run(main())
"""


@contextmanager
def held(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Hold a log open in another process, which appends once, and again for each line that it is given."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "4\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_log_that_another_process_has_open_is_not_opened(log: Path) -> None:
    with held(log) as process:
        assert sentence_of(log) == (
            f"is open in another process ({Path(sys.executable).resolve().name}, process {process.pid}), and DuckDB "
            "allows one at a time: close it there, or give this one another file"
        )
    assert read(log) == [1, 2, 3, 4]


def test_after_a_killed_process_every_acknowledged_append_is_there(log: Path) -> None:
    with held(log) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for version in range(5, 30):
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == f"{version}\n"
    assert read(log) == list(range(1, 30))


@in_event_loop
async def test_a_log_is_opened_once_in_a_process_by_whichever_name(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parent)
    link = log.with_name("link.duckdb")
    os.symlink(log, link)
    async with opened(log) as event_store:
        for name in (log, link, Path("log.duckdb"), log.parent / ".." / log.parent.name / "log.duckdb"):
            with pytest.raises(EventStoreError) as caught:
                await opened(name).head()
            assert after_the_name(log, str(caught.value)) == (
                "is open in this process already: close that event store first, or use it"
            )
        await event_store.append_events("a", [Noted("x", 4)])
    assert await numbers_in(link) == [1, 2, 3, 4]


# No log


@pytest.mark.parametrize(
    "content", [b"", b"x", b"DUCK", b"junk" * 5_000, bytes(20_000)], ids=lambda each: f"{each[:5]!r}"
)
def test_what_is_no_duckdb_file_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert sentence_of(path) == "is not a DuckDB file; it was left as it is"
    assert path.read_bytes() == content
    assert files_beside(path) == ["log.duckdb"]


def test_a_database_of_another_kind_is_left_as_it_is(path: Path) -> None:
    other = sqlite3.connect(path)
    other.executescript("CREATE TABLE events (position INTEGER)")
    other.close()
    content = path.read_bytes()
    assert sentence_of(path) == "is not a DuckDB file; it was left as it is"
    assert path.read_bytes() == content


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    assert sentence_of(tmp_path) == "is a folder; name a file in it"


def test_a_log_in_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert sentence_of(tmp_path / "none" / "log.duckdb") == "cannot be made: its folder does not exist"
    assert list(tmp_path.iterdir()) == []


def test_a_log_in_a_file_instead_of_a_folder_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "Not a directory" in sentence_of(tmp_path / "file" / "log.duckdb")


@pytest.mark.parametrize("kind", ["TABLE events AS SELECT 1 AS position", "VIEW events AS SELECT 1 AS position"])
def test_somebody_elses_events_are_left_as_they_are(path: Path, kind: str) -> None:
    changed(path, f"CREATE {kind}")
    assert "events" in sentence_of(path)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SHOW TABLES").fetchall() == [("events",)]
        assert connection.execute("FROM events").fetchall() == [(1,)]


def test_a_database_with_other_tables_takes_a_log_beside_them(path: Path) -> None:
    changed(path, "CREATE TABLE friends AS SELECT 'ada' AS name")
    write(path, 1)
    assert read(path) == [1]
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("FROM friends").fetchall() == [("ada",)]


def test_a_newer_log_format_is_not_opened(log: Path) -> None:
    changed(log, "UPDATE orderlab_schema SET version = 2")
    assert sentence_of(log) == "has log format 2, and this orderlab knows up to 1: use a newer orderlab"


# Damage


@pytest.mark.parametrize(
    "statement", ["DELETE FROM events WHERE position = 2", "DELETE FROM events WHERE position = 1"]
)
def test_a_log_with_a_gap_is_not_opened(log: Path, statement: str) -> None:
    changed(log, statement)
    assert sentence_of(log) == "is damaged: it holds 2 events, but the last one is number 3"


def test_a_log_with_an_event_twice_is_not_opened(log: Path) -> None:
    changed(log, "INSERT INTO events FROM events WHERE position = 2")
    assert sentence_of(log) == "is damaged: it holds 4 events, but the last one is number 3"


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE events", "ALTER TABLE events DROP COLUMN event_id", "ALTER TABLE events DROP COLUMN position"],
)
def test_a_log_without_what_it_needs_is_one_sentence(log: Path, statement: str) -> None:
    changed(log, statement)
    assert sentence_of(log) != ""
    assert sentence_of(log) != "", "the path must be free for another attempt"


@pytest.fixture
def large(path: Path) -> Path:
    """Return the path of a log that fills several blocks of its file, with text that cannot be made smaller."""
    letters = random.Random(0)
    for number in range(4):
        write(path, *range(1_000 * number, 1_000 * (number + 1)), text=letters.randbytes(400).hex())
    return path


def test_a_log_cut_short_is_not_opened_and_left_as_it_is(large: Path) -> None:
    whole = large.read_bytes()
    lengths = {12, 4_096, 12_288, len(whole) - 1, *(len(whole) * part // 8 for part in range(1, 8))}
    for length in sorted(lengths):
        large.write_bytes(whole[:length])
        assert sentence_of(large) == "is damaged or cut short (Could not read enough bytes); restore it from a copy"
        assert large.read_bytes() == whole[:length]
    large.write_bytes(whole)
    assert len(read(large)) == 4_000


def test_a_log_with_a_changed_byte_is_refused_rather_than_read_wrongly(large: Path) -> None:
    numbers, whole, refused = read(large), large.read_bytes(), 0
    for place in range(12_300, len(whole), len(whole) // 8):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        large.write_bytes(damaged)
        found = read_or_sentence_of(large)
        if found != numbers:  # else it is in a part of the file that is not in use
            refused += 1
            assert found == "is damaged or cut short (checksum); restore it from a copy"
            assert large.read_bytes() == damaged
    assert refused > 0


@in_event_loop
async def test_of_a_write_ahead_file_cut_short_all_whole_appends_are_there(path: Path) -> None:
    async with opened(path) as event_store:
        for number in range(10):
            await event_store.append_events("a", [Noted("x", number)] * 2)
        ahead = path.with_name(f"{path.name}.wal")
        files = {each: each.read_bytes() for each in (path, ahead)}
    previous: list[int] = []
    for part in range(1, 9):
        copy = path.with_name(f"copy-{part}.duckdb")
        copy.write_bytes(files[path])
        copy.with_name(f"{copy.name}.wal").write_bytes(files[ahead][: len(files[ahead]) * part // 8])
        found = await numbers_in(copy)
        assert found == [number for number in range(len(found) // 2) for _ in range(2)]
        assert len(found) >= len(previous)
        previous = found
    assert len(previous) == 20


@in_event_loop
async def test_a_log_with_two_names_is_one_log(path: Path) -> None:
    other = path.with_name("other.duckdb")
    async with opened(path):
        other.hardlink_to(path)
        with pytest.raises(EventStoreError, match="is open in this process already"):
            await opened(other).head()


@in_event_loop
async def test_of_two_who_make_one_log_at_once_one_has_it(path: Path) -> None:
    both = [opened(path), opened(path)]
    heads = await asyncio.gather(*(each.head() for each in both), return_exceptions=True)
    [refusal] = [str(head) for head in heads if head != 0]
    assert after_the_name(path, refusal).startswith("is open in this process already")
    assert files_beside(path) == ["log.duckdb"]
    for each in both:
        await each.close()


@in_event_loop
async def test_what_could_not_be_opened_is_tried_again(path: Path) -> None:
    async with opened(path) as first:
        second = opened(path)
        with pytest.raises(EventStoreError):
            await second.head()
        await first.append_events("a", notes(1))
    assert await second.head() == 1
    await second.close()


@in_event_loop
async def test_whoever_closes_second_waits_as_well(path: Path) -> None:
    event_store = opened(path)
    await event_store.append_events("a", notes(1))
    await asyncio.gather(event_store.close(), event_store.close())
    async with opened(path) as again:
        assert await again.head() == 1


@pytest.mark.parametrize("error", [SystemExit(), StopIteration(), asyncio.CancelledError()])
@in_event_loop
async def test_a_clock_that_fails_strangely_fails_its_append_alone(path: Path, error: BaseException) -> None:
    class Once(SystemClock):
        def now(self) -> datetime:
            if not failed:
                failed.append(error)
                raise error
            return super().now()

    failed: list[BaseException] = []
    async with DuckDBEventStore(path, codec=CONTRACT_CODEC, clock=Once()) as event_store:
        with pytest.raises(EventStoreError, match="the clock or the id generator"):
            await event_store.append_events("a", notes(1))
        assert await event_store.append_events("a", notes(1)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be deleted")
@pytest.mark.parametrize("replaced", [False, True])
@in_event_loop
async def test_nothing_is_acknowledged_once_the_file_is_gone(replaced: bool, log: Path) -> None:
    async with opened(log) as event_store:
        await asyncio.to_thread(log.unlink)
        if replaced:
            await asyncio.to_thread(log.write_bytes, b"another file")

        with pytest.raises(EventStoreError, match="was deleted or moved away while it was open"):
            await event_store.append_events("x", notes(4))
        with pytest.raises(EventStoreError, match="was deleted or moved away while it was open"):
            await event_store.load_events("x")
