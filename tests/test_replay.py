import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNT_CODEC, Account, Deposit, Deposited, account_environment, account_reducer
from event_loop import in_event_loop
from gapped import Gapped

from orderlab.core.codec import JsonCodec
from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Effect, Emit
from orderlab.core.environment import Environment
from orderlab.core.errors import CorruptStream, UnreadableEvent
from orderlab.core.log import EncodedEvent, NewEvent
from orderlab.eventstore import memory
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.orders.actions import OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.model import Cancelled, OrderItem, OrderState, Shipped
from orderlab.orders.reducer import OrderReducer
from orderlab.replay import load_state, position_of, replay
from orderlab.runtime import Store
from orderlab.timeline import Timeline

MUG = OrderItem("p-1", "Mug", 2, 250)
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NEW_YEAR + timedelta(seconds=seconds)


def placed(order_id: str, seconds: float = 0) -> OrderPlaced:
    return OrderPlaced(order_id, "customer-1", (MUG,), 500, at(seconds))


@pytest.fixture(params=["memory", "duckdb"])
def event_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RowEventStore]:
    made = InMemoryEventStore() if request.param == "memory" else DuckDBEventStore(tmp_path / "log.duckdb")
    yield made
    asyncio.run(made.close())


async def write(event_store: RowEventStore, *events: Any, seconds: float = 0) -> None:
    """Append one event after another, each to the stream of its order."""
    for event in events:
        order_id = "ada" if isinstance(event, EncodedEvent) else event.order_id
        await event_store.append_events(f"order-{order_id}", [NewEvent(event, recorded_at=at(seconds))])


async def write_six(event_store: RowEventStore) -> None:
    """Write a log of six events, recorded at the seconds 10, 20, 20, 20, 30 and 40."""
    await write(event_store, placed("ada"), seconds=10)
    await write(event_store, placed("bea"), OrderShipped("ada", "TRACK-1", at(1)), placed("cem"), seconds=20)
    await write(event_store, OrderCancelled("bea", "changed my mind", at(2)), seconds=30)
    await write(event_store, OrderShipped("cem", "TRACK-2", at(3)), seconds=40)


STATUSES = [
    {},
    {"ada": "placed"},
    {"ada": "placed", "bea": "placed"},
    {"ada": "shipped", "bea": "placed"},
    {"ada": "shipped", "bea": "placed", "cem": "placed"},
    {"ada": "shipped", "bea": "cancelled", "cem": "placed"},
    {"ada": "shipped", "bea": "cancelled", "cem": "shipped"},
]
"""What each order's status is after so many of the six events."""


def statuses(state: OrderState) -> dict[str, str]:
    return {key: order.status.name for key, order in state.orders.items()}


# Standing at a point of the log


@in_event_loop
async def test_without_a_point_the_whole_log_is_replayed(event_store: RowEventStore) -> None:
    await write_six(event_store)
    assert statuses(await load_state(event_store)) == STATUSES[6]


@in_event_loop
async def test_a_position_gives_the_state_after_its_event(event_store: RowEventStore) -> None:
    await write_six(event_store)
    assert [statuses(await load_state(event_store, until)) for until in range(7)] == STATUSES


@in_event_loop
async def test_position_nought_gives_the_state_before_the_first_event() -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    assert await load_state(event_store, 0) == OrderState()


@in_event_loop
async def test_a_position_beyond_the_end_gives_the_end() -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    assert await load_state(event_store, 7_000) == await load_state(event_store)
    assert await position_of(event_store, 7_000) == 6


@in_event_loop
async def test_an_empty_log_gives_the_first_state_at_any_point(event_store: RowEventStore) -> None:
    for until in (None, 0, 5, NEW_YEAR):
        assert await load_state(event_store, until) == OrderState()


