"""A log that may not be written, or finds no room: one sentence, nothing lost, and on it goes when there is room."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from log_files import after_the_name, read, write

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.duckdb"


TRY_TO_WRITE = f"""
import asyncio, os, sys
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore

if os.geteuid() == 0:
    os.setegid({NOBODY})
    os.seteuid({NOBODY})

async def main():
    try:
        async with DuckDBEventStore(sys.argv[1], codec=CONTRACT_CODEC) as event_store:
            print(await event_store.append_events("a", [Noted("x")]))
    except EventStoreError as error:
        print(error)

asyncio.run(main())
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """Return a folder that others can get into; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


@pytest.mark.parametrize(
    ("file_mode", "folder_mode"),
    [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555), (0o200, 0o777), (None, 0o555)],
    ids=["file", "folder", "both", "unreadable", "new file"],
)
def test_a_log_that_may_not_be_written_is_not_opened(public: Path, file_mode: int | None, folder_mode: int) -> None:
    path = public / "log.duckdb"
    if file_mode is not None:
        write(path, 1)
        path.chmod(file_mode)
    public.chmod(folder_mode)
    tried = subprocess.run(
        [sys.executable, "-c", TRY_TO_WRITE, str(path)], stdout=subprocess.PIPE, text=True, check=True
    )
    assert after_the_name(path, tried.stdout.rstrip("\n")) == (
        "cannot be opened for writing (Permission denied): check who may write to it"
    )
    public.chmod(0o755)
    if file_mode is None:
        assert not path.exists()
    else:
        path.chmod(0o644)
        assert read(path) == [1]


FILL_THE_DISK = """
import asyncio, json, resource, signal, sys
from pathlib import Path
from threading import Event
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.duckdb_writer import DuckDBWriter

path, full_at_checkpoint = Path(sys.argv[1]), sys.argv[2:] == ["checkpoint"]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails, as on a full disk, and does not kill
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)

def room_for(more, files="*"):
    sizes = [each.stat().st_size for each in path.parent.glob(files)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most if more is None else max(sizes) + more, most))

async def main():
    event_store, written, told = DuckDBEventStore(path, codec=CONTRACT_CODEC), 0, []

    async def append(times):
        nonlocal written
        for _ in range(times):
            try:
                await event_store.append_events("a", [Noted("x" * 300, written)])
                written += 1
            except EventStoreError as error:
                told.append(str(error))

    await append(20)
    if full_at_checkpoint:
        room_for(-1)
        event_store._writer._checkpoint()  # nobody writes meanwhile, so it may be done from here
    else:
        room_for(2_000, "*.wal")
        await append(30)
    full, told[:] = list(told), []
    wanted = [*range(written)]
    try:
        read = [recorded.event.number for recorded in await event_store.load_events("a")] == wanted
    except EventStoreError as error:
        read = str(error)
    room_for(None)
    await append(5)
    print(json.dumps({"full": full, "read": read, "later": told, "written": written}), flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


@contextmanager
def on_a_full_disk(path: Path, *when: str) -> Iterator[dict[str, Any]]:
    """Write to a log until there is no more room, then again when there is; killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", FILL_THE_DISK, str(path), *when],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        process.kill()
    assert told, "the process that fills the disk must not fail itself"
    yield json.loads(told)


def test_on_a_full_disk_appends_fail_in_a_sentence_and_go_on_when_there_is_room(path: Path) -> None:
    with on_a_full_disk(path) as told:
        assert 20 < len(told["full"]) < 30
        for text in told["full"]:
            assert after_the_name(path, text) == (
                "could not be written (File too large): nothing of this append is in the log; "
                "free some space and try again"
            )
        assert told["later"] == []
        assert read(path) == list(range(told["written"]))


def test_on_a_full_disk_all_that_was_written_can_be_read(path: Path) -> None:
    with on_a_full_disk(path) as told:
        assert told["read"] is True


def test_after_a_checkpoint_on_a_full_disk_appends_go_on_when_there_is_room(path: Path) -> None:
    with on_a_full_disk(path, "checkpoint") as told:
        assert read(path) == list(range(told["written"]))
        assert told["later"] == []


def test_after_a_checkpoint_on_a_full_disk_all_that_was_written_can_be_read(path: Path) -> None:
    with on_a_full_disk(path, "checkpoint") as told:
        assert told["read"] is True
