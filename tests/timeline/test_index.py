from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from timelines import ORDER_LOGS, recorded

from orderlab.core.errors import CorruptStream
from orderlab.eventstore.base import EventStoreError, Outline
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.model import OrderItem
from orderlab.timeline.asof.index import Index, OutOfTurn, index_of
from orderlab.timeline.asof.source import GivenEvents

MUG = OrderItem("p-1", "Mug", 2, 250)


def outline(*events: tuple[int, int]) -> Outline:
    """Return a log of these events: the number of the stream, and the version in it."""
    streams, versions = ([event[place] for event in events] for place in (0, 1))
    nothing = np.zeros(len(events), dtype=np.int64)
    return Outline(
        np.array(streams, dtype=np.int32), np.array(versions, dtype=np.int64), nothing.astype(np.uint8), ("E",), nothing
    )


THREE = outline((0, 1), (1, 1), (0, 2), (2, 1), (1, 2), (0, 3))


def test_each_event_knows_the_next_of_its_stream() -> None:
    assert Index(THREE).later.tolist() == [3, 5, 6, 7, 7, 7]


@pytest.mark.parametrize(("n", "existing"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (6, 3)])
def test_the_streams_that_have_begun_are_those_of_the_lowest_numbers(n: int, existing: int) -> None:
    assert Index(THREE).existing(n) == existing


def test_the_positions_of_a_stream_are_those_up_to_a_position_and_after_a_version() -> None:
    index = Index(THREE)
    assert [index.positions(0, n).tolist() for n in (0, 1, 3, 5, 6)] == [[], [1], [1, 3], [1, 3], [1, 3, 6]]
    assert index.positions(0, 6, after_version=2).tolist() == [6]
    assert index.positions(0, 1, after_version=2).tolist() == []
    assert [index.version(0, n) for n in range(7)] == [0, 1, 1, 2, 2, 2, 3]
    assert [index.first(stream) for stream in (0, 1, 2)] == [1, 2, 4]


@pytest.mark.parametrize(
    ("n", "size", "offset", "positions"),
    [
        (6, 9, 0, [6, 5, 4]),
        (6, 2, 0, [6, 5]),
        (6, 2, 2, [4]),
        (5, 9, 0, [5, 4, 3]),
        (3, 9, 0, [3, 2]),
        (0, 9, 0, []),
        (6, 0, 0, []),
        (6, 9, 9, []),
    ],
)
def test_the_latest_are_the_last_events_of_their_streams(n: int, size: int, offset: int, positions: list[int]) -> None:
    assert Index(THREE).latest(n, size, offset).tolist() == positions


def test_the_latest_are_found_behind_a_very_long_stream() -> None:
    busy = outline((0, 1), *((1, version) for version in range(1, 5_000)))
    assert Index(busy).latest(5_000, 2).tolist() == [5_000, 1]


def test_the_streams_that_changed_are_each_named_once() -> None:
    assert Index(THREE).changed(2, 6).tolist() == [0, 1, 2]
    assert Index(THREE).changed(4, 5).tolist() == [1]


def test_a_log_without_events_has_an_index() -> None:
    index = Index(outline())
    assert (len(index), index.existing(0), index.latest(0, 5).tolist()) == (0, 0, [])


@pytest.mark.parametrize(
    ("events", "position", "expected", "version"),
    [
        ([(0, 2)], 1, 1, 2),
        ([(0, 0)], 1, 1, 0),
        ([(0, 1), (1, 1), (0, 1)], 3, 2, 1),
        ([(0, 1), (1, 1), (0, 3)], 3, 2, 3),
        ([(0, 2), (0, 1)], 1, 1, 2),
        ([(0, 1), (0, -1)], 2, 2, -1),
        ([(0, 1), (1, 1), (1, 3), (0, 3)], 3, 2, 3),
        ([(0, 1), (0, 3), (0, 2)], 2, 2, 3),
        ([(0, 1), (0, 1), (1, 2)], 2, 2, 1),
    ],
)
def test_the_first_version_that_is_not_next_is_found(
    events: list[tuple[int, int]], position: int, expected: int, version: int
) -> None:
    with pytest.raises(OutOfTurn) as caught:
        Index(outline(*events))
    assert (caught.value.position, caught.value.expected, caught.value.version) == (position, expected, version)


def log(*order_ids: str) -> list[Any]:
    return recorded(ORDER_LOGS, [(PlaceOrder("customer-1", (MUG,), order_id), 0) for order_id in order_ids])


def test_a_wrong_version_is_told_with_the_name_of_its_stream() -> None:
    with pytest.raises(CorruptStream, match="stream order-bea goes from version 0 to 2 at position 2"):
        index_of(outline((0, 1), (1, 2)), GivenEvents(log("ada", "bea"), lambda: ORDER_CODEC))


def test_streams_whose_ids_have_one_hash_are_told_from_a_corrupt_stream() -> None:
    events: Sequence[Any] = log("ada", "bea")
    with pytest.raises(
        EventStoreError, match=r"streams order-ada and order-bea have ids of the same hash: load .* in_memory=True"
    ):
        index_of(outline((0, 1), (0, 1)), GivenEvents(events, lambda: ORDER_CODEC))
