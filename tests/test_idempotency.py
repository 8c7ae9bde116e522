import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Account, Accounts, Deposit, Deposited, InsufficientFunds, Withdraw, account_reducer
from event_loop import in_event_loop
from live_stores import failing

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import Environment, SeededIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.core.log import NewEvent
from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.idempotency import IdempotencyKeyReused, RememberedKeys, event_id_of, note_of
from orderlab.orders.actions import CancelOrder, OrderNotFound, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.outcome import Outcome
from orderlab.replay import load_state
from orderlab.runtime import Store

Act = Callable[[], Awaitable[None]]

MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE = PlaceOrder("customer-1", [MUG])
PLACE_ADA = PlaceOrder("customer-1", [MUG], "ada")


@pytest.fixture(params=["memory", "duckdb"])
def event_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RowEventStore]:
    made = InMemoryEventStore() if request.param == "memory" else DuckDBEventStore(tmp_path / "log.duckdb")
    yield made
    asyncio.run(made.close())


def order_store(event_store: RowEventStore, seed: int = 1, clock: TestClock | None = None) -> Store[OrderState]:
    env = OrderEnvironment(clock or TestClock(), SeededIds(seed))
    return Store(OrderReducer(), OrderState(), env, event_store)


def account_store(event_store: RowEventStore, seed: int = 1) -> Store[Accounts]:
    reducer = account_reducer()
    return Store(reducer, reducer.initial_state(), OrderEnvironment(TestClock(), SeededIds(seed)), event_store)


def at_first_append(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore, *, before: Act | None = None, after: Act | None = None
) -> None:
    """Have something happen once, just before or just after the first append that is yet to come."""
    append = event_store.append_many
    acts = iter([(before, after)])

    async def watched(appends: Sequence[AppendEvents]) -> list[Any]:
        first, second = next(acts, (None, None))
        if first is not None:
            await first()
        answers = await append(appends)
        if second is not None:
            await second()
        return list(answers)

    monkeypatch.setattr(event_store, "append_many", watched)


async def fail() -> None:
    raise EventStoreError("the disk is full")


async def reopened(event_store: RowEventStore) -> RowEventStore:
    """Return the log as a program finds it that begins anew."""
    if isinstance(event_store, DuckDBEventStore):
        await event_store.close()
        return DuckDBEventStore(event_store.path)
    return event_store


# What is noted about a key


def test_a_command_is_known_again_by_what_it_says() -> None:
    assert note_of("key-1", Deposit("ada", 5)) == note_of("key-1", Deposit("ada", 5))


@pytest.mark.parametrize("other", [Deposit("ada", 6), Deposit("bea", 5), Withdraw("ada", 5), Deposited("ada", 5)])
def test_another_command_is_told_apart(other: object) -> None:
    assert note_of("key-1", Deposit("ada", 5)) != note_of("key-1", other)


def test_items_in_a_list_and_in_a_tuple_are_the_same_command() -> None:
    assert note_of("key-1", PlaceOrder("ada", [MUG])) == note_of("key-1", PlaceOrder("ada", (MUG,)))


def test_a_note_is_the_same_in_every_process() -> None:
    program = (
        "from dataclasses import make_dataclass\n"
        "from orderlab.idempotency import event_id_of, note_of\n"
        "Tag = make_dataclass('Tag', ['labels', 'by'])\n"
        "tag = Tag(frozenset(f'label {n}' for n in range(20)), {str(n): 1j for n in range(20)})\n"
        "print(note_of('key', tag), event_id_of('key', 0))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("1", "2")
    ]
    first, second = (process.communicate()[0] for process in processes)
    assert first == second != b""


def test_event_ids_differ_by_key_and_by_index() -> None:
    ids = {event_id_of(key, index) for key in ("a", "b", "1/a", "") for index in (0, 1, 11)}
    assert len(ids) == 12


