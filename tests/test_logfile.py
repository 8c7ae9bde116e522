import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec
from uuid import UUID

import msgspec
import pytest
from accounts import ACCOUNT_CODEC, Deposited
from hypothesis import given, settings
from hypothesis import strategies as st

from orderlab import logfile
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, EncodedEvent, NewEvent, StoredEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.strategies import events, instants, texts
from orderlab.logfile import LogFileError, export_lines, import_lines, read_lines, require_lines, write_lines
from orderlab.orders.actions import Event, OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.model import Cancelled, OrderItem
from orderlab.replay import load_state

P = ParamSpec("P")

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug 🍵", 2, 250)


def in_event_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 30))

    return run


async def rows(event_store: EventStore) -> list[tuple[Any, ...]]:
    """Return the whole log, column by column as it lies there."""
    found: list[tuple[Any, ...]] = []
    async for columns in event_store.read_columns(*StoredEvent._fields):
        found += zip(*(columns[name] for name in StoredEvent._fields), strict=True)
    return found


def placed(number: int) -> OrderPlaced:
    return OrderPlaced(f"o-{number}", "ada", (MUG,), 500, NEW_YEAR)


async def sample(event_store: EventStore) -> EventStore:
    """Fill an event store with a bit of everything: causes, metadata, a payload of an old shape."""
    old = EncodedEvent("OrderCancelled", 1, '{"order_id": "o-1",\t"reason":"late"}')
    await event_store.append_events("order-o-1", [placed(1)])
    await event_store.append_events("order-o-2", [NewEvent(placed(2), correlation_id="request", causation_id="cause")])
    await event_store.append_events("order-o-1", [NewEvent(old, metadata={"who": "ada", "n": [1, 2.5, None]})])
    await event_store.append_events("order-o-2", [OrderShipped("o-2", "TRACK-1", NEW_YEAR)])
    await event_store.append_events("order-o-3", [placed(3)])
    return event_store


async def exported(path: Path, event_store: EventStore | None = None) -> list[str]:
    """Export a log, the sample by default, and return its lines."""
    await export_lines(event_store or await sample(in_memory()), path)
    return lines_in(path)


def lines_in(path: Path) -> list[str]:
    return path.read_bytes().decode().split("\n")[:-1]


def changed(line: str, change: dict[str, Any]) -> str:
    """Return a line with some of its fields changed, and every other byte as it was."""
    parts = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    parts.update({name: msgspec.Raw(json.dumps(value).encode()) for name, value in change.items()})
    return msgspec.json.encode(parts).decode()


def write(path: Path, lines: Sequence[str]) -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return path


