"""Processes that write are killed at random moments, by the signal that none can catch; the log must not mind."""

import asyncio
import json
import os
import random
import select
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
from commandline import COMMAND, REAL_DATA, digest_of, done, environment, events_of

from orderlab.core.log import NewEvent
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.orders.actions import OrderPlaced
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order, OrderItem
from orderlab.replay import load_state
from orderlab.system import RandomIds, SystemClock

pytestmark = pytest.mark.soak

KILLS = 20
SOURCE = REAL_DATA / "online_retail.parquet"


# An import


@dataclass(frozen=True)
class Undisturbed:
    """What a run that nobody disturbs makes, and how long it writes."""

    folder: Path
    command: list[str]
    log: Path
    digest: str = ""
    seconds: float = 0

    def started(self, name: str) -> tuple["subprocess.Popen[bytes]", Path]:
        """Start the same run into another log, and wait until that log's file is there."""
        log = self.folder / f"{name}.duckdb"
        process = subprocess.Popen(
            [*COMMAND, *self.command, "--to", f"duckdb:///{log.name}"],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        end = monotonic() + 120
        while not log.exists():
            assert process.poll() is None, "it ended before there was a log"
            assert monotonic() < end
            select.select([], [], [], 0.001)
        return process, log

    def killed(self, kill: int) -> tuple[float, Path]:
        """Start the same run, kill it at a random moment, and return that and the log that it leaves."""
        moment = self.seconds * random.Random(kill).random()
        while True:
            process, log = self.started(f"killed-{kill}")
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
            if process.returncode == -signal.SIGKILL:
                return moment, log
            assert process.returncode == 0
            log.unlink()  # it was quicker than the undisturbed run: earlier, then
            moment *= 0.7


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Import the real file or, where it is not, play a simulation as long."""
    real = ["import", str(SOURCE), "--cancellations", "any"]
    command = real if SOURCE.exists() else ["simulate", "--seed", "1", "--orders", "20000"]
    folder = tmp_path_factory.mktemp("killed")
    run = Undisturbed(folder, command, folder / "undisturbed.duckdb")
    process, log = run.started("undisturbed")
    begun = monotonic()
    _, complaint = process.communicate(timeout=300)
    seconds = monotonic() - begun
    assert (process.returncode, complaint) == (0, b"")
    return replace(run, digest=digest_of(log), seconds=seconds)


@pytest.mark.skipif(not SOURCE.exists(), reason=f"{SOURCE.name} is not here")
def test_the_real_year_gives_the_orders_and_cancellations_that_are_in_it(undisturbed: Undisturbed) -> None:
    said = json.loads(done("replay", "duckdb:///undisturbed.duckdb", "--json", cwd=undisturbed.folder))
    again = json.loads(done(*undisturbed.command, "--to", "memory://", "--json", cwd=undisturbed.folder))

    assert (said["orders"], said["cancelled"], said["total_cents"]) == (18_532, 2_439, 891_140_790)
    assert again["file"]["counts"]["rows read"] == 541_909
    assert again["log"] == {
        "commands": 18_532 + 2_699,
        "events: OrderCancelled": 2_439,
        "events: OrderPlaced": 18_532,
        "refused: CancelOrder, InvalidOrderState (cancelled)": 260,
    }


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_import_leaves_a_whole_log_and_a_second_run_completes_it(kill: int, undisturbed: Undisturbed) -> None:
    moment, log = undisturbed.killed(kill)
    # The log opens and replays.
    replayed = json.loads(done("replay", f"duckdb:///{log.name}", "--json", cwd=undisturbed.folder))
    left = events_of(log)
    digest_of(log)  # which makes sure that positions and versions have no gap
    orders = asyncio.run(state_and_fold(log))
    completed = done(*undisturbed.command, "--to", f"duckdb:///{log.name}", "--json", cwd=undisturbed.folder)
    there = json.loads(completed)["log"].get("already there from an earlier run", 0)
    print(f"{undisturbed.command[0]} killed {moment:.3f} s after its file appeared, {len(left)} events", end="; ")

    assert left == events_of(undisturbed.log)[: len(left)]
    assert (replayed["position"], replayed["orders"]) == (len(left), len(orders))
    assert there == len(left)
    assert digest_of(log) == undisturbed.digest
    log.unlink()


async def state_and_fold(log: Path) -> dict[str, Order]:
    """Return the orders of a log, replayed; make sure that they are its events folded one by one."""
    orders: dict[str, Order] = {}
    versions: Counter[str] = Counter()
    async with DuckDBEventStore(log) as event_store:
        async for recorded in event_store.read_all():
            versions[recorded.stream_id] += 1
            assert recorded.version == versions[recorded.stream_id]
            key = ORDERS.key_in(recorded.stream_id)
            orders[key] = ORDERS.evolve(orders.get(key), recorded.event)
        state = await load_state(event_store)
    assert dict(state.orders) == orders
    return orders


# A log that is just being made

MAKE_A_LOG = """
import asyncio, sys
from orderlab import DuckDBEventStore

async def make() -> None:
    async with DuckDBEventStore(sys.argv[1]):
        await asyncio.Event().wait()

asyncio.run(make())
"""


def test_a_log_that_is_killed_while_it_is_made_opens_and_is_empty(tmp_path: Path) -> None:
    for kill in range(60):
        log = tmp_path / f"{kill}.duckdb"
        moment = random.Random(kill).random() * 0.01 if kill % 2 else 0.0
        with subprocess.Popen([sys.executable, "-c", MAKE_A_LOG, str(log)], env=environment()) as process:
            end = monotonic() + 60
            while not log.exists():  # without a wait, which would be longer than what is to be met
                assert monotonic() < end
            begun = monotonic()
            while monotonic() < begun + moment:
                pass
            process.kill()
        assert asyncio.run(ids_in(log)) == [], f"killed {moment * 1_000:.1f} ms after the file appeared"


# Many who append at once

APPENDERS = 64
ROUNDS = 12


async def append_for_ever(log: Path, run: str) -> None:
    """Append from many tasks, each to orders of its own, and print the id of each event once it is durable."""
    clock, ids = SystemClock(), RandomIds()
    items = (OrderItem("mug", "Mug", 1, 250),)

    async def append(event_store: DuckDBEventStore, appender: int) -> None:
        for number in count():
            order_id = f"{run}-{appender}-{number}"
            stream_id = ORDERS.stream_id(order_id)
            event = NewEvent(OrderPlaced(order_id, "ada", items, 250, clock.now()), ids.new_uuid())
            await event_store.append_events(stream_id, [event], expected_version=0)
            os.write(1, f"{event.event_id}\n".encode())  # at once and in one piece

    async with DuckDBEventStore(log) as event_store:
        await asyncio.gather(*(append(event_store, appender) for appender in range(APPENDERS)))


def test_what_was_acknowledged_before_a_kill_is_in_the_log_exactly_once(tmp_path: Path) -> None:
    log, acknowledged = tmp_path / "log.duckdb", list[str]()
    for run in range(ROUNDS):
        enough = random.Random(run).randrange(1, 20_000) if run else 1
        env = environment(columns=80)
        env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], str(Path(__file__).parents[1])])
        with subprocess.Popen(
            [sys.executable, __file__, str(log), str(run)], env=env, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(enough)]
            process.kill()
            acknowledged += process.stdout.read().split()  # what was said before the kill and not yet heard
        assert process.returncode == -signal.SIGKILL

        digest_of(log)
        found = Counter(asyncio.run(ids_in(log)))
        assert set(found.values()) == {1}
        assert set(acknowledged) <= set(found)
        assert len(set(acknowledged)) == len(acknowledged)
        # Of each run, what each appender had under way may be durable and not acknowledged.
        assert len(found) - len(acknowledged) <= APPENDERS * (run + 1)
    asyncio.run(state_and_fold(log))
    print(f"{len(acknowledged)} acknowledged in {ROUNDS} runs, {len(found)} in the log", end="; ")


async def ids_in(log: Path) -> list[str]:
    async with DuckDBEventStore(log) as event_store:
        return [str(recorded.event_id) async for recorded in event_store.read_all()]


if __name__ == "__main__":
    asyncio.run(append_for_ever(Path(sys.argv[1]), sys.argv[2]))
