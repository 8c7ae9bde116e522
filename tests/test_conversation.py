import asyncio
import gc
import logging
import pickle
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Deposit, Deposited, InsufficientFunds, Withdraw, Withdrawn
from event_loop import in_event_loop
from live_stores import Gate, balances, failing, live_store, log

from orderlab import runtime
from orderlab.conversation import Conversation, NoMatchingAction
from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Delay, Effect, Emit
from orderlab.core.environment import Environment, SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract.kit import turns
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.idempotency import IdempotencyKeyReused
from orderlab.orders.actions import OrderPlaced, PlaceOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.runtime import Store, StoreClosed

FIRST, SECOND, THIRD = Deposit("ada", 1), Deposit("ada", 2), Deposit("ada", 3)
TOO_MUCH = Withdraw("ada", 1_000)


def anything(action: object) -> bool:
    return True


def nothing(action: object) -> bool:
    return False


def equal_to(expected: object) -> Callable[[Any], bool]:
    return lambda action: bool(action == expected)


# What matches


@in_event_loop
async def test_a_sender_gets_the_first_action_that_its_command_caused() -> None:
    async with live_store(log()) as store:
        assert await store.send_and_wait_for(FIRST, anything, 5) == Deposited("ada", 1)


@in_event_loop
async def test_the_action_is_durable_and_shown_when_its_sender_gets_it() -> None:
    async with live_store(event_store := log()) as store:
        await store.send_and_wait_for(FIRST, anything, 5)
        assert (balances(store), await event_store.head()) == ({"ada": 1}, 1)


@in_event_loop
async def test_a_rejection_matches_like_any_other_action() -> None:
    async with live_store(log()) as store:
        matches = equal_to(InsufficientFunds("ada", 0))
        assert await store.send_and_wait_for(TOO_MUCH, matches, 5) == InsufficientFunds("ada", 0)


@in_event_loop
async def test_two_who_send_equal_commands_at_once_each_get_their_own_order() -> None:
    env = OrderEnvironment(TestClock(), SequentialIds())
    async with Store(OrderReducer(), OrderState(), env, InMemoryEventStore()) as store:
        place = PlaceOrder("customer-1", [OrderItem("p-1", "Mug", 2, 250)])
        names = [f"client-{number}" for number in range(20)]
        sending = (
            store.send_and_wait_for(place, lambda action: isinstance(action, OrderPlaced), 5, correlation_id=name)
            for name in names
        )
        orders = await asyncio.gather(*sending)
        mine = {each.event.order_id: each.correlation_id async for each in store._event_store.read_all()}
        assert [mine[order.order_id] for order in orders] == names


@in_event_loop
async def test_what_another_causes_never_matches() -> None:
    async with live_store(log()) as store:
        waiting = store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 2)), 5)
        [mine, _] = await asyncio.gather(*(waiting, store.send(SECOND)), return_exceptions=True)
        assert isinstance(mine, NoMatchingAction)
        assert mine.actions == (Deposited("ada", 1),)


@in_event_loop
async def test_commands_under_one_correlation_id_are_told_apart_all_the_same() -> None:
    async with live_store(log()) as store:
        answers = await asyncio.gather(
            *(store.send_and_wait_for(each, anything, 5, correlation_id="request-1") for each in (FIRST, SECOND))
        )
        assert answers == [Deposited("ada", 1), Deposited("ada", 2)]


@in_event_loop
async def test_a_retry_gets_what_the_first_attempt_caused() -> None:
    async with live_store(event_store := log()) as store:
        answers = [await store.send_and_wait_for(FIRST, anything, 5, idempotency_key="key-1") for _ in range(2)]
        assert answers == [Deposited("ada", 1)] * 2
        assert await event_store.head() == 1


class Asking:
    """A reducer that a user wrote: it asks for these effects, whatever it is given."""

    def __init__(self, *effects: Effect) -> None:
        self._effects = effects

    def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
        return Step(state, self._effects)


def asking_store(*effects: Effect) -> Store[int]:
    env = OrderEnvironment(TestClock(), SequentialIds())
    return Store(Asking(*effects), 0, env, InMemoryEventStore(codec=ACCOUNT_CODEC))


@in_event_loop
async def test_an_event_that_is_written_without_being_announced_was_caused_all_the_same() -> None:
    async with asking_store(AppendEvents("a", (Deposited("ada", 1),))) as store:
        answers = [await store.send_and_wait_for("go", anything, 5, idempotency_key="key-1") for _ in range(2)]
        assert answers == [Deposited("ada", 1)] * 2


