import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import pytest
from accounts import ACCOUNT_CODEC, Deposit, Withdraw, account_environment, account_reducer
from postgres_servers import PostgresServer

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, StoredEvent
from orderlab.core.script import TimedCommand
from orderlab.datasets.desk import simulate
from orderlab.datasets.play import Played, play
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.urls import open_event_store
from orderlab.idempotency import IdempotencyKeyReused
from orderlab.logfile import export_lines
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.runtime import Store
from orderlab.system import RandomIds, SystemClock

P = ParamSpec("P")

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("mug", "Mug", 2, 250)


def in_event_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 20))

    return run


def script_of(*commands: Any) -> list[TimedCommand]:
    """Give the commands a second apart, each with a key that counts."""
    return [TimedCommand(NEW_YEAR + timedelta(seconds=n), command, f"key/{n}") for n, command in enumerate(commands)]


def many(count: int) -> list[TimedCommand]:
    return script_of(*(PlaceOrder("ada", (MUG,), f"order-{number}") for number in range(count)))


@asynccontextmanager
async def store_over(event_store: EventStore) -> AsyncIterator[Store[OrderState]]:
    env = OrderEnvironment(TestClock(), SequentialIds())
    async with Store(OrderReducer(), OrderState(), env, event_store) as store:
        yield store


async def played_into(event_store: EventStore, script: Sequence[TimedCommand]) -> Played:
    async with store_over(event_store) as store:
        return await play(script, store)


async def rows(event_store: EventStore) -> list[tuple[Any, ...]]:
    """Return the whole log, column by column as it lies there."""
    found: list[tuple[Any, ...]] = []
    async for columns in event_store.read_columns(*StoredEvent._fields):
        found += zip(*(columns[name] for name in StoredEvent._fields), strict=True)
    return found


@in_event_loop
async def test_each_command_is_decided_and_recorded_as_of_its_own_time() -> None:
    event_store = InMemoryEventStore()
    await played_into(event_store, script_of(PlaceOrder("ada", (MUG,), "o-1"), ShipOrder("o-1", "TRACK-1")))

    recorded = [each async for each in event_store.read_all()]
    assert [each.recorded_at for each in recorded] == [NEW_YEAR, NEW_YEAR + timedelta(seconds=1)]
    assert [each.event.timestamp for each in recorded] == [each.recorded_at for each in recorded]


@in_event_loop
async def test_every_event_says_which_command_it_comes_from() -> None:
    event_store = InMemoryEventStore()
    await played_into(event_store, script_of(PlaceOrder("ada", (MUG,), "o-1")))

    [recorded] = [each async for each in event_store.read_all()]
    assert (recorded.correlation_id, recorded.metadata["idempotency_key"]) == ("key/0", "key/0")


@in_event_loop
async def test_events_are_counted_by_type_and_refusals_by_command_rejection_and_status() -> None:
    script = script_of(
        PlaceOrder("ada", (MUG,), "o-1"),
        PlaceOrder("bea", (MUG,), "o-2"),
        ShipOrder("o-1", "TRACK-1"),
        CancelOrder("o-1"),
        CancelOrder("o-2"),
        CancelOrder("o-2"),
        CancelOrder("o-3"),
        PlaceOrder("cem", ()),
    )
    played = await played_into(InMemoryEventStore(), script)

    assert played == Played(
        commands=8,
        events={"OrderCancelled": 1, "OrderPlaced": 2, "OrderShipped": 1},
        refused={
            "CancelOrder, InvalidOrderState (cancelled)": 1,
            "CancelOrder, InvalidOrderState (shipped)": 1,
            "CancelOrder, OrderNotFound": 1,
            "PlaceOrder, ValidationFailed": 1,
        },
        already_there=0,
    )


@in_event_loop
async def test_every_command_is_accounted_for() -> None:
    script = simulate(seed=3, orders=200)
    played = await played_into(InMemoryEventStore(), script)

    # A command of the desk causes one event or is refused.
    assert sum(played.events.values()) + sum(played.refused.values()) == played.commands == len(script)


@in_event_loop
async def test_playing_a_script_again_changes_nothing_and_says_so() -> None:
    event_store, script = InMemoryEventStore(), simulate(seed=3, orders=50)
    first = await played_into(event_store, script)
    before = await rows(event_store)
    again = await played_into(event_store, script)

    assert await rows(event_store) == before
    assert (again.events, again.refused) == ({}, first.refused)
    assert again.already_there == sum(first.events.values())


