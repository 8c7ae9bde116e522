import asyncio
import gc
import logging
import pickle
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Deposit, Deposited, InsufficientFunds, Withdraw
from broken_event_stores import Unhurried
from event_loop import in_event_loop
from hypothesis import given, settings
from hypothesis import strategies as st
from live_stores import Gate, balances, failing, live_store, log, positions_of, recorded_in, taken

from orderlab import broadcast, committing
from orderlab.broadcast import BUFFER, Broadcast, Lagged, Subscription
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SeededIds, TestClock
from orderlab.core.log import Appended, RecordedEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract.kit import turns
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.runtime import Store, StoreClosed


async def write(event_store: RowEventStore, count: int, stream_id: str = "account-bea") -> None:
    """Write as another process does."""
    for _ in range(count):
        await event_store.append_events(stream_id, [Deposited(stream_id.removeprefix("account-"), 1)])


async def deposit(store: Store[Any], count: int) -> None:
    for _ in range(count):
        await store.send(Deposit("ada", 5))


async def followed(subscription: Subscription) -> list[RecordedEvent]:
    """Follow to the end, going on after every lag."""
    found: list[RecordedEvent] = []
    told: list[tuple[int, int]] = []
    while True:
        try:
            found.append(await anext(subscription))
        except Lagged as lagged:
            told.append((lagged.last_position, found[-1].position))
        except StopAsyncIteration:
            assert all(said == had for said, had in told)
            return found


# What a subscriber gets


@in_event_loop
async def test_a_subscriber_gets_what_comes_from_now_on() -> None:
    async with live_store(event_store := log()) as store:
        await deposit(store, 2)
        subscription = store.subscribe_actions()
        await deposit(store, 3)
        assert await taken(subscription, 3) == await recorded_in(event_store, after=2)


@in_event_loop
async def test_an_event_comes_with_everything_that_the_log_knows_of_it() -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions()
        await store.send(Deposit("ada", 5), correlation_id="request-1", idempotency_key="key-1")
        [live] = await taken(subscription, 1)
        assert [live] == await recorded_in(event_store)
        assert (live.event, live.position, live.version) == (Deposited("ada", 5), 1, 1)
        assert (live.correlation_id, live.causation_id) == ("request-1", "request-1")
        assert live.metadata["idempotency_key"] == "key-1"


@in_event_loop
async def test_after_a_position_a_subscriber_gets_the_history_and_then_what_comes() -> None:
    async with live_store(event_store := log()) as store:
        await deposit(store, 4)
        subscription = store.subscribe_actions(after=1)
        history = await taken(subscription, 3)
        await deposit(store, 2)
        assert history + await taken(subscription, 2) == await recorded_in(event_store, after=1)


@in_event_loop
async def test_a_subscriber_may_begin_after_a_position_that_is_yet_to_come() -> None:
    async with live_store(log()) as store:
        subscription = store.subscribe_actions(after=2)
        beginning = asyncio.ensure_future(taken(subscription, 1))
        await turns(3)
        await deposit(store, 3)
        assert positions_of(await beginning) == [3]


@in_event_loop
async def test_refusals_are_nobody_elses_business() -> None:
    async with live_store(log()) as store:
        subscription = store.subscribe_actions()
        refused = await store.send(Withdraw("ada", 5))
        await deposit(store, 1)
        assert refused.rejection == InsufficientFunds("ada", 0)
        assert [each.event for each in await taken(subscription, 1)] == [Deposited("ada", 5)]


