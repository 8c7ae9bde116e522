import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Deposit, Deposited, Withdraw
from event_loop import in_event_loop
from live_stores import balances, failing, live_store, log, recorded_in, taken

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Delay, instant_after
from orderlab.core.environment import Clock, Environment, FixedClock, SequentialIds, TestClock
from orderlab.core.log import RecordedEvent
from orderlab.delays import Delays
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract.kit import turns
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.actions import CancelOrder, OrderCancelled, OrderPlaced, PlaceOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.replay import load_state
from orderlab.runtime import Store
from orderlab.system import SystemClock

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
FIRST, SECOND, THIRD = Deposit("ada", 1), Deposit("ada", 2), Deposit("ada", 3)
TOO_MUCH = Withdraw("ada", 1_000)
SECOND_AFTER_A_MINUTE = {FIRST: [Delay(60, SECOND)]}


def after(seconds: float) -> datetime:
    return NEW_YEAR + timedelta(seconds=seconds)


def cents_of(events: Sequence[RecordedEvent]) -> list[int]:
    return [recorded.event.cents for recorded in events]


# What a delay does


@in_event_loop
async def test_an_action_is_done_when_its_time_has_come_on_the_environments_clock() -> None:
    clock = TestClock()
    async with live_store(log(), later=SECOND_AFTER_A_MINUTE, clock=clock) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        clock.advance(59.9)
        await store.send(THIRD)
        clock.advance(0.1)
        assert cents_of(await taken(subscription, 3)) == [1, 3, 2]


@in_event_loop
async def test_a_delayed_action_is_decided_and_recorded_as_of_its_own_time() -> None:
    clock, later = TestClock(), {place: [Delay(60, CancelOrder("ada"))] for place in [order("ada")]}
    async with order_store(event_store := InMemoryEventStore(clock=clock), later, clock) as store:
        subscription = store.subscribe_actions()
        await store.send(order("ada"))
        clock.advance(3_600)
        _, cancelled = await taken(subscription, 2)
        assert (cancelled.event.timestamp, cancelled.recorded_at) == (after(60), after(60))
        assert store.state == await load_state(event_store)


@in_event_loop
async def test_a_chain_of_delays_within_one_step_of_the_clock_is_done_each_as_of_its_own_time() -> None:
    clock, later = TestClock(), {FIRST: [Delay(60, SECOND)], SECOND: [Delay(60, THIRD)], THIRD: [Delay(7_200, FIRST)]}
    async with live_store(log(), later=later, clock=clock) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        clock.advance(3_600)
        events = await taken(subscription, 3)
        assert [recorded.recorded_at for recorded in events] == [after(0), after(60), after(120)]
        assert cents_of(events) == [1, 2, 3]
        clock.advance(3_720)  # to two hours after the last of them
        [last] = await taken(subscription, 1)
        assert last.recorded_at == after(7_320)


@in_event_loop
async def test_of_several_delays_the_one_due_first_comes_first() -> None:
    clock = TestClock()
    delays = [Delay(60, Deposit("ada", 60)), Delay(20, Deposit("ada", 20)), Delay(20, Deposit("ada", 21))]
    async with live_store(log(), later={FIRST: delays}, clock=clock) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        clock.advance(60)
        assert cents_of(await taken(subscription, 4)) == [1, 20, 21, 60]


@in_event_loop
async def test_of_several_delays_whose_time_is_past_the_one_due_first_comes_first() -> None:
    delays = [Delay(60, Deposit("ada", 60)), *(Delay(20, Deposit("ada", 20 + number)) for number in range(5))]
    async with live_store(log(), later={FIRST: delays}, clock=TestClock(after(3_600))) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST, at=NEW_YEAR)
        events = await taken(subscription, 7)
        assert cents_of(events) == [1, 20, 21, 22, 23, 24, 60]
        assert [recorded.recorded_at for recorded in events] == [after(0), *[after(20)] * 5, after(60)]


@in_event_loop
async def test_a_delay_of_nothing_is_done_at_once_and_after_the_command() -> None:
    async with live_store(log(), later={FIRST: [Delay(0, SECOND)]}) as store:
        subscription = store.subscribe_actions()
        outcome = await store.send(FIRST)
        assert outcome.events == (Deposited("ada", 1),)
        assert cents_of(await taken(subscription, 2)) == [1, 2]


