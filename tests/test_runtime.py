import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import pytest
from accounts import (
    ACCOUNT_CODEC,
    Account,
    Accounts,
    Deposit,
    Deposited,
    InsufficientFunds,
    Withdraw,
    Withdrawn,
    account_environment,
    account_reducer,
)
from event_loop import in_event_loop

from orderlab import committing, runtime
from orderlab.core.decider import DeciderReducer, Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import Environment, SeededIds, SequentialIds, TestClock
from orderlab.core.errors import CorruptStream, OrderlabError, UnreadableEvent, Unwritable, VersionConflict
from orderlab.core.log import EncodedEvent, StoredEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.orders.actions import (
    CancelOrder,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.outcome import Outcome
from orderlab.replay import load_state
from orderlab.runtime import Store, StoreClosed

Act = Callable[[Sequence[AppendEvents]], Awaitable[None]]

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE = PlaceOrder("customer-1", [MUG])
PLACE_ADA = PlaceOrder("customer-1", [MUG], "ada")
SHIP_ADA = ShipOrder("ada", "TRACK-1")
CANCEL_ADA = CancelOrder("ada", "changed my mind")


@pytest.fixture(params=["memory", "duckdb"])
def event_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RowEventStore]:
    made = InMemoryEventStore() if request.param == "memory" else DuckDBEventStore(tmp_path / "log.duckdb")
    yield made
    asyncio.run(made.close())


def order_store(event_store: RowEventStore, *, seed: int | None = None) -> Store[OrderState]:
    """Return a store whose ids count, or are drawn by seed where two stores must not draw the same."""
    ids = SequentialIds() if seed is None else SeededIds(seed)
    return Store(OrderReducer(), OrderState(), OrderEnvironment(TestClock(), ids), event_store)


def account_store(event_store: RowEventStore, *, seed: int | None = None) -> Store[Accounts]:
    reducer, ids = account_reducer(), SequentialIds() if seed is None else SeededIds(seed)
    return Store(reducer, reducer.initial_state(), OrderEnvironment(TestClock(), ids), event_store)


def log() -> InMemoryEventStore:
    return InMemoryEventStore()


def accounts_in_memory() -> InMemoryEventStore:
    return InMemoryEventStore(codec=ACCOUNT_CODEC)


def balances(store: Store[Accounts]) -> dict[str, int]:
    return {key: account.balance_cents for key, account in store.state.entities.items()}


def before_appends(monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore, act: Act) -> None:
    """Have something happen before each append; what it appends itself goes straight through."""
    append, acting = event_store.append_many, False

    async def watched(appends: Sequence[AppendEvents]) -> list[Any]:
        nonlocal acting
        if not acting:
            acting = True
            try:
                await act(appends)
            finally:
                acting = False
        return list(await append(appends))

    monkeypatch.setattr(event_store, "append_many", watched)


def only_first(times: int, act: Act) -> Act:
    left = iter(range(times))

    async def limited(appends: Sequence[AppendEvents]) -> None:
        if next(left, None) is not None:
            await act(appends)

    return limited


def failing(error: Exception, *, stream_id: str | None = None) -> Act:
    """Fail every append, or every one that has to do with a stream."""

    async def fail(appends: Sequence[AppendEvents]) -> None:
        if stream_id is None or stream_id in [append.stream_id for append in appends]:
            raise error

    return fail


def writing(event_store: RowEventStore, stream_id: str, event: object) -> Act:
    """Write as another process does: behind the store's back, just before it appends."""

    async def write(appends: Sequence[AppendEvents]) -> None:
        await event_store.append_events(stream_id, [event])

    return write


