"""Appends of one event, one after the other: each returns before the next begins, and is durable where there is a file.

Ours is `append_events` with an expected version; from the event to the answer it crosses from the event loop to the
writer's thread and back. The peer's is `save` of a new aggregate, in the thread that calls it. The limit is DuckDB's
own transaction around one row that was ready before.

DuckDB folds its write-ahead log into the file when the log is idle or closed, outside of these times; SQLite does so
as it goes, at every 1,000 pages, within them. That is how each is used.
"""

import asyncio
from functools import partial
from pathlib import Path

from benchmarks import peer
from benchmarks.raw import raw_log, rows_of
from benchmarks.sample import placed_orders
from benchmarks.table import Row, against_limit, against_rival
from benchmarks.timing import Run, stopwatch
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore

FILE, MEMORY, PEER_FILE, PEER_MEMORY, RAW = "DuckDB", "memory", "peer, SQLite", "peer, memory", "raw transaction"
MEASURE = "Append one event"


def rows(run: Run) -> list[Row]:
    """Time appends of one event to a file and to memory."""
    in_file, in_memory = run.size(500, 5), run.size(5_000, 5)
    seconds = run.medians(
        {
            FILE: partial(_ours_in_file, in_file),
            RAW: partial(_raw, in_file),
            PEER_FILE: partial(_peer_in_file, in_file),
            MEMORY: partial(_ours_in_memory, in_memory),
            PEER_MEMORY: partial(_peer_in_memory, in_memory),
        }
    )
    return [
        against_limit(MEASURE, seconds, FILE, RAW),
        against_rival(MEASURE, seconds, FILE, PEER_FILE),
        against_rival(MEASURE, seconds, MEMORY, PEER_MEMORY),
    ]


def _ours_in_file(count: int, folder: Path) -> float:
    return asyncio.run(append_ours(DuckDBEventStore(folder / "ours.duckdb"), count))


def _ours_in_memory(count: int, folder: Path) -> float:
    return asyncio.run(append_ours(InMemoryEventStore(), count))


async def append_ours(event_store: EventStore, count: int) -> float:
    """Append to our event store, which is closed afterwards."""
    events = placed_orders(count)
    try:
        await event_store.head()  # opens the file
        with stopwatch() as watch:
            for each in events:
                await event_store.append_events(each.stream_id, [each.event], expected_version=0)
        assert await event_store.head() == count
    finally:
        await event_store.close()
    return watch.seconds / count


def _raw(count: int, folder: Path) -> float:
    rows = rows_of(placed_orders(count))
    with raw_log(folder / "raw.duckdb") as raw, stopwatch() as watch:
        for row in rows:
            raw.write([row])
    return watch.seconds / count


def _peer_in_file(count: int, folder: Path) -> float:
    with peer.application(folder) as application:
        return append_peers(application, count)


def _peer_in_memory(count: int, folder: Path) -> float:
    with peer.application(None) as application:
        return append_peers(application, count)


def append_peers(application: peer.PeerApplication, count: int) -> float:
    """Save new aggregates, one by one."""
    orders = peer.placed_orders(count)
    with stopwatch() as watch:
        for order in orders:
            application.save(order)
    assert application.recorder.max_notification_id() == count
    return watch.seconds / count