def all_in(folder: Path) -> list[str]:
    """Return everything that is in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def in_memory() -> InMemoryEventStore:
    return InMemoryEventStore(clock=TestClock(), ids=SequentialIds())


def in_a_file(path: Path) -> DuckDBEventStore:
    return DuckDBEventStore(path, clock=TestClock(), ids=SequentialIds())


def each_way(folder: Path) -> list[tuple[EventStore, EventStore]]:
    """Return every pair of kinds of event stores, to copy from one to the other."""
    kinds: list[Callable[[str], EventStore]] = [
        lambda name: in_memory(),
        lambda name: in_a_file(folder / f"{name}.duckdb"),
    ]
    pairs = [(source, target) for source in kinds for target in kinds]
    return [(source(f"from-{n}"), target(f"to-{n}")) for n, (source, target) in enumerate(pairs)]


# There and back


@in_event_loop
async def test_an_exported_log_imported_anywhere_is_the_same_log(tmp_path: Path) -> None:
    for source, target in each_way(tmp_path):
        there, back = tmp_path / "there.jsonl", tmp_path / "back.jsonl"
        written = await export_lines(await sample(source), there)
        added = await import_lines(there, target)
        await export_lines(target, back)

        assert written == added == 5
        assert await rows(target) == await rows(source)
        assert back.read_bytes() == there.read_bytes()
        await source.close()
        await target.close()


@in_event_loop
async def test_the_lines_of_a_log_are_the_same_bytes_from_any_event_store(tmp_path: Path) -> None:
    async with in_a_file(tmp_path / "log.duckdb") as in_file:
        await export_lines(await sample(in_file), tmp_path / "file.jsonl")
    await export_lines(await sample(in_memory()), tmp_path / "memory.jsonl")

    assert (tmp_path / "file.jsonl").read_bytes() == (tmp_path / "memory.jsonl").read_bytes()


@in_event_loop
async def test_a_payload_of_an_old_shape_stays_what_it_is_and_still_loads(tmp_path: Path) -> None:
    target = in_memory()
    line = json.loads((await exported(tmp_path / "log.jsonl"))[2])
    await import_lines(tmp_path / "log.jsonl", target)
    [_, recorded] = await target.load_events("order-o-1")

    assert (line["schema_version"], line["payload"]) == (1, {"order_id": "o-1", "reason": "late"})
    assert (await rows(target))[2][-1] == '{"order_id": "o-1",\t"reason":"late"}'
    assert recorded.event == OrderCancelled("o-1", "late", recorded.recorded_at)
    assert isinstance((await load_state(target)).orders["o-1"].status, Cancelled)


@in_event_loop
async def test_the_parts_of_metadata_stay_the_text_that_they_are(tmp_path: Path) -> None:
    source, target = in_memory(), in_memory()
    parts = {
        "share": "1.10",
        "far": "-1E+5",
        "size": "123456789012345678901",
        "name": '"\\u00e9"',
        "z": '{"b": 1,"a":2}',
    }
    metadata = {name: msgspec.Raw(text.encode()) for name, text in parts.items()}
    await source.append_events("order-o-1", [NewEvent(placed(1), metadata=metadata)])
    [line] = await exported(tmp_path / "log.jsonl", source)
    await import_lines(write(tmp_path / "spaced.jsonl", [line.replace('{"share":', '{ "share" : ')]), target)

    assert await rows(target) == await rows(source)


@in_event_loop
async def test_a_payload_over_several_lines_is_exported_on_one(tmp_path: Path) -> None:
    source, target = in_memory(), in_memory()
    await source.append_events("order-o-1", [placed(1)])
    await source.append_events("order-o-1", [EncodedEvent("OrderCancelled", 1, '{"order_id":"o-1",\n"reason":"late"}')])
    lines = await exported(tmp_path / "log.jsonl", source)
    await import_lines(tmp_path / "log.jsonl", target)

    assert len(lines) == 2
    assert json.loads(lines[1])["payload"] == {"order_id": "o-1", "reason": "late"}
    assert await load_state(target) == await load_state(source)


@in_event_loop
async def test_an_empty_log_is_an_empty_file_and_back(tmp_path: Path) -> None:
    target = in_memory()

    assert await export_lines(in_memory(), tmp_path / "empty.jsonl") == 0
    assert (tmp_path / "empty.jsonl").read_bytes() == b""
    assert await import_lines(tmp_path / "empty.jsonl", target) == 0
    assert await target.head() == 0


@in_event_loop
async def test_times_in_another_zone_and_lines_of_another_system_are_understood(tmp_path: Path) -> None:
    lines = await exported(tmp_path / "log.jsonl")
    there = [changed(line, {"recorded_at": "2025-01-01T02:00:00+02:00"}) for line in lines]
    text = "\r\n".join(there)  # and no end to the last line
    (tmp_path / "other.jsonl").write_bytes(text.encode())
    async with in_a_file(tmp_path / "log.duckdb") as in_file:
        await import_lines(tmp_path / "other.jsonl", in_file)
        times = {recorded.recorded_at async for recorded in in_file.read_all()}

    assert times == {NEW_YEAR}


@in_event_loop
async def test_a_log_of_another_domain_goes_the_same_way(tmp_path: Path) -> None:
    source, target = (InMemoryEventStore(codec=ACCOUNT_CODEC) for _ in range(2))
    await source.append_events("account-ada", [Deposited("ada", 5), Deposited("ada", 5)])
    await export_lines(source, tmp_path / "accounts.jsonl")

    assert await import_lines(tmp_path / "accounts.jsonl", target) == 2
    assert await rows(target) == await rows(source)


@in_event_loop
async def test_progress_is_told_on_the_way_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "_TOGETHER", 2)
    out: list[int] = []
    back: list[int] = []
    await export_lines(await sample(in_memory()), tmp_path / "log.jsonl", progress=out.append)
    await import_lines(tmp_path / "log.jsonl", in_memory(), progress=back.append)

    assert out == back == [2, 4, 5]


_causes = st.none() | texts().filter(lambda text: "\0" not in text)
_metadata = st.dictionaries(texts(), st.none() | st.booleans() | st.integers(-(2**63), 2**63) | texts(), max_size=3)


@st.composite
def appends(draw: st.DrawFn) -> list[NewEvent]:
    """Draw what a log of any events might be made of, each event with a time, causes and metadata of its own."""
    drawn = draw(st.lists(st.tuples(events(), instants(), _causes, _causes, _metadata), max_size=6))
    return [
        NewEvent(event, UUID(int=n + 1), at, correlation, causation, metadata)
        for n, (event, at, correlation, causation, metadata) in enumerate(drawn)
    ]


def stream_of(event: Event) -> str:
    return f"order-{event.order_id[:1]}"  # so that now and then two share a stream


@settings(max_examples=60, deadline=None)
@given(appends())
def test_any_log_survives_the_way_there_and_back(made: list[NewEvent]) -> None:
    async def there_and_back(folder: Path) -> None:
        source, target = in_memory(), in_memory()
        for new in made:
            await source.append_events(stream_of(new.event), [new])
        await export_lines(source, folder / "there.jsonl")

        assert (folder / "there.jsonl").read_bytes().count(b"\n") == len(made)
        assert await import_lines(folder / "there.jsonl", target) == len(made)
        assert await rows(target) == await rows(source)
        await export_lines(target, folder / "back.jsonl")
        assert (folder / "back.jsonl").read_bytes() == (folder / "there.jsonl").read_bytes()

    with TemporaryDirectory() as folder:
        asyncio.run(there_and_back(Path(folder)))


# Interrupted, and gone on with


@pytest.mark.parametrize("there", [0, 1, 3, 5])
@in_event_loop
async def test_an_import_goes_on_where_an_earlier_one_stopped(
    there: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "_TOGETHER", 2)
    source = await sample(in_memory())
    lines = await exported(tmp_path / "whole.jsonl", source)
    async with in_a_file(tmp_path / "log.duckdb") as target:
        await import_lines(write(tmp_path / "beginning.jsonl", lines[:there]), target)

        assert await import_lines(tmp_path / "whole.jsonl", target) == len(lines) - there
        assert await import_lines(tmp_path / "whole.jsonl", target) == 0
        assert await rows(target) == await rows(source)


@in_event_loop
async def test_a_file_that_is_only_the_beginning_of_the_log_adds_nothing(tmp_path: Path) -> None:
    source = await sample(in_memory())
    lines = await exported(tmp_path / "whole.jsonl", source)

    assert await import_lines(write(tmp_path / "beginning.jsonl", lines[:2]), source) == 0
    assert await source.head() == 5


# What does not belong together


@pytest.mark.parametrize(
    "change",
    [
        {"event_id": str(UUID(int=99))},
        {"payload": {"order_id": "o-2", "customer_id": "bea", "items": [], "total_cents": 0}, "schema_version": 1},
        {"stream_id": "order-o-9"},
        {"recorded_at": "2025-01-01T00:00:00.000001Z"},
        {"correlation_id": "another"},
        {"causation_id": None},
        {"metadata": {"who": "bea"}},
    ],
    ids=lambda change: next(iter(change)),
)
@in_event_loop
async def test_a_log_that_differs_in_any_column_is_another_log(change: dict[str, Any], tmp_path: Path) -> None:
    target = await sample(in_memory())
    before = await rows(target)
    lines = (await exported(tmp_path / "log.jsonl"))[:2]
    write(tmp_path / "other.jsonl", [lines[0], changed(lines[1], change)])

    with pytest.raises(LogFileError, match=r"other\.jsonl, line 2: the log holds another event at position 2"):
        await import_lines(tmp_path / "other.jsonl", target)
    assert await rows(target) == before


@in_event_loop
async def test_a_log_that_holds_something_else_is_left_alone_also_where_the_file_is_longer(tmp_path: Path) -> None:
    await exported(tmp_path / "log.jsonl")
    async with in_a_file(tmp_path / "log.duckdb") as target:
        await target.append_events("order-o-9", [placed(9)])
        with pytest.raises(LogFileError, match="line 1: the log holds another event at position 1"):
            await import_lines(tmp_path / "log.jsonl", target)

        assert await target.list_streams() == ["order-o-9"]


class Shared(InMemoryEventStore):
    """An event store in which someone else writes just before the first append."""

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        if await self.head() == 0:
            await super().append_many([AppendEvents("order-o-9", [placed(9)])])
        return await super().append_many(appends)


@in_event_loop
async def test_a_log_that_grows_meanwhile_is_noticed(tmp_path: Path) -> None:
    await exported(tmp_path / "log.jsonl")
    with pytest.raises(LogFileError, match="line 1: the log grew meanwhile"):
        await import_lines(tmp_path / "log.jsonl", Shared())


class ImportedTwice(InMemoryEventStore):
    """An event store to which someone else imports the same log just before the first append, or almost the same."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path: Path | None = path

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        if self.path is not None:
            path, self.path = self.path, None
            await import_lines(path, self)
        return await super().append_many(appends)


