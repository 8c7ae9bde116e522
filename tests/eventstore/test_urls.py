from pathlib import Path

import pytest
from event_loop import in_event_loop

from orderlab.core.environment import SeededIds, TestClock
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.urls import open_event_store, path_of


async def note(event_store: EventStore) -> None:
    await event_store.append_events("a", [Noted("x")])


@in_event_loop
async def test_memory_opens_a_log_in_memory() -> None:
    async with open_event_store("memory://") as event_store:
        assert isinstance(event_store, InMemoryEventStore)


@in_event_loop
async def test_three_slashes_open_a_file_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_event_store("duckdb:///log.duckdb") as event_store:
        assert isinstance(event_store, DuckDBEventStore)
        assert event_store.path == tmp_path / "log.duckdb"


@in_event_loop
async def test_four_slashes_open_a_file_by_its_absolute_path(tmp_path: Path) -> None:
    async with open_event_store(f"duckdb:///{tmp_path}/log.duckdb") as event_store:
        assert isinstance(event_store, DuckDBEventStore)
        assert event_store.path == tmp_path / "log.duckdb"


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("/log.duckdb", "log.duckdb"),
        ("/folder/log.duckdb", "folder/log.duckdb"),
        ("//var/lib/log.duckdb", "/var/lib/log.duckdb"),
        ("/C:/logs/log.duckdb", "C:/logs/log.duckdb"),
        ("/my%20log.duckdb", "my log.duckdb"),
        ("/my log.duckdb", "my log.duckdb"),
        ("/100%25.duckdb", "100%.duckdb"),
        ("/caf%C3%A9.duckdb", "café.duckdb"),
    ],
)
def test_the_path_is_what_follows_the_third_slash(rest: str, path: str) -> None:
    assert path_of(rest, f"duckdb://{rest}").as_posix() == path


@pytest.mark.parametrize("scheme", ["memory", "duckdb"])
@in_event_loop
async def test_codec_clock_and_ids_are_passed_on(scheme: str, tmp_path: Path) -> None:
    url = "memory://" if scheme == "memory" else f"duckdb:///{tmp_path}/log.duckdb"
    clock = TestClock()
    clock.advance(7)
    async with open_event_store(url, codec=CONTRACT_CODEC, clock=clock, ids=SeededIds(5)) as event_store:
        await note(event_store)
        [recorded] = await event_store.load_events("a")
    assert recorded.event == Noted("x")
    assert recorded.recorded_at == clock.now()
    assert recorded.event_id == SeededIds(5).new_uuid()


@in_event_loop
async def test_the_event_store_is_closed_at_the_end(tmp_path: Path) -> None:
    for url in ("memory://", f"duckdb:///{tmp_path}/log.duckdb"):
        async with open_event_store(url, codec=CONTRACT_CODEC) as event_store:
            await note(event_store)
        with pytest.raises(EventStoreError, match="is closed"):
            await event_store.head()


@in_event_loop
async def test_the_event_store_is_closed_after_an_error_too(tmp_path: Path) -> None:
    url = f"duckdb:///{tmp_path}/log.duckdb"

    async def note_and_fail() -> None:
        async with open_event_store(url, codec=CONTRACT_CODEC) as event_store:
            await note(event_store)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await note_and_fail()
    async with open_event_store(url, codec=CONTRACT_CODEC) as event_store:
        assert await event_store.head() == 1


@in_event_loop
async def test_a_log_that_is_only_to_be_read_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "log.duckdb"
    with pytest.raises(EventStoreError, match=r"there is no log at .*log\.duckdb$"):
        async with open_event_store(f"duckdb:///{path}", create=False):
            pass
    assert not path.exists()
    async with open_event_store(f"duckdb:///{path}"):
        pass
    async with open_event_store(f"duckdb:///{path}", create=False) as event_store:
        assert await event_store.head() == 0


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "'' is no address of an event store: use memory://, duckdb:///file"),
        ("ada:sesame@db/lab", "what was given is no address of an event store: use memory://, duckdb"),
        ("postgres:sesame", "what was given is no address of an event store"),
        ("host=db password=sesame", "what was given is no address of an event store"),
        ("log.duckdb", "'log.duckdb' is no address of an event store"),
        ("memory:", "'memory:' is no address of an event store"),
        ("memory://x", "memory:// takes nothing after it, and 'memory://x' has 'x'"),
        ("duckdb://", "'duckdb://' names no file: a relative one is written duckdb:///file.duckdb"),
        ("duckdb:///", "'duckdb:///' names no file"),
        ("duckdb://log.duckdb", "'duckdb://log.duckdb' names no file"),
        ("sqlite:///log.db", "there is no event store of kind 'sqlite': use memory://"),
        ("MEMORY://", "there is no event store of kind 'MEMORY'"),
    ],
)
@in_event_loop
async def test_an_address_that_cannot_be_meant_is_one_sentence(url: str, sentence: str) -> None:
    with pytest.raises(EventStoreError) as caught:
        async with open_event_store(url):
            pass
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