@pytest.mark.parametrize(
    ("seconds", "position"),
    [(9.999999, 0), (10, 1), (19.999999, 1), (20, 4), (20.000001, 4), (30, 5), (39.999999, 5), (40, 6), (10**9, 6)],
)
@in_event_loop
async def test_a_time_means_the_last_position_recorded_not_later(
    event_store: RowEventStore, seconds: float, position: int
) -> None:
    await write_six(event_store)
    assert await position_of(event_store, at(seconds)) == position


@in_event_loop
async def test_a_time_gives_the_state_at_the_position_it_means(event_store: RowEventStore) -> None:
    await write_six(event_store)
    assert statuses(await load_state(event_store, at(25))) == STATUSES[4]


@in_event_loop
async def test_a_time_in_another_zone_means_the_same_instant(event_store: RowEventStore) -> None:
    await write_six(event_store)
    elsewhere = at(20).astimezone(timezone(timedelta(hours=-7)))
    assert await position_of(event_store, elsewhere) == 4


@in_event_loop
async def test_when_all_was_recorded_at_once_a_time_means_all_or_nothing() -> None:
    event_store = InMemoryEventStore()
    await write(event_store, *(placed(f"order-{number}") for number in range(7)), seconds=10)
    assert [await position_of(event_store, at(seconds)) for seconds in (9, 10, 11)] == [0, 7, 7]


@in_event_loop
async def test_a_negative_position_is_refused() -> None:
    with pytest.raises(ValueError, match="until must be a position from 0, not -1"):
        await load_state(InMemoryEventStore(), -1)


@in_event_loop
async def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2025-01-01T00:00:00 has no zone"):
        await load_state(InMemoryEventStore(), datetime(2025, 1, 1))  # noqa: DTZ001 - what is refused


# Folding


@in_event_loop
async def test_replay_restores_what_each_event_tells() -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    orders = (await load_state(event_store)).orders
    assert orders["ada"].items == (MUG,)
    assert (orders["ada"].created_at, orders["ada"].updated_at, orders["ada"].version) == (at(0), at(1), 2)
    assert orders["bea"].status == Cancelled("changed my mind", at(2))
    assert orders["cem"].status == Shipped("TRACK-2", at(3))


@pytest.mark.parametrize("cut", range(7))
@in_event_loop
async def test_replay_in_two_parts_equals_replay_in_one(event_store: RowEventStore, cut: int) -> None:
    await write_six(event_store)
    half = await load_state(event_store, cut)
    assert await replay(OrderReducer(), half, event_store, after=cut) == await load_state(event_store)


