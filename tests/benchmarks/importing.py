"""A simulated desk's script played into a log through the runtime, and the bare append of the events it came to.

Ours is all of `play`: each command decided on the state, its events given ids, times, causes and an idempotency key,
appended, committed and answered, with 1,000 commands under way at a time. The limit is `append_many` of exactly the
events that are in the log then, with the same ids, times and metadata, 1,000 in a transaction. The ratio is the price
of the runtime, not of the event store, which both use. The peer has nothing to compare.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.table import Row, against_limit
from benchmarks.timing import Run, stopwatch
from orderlab.core.effects import AppendEvents
from orderlab.core.log import NewEvent
from orderlab.core.script import TimedCommand
from orderlab.datasets.desk import simulate
from orderlab.datasets.play import play
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.runtime import Store
from orderlab.system import RandomIds, SystemClock

TOGETHER = 1_000
PLAYED, APPENDED, IN_MEMORY = "play, DuckDB", "append_many", "play, memory"


def rows(run: Run) -> list[Row]:
    """Time the import of 10,000 orders."""
    orders = run.size(10_000, 20)
    count = len(asyncio.run(_appends_of(_script(orders))))
    seconds = run.medians(
        {
            PLAYED: partial(_played_in_file, orders),
            APPENDED: partial(_appended, orders),
            IN_MEMORY: partial(_played_in_memory, orders),
        }
    )
    measure = f"Import {orders:,} orders, {count:,} events"
    return [
        against_limit(measure, seconds, PLAYED, APPENDED),
        against_limit(measure, seconds, IN_MEMORY, APPENDED),
    ]


def _script(orders: int) -> list[TimedCommand]:
    return simulate(seed=1, orders=orders)


def _played_in_file(orders: int, folder: Path) -> float:
    return asyncio.run(_played(DuckDBEventStore(folder / "ours.duckdb"), orders))


def _played_in_memory(orders: int, folder: Path) -> float:
    return asyncio.run(_played(InMemoryEventStore(), orders))


async def _played(event_store: DuckDBEventStore | InMemoryEventStore, orders: int) -> float:
    script, env = _script(orders), OrderEnvironment(SystemClock(), RandomIds())
    async with event_store, Store(OrderReducer(), OrderState(), env, event_store) as store:
        with stopwatch() as watch:
            await play(script, store)
        return watch.seconds / store.position


def _appended(orders: int, folder: Path) -> float:
    async def appended() -> float:
        appends = await _appends_of(_script(orders))
        async with DuckDBEventStore(folder / "ours.duckdb") as event_store:
            with stopwatch() as watch:
                for start in range(0, len(appends), TOGETHER):
                    await event_store.append_many(appends[start : start + TOGETHER])
            assert await event_store.head() == len(appends)
        return watch.seconds / len(appends)

    return asyncio.run(appended())


async def _appends_of(script: Sequence[TimedCommand]) -> list[AppendEvents]:
    """Return the appends of what a script comes to, everything in them as the runtime would write it."""
    env = OrderEnvironment(SystemClock(), RandomIds())
    async with InMemoryEventStore() as event_store:
        async with Store(OrderReducer(), OrderState(), env, event_store) as store:
            await play(script, store)
        return [
            AppendEvents(
                each.stream_id,
                [
                    NewEvent(
                        each.event,
                        each.event_id,
                        each.recorded_at,
                        each.correlation_id,
                        each.causation_id,
                        each.metadata,
                    )
                ],
                each.version - 1,
            )
            async for each in event_store.read_all()
        ]
