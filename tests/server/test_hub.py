import json
from collections.abc import Sequence

import pytest
from event_loop import in_event_loop
from hypothesis import given
from hypothesis import strategies as st

from orderlab.core.log import RecordedEvent
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.actions import OrderPlaced
from orderlab.orders.codec import encode_action
from orderlab.orders.model import OrderItem
from orderlab.server.hub import Hub, frame_of
from orderlab.system import SystemClock

ITEMS = (OrderItem("mug", "Mug", 1, 250),)
SHORT = 300
"""More characters than the frame of a short order has."""


class Follower:
    """Counts how often it was woken."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


class Log:
    """An event store, and a hub that is told of all that is written to it."""

    def __init__(self, *, frames: int = 1_000, characters: int = 10**9, followed: bool = True) -> None:
        self.event_store = InMemoryEventStore()
        self.hub = Hub(self.event_store, 0, frames=frames, characters=characters)
        self.events: list[RecordedEvent] = []
        self.follower = Follower()
        if followed:
            self.hub.followers.add(self.follower)

    async def write(self, *sizes: int) -> None:
        """Append orders whose customer's id has so many characters, and publish them at once."""
        for size in sizes:
            order_id = f"o-{len(self.events) + 1}"
            event = OrderPlaced(order_id, "c" * size, ITEMS, 250, SystemClock().now())
            await self.event_store.append_events(f"order-{order_id}", [event])
            [recorded] = [each async for each in self.event_store.read_all(after=len(self.events))]
            self.events.append(recorded)
        self.hub.publish(self.events[len(self.events) - len(sizes) :])

    @property
    def frames(self) -> list[str]:
        return [frame_of(each) for each in self.events]


writes = st.lists(st.lists(st.sampled_from([1, 1, 1, 200]), min_size=1, max_size=5), max_size=12)
limits = st.tuples(st.integers(1, 8), st.sampled_from([1, SHORT, 3 * SHORT, 10**9]))


@given(writes, limits, st.booleans())
def test_it_keeps_the_newest_frames_within_its_bounds(
    batches: Sequence[Sequence[int]], bounds: tuple[int, int], followed: bool
) -> None:
    @in_event_loop
    async def check() -> None:
        frames, characters = bounds
        log = Log(frames=frames, characters=characters, followed=followed)
        for batch in batches:
            await log.write(*batch)
            hub, count = log.hub, len(log.events)
            kept = log.frames[hub.first - 1 :]

            assert hub.position == count
            assert len(kept) <= frames
            assert len(kept) <= 1 or sum(map(len, kept)) <= characters
            assert bool(kept) is followed
            for position in range(count + 1):
                expected = None if position + 1 < hub.first else log.frames[position:]
                assert hub.after(position) == expected

    check()


@given(writes, limits, st.data())
def test_who_reads_the_log_and_then_the_ring_has_every_event_once(
    batches: Sequence[Sequence[int]], bounds: tuple[int, int], data: st.DataObject
) -> None:
    @in_event_loop
    async def check() -> None:
        log = Log(frames=bounds[0], characters=bounds[1])
        written = 0
        for batch in batches[: len(batches) // 2]:
            await log.write(*batch)
            written += 1
        after = data.draw(st.integers(0, len(log.events)))
        seen: list[str] = []

        async def take(frame: str) -> None:
            """Take a frame, and have more written at some of these moments."""
            nonlocal written
            seen.append(frame)
            if written < len(batches) and data.draw(st.booleans()):
                await log.write(*batches[written])
                written += 1

        while after + len(seen) < log.hub.position or written < len(batches):
            async for frame in log.hub.history(after + len(seen)):
                await take(frame)
            frames = log.hub.after(after + len(seen))
            for frame in frames or ():
                await take(frame)
            if written < len(batches):
                await log.write(*batches[written])
                written += 1

        assert seen == log.frames[after:]

    check()


@in_event_loop
async def test_a_frame_is_the_event_as_clients_are_told_of_it() -> None:
    log = Log()
    await log.write(3)

    [event] = log.events
    assert json.loads(frame_of(event)) == {
        "type": "event",
        "action": json.loads(encode_action(event.event)),
        "position": 1,
        "correlation_id": None,
    }


@in_event_loop
async def test_every_follower_is_woken_once_for_each_commit() -> None:
    log = Log()
    other = Follower()
    await log.write(1, 1, 1)
    log.hub.followers.add(other)
    await log.write(1)

    assert (log.follower.woken, other.woken) == (2, 1)


@in_event_loop
async def test_no_more_than_some_frames_are_given_at_a_time() -> None:
    log = Log()
    await log.write(*[1] * 150)

    first = log.hub.after(0)
    assert first is not None
    assert 0 < len(first) < 150
    assert first == log.frames[: len(first)]


@in_event_loop
async def test_one_frame_is_kept_however_large_it_is() -> None:
    log = Log(characters=10)
    await log.write(1)
    await log.write(1)

    assert log.hub.after(1) == log.frames[1:]


@in_event_loop
async def test_who_follows_later_reads_the_log_as_far_as_nobody_followed() -> None:
    log = Log(followed=False)
    await log.write(1, 1)
    log.hub.followers.add(log.follower)
    await log.write(1)

    assert log.hub.after(0) is None
    assert [frame async for frame in log.hub.history(0)] == log.frames[:2]
    assert log.hub.after(2) == log.frames[2:]


@pytest.mark.parametrize("after", [0, 3])
@in_event_loop
async def test_history_ends_where_the_ring_begins_also_if_that_has_moved_on(after: int) -> None:
    log = Log(frames=2)
    await log.write(*[1] * 6)
    history = log.hub.history(after)
    first = await anext(history)
    await log.write(*[1] * 4)

    assert [first, *[frame async for frame in history]] == log.frames[after:8]