@pytest.mark.parametrize("stretch", [1, 2, 5])
@in_event_loop
async def test_a_log_read_in_several_stretches_gives_the_same_state(
    monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    in_one = await load_state(event_store)
    monkeypatch.setattr(memory, "_STRETCH", stretch)
    assert await load_state(event_store) == in_one


@in_event_loop
async def test_replay_makes_no_new_state_when_there_is_nothing_to_fold() -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    state = await load_state(event_store)
    assert await replay(OrderReducer(), state, event_store, after=6) is state


@in_event_loop
async def test_the_same_fact_twice_counts_twice() -> None:
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
    await event_store.append_events("account-ada", [Deposited("ada", 5), Deposited("ada", 5)])
    state = await load_state(event_store, reducer=account_reducer())
    assert (dict(state.entities), dict(state.versions)) == ({"ada": Account("ada", 10)}, {"ada": 2})


@in_event_loop
async def test_a_time_works_for_any_domain() -> None:
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
    for seconds in (10, 20):
        await event_store.append_events("account-ada", [NewEvent(Deposited("ada", 5), recorded_at=at(seconds))])
    state = await load_state(event_store, at(15), reducer=account_reducer())
    assert state.entities["ada"].balance_cents == 5


# Old shapes

OLD_SHAPES = [
    EncodedEvent(
        "OrderPlaced",
        1,
        '{"order_id":"ada","customer_id":"customer-1","total_cents":500,'
        '"items":[{"product_id":"p-1","name":"Mug","quantity":2,"unit_price_cents":250}]}',
    ),
    EncodedEvent("OrderShipped", 1, '{"order_id":"ada","tracking_number":"TRACK-1"}'),
]
"""The same order as version 1 wrote it: without times."""


async def folded_one_by_one(event_store: RowEventStore) -> OrderState:
    state = OrderState()
    async for recorded in event_store.read_all():
        state = OrderReducer().replay(state, [(recorded.stream_id, recorded.version, recorded.event)])
    return state


@in_event_loop
async def test_an_old_shape_takes_the_time_at_which_it_was_recorded(event_store: RowEventStore) -> None:
    await write(event_store, OLD_SHAPES[0], seconds=10)
    await write(event_store, OLD_SHAPES[1], seconds=20)
    ada = (await load_state(event_store)).orders["ada"]
    assert (ada.created_at, ada.status) == (at(10), Shipped("TRACK-1", at(20)))


@pytest.mark.parametrize("stretch", [1, 2, 50_000])
@in_event_loop
async def test_bulk_replay_of_mixed_shapes_equals_replay_event_by_event(
    monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    event_store = InMemoryEventStore()
    await write(event_store, placed("bea"), *OLD_SHAPES, OrderShipped("bea", "TRACK-2", at(2)), placed("cem"))
    monkeypatch.setattr(memory, "_STRETCH", stretch)
    state = await load_state(event_store)
    assert state == await folded_one_by_one(event_store)
    assert statuses(state) == {"ada": "shipped", "bea": "shipped", "cem": "placed"}


@in_event_loop
async def test_a_codec_without_a_way_for_bulk_replays_event_by_event() -> None:
    class SlowCodec(JsonCodec):
        def current_decoder(self, event_type: str, schema_version: int) -> None:
            return None

    codec = SlowCodec(ORDER_CODEC.event_types, ORDER_CODEC.schema_versions, ORDER_CODEC.upcasters)
    event_store = InMemoryEventStore(codec=codec)
    await write_six(event_store)
    assert statuses(await load_state(event_store)) == STATUSES[6]


# Logs that cannot be replayed

BROKEN = {
    "unknown": (EncodedEvent("OrderLost", 2, "{}"), "unknown event type OrderLost"),
    "no-object": (EncodedEvent("OrderShipped", 2, "[]"), "payload does not fit"),
    "no-time": (EncodedEvent("OrderShipped", 2, '{"order_id":"ada","tracking_number":"T"}'), "payload does not fit"),
    "old-no-id": (EncodedEvent("OrderShipped", 1, '{"tracking_number":"T"}'), "payload does not fit"),
    "newer": (EncodedEvent("OrderShipped", 3, "{}"), "schema version 3, and this program reads up to 2"),
}
each_broken = pytest.mark.parametrize(("broken", "reason"), list(BROKEN.values()), ids=list(BROKEN))
beside = pytest.mark.parametrize("first", [placed("ada"), OLD_SHAPES[0]], ids=["fast", "slow"])
"""Beside an event of an old shape a whole stretch is read event by event; else it is decoded in bulk."""


@each_broken
@beside
@in_event_loop
async def test_an_unreadable_event_is_named_by_stream_version_and_position(
    first: Any, broken: EncodedEvent, reason: str
) -> None:
    event_store = InMemoryEventStore()
    await write(event_store, placed("bea"), first, broken, placed("cem"))
    with pytest.raises(UnreadableEvent, match=rf"^event at position 3 \(stream order-ada, version 2\): .*{reason}"):
        await load_state(event_store)


@in_event_loop
async def test_an_unreadable_event_is_placed_rightly_also_in_a_later_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_STRETCH", 2)
    event_store = InMemoryEventStore()
    await write(event_store, placed("bea"), placed("cem"), placed("ada"), BROKEN["no-time"][0])
    with pytest.raises(UnreadableEvent, match=r"^event at position 4 \(stream order-ada, version 2\)"):
        await load_state(event_store)


@in_event_loop
async def test_an_unreadable_event_later_than_asked_for_harms_nothing(event_store: RowEventStore) -> None:
    await write(event_store, placed("ada"), BROKEN["unknown"][0])
    assert statuses(await load_state(event_store, 1)) == {"ada": "placed"}


@beside
@in_event_loop
async def test_a_gap_in_the_versions_is_corruption(first: Any) -> None:
    event_store = InMemoryEventStore()
    await write(event_store, first, OrderShipped("ada", "TRACK-1", at(1)))
    with pytest.raises(CorruptStream, match="stream order-ada goes from version 0 to 2"):
        await replay(OrderReducer(), OrderState(), event_store, after=1)


@in_event_loop
async def test_a_version_that_comes_twice_is_corruption() -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    with pytest.raises(CorruptStream, match="stream order-ada goes from version 2 to 1"):
        await replay(OrderReducer(), await load_state(event_store), event_store)


@beside
@in_event_loop
async def test_an_event_that_cannot_follow_is_corruption(first: Any) -> None:
    event_store = InMemoryEventStore()
    await write(event_store, first, placed("ada"))
    with pytest.raises(CorruptStream, match="OrderPlaced of ada cannot follow"):
        await load_state(event_store)


@in_event_loop
async def test_a_stream_of_another_kind_is_corruption() -> None:
    event_store = InMemoryEventStore()
    await event_store.append_events("parcel-ada", [placed("ada")])
    with pytest.raises(CorruptStream, match="parcel-ada"):
        await load_state(event_store)


# The garbage collector


@pytest.fixture(params=[True, False], ids=["enabled", "disabled"])
def enabled(request: pytest.FixtureRequest) -> Iterator[bool]:
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


@in_event_loop
async def test_replay_leaves_the_collector_as_it_was(enabled: bool) -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    await load_state(event_store)
    assert gc.isenabled() == enabled


@in_event_loop
async def test_replay_leaves_the_collector_as_it_was_also_when_it_fails(enabled: bool) -> None:
    event_store = InMemoryEventStore()
    await write(event_store, BROKEN["newer"][0])
    with suppress(UnreadableEvent):
        await load_state(event_store)
    assert gc.isenabled() == enabled


@in_event_loop
async def test_replay_leaves_the_collector_as_it_was_also_when_called_off(enabled: bool) -> None:
    class Endless(InMemoryEventStore):
        async def read_columns(
            self, *names: str, after: int = 0, until: int | None = None
        ) -> AsyncIterator[dict[str, list[Any]]]:
            reached.set()
            await asyncio.Event().wait()
            yield {}

    reached = asyncio.Event()
    replaying = asyncio.create_task(load_state(Endless()))
    await reached.wait()
    replaying.cancel()
    with suppress(asyncio.CancelledError):
        await replaying
    assert gc.isenabled() == enabled


@in_event_loop
async def test_two_replays_at_once_leave_the_collector_as_it_was(event_store: RowEventStore, enabled: bool) -> None:
    await write_six(event_store)
    await asyncio.gather(*(load_state(event_store) for _ in range(3)))
    assert gc.isenabled() == enabled


@in_event_loop
async def test_the_collector_rests_while_events_are_folded(enabled: bool) -> None:
    seen: list[bool] = []

    class Watching:
        def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
            seen.append(gc.isenabled())
            return Step(state)

    event_store = InMemoryEventStore()
    await write_six(event_store)
    await replay(Watching(), 0, event_store)
    assert seen == [False] * 6


# Reducers that a user wrote, with nothing but `reduce`


@dataclass
class Tally:
    """Count the orders placed, and ask for what a replay must not do."""

    effects: tuple[Effect, ...] = ()
    seen: list[Any] = field(default_factory=list)

    def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
        self.seen.append(action)
        return Step(state + isinstance(action, OrderPlaced), self.effects)


@beside
@in_event_loop
async def test_a_reducer_without_replay_is_given_event_by_event(first: Any) -> None:
    event_store = InMemoryEventStore()
    await write(event_store, placed("bea"), first, OrderShipped("bea", "TRACK-1", at(1)))
    tally = Tally()
    assert await replay(tally, 10, event_store) == 12
    assert tally.seen == [recorded.event async for recorded in event_store.read_all()]


@in_event_loop
async def test_a_reducer_without_replay_can_go_on_from_any_point() -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    assert await replay(Tally(), 1, event_store, after=1, until=4) == 3


@in_event_loop
async def test_replay_repeats_no_effect() -> None:
    event_store = InMemoryEventStore()
    await write_six(event_store)
    reducer = Tally((AppendEvents("order-dan", (placed("dan"),)), Emit(placed("dan"))))
    await replay(reducer, 0, event_store)
    assert await event_store.head() == 6


READING: dict[str, tuple[Callable[[Environment], object], str]] = {
    "clock": (lambda env: env.clock.now(), "must not read the clock for an event: its time is in the event"),
    "id": (lambda env: env.ids.new_id("order"), "must not draw an id for an event: the order id is in the event"),
    "uuid": (lambda env: env.ids.new_uuid(), "must not draw an id for an event"),
}


@pytest.mark.parametrize(("read", "told"), list(READING.values()), ids=list(READING))
@in_event_loop
async def test_a_reducer_that_reads_the_world_for_an_event_is_told_so(
    read: Callable[[Environment], object], told: str
) -> None:
    class Curious:
        def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
            read(env)
            return Step(state)

    event_store = InMemoryEventStore()
    await write_six(event_store)
    with pytest.raises(RuntimeError, match=told):
        await replay(Curious(), 0, event_store)


# With the runtime


@in_event_loop
async def test_a_replay_equals_the_live_state_of_equal_deposits(tmp_path: Path) -> None:
    reducer = account_reducer()
    async with (
        DuckDBEventStore(tmp_path / "log.duckdb", codec=ACCOUNT_CODEC) as event_store,
        Store(reducer, reducer.initial_state(), account_environment(), event_store) as store,
    ):
        for _ in range(3):
            await store.send(Deposit("ada", 5))
        assert await load_state(event_store, reducer=account_reducer()) == store.state


@pytest.mark.parametrize("until", ["2025-01-01", 1.5, True])
@in_event_loop
async def test_a_point_in_a_log_is_a_position_or_a_time(until: Any) -> None:
    with pytest.raises(TypeError, match="until must be a position or a datetime, not"):
        await load_state(InMemoryEventStore(), until)


@in_event_loop
async def test_what_is_replayed_is_an_event_store() -> None:
    address: Any = "duckdb:///orders.duckdb"
    with pytest.raises(TypeError, match="event_store must be an event store, such as open_event_store gives"):
        await load_state(address)


@in_event_loop
async def test_a_state_is_loaded_by_a_reducer_that_knows_where_it_begins() -> None:
    reducer: Any = object()
    with pytest.raises(TypeError, match="reducer must be a DeciderReducer"):
        await load_state(InMemoryEventStore(), reducer=reducer)


@pytest.mark.parametrize("missing", [range(1, 2), range(3, 4), range(2, 5), range(1, 5)], ids=str)
@in_event_loop
async def test_a_log_with_a_gap_is_not_taken_for_a_shorter_one(missing: range) -> None:
    event_store = Gapped()
    for number in range(5):
        await event_store.append_events(f"order-{number}", [placed(str(number))])
    event_store.missing = missing
    for read in (load_state, Timeline.load):
        with pytest.raises(EventStoreError, match=f"is damaged: it holds no position {missing[0]}, and goes on behind"):
            await read(event_store)
