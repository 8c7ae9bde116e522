"""How long until the last of 1, 100 and 1,000 WebSocket clients has what was just committed.

Two servers send the same amount of text to the same clients, which are a process of their own on another core, and
are told to by the same request. Ours is the whole server on an event store in memory: it checks the order, decides,
appends and commits it, and then sends. The bare one, of which `bare` tells more, has its text ready and sends at once.

The clock starts where the request is sent and stops where the last client has its message, for both, and nothing is
taken off: so ours includes placing the order, which counts for much with one client and for little with a thousand.
"Once decided" is a second look at the same broadcasts: it begins at the time that the order's event says it happened,
a moment before its commit.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from time import perf_counter, time

import msgspec

from benchmarks.clients import Audience, listening, ordering
from benchmarks.live import Figures, Line, compared, median_figures
from benchmarks.servers import LOAD, MEMORY, Served, allow_open_files, bare_server, on_core, orderlab_server
from benchmarks.timing import Run
from orderlab.server.running import new_event_loop

OURS, DECIDED, BARE = "orderlab", "once decided", "bare"
CLIENTS = (1, 100, 1_000)

_GOALS = {1_000: 1.6}
_WARM_UP = 5
_PAUSE = 0.005
"""Between two broadcasts, for what the servers put off until they have nothing else to do."""

Measured = dict[tuple[int, str], Figures]
"""Figures by the number of clients and the contender."""


class _Placed(msgspec.Struct):
    timestamp: datetime


class _Action(msgspec.Struct):
    placed: _Placed = msgspec.field(name="OrderPlaced")


class _Message(msgspec.Struct):
    action: _Action


def lines(run: Run) -> list[Line]:
    """Time broadcasts to few clients, and to many."""
    sizes, broadcasts = ((1, 20), 5) if run.quick else (CLIENTS, 100)
    rounds = run.turns({OURS: partial(_ours, sizes, broadcasts), BARE: partial(_bare, sizes, broadcasts)})
    figures = {key: [each[key] for each in measured] for measured in rounds.values() for key in measured[0]}
    return [line for size in sizes for line in _lines(size, figures)]


def _lines(size: int, figures: Mapping[tuple[int, str], Sequence[Figures]]) -> Iterator[Line]:
    measure = f"Broadcast to {size:,} client{'s' * (size != 1)}"
    for name in (OURS, DECIDED, BARE):
        its = figures[size, name]
        ratio = compared("p50", its, figures[size, BARE], goal=_GOALS.get(size) if name == OURS else None)
        yield Line(measure, name, median_figures(its), () if name == BARE else (ratio,))


def _ours(sizes: tuple[int, ...], broadcasts: int, folder: Path) -> Measured:
    allow_open_files(max(sizes))
    with orderlab_server(MEMORY, folder) as served:
        return _measured(served, sizes, broadcasts, OURS)


def _bare(sizes: tuple[int, ...], broadcasts: int, folder: Path) -> Measured:
    allow_open_files(max(sizes))
    with bare_server("broadcast") as served:
        return _measured(served, sizes, broadcasts, BARE)


def _measured(served: Served, sizes: tuple[int, ...], broadcasts: int, name: str) -> Measured:
    measured: Measured = {}
    with on_core(LOAD), asyncio.Runner(loop_factory=new_event_loop) as runner:
        for size in sizes:
            sent, decided = runner.run(_broadcasts(served, size, broadcasts))
            measured[size, name] = Figures.of_seconds(sent)
            if name == OURS:
                measured[size, DECIDED] = Figures.of_seconds(decided)
    return measured


async def _broadcasts(served: Served, size: int, count: int) -> tuple[list[float], list[float]]:
    """Have a server broadcast, and return the seconds each took: from the request, and from the event's own time."""
    audience = Audience(size)
    sent: list[float] = []
    decided: list[float] = []
    async with listening(served, audience), ordering(served) as orders:
        for number in range(1, _WARM_UP + count + 1):
            clock_began = time() - perf_counter()
            began = perf_counter()
            await orders.place()
            await audience.wait_for(number)
            at = msgspec.json.decode(audience.latest, type=_Message).action.placed.timestamp.timestamp()
            last = audience.times[-1]
            sent.append(last - began)
            decided.append(clock_began + last - at)
            await asyncio.sleep(_PAUSE)
    return sent[_WARM_UP:], decided[_WARM_UP:]
