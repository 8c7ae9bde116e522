"""Two hundred clients at once; and every answer, every event and the state after it is what it should be."""

import asyncio
import os
from pathlib import Path

import pytest
from commandline import digest_of
from crowd import Crowd, head_of, orders_of, replayed
from serving import Serving, serving

from orderlab.eventstore.duckdb import DuckDBEventStore

SECONDS = float(os.environ.get("SOAK_SECONDS", "15"))


async def visit(server: Serving, crowd: Crowd, seconds: float) -> None:
    """Have a crowd visit a server, and stay until all of them have been told of everything."""
    await crowd.connect(server.port)
    await crowd.act(seconds)
    await crowd.told_up_to(head_of(server.url))
    await crowd.hang_up()


@pytest.mark.parametrize(
    ("size", "seconds"), [(20, 2.0), pytest.param(200, SECONDS, marks=pytest.mark.soak)], ids=["a few", "a crowd"]
)
def test_a_crowd_is_answered_and_told_the_truth(size: int, seconds: float, tmp_path: Path) -> None:
    crowd = Crowd(size, seed=1)
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        asyncio.run(visit(server, crowd, seconds))
        live = orders_of(server.url)
        server.stop()
        assert server.logged() == ""

    log, orders = asyncio.run(replayed(DuckDBEventStore(tmp_path / "orders.duckdb")))
    print(
        f"{size} clients, {seconds:g} s: {len(log):,} events, {len(crowd.done):,} acknowledged, "
        f"{crowd.refused:,} refused, {size * len(log):,} told",
        end="; ",
    )
    assert crowd.lost == 0
    assert len(crowd.done) == len(log) > size
    crowd.require_all_of(log)
    digest_of(tmp_path / "orders.duckdb")  # which makes sure that positions and versions have no gap
    assert live == orders