@in_event_loop
async def test_an_append_that_failed_is_not_broadcast(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions()
        broken = failing(EventStoreError("no room"), times=1, act=event_store.append_many)
        monkeypatch.setattr(event_store, "append_many", broken)
        with pytest.raises(EventStoreError, match="no room"):
            await store.send(Deposit("ada", 1))
        await store.send(Deposit("ada", 2))
        assert [each.event for each in await taken(subscription, 1)] == [Deposited("ada", 2)]


@in_event_loop
async def test_an_append_whose_answer_was_lost_is_broadcast_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions()
        append = event_store.append_many

        async def lose_the_answer(appends: Sequence[AppendEvents]) -> None:
            await append(appends)
            raise EventStoreError("the line is dead")

        with monkeypatch.context() as line:
            line.setattr(event_store, "append_many", lose_the_answer)
            with pytest.raises(EventStoreError, match="the line is dead"):
                await store.send(Deposit("ada", 1))
        await store.send(Deposit("ada", 2))
        assert await taken(subscription, 2) == await recorded_in(event_store)


@in_event_loop
async def test_nothing_is_broadcast_before_it_is_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        gate = Gate(event_store)
        monkeypatch.setattr(event_store, "append_many", gate.append_many)
        waiting = asyncio.ensure_future(taken(store.subscribe_actions(), 1))
        sending = asyncio.ensure_future(store.send(Deposit("ada", 5)))
        await gate.reached.wait()
        await turns(20)
        assert not waiting.done()
        gate.opened.set()
        await sending
        assert positions_of(await waiting) == [1]


@in_event_loop
async def test_answers_without_rows_are_made_good_from_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_store(event_store := log()) as store:
        append = event_store.append_many

        async def without_rows(appends: Sequence[AppendEvents]) -> list[Any]:
            return [replace(each, rows=()) if isinstance(each, Appended) else each for each in await append(appends)]

        monkeypatch.setattr(event_store, "append_many", without_rows)
        told: list[RecordedEvent] = []
        store.observe(told.extend)
        await deposit(store, 2)
        assert told == await recorded_in(event_store)
    assert caplog.messages == []


@in_event_loop
async def test_a_subscriber_who_gives_up_waiting_has_lost_nothing() -> None:
    async with live_store(Unhurried(codec=ACCOUNT_CODEC, clock=TestClock(), ids=SeededIds(0))) as store:
        await deposit(store, 3)
        subscription, found = store.subscribe_actions(after=0), list[int]()
        for patience in range(40):
            if patience == 20:
                await deposit(store, 2)
            waiting = asyncio.ensure_future(taken(subscription, 1))
            await turns(patience % 8)
            waiting.cancel()
            await asyncio.wait([waiting])
            if not waiting.cancelled():
                found += positions_of(waiting.result())
        assert found == [1, 2, 3, 4, 5]


# History and live, whoever writes when

KINDS = ("send", "send many", "rival", "append", "subscribe", "subscribe live", "let go")
Step = tuple[str, int]
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 12)), min_size=3, max_size=30
)


class Interleaving:
    """Writers and subscribers who begin at moments of their own, and are waited for only at the end."""

    def __init__(self, event_store: RowEventStore, store: Store[Any], rival: Store[Any], buffer: int) -> None:
        self._event_store, self._store, self._rival, self._buffer = event_store, store, rival, buffer
        self.writing: list[asyncio.Future[Any]] = []
        self.following: list[tuple[int, asyncio.Future[list[RecordedEvent]]]] = []

    async def take(self, step: Step) -> None:
        kind, number = step
        key = f"a{number % 3}"
        match kind:
            case "send":
                self._write(self._store.send(Deposit(key, number + 1)))
            case "send many":
                self.writing += (
                    asyncio.ensure_future(self._store.send(Deposit(f"a{each % 3}", 1))) for each in range(number)
                )
            case "rival":
                self._write(self._rival.send(Deposit(key, number + 1)))
            case "append":
                events = [Deposited(key, 1)] * (number + 1)
                self._write(self._event_store.append_events(f"account-{key}", events))
            case "subscribe":
                self._follow(number, self._store.subscribe_actions(after=number, buffer=self._buffer))
            case "subscribe live":
                self._follow(self._store.position, self._store.subscribe_actions(buffer=self._buffer))
            case _:
                await turns(number)

    def _write(self, writing: Any) -> None:
        self.writing.append(asyncio.ensure_future(writing))

    def _follow(self, after: int, subscription: Subscription) -> None:
        self.following.append((after, asyncio.ensure_future(followed(subscription))))


