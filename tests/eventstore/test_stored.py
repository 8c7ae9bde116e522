from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import UnreadableEvent, Unwritable
from orderlab.core.log import EncodedEvent, NewEvent, StoredEvent
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.stored import as_utc, decode_stored, encode_append

UNTYPED: Any = EncodedEvent
NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
NAIVE = NOON.replace(tzinfo=None)
X = Noted("x")
X_ENCODED = EncodedEvent("Noted", 1, '{"text":"x","number":0}')


def encoded(*events: Any) -> list[tuple[EncodedEvent, NewEvent, str]]:
    return list(encode_append(AppendEvents("a", events), CONTRACT_CODEC).events)


def row(
    event_type: str = "Noted", schema_version: int = 1, payload: str = X_ENCODED.payload, metadata: str = "{}"
) -> StoredEvent:
    return StoredEvent(7, "a", 3, UUID(int=1), event_type, schema_version, NOON, "who", None, metadata, payload)


# Writing


def test_a_domain_value_is_encoded() -> None:
    [(event, new, metadata)] = encoded(X)
    assert (event, metadata) == (X_ENCODED, "{}")
    assert (new.event_id, new.recorded_at, new.correlation_id) == (None, None, None)


def test_what_a_new_event_brings_is_kept_beside_its_value() -> None:
    brings = NewEvent(X, UUID(int=1), NOON, "who", "why", {"a": [1]})
    assert encoded(brings) == [(X_ENCODED, brings, '{"a":[1]}')]


def test_an_encoded_event_is_kept_verbatim() -> None:
    verbatim = EncodedEvent("OfAnotherProgram", 12, ' { "a" : 1.0 } ')
    assert [event for event, _, _ in encoded(verbatim, NewEvent(verbatim))] == [verbatim, verbatim]


def test_events_may_come_from_an_iterator() -> None:
    append = AppendEvents("a", (Noted("x", number) for number in range(3)), 5)  # type: ignore[arg-type]
    made = encode_append(append, CONTRACT_CODEC)
    assert (made.stream_id, len(made.events), made.expected_version) == ("a", 3, 5)


@pytest.mark.parametrize(
    "metadata", [{}, {"a": {"b": None}}, MappingProxyType({"a": 1})], ids=["empty", "nested", "proxy"]
)
def test_any_mapping_of_json_is_metadata(metadata: Any) -> None:
    [(_, _, text)] = encoded(NewEvent(X, metadata=metadata))
    assert decode_stored(row(metadata=text), CONTRACT_CODEC).metadata == metadata


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"a": inner}
    return inner


DEEP = nested(100_000)