@in_event_loop
async def test_keys_are_learned_from_the_log(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE, idempotency_key="key-1")
        await store.send(PLACE)
        await store.send(PLACE, idempotency_key="key-2")
    keys = RememberedKeys()
    await keys.read(event_store, after=0, until=3)
    assert (len(keys), keys.caused_by("key-1", PLACE), keys.caused_by("key-3", PLACE)) == (2, True, False)


@in_event_loop
async def test_only_the_stretch_that_was_asked_for_is_learned() -> None:
    async with order_store(event_store := InMemoryEventStore()) as store:
        for key in ("key-1", "key-2", "key-3"):
            await store.send(PLACE, idempotency_key=key)
    keys = RememberedKeys()
    await keys.read(event_store, after=1, until=2)
    assert [keys.caused_by(key, PLACE) for key in ("key-1", "key-2", "key-3")] == [False, True, False]


@pytest.mark.parametrize(
    "metadata",
    [
        {"said": "idempotency_key"},
        {"idempotency_key": "key-1"},
        {"about": {"idempotency_key": "key-1"}},
        {"idempotency_key": ["key-1"], "command_digest": ""},
        {"idempotency_key": "key-1", "command_digest": 1},
    ],
)
@in_event_loop
async def test_metadata_that_only_looks_like_a_key_is_none(metadata: dict[str, Any]) -> None:
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
    await event_store.append_events("account-ada", [NewEvent(Deposited("ada", 5), metadata=metadata)])
    keys = RememberedKeys()
    await keys.read(event_store, after=0, until=1)
    keys.learn(await event_store.load_events("account-ada"))
    assert len(keys) == 0


# The same key again


