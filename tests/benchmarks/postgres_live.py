"""PostgreSQL between processes: a log that is followed from another one, and the server on it.

**Following.** One process appends, and begins again when another has the event: the time is that from before the append
to there. Ours is `append_events` and `subscribe`. The bare one makes the same call by the driver, and has the driver
wait for the notification: "LISTEN" goes no further, "LISTEN, SELECT" reads the event as well, as a follower must.

**Serving** is as in `serving`. PostgreSQL's own processes run wherever there is room, also beside the server and wrk.
Two workers have all cores, for one alone would have them share it; so does wrk, which takes its part of them.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks import serving
from benchmarks.database import Database, fresh_schema, with_schema
from benchmarks.driver import driver, make_log
from benchmarks.follower import Way, following
from benchmarks.live import Figure, Figures, Line, compared, median_figures
from benchmarks.sample import placed_orders, rows_of
from benchmarks.servers import DUCKDB, orderlab_server
from benchmarks.timing import Run
from benchmarks.wrk import require_wrk
from orderlab.eventstore.postgres import PostgresEventStore

OURS, LISTEN, SELECT = "orderlab", "LISTEN", "LISTEN, SELECT"
ONE_PROCESS, TWO_WORKERS, FILE, BARE = "orderlab", "two workers", "DuckDB file", "bare"

MEASURE = "From an append to a follower"
FIGURES: tuple[Figure, ...] = ("p50", "p99")

_WARM_UP = 20
_PAUSE = 0.002
_GOALS = {f"{serving.PLACE}, 64 connections": 0.65}


def following_lines(run: Run, database: Database) -> list[Line]:
    """Time how long until another process has an event."""
    count, url = run.size(1_000, 5), database.url
    ways: dict[str, Way] = {LISTEN: "listen", SELECT: "select"}
    rounds = run.turns(
        {OURS: partial(_ours, url, count)} | {name: partial(_bare, url, count, way) for name, way in ways.items()}
    )
    limit = rounds[LISTEN]
    comparisons = {name: tuple(compared(each, its, limit) for each in FIGURES) for name, its in rounds.items()}
    comparisons[LISTEN] = ()
    return [Line(MEASURE, name, median_figures(its), comparisons[name]) for name, its in rounds.items()]


def serving_lines(run: Run, database: Database) -> list[Line]:
    """Load our server on PostgreSQL, and the bare one.

    Raises:
        LeftOut: There is no wrk.
    """
    require_wrk()
    connections, seconds = ((64,), 0.3) if run.quick else (serving.CONNECTIONS, 3.0)
    contenders = {
        ONE_PROCESS: partial(_server, database.url, 1, connections, seconds),
        TWO_WORKERS: partial(_server, database.url, 2, connections, seconds),
        FILE: partial(serving.load_ours, DUCKDB, connections, seconds),
        BARE: partial(serving.load_bare, connections, seconds),
    }
    if run.quick:
        del contenders[TWO_WORKERS]
    rounds = run.turns(contenders)
    return [line for measure in rounds[BARE][0] for line in _lines(measure, rounds)]


def _lines(measure: str, rounds: Mapping[str, Sequence[serving.Measured]]) -> Iterator[Line]:
    figures = {name: [each[measure] for each in measured] for name, measured in rounds.items()}
    for name, its in figures.items():
        goal = _GOALS.get(measure) if name == ONE_PROCESS else None
        ratio = compared("rate", its, figures[BARE], goal=goal)
        yield Line(measure, name, median_figures(its), () if name == BARE else (ratio,))


def _server(url: str, workers: int, connections: tuple[int, ...], seconds: float, folder: Path) -> serving.Measured:
    with fresh_schema(url, folder) as schema, orderlab_server(with_schema(url, schema), folder, workers) as served:
        return serving.measured(served, connections, seconds, folder)


def _ours(url: str, count: int, folder: Path) -> Figures:
    with fresh_schema(url, folder) as schema:
        return asyncio.run(_followed(url, schema, count))


async def _followed(url: str, schema: str, count: int) -> Figures:
    seconds: list[float] = []
    async with PostgresEventStore(url, schema=schema) as event_store:
        await event_store.head()
        with following("subscribe", url, schema) as next_one:
            for each in placed_orders(_WARM_UP + count):
                await asyncio.sleep(_PAUSE)
                began = perf_counter()
                await event_store.append_events(each.stream_id, [each.event], expected_version=0)
                seconds.append(next_one() - began)
    return Figures.of_seconds(seconds[_WARM_UP:])


def _bare(url: str, count: int, way: Way, folder: Path) -> Figures:
    seconds: list[float] = []
    with fresh_schema(url, folder) as schema:
        asyncio.run(make_log(url, schema))
        with driver(url, schema) as bare, following(way, url, schema) as next_one:
            for row in rows_of(placed_orders(_WARM_UP + count)):
                time.sleep(_PAUSE)
                began = perf_counter()
                bare.call(row)
                seconds.append(next_one() - began)
    return Figures.of_seconds(seconds[_WARM_UP:])
