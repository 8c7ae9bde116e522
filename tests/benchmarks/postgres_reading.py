"""Replay out of PostgreSQL: of a whole log, and of one stream.

What is done is as in `replaying` and `streams`; each process connects anew, outside of the times. The limit of the
whole log is what nobody can do without: the driver fetches the payload column, with the event types, and msgspec
decodes it, the collector paused; nothing is checked, sorted or folded. Here we have an index by stream as the peer has.
A DuckDB file with the same events is replayed for whoever has to choose.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

from accounts import ACCOUNT_CODEC
from psycopg import sql

from benchmarks import peer, replaying, streams
from benchmarks.database import Database, connected, fresh_schema
from benchmarks.driver import driver
from benchmarks.streams import Reading
from benchmarks.table import Row, against_limit, against_rival
from benchmarks.timing import Run, collector_paused, stopwatch
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.eventstore.rows import RowEventStore

OURS, FILE, PEER, RAW = "orderlab", "DuckDB file", "peer", "driver, decoded"


def replay_rows(run: Run, database: Database) -> list[Row]:
    """Time the replay of a log of `run.events` events; both logs are written once, for replay does not change them."""
    count, url = run.events, database.url
    with _log(run, url) as ours, _log(run, url) as theirs, run.fresh_folder() as logs:
        asyncio.run(replaying.write_ours(PostgresEventStore(url, schema=ours), count))
        asyncio.run(replaying.write_ours(DuckDBEventStore(logs / "ours.duckdb"), count))
        with peer.application_in_postgres(url, theirs) as application:
            peer.write_orders(application, count)
        _settle(url, ours, theirs)
        seconds = run.medians(
            {
                OURS: partial(_ours, url, ours),
                FILE: partial(_ours_in_file, logs / "ours.duckdb"),
                PEER: partial(_peer, url, theirs, count),
                RAW: partial(_raw, url, ours, count),
            }
        )
    return [
        against_rival(replaying.MEASURE, seconds, OURS, PEER, goal=8),
        against_rival(replaying.MEASURE, seconds, OURS, FILE),
        against_limit(replaying.MEASURE, seconds, OURS, RAW),
    ]


def stream_rows(run: Run, database: Database) -> list[Row]:
    """Time the replay of a long and of a short stream, in a log of `run.events` events."""
    lengths, url = streams.lengths_of(run.events), database.url
    found: list[Row] = []
    with _log(run, url) as ours, _log(run, url) as theirs:
        our_ids = asyncio.run(_write_accounts(url, ours, lengths))
        with peer.application_in_postgres(url, theirs) as application:
            their_ids = streams.write_peers(application, lengths)
        _settle(url, ours, theirs)
        for length, times in {max(lengths): run.size(5, 1), streams.SHORT: run.size(30, 1)}.items():
            reading = Reading(lengths, lengths.index(length), times)
            seconds = run.medians(
                {
                    OURS: partial(_our_stream, url, ours, reading, our_ids[reading.index]),
                    PEER: partial(_peer_stream, url, theirs, reading, their_ids[reading.index]),
                }
            )
            found.append(against_rival(streams.measure(reading), seconds, OURS, PEER))
    return found


@contextmanager
def _log(run: Run, url: str) -> Iterator[str]:
    with run.fresh_folder() as folder, fresh_schema(url, folder) as schema:
        yield schema


def _settle(url: str, *schemas: str) -> None:
    """Do at once what PostgreSQL would do in the background while the logs are read."""
    with connected(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", [[*schemas]]
        )
        for place in tables.fetchall():
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(*map(str, place))))


async def _write_accounts(url: str, schema: str, lengths: tuple[int, ...]) -> list[str]:
    async with PostgresEventStore(url, schema=schema, codec=ACCOUNT_CODEC) as event_store:
        return await streams.write_ours(event_store, lengths)


def _ours(url: str, schema: str, folder: Path) -> float:
    return asyncio.run(_replayed(PostgresEventStore(url, schema=schema)))


def _ours_in_file(path: Path, folder: Path) -> float:
    return asyncio.run(_replayed(DuckDBEventStore(path)))


async def _replayed(event_store: RowEventStore) -> float:
    async with event_store:
        await event_store.head()  # connects
        return await replaying.replay_ours(event_store)


def _peer(url: str, schema: str, count: int, folder: Path) -> float:
    with peer.application_in_postgres(url, schema) as application:
        return replaying.replay_peers(application, count)


def _raw(url: str, schema: str, count: int, folder: Path) -> float:
    decoders = replaying.payload_decoders()
    with driver(url, schema) as bare, stopwatch() as watch, collector_paused():
        decoded = [decoders[event_type](payload) for event_type, payload in bare.payloads()]
    assert len(decoded) == count
    return watch.seconds / count


def _our_stream(url: str, schema: str, reading: Reading, account_id: str, folder: Path) -> float:
    async def read() -> float:
        async with PostgresEventStore(url, schema=schema, codec=ACCOUNT_CODEC) as event_store:
            await event_store.head()  # connects
            return await streams.read_ours(event_store, reading, account_id)

    return asyncio.run(read())


def _peer_stream(url: str, schema: str, reading: Reading, account_id: UUID, folder: Path) -> float:
    with peer.application_in_postgres(url, schema) as application:
        return streams.read_peers(application, reading, account_id)