@in_event_loop
async def test_what_is_due_comes_before_what_is_sent_after_it() -> None:
    clock = TestClock()
    async with live_store(event_store := log(), later=SECOND_AFTER_A_MINUTE, clock=clock) as store:
        await store.send(FIRST)
        clock.advance(60)
        await store.send(THIRD)
        assert cents_of(await recorded_in(event_store)) == [1, 2, 3]


@in_event_loop
async def test_a_sender_is_not_kept_waiting_by_a_delay() -> None:
    async with live_store(log(), later=SECOND_AFTER_A_MINUTE) as store:
        await store.send(FIRST)
        assert balances(store) == {"ada": 1}


@in_event_loop
async def test_a_refused_command_may_ask_for_a_delay() -> None:
    clock, later = TestClock(), {TOO_MUCH: [Delay(60, FIRST)]}
    async with live_store(log(), later=later, clock=clock) as store:
        subscription = store.subscribe_actions()
        refused = await store.send(TOO_MUCH, correlation_id="request-1")
        clock.advance(60)
        [recorded] = await taken(subscription, 1)
        assert refused.rejection is not None
        assert (recorded.correlation_id, recorded.causation_id) == ("request-1", "request-1")


# Who caused it


@in_event_loop
async def test_a_delayed_event_keeps_the_correlation_id_and_names_the_event_that_asked_for_it() -> None:
    clock, later = TestClock(), {FIRST: [Delay(60, SECOND)], SECOND: [Delay(60, THIRD)]}
    async with live_store(event_store := log(), later=later, clock=clock) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST, correlation_id="request-1")
        clock.advance(3_600)
        first, second, third = await taken(subscription, 3)
        assert [each.correlation_id for each in (first, second, third)] == ["request-1"] * 3
        causes = [each.causation_id for each in (first, second, third)]
        assert causes == ["request-1", str(first.event_id), str(second.event_id)]
        assert [first, second, third] == await recorded_in(event_store)


@in_event_loop
async def test_what_a_refused_delayed_action_asks_for_names_the_last_event_before_it() -> None:
    clock, later = TestClock(), {FIRST: [Delay(60, TOO_MUCH)], TOO_MUCH: [Delay(60, THIRD)]}
    async with live_store(log(), later=later, clock=clock) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        clock.advance(3_600)
        first, third = await taken(subscription, 2)
        assert third.causation_id == str(first.event_id)


class Twofold:
    """A reducer that a user wrote: two events at a time, and a third one later."""

    def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
        match action:
            case "two":
                events = Deposited("ada", 1), Deposited("ada", 2)
                return Step(state + 2, (AppendEvents("a", events), Delay(60, "one")))
            case "one":
                return Step(state + 1, (AppendEvents("b", (Deposited("bea", 3),)),))
            case _:
                return Step(state + 1)


@in_event_loop
async def test_of_several_events_the_last_one_is_the_cause_of_what_comes_later() -> None:
    env = OrderEnvironment(clock := TestClock(), SequentialIds())
    async with Store(Twofold(), 0, env, log()) as store:
        subscription = store.subscribe_actions()
        await store.send("two")
        clock.advance(60)
        _, second, third = await taken(subscription, 3)
        assert third.causation_id == str(second.event_id)
        assert (third.recorded_at, store.state) == (after(60), 3)


def order(order_id: str) -> PlaceOrder:
    return PlaceOrder("customer-1", (OrderItem("p-1", "Mug", 2, 250),), order_id)


def order_store(
    event_store: InMemoryEventStore, later: dict[PlaceOrder, list[Delay]], clock: Clock
) -> Store[OrderState]:
    class CancellingWhatIsNotShipped(OrderReducer):
        def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
            step = super().reduce(state, action, env)
            delays = later.get(action, []) if isinstance(action, PlaceOrder) else []
            return Step(step.state, (*step.effects, *delays))

    return Store(CancellingWhatIsNotShipped(), OrderState(), OrderEnvironment(clock, SequentialIds()), event_store)


