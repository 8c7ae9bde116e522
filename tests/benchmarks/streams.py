"""Replay of one stream out of a log that holds many others.

An order has two events at the most, so these streams are accounts that money is paid into, the second domain of our
tests: one of 1,000 deposits, in the middle of a log of accounts with two. Ours is `load_events` and the fold of what
it gives; the peer's is `repository.get`. Both check the versions and end with the same balance.

The peer keeps an index by stream. Our DuckDB file has none, and looks through its stream column: for a stream of two
events that search is nearly all of the time, and grows with the log. Our memory store keeps each stream by itself.
"""

import asyncio
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
class _Stream:
    """An account to be read: how many events it has, how often it is read, and its id everywhere."""

    length: int
    times: int
    account_id: str
    in_peer_file: UUID
    in_peer_memory: UUID


def rows(run: Run) -> list[Row]:
    """Time the replay of a long and of a short stream, in a log of `run.events` events."""
    lengths = _lengths(run.events)
    picked = {max(lengths): run.size(5, 1), SHORT: run.size(30, 1)}
    in_memory = InMemoryEventStore(codec=ACCOUNT_CODEC)
    found: list[Row] = []
    with run.fresh_folder() as folder, peer.application(None) as peer_in_memory:
        log = folder / "ours.duckdb"
        ours = asyncio.run(_write(in_memory, DuckDBEventStore(log, codec=ACCOUNT_CODEC), lengths))
        with peer.application(folder) as peer_in_file:
            file_ids = _write_peer(peer_in_file, lengths)
        memory_ids = _write_peer(peer_in_memory, lengths)
        for length, times in picked.items():
            index = lengths.index(length)
            stream = _Stream(length, times, ours[index], file_ids[index], memory_ids[index])
            seconds = run.medians(
                {
                    FILE: partial(_ours_in_file, log, stream),
                    PEER_FILE: partial(_peer_in_file, folder, stream),
                    MEMORY: partial(_ours_in_memory, in_memory, stream),
                    PEER_MEMORY: partial(_peer, peer_in_memory, stream, stream.in_peer_memory),
                }
            )
            measure = f"One stream, {length:,} events of {sum(lengths):,}"
            found.append(against_rival(measure, seconds, FILE, PEER_FILE))
            found.append(against_rival(measure, seconds, MEMORY, PEER_MEMORY))
    return found


def _lengths(events: int) -> list[int]:
    """Return the length of each stream of the log: one long one amid short ones."""
    long = max(SHORT + 1, min(LONG, events // 2))
    around = [SHORT] * ((events - long) // SHORT // 2)
    return [*around, long, *around, SHORT]


async def _write(in_memory: EventStore, in_file: EventStore, lengths: list[int]) -> list[str]:
    ids = RandomIds()
    account_ids = [ids.new_id("account") for _ in lengths]
    appends = [
        AppendEvents(ACCOUNTS.stream_id(account_id), [Deposited(account_id, CENTS)] * length, 0)
        for account_id, length in zip(account_ids, lengths, strict=True)
    ]
    await in_memory.append_many(appends)
    await in_file.append_many(appends)
    await in_file.close()
    return account_ids


def _write_peer(application: peer.PeerApplication, lengths: list[int]) -> list[UUID]:
    accounts = [peer.Account(CENTS) for _ in lengths]
    for account, length in zip(accounts, lengths, strict=True):
        for _ in range(length - 1):
            account.deposit(CENTS)
    peer.save(application, accounts)
    return [account.id for account in accounts]


def _ours_in_file(log: Path, stream: _Stream, folder: Path) -> float:
    async def opened() -> float:
        async with DuckDBEventStore(log, codec=ACCOUNT_CODEC) as event_store:
            return await _ours(event_store, stream)

    return asyncio.run(opened())


def _ours_in_memory(event_store: EventStore, stream: _Stream, folder: Path) -> float:
    return asyncio.run(_ours(event_store, stream))


async def _ours(event_store: EventStore, stream: _Stream) -> float:
    reducer, stream_id = account_reducer(), ACCOUNTS.stream_id(stream.account_id)
    with stopwatch() as watch:
        for _ in range(stream.times):
            recorded = await event_store.load_events(stream_id)
            facts = [(each.stream_id, each.version, each.event) for each in recorded]
            state = reducer.replay(reducer.initial_state(), facts)
    account, version = reducer.entity(state, stream.account_id)
    assert account is not None
    assert (account.balance_cents, version) == (stream.length * CENTS, stream.length)
    return watch.seconds / stream.times / stream.length


def _peer_in_file(folder: Path, stream: _Stream, fresh: Path) -> float:
    with peer.application(folder) as application:
        return _peer(application, stream, stream.in_peer_file, fresh)


def _peer(application: peer.PeerApplication, stream: _Stream, account_id: UUID, folder: Path) -> float:
    with stopwatch() as watch:
        for _ in range(stream.times):
            account: peer.Account = application.repository.get(account_id)
    assert (account.balance_cents, account.version) == (stream.length * CENTS, stream.length)
    return watch.seconds / stream.times / stream.length
