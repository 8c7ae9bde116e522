"""Replay of a whole log into state.

Ours is `load_state`, which decodes each payload into the domain's typed values, checks every version, and ends in a
persistent map. The peer's events become aggregates in a dictionary; it checks versions as well. Both read the same
orders in the same order, and it is checked that as many end shipped and cancelled. Each process opens the file anew;
the time of that counts in the measure that says so, and in no other.

The limit is what nobody can do without: DuckDB hands out the payload column, with the event types, and msgspec decodes
it, the collector paused; nothing is checked, sorted or folded.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
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
    """Time the replay of a log of `run.events` events; the files are written once, for replay does not change them."""
    events = run.events
    with run.fresh_folder() as logs:
        asyncio.run(write_ours(DuckDBEventStore(logs / "ours.duckdb"), events))
        with peer.application(logs) as peer_in_file:
            peer.write_orders(peer_in_file, events)
        seconds = run.medians(
            {
                FILE: partial(_ours_in_file, logs, True),
                PEER_FILE: partial(_peer_in_file, logs, events),
                RAW: partial(_raw, logs, events),
                MEMORY: partial(_ours_in_memory, events),
                PEER_MEMORY: partial(_peer_in_memory, events),
            }
        )
        from_closed = run.medians(
            {
                FILE: partial(_ours_in_file, logs, False),
                PEER_FILE: partial(_peer_opened, logs, events),
            }
        )
    return [
        against_rival(MEASURE, seconds, FILE, PEER_FILE, goal=8),
        against_limit(MEASURE, seconds, FILE, RAW),
        against_rival(MEASURE, seconds, MEMORY, PEER_MEMORY),
        against_rival("Open the file and replay it", from_closed, FILE, PEER_FILE),
    ]


async def write_ours(event_store: EventStore, count: int) -> None:
    """Write a log, and close it."""
    await event_store.append_many([written.as_append() for written in events_of_orders(count)])
    await event_store.close()


def _ours_in_file(logs: Path, opened_before: bool, folder: Path) -> float:
    async def replayed() -> float:
        event_store = DuckDBEventStore(logs / "ours.duckdb")  # is opened by its first use
        try:
            if opened_before:
                await event_store.head()
            return await replay_ours(event_store)
        finally:
            await event_store.close()

    return asyncio.run(replayed())


def _ours_in_memory(count: int, folder: Path) -> float:
    async def replayed() -> float:
        event_store = InMemoryEventStore()
        await event_store.append_many([written.as_append() for written in events_of_orders(count)])
        return await replay_ours(event_store)

    return asyncio.run(replayed())


async def replay_ours(event_store: EventStore) -> float:
    """Load the state of an open event store, and check it."""
    with stopwatch() as watch:
        state = await load_state(event_store)
    count = await event_store.head()
    _check(state.counts(), count)
    return watch.seconds / count


def _peer_in_file(logs: Path, count: int, folder: Path) -> float:
    with peer.application(logs) as application:
        return replay_peers(application, count)


def _peer_in_memory(count: int, folder: Path) -> float:
    with peer.application(None) as application:
        peer.write_orders(application, count)
        return replay_peers(application, count)


def _peer_opened(logs: Path, count: int, folder: Path) -> float:
    with ExitStack() as stack, stopwatch() as watch:
        aggregates = peer.replayed(stack.enter_context(peer.application(logs)))
    _check(_counts(aggregates), count)
    return watch.seconds / count


def replay_peers(application: peer.PeerApplication, count: int) -> float:
    """Replay the log of an application, and check what it comes to."""
    with stopwatch() as watch:
        aggregates = peer.replayed(application)
    _check(_counts(aggregates), count)
    return watch.seconds / count


def _raw(logs: Path, count: int, folder: Path) -> float:
    decoders = payload_decoders()
    with raw_log(logs / "ours.duckdb") as raw, stopwatch() as watch, collector_paused():
        columns = raw.connection.execute("SELECT event_type, payload FROM events").fetchnumpy()
        pairs = zip(columns["event_type"].tolist(), columns["payload"].tolist(), strict=True)
        decoded = [decoders[event_type](payload) for event_type, payload in pairs]
    assert len(decoded) == count
    return watch.seconds / count


def payload_decoders() -> dict[str, Callable[[str | bytes], Any]]:
    """Return for each event type what decodes its JSON, checking its types and nothing else."""
    return {event_type.__name__: msgspec.json.Decoder(event_type).decode for event_type in EVENTS}


def _counts(aggregates: Mapping[UUID, Any]) -> Mapping[str, int]:
    return Counter(order.status for order in aggregates.values())


def _check(counts: Mapping[str, int], events: int) -> None:
    """Refuse to report the time of a replay that came to anything else."""
    ended = events // 2
    cancelled = (ended + 4) // 5  # one in five, from the first; see `sample.is_cancelled`
    found = (counts["placed"], counts["shipped"], counts["cancelled"])
    assert found == (events - 2 * ended, ended - cancelled, cancelled), found