@in_event_loop
async def test_two_who_import_the_same_file_at_once_make_one_log(tmp_path: Path) -> None:
    source = await sample(in_memory())
    await exported(tmp_path / "log.jsonl", source)
    target = ImportedTwice(tmp_path / "log.jsonl")

    assert await import_lines(tmp_path / "log.jsonl", target) == 0
    assert [row[0] for row in await rows(target)] == [1, 2, 3, 4, 5]


@in_event_loop
async def test_who_imports_almost_the_same_file_at_once_is_noticed(tmp_path: Path) -> None:
    lines = await exported(tmp_path / "log.jsonl")
    almost = write(tmp_path / "almost.jsonl", [*lines[:3], lines[3].replace("TRACK-1", "TRACK-2"), lines[4]])

    with pytest.raises(LogFileError, match="line 4: the log holds another event at position 4"):
        await import_lines(tmp_path / "log.jsonl", ImportedTwice(almost))


@in_event_loop
async def test_metadata_that_no_reader_could_use_is_not_let_in(tmp_path: Path) -> None:
    lines = await exported(tmp_path / "log.jsonl")
    write(tmp_path / "huge.jsonl", [lines[0].replace('"metadata":{}', '"metadata":{"size":1e400}')])

    with pytest.raises(LogFileError, match="line 1: Number out of range"):
        await import_lines(tmp_path / "huge.jsonl", in_memory())