@in_event_loop
async def test_whatever_else_is_announced_comes_after_the_events() -> None:
    event = Deposited("ada", 1)
    async with asking_store(Emit("hello"), AppendEvents("a", (event, event)), Emit(event), Emit("bye")) as store:
        with pytest.raises(NoMatchingAction) as came:
            await store.send_and_wait_for("go", nothing, 5)
        assert came.value.actions == (event, event, "hello", "bye")


# When nothing matches


@in_event_loop
async def test_who_waits_for_what_cannot_come_is_told_at_once_and_what_did_come() -> None:
    async with live_store(log()) as store:
        with pytest.raises(NoMatchingAction, match=r"matches: Deposited\(account_id='ada', cents=1\)") as came:
            await store.send_and_wait_for(FIRST, nothing)
        assert came.value.actions == (Deposited("ada", 1),)


@in_event_loop
async def test_a_rejection_that_does_not_match_is_told_at_once() -> None:
    async with live_store(log()) as store:
        with pytest.raises(NoMatchingAction) as came:
            await store.send_and_wait_for(TOO_MUCH, equal_to(Withdrawn("ada", 1_000)))
        assert came.value.actions == (InsufficientFunds("ada", 0),)


@in_event_loop
async def test_a_command_that_causes_nothing_is_told_at_once() -> None:
    async with live_store(log()) as store:
        with pytest.raises(NoMatchingAction, match="the command caused nothing"):
            await store.send_and_wait_for(Deposit("ada", 0), anything)


@in_event_loop
async def test_a_predicate_that_raises_ends_the_waiting_and_not_the_command() -> None:
    async with live_store(log()) as store:
        with pytest.raises(ZeroDivisionError):
            await store.send_and_wait_for(FIRST, lambda action: bool(action.cents / 0), 5)
        await store.send(SECOND)
        assert balances(store) == {"ada": 3}


# What is to come later


@in_event_loop
async def test_a_pending_delay_is_something_that_can_come() -> None:
    clock = TestClock()
    async with live_store(log(), later={FIRST: [Delay(60, SECOND)]}, clock=clock) as store:
        waiting = asyncio.ensure_future(store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 2)), 5))
        await turns(1)
        await store.send(THIRD)  # answered after what was sent before it
        clock.advance(59)
        await turns(20)
        assert not waiting.done()
        clock.advance(1)
        assert await waiting == Deposited("ada", 2)


@in_event_loop
async def test_when_the_last_delay_is_over_and_nothing_matched_all_is_told() -> None:
    clock = TestClock()
    async with live_store(log(), later={FIRST: [Delay(60, SECOND), Delay(30, TOO_MUCH)]}, clock=clock) as store:
        waiting = asyncio.ensure_future(store.send_and_wait_for(FIRST, nothing, 5))
        await turns(1)
        await store.send(THIRD)
        clock.advance(60)
        with pytest.raises(NoMatchingAction) as came:
            await waiting
        assert came.value.actions == (Deposited("ada", 1), InsufficientFunds("ada", 4), Deposited("ada", 2))


@in_event_loop
async def test_a_chain_of_delays_is_waited_for_to_its_end() -> None:
    clock = TestClock()
    later = {FIRST: [Delay(60, SECOND)], SECOND: [Delay(60, THIRD)]}
    async with live_store(log(), later=later, clock=clock) as store:
        waiting = asyncio.ensure_future(store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 3)), 5))
        await turns(1)
        await store.send(Deposit("bea", 1))
        clock.advance(3_600)
        assert await waiting == Deposited("ada", 3)


@in_event_loop
async def test_a_delay_of_another_is_not_waited_for() -> None:
    async with live_store(log(), later={FIRST: [Delay(60, SECOND)]}) as store:
        await store.send(FIRST)
        with pytest.raises(NoMatchingAction):
            await store.send_and_wait_for(THIRD, equal_to(Deposited("ada", 2)))


@in_event_loop
async def test_a_delayed_action_that_is_refused_is_logged_and_reaches_who_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "orderlab.runtime")
    async with live_store(log(), later={FIRST: [Delay(0, TOO_MUCH)]}) as store:
        matches = equal_to(InsufficientFunds("ada", 1))
        assert await store.send_and_wait_for(FIRST, matches, 5) == InsufficientFunds("ada", 1)
        await turns(1)
    assert "a delayed action was refused: InsufficientFunds(account_id='ada', balance_cents=1)" in caplog.messages


