"""Payloads as logs hold them, in every shape there ever was. Never change a line: add a file for a new version."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from orderlab.core.log import EncodedEvent
from orderlab.orders.actions import EVENTS, Event, OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.model import OrderItem

RECORDED = datetime(2025, 1, 2, 3, 4, 6, tzinfo=UTC)
HAPPENED = datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


class Line(NamedTuple):
    encoded: EncodedEvent
    recorded_at: datetime


def golden_lines() -> Iterator[Line]:
    for file in sorted((Path(__file__).parent / "golden").glob("*.jsonl")):
        for text in file.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            encoded = EncodedEvent(line["event_type"], line["schema_version"], line["payload"])
            yield Line(encoded, datetime.fromisoformat(line["recorded_at"]))


def expected(at: datetime) -> dict[str, Event]:
    items = (OrderItem("p-1", "Mug", 2, 250), OrderItem("p-2", 'Thé "vert" 🍵', 1, 1299))
    return {
        "OrderPlaced": OrderPlaced("order-1", "customer-1", items, 1799, at),
        "OrderCancelled": OrderCancelled("order-1", "Cancelled by customer", at),
        "OrderShipped": OrderShipped("order-2", "TRACK-1", at),
    }


HAPPENED_AT = {1: RECORDED, 2: HAPPENED}
"""When the events of each version happened; version 1 does not say, so it is when they were recorded."""

each_line = pytest.mark.parametrize(
    "line", list(golden_lines()), ids=lambda line: f"{line.encoded.event_type}-{line.encoded.schema_version}"
)
each_event_type = pytest.mark.parametrize("event_type", EVENTS, ids=lambda event_type: event_type.__name__)


@each_line
def test_a_payload_of_every_shape_still_gives_its_event(line: Line) -> None:
    encoded, recorded_at = line
    assert ORDER_CODEC.decode(encoded, recorded_at) == expected(HAPPENED_AT[encoded.schema_version])[encoded.event_type]


@each_event_type
def test_the_present_encoding_is_the_golden_one_byte_for_byte(event_type: type[Event]) -> None:
    encoded = ORDER_CODEC.encode(expected(HAPPENED)[event_type.__name__])
    assert encoded in [line.encoded for line in golden_lines()]


@each_event_type
def test_every_schema_version_has_a_golden_line(event_type: type[Event]) -> None:
    present = ORDER_CODEC.encode(expected(HAPPENED)[event_type.__name__]).schema_version
    versions = [line.encoded.schema_version for line in golden_lines() if line.encoded[0] == event_type.__name__]
    assert sorted(versions) == list(range(1, present + 1))
