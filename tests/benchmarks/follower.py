"""Who follows a log in PostgreSQL from another process: `python -m benchmarks.follower subscribe URL SCHEMA`.

It says first that it is there, and then, for every event, when it had it. `subscribe` is our subscription, which gives
events; `listen` has the driver wait for notifications, which say no more than that there is an event; `select` does the
same, and then reads the row.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from time import perf_counter
from typing import Literal

from psycopg import sql

from benchmarks.database import connected
from orderlab.eventstore.postgres import PostgresEventStore

Way = Literal["subscribe", "listen", "select"]

_TESTS = Path(__file__).parents[1]


@contextmanager
def following(way: Way, url: str, schema: str) -> Iterator[Callable[[], float]]:
    """Have a log followed by another process; give what waits for the next event to be there, and says since when."""
    command = [sys.executable, "-m", "benchmarks.follower", way, url, schema]
    with Popen(command, cwd=_TESTS, stdout=PIPE, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            told = process.stdout
            first = told.readline()
            assert first == "there\n", first
            yield lambda: float(told.readline())
        finally:
            process.kill()


def _tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def _subscribe(url: str, schema: str) -> None:
    async with PostgresEventStore(url, schema=schema) as event_store:
        _tell("there")
        async for _ in event_store.subscribe():
            _tell(perf_counter())


def _listen(url: str, schema: str, *, select: bool) -> None:
    row = sql.SQL("SELECT * FROM {} WHERE position = %b").format(sql.Identifier(schema, "events"))
    with connected(url) as connection, connected(url) as reading:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(schema)))
        _tell("there")
        for notice in connection.notifies():
            if select:
                reading.execute(row, [int(notice.payload)], prepare=True, binary=True).fetchone()
            _tell(perf_counter())


def main(way: str, url: str, schema: str) -> None:
    """Follow until killed."""
    if way == "subscribe":
        asyncio.run(_subscribe(url, schema))
    else:
        _listen(url, schema, select=way == "select")


if __name__ == "__main__":
    main(*sys.argv[1:])