@in_event_loop
async def test_orders_that_nobody_ships_are_cancelled_in_time() -> None:
    clock, later = TestClock(), {order(name): [Delay(1_800, CancelOrder(name, "not paid"))] for name in ("ada", "bea")}
    async with order_store(InMemoryEventStore(), later, clock) as store:
        subscription = store.subscribe_actions()
        await store.send(order("ada"))
        clock.advance(900)
        await store.send(order("bea"))
        clock.advance(900)
        types = [type(recorded.event) for recorded in await taken(subscription, 3)]
        assert types == [OrderPlaced, OrderPlaced, OrderCancelled]
        assert [store.state.orders[name].status.name for name in ("ada", "bea")] == ["cancelled", "placed"]


# When it is begun


@in_event_loop
async def test_a_retry_under_its_key_does_not_begin_the_delays_again() -> None:
    clock = TestClock()
    async with live_store(event_store := log(), later=SECOND_AFTER_A_MINUTE, clock=clock) as store:
        subscription = store.subscribe_actions()
        for _ in range(3):
            await store.send(FIRST, idempotency_key="key-1")
        await asyncio.gather(*(store.send(FIRST, idempotency_key="key-2") for _ in range(3)))
        clock.advance(60)
        await taken(subscription, 4)
        await store.send(THIRD)
        assert cents_of(await recorded_in(event_store)) == [1, 1, 2, 2, 3]


@in_event_loop
async def test_a_command_that_could_not_be_written_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = TestClock()
    async with live_store(event_store := log(), later=SECOND_AFTER_A_MINUTE, clock=clock) as store:
        broken = failing(EventStoreError("no room"), times=1, act=event_store.append_many)
        monkeypatch.setattr(event_store, "append_many", broken)
        with pytest.raises(EventStoreError, match="no room"):
            await store.send(FIRST)
        clock.advance(60)
        await store.send(THIRD)
        assert balances(store) == {"ada": 3}


@in_event_loop
async def test_a_command_that_is_decided_again_begins_its_delays_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = TestClock()
    async with live_store(event_store := log(), later=SECOND_AFTER_A_MINUTE, clock=clock) as store:
        subscription, append = store.subscribe_actions(), event_store.append_many

        async def come_second(appends: Sequence[AppendEvents]) -> list[Any]:
            monkeypatch.setattr(event_store, "append_many", append)
            await append([AppendEvents("account-ada", [Deposited("ada", 7)])])
            return list(await append(appends))

        monkeypatch.setattr(event_store, "append_many", come_second)
        await store.send(FIRST)
        clock.advance(60)
        assert cents_of(await taken(subscription, 3)) == [7, 1, 2]
        await store.send(THIRD)
        assert balances(store) == {"ada": 13}


@in_event_loop
async def test_replay_begins_no_delay_again() -> None:
    clock = TestClock()
    event_store = log()
    for seed in (1, 2):
        async with live_store(event_store, later=SECOND_AFTER_A_MINUTE, clock=clock, seed=seed) as store:
            if seed == 1:
                await store.send(FIRST)
    async with live_store(event_store, later=SECOND_AFTER_A_MINUTE, clock=clock, seed=3) as store:
        clock.advance(3_600)
        await store.send(THIRD)
        assert balances(store) == {"ada": 4}


# What is no delay


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), True, "60", None, timedelta(seconds=1)])
@in_event_loop
async def test_a_delay_of_no_length_of_time_is_refused_before_anything_is_written(seconds: Any) -> None:
    async with live_store(event_store := log(), later={FIRST: [Delay(seconds, SECOND)]}) as store:
        refused, done = await asyncio.gather(*map(store.send, (FIRST, THIRD)), return_exceptions=True)
        assert isinstance(refused, ValueError)
        assert str(refused).startswith("the seconds of a Delay must be a number from 0, not")
        assert not isinstance(done, BaseException)
        assert cents_of(await recorded_in(event_store)) == [3]


@pytest.mark.parametrize("seconds", [1e12, 1e300])
@in_event_loop
async def test_a_delay_beyond_the_calendar_is_refused_before_anything_is_written(seconds: float) -> None:
    async with live_store(event_store := log(), later={FIRST: [Delay(seconds, SECOND)]}) as store:
        refused, done = await asyncio.gather(*map(store.send, (FIRST, THIRD)), return_exceptions=True)
        assert str(refused) == "the seconds of a Delay must end within the calendar"
        assert not isinstance(done, BaseException)
        assert cents_of(await recorded_in(event_store)) == [3]


@dataclass
class BrokenAlarmClock:
    """A clock whose bell is broken."""

    def now(self) -> datetime:
        return NEW_YEAR

    def call_at(self, instant: datetime, ring: Callable[[], object]) -> Callable[[], None]:
        raise OSError("no bell")


