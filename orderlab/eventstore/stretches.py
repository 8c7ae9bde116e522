"""A whole log in stretches that fit into memory, the next one read while the present one is used."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.gaps import damaged, gap_in

T = TypeVar("T")

TOGETHER = 5_000
"""The most events in a stretch; so many can well be written in one transaction."""

_FIRST = 200
_CHARACTERS = 8 * 1024 * 1024
"""About what a stretch holds at the most: the first is short, and tells how large the events are."""


async def stretches_of(
    event_store: EventStore, *, after: int = 0, until: int, together: int = TOGETHER
) -> AsyncGenerator[list[StoredEvent], None]:
    """Iterate over a part of a log in stretches of rows, shorter ones where the events are large.

    Args:
        event_store: The log.
        after: The position before the first row wanted.
        until: The position of the last row wanted, which is in the log.
        together: The most rows in a stretch.

    Raises:
        EventStoreError: A position is missing: somebody has changed the log by hand.
    """
    size = min(together, _FIRST)
    while after < until:
        end = min(until, after + size)
        async for columns in event_store.read_columns(*StoredEvent._fields, after=after, until=end):
            rows = list(map(StoredEvent._make, zip(*(columns[name] for name in StoredEvent._fields), strict=True)))
            missing = gap_in(columns["position"], after) if rows else after + 1
            if missing is not None:
                raise damaged(event_store, missing)
            characters = sum(map(len, columns["payload"])) + sum(map(len, columns["metadata"]))
            size = max(1, min(together, _CHARACTERS * len(rows) // max(characters, 1)))
            after += len(rows)
            yield rows
        if after < end:
            raise damaged(event_store, after + 1)


async def read_ahead(items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Give what an iterator gives, none of it None, and let it make the next item while the present one is used.

    It closes the iterator; whoever leaves it before its end closes it, as by `contextlib.aclosing`.
    """

    async def following() -> T | None:
        return await anext(items, None)

    async with aclosing(items):
        coming = asyncio.create_task(following())
        try:
            while (item := await coming) is not None:
                coming = asyncio.create_task(following())
                yield item
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)  # once something failed, nobody asks for this
