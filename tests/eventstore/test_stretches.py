import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest
from event_loop import in_event_loop
from gapped import Gapped

from orderlab.core.log import EncodedEvent
from orderlab.eventstore import stretches
from orderlab.eventstore.base import Columns, EventStoreError
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.stretches import read_ahead, stretches_of


async def positions_of(event_store: InMemoryEventStore, after: int, until: int, together: int) -> list[list[int]]:
    found = stretches_of(event_store, after=after, until=until, together=together)
    return [[row.position for row in rows] async for rows in found]


async def log_of(*sizes: int) -> InMemoryEventStore:
    """Return a log of events whose payloads have so many characters."""
    event_store = InMemoryEventStore()
    await event_store.append_events("a", [EncodedEvent("Noted", 1, f'"{"x" * (size - 2)}"') for size in sizes])
    return event_store


@pytest.mark.parametrize(
    ("after", "until", "together", "expected"),
    [
        (0, 5, 2, [[1, 2], [3, 4], [5]]),
        (1, 4, 2, [[2, 3], [4]]),
        (0, 5, 9, [[1, 2, 3, 4, 5]]),
        (5, 5, 2, []),
        (0, 0, 2, []),
    ],
)
@in_event_loop
async def test_every_event_is_in_one_stretch(after: int, until: int, together: int, expected: list[list[int]]) -> None:
    assert await positions_of(await log_of(10, 10, 10, 10, 10), after, until, together) == expected


@pytest.mark.parametrize("missing", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("together", [1, 2, 9])
@in_event_loop
async def test_an_event_that_is_missing_is_told(missing: int, together: int) -> None:
    event_store = Gapped()
    await event_store.append_events("a", [EncodedEvent("Noted", 1, "{}")] * 5)
    event_store.missing = range(missing, missing + 1)
    with pytest.raises(EventStoreError, match=f"is damaged: it holds no position {missing}, and goes on behind it$"):
        await positions_of(event_store, 0, 5, together)


@in_event_loop
async def test_large_events_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "_FIRST", 1)
    monkeypatch.setattr(stretches, "_CHARACTERS", 3_000)
    event_store = await log_of(900, 900, 900, 9_000, 900, 100, 100, 100, 100)

    assert await positions_of(event_store, 0, 9, 4) == [[1], [2, 3, 4], [5], [6, 7, 8], [9]]


class InHalves(InMemoryEventStore):
    """An event store that gives what is asked for one event at a time."""

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        for position in range(after, until or await self.head()):
            async for columns in super().read_columns(*names, after=position, until=position + 1):
                yield columns


@in_event_loop
async def test_an_event_store_may_give_less_at_a_time_than_it_was_asked_for() -> None:
    event_store = InHalves()
    await event_store.append_events("a", [EncodedEvent("Noted", 1, "1")] * 3)

    assert await positions_of(event_store, 0, 3, 2) == [[1], [2], [3]]


class Numbers:
    """Numbers that are made one after the other, and what became of them."""

    def __init__(self, *, fail_at: int = 99) -> None:
        self.made: list[int] = []
        self.closed = False
        self.fail_at = fail_at

    async def give(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(1, 4):
                if number == self.fail_at:
                    raise ValueError("no more")
                self.made.append(number)
                yield number
        finally:
            self.closed = True


@in_event_loop
async def test_the_next_is_made_while_one_is_used() -> None:
    numbers = Numbers()
    used = []
    async for number in read_ahead(numbers.give()):
        await asyncio.sleep(0)
        used.append((number, list(numbers.made)))

    assert used == [(1, [1, 2]), (2, [1, 2, 3]), (3, [1, 2, 3])]
    assert numbers.closed


@in_event_loop
async def test_who_has_enough_leaves_nothing_running() -> None:
    numbers, before = Numbers(), asyncio.all_tasks()
    async with aclosing(read_ahead(numbers.give())) as ahead:
        await anext(ahead)

    assert numbers.closed
    assert asyncio.all_tasks() == before


@in_event_loop
async def test_who_has_enough_does_not_wait_for_more() -> None:
    async def one() -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.Event().wait()

    async with aclosing(read_ahead(one())) as ahead:
        assert await anext(ahead) == 1
        await asyncio.sleep(0)


@in_event_loop
async def test_what_fails_fails_in_its_turn() -> None:
    ahead = read_ahead(Numbers(fail_at=3).give())

    assert (await anext(ahead), await anext(ahead)) == (1, 2)
    with pytest.raises(ValueError, match="no more"):
        await anext(ahead)


@in_event_loop
async def test_who_stops_first_hears_nothing_of_what_would_have_failed_next() -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unheard.append(context))
    async with aclosing(read_ahead(Numbers(fail_at=2).give())) as ahead:
        await anext(ahead)
        await asyncio.sleep(0)
    gc.collect()

    assert unheard == []