@in_event_loop
async def test_a_delayed_action_that_fails_is_logged_and_its_error_reaches_who_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live_store(log(), later={FIRST: [Delay(0, "nonsense")]}) as store:
        with pytest.raises(TypeError, match="'nonsense' is no command of account"):
            await store.send_and_wait_for(FIRST, nothing, 5)
        await turns(1)
    assert any(each.startswith("a delayed action failed: 'nonsense' is no command") for each in caplog.messages)


@in_event_loop
async def test_a_failed_step_does_not_hide_what_still_comes() -> None:
    clock = TestClock()
    later = {FIRST: [Delay(0, "nonsense"), Delay(60, SECOND)]}
    async with live_store(log(), later=later, clock=clock) as store:
        waiting = asyncio.ensure_future(store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 2)), 5))
        await turns(50)
        assert not waiting.done()
        clock.advance(60)
        assert await waiting == Deposited("ada", 2)


@in_event_loop
async def test_the_delays_of_a_retry_are_those_of_the_first_attempt_and_not_waited_for() -> None:
    async with live_store(log(), later={FIRST: [Delay(60, SECOND)]}) as store:
        await store.send(FIRST, idempotency_key="key-1")
        with pytest.raises(NoMatchingAction) as came:
            await store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 2)), idempotency_key="key-1")
        assert came.value.actions == (Deposited("ada", 1),)


# Time is over


@pytest.mark.parametrize("patience", [0.001, timedelta(milliseconds=1)])
@in_event_loop
async def test_when_the_time_is_over_the_waiting_ends_and_not_the_command(patience: float | timedelta) -> None:
    clock = TestClock()
    async with live_store(log(), later={FIRST: [Delay(60, SECOND)]}, clock=clock) as store:
        subscription = store.subscribe_actions()
        with pytest.raises(TimeoutError):
            await store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 2)), patience)
        clock.advance(60)
        assert [(await anext(subscription)).event for _ in range(2)] == [Deposited("ada", 1), Deposited("ada", 2)]


@in_event_loop
async def test_without_any_time_a_command_is_done_all_the_same() -> None:
    async with live_store(log()) as store:
        with pytest.raises(TimeoutError):
            await store.send_and_wait_for(FIRST, anything, 0)
        await store.send(SECOND)
        assert balances(store) == {"ada": 3}


@in_event_loop
async def test_a_failure_that_nobody_waits_for_any_more_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_store(event_store := log()) as store:
        gate = Gate(event_store)
        monkeypatch.setattr(event_store, "append_many", gate.append_many)
        sending = asyncio.ensure_future(store.send(FIRST))
        await gate.reached.wait()
        with pytest.raises(TimeoutError):
            await store.send_and_wait_for(SECOND, anything, 0.001, expected_version=7)
        gate.opened.set()
        await sending
        await store.send(THIRD)
    gc.collect()
    assert caplog.messages == []


# A send that fails


@in_event_loop
async def test_a_send_that_fails_raises_what_send_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        await store.send(FIRST, idempotency_key="key-1")
        with pytest.raises(VersionConflict, match="is at version 1, not at 7 as expected"):
            await store.send_and_wait_for(FIRST, anything, 5, expected_version=7)
        with pytest.raises(IdempotencyKeyReused):
            await store.send_and_wait_for(SECOND, anything, 5, idempotency_key="key-1")
        with pytest.raises(TypeError, match="is no command of account"):
            await store.send_and_wait_for("nonsense", anything, 5)
        broken = failing(EventStoreError("no room"), times=1, act=event_store.append_many)
        monkeypatch.setattr(event_store, "append_many", broken)
        with pytest.raises(EventStoreError, match="no room"):
            await store.send_and_wait_for(FIRST, anything, 5)


@in_event_loop
async def test_a_send_that_fails_is_told_to_who_waits_and_to_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    async with live_store(log()) as store:
        with pytest.raises(VersionConflict):
            await store.send_and_wait_for(FIRST, anything, 5, expected_version=7)
    gc.collect()
    assert caplog.messages == []


@in_event_loop
async def test_a_failed_batch_is_not_told_to_who_was_answered_already(monkeypatch: pytest.MonkeyPatch) -> None:
    later = {FIRST: [Delay(60, SECOND)]}
    async with live_store(event_store := log(), later=later, clock=(clock := TestClock())) as store:
        with monkeypatch.context() as line:
            # The head is asked for once the first is answered, whether the refusal of the second may stand.
            line.setattr(event_store, "head", failing(EventStoreError("dead"), times=99, act=event_store.head))
            waiting = asyncio.ensure_future(store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 2)), 5))
            with pytest.raises(EventStoreError, match="dead"):
                await store.send(TOO_MUCH)
        await turns(20)
        assert not waiting.done()
        clock.advance(60)
        assert await waiting == Deposited("ada", 2)


