"""What one WebSocket client that stops reading does to the others, and to the server's memory.

Orders are placed at a steady rate. Some clients read on; one more is connected, which in one run reads on like them and
in the other stops reading for a minute. Its kernel holds little for it, as that of a small device would. A time runs
from the instant at which an order was to be placed, whether or not the server was ready for it, until the last of
those who read has the event. Both runs place the same orders on an event store in memory, so what memory the one has
more than the other is the stalled client's; the most that the server's process had at any time is what counts.

Nobody owes the stalled client an end: what it gets when it reads again is told below the table.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks.clients import Audience, Client, connected, listening, ordering
from benchmarks.live import Figures, Line, compared
from benchmarks.servers import LOAD, MEMORY, Served, on_core, orderlab_server
from benchmarks.timing import LeftOut, Run
from orderlab.server.running import new_event_loop

STALLED, READING = "one stalled", "none stalled"

_BUFFER = 16 * 1024
_EVERY = 0.1
"""Seconds between two looks at the server's memory."""

_GRACE = 15.0
"""For how long the stalled client, reading again, may wait for what it gets; longer than the server's own patience."""


@dataclass(frozen=True, slots=True)
class _Load:
    """How many clients read, and for how long orders are placed, so many a second."""

    readers: int
    seconds: float
    rate: int

    @property
    def orders(self) -> int:
        """How many orders are placed."""
        return int(self.seconds * self.rate)


@dataclass(frozen=True, slots=True)
class _Seen:
    figures: Figures
    told: str


def lines(run: Run) -> list[Line]:
    """Run with a stalled client and without one, once: a minute each has thousands of broadcasts in it.

    Raises:
        LeftOut: There is no way here to see a server's memory.
    """
    if not Path("/proc/self/status").exists():
        raise LeftOut("needs Linux, whose /proc tells how much memory a process has")
    load = _Load(3, 0.4, 100) if run.quick else _Load(20, 60, 400)
    rounds = run.turns({name: partial(_measured, load, name == STALLED) for name in (STALLED, READING)}, once=True)
    [stalled], [reading] = rounds[STALLED], rounds[READING]
    measure = f"Broadcast to {load.readers} of {load.readers + 1} clients, {load.rate} orders a second"
    ratios = tuple(compared(each, [stalled.figures], [reading.figures]) for each in ("p50", "p99", "memory"))
    return [
        Line(
            measure, STALLED, stalled.figures, ratios, f"the client that stalled {load.seconds:g} s got {stalled.told}"
        ),
        Line(measure, READING, reading.figures),
    ]


def _measured(load: _Load, stalls: bool, folder: Path) -> _Seen:
    with (
        orderlab_server(MEMORY, folder) as served,
        on_core(LOAD),
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        return runner.run(_watched(served, load, stalls))


async def _watched(served: Served, load: _Load, stalls: bool) -> _Seen:
    audience = Audience(load.readers)
    had_all = asyncio.Event()
    other = await connected(
        served, lambda number, _: had_all.set() if number + 1 == load.orders else None, buffer=_BUFFER
    )
    async with listening(served, audience), _memory(served.process_id) as memory:
        if stalls:
            other.transport.pause_reading()
        began = await _place(served, load, audience)
        other.transport.resume_reading()
        told = await _told(other, had_all)
    seconds = [last - due for last, due in zip(audience.times, began, strict=True)]
    rate = load.orders / (audience.times[-1] - began[0])
    return _Seen(Figures.of_seconds(seconds, rate=rate, memory=max(memory)), told)


async def _place(served: Served, load: _Load, audience: Audience) -> list[float]:
    """Place orders at a steady rate, and return when each was due."""
    began = perf_counter()
    due = [began + number / load.rate for number in range(load.orders)]
    async with ordering(served) as orders:
        for each in due:
            await asyncio.sleep(each - perf_counter())
            await orders.place()
    await audience.wait_for(len(due))
    return due


async def _told(client: Client, had_all: asyncio.Event) -> str:
    """Say what a client gets that reads again."""
    hearing = asyncio.ensure_future(had_all.wait())
    await asyncio.wait((hearing, client.ended), timeout=_GRACE, return_when=asyncio.FIRST_COMPLETED)
    hearing.cancel()
    if client.ended.done():
        return f"{client.heard:,} messages, and then it was {client.ended.result()}"
    client.transport.abort()
    await client.ended
    return f"{client.heard:,} messages, and was connected still"


@asynccontextmanager
async def _memory(process_id: int) -> AsyncIterator[list[int]]:
    """Watch a process; give what memory it had, in bytes, each time it was looked at."""
    seen = [_resident(process_id)]

    async def watch() -> None:
        while True:
            await asyncio.sleep(_EVERY)
            seen.append(_resident(process_id))

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def _resident(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status").read_text("ascii")
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(kilobytes) * 1024
