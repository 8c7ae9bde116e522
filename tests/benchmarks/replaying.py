"""Replay of a whole log into state.

Ours is `load_state`, which decodes each payload into the domain's typed values, checks every version, and ends in a
persistent map. The peer's events become aggregates in a dictionary; it checks versions as well. Both keep the log on
disk, read it from there, and end with the same orders shipped and cancelled. Each round opens the file anew: the time
of that counts in the measure that says so, and in no other.

The limit is what nobody can do without: DuckDB hands out the payload column, with the event types, and msgspec decodes
it, the collector paused; nothing is checked, sorted or folded.
"""

import asyncio
from collections import Counter
from pathlib import Path

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
from orderlab.orders.model import OrderState
from orderlab.replay import load_state

FILE, MEMORY, PEER_FILE, PEER_MEMORY, RAW = "DuckDB", "memory", "peer, SQLite", "peer, memory", "fetch and decode"
OPENED, PEER_OPENED = "DuckDB, opened", "peer, opened"


def rows(run: Run) -> list[Row]:
    """Time the replay of a log of `run.events` events."""
    with run.fresh_folder() as folder:
        return asyncio.run(_filled(run.events)).timed(run, folder)


class _Logs:
    """The same events in every place; replay changes none of them, so they are written once."""

    def __init__(self, events: int, in_memory: InMemoryEventStore) -> None:
        self.events = events
        self.in_memory = in_memory

    def timed(self, run: Run, folder: Path) -> list[Row]:
        """Write the logs that are in files, and time the replays."""
        self.path = folder / "ours.duckdb"
        asyncio.run(self._write())
        with peer.application(folder) as in_file:
            peer.write_orders(in_file, self.events)
        with peer.application(None) as in_memory:
            peer.write_orders(in_memory, self.events)
            seconds = run.medians(
                {
                    FILE: lambda _: asyncio.run(self._ours()),
                    PEER_FILE: lambda _: self._peer(folder),
                    RAW: lambda _: self._raw(),
                    OPENED: lambda _: self._ours_opened(),
                    PEER_OPENED: lambda _: self._peer_opened(folder),
                    MEMORY: lambda _: asyncio.run(self._ours_in_memory()),
                    PEER_MEMORY: lambda _: self._replayed(in_memory),
                }
            )
        return [
            against_rival("Replay the whole log", seconds, FILE, PEER_FILE, goal=8),
            against_limit("Replay the whole log", seconds, FILE, RAW),
            against_rival("Replay the whole log", seconds, MEMORY, PEER_MEMORY),
            against_rival("Open the file and replay it", seconds, OPENED, PEER_OPENED),
        ]

    async def _write(self) -> None:
        async with DuckDBEventStore(self.path) as event_store:
            await _write(event_store, self.events)

    async def _ours(self) -> float:
        async with DuckDBEventStore(self.path) as event_store:
            return await self._loaded(event_store)

    def _ours_opened(self) -> float:
        async def opened() -> OrderState:
            async with DuckDBEventStore(self.path) as event_store:
                state = await load_state(event_store)
                watch.stop()
                return state

        with stopwatch() as watch:
            state = asyncio.run(opened())
        self._check(state.counts())
        return watch.seconds / self.events

    async def _ours_in_memory(self) -> float:
        return await self._loaded(self.in_memory)

    async def _loaded(self, event_store: EventStore) -> float:
        with stopwatch() as watch:
            state = await load_state(event_store)
        self._check(state.counts())
        return watch.seconds / self.events
