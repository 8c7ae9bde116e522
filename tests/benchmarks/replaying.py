"""Replay of a whole log into state.

Ours is `load_state`, which decodes each payload into the domain's typed values, checks every version, and ends in a
persistent map. The peer's events become aggregates in a dictionary; it checks versions as well. Both read the same
orders in the same order, and it is checked that as many end shipped and cancelled. Each round opens its file anew; the
time of that counts in the measure that says so, and in no other.

The limit is what nobody can do without: DuckDB hands out the payload column, with the event types, and msgspec decodes
it, the collector paused; nothing is checked, sorted or folded.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from benchmarks import peer
from benchmarks.raw import raw_log
from benchmarks.sample import events_of_orders
from benchmarks.table import Row, against_limit, against_rival
from benchmarks.timing import Run, collector_paused, stopwatch
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.actions import EVENTS
from orderlab.replay import load_state

FILE, MEMORY, PEER_FILE, PEER_MEMORY, RAW = "DuckDB", "memory", "peer, SQLite", "peer, memory", "raw, decoded"
MEASURE = "Replay the whole log"


def rows(run: Run) -> list[Row]:
    """Time the replay of a log of `run.events` events, which is written once, for replay does not change it."""
    in_memory, events = InMemoryEventStore(), run.events
    with run.fresh_folder() as folder, peer.application(None) as peer_in_memory:
        log = folder / "ours.duckdb"
        asyncio.run(_write(in_memory, DuckDBEventStore(log), events))
        peer.write_orders(peer_in_memory, events)
        with peer.application(folder) as peer_in_file:
            peer.write_orders(peer_in_file, events)
        seconds = run.medians(
            {
                FILE: lambda _: asyncio.run(_ours(DuckDBEventStore(log), opened=True)),
                PEER_FILE: lambda _: _peer_in_file(folder, events, opened=True),
                RAW: lambda _: _raw(log, events),
                MEMORY: lambda _: asyncio.run(_replay(in_memory)),
                PEER_MEMORY: lambda _: _peer(peer_in_memory, events),
            }
        )
        from_closed = run.medians(
            {
                FILE: lambda _: asyncio.run(_ours(DuckDBEventStore(log), opened=False)),
                PEER_FILE: lambda _: _peer_in_file(folder, events, opened=False),
            }
        )
    return [
        against_rival(MEASURE, seconds, FILE, PEER_FILE, goal=8),
        against_limit(MEASURE, seconds, FILE, RAW),
        against_rival(MEASURE, seconds, MEMORY, PEER_MEMORY),
        against_rival("Open the file and replay it", from_closed, FILE, PEER_FILE),
    ]


async def _write(in_memory: EventStore, in_file: EventStore, count: int) -> None:
    appends = [written.as_append() for written in events_of_orders(count)]
    await in_memory.append_many(appends)
    await in_file.append_many(appends)
    await in_file.close()


async def _ours(event_store: EventStore, *, opened: bool) -> float:
    """Replay a file and close it; it is opened by the first use, and that beforehand if it is not to count."""
    try:
        if opened:
            await event_store.head()
        return await _replay(event_store)
    finally:
        await event_store.close()


async def _replay(event_store: EventStore) -> float:
    with stopwatch() as watch:
        state = await load_state(event_store)
    count = await event_store.head()
    _check(state.counts(), count)
    return watch.seconds / count


def _peer_in_file(folder: Path, count: int, *, opened: bool) -> float:
    if opened:
        with peer.application(folder) as application:
            return _peer(application, count)
    with ExitStack() as stack, stopwatch() as watch:
        aggregates = peer.replayed(stack.enter_context(peer.application(folder)))
    _check(_counts(aggregates), count)
    return watch.seconds / count


def _peer(application: peer.PeerApplication, count: int) -> float:
    with stopwatch() as watch:
        aggregates = peer.replayed(application)
    _check(_counts(aggregates), count)
    return watch.seconds / count


def _raw(log: Path, count: int) -> float:
    decoders: dict[str, Callable[[str], Any]] = {
        event_type.__name__: msgspec.json.Decoder(event_type).decode for event_type in EVENTS
    }
    with raw_log(log) as raw, stopwatch() as watch, collector_paused():
        columns = raw.connection.execute("SELECT event_type, payload FROM events").fetchnumpy()
        pairs = zip(columns["event_type"].tolist(), columns["payload"].tolist(), strict=True)
        decoded = [decoders[event_type](payload) for event_type, payload in pairs]
    assert len(decoded) == count
    return watch.seconds / count


def _counts(aggregates: Mapping[UUID, Any]) -> Mapping[str, int]:
    return Counter(order.status for order in aggregates.values())


def _check(counts: Mapping[str, int], events: int) -> None:
    """Refuse to report the time of a replay that came to anything else."""
    ended = events // 2
    cancelled = (ended + 4) // 5  # one in five, from the first; see `sample.is_cancelled`
    found = (counts["placed"], counts["shipped"], counts["cancelled"])
    assert found == (events - 2 * ended, ended - cancelled, cancelled), found