class Gate:
    """Hold appends until the gate is opened; `sizes` tells how many each transaction had."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self.sizes: list[int] = []
        before_appends(monkeypatch, event_store, self._hold)

    async def _hold(self, appends: Sequence[AppendEvents]) -> None:
        self.sizes.append(len(appends))
        self.reached.set()
        await self.opened.wait()


async def answer(attempt: Awaitable[Outcome]) -> Outcome | Exception:
    [answered] = await asyncio.gather(attempt, return_exceptions=True)
    assert not isinstance(answered, BaseException) or isinstance(answered, Exception)
    return answered


# Opening


@in_event_loop
async def test_a_store_replays_the_log_first(event_store: RowEventStore) -> None:
    async with order_store(event_store, seed=1) as store:
        await store.send(PLACE_ADA)
        await store.send(SHIP_ADA)
        before = store.state
    async with order_store(event_store, seed=2) as store:
        assert (store.state, store.position) == (before, 2)


@in_event_loop
async def test_a_store_over_an_empty_log_has_the_initial_state() -> None:
    store = Store(OrderReducer(), initial := OrderState(), OrderEnvironment(TestClock(), SequentialIds()), log())
    async with store:
        assert store.state is initial
        assert store.position == 0


@in_event_loop
async def test_a_store_does_not_open_on_a_log_that_cannot_be_read() -> None:
    event_store = log()
    await event_store.append_events("order-ada", [EncodedEvent("OrderLost", 2, "{}")])
    store = order_store(event_store)
    with pytest.raises(UnreadableEvent, match="position 1"):
        await store.__aenter__()
    with pytest.raises(StoreClosed):
        await store.send(PLACE)


@in_event_loop
async def test_a_store_that_is_not_open_takes_no_command() -> None:
    with pytest.raises(StoreClosed, match="takes no commands: use it inside `async with`"):
        await order_store(log()).send(PLACE)


@in_event_loop
async def test_a_store_is_opened_only_once() -> None:
    async with order_store(log()) as store:
        with pytest.raises(StoreClosed, match="was opened before"):
            await store.__aenter__()


# What is shown, and when


@in_event_loop
async def test_a_state_is_shown_only_once_its_events_are_durable(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        before, gate = store.state, Gate(monkeypatch, event_store)
        sending = asyncio.create_task(store.send(PLACE_ADA))
        await gate.reached.wait()
        assert (store.state is before, store.position, sending.done()) == (True, 0, False)
        gate.opened.set()
        await sending
        assert (list(store.state.orders), store.position) == (["ada"], 1)


@in_event_loop
async def test_what_is_sent_while_an_append_is_under_way_goes_together_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        sending = [asyncio.create_task(store.send(PLACE))]
        await gate.reached.wait()
        sending += [asyncio.create_task(store.send(PLACE)) for _ in range(5)]
        gate.opened.set()
        await asyncio.gather(*sending)
    assert gate.sizes == [1, 5]


@in_event_loop
async def test_a_batch_is_decided_only_after_the_one_before_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        gate = Gate(monkeypatch, event_store)
        paying_in = asyncio.create_task(store.send(Deposit("ada", 5)))
        await gate.reached.wait()
        paying_out = asyncio.create_task(store.send(Withdraw("ada", 5)))
        gate.opened.set()
        await paying_in
        assert (await paying_out).events == (Withdrawn("ada", 5),)


@in_event_loop
async def test_place_ship_and_cancel_sent_together_meet_each_other(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        gate = Gate(monkeypatch, event_store)
        gate.opened.set()
        outcomes = await asyncio.gather(*map(store.send, (PLACE_ADA, SHIP_ADA, CANCEL_ADA)))
    assert gate.sizes == [2]
    assert [outcome.versions for outcome in outcomes] == [(1,), (2,), ()]
    assert outcomes[2].rejection == InvalidOrderState("ada", "shipped")


@in_event_loop
async def test_more_commands_than_a_batch_holds_are_all_answered_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_BATCH", 4)
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        gate.opened.set()
        outcomes = await asyncio.gather(*(store.send(PLACE) for _ in range(10)))
    assert gate.sizes == [4, 4, 2]
    assert [outcome.positions for outcome in outcomes] == [(position,) for position in range(1, 11)]


@in_event_loop
async def test_who_finds_the_store_full_waits_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_WAITING", 2)
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        sending = [asyncio.create_task(store.send(PLACE)) for _ in range(20)]
        await gate.reached.wait()
        gate.opened.set()
        await asyncio.gather(*sending)
    assert positions_of(sending) == list(range(1, 21))


def positions_of(sent: Sequence[asyncio.Task[Outcome]]) -> list[int]:
    return sorted(position for each in sent for position in each.result().positions)


# Outcomes


@in_event_loop
async def test_an_outcome_tells_what_happened_and_where(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE)
        await store.send(PLACE_ADA)
        outcome = await store.send(SHIP_ADA, correlation_id="request-1")
    shipped = OrderShipped("ada", "TRACK-1", NEW_YEAR)
    assert outcome == Outcome("request-1", (shipped,), None, "order-ada", (2,), (3,))


@in_event_loop
async def test_a_refusal_is_a_value_and_changes_nothing(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        before = store.state
        outcome = await store.send(SHIP_ADA, correlation_id="request-1")
        assert outcome == Outcome("request-1", rejection=OrderNotFound("ada"))
        assert store.state is before
    assert await event_store.head() == 0


@in_event_loop
async def test_a_command_that_breaks_a_rule_is_refused_with_the_reason() -> None:
    async with order_store(log()) as store:
        outcome = await store.send(PlaceOrder("customer-1", []))
    assert outcome.rejection == ValidationFailed("items must hold 1 to 1000 items, not 0")


@in_event_loop
async def test_a_command_that_causes_nothing_is_answered_with_nothing() -> None:
    async with account_store(accounts_in_memory()) as store:
        outcome = await store.send(Deposit("ada", 0), correlation_id="request-1")
        assert outcome == Outcome("request-1")
        assert balances(store) == {}


@in_event_loop
async def test_what_is_no_command_is_told_so_and_harms_no_other() -> None:
    async with order_store(log()) as store:
        wrong, right = await asyncio.gather(answer(store.send("nonsense")), answer(store.send(PLACE)))
    assert isinstance(wrong, TypeError)
    assert isinstance(right, Outcome)


# Ids of the request, and times


@in_event_loop
async def test_every_event_is_recorded_with_the_id_of_its_request_as_correlation_and_cause(
    event_store: RowEventStore,
) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE_ADA, correlation_id="request-1")
        await store.send(SHIP_ADA, correlation_id="request-2")
    recorded = [(each.correlation_id, each.causation_id) async for each in event_store.read_all()]
    assert recorded == [("request-1", "request-1"), ("request-2", "request-2")]


@in_event_loop
async def test_a_request_without_an_id_is_given_one() -> None:
    async with order_store(event_store := log(), seed=1) as store:
        first, second = await store.send(PLACE), await store.send(PLACE)
    assert UUID(first.correlation_id) != UUID(second.correlation_id)
    assert [each.correlation_id async for each in event_store.read_all()] == [
        first.correlation_id,
        second.correlation_id,
    ]


@in_event_loop
async def test_a_command_is_decided_and_recorded_as_of_the_instant_it_names(event_store: RowEventStore) -> None:
    noon = NEW_YEAR + timedelta(hours=12)
    async with order_store(event_store) as store:
        outcome = await store.send(PLACE_ADA, at=noon.astimezone(timezone(timedelta(hours=-5))))
        assert store.state.orders["ada"].created_at == noon
        assert store.state == await load_state(event_store)
    [recorded] = await event_store.load_events("order-ada")
    assert outcome.events == (OrderPlaced("ada", "customer-1", (MUG,), 500, noon),)
    assert recorded.recorded_at == noon


@in_event_loop
async def test_an_instant_before_the_last_one_recorded_is_raised_to_that() -> None:
    async with order_store(event_store := log()) as store:
        await store.send(PLACE, at=NEW_YEAR + timedelta(hours=1))
        await store.send(PLACE, at=NEW_YEAR)
    recorded = [(each.recorded_at, each.event.timestamp) async for each in event_store.read_all()]
    assert recorded[1] == (NEW_YEAR + timedelta(hours=1), NEW_YEAR)


@in_event_loop
async def test_an_instant_without_a_zone_is_refused() -> None:
    async with order_store(log()) as store:
        with pytest.raises(ValueError, match="at must be a timezone-aware datetime"):
            await store.send(PLACE, at=datetime(2025, 1, 1))  # noqa: DTZ001 - what is refused


# Others who write to the log


@in_event_loop
async def test_a_command_that_comes_second_is_decided_again_on_the_newer_state(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE_ADA)
        cancelled = OrderCancelled("ada", "elsewhere", NEW_YEAR)
        before_appends(monkeypatch, event_store, only_first(1, writing(event_store, "order-ada", cancelled)))
        outcome = await store.send(SHIP_ADA)
        assert outcome.rejection == InvalidOrderState("ada", "cancelled")
        assert store.state == await load_state(event_store)


@in_event_loop
async def test_a_command_that_can_still_be_done_is_done_on_the_newer_state(monkeypatch: pytest.MonkeyPatch) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        elsewhere = writing(event_store, "account-ada", Deposited("ada", 5))
        before_appends(monkeypatch, event_store, only_first(3, elsewhere))
        outcome = await store.send(Deposit("ada", 1))
        assert (outcome.versions, outcome.positions) == ((4,), (4,))
        assert balances(store) == {"ada": 16}


@in_event_loop
async def test_an_order_decided_again_keeps_the_id_drawn_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        taken = OrderPlaced("order-1", "customer-2", (MUG,), 500, NEW_YEAR)
        before_appends(monkeypatch, event_store, only_first(1, writing(event_store, "order-order-1", taken)))
        first, second = await store.send(PLACE), await store.send(PLACE)
    assert first.rejection == InvalidOrderState("order-1", "placed")
    assert second.stream_id == "order-order-2"


@in_event_loop
async def test_events_of_other_streams_that_come_between_are_taken_in(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        elsewhere = OrderPlaced("bea", "customer-2", (MUG,), 500, NEW_YEAR)
        before_appends(monkeypatch, event_store, only_first(1, writing(event_store, "order-bea", elsewhere)))
        outcome = await store.send(PLACE_ADA)
        assert outcome.positions == (2,)
        assert sorted(store.state.orders) == ["ada", "bea"]


@in_event_loop
async def test_a_refusal_is_decided_again_if_others_wrote_before_what_was_written_with_it(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        elsewhere = OrderPlaced("bea", "customer-2", (MUG,), 500, NEW_YEAR)
        before_appends(monkeypatch, event_store, only_first(1, writing(event_store, "order-bea", elsewhere)))
        placed, shipped = await asyncio.gather(store.send(PLACE_ADA), store.send(ShipOrder("bea", "T-1")))
        assert placed.positions == (2,)
        assert (shipped.rejection, shipped.positions) == (None, (3,))


@in_event_loop
async def test_of_two_stores_that_ship_and_cancel_at_once_one_is_refused(event_store: RowEventStore) -> None:
    async with order_store(event_store, seed=1) as here, order_store(event_store, seed=2) as there:
        await here.send(PLACE_ADA)
        await there.send(PLACE)
        shipped, cancelled = await asyncio.gather(here.send(SHIP_ADA), there.send(CANCEL_ADA))
        assert [outcome.rejection is None for outcome in (shipped, cancelled)].count(True) == 1
        assert here.state.orders["ada"] == there.state.orders["ada"]


@in_event_loop
async def test_a_command_that_always_comes_second_is_given_up_with_the_conflict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        before_appends(monkeypatch, event_store, writing(event_store, "account-ada", Deposited("ada", 1)))
        with pytest.raises(VersionConflict) as conflict:
            await store.send(Deposit("ada", 100))
        assert conflict.value.actual == conflict.value.expected + 1
        assert balances(store) == {"ada": await event_store.head()} == {"ada": committing._ROUNDS}


@in_event_loop
async def test_a_command_that_always_comes_second_harms_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        before_appends(monkeypatch, event_store, writing(event_store, "account-ada", Deposited("ada", 1)))
        hopeless, accepted, refused = await asyncio.gather(
            answer(store.send(Deposit("ada", 100))),
            answer(store.send(Deposit("bea", 5))),
            answer(store.send(Withdraw("cem", 5))),
        )
    assert isinstance(hopeless, VersionConflict)
    assert isinstance(accepted, Outcome)
    assert isinstance(refused, Outcome)
    assert (accepted.events, refused.rejection) == ((Deposited("bea", 5),), InsufficientFunds("cem", 0))


@in_event_loop
async def test_without_checking_versions_two_writers_can_both_ship_and_cancel() -> None:
    event_store = log()

    def careless(seed: int) -> Store[OrderState]:
        env = OrderEnvironment(TestClock(), SeededIds(seed))
        return Store(OrderReducer(check_versions=False), OrderState(), env, event_store)

    async with careless(1) as here:
        await here.send(PLACE_ADA)
        async with careless(2) as there:
            both = await here.send(SHIP_ADA), await there.send(CANCEL_ADA)
    assert [outcome.versions for outcome in both] == [(2,), (3,)]
    with pytest.raises(CorruptStream):
        await load_state(event_store)


# The version that a sender expects


@in_event_loop
async def test_a_command_at_the_version_expected_is_done(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE_ADA, expected_version=0)
        outcome = await store.send(SHIP_ADA, expected_version=1)
    assert outcome.versions == (2,)


@pytest.mark.parametrize("expected_version", [0, 2, 7])
@in_event_loop
async def test_a_command_at_another_version_is_a_conflict_and_writes_nothing(
    event_store: RowEventStore, expected_version: int
) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE_ADA)
        before = store.state
        with pytest.raises(VersionConflict, match=f"is at version 1, not at {expected_version} as expected"):
            await store.send(SHIP_ADA, expected_version=expected_version)
        assert store.state is before
    assert await event_store.head() == 1


@in_event_loop
async def test_what_is_not_there_is_refused_before_its_version_is_looked_at() -> None:
    async with order_store(log()) as store:
        outcome = await store.send(SHIP_ADA, expected_version=1)
    assert outcome.rejection == OrderNotFound("ada")


@in_event_loop
async def test_the_version_is_looked_at_before_the_status() -> None:
    async with order_store(log()) as store:
        await store.send(PLACE_ADA)
        await store.send(CANCEL_ADA)
        with pytest.raises(VersionConflict):
            await store.send(SHIP_ADA, expected_version=1)
        outcome = await store.send(SHIP_ADA, expected_version=2)
    assert outcome.rejection == InvalidOrderState("ada", "cancelled")


@in_event_loop
async def test_commands_sent_together_may_expect_each_others_versions() -> None:
    async with account_store(accounts_in_memory()) as store:
        outcomes = await asyncio.gather(
            *(store.send(Deposit("ada", 5), expected_version=version) for version in range(5))
        )
    assert [outcome.versions for outcome in outcomes] == [(1,), (2,), (3,), (4,), (5,)]


@in_event_loop
async def test_a_version_that_another_process_moved_on_from_is_a_conflict(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE_ADA)
        cancelled = OrderCancelled("ada", "elsewhere", NEW_YEAR)
        before_appends(monkeypatch, event_store, only_first(1, writing(event_store, "order-ada", cancelled)))
        with pytest.raises(VersionConflict, match="is at version 2, not at 1 as expected"):
            await store.send(SHIP_ADA, expected_version=1)
        # Who asks the store what the version is now must not be told the old one again.
        assert store.state.orders["ada"].version == 2


@pytest.mark.parametrize("known_here", [False, True])
@in_event_loop
async def test_a_sender_who_knows_of_newer_events_than_the_store_is_not_refused(
    event_store: RowEventStore, known_here: bool
) -> None:
    async with order_store(event_store, seed=1) as elsewhere, order_store(event_store, seed=2) as store:
        await (store if known_here else elsewhere).send(PLACE_ADA)
        if known_here:
            await elsewhere.send(PLACE)
            await elsewhere.send(SHIP_ADA)
            outcome = await store.send(CANCEL_ADA, expected_version=2)
            assert outcome.rejection == InvalidOrderState("ada", "shipped")
        else:
            outcome = await store.send(SHIP_ADA, expected_version=1)
            assert outcome.versions == (2,)


@in_event_loop
async def test_a_conflict_with_a_command_that_was_not_written_is_decided_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        await store.send(PLACE_ADA)
        before_appends(monkeypatch, event_store, only_first(1, failing(EventStoreError("the disk is full"))))
        failed, shipped = await asyncio.gather(
            answer(store.send(CANCEL_ADA)), answer(store.send(SHIP_ADA, expected_version=1))
        )
    assert isinstance(failed, EventStoreError)
    assert isinstance(shipped, Outcome)


# Appends that fail

each_error = pytest.mark.parametrize("error", [EventStoreError("no room"), OSError("no room")], ids=["ours", "theirs"])


@each_error
@in_event_loop
async def test_a_command_that_cannot_be_written_is_answered_with_the_error_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore, error: Exception
) -> None:
    async with order_store(event_store) as store:
        before = store.state
        before_appends(monkeypatch, event_store, only_first(1, failing(error)))
        with pytest.raises(type(error), match="no room"):
            await store.send(PLACE_ADA)
        assert store.state is before
    assert await event_store.head() == 0


@each_error
@in_event_loop
async def test_after_an_append_that_failed_all_goes_on(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore, error: Exception
) -> None:
    async with order_store(event_store) as store:
        before_appends(monkeypatch, event_store, only_first(1, failing(error)))
        await answer(store.send(PLACE_ADA))
        outcome = await store.send(PLACE_ADA)
        assert outcome.positions == (1,)
        assert store.state == await load_state(event_store)


@each_error
@in_event_loop
async def test_an_append_that_always_fails_harms_no_other(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore, error: Exception
) -> None:
    async with order_store(event_store) as store:
        before_appends(monkeypatch, event_store, failing(error, stream_id="order-ada"))
        bea, ada, cem = (store.send(PlaceOrder("customer-1", [MUG], order_id)) for order_id in ("bea", "ada", "cem"))
        answers = await asyncio.gather(bea, ada, cem, return_exceptions=True)
        assert [type(each) for each in answers] == [Outcome, type(error), Outcome]
        assert sorted(store.state.orders) == ["bea", "cem"]
        assert store.state == await load_state(event_store)


@in_event_loop
async def test_a_transaction_that_failed_is_tried_again_command_by_command(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        before_appends(monkeypatch, event_store, only_first(1, failing(OSError("interrupted"))))
        outcomes = await asyncio.gather(*(store.send(PLACE) for _ in range(3)))
        assert [outcome.positions for outcome in outcomes] == [(1,), (2,), (3,)]
        assert store.state == await load_state(event_store)


@in_event_loop
async def test_when_nothing_can_be_written_everyone_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        before_appends(monkeypatch, event_store, failing(EventStoreError("no room")))
        answers = await asyncio.gather(*(answer(store.send(PLACE_ADA)) for _ in range(20)))
    assert [str(each) for each in answers] == ["no room"] * 20


@pytest.mark.parametrize("at_once", [1, 3])
@in_event_loop
async def test_an_append_whose_answer_was_lost_is_in_the_state_if_it_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore, at_once: int
) -> None:
    async with order_store(event_store) as store:
        lose_first_answer(monkeypatch, event_store)
        await asyncio.gather(*(answer(store.send(PLACE)) for _ in range(at_once)))
        assert store.state == await load_state(event_store)
        assert len(store.state.orders) == at_once


def lose_first_answer(monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore) -> None:
    append, lost = event_store.append_many, iter([True])

    async def losing(appends: Sequence[AppendEvents]) -> list[Any]:
        answers = list(await append(appends))
        if next(lost, False):
            raise EventStoreError("the line is dead")
        return answers

    monkeypatch.setattr(event_store, "append_many", losing)


@in_event_loop
async def test_an_append_whose_answer_was_lost_is_not_written_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        lose_first_answer(monkeypatch, event_store)
        answers = await asyncio.gather(*(answer(store.send(Deposit(key, 5))) for key in ("ada", "bea")))
        assert [str(each) for each in answers] == ["the line is dead"] * 2
        assert balances(store) == {"ada": 5, "bea": 5}


@in_event_loop
async def test_after_an_append_of_which_nothing_is_known_the_log_is_read_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        lose_first_answer(monkeypatch, event_store)
        with monkeypatch.context() as unreadable:
            unreadable.setattr(event_store, "head", failing_head)
            await asyncio.gather(*(answer(store.send(Deposit(key, 5))) for key in ("ada", "bea")))
        refused = await store.send(Withdraw("ada", 6))
        assert refused.rejection == InsufficientFunds("ada", 5)


@in_event_loop
async def test_an_event_that_cannot_be_written_harms_no_other(tmp_path: Path) -> None:
    async with (
        DuckDBEventStore(tmp_path / "log.duckdb", codec=ACCOUNT_CODEC) as event_store,
        account_store(event_store) as store,
    ):
        commands = Deposit("ada", 5), Deposit("\ud800", 5), Deposit("ada", 5)
        answers = await asyncio.gather(*map(store.send, commands), return_exceptions=True)
        assert [type(each) for each in answers] == [Outcome, Unwritable, Outcome]
        assert balances(store) == {"ada": 10}


@in_event_loop
async def test_a_reducer_that_raises_harms_only_its_command() -> None:
    class Faulty(DeciderReducer[Account, Accounts]):
        def reduce(self, state: Accounts, action: Any, env: Environment) -> Step[Accounts]:
            if action == Deposit("ada", 13):
                raise ZeroDivisionError("thirteen")
            return super().reduce(state, action, env)

    reducer = Faulty(account_reducer().decider)
    async with Store(reducer, reducer.initial_state(), account_environment(), accounts_in_memory()) as store:
        answers = await asyncio.gather(
            *(store.send(Deposit("ada", cents)) for cents in (5, 13, 6)), return_exceptions=True
        )
        assert [type(each) for each in answers] == [Outcome, ZeroDivisionError, Outcome]
        assert balances(store) == {"ada": 11}


@in_event_loop
async def test_a_refusal_because_of_events_that_were_not_written_is_decided_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with order_store(event_store := log()) as store:
        before_appends(monkeypatch, event_store, only_first(1, failing(EventStoreError("no room"))))
        failed, accepted = await asyncio.gather(answer(store.send(PLACE_ADA)), answer(store.send(PLACE_ADA)))
    assert isinstance(failed, EventStoreError)
    assert isinstance(accepted, Outcome)
    assert accepted.versions == (1,)


@in_event_loop
async def test_a_command_built_on_events_that_were_not_written_is_decided_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        before_appends(monkeypatch, event_store, only_first(2, failing(EventStoreError("no room"))))
        failed, refused = await asyncio.gather(
            answer(store.send(Deposit("ada", 5))), answer(store.send(Withdraw("ada", 5)))
        )
    assert isinstance(failed, EventStoreError)
    assert isinstance(refused, Outcome)
    assert refused.rejection == InsufficientFunds("ada", 0)


@in_event_loop
async def test_what_is_durable_is_answered_so_also_when_the_log_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        before_appends(
            monkeypatch, event_store, only_first(1, writing(event_store, "account-bea", Deposited("bea", 1)))
        )
        with monkeypatch.context() as unreadable:
            unreadable.setattr(event_store, "read_all", failing_read)
            outcome = await store.send(Deposit("ada", 5))
        assert (outcome.positions, balances(store)) == ((2,), {})
        refused = await store.send(Withdraw("ada", 6))
        assert refused.rejection == InsufficientFunds("ada", 5)
        assert balances(store) == {"ada": 5, "bea": 1}


async def failing_head() -> int:
    raise EventStoreError("the line is dead")


def failing_read(**options: int) -> NoReturn:
    raise EventStoreError("the line is dead")


@in_event_loop
async def test_nothing_is_decided_on_a_state_that_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    async with account_store(event_store := accounts_in_memory()) as store:
        before_appends(
            monkeypatch, event_store, only_first(1, writing(event_store, "account-bea", Deposited("bea", 1)))
        )
        monkeypatch.setattr(event_store, "read_all", failing_read)
        await store.send(Deposit("ada", 5))
        with pytest.raises(EventStoreError, match="the line is dead"):
            await store.send(Withdraw("ada", 5))


@in_event_loop
async def test_over_a_closed_event_store_every_command_is_told_so(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await event_store.close()
        for _ in range(2):
            with pytest.raises(EventStoreError, match="is closed"):
                await store.send(PLACE)


# Callers who give up waiting


@in_event_loop
async def test_a_caller_who_gives_up_cancels_nobodys_command(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        gate = Gate(monkeypatch, event_store)
        impatient = asyncio.create_task(store.send(PLACE_ADA))
        patient = asyncio.create_task(store.send(SHIP_ADA))
        await gate.reached.wait()
        impatient.cancel()
        gate.opened.set()
        assert (await patient).versions == (2,)
        assert impatient.cancelled()
        assert store.state.orders["ada"].status.name == "shipped"


@in_event_loop
async def test_a_command_whose_caller_gave_up_before_its_turn_is_done_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        first = asyncio.create_task(store.send(PLACE))
        await gate.reached.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.send(PLACE_ADA), 0.001)
        gate.opened.set()
        await first
    assert "ada" in store.state.orders


@in_event_loop
async def test_a_failure_nobody_waits_for_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        before_appends(monkeypatch, event_store, failing(EventStoreError("no room"), stream_id="order-ada"))
        first = asyncio.create_task(store.send(PLACE))
        await gate.reached.wait()
        gone = asyncio.create_task(store.send(PLACE_ADA))
        refused = asyncio.create_task(store.send(SHIP_ADA))
        await asyncio.sleep(0)
        gone.cancel()
        refused.cancel()
        gate.opened.set()
        await first
        assert (await store.send(PLACE)).positions == (2,)


# Closing


@in_event_loop
async def test_closing_answers_what_was_accepted(monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        gate = Gate(monkeypatch, event_store)
        sending = [asyncio.create_task(store.send(PLACE)) for _ in range(5)]
        await gate.reached.wait()
        sending += [asyncio.create_task(store.send(PLACE)) for _ in range(5)]
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        gate.opened.set()
        await closing
        assert positions_of(sending) == list(range(1, 11))


@in_event_loop
async def test_closing_refuses_what_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        accepted = asyncio.create_task(store.send(PLACE))
        await gate.reached.wait()
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreClosed):
            await store.send(PLACE)
        gate.opened.set()
        await closing
    assert (await accepted).positions == (1,)


@in_event_loop
async def test_a_closed_store_takes_no_command_and_shows_its_last_state() -> None:
    async with order_store(log()) as store:
        await store.send(PLACE_ADA)
    with pytest.raises(StoreClosed):
        await store.send(SHIP_ADA)
    assert list(store.state.orders) == ["ada"]


@in_event_loop
async def test_who_waits_for_room_is_refused_when_the_store_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_WAITING", 2)
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        first = asyncio.create_task(store.send(PLACE))
        await gate.reached.wait()
        waiting = [asyncio.create_task(answer(store.send(PLACE))) for _ in range(6)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        gate.opened.set()
        await closing
        answers = await asyncio.gather(*waiting)
    assert first.result().positions == (1,)
    assert [type(each) for each in answers] == [Outcome] * 2 + [StoreClosed] * 4


@pytest.mark.parametrize("retried", [False, True])
@in_event_loop
async def test_nobody_waits_for_a_worker_that_was_cancelled(retried: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_WAITING", 2)
    async with order_store(event_store := log()) as store:
        await store.send(PLACE, idempotency_key="key-1")
        reached = asyncio.Event()

        async def hang(*arguments: object, **options: object) -> NoReturn:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(event_store, "load_events" if retried else "append_many", hang)
        first = asyncio.create_task(answer(store.send(PLACE, idempotency_key="key-1" if retried else None)))
        await reached.wait()
        waiting = [asyncio.create_task(answer(store.send(PLACE))) for _ in range(6)]
        await asyncio.sleep(0)

        [worker] = [task for task in asyncio.all_tasks() if task.get_name() == "orderlab store"]
        worker.cancel()

        assert [type(each) for each in await asyncio.gather(first, *waiting)] == [OrderlabError] + [StoreClosed] * 6


@in_event_loop
async def test_closing_twice_is_harmless(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE)
        await store.close()
        await store.close()


@in_event_loop
async def test_closing_a_store_that_was_never_opened_is_harmless() -> None:
    await order_store(log()).close()


@in_event_loop
async def test_whoever_closes_waits_for_the_end_also_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        sending = asyncio.create_task(store.send(PLACE))
        await gate.reached.wait()
        closing = [asyncio.create_task(store.close()) for _ in range(2)]
        await asyncio.sleep(0)
        assert [each.done() for each in closing] == [False, False]
        gate.opened.set()
        await asyncio.gather(*closing)
        assert sending.done()


@in_event_loop
async def test_who_gives_up_waiting_for_the_end_cancels_nobodys_command(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := log()) as store:
        gate = Gate(monkeypatch, event_store)
        sending = asyncio.create_task(store.send(PLACE))
        await gate.reached.wait()
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        closing.cancel()
        with suppress(asyncio.CancelledError):
            await closing
        gate.opened.set()
        assert (await sending).positions == (1,)


@in_event_loop
async def test_a_store_closes_also_when_the_block_fails() -> None:
    store = order_store(log())
    with pytest.raises(ZeroDivisionError):
        async with store:
            raise ZeroDivisionError
    with pytest.raises(StoreClosed):
        await store.send(PLACE)


# The same seed, the same bytes


async def play(event_store: RowEventStore) -> list[tuple[Any, ...]]:
    """Run a day of orders by seed, one by one and together, and return the log, every column of it."""
    env = OrderEnvironment(clock := TestClock(), SeededIds(7))
    async with Store(OrderReducer(), OrderState(), env, event_store) as store:
        for index in range(5):
            clock.advance(60)
            await asyncio.gather(*(store.send(PlaceOrder(f"customer-{index}", [MUG] * (index + 1))) for _ in range(4)))
        order_ids = sorted(store.state.orders)
        for index, order_id in enumerate(order_ids[:8]):
            await store.send(ShipOrder(order_id, f"TRACK-{index}"), idempotency_key=f"key-{index}")
        await asyncio.gather(*(store.send(CancelOrder(order_id)) for order_id in order_ids))
        await store.send(PLACE, at=NEW_YEAR + timedelta(days=1), correlation_id="Ünïcode 🍵")
    rows: list[tuple[Any, ...]] = []
    async for columns in event_store.read_columns(*StoredEvent._fields):
        rows += zip(*(columns[name] for name in StoredEvent._fields), strict=True)
    return rows


@in_event_loop
async def test_the_same_seed_gives_the_same_bytes_in_memory_and_in_a_file(tmp_path: Path) -> None:
    async with (
        InMemoryEventStore(clock=TestClock(), ids=SeededIds(1)) as in_memory,
        DuckDBEventStore(tmp_path / "log.duckdb", clock=TestClock(), ids=SeededIds(1)) as in_file,
    ):
        rows = await play(in_memory)
        assert len(rows) == 41
        assert await play(in_file) == rows


PROGRAM = """
import asyncio, hashlib, sys
from orderlab import *
from orderlab.core.log import StoredEvent