@pytest.mark.parametrize("kind", [InMemoryEventStore, Unhurried])
def test_nobody_misses_an_event_or_gets_one_twice_whoever_writes_when(kind: Callable[..., RowEventStore]) -> None:
    @settings(max_examples=150, deadline=None)
    @given(steps, st.sampled_from([1, 2, 5, BUFFER]))
    def holds(run: list[Step], buffer: int) -> None:
        async def scene() -> None:
            event_store = kind(codec=ACCOUNT_CODEC, clock=TestClock(), ids=SeededIds(0))
            async with live_store(event_store) as store, live_store(event_store, seed=2) as rival:
                interleaving = Interleaving(event_store, store, rival, buffer)
                for step in run:
                    await interleaving.take(step)
                await asyncio.gather(*interleaving.writing)
                await store.send(Deposit("end", 1))  # with it the store has taken in all that was written before
                await store.close()
                for after, following in interleaving.following:
                    assert await following == await recorded_in(event_store, after=after)

        asyncio.run(asyncio.wait_for(scene(), 20))

    holds()


# Who is too slow


@in_event_loop
async def test_a_slow_subscriber_is_told_exactly_what_it_missed_after_what_was_kept_for_it() -> None:
    async with live_store(log()) as store:
        await deposit(store, 1)
        slow = store.subscribe_actions(buffer=3)
        await deposit(store, 8)
        assert positions_of(await taken(slow, 3)) == [2, 3, 4]
        with pytest.raises(Lagged) as lagged:
            await anext(slow)
        assert (lagged.value.missed, lagged.value.last_position) == (5, 4)


@in_event_loop
async def test_a_slow_subscriber_goes_on_with_the_same_iterator() -> None:
    async with live_store(event_store := log()) as store:
        slow = store.subscribe_actions(buffer=3)
        await deposit(store, 8)
        kept = await taken(slow, 3)
        with pytest.raises(Lagged):
            await anext(slow)
        missed = await taken(slow, 5)
        assert kept + missed == await recorded_in(event_store)
        await deposit(store, 1)
        assert positions_of(await taken(slow, 1)) == [9]


@in_event_loop
async def test_a_slow_subscriber_goes_on_with_a_new_subscription() -> None:
    async with live_store(event_store := log()) as store:
        slow = store.subscribe_actions(buffer=3)
        await deposit(store, 8)
        kept = await taken(slow, 3)
        with pytest.raises(Lagged) as lagged:
            await anext(slow)
        again = store.subscribe_actions(after=lagged.value.last_position)
        assert kept + await taken(again, 5) == await recorded_in(event_store)


@in_event_loop
async def test_a_subscriber_may_be_too_slow_more_than_once() -> None:
    async with live_store(log()) as store:
        slow, told = store.subscribe_actions(buffer=1), list[tuple[int, int]]()
        for _ in range(3):
            await deposit(store, 3)
            await taken(slow, 1)
            with pytest.raises(Lagged) as lagged:
                await anext(slow)
            told.append((lagged.value.missed, lagged.value.last_position))
            await taken(slow, 2)
            waiting = asyncio.ensure_future(taken(slow, 1))  # it finds the end of the history, and is live again
            await turns(3)
            waiting.cancel()
            await asyncio.wait([waiting])
        assert told == [(2, 1), (2, 4), (2, 7)]


@in_event_loop
async def test_a_buffer_that_is_just_full_is_no_lag() -> None:
    async with live_store(log()) as store:
        subscription = store.subscribe_actions(buffer=3)
        await deposit(store, 3)
        await taken(subscription, 3)
        await deposit(store, 1)
        assert positions_of(await taken(subscription, 1)) == [4]


@in_event_loop
async def test_who_does_not_read_slows_nobody() -> None:
    async with live_store(log()) as store:
        asleep = store.subscribe_actions(buffer=1)
        quick = store.subscribe_actions(buffer=1)
        for position in range(1, 101):
            await deposit(store, 1)
            assert positions_of(await taken(quick, 1)) == [position]
        assert positions_of(await taken(asleep, 1)) == [1]
        with pytest.raises(Lagged, match="99 events came after position 1; subscribe again with after=1"):
            await anext(asleep)


