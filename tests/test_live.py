import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Deposit, Deposited, Withdraw, Withdrawn, account_reducer
from event_loop import in_event_loop
from live_stores import Gate, balances, failing, live_store, log, positions_of, recorded_in, taken

from orderlab import following, runtime
from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Delay, Emit
from orderlab.core.environment import Environment, SeededIds, SequentialIds, TestClock
from orderlab.core.log import EncodedEvent, RecordedEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract.kit import turns
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.orders.actions import CancelOrder, OrderPlaced, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.replay import load_state
from orderlab.runtime import Store


@pytest.fixture(params=["memory", "duckdb"])
def event_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RowEventStore]:
    made = log() if request.param == "memory" else DuckDBEventStore(tmp_path / "log.duckdb", codec=ACCOUNT_CODEC)
    yield made
    asyncio.run(made.close())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at a log that could not be read as soon as others have had their turn."""
    monkeypatch.setattr(following, "_SOON", 0.001)
    monkeypatch.setattr(following, "_SELDOM", 0.001)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not look again at a log that could not be read for as long as a test takes."""
    monkeypatch.setattr(following, "_SOON", 60)
    monkeypatch.setattr(following, "_SELDOM", 60)


def deposited(cents: int) -> list[Deposited]:
    return [Deposited("bea", cents)]


# What others write


@in_event_loop
async def test_what_another_store_writes_is_taken_in_without_any_command(event_store: RowEventStore) -> None:
    async with live_store(event_store) as here, live_store(event_store, seed=2) as there:
        subscription = here.subscribe_actions()
        for cents in (1, 2, 3):
            await there.send(Deposit("bea", cents))
            await taken(subscription, 1)
            assert here.state == there.state
            assert here.position == there.position


@in_event_loop
async def test_what_is_appended_behind_its_back_is_taken_in_without_any_command(event_store: RowEventStore) -> None:
    async with live_store(event_store) as store:
        subscription = store.subscribe_actions()
        await event_store.append_events("account-bea", [Deposited("bea", 5), Withdrawn("bea", 2)])
        assert await taken(subscription, 2) == await recorded_in(event_store)
        assert balances(store) == {"bea": 3}
        assert store.state == await load_state(event_store, reducer=account_reducer())


@in_event_loop
async def test_the_state_shows_an_event_before_any_follower_is_told_of_it(event_store: RowEventStore) -> None:
    async with live_store(event_store) as store:
        seen: list[tuple[int, dict[str, int]]] = []
        store.observe(lambda events: seen.append((events[-1].position, balances(store))))
        subscription = store.subscribe_actions()
        await event_store.append_events("account-bea", deposited(5))
        await taken(subscription, 1)
        assert seen == [(1, {"bea": 5})]


@in_event_loop
async def test_what_two_stores_write_reaches_the_followers_of_both(event_store: RowEventStore) -> None:
    async with live_store(event_store) as here, live_store(event_store, seed=2) as there:
        followers = here.subscribe_actions(), there.subscribe_actions(), here.subscribe_actions(after=0)
        await asyncio.gather(*(store.send(Deposit(f"a{n % 3}", n)) for n in range(1, 21) for store in (here, there)))
        everything = await recorded_in(event_store)
        assert len(everything) == 40
        for follower in followers:
            assert await taken(follower, 40) == everything


@in_event_loop
async def test_what_is_written_while_a_store_opens_is_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    event_store = log()
    await event_store.append_events("account-bea", deposited(1))
    head = event_store.head

    async def then_another_writes() -> int:
        found = await head()
        monkeypatch.setattr(event_store, "head", head)
        await event_store.append_events("account-bea", deposited(2))
        return found

    monkeypatch.setattr(event_store, "head", then_another_writes)
    async with live_store(event_store) as store:
        subscription = store.subscribe_actions()
        assert balances(store) == {"bea": 1}
        assert positions_of(await taken(subscription, 1)) == [2]
        assert balances(store) == {"bea": 3}


@in_event_loop
async def test_a_writer_in_another_thread_is_followed_too() -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions()

        def write() -> None:
            asyncio.run(append())

        async def append() -> None:
            await event_store.append_events("account-bea", deposited(5))

        await asyncio.to_thread(write)
        assert await taken(subscription, 1) == await recorded_in(event_store)


@in_event_loop
async def test_the_idempotency_keys_of_others_are_known() -> None:
    async with live_store(event_store := log()) as here, live_store(event_store, seed=2) as there:
        subscription = here.subscribe_actions()
        await there.send(Deposit("bea", 5), idempotency_key="key-1")
        await taken(subscription, 1)
        assert here.remembers("key-1", Deposit("bea", 5))
        assert (await here.send(Deposit("bea", 5), idempotency_key="key-1")).repeated


