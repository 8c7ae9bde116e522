import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec
from uuid import UUID

import duckdb
import pandas as pd
import pytest

from orderlab.core.codec import JsonCodec
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.log import EncodedEvent, NewEvent, StoredEvent
from orderlab.eventstore import memory
from orderlab.eventstore.base import Columns, EventStore
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.logtable import LogTableError, export_parquet, frame_from, frame_of, read_parquet, write_parquet
from orderlab.orders.actions import OrderCancelled, OrderPlaced
from orderlab.orders.model import OrderItem

P = ParamSpec("P")

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug 🍵", 2, 250)

LOG_DTYPES = {
    "stream_id": "str",
    "version": "int64",
    "event_id": "object",
    "event_type": "str",
    "schema_version": "int64",
    "recorded_at": "datetime64[us, UTC]",
    "correlation_id": "str",
    "causation_id": "str",
}


def in_event_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 30))

    return run


def in_memory(*event_types: type) -> InMemoryEventStore:
    """Return an event store for orders, or for events of these types."""
    clock, ids = TestClock(), SequentialIds()
    if event_types:
        return InMemoryEventStore(codec=JsonCodec(list(event_types)), clock=clock, ids=ids)
    return InMemoryEventStore(clock=clock, ids=ids)


async def two_orders(event_store: EventStore) -> EventStore:
    for number in (1, 2):
        at = NEW_YEAR + timedelta(seconds=number, milliseconds=5)
        placed = OrderPlaced(f"o-{number}", "ada", (MUG,), 500, at)
        await event_store.append_events(f"order-o-{number}", [NewEvent(placed, correlation_id=f"request-{number}")])
    await event_store.append_events("order-o-1", [OrderCancelled("o-1", "late", NEW_YEAR + timedelta(hours=1))])
    return event_store


