"""Many events in one transaction.

Ours is `append_many`, one append for each event with its expected version: the log as it is filled by an importer; and
`append_events`, all of the events in one stream. The peer saves half as many new aggregates of two events each in one
`save`; its events, and ours, are made beforehand.

Against the engine there are two limits. "Rows ready" is DuckDB alone: its appender is given finished rows. "Rows
encoded" also makes the JSON of each event and puts it into its row, as whoever writes events must. Neither checks a
version, draws an id, or can tell a retry. As in `appending`, DuckDB's checkpoint falls outside of the times.
"""

import asyncio
from functools import partial
from pathlib import Path

from benchmarks import peer
from benchmarks.raw import encoded, raw_log, rows_of
from benchmarks.sample import events_of_orders
from benchmarks.table import Row, against_limit, against_rival
from benchmarks.timing import Run, stopwatch
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore

FILE, MEMORY, ONE_STREAM = "DuckDB", "memory", "one stream"
READY, ENCODED = "raw, rows ready", "raw, rows encoded"
PEER_FILE, PEER_MEMORY = "peer, SQLite", "peer, memory"


def rows(run: Run) -> list[Row]:
    """Time the append of `run.events` events at once."""
    count = run.events
    many, one_stream = measures(count)
    seconds = run.medians(
        {
            FILE: partial(_ours_in_file, count),
            ONE_STREAM: partial(_ours_in_one_stream, count),
            READY: partial(_raw, False, count),
            ENCODED: partial(_raw, True, count),
            PEER_FILE: partial(_peer_in_file, count),
            MEMORY: partial(_ours_in_memory, count),
            PEER_MEMORY: partial(_peer_in_memory, count),
        }
    )
    return [
        against_limit(many, seconds, FILE, READY, goal=2),
        against_limit(many, seconds, FILE, ENCODED, goal=2),
        against_rival(many, seconds, FILE, PEER_FILE),
        against_rival(many, seconds, MEMORY, PEER_MEMORY),
        against_limit(one_stream, seconds, ONE_STREAM, READY, goal=2),
        against_limit(one_stream, seconds, ONE_STREAM, ENCODED, goal=2),
    ]


def _ours_in_file(count: int, folder: Path) -> float:
    return asyncio.run(append_ours(DuckDBEventStore(folder / "ours.duckdb"), count, one_stream=False))


def _ours_in_one_stream(count: int, folder: Path) -> float:
    return asyncio.run(append_ours(DuckDBEventStore(folder / "ours.duckdb"), count, one_stream=True))


def _ours_in_memory(count: int, folder: Path) -> float:
    return asyncio.run(append_ours(InMemoryEventStore(), count, one_stream=False))


def measures(count: int) -> tuple[str, str]:
    """Return what the two measures are called."""
    return f"Append {count:,} events in one append_many", f"Append {count:,} events to one stream"


async def append_ours(event_store: EventStore, count: int, *, one_stream: bool) -> float:
    """Append all to our event store at once, and close it."""
    written = events_of_orders(count)
    appends = [each.as_append() for each in written]
    events = [each.event for each in written]
    try:
        await event_store.head()  # opens the file
        with stopwatch() as watch:
            if one_stream:
                await event_store.append_events("order-1", events, expected_version=0)
            else:
                await event_store.append_many(appends)
        assert await event_store.head() == count
    finally:
        await event_store.close()
    return watch.seconds / count


def _raw(encode: bool, count: int, folder: Path) -> float:
    events = events_of_orders(count)
    rows = rows_of(events)
    with raw_log(folder / "raw.duckdb") as raw, stopwatch() as watch:
        raw.write(encoded(rows, events) if encode else rows)
    return watch.seconds / count


def _peer_in_file(count: int, folder: Path) -> float:
    with peer.application(folder) as application:
        return append_peers(application, count)


def _peer_in_memory(count: int, folder: Path) -> float:
    with peer.application(None) as application:
        return append_peers(application, count)


def append_peers(application: peer.PeerApplication, count: int) -> float:
    """Save aggregates of two events each, all at once."""
    orders = peer.placed_orders(count - count // 2)
    for index, order in enumerate(orders[: count // 2]):
        peer.end(order, index)
    with stopwatch() as watch:
        application.save(*orders)
    assert application.recorder.max_notification_id() == count
    return watch.seconds / count