@in_event_loop
async def test_a_command_sent_again_under_its_key_is_answered_as_before(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        first = await store.send(PLACE, idempotency_key="key-1")
        again = await store.send(PLACE, idempotency_key="key-1")
    assert (first.repeated, again.repeated) == (False, True)
    assert what_happened(first) == what_happened(again)


def what_happened(outcome: Outcome) -> object:
    where = (outcome.stream_id, outcome.versions, outcome.positions)
    return (outcome.correlation_id, outcome.events, outcome.rejection, where)


@in_event_loop
async def test_a_command_sent_again_under_its_key_changes_nothing(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE, idempotency_key="key-1")
        state = store.state
        await store.send(PLACE, idempotency_key="key-1")
        assert store.state is state
    assert await event_store.head() == 1


@in_event_loop
async def test_a_command_sent_many_times_at_once_under_one_key_happens_once(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        outcomes = await asyncio.gather(*(store.send(PLACE, idempotency_key="key-1") for _ in range(20)))
    assert [outcome.repeated for outcome in outcomes] == [False] + [True] * 19
    assert {outcome.positions for outcome in outcomes} == {(1,)}
    assert await event_store.head() == 1


@in_event_loop
async def test_a_key_is_remembered_after_a_restart(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        first = await store.send(PLACE, idempotency_key="key-1")
    async with await reopened(event_store) as log, order_store(log, seed=2) as store:
        again = await store.send(PLACE, idempotency_key="key-1")
        assert (again.repeated, what_happened(again)) == (True, what_happened(first))
        assert await log.head() == 1


@in_event_loop
async def test_other_keys_cause_other_events() -> None:
    async with order_store(InMemoryEventStore()) as store:
        first = await store.send(PLACE, idempotency_key="key-1")
        second = await store.send(PLACE, idempotency_key="key-2")
    assert (first.positions, second.positions) == ((1,), (2,))


@in_event_loop
async def test_equal_deposits_with_keys_of_their_own_both_count() -> None:
    async with account_store(InMemoryEventStore(codec=ACCOUNT_CODEC)) as store:
        await asyncio.gather(*(store.send(Deposit("ada", 5), idempotency_key=f"key-{number}") for number in range(3)))
        assert store.state.entities["ada"] == Account("ada", 15)


@in_event_loop
async def test_a_retry_is_answered_also_when_the_order_has_moved_on_since() -> None:
    async with order_store(InMemoryEventStore()) as store:
        await store.send(PLACE_ADA)
        first = await store.send(ShipOrder("ada", "T"), expected_version=1, idempotency_key="key-1")
        again = await store.send(ShipOrder("ada", "T"), expected_version=1, idempotency_key="key-1")
    assert what_happened(again) == what_happened(first)


@dataclass(frozen=True)
class PayTwice:
    """A command of a user's own domain that causes two events."""

    cents: int


class Purse:
    """A reducer that a user wrote, with nothing but `reduce`."""

    def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
        if isinstance(action, Deposited):
            return Step(state + action.cents)
        events = (Deposited("purse", action.cents), Deposited("purse", action.cents))
        return Step(state + 2 * action.cents, (AppendEvents("purse", events),))


@in_event_loop
async def test_a_retry_is_answered_with_all_the_events_it_caused_and_no_others() -> None:
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
    env = OrderEnvironment(TestClock(), SeededIds(1))
    async with Store(Purse(), 0, env, event_store) as store:
        for cents in (1, 2, 3):
            await store.send(PayTwice(cents), idempotency_key=f"key-{cents}")
    async with Store(Purse(), 0, env, event_store) as store:
        again = await store.send(PayTwice(2), idempotency_key="key-2")
    assert again.events == (Deposited("purse", 2), Deposited("purse", 2))
    assert (again.versions, again.positions, again.repeated) == ((3, 4), (3, 4), True)


@in_event_loop
async def test_the_store_tells_whether_a_key_has_caused_events() -> None:
    async with order_store(InMemoryEventStore()) as store:
        before = store.remembers("key-1", PLACE)
        await store.send(PLACE, idempotency_key="key-1")
        assert (before, store.remembers("key-1", PLACE)) == (False, True)


# The same key for something else


@in_event_loop
async def test_a_key_for_another_command_is_refused_and_changes_nothing(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE_ADA, idempotency_key="key-1")
        with pytest.raises(IdempotencyKeyReused, match="'key-1' was used for another command: take a new key"):
            await store.send(CancelOrder("ada"), idempotency_key="key-1")
    assert await event_store.head() == 1


@in_event_loop
async def test_a_key_for_another_command_is_refused_after_a_restart(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        await store.send(PLACE_ADA, idempotency_key="key-1")
    async with await reopened(event_store) as log, order_store(log, seed=2) as store:
        with pytest.raises(IdempotencyKeyReused):
            await store.send(CancelOrder("ada"), idempotency_key="key-1")


@in_event_loop
async def test_of_two_commands_at_once_under_one_key_the_first_happens() -> None:
    async with account_store(InMemoryEventStore(codec=ACCOUNT_CODEC)) as store:
        first, second = await asyncio.gather(
            store.send(Deposit("ada", 5), idempotency_key="key-1"),
            store.send(Deposit("ada", 6), idempotency_key="key-1"),
            return_exceptions=True,
        )
        assert isinstance(first, Outcome)
        assert isinstance(second, IdempotencyKeyReused)


@in_event_loop
async def test_the_first_keeps_its_key_also_when_it_must_be_decided_again(monkeypatch: pytest.MonkeyPatch) -> None:
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)

    async def pay_in_elsewhere() -> None:
        await event_store.append_events("account-ada", [Deposited("ada", 1)])

    async with account_store(event_store) as store:
        at_first_append(monkeypatch, event_store, before=pay_in_elsewhere)
        first, second = await asyncio.gather(
            store.send(Deposit("ada", 5), idempotency_key="key-1"),
            store.send(Deposit("ada", 6), idempotency_key="key-1"),
            return_exceptions=True,
        )
        assert isinstance(first, Outcome)
        assert isinstance(second, IdempotencyKeyReused)
        assert store.state.entities["ada"] == Account("ada", 6)


@in_event_loop
async def test_the_store_tells_that_a_key_was_for_another_command() -> None:
    async with order_store(InMemoryEventStore()) as store:
        await store.send(PLACE, idempotency_key="key-1")
        with pytest.raises(IdempotencyKeyReused):
            store.remembers("key-1", CancelOrder("ada"))


# Refused and failed commands leave their key free


@in_event_loop
async def test_a_refused_command_is_decided_again_under_its_key(event_store: RowEventStore) -> None:
    async with order_store(event_store) as store:
        refused = await store.send(ShipOrder("ada", "T"), idempotency_key="key-1")
        await store.send(PLACE_ADA)
        shipped = await store.send(ShipOrder("ada", "T"), idempotency_key="key-1")
    assert refused.rejection == OrderNotFound("ada")
    assert (shipped.rejection, shipped.versions, shipped.repeated) == (None, (2,), False)


@in_event_loop
async def test_a_refused_command_leaves_its_key_free_for_another() -> None:
    async with account_store(InMemoryEventStore(codec=ACCOUNT_CODEC)) as store:
        refused, paid = await asyncio.gather(
            store.send(Withdraw("ada", 5), idempotency_key="key-1"),
            store.send(Deposit("ada", 5), idempotency_key="key-1"),
        )
    assert (refused.rejection, paid.events) == (InsufficientFunds("ada", 0), (Deposited("ada", 5),))


@in_event_loop
async def test_a_command_that_could_not_be_written_is_written_at_the_next_try(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        at_first_append(monkeypatch, event_store, before=fail)
        with pytest.raises(EventStoreError):
            await store.send(PLACE, idempotency_key="key-1")
        outcome = await store.send(PLACE, idempotency_key="key-1")
    assert (outcome.positions, outcome.repeated) == ((1,), False)


@in_event_loop
async def test_a_command_whose_answer_was_lost_is_not_written_twice(
    monkeypatch: pytest.MonkeyPatch, event_store: RowEventStore
) -> None:
    async with order_store(event_store) as store:
        at_first_append(monkeypatch, event_store, after=fail)
        with pytest.raises(EventStoreError):
            await store.send(PLACE, idempotency_key="key-1")
        outcome = await store.send(PLACE, idempotency_key="key-1")
    assert (outcome.positions, outcome.repeated) == ((1,), True)
    assert await event_store.head() == 1


@in_event_loop
async def test_when_nothing_can_be_written_every_command_of_a_key_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(appends: Sequence[AppendEvents]) -> list[Any]:
        raise EventStoreError("the disk is full")

    event_store = InMemoryEventStore()
    async with order_store(event_store) as store:
        monkeypatch.setattr(event_store, "append_many", broken)
        answers = await asyncio.gather(
            *(store.send(PLACE, idempotency_key="key-1") for _ in range(20)), return_exceptions=True
        )
    assert [str(answer) for answer in answers] == ["the disk is full"] * 20


@pytest.mark.parametrize(
    ("key", "command"),
    [("\ud800", Deposit("bea", 5)), ("key-1", Deposit("\ud800", 5))],
)
@in_event_loop
async def test_what_cannot_be_noted_harms_no_other(key: str, command: Deposit) -> None:
    async with account_store(InMemoryEventStore(codec=ACCOUNT_CODEC)) as store:
        paid, failed, paid_too = await asyncio.gather(
            store.send(Deposit("ada", 5)),
            store.send(command, idempotency_key=key),
            store.send(Deposit("ada", 5)),
            return_exceptions=True,
        )
        assert isinstance(failed, Exception)
        assert isinstance(paid, Outcome)
        assert isinstance(paid_too, Outcome)
        assert dict(store.state.entities) == {"ada": Account("ada", 10)}


# Two stores over one log


@in_event_loop
async def test_two_stores_given_one_key_at_once_write_it_once(event_store: RowEventStore) -> None:
    async with order_store(event_store, seed=1) as here, order_store(event_store, seed=2) as there:
        outcomes = await asyncio.gather(*(store.send(PLACE, idempotency_key="key-1") for store in (here, there) * 5))
        assert sorted(outcome.repeated for outcome in outcomes) == [False] + [True] * 9
        assert len({outcome.events for outcome in outcomes}) == 1
        assert here.state == there.state
    assert await event_store.head() == 1


@in_event_loop
async def test_a_key_used_elsewhere_for_another_order_is_refused_here() -> None:
    event_store = InMemoryEventStore()
    async with order_store(event_store, seed=1) as here, order_store(event_store, seed=2) as there:
        await here.send(PLACE_ADA, idempotency_key="key-1")
        with pytest.raises(IdempotencyKeyReused):
            await there.send(PlaceOrder("customer-1", [MUG], "bea"), idempotency_key="key-1")
    assert await event_store.head() == 1


@in_event_loop
async def test_a_key_used_elsewhere_for_another_command_on_the_order_is_refused_here(
    event_store: RowEventStore,
) -> None:
    async with order_store(event_store, seed=1) as here:
        await here.send(PLACE_ADA)
        async with order_store(event_store, seed=2) as there:
            await here.send(ShipOrder("ada", "T"), idempotency_key="key-1")
            with pytest.raises(IdempotencyKeyReused):
                await there.send(CancelOrder("ada"), idempotency_key="key-1")
            assert there.state == await load_state(event_store)


@in_event_loop
async def test_a_retry_at_another_store_is_answered_with_what_is_in_the_log(event_store: RowEventStore) -> None:
    later = TestClock(datetime(2025, 6, 1, tzinfo=UTC))
    async with order_store(event_store, seed=1) as here:
        await here.send(PLACE_ADA)
        async with order_store(event_store, seed=2, clock=later) as there:
            first = await here.send(ShipOrder("ada", "T"), idempotency_key="key-1")
            again = await there.send(ShipOrder("ada", "T"), idempotency_key="key-1")
            assert there.state == await load_state(event_store)
            assert what_happened(again) == what_happened(first)


@in_event_loop
async def test_a_conflict_at_the_version_expected_leaves_the_key_free(monkeypatch: pytest.MonkeyPatch) -> None:
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)

    async def pay_in_elsewhere() -> None:
        await event_store.append_events("account-ada", [Deposited("ada", 1)])

    async with account_store(event_store) as store:
        at_first_append(monkeypatch, event_store, before=pay_in_elsewhere)
        with pytest.raises(VersionConflict):
            await store.send(Deposit("ada", 5), expected_version=0, idempotency_key="key-1")
        outcome = await store.send(Deposit("ada", 5), expected_version=1, idempotency_key="key-1")
    assert (outcome.versions, outcome.repeated) == ((2,), False)


@in_event_loop
async def test_a_retry_is_answered_also_if_the_log_cannot_be_asked_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := InMemoryEventStore()) as store:
        first = await store.send(PLACE, idempotency_key="key-1")
        away = Unreachable("the line is dead")
        with monkeypatch.context() as broken:
            broken.setattr(event_store, "head", failing(away, times=9, act=event_store.head))
            again = await store.send(PLACE, idempotency_key="key-1")
    assert what_happened(again) == what_happened(first)


@in_event_loop
async def test_a_retry_that_cannot_be_read_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async with order_store(event_store := InMemoryEventStore()) as store:
        await store.send(PLACE, idempotency_key="key-1")
        broken = failing(EventStoreError("the disk is gone"), times=1, act=event_store.load_events)
        monkeypatch.setattr(event_store, "load_events", broken)
        with pytest.raises(EventStoreError, match="the disk is gone"):
            await store.send(PLACE, idempotency_key="key-1")
        assert (await store.send(PLACE, idempotency_key="key-1")).repeated