def dtypes_of(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


# A DataFrame


@in_event_loop
async def test_a_log_is_a_row_an_event_indexed_by_position(tmp_path: Path) -> None:
    async with DuckDBEventStore(tmp_path / "log.duckdb", clock=TestClock(), ids=SequentialIds()) as in_file:
        from_file = await frame_of(await two_orders(in_file))
    frame = await frame_of(await two_orders(in_memory()))

    pd.testing.assert_frame_equal(frame, from_file)
    assert (frame.index.name, frame.index.to_list()) == ("position", [1, 2, 3])
    assert frame["stream_id"].to_list() == ["order-o-1", "order-o-2", "order-o-1"]
    assert frame["version"].to_list() == [1, 1, 2]
    assert frame["event_id"].to_list() == [UUID(int=1), UUID(int=2), UUID(int=3)]
    assert frame["correlation_id"].to_list()[:2] == ["request-1", "request-2"]


@in_event_loop
async def test_the_columns_of_the_log_have_the_same_types_whatever_is_in_it() -> None:
    for frame in (
        await frame_of(in_memory()),
        await frame_of(await two_orders(in_memory())),
        await frame_of(await two_orders(in_memory()), after=2),  # an event without causes
    ):
        found = dtypes_of(frame)
        assert {name: found[name] for name in LOG_DTYPES} == LOG_DTYPES
        assert str(frame.index.dtype) == "int64"


@in_event_loop
async def test_an_empty_log_is_an_empty_frame_with_the_columns_of_a_log() -> None:
    frame = await frame_of(in_memory())

    assert (len(frame), list(frame.columns)) == (0, list(LOG_DTYPES))


@in_event_loop
async def test_the_fields_of_an_event_are_columns_and_missing_where_it_has_none() -> None:
    frame = await frame_of(await two_orders(in_memory()))

    assert frame["total_cents"].dropna().to_dict() == {1: 500, 2: 500}
    assert frame["reason"].dropna().to_dict() == {3: "late"}
    assert frame["items"].iloc[0] == [{"product_id": "p-1", "name": "Mug 🍵", "quantity": 2, "unit_price_cents": 250}]
    assert str(frame["timestamp"].dtype) == "datetime64[us, UTC]"
    assert frame["timestamp"].to_list()[0].to_pydatetime() == NEW_YEAR + timedelta(seconds=1, milliseconds=5)


@in_event_loop
async def test_a_stretch_of_a_log_can_be_had() -> None:
    event_store = await two_orders(in_memory())

    assert (await frame_of(event_store, after=1, until=2)).index.to_list() == [2]
    assert (await frame_of(event_store, after=3)).empty


@in_event_loop
async def test_times_at_the_ends_of_the_calendar_are_kept() -> None:
    event_store = in_memory()
    ends = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    await event_store.append_events("order-o-1", [OrderPlaced("o-1", "ada", (MUG,), 500, ends[0])])
    await event_store.append_events("order-o-1", [OrderCancelled("o-1", "late", ends[1])])
    frame = await frame_of(event_store)

    assert [time.to_pydatetime() for time in frame["timestamp"]] == ends


@in_event_loop
async def test_an_event_of_an_old_shape_has_no_time_of_its_own() -> None:
    event_store = await two_orders(in_memory())
    await event_store.append_events("order-o-2", [EncodedEvent("OrderCancelled", 1, '{"order_id":"o-2","reason":"x"}')])
    frame = await frame_of(event_store)

    assert frame["timestamp"].isna().to_list() == [False, False, False, True]
    assert frame["schema_version"].to_list() == [2, 2, 2, 1]


@in_event_loop
async def test_a_log_read_in_several_stretches_is_one_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await frame_of(await two_orders(in_memory()))
    monkeypatch.setattr(memory, "_STRETCH", 1)
    frame = await frame_of(await two_orders(in_memory()))

    assert dtypes_of(frame) == dtypes_of(whole)
    pd.testing.assert_frame_equal(frame, whole)


@in_event_loop
async def test_stretches_of_a_log_make_the_same_frame_wherever_they_come_from() -> None:
    event_store = await two_orders(in_memory())

    async def stretches() -> AsyncIterator[Columns]:
        for after in range(3):
            async for columns in event_store.read_columns(*StoredEvent._fields, after=after, until=after + 1):
                yield {name: values for name, values in columns.items() if name != "metadata"}

    pd.testing.assert_frame_equal(await frame_from(stretches()), await frame_of(event_store))


@dataclass(frozen=True)
class Moved:
    """An event whose fields have the names of the log's own, and one that is free."""

    position: int
    version: str
    event_id: int
    colour: str


@dataclass(frozen=True)
class Crowded:
    """An event that has also the name to which another would give way."""

    position: int
    event_position: int


@dataclass(frozen=True)
class Measured:
    """An event whose time is a number, and whose value may be of any type."""

    timestamp: int | str
    value: int | str | None


@in_event_loop
async def test_a_field_whose_name_is_the_logs_own_gives_way() -> None:
    event_store = in_memory(Moved)
    await event_store.append_events("s", [Moved(7, "v", 8, "red")])
    frame = await frame_of(event_store)

    assert frame.index.to_list() == [1]
    assert list(frame.columns) == [*LOG_DTYPES, "event_position", "event_version", "event_event_id", "colour"]
    assert frame[["event_position", "event_version", "event_event_id"]].iloc[0].to_list() == [7, "v", 8]


@in_event_loop
async def test_two_fields_never_share_a_column() -> None:
    event_store = in_memory(Crowded)
    await event_store.append_events("s", [Crowded(7, 8)])
    frame = await frame_of(event_store)

    assert frame.columns.is_unique
    assert (frame["event_position"].iloc[0], frame["event_event_position"].iloc[0]) == (8, 7)


@in_event_loop
async def test_a_field_of_mixed_types_and_a_timestamp_that_is_no_time_are_kept_as_they_are() -> None:
    event_store = in_memory(Measured)
    await event_store.append_events("s", [Measured(1, 5), Measured(2, "five"), Measured(3, None)])
    await event_store.append_events("t", [Measured("noon", 5)])
    frame = await frame_of(event_store)
    noon = await frame_of(event_store, after=3)

    assert frame["timestamp"].to_list() == [1, 2, 3, "noon"]
    assert noon["timestamp"].to_list() == ["noon"]
    assert frame["value"].to_list()[:2] == [5, "five"]
    assert pd.isna(frame["value"].iloc[2])


# A Parquet file

PARQUET_TYPES = {
    "position": "BIGINT",
    "stream_id": "VARCHAR",
    "version": "BIGINT",
    "event_id": "VARCHAR",
    "event_type": "VARCHAR",
    "schema_version": "BIGINT",
    "recorded_at": "TIMESTAMP WITH TIME ZONE",
    "correlation_id": "VARCHAR",
    "causation_id": "VARCHAR",
    "metadata": "VARCHAR",
    "payload": "VARCHAR",
}


def parquet_types(path: Path) -> dict[str, str]:
    with duckdb.connect() as connection:
        found = connection.read_parquet(str(path))
        return dict(zip(found.columns, map(str, found.types), strict=True))


@in_event_loop
async def test_a_parquet_file_has_every_column_of_the_log_with_its_type_whatever_is_in_it(tmp_path: Path) -> None:
    without_causes = in_memory()
    await without_causes.append_events("order-o-1", [OrderPlaced("o-1", "ada", (MUG,), 500, NEW_YEAR)])
    for number, event_store in enumerate([in_memory(), without_causes, await two_orders(in_memory())]):
        path = tmp_path / f"{number}.parquet"
        assert await export_parquet(event_store, path) == await event_store.head()
        assert parquet_types(path) == PARQUET_TYPES
    assert tuple(PARQUET_TYPES) == StoredEvent._fields


@in_event_loop
async def test_sql_finds_in_a_parquet_file_what_is_in_the_log(tmp_path: Path) -> None:
    event_store = await two_orders(in_memory())
    await export_parquet(event_store, tmp_path / "log.parquet")
    wanted = ", ".join(StoredEvent._fields).replace("recorded_at", "epoch_us(recorded_at)")
    with duckdb.connect() as connection:
        found = connection.read_parquet(str(tmp_path / "log.parquet")).project(wanted).order("position").fetchall()
    [columns] = [columns async for columns in event_store.read_columns(*StoredEvent._fields)]
    columns["event_id"] = [str(event_id) for event_id in columns["event_id"]]
    columns["recorded_at"] = [round(time.timestamp() * 1_000_000) for time in columns["recorded_at"]]

    assert found == list(zip(*(columns[name] for name in StoredEvent._fields), strict=True))


@in_event_loop
async def test_causes_that_come_late_in_a_long_log_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STRETCH", 1_500)
    event_store = in_memory(Measured)
    await event_store.append_events("s", [Measured(n, None) for n in range(3_000)])
    await event_store.append_events("s", [NewEvent(Measured(0, None), correlation_id="at last")])
    await export_parquet(event_store, tmp_path / "log.parquet")
    with duckdb.connect() as connection:
        causes = connection.read_parquet(str(tmp_path / "log.parquet")).aggregate("max(correlation_id)").fetchall()

    assert causes == [("at last",)]
    assert parquet_types(tmp_path / "log.parquet") == PARQUET_TYPES


def all_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@in_event_loop
async def test_a_parquet_file_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "file").touch()
    before = all_in(tmp_path)
    for target, reason in {
        tmp_path / "absent" / "log.parquet": "No such file or directory",
        tmp_path / "folder.parquet": "Is a directory",
        tmp_path / "file" / "log.parquet": "Not a directory",
    }.items():
        with pytest.raises(LogTableError, match=rf"^{target} cannot be written: {reason}$"):
            await export_parquet(in_memory(), target)
    assert all_in(tmp_path) == before