@in_event_loop
async def test_a_store_that_is_closed_takes_in_no_more() -> None:
    async with live_store(event_store := log()) as store:
        await store.send(Deposit("ada", 5))
    await event_store.append_events("account-bea", deposited(5))
    await turns(20)
    assert (store.position, balances(store)) == (1, {"ada": 5})


# A log that cannot be read for a moment


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("method", ["head", "read_all", "read_columns", "wait_past"])
@pytest.mark.parametrize("error", [EventStoreError("the line is dead"), OSError("the line is dead")])
@in_event_loop
async def test_after_a_log_could_not_be_read_nobody_has_missed_an_event(
    monkeypatch: pytest.MonkeyPatch, method: str, error: Exception
) -> None:
    async with live_store(event_store := log()) as store:
        told: list[RecordedEvent] = []
        store.observe(told.extend)
        subscription = store.subscribe_actions()
        monkeypatch.setattr(event_store, method, failing(error, times=5, act=getattr(event_store, method)))
        await event_store.append_events("account-bea", deposited(1))
        await event_store.append_events("account-bea", deposited(2))
        assert positions_of(await taken(subscription, 2)) == [1, 2]
        assert told == await recorded_in(event_store)
        assert balances(store) == {"bea": 3}


@pytest.mark.usefixtures("impatient")
@in_event_loop
async def test_what_was_committed_and_could_not_be_told_is_told_later_without_any_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        told: list[RecordedEvent] = []
        store.observe(told.extend)
        subscription, append = store.subscribe_actions(), event_store.append_many

        async def come_second(appends: Sequence[AppendEvents]) -> list[Any]:
            monkeypatch.setattr(event_store, "append_many", append)
            await append([AppendEvents("account-bea", deposited(1))])
            read = failing(EventStoreError("the line is dead"), times=3, act=event_store.read_all)
            monkeypatch.setattr(event_store, "read_all", read)
            return list(await append(appends))

        monkeypatch.setattr(event_store, "append_many", come_second)
        assert (await store.send(Deposit("ada", 5))).positions == (2,)
        assert positions_of(await taken(subscription, 2)) == [1, 2]
        assert told == await recorded_in(event_store)


@pytest.mark.usefixtures("patient")
@in_event_loop
async def test_a_log_that_cannot_be_read_is_looked_at_seldom_and_complained_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_store(event_store := log()) as store:
        read, looks = event_store.read_all, list[object]()

        def counted(**options: Any) -> AsyncIterator[RecordedEvent]:
            looks.append(options)
            return read(**options)

        monkeypatch.setattr(event_store, "read_all", counted)
        await event_store.append_events("account-bea", [EncodedEvent("Unheard", 1, "{}")])
        await turns(500)
        assert balances(store) == {}
        assert len(looks) == 1
    complaint = "what others write cannot be taken in now: event at position 1 (stream account-bea, version 1)"
    assert [message.startswith(complaint) for message in caplog.messages] == [True]


@pytest.mark.usefixtures("impatient")
@in_event_loop
async def test_each_time_that_a_log_cannot_be_read_is_complained_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_store(event_store := log()) as store:
        subscription, read = store.subscribe_actions(), event_store.read_all
        for reason in ("a fire", "a flood"):
            monkeypatch.setattr(event_store, "read_all", failing(EventStoreError(reason), times=3, act=read))
            await event_store.append_events("account-bea", deposited(1))
            await taken(subscription, 1)
    complaint = "what others write cannot be taken in now: "
    assert caplog.messages == [complaint + "a fire", complaint + "a flood"]


@in_event_loop
async def test_who_sends_to_a_store_that_cannot_read_its_log_is_told_why() -> None:
    async with live_store(event_store := log()) as store:
        await event_store.append_events("account-bea", [EncodedEvent("Unheard", 1, "{}")])
        for _ in range(2):
            with pytest.raises(Exception, match="event at position 1"):
                await store.send(Withdraw("ada", 5))


@in_event_loop
async def test_over_an_event_store_that_was_closed_first_a_store_still_closes(caplog: pytest.LogCaptureFixture) -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions()
        await store.send(Deposit("ada", 5))
        await event_store.close()
        await turns(20)
    assert positions_of([recorded async for recorded in subscription]) == [1]
    assert len(caplog.messages) == 1


