"""Two servers on one log in PostgreSQL, which is cut off and restarted under load; and each is killed in its turn."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from crowd import Crowd, head_of, orders_of, replayed
from postgres_servers import PostgresServer
from serving import Serving, serving

from orderlab.eventstore.postgres import PostgresEventStore

LONGEST_SECONDS = 120.0

RETRIED = 25
"""Commands asked for again after each kill, of those that were acknowledged."""

BETWEEN = int(os.environ.get("SOAK_COMMANDS", "1500"))
"""Commands that are acknowledged between two faults, of the large crowd."""

Fault = Callable[[], object]


def faults_of(server: PostgresServer) -> list[Fault]:
    """Return what may happen to PostgreSQL; to one that is others' too, less."""
    crash: list[Fault] = [lambda: server.restart("fast"), lambda: server.restart("immediate")]
    return [lambda: server.terminate_connections("orderlab"), *(crash if server.can_restart else [])]


def long_outage(server: PostgresServer, crowd: Crowd) -> None:
    """Stop PostgreSQL, and start it when a server has lost its patience."""
    crowd.turned_away.clear()
    server.stop("immediate")
    assert crowd.turned_away.wait(LONGEST_SECONDS)
    server.start()


async def act(crowd: Crowd, faults: Sequence[Fault], between: int) -> None:
    """Have a crowd act, with a fault after so many commands, and so many commands after the last."""
    acting = asyncio.create_task(crowd.act(LONGEST_SECONDS))
    try:
        for fault in faults:
            await crowd.has_done(between)
            await asyncio.to_thread(fault)
        await crowd.has_done(between)
    finally:
        crowd.rest()
        await acting


async def told_by(servers: Sequence[Serving], crowd: Crowd) -> dict[str, Any]:
    """Wait until all of a crowd were told of everything, and return the orders, of which every server must show all."""
    [position] = {head_of(server.url) for server in servers}
    await crowd.told_up_to(position)
    await crowd.hang_up()
    [orders, *others] = [orders_of(server.url) for server in servers]
    assert others == [orders] * len(others)
    return orders


def require_whole(crowd: Crowd, url: str, live: dict[str, Any]) -> int:
    """Make sure that a log is what everybody was told, and return how many events it has."""
    log, orders = asyncio.run(replayed(PostgresEventStore(url)))
    assert [recorded.position for recorded in log] == list(range(1, len(log) + 1))
    crowd.require_all_of(log)
    unknown = sum(len(client.unknown) for client in crowd.clients)
    assert 0 <= len(log) - len(crowd.done) <= unknown
    assert live == orders
    return len(log)


def require_calm(server: Serving) -> None:
    """Make sure that a server has logged no error that it did not know what to make of."""
    assert "Traceback" not in server.logged(), server.logged()


@pytest.mark.parametrize(
    ("size", "between"), [(20, 40), pytest.param(200, BETWEEN, marks=pytest.mark.soak)], ids=["a few", "a crowd"]
)
def test_whoever_follows_either_of_two_servers_is_told_one_sequence_whatever_becomes_of_the_database(
    size: int, between: int, postgres: PostgresServer, tmp_path: Path
) -> None:
    async def visit(servers: Sequence[Serving]) -> dict[str, Any]:
        await crowd.connect(*(server.port for server in servers))
        await act(crowd, faults, between)
        return await told_by(servers, crowd)

    crowd, url = Crowd(size, seed=3), postgres.fresh_url()
    faults = faults_of(postgres)
    if size >= 100:
        faults = faults * 3 + [partial(long_outage, postgres, crowd)] * postgres.can_restart
    with serving(url, cwd=tmp_path) as one, serving(url, cwd=tmp_path) as other:
        live = asyncio.run(visit([one, other]))
        for server in (one, other):
            server.stop()
            require_calm(server)

    events = require_whole(crowd, url, live)
    print(
        f"{size} clients of two servers, {len(faults)} faults: {events:,} events, {crowd.acknowledged:,} acknowledged, "
        f"{crowd.refused:,} refused, {crowd.away:,} told to come again, {size * events:,} told",
        end="; ",
    )
    assert crowd.lost == 0
    assert crowd.acknowledged > size


async def come_back(crowd: Crowd, servers: Sequence[Serving], random: Random) -> None:
    """Connect to servers of which some were started again; make sure that nothing is forgotten, or done twice.

    What was acknowledged is asked for again, by many of another server than the one that did it.
    """
    await crowd.connect(*(server.port for server in random.sample(servers, len(servers))))
    [before] = {head_of(server.url) for server in servers}
    assert before >= max((done.position for done in crowd.done), default=0)
    acknowledged = [(client, done) for client in crowd.clients for done in client.done if done.ask.over_http]
    for client, done in random.sample(acknowledged, min(RETRIED, len(acknowledged))):
        assert await client.ask_over_http(done.ask) == done
    assert {head_of(server.url) for server in servers} == {before}
    await asyncio.gather(*(client.ask_again() for client in crowd.clients))


@pytest.mark.parametrize(
    ("size", "kills", "between"),
    [(20, 2, 30), pytest.param(100, 10, 500, marks=pytest.mark.soak)],
    ids=["twice", "often"],
)
def test_when_one_of_two_servers_is_killed_nothing_is_lost_or_doubled_and_the_other_goes_on(
    size: int, kills: int, between: int, postgres: PostgresServer, tmp_path: Path
) -> None:
    async def visit(stack: ExitStack) -> tuple[dict[str, Any], list[int]]:
        servers, lost = [stack.enter_context(serving(url, cwd=tmp_path)) for _ in range(2)], list[int]()
        for kill in range(kills):
            await come_back(crowd, servers, random)
            crowd.lost = 0
            before, after = random.choices(faults_of(postgres), k=2)
            await act(crowd, [before, servers[kill % 2].kill, after], between)
            await crowd.hang_up()
            lost.append(crowd.lost)
            require_calm(servers[kill % 2])
            servers[kill % 2] = stack.enter_context(serving(url, cwd=tmp_path))
        await come_back(crowd, servers, random)
        return await told_by(servers, crowd), lost

    crowd, random, url = Crowd(size, seed=4), Random(4), postgres.fresh_url()
    with ExitStack() as stack:
        live, lost = asyncio.run(visit(stack))

    events = require_whole(crowd, url, live)
    unknown = sum(len(client.unknown) for client in crowd.clients)
    print(
        f"{size} clients of two servers, of which one was killed {kills} times, with {', '.join(map(str, lost))} "
        f"clients lost: {events:,} events, {crowd.acknowledged:,} acknowledged, {unknown} answers lost over WebSocket, "
        f"{crowd.away:,} told to come again",
        end="; ",
    )
    assert all(size // 2 <= count < size for count in lost), "who has to do with the other server only, goes on"