@pytest.mark.parametrize("cut", [0, 1, 57, 110])
@in_event_loop
async def test_a_script_that_stopped_anywhere_is_finished_by_playing_it_again(cut: int) -> None:
    script = simulate(seed=9, orders=60)
    undisturbed, interrupted = InMemoryEventStore(), InMemoryEventStore()
    whole = await played_into(undisturbed, script)
    begun = await played_into(interrupted, script[:cut])
    finished = await played_into(interrupted, script)

    assert await rows(interrupted) == await rows(undisturbed)
    assert sum(begun.events.values()) == finished.already_there
    assert sum(begun.events.values()) + sum(finished.events.values()) == sum(whole.events.values())


def test_a_simulated_log_is_the_same_byte_for_byte_wherever_it_is_kept(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    urls = ["memory://", f"duckdb:///{tmp_path}/log.duckdb", postgres.fresh_url()]

    @in_event_loop
    async def export() -> None:
        for number, url in enumerate(urls):
            async with open_event_store(url, clock=SystemClock(), ids=RandomIds()) as event_store:
                await played_into(event_store, simulate(seed=7, orders=100))
                await export_lines(event_store, tmp_path / f"{number}.jsonl")

    export()
    exported = [path.read_bytes() for path in sorted(tmp_path.glob("*.jsonl"))]
    assert len(exported) == 3
    assert exported[0].count(b"\n") > 150
    assert len(set(exported)) == 1


@in_event_loop
async def test_another_script_with_the_same_keys_is_refused_before_it_changes_anything() -> None:
    event_store = InMemoryEventStore()
    await played_into(event_store, many(3))
    with pytest.raises(IdempotencyKeyReused, match="'key/1' was used for another command"):
        await played_into(event_store, script_of(many(1)[0].command, PlaceOrder("bea", (MUG,), "order-1")))

    assert await event_store.head() == 3


@in_event_loop
async def test_progress_only_grows_and_ends_at_the_number_of_commands() -> None:
    told: list[int] = []
    async with store_over(InMemoryEventStore()) as store:
        await play(many(2_500), store, progress=told.append)

    assert told == sorted(set(told))
    assert len(told) > 1
    assert told[-1] == 2_500


@in_event_loop
async def test_a_long_script_keeps_its_order() -> None:
    event_store = InMemoryEventStore()
    await played_into(event_store, many(2_500))

    assert await event_store.list_streams() == [f"order-order-{number}" for number in range(2_500)]


@in_event_loop
async def test_an_empty_script_does_nothing() -> None:
    event_store = InMemoryEventStore()
    assert await played_into(event_store, []) == Played(0, {}, {}, 0)
    assert await event_store.head() == 0


class FullDisk(InMemoryEventStore):
    """An event store whose disk has room for so many events."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        if await self.head() + len(appends) > self.room:
            raise EventStoreError(f"the disk is full (errno {errno.ENOSPC})")
        return await super().append_many(appends)


@in_event_loop
async def test_a_log_that_cannot_be_written_ends_the_run_and_what_is_in_it_is_the_beginning() -> None:
    full, script = FullDisk(room=30), many(50)
    with pytest.raises(EventStoreError, match="the disk is full"):
        await played_into(full, script)
    left = await rows(full)
    full.room = 1_000
    await played_into(full, script)
    undisturbed = InMemoryEventStore()
    await played_into(undisturbed, script)

    assert left == (await rows(undisturbed))[:30]
    assert await rows(full) == await rows(undisturbed)


@in_event_loop
async def test_a_script_may_be_of_any_domain() -> None:
    reducer = account_reducer()
    script = script_of(
        Deposit("ada", 5), Deposit("ada", 5), Withdraw("ada", 11), Deposit("ada", 0), Withdraw("ada", 10)
    )
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
    async with Store(reducer, reducer.initial_state(), account_environment(), event_store) as store:
        played = await play(script, store)

    assert played == Played(5, {"Deposited": 2, "Withdrawn": 1}, {"Withdraw, InsufficientFunds": 1}, 0)


def test_played_shows_itself_in_a_line_and_as_a_table() -> None:
    played = Played(9, {"OrderPlaced": 4}, {"CancelOrder, OrderNotFound <b>": 3}, 2)

    assert repr(played) == "<Played 9 commands: 4 events, 3 refused, 2 already there>"
    assert played.counted() == {
        "commands": 9,
        "events: OrderPlaced": 4,
        "refused: CancelOrder, OrderNotFound <b>": 3,
        "already there from an earlier run": 2,
    }
    assert "&lt;b&gt;" in played._repr_html_()


def test_an_earlier_run_is_not_mentioned_where_there_was_none() -> None:
    assert Played(0, {}, {}, 0).counted() == {"commands": 0}
