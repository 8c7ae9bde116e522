import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from event_loop import in_event_loop
from log_files import notes, opened, read, write

from orderlab.core.effects import AppendEvents
from orderlab.core.log import StoredEvent
from orderlab.eventstore import duckdb_reader
from orderlab.eventstore.base import EventStoreError, LogReader, ReadsAnywhere
from orderlab.eventstore.duckdb_reader import DuckDBLogFile, DuckDBLogReader
from orderlab.eventstore.memory import InMemoryEventStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with a log of seven events in three streams."""

    async def append() -> None:
        async with opened(tmp_path / "log.duckdb") as event_store:
            streams = "b", "a", "b", "c", "a", "b", "b"
            await event_store.append_many([AppendEvents(each, notes(number)) for number, each in enumerate(streams)])

    asyncio.run(append())
    return tmp_path / "log.duckdb"


@pytest.fixture
def reader(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBLogReader]:
    monkeypatch.setattr(duckdb_reader, "_STRETCH", 3)
    file = DuckDBLogFile(path)
    yield file.reader()
    file.close()


def test_streams_are_numbered_by_their_first_events(reader: DuckDBLogReader) -> None:
    outline = reader.outline()
    assert outline.streams.tolist() == [0, 1, 0, 2, 1, 0, 0]
    assert outline.versions.tolist() == [1, 1, 2, 1, 2, 3, 4]
    assert outline.type_names == ("Noted",)
    assert outline.types.tolist() == [0] * 7
    assert sorted(outline.times.tolist()) == outline.times.tolist()


def test_a_stream_is_found_by_its_id(reader: DuckDBLogReader) -> None:
    reader.outline()
    assert [reader.stream_of(each) for each in ("b", "a", "c", "d", "")] == [0, 1, 2, None, None]


def test_the_ids_of_streams_are_those_that_begin_in_a_stretch(reader: DuckDBLogReader) -> None:
    assert reader.stream_ids(0, 7) == ["b", "a", "c"]
    assert reader.stream_ids(1, 4) == ["a", "c"]
    assert reader.stream_ids(4, 7) == []


@in_event_loop
async def test_rows_come_in_the_order_asked_for_as_the_event_store_has_them(path: Path) -> None:
    async with opened(path) as event_store:
        reader = await event_store.log_reader()
        [columns] = [each async for each in event_store.read_columns(*StoredEvent._fields)]
        rows = [StoredEvent._make(row) for row in zip(*columns.values(), strict=True)]
        assert reader.rows([5, 1, 7]) == [rows[4], rows[0], rows[6]]
        assert reader.rows([]) == []
        assert reader.columns("version", "payload", after=2, until=5) == {
            "version": columns["version"][2:5],
            "payload": columns["payload"][2:5],
        }


def test_rows_far_from_each_other_are_fetched_in_groups(
    reader: DuckDBLogReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_reader, "_ROW_GROUP", 2)
    assert list(duckdb_reader._near([7, 1, 2])) == [[1, 2], [7]]
    assert [row.position for row in reader.rows([7, 1, 2])] == [7, 1, 2]
    many = list(range(0, 100, 10))
    assert list(duckdb_reader._near(many)) == [many]


def test_a_log_without_events_can_be_read(tmp_path: Path) -> None:
    write(tmp_path / "log.duckdb")
    file = DuckDBLogFile(tmp_path / "log.duckdb")
    reader = file.reader()
    assert (len(reader), len(reader.outline()), reader.stream_of("a")) == (0, 0, None)
    file.close()


def test_an_event_store_says_whether_it_can_be_read_at_any_place(tmp_path: Path) -> None:
    assert isinstance(opened(tmp_path / "log.duckdb"), ReadsAnywhere)
    assert not isinstance(InMemoryEventStore(), ReadsAnywhere)


def test_what_the_event_store_gives_is_a_log_reader(reader: DuckDBLogReader) -> None:
    as_reader: LogReader = reader
    assert as_reader is reader


# The file


def test_a_file_is_let_go_when_nobody_has_its_reader_any_more(path: Path) -> None:
    reader: Any = DuckDBLogFile(path).reader()
    assert len(reader) == 7
    with pytest.raises(EventStoreError, match="open in this process already"):
        read(path)
    del reader
    assert len(read(path)) == 7


def test_a_file_can_be_read_by_two_processes_at_once(path: Path) -> None:
    file = DuckDBLogFile(path)
    program = f"""
