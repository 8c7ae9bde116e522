"""Laws of the runtime, each with a name, tried on random commands, others who write to the log, and failures."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Accounts, Deposit, Withdraw, account_reducer
from hypothesis import given, settings
from hypothesis import strategies as st

from orderlab.broadcast import Lagged, Subscription
from orderlab.core.decider import DeciderReducer
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SeededIds, TestClock
from orderlab.core.errors import AppendRefused, VersionConflict
from orderlab.core.log import Appended, RecordedEvent, StoredEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.exploration.strategies import commands_for
from orderlab.orders.actions import Command, Event, PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.outcome import Outcome
from orderlab.replay import fold, load_state
from orderlab.runtime import Store


class Failure(Enum):
    """How an append can fail: before anything was written, or after everything was."""

    NOTHING_WRITTEN = "nothing written"
    ANSWER_LOST = "answer lost"


Trouble = Failure | Command | None
"""What happens at an append: a failure, a command of another process that comes first, or nothing."""


@dataclass
class World:
    """A log with trouble, the store that is tried, and another process that writes to the same log."""

    event_store: RowEventStore
    troubles: Iterator[Trouble]
    store: Store[OrderState] = field(init=False)
    rival: Store[OrderState] = field(init=False)
    clock: TestClock = field(default_factory=TestClock)

    def __post_init__(self) -> None:
        self._append, self._rival_writes = self.event_store.append_many, False
        self.store, self.rival = self.new_store(1), self.new_store(2)

    def new_store(self, seed: int) -> Store[OrderState]:
        return Store(OrderReducer(), OrderState(), OrderEnvironment(self.clock, SeededIds(seed)), self.event_store)

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        """Append as the event store does, with the next trouble; what the other process writes goes through."""
        trouble = None if self._rival_writes else next(self.troubles, None)
        if trouble is Failure.NOTHING_WRITTEN:
            raise EventStoreError("the disk is full")
        if isinstance(trouble, Command):
            self._rival_writes = True
            await self.rival.send(trouble)
            self._rival_writes = False
        answers = await self._append(appends)
        if trouble is Failure.ANSWER_LOST:
            raise EventStoreError("the line is dead")
        return answers


lively_commands: st.SearchStrategy[Command] = st.one_of(
    commands_for(ORDERS), st.just(PlaceOrder("customer-1", (OrderItem("p-1", "Mug", 2, 250),)))
)
"""Commands about a handful of orders, and enough new orders that most batches have something to write."""

troubles: st.SearchStrategy[list[Trouble]] = st.lists(
    st.one_of(st.none(), st.sampled_from(Failure), commands_for(ORDERS)), min_size=1, max_size=8
)
batches: st.SearchStrategy[list[list[Command]]] = st.lists(
    st.lists(lively_commands, min_size=1, max_size=6), min_size=1, max_size=5
)
kinds = pytest.mark.parametrize(("duckdb", "examples"), [(False, 150), (True, 12)], ids=["memory", "duckdb"])

Scene = Callable[[World], Any]


def play(duckdb: bool, trouble: Sequence[Trouble], scene: Scene) -> None:
    """Run a scene in a new world."""

    async def run(event_store: RowEventStore) -> None:
        world = World(event_store, iter(trouble))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(event_store, "append_many", world.append_many)
            async with event_store, world.rival, world.store:
                await asyncio.wait_for(scene(world), 20)

    if not duckdb:
        asyncio.run(run(InMemoryEventStore()))
        return
    with TemporaryDirectory() as folder:
        asyncio.run(run(DuckDBEventStore(Path(folder) / "log.duckdb")))


async def sent_together(store: Store[Any], batch: Sequence[object], **said: Any) -> list[Outcome | BaseException]:
    return await asyncio.gather(*(store.send(command, **said) for command in batch), return_exceptions=True)


async def rows(event_store: RowEventStore) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    async for columns in event_store.read_columns(*StoredEvent._fields):
        found += map(StoredEvent, *(columns[name] for name in StoredEvent._fields))
    return found


def law(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None)


@kinds
def test_live_equals_replayed_after_every_batch(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches, troubles)
    def holds(run: list[list[Command]], trouble: list[Trouble]) -> None:
        async def scene(world: World) -> None:
            for batch in run:
                world.clock.advance(timedelta(seconds=1))
                await sent_together(world.store, batch)
                assert world.store.state == await load_state(world.event_store)
                assert world.store.position == await world.event_store.head()

        play(duckdb, trouble, scene)

    holds()


@kinds
def test_live_equals_replayed_at_every_moment(duckdb: bool, examples: int) -> None:
    """Whoever looks while commands are under way sees the state at some position of the log, and never goes back."""

    @law(examples)
    @given(batches, troubles)
    def holds(run: list[list[Command]], trouble: list[Trouble]) -> None:
        async def scene(world: World) -> None:
            seen = [(0, OrderState())]
            for batch in run:
                sending = asyncio.ensure_future(sent_together(world.store, batch))
                while not sending.done():
                    seen.append((world.store.position, world.store.state))
                    await asyncio.sleep(0)
            assert [position for position, _ in seen] == sorted(position for position, _ in seen)
            by_position = dict(seen)
            for position, state in by_position.items():
                assert state == await load_state(world.event_store, position)

        play(duckdb, trouble, scene)

    holds()


@kinds
def test_every_acknowledged_event_is_in_the_log_exactly_once(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches, troubles)
    def holds(run: list[list[Command]], trouble: list[Trouble]) -> None:
        async def scene(world: World) -> None:
            acknowledged: dict[int, tuple[str | None, int, object]] = {}
            for batch in run:
                for outcome in await sent_together(world.store, batch):
                    if isinstance(outcome, Outcome):
                        places = zip(outcome.positions, outcome.versions, outcome.events, strict=True)
                        for position, version, event in places:
                            assert position not in acknowledged
                            acknowledged[position] = (outcome.stream_id, version, event)
            recorded = {each.position: each async for each in world.event_store.read_all()}
            for position, place in acknowledged.items():
                each = recorded[position]
                assert (each.stream_id, each.version, each.event) == place
            assert len({each.event_id for each in recorded.values()}) == len(recorded)

        play(duckdb, trouble, scene)

    holds()


@kinds
def test_a_failure_is_told_to_its_sender_and_to_nobody_else(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches, troubles)
    def holds(run: list[list[Command]], trouble: list[Trouble]) -> None:
        async def scene(world: World) -> None:
            failed = 0
            for batch in run:
                for outcome in await sent_together(world.store, batch):
                    assert isinstance(outcome, Outcome | EventStoreError)
                    failed += isinstance(outcome, EventStoreError)
            assert failed <= len(before_writing)

        before_writing = [each for each in trouble if each is Failure.NOTHING_WRITTEN]
        play(duckdb, [each for each in trouble if each is not Failure.ANSWER_LOST], scene)

    holds()


@kinds
def test_no_command_causes_its_events_twice_and_a_refused_one_causes_none(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches, troubles)
    def holds(run: list[list[Command]], trouble: list[Trouble]) -> None:
        async def scene(world: World) -> None:
            refused: set[str] = set()
            for number, batch in enumerate(run):
                requests = {f"request-{number}-{index}": command for index, command in enumerate(batch)}
                sending = (world.store.send(command, correlation_id=request) for request, command in requests.items())
                for outcome in await asyncio.gather(*sending, return_exceptions=True):
                    if isinstance(outcome, Outcome) and outcome.rejection is not None:
                        refused.add(outcome.correlation_id)
            causes = [each.correlation_id async for each in world.event_store.read_all()]
            assert len(causes) == len(set(causes))  # each command here causes one event at the most
            assert refused.isdisjoint(causes)

        play(duckdb, trouble, scene)

    holds()


@kinds
def test_a_retry_under_its_key_changes_nothing(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches, troubles, st.randoms(use_true_random=False))
    def holds(run: list[list[Command]], trouble: list[Trouble], random: Any) -> None:
        async def scene(world: World) -> None:
            keyed = {f"key-{one}-{two}": command for one, batch in enumerate(run) for two, command in enumerate(batch)}
            firsts: dict[str, Outcome] = {}
            for key, command in keyed.items():
                [outcome] = await sent_together(world.store, [command], idempotency_key=key)
                if isinstance(outcome, Outcome) and outcome.events:
                    firsts[key] = outcome
            before, state = await rows(world.event_store), world.store.state
            retried = random.sample(sorted(firsts), len(firsts))
            async with world.new_store(3) as after_a_restart:
                for store in (world.store, after_a_restart):
                    outcomes = [await store.send(keyed[key], idempotency_key=key) for key in retried]
                    assert [outcome.events for outcome in outcomes] == [firsts[key].events for key in retried]
                    assert [outcome.positions for outcome in outcomes] == [firsts[key].positions for key in retried]
                    assert all(outcome.repeated for outcome in outcomes)
                assert after_a_restart.state == state == world.store.state
            assert await rows(world.event_store) == before

        play(duckdb, trouble, scene)

    holds()


@kinds
def test_a_sender_who_tries_until_it_is_answered_has_done_it_once(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(st.lists(commands_for(ORDERS), min_size=1, max_size=8), troubles)
    def holds(run: list[Command], trouble: list[Trouble]) -> None:
        async def answered(world: World, key: str, command: Command) -> Outcome:
            while True:
                try:
                    return await world.store.send(command, idempotency_key=key)
                except EventStoreError:
                    continue

        async def scene(world: World) -> None:
            tries = (answered(world, f"key-{index}", command) for index, command in enumerate(run))
            outcomes = await asyncio.gather(*tries)
            done = sorted(position for outcome in outcomes for position in outcome.positions)
            keyed = [row.position for row in await rows(world.event_store) if "idempotency_key" in row.metadata]
            assert done == keyed

        play(duckdb, trouble, scene)

    holds()


@kinds
def test_together_or_one_after_another_makes_no_difference(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches)
    def holds(run: list[list[Command]]) -> None:
        async def together(world: World) -> None:
            for batch in run:
                outcomes.extend(await sent_together(world.store, batch))

        async def one_by_one(world: World) -> None:
            for batch in run:
                alone.extend([await world.store.send(command) for command in batch])

        outcomes: list[Outcome | BaseException] = []
        alone: list[Outcome | BaseException] = []
        play(duckdb, (), together)
        play(duckdb, (), one_by_one)
        assert [kinds_of(each) for each in outcomes] == [kinds_of(each) for each in alone]

    def kinds_of(outcome: Outcome | BaseException) -> object:
        assert isinstance(outcome, Outcome)
        return [type(event) for event in outcome.events], type(outcome.rejection), outcome.versions, outcome.positions

    holds()


@law(80)
@given(batches, troubles, st.lists(st.none() | st.integers(0, 3), min_size=30, max_size=30))
def test_what_a_sender_expects_is_what_it_gets(
    run: list[list[Command]], trouble: list[Trouble], versions: list[int | None]
) -> None:
    async def scene(world: World) -> None:
        expected = iter(versions)
        for batch in run:
            said = [next(expected) for _ in batch]
            sending = zip(batch, said, strict=True)
            outcomes = await asyncio.gather(
                *(world.store.send(command, expected_version=version) for command, version in sending),
                return_exceptions=True,
            )
            for version, outcome in zip(said, outcomes, strict=True):
                if isinstance(outcome, Outcome) and outcome.versions and version is not None:
                    assert outcome.versions[0] == version + 1
                if isinstance(outcome, VersionConflict):
                    assert outcome.expected == version != outcome.actual
            assert world.store.state == await load_state(world.event_store)

    play(False, trouble, scene)


@kinds
def test_what_a_follower_saw_from_the_start_is_the_log_and_leads_to_the_state(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches, troubles)
    def holds(run: list[list[Command]], trouble: list[Trouble]) -> None:
        async def scene(world: World) -> None:
            observed: list[RecordedEvent] = []
            world.store.observe(observed.extend)
            prompt = world.store.subscribe_actions()
            slow, late = world.store.subscribe_actions(buffer=1), world.store.subscribe_actions(after=0)
            elsewhere = world.rival.subscribe_actions()
            for batch in run:
                await sent_together(world.store, batch)
                assert [recorded.position for recorded in observed] == list(range(1, world.store.position + 1))
                facts = [(recorded.stream_id, recorded.version, recorded.event) for recorded in observed]
                assert fold(OrderReducer(), OrderState(), facts) == world.store.state
                assert world.store.state == await load_state(world.event_store)
            log = [recorded async for recorded in world.event_store.read_all()]
            for subscription in (prompt, slow, late, elsewhere):
                assert await seen_by(subscription, len(log)) == log
            assert observed == log

        play(duckdb, trouble, scene)

    async def seen_by(subscription: Subscription, count: int) -> list[RecordedEvent]:
        seen: list[RecordedEvent] = []
        said: list[tuple[int, int]] = []
        so: list[tuple[int, int]] = []
        while len(seen) < count:
            try:
                seen.append(await anext(subscription))
            except Lagged as lagged:
                said.append((lagged.last_position, lagged.missed))
                so.append((len(seen), count - len(seen)))
        assert said == so
        return seen

    holds()


@kinds
def test_whoever_waits_for_an_action_gets_one_that_its_own_command_caused(duckdb: bool, examples: int) -> None:
    @law(examples)
    @given(batches, troubles)
    def holds(run: list[list[Command]], trouble: list[Trouble]) -> None:
        async def scene(world: World) -> None:
            got: dict[str, object] = {}
            for number, batch in enumerate(run):
                names = [f"request-{number}-{index}" for index in range(len(batch))]
                sending = (
                    world.store.send_and_wait_for(command, lambda action: True, 10, correlation_id=name)
                    for name, command in zip(names, batch, strict=True)
                )
                got |= zip(names, await asyncio.gather(*sending, return_exceptions=True), strict=True)
            caused = {each.correlation_id: each.event async for each in world.event_store.read_all()}
            for name, action in got.items():
                if isinstance(action, BaseException):
                    assert isinstance(action, EventStoreError)
                elif isinstance(action, Event):
                    assert caused[name] == action
                else:
                    assert name not in caused

        play(duckdb, trouble, scene)

    holds()


account_batches: st.SearchStrategy[list[list[Deposit | Withdraw]]] = st.lists(
    st.lists(
        st.one_of(
            st.builds(Deposit, st.none() | st.sampled_from(["ada", "bea"]), st.integers(0, 3)),
            st.builds(Withdraw, st.sampled_from(["ada", "bea"]), st.integers(1, 3)),
        ),
        min_size=1,
        max_size=6,
    ),
    max_size=5,
)


@law(80)
@given(account_batches)
def test_live_equals_replayed_also_where_facts_repeat(run: list[list[Deposit | Withdraw]]) -> None:
    async def scene() -> None:
        reducer: DeciderReducer[Any, Accounts] = account_reducer()
        event_store, env = InMemoryEventStore(codec=ACCOUNT_CODEC), OrderEnvironment(TestClock(), SeededIds(1))
        async with Store(reducer, reducer.initial_state(), env, event_store) as store:
            for batch in run:
                await sent_together(store, batch)
                assert store.state == await load_state(event_store, reducer=account_reducer())

    asyncio.run(scene())
