import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from orderlab.core.log import NO_STREAM, Appended, EncodedEvent, NewEvent, RecordedEvent

AT = datetime(2025, 1, 1, 12, 30, 15, tzinfo=UTC)
RECORDED = RecordedEvent(UUID(int=1), "order-1", 2, 7, "OrderShipped", 2, "shipped", AT, None, None, {"seat": 3})
NEW = NewEvent("shipped", UUID(int=1), AT, "request-1", "request-1", {"seat": 3})

each_value = pytest.mark.parametrize(
    "value", [RECORDED, NEW, Appended(2, (7, 8))], ids=lambda value: type(value).__name__
)


def test_a_stream_without_events_is_at_version_zero() -> None:
    assert NO_STREAM == 0


@each_value
def test_what_a_log_holds_cannot_be_changed(value: RecordedEvent | NewEvent | Appended) -> None:
    for field in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field.name, None)


@each_value
def test_what_a_log_holds_can_be_hashed_and_pickled(value: RecordedEvent | NewEvent | Appended) -> None:
    assert {pickle.loads(pickle.dumps(value))} == {value}


def test_events_with_other_metadata_are_not_equal() -> None:
    assert replace(RECORDED, metadata={}) != RECORDED


def test_a_new_event_needs_nothing_but_the_event() -> None:
    event = NewEvent("shipped")
    rest = (event.event_id, event.recorded_at, event.correlation_id, event.causation_id, event.metadata)
    assert rest == (None, None, None, None, {})


def test_new_events_do_not_share_their_metadata() -> None:
    assert NewEvent("shipped").metadata is not NewEvent("shipped").metadata


def test_a_recorded_event_shows_itself_in_one_line() -> None:
    assert repr(RECORDED) == "<#7 OrderShipped order-1 v2 2025-01-01 12:30:15>"


def test_an_encoded_event_is_its_name_version_and_text() -> None:
    assert tuple(EncodedEvent("OrderShipped", 2, "{}")) == ("OrderShipped", 2, "{}")