# Lines that are none

FAULTS: dict[str, tuple[dict[str, Any] | str, str]] = {
    "no JSON": ('{"position": 3,', "Input data was truncated"),
    "nothing": ("", "Input data was truncated"),
    "another type of line": ("[]", "Expected `object`, got `array`"),
    "a value of another type": ({"version": "2"}, r"Expected `int`, got `str` - at `\$.version`"),
    "half a version": ({"version": 1.5}, "Expected `int`, got `float`"),
    "no UUID": ({"event_id": "7"}, "Invalid UUID"),
    "an unknown field": ({"colour": "red"}, "unknown field `colour`"),
    "an unknown event type": ({"event_type": "OrderEaten"}, "unknown event type OrderEaten"),
    "a newer schema": ({"schema_version": 3}, "has schema version 3, and this program reads up to 2"),
    "no schema version": ({"schema_version": 0}, "must be a whole number from 1"),
    "a payload that does not fit": ({"payload": {"order_id": 7}}, "payload does not fit OrderCancelled version 1"),
    "metadata that is no object": ({"metadata": []}, "Expected `object`, got `array`"),
    "no stream": ({"stream_id": ""}, "stream_id must be text that is not empty"),
    "no correlation": ({"correlation_id": ""}, "correlation_id must be None or text that is not empty"),
    "a NUL": ({"causation_id": "a\0"}, "causation_id must be None or text that is not empty"),
    "a naive time": ({"recorded_at": "2025-01-01T00:00:00"}, "timezone component"),
    "an earlier time": ({"recorded_at": "2024-12-31T23:59:59Z"}, "recorded_at is earlier than on the line before"),
    "a time before time": ({"recorded_at": "0001-01-01T00:00:00+14:00"}, "beyond the calendar"),
    "a gap in the positions": ({"position": 4}, "position is 4, and 3 is next"),
    "a position twice": ({"position": 2}, "position is 2, and 3 is next"),
    "a gap in the versions": ({"version": 3}, "version is 3, and 2 is next in stream order-o-1"),
    "a version twice": ({"version": 1}, "version is 1, and 2 is next in stream order-o-1"),
    "version 0": ({"version": 0}, "version is 0, and 2 is next in stream order-o-1"),
    "an event twice": ({"event_id": str(UUID(int=1))}, f"event_id {UUID(int=1)} is that of an earlier line"),
}