@in_event_loop
async def test_nobody_who_reads_at_once_lags_behind_a_full_batch() -> None:
    async with live_store(log()) as store:
        reading = asyncio.ensure_future(taken(store.subscribe_actions(), 3_000))
        await turns(1)
        await asyncio.gather(*(store.send(Deposit(f"a{number}", 1)) for number in range(3_000)))
        assert positions_of(await reading) == list(range(1, 3_001))


@in_event_loop
async def test_nobody_who_reads_at_once_lags_behind_a_great_import() -> None:
    async with live_store(event_store := log()) as store:
        reading = asyncio.ensure_future(taken(store.subscribe_actions(), 2 * BUFFER))
        await turns(1)
        await event_store.append_events("account-bea", [Deposited("bea", 1)] * (2 * BUFFER))
        assert positions_of(await reading) == list(range(1, 2 * BUFFER + 1))


@in_event_loop
async def test_who_reads_a_long_history_lets_others_have_their_turn() -> None:
    event_store = log()
    await event_store.append_events("account-bea", [Deposited("bea", 1)] * 5_000)
    async with live_store(event_store) as store:
        reading = asyncio.ensure_future(taken(store.subscribe_actions(after=0), 5_000))
        await turns(1)
        await store.send(Deposit("ada", 5))
        assert not reading.done()
        assert positions_of(await reading) == list(range(1, 5_001))


# The end, and who has gone


@in_event_loop
async def test_a_subscription_ends_at_closing_after_what_was_kept_for_it() -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions()
        await deposit(store, 3)
    assert [recorded async for recorded in subscription] == await recorded_in(event_store)
    with pytest.raises(StopAsyncIteration):
        await anext(subscription)


@in_event_loop
async def test_a_subscription_that_waits_ends_at_closing() -> None:
    async with live_store(log()) as store:
        following = asyncio.ensure_future(followed(store.subscribe_actions()))
        await turns(3)
    assert await following == []


@in_event_loop
async def test_a_subscription_in_the_past_reads_to_the_end_of_the_log_after_closing() -> None:
    async with live_store(event_store := log()) as store:
        await deposit(store, 3)
        subscription = store.subscribe_actions(after=1)
    assert await followed(subscription) == await recorded_in(event_store, after=1)


@in_event_loop
async def test_who_lagged_at_closing_is_told_so_and_can_still_read_what_it_missed() -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions(buffer=2)
        await deposit(store, 5)
    await taken(subscription, 2)
    with pytest.raises(Lagged, match="3 events came after position 2"):
        await anext(subscription)
    assert await followed(subscription) == await recorded_in(event_store, after=2)


@in_event_loop
async def test_a_subscription_in_the_past_ends_where_the_event_store_was_closed_too() -> None:
    async with log() as event_store, live_store(event_store) as store:
        await deposit(store, 3)
        subscription = store.subscribe_actions(after=0)
    assert await followed(subscription) == []


@in_event_loop
async def test_a_store_that_is_closed_takes_no_subscriber_and_no_observer() -> None:
    async with live_store(log()) as store:
        pass
    with pytest.raises(StoreClosed):
        store.subscribe_actions()
    with pytest.raises(StoreClosed):
        store.observe(print)


@in_event_loop
async def test_a_subscription_that_was_dropped_is_not_kept() -> None:
    async with live_store(log()) as store:
        subscription = store.subscribe_actions()
        kept = weakref.ref(subscription)
        await deposit(store, 1)
        await taken(subscription, 1)
        del subscription
        gc.collect()
        assert kept() is None
        await deposit(store, 1)


@in_event_loop
async def test_a_subscription_that_a_loop_breaks_out_of_is_not_kept() -> None:
    async with live_store(log()) as store:
        await deposit(store, 5)
        async for recorded in store.subscribe_actions(after=0):
            if recorded.position == 2:
                break
        gc.collect()
        assert not store._broadcast.followed


