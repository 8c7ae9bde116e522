"""A server is killed under load, by the signal that it cannot catch, again and again on one log."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest
from commandline import digest_of
from crowd import Crowd, head_of, orders_of, replayed
from serving import Serving, serving

from orderlab.eventstore.duckdb import DuckDBEventStore

RETRIED = 25
"""Commands asked for again after each kill, of those that were acknowledged."""

LONGEST_SECONDS = 60.0


async def come_back(crowd: Crowd, server: Serving, random: Random) -> None:
    """Connect to a server that was started again, and make sure that it forgot nothing and does nothing twice."""
    await crowd.connect(server.port)
    before = head_of(server.url)
    assert before >= max((done.position for done in crowd.done), default=0)
    acknowledged = [(client, done) for client in crowd.clients for done in client.done if done.ask.over_http]
    for client, done in random.sample(acknowledged, min(RETRIED, len(acknowledged))):
        assert await client.ask_over_http(done.ask) == done
    assert head_of(server.url) == before
    await asyncio.gather(*(client.ask_again() for client in crowd.clients))


async def visit(folder: Path, crowd: Crowd, moments: list[float]) -> tuple[list[int], dict[str, Any]]:
    """Have a crowd visit a server that is killed at these moments.

    Return how many commands were acknowledged by each of them, and the orders that the server shows in the end.
    """
    random, acknowledged = Random(crowd.seed), list[int]()
    for moment in moments:
        with serving("duckdb:///orders.duckdb", cwd=folder) as server:
            await come_back(crowd, server, random)
            asyncio.get_running_loop().call_later(moment, server.kill)
            crowd.lost = 0
            await crowd.act(LONGEST_SECONDS)
            assert crowd.lost == len(crowd.clients)
            await crowd.hang_up()
            assert server.logged() == ""
        acknowledged.append(len(crowd.done))
    with serving("duckdb:///orders.duckdb", cwd=folder) as server:
        await come_back(crowd, server, random)
        await crowd.told_up_to(head_of(server.url))
        await crowd.hang_up()
        return acknowledged, orders_of(server.url)


@pytest.mark.parametrize(
    ("size", "kills", "longest"),
    [(20, 2, 0.8), pytest.param(100, 10, 3.0, marks=pytest.mark.soak)],
    ids=["twice", "often"],
)
def test_a_server_that_is_killed_has_lost_nothing_and_doubled_nothing(
    size: int, kills: int, longest: float, tmp_path: Path
) -> None:
    crowd, random = Crowd(size, seed=2), Random(2)
    moments = [random.uniform(0.0, longest) for _ in range(kills)]

    acknowledged, live = asyncio.run(visit(tmp_path, crowd, moments))

    log, orders = asyncio.run(replayed(DuckDBEventStore(tmp_path / "orders.duckdb")))
    unknown = sum(len(client.unknown) for client in crowd.clients)
    print(
        f"{size} clients, killed after {', '.join(f'{moment:.2f}' for moment in moments)} s with "
        f"{', '.join(f'{count:,}' for count in acknowledged)} acknowledged; {len(log):,} events, "
        f"{len(crowd.done):,} of them acknowledged; {unknown} commands lost their answer",
        end="; ",
    )
    crowd.require_all_of(log)
    assert 0 <= len(log) - len(crowd.done) <= unknown
    assert acknowledged[-1] > size
    digest_of(tmp_path / "orders.duckdb")  # which makes sure that positions and versions have no gap
    assert live == orders