@in_event_loop
async def test_who_was_answered_in_a_failed_batch_and_waits_for_what_cannot_come_is_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        with monkeypatch.context() as line:
            line.setattr(event_store, "head", failing(EventStoreError("dead"), times=99, act=event_store.head))
            sending = store.send_and_wait_for(FIRST, nothing), store.send(TOO_MUCH)
            [mine, refused] = await asyncio.gather(*sending, return_exceptions=True)
        assert isinstance(mine, NoMatchingAction)
        assert isinstance(refused, EventStoreError)


# Closing


@in_event_loop
async def test_who_waits_for_a_delay_is_told_at_closing_that_nothing_more_can_come() -> None:
    async with live_store(log(), later={FIRST: [Delay(60, SECOND)]}) as store:
        waiting = asyncio.ensure_future(store.send_and_wait_for(FIRST, equal_to(Deposited("ada", 2))))
        await turns(1)
    with pytest.raises(NoMatchingAction) as came:
        await waiting
    assert came.value.actions == (Deposited("ada", 1),)


@in_event_loop
async def test_who_waits_at_closing_still_gets_the_answer_to_what_was_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        gate = Gate(event_store)
        monkeypatch.setattr(event_store, "append_many", gate.append_many)
        waiting = asyncio.ensure_future(store.send_and_wait_for(FIRST, anything, 5))
        await gate.reached.wait()
        closing = asyncio.ensure_future(store.close())
        await turns(1)
        gate.opened.set()
        await closing
        assert await waiting == Deposited("ada", 1)


@in_event_loop
async def test_who_waits_for_room_at_closing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_WAITING", 1)
    async with live_store(event_store := log()) as store:
        gate = Gate(event_store)
        monkeypatch.setattr(event_store, "append_many", gate.append_many)
        sending = asyncio.ensure_future(store.send(FIRST))
        await gate.reached.wait()
        queued = asyncio.ensure_future(store.send(SECOND))
        waiting = asyncio.ensure_future(store.send_and_wait_for(THIRD, anything))
        await turns(1)
        closing = asyncio.ensure_future(store.close())
        await turns(1)
        gate.opened.set()
        await asyncio.gather(sending, queued, closing)
        with pytest.raises(StoreClosed):
            await waiting


@in_event_loop
async def test_a_closed_store_does_not_let_anybody_wait() -> None:
    async with live_store(log()) as store:
        pass
    with pytest.raises(StoreClosed):
        await store.send_and_wait_for(FIRST, anything)


# The parts


def said(*announced: Sequence[Any]) -> Conversation:
    conversation = Conversation()
    for actions in announced:
        conversation.begin()
        conversation.end(actions)
    return conversation


@in_event_loop
async def test_of_many_that_match_the_first_is_taken() -> None:
    assert await said([1, 2], [3, 4]).first(lambda action: action > 1) == 2


@in_event_loop
async def test_each_action_is_looked_at_once() -> None:
    seen: list[int] = []
    conversation = said([1])
    conversation.begin()

    def look(action: int) -> bool:
        seen.append(action)
        return False

    waiting = asyncio.ensure_future(conversation.first(look))
    await turns(2)
    conversation.begin()
    conversation.end([2])
    await turns(2)
    conversation.end([3])
    with pytest.raises(NoMatchingAction):
        await waiting
    assert seen == [1, 2, 3]


@in_event_loop
async def test_the_first_failure_of_several_is_told() -> None:
    conversation = Conversation()
    for error in (ZeroDivisionError("first"), KeyError("second")):
        conversation.begin()
        conversation.end(failure=error)
    with pytest.raises(ZeroDivisionError, match="first"):
        await conversation.first(anything)


def test_what_matched_nothing_is_the_same_after_pickling() -> None:
    came = pickle.loads(pickle.dumps(NoMatchingAction((Deposited("ada", 1),))))
    assert came.actions == (Deposited("ada", 1),)


@in_event_loop
async def test_a_reducers_bug_reaches_who_waits() -> None:
    class Faulty:
        def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
            raise ZeroDivisionError("a bug")

    env = OrderEnvironment(TestClock(), SequentialIds())
    async with Store(Faulty(), 0, env, log()) as store:
        with pytest.raises(ZeroDivisionError, match="a bug"):
            await store.send_and_wait_for("go", anything, 5)
