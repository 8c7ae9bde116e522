"""Appends to PostgreSQL: one after the other, all at once, and by many writers at a time.

What is done is as in `appending`, `bulk` and `writers`. The limit is the bare driver on the same tables with the same
indexes, in the thread that calls it, with its rows ready: it encodes nothing, checks no version and tells no retry.

One append is held against the driver that makes the same call as ours, and against one that makes an INSERT, which is
less to do: it gives no positions in the order of commits, and tells nobody who listens. 64 writers of ours share
transactions: the driver copies rows in the same groups as ours made in its latest round, one after the other.

Our event store in a DuckDB file does the same, for whoever has to choose.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks import appending, bulk, peer, writers
from benchmarks.database import Database, fresh_schema
from benchmarks.driver import Driver, driver, encoded, fresh_log
from benchmarks.sample import events_of_orders, placed_orders, rows_of
from benchmarks.table import Row, against_limit, against_rival
from benchmarks.timing import Run, stopwatch
from benchmarks.writers import WRITERS
from orderlab.core.log import StoredEvent
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.postgres import PostgresEventStore

OURS, FILE, PEER = "orderlab", "DuckDB file", "peer"
SAME_CALL, INSERT = "driver, same call", "driver, INSERT"
READY, ENCODED, GROUPED = "driver, COPY", "driver, encode", "driver, COPY"

_SEVENTY_PERCENT = 1.43


def append_rows(run: Run, database: Database) -> list[Row]:
    """Time appends of one event."""
    count, url = run.size(1_000, 5), database.url
    seconds = run.medians(
        {
            OURS: partial(_ours, url, count),
            SAME_CALL: partial(_driver, url, count, Driver.call),
            INSERT: partial(_driver, url, count, Driver.insert),
            FILE: partial(_ours_in_file, count),
            PEER: partial(_peer, url, count),
        }
    )
    return [
        against_limit(appending.MEASURE, seconds, OURS, SAME_CALL, goal=1.3),
        against_limit(appending.MEASURE, seconds, OURS, INSERT),
        against_rival(appending.MEASURE, seconds, OURS, FILE),
        against_rival(appending.MEASURE, seconds, OURS, PEER),
    ]


def bulk_rows(run: Run, database: Database) -> list[Row]:
    """Time the append of `run.events` events at once."""
    count, url = run.events, database.url
    many, one_stream = bulk.measures(count)
    seconds = run.medians(
        {
            OURS: partial(_ours_at_once, url, count, False),
            bulk.ONE_STREAM: partial(_ours_at_once, url, count, True),
            READY: partial(_copy, url, count, False),
            ENCODED: partial(_copy, url, count, True),
            FILE: partial(_ours_in_file_at_once, count),
            PEER: partial(_peer_at_once, url, count),
        }
    )
    return [
        against_limit(many, seconds, OURS, READY),
        against_limit(many, seconds, OURS, ENCODED),
        against_rival(many, seconds, OURS, FILE),
        against_rival(many, seconds, OURS, PEER),
        against_limit(one_stream, seconds, bulk.ONE_STREAM, READY),
    ]


def writer_rows(run: Run, database: Database) -> list[Row]:
    """Time 64 writers of some events each."""
    count, url = WRITERS * run.size(200, 2), database.url
    with run.fresh_folder() as shared:
        groups = shared / "groups.json"
        seconds = run.medians(
            {
                OURS: partial(_ours_by_many, url, count, groups),
                GROUPED: partial(_copy_groups, url, count, groups),
                FILE: partial(_ours_in_file_by_many, count),
                PEER: partial(_peer_by_many, url, WRITERS * run.size(50, 2)),
            }
        )
        made = msgspec.json.decode(groups.read_bytes(), type=list[int])
    measure = f"{writers.MEASURE}, {count / len(made):.0f} in a transaction"
    return [
        against_limit(measure, seconds, OURS, GROUPED, goal=_SEVENTY_PERCENT),
        against_rival(measure, seconds, OURS, FILE),
        against_rival(measure, seconds, OURS, PEER),
    ]


def _ours(url: str, count: int, folder: Path) -> float:
    with fresh_schema(url, folder) as schema:
        return asyncio.run(appending.append_ours(PostgresEventStore(url, schema=schema), count))


def _ours_in_file(count: int, folder: Path) -> float:
    return asyncio.run(appending.append_ours(_file(folder), count))


def _ours_in_file_at_once(count: int, folder: Path) -> float:
    return asyncio.run(bulk.append_ours(_file(folder), count, one_stream=False))


def _ours_in_file_by_many(count: int, folder: Path) -> float:
    return asyncio.run(writers.append_ours(_file(folder), count))


def _file(folder: Path) -> DuckDBEventStore:
    return DuckDBEventStore(folder / "ours.duckdb")


def _driver(url: str, count: int, write: Callable[[Driver, StoredEvent], None], folder: Path) -> float:
    rows = rows_of(placed_orders(count))
    with fresh_log(url, folder) as bare, stopwatch() as watch:
        for row in rows:
            write(bare, row)
    return watch.seconds / count


def _peer(url: str, count: int, folder: Path) -> float:
    with fresh_schema(url, folder) as schema, peer.application_in_postgres(url, schema) as application:
        return appending.append_peers(application, count)


def _ours_at_once(url: str, count: int, one_stream: bool, folder: Path) -> float:
    with fresh_schema(url, folder) as schema:
        return asyncio.run(bulk.append_ours(PostgresEventStore(url, schema=schema), count, one_stream=one_stream))


def _copy(url: str, count: int, encode: bool, folder: Path) -> float:
    events = events_of_orders(count)
    rows = rows_of(events)
    with fresh_log(url, folder) as bare, stopwatch() as watch:
        bare.copy(encoded(rows, events) if encode else rows)
    return watch.seconds / count


def _peer_at_once(url: str, count: int, folder: Path) -> float:
    orders = peer.placed_orders(count - count // 2)
    for index, order in enumerate(orders[: count // 2]):
        peer.end(order, index)
    with fresh_schema(url, folder) as schema, peer.application_in_postgres(url, schema) as application:
        with stopwatch() as watch:
            peer.save(application, orders)
        assert application.recorder.max_notification_id() == count
    return watch.seconds / count


def _ours_by_many(url: str, count: int, groups: Path, folder: Path) -> float:
    with fresh_schema(url, folder) as schema:
        seconds = asyncio.run(writers.append_ours(PostgresEventStore(url, schema=schema), count))
        with driver(url, schema) as bare:
            groups.write_bytes(msgspec.json.encode(bare.groups()))
    return seconds


def _copy_groups(url: str, count: int, groups: Path, folder: Path) -> float:
    rows = iter(rows_of(placed_orders(count)))
    batches = [list(islice(rows, size)) for size in msgspec.json.decode(groups.read_bytes(), type=list[int])]
    with fresh_log(url, folder) as bare, stopwatch() as watch:
        for batch in batches:
            bare.copy(batch)
    return watch.seconds / count


def _peer_by_many(url: str, count: int, folder: Path) -> float:
    with fresh_schema(url, folder) as schema, peer.application_in_postgres(url, schema) as application:
        return writers.append_peers(application, count)
