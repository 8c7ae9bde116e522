import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Deposit, Deposited
from event_loop import in_event_loop
from live_stores import Gate, balances, failing, live_store, log, recorded_in, taken

from orderlab import committing, following
from orderlab.core.log import NewEvent, RecordedEvent
from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.contract.kit import turns
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.idempotency import note_of
from orderlab.runtime import StoreClosed


@pytest.fixture(params=["memory", "duckdb"])
def event_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RowEventStore]:
    made = log() if request.param == "memory" else DuckDBEventStore(tmp_path / "log.duckdb", codec=ACCOUNT_CODEC)
    yield made
    asyncio.run(made.close())


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not look again at a log that could not be read for as long as a test takes."""
    monkeypatch.setattr(following, "_SOON", 60)


def deposited(cents: int) -> list[Deposited]:
    return [Deposited("bea", cents)]


# What is read of a log that has grown


class Reads:
    """Count what an event store is asked."""

    def __init__(self, event_store: RowEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count: Counter[str] = Counter()
        for name in ("head", "read_all", "read_columns"):
            monkeypatch.setattr(event_store, name, self._counted(name, getattr(event_store, name)))

    def _counted(self, name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.count[name] += 1
            return act(*args, **options)

        return counted


@in_event_loop
async def test_a_short_stretch_is_read_once_for_the_state_the_keys_and_the_followers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as here:
        subscription = here.subscribe_actions()
        reads = Reads(event_store, monkeypatch)
        note = note_of("key-1", Deposit("bea", 5))
        await event_store.append_events("account-bea", [NewEvent(each, metadata=note) for each in deposited(5)])
        await taken(subscription, 1)
        assert balances(here) == {"bea": 5}
        assert here.remembers("key-1", Deposit("bea", 5))
        assert (reads.count["read_all"], reads.count["read_columns"]) == (1, 0)


@in_event_loop
async def test_a_long_stretch_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "_SHORT", 2)
    async with live_store(event_store := log()) as here:
        subscription = here.subscribe_actions()
        note = note_of("key-1", Deposit("bea", 1))
        new = [NewEvent(event, metadata=note) for cents in (1, 2, 3) for event in deposited(cents)]
        await event_store.append_events("account-bea", new)
        assert await taken(subscription, 3) == await recorded_in(event_store)
        assert balances(here) == {"bea": 6}
        assert here.remembers("key-1", Deposit("bea", 1))


@in_event_loop
async def test_a_log_that_gives_less_than_it_says_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as here:
        monkeypatch.setattr(event_store, "read_all", lambda **options: no_events())
        await event_store.append_events("account-bea", deposited(5))
        with pytest.raises(EventStoreError, match="read up to position 0, and goes to 1"):
            await here.catch_up()
        assert (here.position, balances(here)) == (0, {})


async def no_events() -> AsyncIterator[RecordedEvent]:
    for event in list[RecordedEvent]():
        yield event


@in_event_loop
async def test_what_a_store_itself_writes_is_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        subscription = store.subscribe_actions()
        await turns(5)
        reads = Reads(event_store, monkeypatch)
        await store.send(Deposit("bea", 5))
        await taken(subscription, 1)
        await turns(20)
        assert reads.count == {"head": 2}  # by the waiting itself: it has come, and there is no more


@in_event_loop
async def test_a_log_that_could_not_be_reached_is_not_asked_again_for_the_same_commands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        await turns(5)
        with monkeypatch.context() as away:
            reads = Reads(event_store, away)
            append = failing(Unreachable("the line is dead"), times=9, act=event_store.append_many)
            away.setattr(event_store, "append_many", append)
            sending = (store.send(Deposit("bea", cents)) for cents in (1, 2, 3))
            answers = await asyncio.gather(*sending, return_exceptions=True)
            assert [str(each) for each in answers] == ["the line is dead"] * 3
            assert reads.count == {}
        await store.send(Deposit("bea", 5))
        assert balances(store) == {"bea": 5}


# A read that must not see less than there is


@in_event_loop
async def test_who_catches_up_finds_what_another_store_has_written(event_store: RowEventStore) -> None:
    async with live_store(event_store) as here, live_store(event_store, seed=2) as there:
        told: list[RecordedEvent] = []
        here.observe(told.extend)
        for count in range(1, 4):
            await there.send(Deposit("bea", 5))
            await here.catch_up()
            assert (here.state, len(told)) == (there.state, count)


@in_event_loop
async def test_who_catches_up_finds_it_also_while_a_commit_is_under_way() -> None:
    event_store = log()
    async with live_store(event_store) as here, live_store(event_store, seed=2) as there:
        await asyncio.gather(*(here.send(Deposit("ada", 1)) for _ in range(3)), there.send(Deposit("bea", 5)))
        sending = asyncio.ensure_future(here.send(Deposit("ada", 1)))
        await here.catch_up()
        assert balances(here)["bea"] == 5
        await sending


@in_event_loop
async def test_nothing_more_is_asked_when_there_is_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        await turns(5)
        reads = Reads(event_store, monkeypatch)
        await store.catch_up()
        assert reads.count == {"head": 1}


class SlowToAnswer:
    """An event store's `head`, which answers when it is let: what it answers is what there was when it was asked."""

    def __init__(self, event_store: RowEventStore) -> None:
        self.asked: list[asyncio.Future[None]] = []
        self._head = event_store.head

    async def head(self) -> int:
        found = await self._head()
        self.asked.append(asyncio.get_running_loop().create_future())
        await self.asked[-1]
        return found