@in_event_loop
async def test_a_subscription_that_somebody_waits_at_is_kept() -> None:
    async with live_store(log()) as store:
        waiting = asyncio.ensure_future(taken(store.subscribe_actions(), 1))
        await turns(3)
        gc.collect()
        await deposit(store, 1)
        assert positions_of(await waiting) == [1]


# A log that cannot be read for a moment


@in_event_loop
async def test_a_subscriber_whose_history_cannot_be_read_is_told_so_and_may_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        await deposit(store, 5)
        subscription, read = store.subscribe_actions(after=0), event_store.read_all

        async def interrupted(**options: Any) -> AsyncIterator[RecordedEvent]:
            async for recorded in read(**options):
                yield recorded
                if recorded.position == 2:
                    raise EventStoreError("the line is dead")

        with monkeypatch.context() as line:
            line.setattr(event_store, "read_all", interrupted)
            assert positions_of(await taken(subscription, 2)) == [1, 2]
            with pytest.raises(EventStoreError, match="the line is dead"):
                await anext(subscription)
        assert await taken(subscription, 3) == await recorded_in(event_store, after=2)


# Observers


@in_event_loop
async def test_observers_are_called_in_order_before_the_sender_is_answered() -> None:
    async with live_store(log()) as store:
        heard: list[object] = []
        store.observe(lambda events: heard.append(("first", positions_of(events))))
        store.observe(lambda events: heard.append(("second", positions_of(events))))
        sending = asyncio.ensure_future(store.send(Deposit("ada", 5)))
        sending.add_done_callback(lambda _: heard.append("answered"))
        await sending
        await turns(1)
        assert heard == [("first", [1]), ("second", [1]), "answered"]


@in_event_loop
async def test_an_observer_sees_the_state_that_its_events_led_to() -> None:
    async with live_store(log()) as store:
        seen: list[dict[str, int]] = []
        store.observe(lambda events: seen.append(balances(store)))
        await deposit(store, 2)
        assert seen == [{"ada": 5}, {"ada": 10}]


@in_event_loop
async def test_an_observer_is_told_of_every_event_once_and_in_order() -> None:
    async with live_store(event_store := log()) as store:
        told: list[RecordedEvent] = []
        store.observe(told.extend)
        await asyncio.gather(*(store.send(Deposit(f"a{number % 3}", 1)) for number in range(10)))
        await write(event_store, 3)
        await deposit(store, 2)
        assert told == await recorded_in(event_store)


class Strange(BaseException):
    """What no program raises on purpose, and pytest does."""