@pytest.mark.parametrize(("change", "problem"), FAULTS.values(), ids=FAULTS)
@in_event_loop
async def test_a_line_that_is_no_event_is_named_and_nothing_of_it_or_after_it_is_added(
    change: dict[str, Any] | str, problem: str, tmp_path: Path
) -> None:
    lines = await exported(tmp_path / "log.jsonl")
    lines[2] = change if isinstance(change, str) else changed(lines[2], change)
    target = in_memory()

    with pytest.raises(LogFileError, match=rf"^{tmp_path / 'bad.jsonl'}, line 3: .*{problem}"):
        await import_lines(write(tmp_path / "bad.jsonl", lines), target)
    assert await target.head() == 0


@in_event_loop
async def test_what_stands_long_before_a_bad_line_is_added_and_completed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "_TOGETHER", 2)
    source, target = await sample(in_memory()), in_memory()
    lines = await exported(tmp_path / "log.jsonl", source)
    bad = [*lines[:3], changed(lines[3], {"version": 7}), lines[4]]

    with pytest.raises(LogFileError, match="line 4: version is 7, and 2 is next"):
        await import_lines(write(tmp_path / "bad.jsonl", bad), target)
    assert await rows(target) == (await rows(source))[:2]
    assert await import_lines(tmp_path / "log.jsonl", target) == 3
    assert await rows(target) == await rows(source)


def test_bytes_that_are_no_text_are_named_by_their_line(tmp_path: Path) -> None:
    (tmp_path / "bytes.jsonl").write_bytes(b'{"position": 1, "stream_id": "\xff\xfe"}\n')
    with pytest.raises(LogFileError, match=r"bytes\.jsonl, line 1: "):
        require_lines(tmp_path / "bytes.jsonl")


def test_a_file_is_looked_at_before_a_log_is_made_for_it(tmp_path: Path) -> None:
    asyncio.run(export_lines(in_memory(), tmp_path / "empty.jsonl"))
    require_lines(tmp_path / "empty.jsonl")

    with pytest.raises(LogFileError, match=r"absent\.jsonl cannot be read: No such file or directory"):
        require_lines(tmp_path / "absent.jsonl")
    with pytest.raises(LogFileError, match="cannot be read: Is a directory"):
        require_lines(tmp_path)
    with pytest.raises(LogFileError, match="line 1: Object missing required field `position`"):
        require_lines(write(tmp_path / "other.jsonl", ["{}"]))


# The file appears when it is whole


class Breaking(InMemoryEventStore):
    """An event store that can be read up to a position, and then breaks."""

    def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> Any:
        if until is not None and until > 2:
            raise OSError(5, "Input/output error")
        return super().read_columns(*names, after=after, until=until)


@in_event_loop
async def test_an_export_that_fails_half_way_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "_TOGETHER", 2)
    (tmp_path / "log.jsonl").write_text("precious")
    with pytest.raises(LogFileError, match=r"log\.jsonl cannot be written: Input/output error"):
        await export_lines(await sample(Breaking()), tmp_path / "log.jsonl")

    assert all_in(tmp_path) == ["log.jsonl"]
    assert (tmp_path / "log.jsonl").read_text() == "precious"


@in_event_loop
async def test_an_export_that_is_called_off_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "_TOGETHER", 2)
    (tmp_path / "log.jsonl").write_text("precious")
    event_store = await sample(in_memory())

    def call_off(done: int) -> None:
        task.cancel()

    task = asyncio.create_task(export_lines(event_store, tmp_path / "log.jsonl", progress=call_off))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert all_in(tmp_path) == ["log.jsonl"]
    assert (tmp_path / "log.jsonl").read_text() == "precious"


@in_event_loop
async def test_an_export_replaces_an_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("old")

    assert len(await exported(tmp_path / "log.jsonl")) == 5
    assert all_in(tmp_path) == ["log.jsonl"]


