"""Replay of one stream out of a log that holds many others.

An order has two events at the most, so these streams are accounts that money is paid into, the second domain of our
tests: one of 1,000 deposits, in the middle of a log of accounts with two. Ours is `load_events` and the fold of what
it gives; the peer's is `repository.get`. Both check the versions and end with the same balance.

The peer keeps an index by stream. Our DuckDB file has none, and looks through its stream column: for a stream of two
events that search is nearly all of the time, and grows with the log. Our memory store keeps each stream by itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from accounts import ACCOUNT_CODEC, ACCOUNTS, Deposited, account_reducer

from benchmarks import peer
from benchmarks.table import Row, against_rival
from benchmarks.timing import Run, stopwatch
from orderlab.core.effects import AppendEvents
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.system import RandomIds

LONG, SHORT, CENTS = 1_000, 2, 5
FILE, MEMORY, PEER_FILE, PEER_MEMORY = "DuckDB", "memory", "peer, SQLite", "peer, memory"


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read: the stream with this index, so many times, of a log of streams of these lengths."""

    lengths: tuple[int, ...]
    index: int
    times: int

    @property
    def length(self) -> int:
        """How many events the stream has."""
        return self.lengths[self.index]


def rows(run: Run) -> list[Row]:
    """Time the replay of a long and of a short stream, in a log of `run.events` events."""
    lengths = lengths_of(run.events)
    found: list[Row] = []
    with run.fresh_folder() as logs:
        ours = asyncio.run(write_ours(DuckDBEventStore(logs / "ours.duckdb", codec=ACCOUNT_CODEC), lengths))
        with peer.application(logs) as in_file:
            theirs = write_peers(in_file, lengths)
        for length, times in {max(lengths): run.size(5, 1), SHORT: run.size(30, 1)}.items():
            reading = Reading(lengths, lengths.index(length), times)
            seconds = run.medians(
                {
                    FILE: partial(_ours_in_file, logs, reading, ours[reading.index]),
                    PEER_FILE: partial(_peer_in_file, logs, reading, theirs[reading.index]),
                    MEMORY: partial(_ours_in_memory, reading),
                    PEER_MEMORY: partial(_peer_in_memory, reading),
                }
            )
            found.append(against_rival(measure(reading), seconds, FILE, PEER_FILE))
            found.append(against_rival(measure(reading), seconds, MEMORY, PEER_MEMORY))
    return found


def measure(reading: Reading) -> str:
    """Return what the reading of a stream is called."""
    return f"One stream, {reading.length:,} events of {sum(reading.lengths):,}"


def lengths_of(events: int) -> tuple[int, ...]:
    """Return the length of each stream of the log: one long one amid short ones."""
    long = max(SHORT + 1, min(LONG, events // 2))
    around = [SHORT] * ((events - long) // SHORT // 2)
    return (*around, long, *around, SHORT)


async def write_ours(event_store: EventStore, lengths: Sequence[int]) -> list[str]:
    """Write the log, close it if it is in a file, and return the ids of its accounts."""
    ids = RandomIds()
    account_ids = [ids.new_id("account") for _ in lengths]
    appends = [
        AppendEvents(ACCOUNTS.stream_id(account_id), [Deposited(account_id, CENTS)] * length, 0)
        for account_id, length in zip(account_ids, lengths, strict=True)
    ]
    await event_store.append_many(appends)
    if isinstance(event_store, DuckDBEventStore):
        await event_store.close()
    return account_ids


def write_peers(application: peer.PeerApplication, lengths: Sequence[int]) -> list[UUID]:
    """Write the same log with an application, and return the ids of its accounts."""
    accounts = [peer.Account(CENTS) for _ in lengths]
    for account, length in zip(accounts, lengths, strict=True):
        for _ in range(length - 1):
            account.deposit(CENTS)
    peer.save(application, accounts)
    return [account.id for account in accounts]


def _ours_in_file(logs: Path, reading: Reading, account_id: str, folder: Path) -> float:
    async def read() -> float:
        async with DuckDBEventStore(logs / "ours.duckdb", codec=ACCOUNT_CODEC) as event_store:
            return await read_ours(event_store, reading, account_id)

    return asyncio.run(read())


def _ours_in_memory(reading: Reading, folder: Path) -> float:
    async def read() -> float:
        event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
        account_ids = await write_ours(event_store, reading.lengths)
        return await read_ours(event_store, reading, account_ids[reading.index])

    return asyncio.run(read())


async def read_ours(event_store: EventStore, reading: Reading, account_id: str) -> float:
    """Read a stream of an open event store and fold it, again and again."""
    reducer, stream_id = account_reducer(), ACCOUNTS.stream_id(account_id)
    with stopwatch() as watch:
        for _ in range(reading.times):
            recorded = await event_store.load_events(stream_id)
            facts = [(each.stream_id, each.version, each.event) for each in recorded]
            state = reducer.replay(reducer.initial_state(), facts)
    account, version = reducer.entity(state, account_id)
    assert account is not None
    assert (account.balance_cents, version) == (reading.length * CENTS, reading.length)
    return watch.seconds / reading.times / reading.length


def _peer_in_file(logs: Path, reading: Reading, account_id: UUID, folder: Path) -> float:
    with peer.application(logs) as application:
        return read_peers(application, reading, account_id)


def _peer_in_memory(reading: Reading, folder: Path) -> float:
    with peer.application(None) as application:
        account_ids = write_peers(application, reading.lengths)
        return read_peers(application, reading, account_ids[reading.index])


def read_peers(application: peer.PeerApplication, reading: Reading, account_id: UUID) -> float:
    """Get an aggregate of an application, again and again."""
    with stopwatch() as watch:
        for _ in range(reading.times):
            account: peer.Account = application.repository.get(account_id)
    assert (account.balance_cents, account.version) == (reading.length * CENTS, reading.length)
    return watch.seconds / reading.times / reading.length
