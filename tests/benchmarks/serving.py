"""Orders placed and read over HTTP, by 1, 16 and 64 connections at a time.

Ours is the whole server, as `orderlab serve` runs it, on an event store in memory and on a durable DuckDB file. It is
held against the least that a server in the same libraries can do: `bare` says what that is. Both are loaded by wrk, on
another core. What is placed has three items; what is read is one order again and again.

The bare server keeps nothing, and answers without the headers that ours has on every answer.
"""

import http.client
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.live import Figures, Line, compared, median_figures
from benchmarks.sample import CUSTOMER, ITEMS
from benchmarks.servers import DUCKDB, HOST, MEMORY, Served, bare_server, orderlab_server
from benchmarks.timing import Run
from benchmarks.wrk import Asked, load, require_wrk

IN_MEMORY, IN_FILE, BARE = "memory", "DuckDB", "bare"
CONNECTIONS = (1, 16, 64)
BODY = msgspec.json.encode({"customer_id": CUSTOMER, "items": ITEMS}).decode()
PATH = "/api/v1/orders"

PLACE, _READ = "Place an order", "Read an order"
_GOALS = {(f"{PLACE}, 64 connections", IN_MEMORY): 0.7, (f"{PLACE}, 64 connections", IN_FILE): 0.55}

Measured = dict[str, Figures]
"""Figures by measure."""


def lines(run: Run) -> list[Line]:
    """Load our server and the bare one.

    Raises:
        LeftOut: There is no wrk.
    """
    require_wrk()
    connections, seconds = ((64,), 0.3) if run.quick else (CONNECTIONS, 3.0)
    rounds = run.turns(
        {
            IN_MEMORY: partial(load_ours, MEMORY, connections, seconds),
            IN_FILE: partial(load_ours, DUCKDB, connections, seconds),
            BARE: partial(load_bare, connections, seconds),
        }
    )
    return [line for measure in rounds[BARE][0] for line in _lines(measure, rounds)]


def _lines(measure: str, rounds: Mapping[str, Sequence[Measured]]) -> Iterator[Line]:
    figures = {name: [each[measure] for each in measured] for name, measured in rounds.items()}
    for name, its in figures.items():
        ratio = compared("rate", its, figures[BARE], goal=_GOALS.get((measure, name)))
        yield Line(measure, name, median_figures(its), () if name == BARE else (ratio,))


def load_ours(url: str, connections: tuple[int, ...], seconds: float, folder: Path) -> Measured:
    """Load our server on an event store of this process's own."""
    with orderlab_server(url, folder) as served:
        return measured(served, connections, seconds, folder)


def load_bare(connections: tuple[int, ...], seconds: float, folder: Path) -> Measured:
    """Load the bare server."""
    with bare_server("orders") as served:
        return measured(served, connections, seconds, folder)


def measured(served: Served, connections: tuple[int, ...], seconds: float, folder: Path) -> Measured:
    """Place orders on a server and read one, by some numbers of connections."""
    asked = {PLACE: Asked("POST", PATH, BODY), _READ: Asked("GET", _place_one(served))}
    for each in asked.values():  # Python's interpreter adapts to what it is given to do
        load(served, each, connections=max(connections), seconds=seconds / 3, folder=folder)
    return {
        f"{name}, {count} connection{'s' * (count != 1)}": load(
            served, each, connections=count, seconds=seconds, folder=folder
        )
        for name, each in asked.items()
        for count in connections
    }


def _place_one(served: Served) -> str:
    """Place an order, and return its path."""
    connection = http.client.HTTPConnection(HOST, served.port)
    try:
        connection.request("POST", PATH, BODY, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        location = answer.headers["Location"]
        assert (answer.status, type(location)) == (201, str), answer.read()
        return str(location)
    finally:
        connection.close()
