from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from event_loop import in_event_loop

from orderlab.core.errors import Unwritable, VersionConflict
from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.verbatim import Displaced, append_of, append_rows, difference
from orderlab.orders.codec import ORDER_CODEC

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def row(position: int, **changes: Any) -> StoredEvent:
    """Return a row of a log in which every event has a stream of its own."""
    made = StoredEvent(
        position, f"s-{position}", 1, UUID(int=position), "Noted", 1, NEW_YEAR, "c", None, "{}", "[ 1.0]"
    )
    return made._replace(**changes)


async def log_of(*rows: StoredEvent) -> InMemoryEventStore:
    event_store = InMemoryEventStore()
    await append_rows(rows, [append_of(each, ORDER_CODEC) for each in rows], event_store)
    return event_store


async def rows_in(event_store: InMemoryEventStore) -> list[StoredEvent]:
    columns: AsyncIterator[Columns] = event_store.read_columns(*StoredEvent._fields)
    return [StoredEvent._make(each) async for stretch in columns for each in zip(*stretch.values(), strict=True)]


@in_event_loop
async def test_rows_are_the_same_in_another_log() -> None:
    rows = [row(1), row(2, stream_id="s-1", version=2, metadata='{"size":1e400}'), row(3)]

    assert await rows_in(await log_of(*rows)) == rows


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"metadata": '{"a": 1}'}, r'the metadata {"a": 1} would be written as {"a":1}'),
        ({"metadata": "[]"}, "the metadata is no JSON object: "),
        ({"payload": "["}, "the payload of Noted is not JSON: "),
        ({"correlation_id": ""}, "correlation_id must be None or text that is not empty"),
    ],
)
def test_a_row_that_would_not_be_the_same_is_refused(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(Unwritable, match=problem):
        append_of(row(1, **change), ORDER_CODEC)


@in_event_loop
async def test_rows_that_are_there_are_not_added_again() -> None:
    event_store = await log_of(row(1), row(2))
    rows = [row(1), row(2), row(3)]

    assert await append_rows(rows, [append_of(each, ORDER_CODEC) for each in rows], event_store) == 1
    assert await rows_in(event_store) == rows
    assert await append_rows([], [], event_store) == 0


@in_event_loop
async def test_a_row_that_went_to_another_place_is_named() -> None:
    event_store = await log_of(row(1))
    with pytest.raises(Displaced, match="the event at position 3 went to another place: the log grew") as caught:
        await append_rows([row(3)], [append_of(row(3), ORDER_CODEC)], event_store)

    assert (caught.value.row, caught.value.refusal) == (row(3), None)


@in_event_loop
async def test_a_row_that_the_event_store_refuses_is_named_with_its_reason() -> None:
    event_store = await log_of(row(1))
    late = row(2, version=7)
    with pytest.raises(Displaced, match="stream s-2 is at version 0, not at 6 as expected") as caught:
        await append_rows([late], [append_of(late, ORDER_CODEC)], event_store)

    assert isinstance(caught.value.refusal, VersionConflict)


@in_event_loop
async def test_the_first_row_that_differs_is_found() -> None:
    event_store = await log_of(row(1), row(2), row(3))

    assert await difference([row(1), row(2), row(3)], event_store) is None
    assert await difference([row(2)], event_store) is None
    assert await difference([], event_store) is None
    assert await difference([row(1), row(2, payload="[1.0]"), row(3, payload="3")], event_store) == row(
        2, payload="[1.0]"
    )
    assert await difference([row(3), row(4)], event_store) == row(4)