async def play(event_store):
    env = OrderEnvironment(TestClock(), SeededIds(7))
    async with event_store, Store(OrderReducer(), OrderState(), env, event_store) as store:
        mug = OrderItem("p-1", "Mug", 2, 250)
        await asyncio.gather(*(store.send(PlaceOrder(f"c-{n}", [mug]), idempotency_key=f"{n}") for n in range(30)))
        await asyncio.gather(*(store.send(ShipOrder(order_id, "TRACK-1")) for order_id in sorted(store.state.orders)))
        columns = [columns async for columns in event_store.read_columns(*StoredEvent._fields)]
    print(hashlib.sha256(repr(columns).encode()).hexdigest(), sum(len(stretch["version"]) for stretch in columns))

asyncio.run(play(InMemoryEventStore(clock=TestClock(), ids=SeededIds(1))))
asyncio.run(play(DuckDBEventStore(sys.argv[1], clock=TestClock(), ids=SeededIds(1))))
"""


def test_the_same_seed_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / f"{seed}.duckdb")],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    lines = [line for process in processes for line in process.communicate()[0].splitlines()]
    assert len(lines) == 4
    assert len(set(lines)) == 1
    assert lines[0].endswith(" 60")


@in_event_loop
async def test_a_program_whose_ids_count_from_one_again_loses_no_command() -> None:
    event_store = accounts_in_memory()
    for _ in range(3):
        async with account_store(event_store) as store:
            await store.send(Deposit("ada", 5))
    assert balances(store) == {"ada": 15}


@in_event_loop
async def test_two_stores_whose_ids_count_alike_do_not_take_each_others_events_for_their_own() -> None:
    event_store = log()
    await event_store.append_events("order-ada", [OrderPlaced("ada", "customer-1", (MUG,), 500, NEW_YEAR)])
    async with order_store(event_store) as here, order_store(event_store) as there:
        shipped, cancelled = await here.send(SHIP_ADA), await there.send(CANCEL_ADA)
        assert shipped.rejection is None
        assert cancelled.rejection == InvalidOrderState("ada", "shipped")
        assert there.state == await load_state(event_store)


# How things show themselves


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (
            Outcome("r", (Deposited("ada", 5), Deposited("ada", 6)), None, "a", (1, 2), (7, 8)),
            "Deposited, Deposited at [7, 8]",
        ),
        (Outcome("r", rejection=OrderNotFound("ada")), "refused: OrderNotFound(order_id='ada')"),
        (Outcome("r"), "nothing happened"),
    ],
)
def test_an_outcome_shows_itself_in_one_line(outcome: Outcome, line: str) -> None:
    assert repr(outcome) == f"<Outcome {line}>"


@in_event_loop
async def test_a_store_shows_itself_in_one_line() -> None:
    async with order_store(log()) as store:
        await store.send(PLACE)
        assert repr(store) == "<Store at position 1: <OrderState 1 orders: 1 placed>>"


def test_an_outcome_shows_itself_as_a_table() -> None:
    shown = Outcome("<r>", (Deposited("ada", 5),), None, "account-ada", (1,), (1,))._repr_html_()
    assert "&lt;r&gt;" in shown
    assert "account-ada" in shown


def test_a_store_shows_itself_with_its_state() -> None:
    shown = order_store(log())._repr_html_()
    assert "store at position" in shown
    assert OrderState()._repr_html_() in shown


class Shy:
    def __repr__(self) -> str:
        raise RuntimeError("do not look")

    def _repr_html_(self) -> str:
        raise RuntimeError("do not look")


class Mute:
    def _repr_html_(self) -> None:
        return None


@pytest.mark.parametrize("state", [None, 7, Shy(), Mute(), Mute], ids=["none", "number", "shy", "mute", "class"])
def test_no_state_keeps_a_store_from_showing_itself(state: object) -> None:
    env = OrderEnvironment(TestClock(), SequentialIds())
    assert "store at position" in Store(Counting(), state, env, log())._repr_html_()


def test_no_event_keeps_an_outcome_from_showing_itself() -> None:
    assert "Shy" in Outcome("request-1", rejection=Shy())._repr_html_()


# Domains that are not orders


@in_event_loop
async def test_equal_deposits_all_count(event_store: RowEventStore) -> None:
    event_store.codec = ACCOUNT_CODEC
    async with account_store(event_store, seed=1) as store:
        await store.send(Deposit("ada", 5))
        await asyncio.gather(*(store.send(Deposit("ada", 5)) for _ in range(3)))
        refused = await store.send(Withdraw("ada", 21))
        assert refused.rejection == InsufficientFunds("ada", 20)
    async with account_store(event_store, seed=2) as store:
        await store.send(Withdraw("ada", 20))
        assert balances(store) == {"ada": 0}


@in_event_loop
async def test_a_new_account_gets_an_id_of_its_kind() -> None:
    async with account_store(accounts_in_memory()) as store:
        outcome = await store.send(Deposit(None, 5))
    assert (outcome.stream_id, outcome.events) == ("account-account-1", (Deposited("account-1", 5),))


@dataclass
class Counting:
    """A reducer that a user wrote, with nothing but `reduce`: two streams, and a state that is no entity at all."""

    def reduce(self, state: Any, action: Any, env: Environment) -> Step[Any]:
        if isinstance(action, Deposited):
            return Step(state + action.cents)
        if isinstance(action, Deposit) and state + action.cents <= 10:
            event = Deposited(f"{action.account_id}-{action.cents % 2}", action.cents)
            return Step(state + action.cents, (AppendEvents(event.account_id, (event,)), Emit(event)))
        return Step(state, (Emit("that is too much"),))


def counting_store(event_store: RowEventStore, *, seed: int = 1) -> Store[int]:
    return Store(Counting(), 0, OrderEnvironment(TestClock(), SeededIds(seed)), event_store)


@in_event_loop
async def test_a_reducer_that_a_user_wrote_decides_and_is_replayed(tmp_path: Path) -> None:
    async with DuckDBEventStore(tmp_path / "log.duckdb", codec=ACCOUNT_CODEC) as event_store:
        async with counting_store(event_store) as store:
            commands = Deposit("ada", 3), Deposit("ada", 4), Deposit("ada", 4), Deposit("bea", 3)
            outcomes = await asyncio.gather(*map(store.send, commands))
            assert [outcome.stream_id for outcome in outcomes] == ["ada-1", "ada-0", None, "bea-1"]
            assert outcomes[2].rejection == "that is too much"
        async with counting_store(event_store, seed=2) as store:
            assert store.state == 10


@in_event_loop
async def test_a_reducer_that_a_user_wrote_goes_on_from_what_others_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    async with counting_store(event_store := accounts_in_memory()) as store:
        before_appends(monkeypatch, event_store, only_first(1, writing(event_store, "ada-1", Deposited("ada-1", 1))))
        outcome = await store.send(Deposit("ada", 3))
        assert (outcome.versions, store.state) == ((2,), 4)


@in_event_loop
async def test_a_sender_may_expect_a_version_of_a_reducer_that_expects_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async with counting_store(accounts_in_memory()) as store:
        await store.send(Deposit("ada", 3), expected_version=0)
        with pytest.raises(VersionConflict, match="stream ada-1 is at version 1, not at 0 as expected"):
            await store.send(Deposit("ada", 3), expected_version=0)
        assert store.state == 3


@in_event_loop
async def test_a_store_refuses_nothing_for_not_knowing_what_another_has_written() -> None:
    event_store = log()
    async with order_store(event_store) as here, order_store(event_store) as there:
        placed = await here.send(PLACE)
        [event] = placed.events
        shipped = await there.send(ShipOrder(event.order_id, "T-1"))
        assert shipped.rejection is None
        assert there.state == await load_state(event_store)


def test_a_decider_is_no_reducer() -> None:
    reducer: Any = ORDERS
    with pytest.raises(TypeError, match=r"has none; lift it: DeciderReducer\(decider\)"):
        Store(reducer, OrderState(), OrderEnvironment(TestClock(), SequentialIds()), log())


class Strange(BaseException):
    """What no program raises on purpose, and pytest does."""


@pytest.mark.parametrize("error", [Strange(), asyncio.CancelledError(), GeneratorExit(), StopIteration()])
@in_event_loop
async def test_whatever_a_reducer_raises_ends_its_own_command_alone(error: BaseException) -> None:
    class Raising(OrderReducer):
        def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
            if action == SHIP_ADA:
                raise error
            return super().reduce(state, action, env)

    env = OrderEnvironment(TestClock(), SequentialIds())
    async with Store(Raising(), OrderState(), env, log()) as store:
        placed, shipped, refused = await asyncio.gather(
            *map(store.send, (PLACE_ADA, SHIP_ADA, ShipOrder("nobody", "T-1"))), return_exceptions=True
        )
        assert isinstance(placed, Outcome)
        assert isinstance(shipped, OrderlabError)
        assert isinstance(refused, Outcome)
        assert (await store.send(CANCEL_ADA)).rejection is None


@in_event_loop
async def test_nothing_unchecked_is_written_that_was_decided_on_an_event_that_was_not() -> None:
    event_store = log()
    env = OrderEnvironment(TestClock(), SequentialIds())
    async with Store(OrderReducer(check_versions=False), OrderState(), env, event_store) as store:
        placed, shipped = await asyncio.gather(
            store.send(PLACE_ADA, correlation_id="not\0text"), store.send(SHIP_ADA), return_exceptions=True
        )
        assert isinstance(placed, Unwritable)
        assert isinstance(shipped, Outcome)
        assert shipped.rejection == OrderNotFound("ada")
        assert await event_store.head() == 0


def test_a_store_belongs_to_the_event_loop_it_was_opened_in() -> None:
    store = order_store(log())

    async def opened() -> None:
        await store.__aenter__()

    async def sent() -> None:
        with pytest.raises(StoreClosed, match="takes no commands"):
            await store.send(PLACE)

    asyncio.run(opened())
    asyncio.run(sent())


@in_event_loop
async def test_when_the_worker_is_ended_nobody_waits_for_what_will_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    event_store, reached = log(), asyncio.Event()

    async def never(appends: Sequence[AppendEvents]) -> None:
        reached.set()
        await asyncio.Event().wait()

    before_appends(monkeypatch, event_store, never)
    store = order_store(event_store)
    await store.__aenter__()
    assert store._worker is not None
    deciding = asyncio.ensure_future(store.send(PLACE_ADA))
    await reached.wait()
    waiting = asyncio.ensure_future(store.send(SHIP_ADA))
    await asyncio.sleep(0)
    store._worker.cancel()
    decided, waited = await asyncio.gather(deciding, waiting, return_exceptions=True)
    assert isinstance(decided, OrderlabError)
    assert isinstance(waited, StoreClosed)
    with pytest.raises(StoreClosed):
        await store.send(PLACE)
