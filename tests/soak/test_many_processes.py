"""Many processes on one log in PostgreSQL: appending, reading, racing, standing still and being killed."""

import asyncio
import time
from collections import Counter

import many_appenders
import pytest
import racing
from many_appenders import Log, opened
from marked_logs import END, Written, marked, read_whole, require_all
from other_processes import OtherProcesses
from postgres_servers import PostgresServer

from orderlab import (
    OrderEnvironment,
    OrderItem,
    OrderReducer,
    OrderState,
    PlaceOrder,
    RandomIds,
    Store,
    SystemClock,
)
from orderlab.core.log import RecordedEvent
from orderlab.replay import load_state

PATIENCE_SECONDS = 900.0


async def end_of(log: Log) -> None:
    """Give a log its last event."""
    async with opened(log) as event_store:
        await event_store.append_events(END, [marked(END)])


async def whole_log(log: Log) -> tuple[tuple[int, int], list[RecordedEvent]]:
    async with opened(log) as event_store:
        seen, events = await read_whole(event_store)
        return seen.sequence, events


def require_once(common: list[Written]) -> None:
    """Make sure that of those who appended the same one was told that it wrote it, and each other that it is there."""
    told = {each.marks for each in common}
    assert sorted(each.marks for each in common if not each.repeated) == sorted(told)


@pytest.mark.parametrize(
    ("processes", "events", "most", "readers"),
    [(4, 1_500, 500, 1), pytest.param(16, 65_000, 6_000, 2, marks=pytest.mark.soak)],
    ids=["a few", "a million events"],
)
def test_whoever_reads_while_many_append_sees_one_sequence_and_all_of_it(
    processes: int, events: int, most: int, readers: int, postgres: PostgresServer
) -> None:
    log_at = postgres.url, postgres.fresh_schema()
    with OtherProcesses() as others:
        start = others.context.Barrier(processes + 1)
        appending = [
            others.start(many_appenders.append, log_at, f"process-{number}", events, most, start)
            for number in range(processes)
        ]
        reading = [others.start(work, log_at) for work in (many_appenders.follow, many_appenders.poll) * readers]
        start.wait(PATIENCE_SECONDS)
        begun = time.monotonic()
        answers = [each.result(PATIENCE_SECONDS) for each in appending]
        appended = time.monotonic() - begun
        asyncio.run(end_of(log_at))
        sequences = [each.result(PATIENCE_SECONDS) for each in reading]
        read = time.monotonic() - begun

    sequence, log = asyncio.run(whole_log(log_at))
    written = [each for its, _ in answers for each in its]
    print(
        f"{processes} processes appended {len(log):,} events in {appended:.1f} s, and {len(reading)} had read them "
        f"after {read:.1f} s; {len(written):,} appends acknowledged, {sum(count for _, count in answers):,} refused",
        end="; ",
    )
    assert sequences == [sequence] * len(reading)
    assert len(log) > processes * events * 0.8
    assert require_all(log, written) == {END}
    require_once([each for each in written if each.marks[0].startswith("common/")])


@pytest.mark.parametrize(
    ("events", "times"), [(1_000, 3), pytest.param(30_000, 60, marks=pytest.mark.soak)], ids=["briefly", "often"]
)
def test_an_appender_that_stands_still_or_is_killed_holds_up_no_other_and_leaves_nothing_half_done(
    events: int, times: int, postgres: PostgresServer
) -> None:
    log_at = postgres.url, postgres.fresh_schema()
    with OtherProcesses() as others:
        start = others.context.Barrier(4)
        # What it appends is large: in half of its time, or more, it has the turn for which the others wait.
        halting, killed = (
            others.start(many_appenders.append_large, log_at, name, 6_000, start) for name in ("halting", "killed")
        )
        steady = others.start(many_appenders.append, log_at, "steady", events, 100, start)
        start.wait(PATIENCE_SECONDS)
        asyncio.run(begun(log_at, {"halting", "killed"}))
        for _ in range(times):
            halting.stand_still()
            asyncio.run(grown(log_at))
            halting.go_on()
        killed.kill()
        halting.stand_still()
        written, _ = steady.result(PATIENCE_SECONDS)
        halting.kill()

    _, log = asyncio.run(whole_log(log_at))
    others_marks = require_all(log, written)
    numbers = Counter(mark.rpartition("/")[0] for mark in others_marks)
    assert {name.partition("/")[0] for name in numbers} == {"halting", "killed"}
    assert set(numbers.values()) == {6_000}, "each of the large appends is there as a whole, or not at all"


async def begun(log: Log, streams: set[str]) -> None:
    """Wait until a log has an event of each of these streams."""
    async with opened(log) as event_store:
        async for recorded in event_store.subscribe():
            streams -= {recorded.stream_id}
            if not streams:
                return


async def grown(log: Log) -> None:
    """Wait until others have appended to a log; not for so long that the database would end who holds them up."""
    async with opened(log) as event_store, asyncio.timeout(5):
        await event_store.wait_past(await event_store.head())


@pytest.mark.parametrize("orders", [15, pytest.param(1_000, marks=pytest.mark.soak)], ids=["a few", "a thousand"])
def test_of_two_processes_that_ship_and_cancel_an_order_one_wins_and_the_other_is_told_why(
    orders: int, postgres: PostgresServer
) -> None:
    log_at = postgres.url, postgres.fresh_schema()
    order_ids = asyncio.run(placed(log_at, orders))
    with OtherProcesses() as others:
        start = others.context.Barrier(2)
        shipping, cancelling = (others.start(racing.race, log_at, ship, order_ids, start) for ship in (True, False))
        shipped, cancelled = shipping.result(PATIENCE_SECONDS), cancelling.result(PATIENCE_SECONDS)

    told = Counter(zip(shipped, cancelled, strict=True))
    print(f"{orders} races: {told}", end="; ")
    assert set(told) <= {(racing.WON, "shipped"), ("cancelled", racing.WON)}
    assert asyncio.run(statuses(log_at)) == {
        order_id: ("shipped" if of_shipping == racing.WON else "cancelled", 2)
        for order_id, of_shipping in zip(order_ids, shipped, strict=True)
    }


async def placed(log: Log, count: int) -> list[str]:
    """Place orders, and return their ids."""
    env = OrderEnvironment(SystemClock(), RandomIds())
    command = PlaceOrder("ada", (OrderItem("mug", "Enamel mug", 2, 950),))
    async with opened(log) as event_store, Store(OrderReducer(), OrderState(), env, event_store) as store:
        outcomes = await asyncio.gather(*(store.send(command) for _ in range(count)))
    return [outcome.events[0].order_id for outcome in outcomes]


async def statuses(log: Log) -> dict[str, tuple[str, int]]:
    """Return the status and the version of each order of a log."""
    async with opened(log) as event_store:
        state = await load_state(event_store)
    return {order_id: (order.status.name, order.version) for order_id, order in state.orders.items()}
