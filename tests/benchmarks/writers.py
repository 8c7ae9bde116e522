"""Many writers at once, each appending one event at a time and waiting until it is durable.

Ours are tasks in one event loop, whose waiting appends go to disk together. Held against that is the engine without
that: one DuckDB transaction for each event, one after the other, as one writer at a time is all that a file allows;
the rows are ready before. The peer's writers are threads that share one application, which is how it is used; SQLite
lets one of them commit at a time.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks import peer
from benchmarks.raw import raw_log, rows_of
from benchmarks.sample import Written, placed_orders
from benchmarks.table import Row, against_rival
from benchmarks.timing import Run, stopwatch
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.duckdb import DuckDBEventStore

WRITERS = 64
FILE, RAW, PEER = "DuckDB", "raw, uncoalesced", "peer, SQLite"
MEASURE = f"{WRITERS} writers, one event each time"


def rows(run: Run) -> list[Row]:
    """Time 64 writers of some events each."""
    count = WRITERS * run.size(50, 2)
    seconds = run.medians(
        {
            FILE: partial(_ours_in_file, count),
            RAW: partial(_raw, count),
            PEER: partial(_peer, count),
        }
    )
    return [
        against_rival(MEASURE, seconds, FILE, RAW, goal=20),
        against_rival(MEASURE, seconds, FILE, PEER),
    ]


def _ours_in_file(count: int, folder: Path) -> float:
    return asyncio.run(append_ours(DuckDBEventStore(folder / "ours.duckdb"), count))


async def append_ours(event_store: EventStore, count: int) -> float:
    """Let tasks append to our event store, and close it."""
    events = placed_orders(count)

    async def write(own: list[Written]) -> None:
        for each in own:
            await event_store.append_events(each.stream_id, [each.event], expected_version=0)

    try:
        await event_store.head()  # opens the file
        with stopwatch() as watch:
            await asyncio.gather(*(write(events[index::WRITERS]) for index in range(WRITERS)))
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


def _peer(count: int, folder: Path) -> float:
    with peer.application(folder) as application:
        return append_peers(application, count)


def append_peers(application: peer.PeerApplication, count: int) -> float:
    """Let threads save new aggregates."""
    with ThreadPoolExecutor(WRITERS) as threads:
        orders = peer.placed_orders(count)

        def write(own: list[peer.Order]) -> None:
            for order in own:
                application.save(order)

        with stopwatch() as watch:
            list(threads.map(write, (orders[index::WRITERS] for index in range(WRITERS))))
        assert application.recorder.max_notification_id() == count
    return watch.seconds / count