from pathlib import Path
from orderlab.eventstore.duckdb_reader import DuckDBLogFile
print(len(DuckDBLogFile(Path({str(path)!r})).reader()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "7\n", "")
    file.close()


def test_reading_leaves_the_file_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    file = DuckDBLogFile(path)
    file.reader().outline()
    with pytest.raises(EventStoreError, match="read-only"):
        file.run(lambda cursor: cursor.execute("DELETE FROM events").fetchall())
    file.close()
    assert path.read_bytes() == before


def test_what_a_killed_process_left_in_the_write_ahead_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log.duckdb"
    program = f"""
import asyncio, os
from log_files import notes, opened

async def append():
    event_store = opened(__import__("pathlib").Path({str(path)!r}))
    await event_store.append_events("a", notes(1, 2, 3))
    os._exit(0)

asyncio.run(append())
"""
    tests = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", program], cwd=tests, timeout=60, check=True)
    assert path.with_name("log.duckdb.wal").exists()
    file = DuckDBLogFile(path)
    assert [row.version for row in file.reader().rows([1, 2, 3])] == [1, 2, 3]
    file.close()


def test_what_is_no_log_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(EventStoreError, match="there is no log at"):
        DuckDBLogFile(tmp_path / "log.duckdb")
    (tmp_path / "text.duckdb").write_text("not a database, but long enough to be one")
    with pytest.raises(EventStoreError, match="is not a DuckDB file; it was left as it is"):
        DuckDBLogFile(tmp_path / "text.duckdb")
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    with pytest.raises(EventStoreError, match="which is a database of something else"):
        DuckDBLogFile(tmp_path / "other.duckdb")


def test_a_log_with_a_gap_is_not_read(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE events SET position = 9 WHERE position = 5")
        connection.execute("UPDATE events SET position = 5 WHERE position = 6")
        connection.execute("UPDATE events SET position = 7 WHERE position = 9")
    file = DuckDBLogFile(path)
    with pytest.raises(EventStoreError, match="the log does not hold each position from 1 to 7 once, in order"):
        file.reader().outline()
    file.close()


@in_event_loop
async def test_a_reader_fails_in_one_sentence_when_its_event_store_is_closed(path: Path) -> None:
    event_store = opened(path)
    reader = await event_store.log_reader()
    assert len(reader.rows([1])) == 1
    await event_store.close()
    with pytest.raises(EventStoreError, match="is closed, and a timeline of its log reads from it: keep it open"):
        reader.rows([1])


def test_a_file_can_be_read_twice_in_a_process(path: Path) -> None:
    one, other = DuckDBLogFile(path), DuckDBLogFile(path)
    one.close()

    assert len(other.reader()) == 7
    with pytest.raises(EventStoreError, match="was closed here, and nothing more can be read: open it again"):
        one.reader()
    with pytest.raises(EventStoreError, match="open in this process already"):
        read(path)
    other.close()
    other.close()
    assert len(read(path)) == 7


def test_a_file_that_is_read_under_two_names_is_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other.duckdb").hardlink_to(path)
    one, other = DuckDBLogFile(path), DuckDBLogFile(tmp_path / "other.duckdb")

    assert len(one.reader()) == len(other.reader()) == 7


def test_a_file_is_read_after_its_event_store_is_closed_and_before_the_next(path: Path) -> None:
    for _ in range(2):
        assert len(read(path)) == 7
        assert len(DuckDBLogFile(path).reader()) == 7