@pytest.mark.parametrize("error", [ZeroDivisionError("an observer's bug"), Strange("an observer's bug")])
@in_event_loop
async def test_an_observers_error_is_logged_and_harms_nobody(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_store(log()) as store:
        told: list[int] = []

        def fail(events: Sequence[RecordedEvent]) -> None:
            raise error

        store.observe(fail)
        store.observe(lambda events: told.extend(positions_of(events)))
        subscription = store.subscribe_actions()
        assert (await store.send(Deposit("ada", 5))).positions == (1,)
        assert (await store.send(Deposit("ada", 5))).positions == (2,)
        assert (told, positions_of(await taken(subscription, 2))) == ([1, 2], [1, 2])
    [first, _] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "an observer failed at the events up to position 1" in first.message
    assert "an observer's bug" in (first.exc_text or "")


@in_event_loop
async def test_no_observer_can_change_what_others_are_told() -> None:
    async with live_store(log()) as store:
        given: list[Sequence[RecordedEvent]] = []
        store.observe(given.append)
        await deposit(store, 1)
        assert isinstance(given[0], tuple)


@in_event_loop
async def test_an_observer_that_was_ended_is_called_no_more_and_may_be_ended_twice() -> None:
    async with live_store(log()) as store:
        told: list[int] = []
        end = store.observe(lambda events: told.extend(positions_of(events)))
        await deposit(store, 1)
        end()
        end()
        await deposit(store, 1)
        assert told == [1]


@in_event_loop
async def test_an_observer_given_twice_is_called_twice_and_ended_one_by_one() -> None:
    async with live_store(log()) as store:
        told: list[RecordedEvent] = []
        ends = [store.observe(told.extend), store.observe(told.extend)]
        await deposit(store, 1)
        ends[0]()
        ends[0]()
        await deposit(store, 1)
        assert positions_of(told) == [1, 1, 2]


@in_event_loop
async def test_who_begins_while_followers_are_behind_is_not_told_what_the_state_shows_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(committing, "_SHORT", 0)  # as if it were more than is kept for followers
    async with live_store(event_store := log()) as store:
        store.observe(lambda events: None)
        with monkeypatch.context() as line:
            line.setattr(event_store, "read_all", failing(EventStoreError("dead"), times=9, act=event_store.read_all))
            await write(event_store, 1)
            await deposit(store, 1)
            assert (store.position, store._broadcast.position) == (2, 0)
            told: list[RecordedEvent] = []
            store.observe(told.extend)
            subscription = store.subscribe_actions()
        await deposit(store, 1)
        assert positions_of(told) == [3]
        assert positions_of(await taken(subscription, 1)) == [3]


# The parts


@in_event_loop
async def test_without_followers_nothing_is_read_from_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    event_store = log()
    await write(event_store, 3)
    monkeypatch.setattr(event_store, "read_all", failing(EventStoreError("dead"), times=9, act=event_store.read_all))
    telling = Broadcast(event_store)
    await telling.publish(3, None)
    assert telling.position == 3


@in_event_loop
async def test_events_that_do_not_follow_those_told_last_are_read_from_the_log_with_those_between() -> None:
    event_store, told = log(), list[RecordedEvent]()
    await write(event_store, 3)
    telling = Broadcast(event_store)
    telling.observe(told.extend, 0)
    everything = await recorded_in(event_store)
    await telling.publish(1, everything[:1])
    await telling.publish(3, everything[2:])
    assert told == everything


@in_event_loop
async def test_a_log_that_keeps_events_back_is_told_so() -> None:
    event_store = log()
    await write(event_store, 3)
    telling = Broadcast(event_store)
    telling.observe(print, 0)
    with pytest.raises(EventStoreError, match="the log was read up to position 3, and goes to 4"):
        await telling.publish(4, None)


@in_event_loop
async def test_a_long_stretch_is_told_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "_PAGE", 2)
    event_store, told = log(), list[list[int]]()
    await write(event_store, 5)
    telling = Broadcast(event_store)
    telling.observe(lambda events: told.append(positions_of(events)), 0)
    await telling.publish(5, None)
    assert told == [[1, 2], [3, 4], [5]]


@pytest.mark.parametrize("after", [-1, 1.0, True, "1"])
@in_event_loop
async def test_a_subscriber_begins_after_a_position(after: Any) -> None:
    async with live_store(log()) as store:
        with pytest.raises(ValueError, match="after must be None or a position from 0, not"):
            store.subscribe_actions(after=after)


@pytest.mark.parametrize("buffer", [0, -1, 1.5, True, None])
@in_event_loop
async def test_a_buffer_holds_at_least_one_event(buffer: Any) -> None:
    async with live_store(log()) as store:
        with pytest.raises(ValueError, match="buffer must be a number of events from 1, not"):
            store.subscribe_actions(buffer=buffer)


@in_event_loop
async def test_a_subscription_shows_where_it_is() -> None:
    async with live_store(log()) as store:
        subscription = store.subscribe_actions()
        await deposit(store, 2)
        await taken(subscription, 1)
        assert repr(subscription) == "<Subscription at position 1, 1 events waiting>"


def test_a_lag_is_the_same_after_pickling() -> None:
    lagged = pickle.loads(pickle.dumps(Lagged(3, 17)))
    assert (lagged.missed, lagged.last_position, str(lagged)) == (3, 17, str(Lagged(3, 17)))