@in_event_loop
async def test_an_export_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "file").touch()
    before = all_in(tmp_path)
    for target, reason in {
        tmp_path / "absent" / "log.jsonl": "No such file or directory",
        tmp_path / "folder.jsonl": "Is a directory",
        tmp_path / "file" / "log.jsonl": "Not a directory",
        tmp_path / ("x" * 250 + ".jsonl"): "File name too long",
    }.items():
        with pytest.raises(LogFileError, match=rf"{target.name} cannot be written: {reason}"):
            await export_lines(await sample(in_memory()), target)
    assert all_in(tmp_path) == before


@in_event_loop
async def test_an_export_goes_to_where_a_path_of_any_kind_says(tmp_path: Path) -> None:
    await export_lines(in_memory(), os.fspath(tmp_path / "text.jsonl"))
    assert (tmp_path / "text.jsonl").exists()


@in_event_loop
async def test_what_grows_while_it_is_exported_is_exported_up_to_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "_TOGETHER", 2)
    event_store = await sample(in_memory())
    tasks: list[asyncio.Task[int]] = []

    def grow(done: int) -> None:
        number = 10 + len(tasks)
        tasks.append(asyncio.create_task(event_store.append_events(f"order-o-{number}", [placed(number)])))

    assert await export_lines(event_store, tmp_path / "log.jsonl", progress=grow) == 5
    await asyncio.gather(*tasks)
    assert await event_store.head() == 5 + len(tasks)


# Rows without an event store


@in_event_loop
async def test_the_rows_of_a_file_are_those_of_the_log_it_was_exported_from(tmp_path: Path) -> None:
    event_store = await sample(in_memory())
    await exported(tmp_path / "log.jsonl", event_store)
    again = [row._replace(payload=row.payload.replace("\t", "")) for row in read_lines(tmp_path / "log.jsonl")]
    expected = [StoredEvent._make(row) for row in await rows(event_store)]
    assert again == [row._replace(payload=row.payload.replace("\t", "")) for row in expected]


@in_event_loop
async def test_rows_are_written_as_their_log_is_exported(tmp_path: Path) -> None:
    lines = await exported(tmp_path / "log.jsonl")
    assert write_lines(read_lines(tmp_path / "log.jsonl"), tmp_path / "again.jsonl") == len(lines)
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "log.jsonl").read_bytes()


@in_event_loop
async def test_a_row_that_does_not_follow_is_named_and_those_before_it_are_given(tmp_path: Path) -> None:
    lines = await exported(tmp_path / "log.jsonl")
    (tmp_path / "log.jsonl").write_text("\n".join([*lines[:2], lines[3]]), encoding="utf-8")
    given: list[int] = []
    with pytest.raises(LogFileError, match=r"log\.jsonl, line 3: position is 4, and 3 is next"):
        given += (row.position for row in read_lines(tmp_path / "log.jsonl"))
    assert given == [1, 2]


def test_rows_of_what_is_no_log_are_refused(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("{}\n")
    with pytest.raises(LogFileError, match=r"log\.jsonl, line 1: Object missing required field"):
        next(read_lines(tmp_path / "log.jsonl"))
    with pytest.raises(LogFileError, match="cannot be read: No such file or directory"):
        next(read_lines(tmp_path / "absent.jsonl"))


def test_rows_that_fail_half_way_leave_the_earlier_file(tmp_path: Path) -> None:
    def fail() -> Iterator[StoredEvent]:
        yield from ()
        raise LogFileError("no more")

    (tmp_path / "log.jsonl").write_text("precious")
    with pytest.raises(LogFileError, match="no more"):
        write_lines(fail(), tmp_path / "log.jsonl")
    assert all_in(tmp_path) == ["log.jsonl"]
    assert (tmp_path / "log.jsonl").read_text() == "precious"
    with pytest.raises(LogFileError, match="cannot be written: No such file or directory"):
        write_lines([], tmp_path / "absent" / "log.jsonl")


def test_a_time_that_is_none_in_utc_is_told_with_its_line(tmp_path: Path) -> None:
    row = StoredEvent(1, "a-1", 1, UUID(int=1), "Noted", 1, datetime(2025, 1, 1, tzinfo=UTC), None, None, "{}", "{}")
    path = tmp_path / "log.jsonl"
    write_lines([row], path)
    path.write_text(path.read_text().replace("2025-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"))
    with pytest.raises(LogFileError, match=r"line 1: recorded_at 0001-01-01 00:00:00.* is beyond the calendar in UTC"):
        list(read_lines(path))