@in_event_loop
async def test_an_earlier_parquet_file_is_replaced_only_by_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log.parquet").write_text("precious")

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    event_store = await two_orders(in_memory())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(LogTableError, match="No space left on device"):
            await export_parquet(event_store, tmp_path / "log.parquet")
    assert all_in(tmp_path) == ["log.parquet"]
    assert (tmp_path / "log.parquet").read_text() == "precious"

    await export_parquet(await two_orders(in_memory()), tmp_path / "log.parquet")
    assert all_in(tmp_path) == ["log.parquet"]
    assert parquet_types(tmp_path / "log.parquet") == PARQUET_TYPES


# Rows without an event store


async def stored(event_store: EventStore) -> list[StoredEvent]:
    """Return the rows of a log."""
    [columns] = [each async for each in event_store.read_columns(*StoredEvent._fields)]
    return [StoredEvent._make(row) for row in zip(*(columns[name] for name in StoredEvent._fields), strict=True)]


@in_event_loop
async def test_the_rows_of_a_parquet_file_are_those_of_the_log_it_was_exported_from(tmp_path: Path) -> None:
    event_store = await two_orders(in_memory())
    await export_parquet(event_store, tmp_path / "log.parquet")
    assert read_parquet(tmp_path / "log.parquet") == await stored(event_store)