@in_event_loop
async def test_those_who_ask_at_the_same_time_share_one_question_that_was_put_after_they_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        await turns(5)
        slow = SlowToAnswer(event_store)
        monkeypatch.setattr(event_store, "head", slow.head)
        first = asyncio.ensure_future(store.catch_up())
        await turns(2)
        others = [asyncio.ensure_future(store.catch_up()) for _ in range(10)]
        await turns(2)
        assert len(slow.asked) == 1
        slow.asked[0].set_result(None)
        await first
        await turns(2)
        assert len(slow.asked) == 2
        assert not any(other.done() for other in others)
        slow.asked[1].set_result(None)
        await asyncio.gather(*others)
        assert len(slow.asked) == 2


@in_event_loop
async def test_when_who_put_the_question_gives_up_another_puts_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        await turns(5)
        slow = SlowToAnswer(event_store)
        monkeypatch.setattr(event_store, "head", slow.head)
        impatient = asyncio.ensure_future(store.catch_up())
        await turns(2)
        patient = asyncio.ensure_future(store.catch_up())
        impatient.cancel()
        await turns(3)
        slow.asked[1].set_result(None)
        await patient


@in_event_loop
async def test_when_a_log_cannot_be_asked_all_who_share_the_question_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        await turns(5)
        slow = SlowToAnswer(event_store)
        with monkeypatch.context() as broken:
            broken.setattr(event_store, "head", slow.head)
            asking = [asyncio.ensure_future(store.catch_up()) for _ in range(4)]
            await turns(2)
            slow.asked[0].set_result(None)
            await turns(3)
            slow.asked[1].set_exception(EventStoreError("dead"))
            answers = await asyncio.gather(*asking, return_exceptions=True)
        assert [str(each) for each in answers] == ["None", "dead", "dead", "dead"]
        await store.catch_up()


@pytest.mark.usefixtures("patient")
@in_event_loop
async def test_who_catches_up_is_told_what_keeps_the_log_from_being_followed_and_ends_the_trouble_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live_store(event_store := log()) as store:
        with monkeypatch.context() as broken:
            broken.setattr(event_store, "read_all", failing(EventStoreError("dead"), times=9, act=event_store.read_all))
            await event_store.append_events("account-bea", deposited(5))
            with pytest.raises(EventStoreError, match="dead"):
                await store.catch_up()
        await store.catch_up()
        assert balances(store) == {"bea": 5}


@in_event_loop
async def test_a_store_that_is_closed_cannot_catch_up_any_more() -> None:
    async with live_store(event_store := log()) as store:
        pass
    await store.catch_up()
    await event_store.append_events("account-bea", deposited(5))
    with pytest.raises(StoreClosed):
        await store.catch_up()


@in_event_loop
async def test_who_waits_to_catch_up_when_the_store_closes_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with live_store(event_store := log()) as store:
        gate = Gate(event_store)
        monkeypatch.setattr(event_store, "append_many", gate.append_many)
        sending = asyncio.ensure_future(store.send(Deposit("ada", 5)))
        await gate.reached.wait()
        monkeypatch.setattr(event_store, "append_many", gate._append)
        closing = asyncio.ensure_future(store.close())
        await turns(1)
        await event_store.append_events("account-bea", deposited(5))
        with pytest.raises(StoreClosed):
            await store.catch_up()
        gate.opened.set()
        await asyncio.gather(sending, closing)