@pytest.mark.usefixtures("patient")
@in_event_loop
async def test_an_unexpected_error_is_logged_with_where_it_came_from(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_store(event_store := log()) as store:
        monkeypatch.setattr(event_store, "head", failing(ZeroDivisionError(), times=1, act=event_store.head))
        await event_store.append_events("account-bea", deposited(1))
        await turns(20)
        assert store.position == 0
    [record] = caplog.records
    assert (record.levelno, record.exc_info is not None) == (logging.WARNING, True)


# Room


@in_event_loop
async def test_a_store_says_when_there_is_no_room_for_another_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_WAITING", 2)
    async with live_store(event_store := log()) as store:
        gate = Gate(event_store)
        monkeypatch.setattr(event_store, "append_many", gate.append_many)
        sending = [asyncio.ensure_future(store.send(Deposit("ada", 5)))]
        await gate.reached.wait()
        full = [store.is_full]
        for _ in range(2):
            sending.append(asyncio.ensure_future(store.send(Deposit("ada", 5))))
            await turns(1)
            full.append(store.is_full)
        gate.opened.set()
        await asyncio.gather(*sending)
        assert [*full, store.is_full] == [False, False, True, False]


@in_event_loop
async def test_delayed_actions_neither_take_room_nor_make_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_WAITING", 1)
    first, second = Deposit("ada", 1), Deposit("ada", 2)
    async with live_store(event_store := log(), later={first: [Delay(0, second)] * 3}) as store:
        subscription = store.subscribe_actions()
        await store.send(first)
        await taken(subscription, 4)
        gate = Gate(event_store)
        monkeypatch.setattr(event_store, "append_many", gate.append_many)
        sending = [asyncio.ensure_future(store.send(second))]
        await gate.reached.wait()
        sending.append(asyncio.ensure_future(store.send(second)))
        await turns(1)
        full = store.is_full
        gate.opened.set()
        await asyncio.gather(*sending)
        assert full


# Domains


@in_event_loop
async def test_orders_are_followed_by_all_who_look_at_one_log() -> None:
    event_store, mug = InMemoryEventStore(), OrderItem("p-1", "Mug", 2, 250)

    def order_store(seed: int) -> Store[OrderState]:
        return Store(OrderReducer(), OrderState(), OrderEnvironment(TestClock(), SeededIds(seed)), event_store)

    async with order_store(1) as shop, order_store(2) as warehouse:
        orders, parcels = shop.subscribe_actions(), warehouse.subscribe_actions()
        placed = await shop.send_and_wait_for(
            PlaceOrder("customer-1", [mug]), lambda action: isinstance(action, OrderPlaced), 5
        )
        await taken(parcels, 1)
        await warehouse.send(ShipOrder(placed.order_id, "TRACK-1"))
        await taken(orders, 2)
        refused = await shop.send(CancelOrder(placed.order_id))
        assert refused.rejection is not None
        assert shop.state == warehouse.state == await load_state(event_store)


@dataclass
class Tally:
    """A reducer that a user wrote, with nothing but `reduce`, and a number for a state."""

    def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
        if isinstance(action, Deposited):
            return Step(state + action.cents)
        event = Deposited("tally", action)
        return Step(state + action, (AppendEvents("tally", (event,)), Emit(event)))


@in_event_loop
async def test_a_reducer_that_a_user_wrote_is_followed_like_any_other(event_store: RowEventStore) -> None:
    def tally(seed: int) -> Store[int]:
        return Store(Tally(), 0, OrderEnvironment(TestClock(), SeededIds(seed)), event_store)

    async with tally(1) as here, tally(2) as there:
        subscription = here.subscribe_actions()
        await asyncio.gather(*(store.send(number) for number in (1, 2, 3) for store in (here, there)))
        assert await taken(subscription, 6) == await recorded_in(event_store)
        assert await there.send_and_wait_for(4, lambda action: action.cents == 4, 5) == Deposited("tally", 4)
        await taken(subscription, 1)
        assert here.state == there.state == 16


@in_event_loop
async def test_equal_facts_are_all_told(event_store: RowEventStore) -> None:
    async with live_store(event_store) as store:
        subscription = store.subscribe_actions()
        await asyncio.gather(*(store.send(Deposit("ada", 5)) for _ in range(3)))
        await event_store.append_events("account-ada", [Deposited("ada", 5)] * 2)
        assert [recorded.event for recorded in await taken(subscription, 5)] == [Deposited("ada", 5)] * 5
        assert balances(store) == {"ada": 25}


@in_event_loop
async def test_ids_that_count_from_one_in_each_store_confuse_nobody() -> None:
    event_store = log()
    env = OrderEnvironment(TestClock(), SequentialIds())
    reducer = account_reducer()
    async with (
        Store(reducer, reducer.initial_state(), env, event_store) as here,
        Store(reducer, reducer.initial_state(), OrderEnvironment(TestClock(), SequentialIds()), event_store) as there,
    ):
        answers = await asyncio.gather(
            *(
                store.send_and_wait_for(Deposit("ada", cents), lambda _: True, 5)
                for store, cents in ((here, 1), (there, 2))
            )
        )
        assert [answer.cents for answer in answers] == [1, 2]