@in_event_loop
async def test_rows_are_written_to_a_parquet_file_as_their_log_is_exported(tmp_path: Path) -> None:
    rows = await stored(await two_orders(in_memory()))
    assert write_parquet(iter(rows), tmp_path / "log.parquet") == 3
    assert read_parquet(tmp_path / "log.parquet") == rows
    assert parquet_types(tmp_path / "log.parquet") == PARQUET_TYPES


def test_no_rows_are_a_parquet_file_with_the_columns_of_a_log(tmp_path: Path) -> None:
    assert write_parquet([], tmp_path / "log.parquet") == 0
    assert read_parquet(tmp_path / "log.parquet") == []
    assert parquet_types(tmp_path / "log.parquet") == PARQUET_TYPES


@in_event_loop
async def test_a_time_without_a_zone_in_a_parquet_file_is_utc(tmp_path: Path) -> None:
    rows = await stored(await two_orders(in_memory()))
    write_parquet(rows, tmp_path / "log.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (make_timestamp(epoch_us(recorded_at)) AS recorded_at) "
            f"FROM '{tmp_path}/log.parquet') TO '{tmp_path}/naive.parquet'"
        )
    assert read_parquet(tmp_path / "naive.parquet") == rows


@in_event_loop
async def test_a_row_of_a_parquet_file_that_does_not_follow_is_named(tmp_path: Path) -> None:
    rows = await stored(await two_orders(in_memory()))
    write_parquet([rows[0], rows[2]], tmp_path / "log.parquet")
    with pytest.raises(LogTableError, match=r"log\.parquet, row 2: position is 3, and 2 is next"):
        read_parquet(tmp_path / "log.parquet")


@in_event_loop
async def test_a_row_of_a_parquet_file_that_lacks_a_value_is_named(tmp_path: Path) -> None:
    rows = await stored(await two_orders(in_memory()))
    write_parquet(rows, tmp_path / "log.parquet")
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (nullif(event_type, 'OrderCancelled') AS event_type) "
            f"FROM '{tmp_path}/log.parquet') TO '{tmp_path}/holes.parquet'"
        )
    with pytest.raises(LogTableError, match=r"holes\.parquet, row 3: only a correlation_id and a causation_id may be"):
        read_parquet(tmp_path / "holes.parquet")


def test_a_parquet_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS position) TO '{tmp_path}/other.parquet'")
    with pytest.raises(LogTableError, match=r"other\.parquet is no log: it has no column causation_id, correlation_id"):
        read_parquet(tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("no table at all")
    for name in ("text.parquet", "absent.parquet"):
        with pytest.raises(LogTableError, match=rf"{name} cannot be read: ") as caught:
            read_parquet(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["log[1].parquet", "log*.parquet", "log?.parquet", "a{1,2}.parquet"])
def test_a_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    row = StoredEvent(1, "a-1", 1, UUID(int=1), "Noted", 1, NEW_YEAR, None, None, "{}", '{"text":"this"}')
    write_parquet([row._replace(payload='{"text":"other"}')], tmp_path / "log1.parquet")
    write_parquet([row], tmp_path / name)

    assert read_parquet(tmp_path / name) == [row]


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "log.parquet").mkdir()
    write_parquet([], tmp_path / "log.parquet" / "part.parquet")
    with pytest.raises(LogTableError, match="is a folder; name a file in it"):
        read_parquet(tmp_path / "log.parquet")