@in_event_loop
async def test_a_delay_that_the_clock_cannot_keep_is_logged_and_told_and_harms_no_command(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live_store(log(), later=SECOND_AFTER_A_MINUTE, clock=BrokenAlarmClock()) as store:
        waiting = store.send_and_wait_for(FIRST, lambda action: action == Deposited("ada", 2), 5)
        failed, done, kept = await asyncio.gather(
            *(waiting, store.send(FIRST), store.send(THIRD)), return_exceptions=True
        )
        assert isinstance(failed, OSError)
        assert [getattr(each, "positions", each) for each in (done, kept)] == [(2,), (3,)]
        why = f"{Delay(60, SECOND)!r} cannot be waited for: OSError('no bell')"
        assert [getattr(each, "failures", each) for each in (done, kept)] == [(why,), ()]
        assert why in repr(done)
    assert f"{Delay(60, SECOND)!r} cannot be waited for" in caplog.messages


# Clocks


@pytest.mark.parametrize("seconds", [0, 0.002])
@in_event_loop
async def test_on_the_systems_clock_a_delay_passes_by_itself(seconds: float) -> None:
    async with live_store(log(), later={FIRST: [Delay(seconds, SECOND)]}, clock=SystemClock()) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        assert cents_of(await taken(subscription, 2)) == [1, 2]


@in_event_loop
async def test_on_the_systems_clock_a_delayed_action_is_decided_no_earlier_than_it_is_due() -> None:
    later = {order("ada"): [Delay(0.002, CancelOrder("ada"))]}
    async with order_store(InMemoryEventStore(), later, SystemClock()) as store:
        subscription = store.subscribe_actions()
        await store.send(order("ada"))
        placed, cancelled = await taken(subscription, 2)
        assert cancelled.event.timestamp - placed.event.timestamp >= timedelta(milliseconds=2)


@in_event_loop
async def test_where_the_clock_rings_no_alarm_the_event_loop_counts_the_seconds() -> None:
    async with live_store(log(), later={FIRST: [Delay(0.002, SECOND)]}, clock=FixedClock(NEW_YEAR)) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        assert cents_of(await taken(subscription, 2)) == [1, 2]


@in_event_loop
async def test_a_command_as_of_an_earlier_time_has_its_delays_from_then_on() -> None:
    async with live_store(log(), later=SECOND_AFTER_A_MINUTE, clock=SystemClock()) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST, at=NEW_YEAR)
        _, second = await taken(subscription, 2)
        assert second.recorded_at == after(60)


@in_event_loop
async def test_a_test_clock_may_be_moved_from_another_thread() -> None:
    clock = TestClock()
    async with live_store(log(), later=SECOND_AFTER_A_MINUTE, clock=clock) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        await asyncio.to_thread(clock.advance, 60)
        assert cents_of(await taken(subscription, 2)) == [1, 2]


def test_a_test_clock_may_be_moved_while_the_event_loop_does_not_run() -> None:
    clock = TestClock()
    store = live_store(log(), later=SECOND_AFTER_A_MINUTE, clock=clock)
    with asyncio.Runner() as runner:
        runner.run(store.__aenter__())
        runner.run(store.send(FIRST))
        clock.advance(60)
        runner.run(store.send(THIRD))
        assert balances(store) == {"ada": 6}
        runner.run(store.close())


@in_event_loop
async def test_delays_work_over_a_file_as_well(tmp_path: Path) -> None:
    clock = TestClock()
    async with (
        DuckDBEventStore(tmp_path / "log.duckdb", codec=ACCOUNT_CODEC, clock=clock) as event_store,
        live_store(event_store, later=SECOND_AFTER_A_MINUTE, clock=clock) as store,
    ):
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        clock.advance(60)
        first, second = await taken(subscription, 2)
        assert (second.recorded_at, second.causation_id) == (after(60), str(first.event_id))
        assert [first, second] == await recorded_in(event_store)


# Closing


@in_event_loop
async def test_what_waits_at_closing_is_dropped_and_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "orderlab.runtime")
    clock, later = TestClock(), {FIRST: [Delay(60, SECOND), Delay(90, THIRD)]}
    async with live_store(event_store := log(), later=later, clock=clock) as store:
        await store.send(FIRST)
    clock.advance(3_600)
    await turns(5)
    assert await event_store.head() == 1
    assert "closed before their time had come: 2 delayed actions" in caplog.messages