@pytest.mark.parametrize("hours", [-12, -5, 0, 5.5, 14])
def test_a_brought_time_is_turned_to_utc(hours: float) -> None:
    [(_, new, _)] = encoded(NewEvent(X, recorded_at=NOON.astimezone(timezone(timedelta(hours=hours)))))
    assert new.recorded_at == NOON
    assert new.recorded_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("append", "sentence"),
    [
        (AppendEvents("", [X]), "stream_id must be text that is not empty, not ''"),
        (AppendEvents("a\0b", [X]), r"stream_id must be text that is not empty, not 'a\x00b'"),
        (AppendEvents("\udc80", [X]), r"stream_id must be text that is not empty, not '\udc80'"),
        (AppendEvents("x" * 501, [X]), "stream_id must have at most 500 characters, not 501"),
        (AppendEvents(7, [X]), "stream_id must be text that is not empty, not 7"),  # type: ignore[arg-type]
        (AppendEvents("a", [X], -1), "expected_version must be None or a whole number from 0, not -1"),
        (AppendEvents("a", [X], "1"), "expected_version must be None or a whole number from 0, not '1'"),  # type: ignore[arg-type]
        (AppendEvents("a", X), "the events for stream a must be a list, not Noted("),  # type: ignore[arg-type]
        (AppendEvents("a", [NewEvent(X, metadata=DEEP)]), "stream a: metadata cannot be written as JSON: "),
        (AppendEvents("a", [EncodedEvent("Noted", 1, "[" * 99_999)]), "stream a: the payload of Noted is not JSON: "),
        (AppendEvents("a", [object()]), "stream a: object is no event type of this codec (Noted, Gathered)"),
        (AppendEvents("a", [X, None]), "stream a: NoneType is no event type"),
        (AppendEvents("a", [Noted("\ud800")]), "stream a: Noted cannot be written as JSON: "),
        (AppendEvents("a", [NewEvent(X, event_id="x")]), "stream a: event_id must be None or a UUID, not 'x'"),  # type: ignore[arg-type]
        (AppendEvents("a", [NewEvent(X, correlation_id="")]), "stream a: correlation_id must be None or text"),
        (AppendEvents("a", [NewEvent(X, causation_id="\0")]), "stream a: causation_id must be None or text"),
        (AppendEvents("a", [NewEvent(X, recorded_at=NAIVE)]), "stream a: recorded_at must be a timezone-aware"),
        (AppendEvents("a", [NewEvent(X, recorded_at="now")]), "stream a: recorded_at must be a timezone-aware"),  # type: ignore[arg-type]
        (AppendEvents("a", [NewEvent(X, metadata=[1])]), "stream a: metadata must be a mapping, not [1]"),  # type: ignore[arg-type]
        (AppendEvents("a", [NewEvent(X, metadata={"a": object()})]), "stream a: metadata cannot be written as JSON: "),
        (AppendEvents("a", [NewEvent(X, metadata={"a": "\ud800"})]), "stream a: metadata cannot be written as JSON: "),
        (AppendEvents("a", [EncodedEvent("", 1, "{}")]), "stream a: event_type must be text that is not empty, not ''"),
        (AppendEvents("a", [EncodedEvent("Noted", 0, "{}")]), "stream a: schema_version of Noted must be a whole"),
        (AppendEvents("a", [EncodedEvent("Noted", 2**31, "{}")]), "stream a: schema_version of Noted must be a whole"),
        (AppendEvents("a", [EncodedEvent("Noted", 1, "")]), "stream a: the payload of Noted is not JSON: "),
        (AppendEvents("a", [EncodedEvent("Noted", 1, "{} {}")]), "stream a: the payload of Noted is not JSON: "),
        (AppendEvents("a", [EncodedEvent("Noted", 1, '"\ud800"')]), "stream a: the payload of Noted is not JSON: "),
        (AppendEvents("a", [EncodedEvent("Noted", 1, '"\0"')]), "stream a: the payload of Noted is not JSON: "),
        (AppendEvents("a", [UNTYPED("Noted", 1, None)]), "stream a: the payload of Noted is not JSON as text: None"),
        (AppendEvents("a", [UNTYPED("Noted", 1, b"{}")]), "stream a: the payload of Noted is not JSON as text: b"),
    ],
)
def test_what_cannot_be_written_is_one_sentence_that_says_which_part(append: AppendEvents, sentence: str) -> None:
    with pytest.raises(Unwritable) as caught:
        encode_append(append, CONTRACT_CODEC)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_time_that_leaves_the_calendar_in_utc_cannot_be_written() -> None:
    last = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))
    with pytest.raises(Unwritable, match="beyond the calendar in UTC"):
        encoded(NewEvent(X, recorded_at=last))


# Reading


def test_a_row_is_read_as_a_recorded_event() -> None:
    recorded = decode_stored(row(metadata='{"a":[1]}'), CONTRACT_CODEC)
    assert (recorded.position, recorded.stream_id, recorded.version) == (7, "a", 3)
    assert (recorded.event, recorded.metadata) == (X, {"a": [1]})
    assert (recorded.event_id, recorded.correlation_id, recorded.causation_id) == (UUID(int=1), "who", None)


@pytest.mark.parametrize(
    "damaged",
    [
        row(event_type="Forgotten"),
        row(schema_version=2),
        row(payload="{"),
        row(payload='{"text":7}'),
        row(metadata="["),
        row(metadata="[1]"),
    ],
    ids=["unknown type", "newer shape", "no JSON", "another shape", "no JSON metadata", "no mapping"],
)
def test_a_row_that_cannot_be_read_is_named(damaged: StoredEvent) -> None:
    with pytest.raises(UnreadableEvent, match=r"event at position 7 \(stream a, version 3\): ") as caught:
        decode_stored(damaged, CONTRACT_CODEC)
    assert "\n" not in str(caught.value)


def test_a_time_without_a_zone_in_a_row_is_utc() -> None:
    assert as_utc(NAIVE) == NOON


def test_a_time_with_a_zone_is_the_same_instant_in_utc() -> None:
    there = as_utc(NOON.astimezone(timezone(timedelta(hours=3))))
    assert (there, there.tzinfo) == (NOON, UTC)