@in_event_loop
async def test_on_the_systems_clock_too_what_waits_at_closing_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "orderlab.runtime")
    async with live_store(log(), later=SECOND_AFTER_A_MINUTE, clock=SystemClock()) as store:
        await store.send(FIRST)
    assert "closed before their time had come: 1 delayed actions" in caplog.messages


@in_event_loop
async def test_what_was_due_before_closing_is_done() -> None:
    clock = TestClock()
    async with live_store(event_store := log(), later=SECOND_AFTER_A_MINUTE, clock=clock) as store:
        await store.send(FIRST)
        clock.advance(60)
    assert cents_of(await recorded_in(event_store)) == [1, 2]


@in_event_loop
async def test_a_command_drained_at_closing_begins_a_delay_that_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "orderlab.runtime")
    async with live_store(event_store := log(), later={FIRST: [Delay(0, SECOND)]}) as store:
        sending = asyncio.ensure_future(store.send(FIRST))
        await turns(1)
    assert (await sending).positions == (1,)
    assert await event_store.head() == 1
    assert "closed before their time had come: 1 delayed actions" in caplog.messages


@in_event_loop
async def test_without_delays_closing_says_nothing_of_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "orderlab.runtime")
    async with live_store(log()) as store:
        await store.send(FIRST)
    assert caplog.messages == []


@in_event_loop
async def test_a_store_that_closes_is_not_kept_open_by_delays_that_beget_delays() -> None:
    later = {FIRST: [Delay(0, SECOND)], SECOND: [Delay(0, FIRST)]}
    async with live_store(event_store := log(), later=later) as store:
        subscription = store.subscribe_actions()
        await store.send(FIRST)
        await taken(subscription, 20)
    assert store.position == await event_store.head()


# The parts


@in_event_loop
async def test_what_is_dropped_is_told_so_and_does_not_come() -> None:
    came: list[str] = []
    for clock in (TestClock(), FixedClock(NEW_YEAR)):
        delays = Delays(clock)
        for seconds in (0, 60):
            delays.add(seconds, NEW_YEAR, lambda at: came.append("due"), lambda: came.append("dropped"))
        assert (len(delays), delays.drop(), len(delays)) == (2, 2, 0)
        await turns(3)
        if isinstance(clock, TestClock):
            clock.advance(60)
    assert came == ["dropped"] * 4


@in_event_loop
async def test_what_is_dropped_is_called_off_at_the_clock() -> None:
    called_off: list[datetime] = []

    class Recording(TestClock):
        def call_at(self, instant: datetime, ring: Callable[[], object]) -> Callable[[], None]:
            return lambda: called_off.append(instant)

    delays = Delays(Recording())
    delays.add(60, NEW_YEAR, print, print)
    delays.drop()
    assert called_off == [after(60)]


@in_event_loop
async def test_what_is_due_comes_in_the_thread_of_the_event_loop_whoever_moves_the_clock() -> None:
    came, threads = asyncio.Event(), list[int]()
    delays = Delays(clock := TestClock())

    def come(at: datetime | None) -> None:
        threads.append(threading.get_ident())
        came.set()

    delays.add(60, NEW_YEAR, come, print)
    await asyncio.to_thread(clock.advance, 60)
    await came.wait()
    assert threads == [threading.get_ident()]


@in_event_loop
async def test_what_is_due_is_given_its_instant_where_the_clock_can_tell_it() -> None:
    given: list[datetime | None] = []
    alarm, fixed, counted = TestClock(), FixedClock(NEW_YEAR), asyncio.Event()
    Delays(alarm).add(60, NEW_YEAR, given.append, print)
    alarm.advance(3_600)
    Delays(fixed).add(60, after(-3_600), given.append, print)
    await turns(1)

    def come(at: datetime | None) -> None:
        given.append(at)
        counted.set()

    Delays(fixed).add(0.001, NEW_YEAR, come, print)
    await counted.wait()
    assert given == [after(60), after(-3_540), None]


def test_an_instant_may_be_reached_by_a_fraction_of_a_second() -> None:
    assert instant_after(NEW_YEAR, 0.5) - NEW_YEAR == timedelta(milliseconds=500)
