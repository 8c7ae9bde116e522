"""An event as a row, and the way there from what a writer hands in and back to what a reader gets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import CodecError, UnreadableEvent, Unwritable
from orderlab.core.log import EncodedEvent, NewEvent, RecordedEvent, StoredEvent


@dataclass(frozen=True, slots=True)
class EncodedAppend:
    """An append whose events are JSON already, so that nothing about it can fail but its version."""

    stream_id: str
    events: Sequence[tuple[EncodedEvent, NewEvent, str]]
    expected_version: int | None


_PLAIN = NewEvent(None)
_MOST_SCHEMA_VERSION = 2**31 - 1
_MOST_STREAM_ID = 500
"""Characters of a stream's id: what every database can keep in an index, whatever they are."""


def encode_append(append: AppendEvents, codec: Codec) -> EncodedAppend:
    """Check an append and encode its events.

    Raises:
        Unwritable: It cannot be written as it is; the text says which part and why.
    """
    stream_id, expected = append.stream_id, append.expected_version
    if not isinstance(stream_id, str) or not is_text(stream_id):
        raise Unwritable(f"stream_id must be text that is not empty, not {stream_id!r}")
    if len(stream_id) > _MOST_STREAM_ID:
        raise Unwritable(f"stream_id must have at most {_MOST_STREAM_ID} characters, not {len(stream_id):,}")
    if expected is not None and (type(expected) is not int or expected < 0):
        raise Unwritable(f"expected_version must be None or a whole number from 0, not {expected!r}")
    if not isinstance(append.events, Iterable):
        raise Unwritable(f"the events for stream {stream_id} must be a list, not {append.events!r}")
    try:
        return EncodedAppend(stream_id, [_encode(event, codec) for event in append.events], expected)
    except CodecError as error:
        raise Unwritable(f"stream {stream_id}: {error}") from error


def decode_stored(row: StoredEvent, codec: Codec) -> RecordedEvent:
    """Return a row as a recorded event with its domain value.

    Raises:
        UnreadableEvent: The row cannot be decoded; the text names stream, version and position.
    """
    try:
        event = codec.decode(EncodedEvent(row.event_type, row.schema_version, row.payload), row.recorded_at)
        metadata = {} if row.metadata == "{}" else msgspec.json.decode(row.metadata, type=dict[str, Any])
    except (CodecError, msgspec.DecodeError) as error:
        raise unreadable(row.position, row.stream_id, row.version, error) from error
    return RecordedEvent(
        row.event_id,
        row.stream_id,
        row.version,
        row.position,
        row.event_type,
        row.schema_version,
        event,
        row.recorded_at,
        row.correlation_id,
        row.causation_id,
        metadata,
    )


def encode_recorded(recorded: RecordedEvent, codec: Codec) -> StoredEvent:
    """Return a recorded event as the row it is in a log; its value in the present shape of its type.

    Raises:
        CodecError: Its value or its metadata has no JSON form.
    """
    event_type, schema_version, payload = codec.encode(recorded.event)
    return StoredEvent(
        recorded.position,
        recorded.stream_id,
        recorded.version,
        recorded.event_id,
        event_type,
        schema_version,
        recorded.recorded_at,
        recorded.correlation_id,
        recorded.causation_id,
        _metadata_text(recorded.metadata),
        payload,
    )


def unreadable(position: int, stream_id: str, version: int, reason: object) -> UnreadableEvent:
    """Say which event cannot be decoded, and why."""
    return UnreadableEvent(f"event at position {position} (stream {stream_id}, version {version}): {reason}")


def _encode(event: Any, codec: Codec) -> tuple[EncodedEvent, NewEvent, str]:
    new = event if isinstance(event, NewEvent) else _PLAIN
    value = new.event if new is not _PLAIN else event
    encoded = _verbatim(value) if isinstance(value, EncodedEvent) else codec.encode(value)
    if new is _PLAIN:
        return encoded, new, "{}"
    if new.event_id is not None and not isinstance(new.event_id, UUID):
        raise CodecError(f"event_id must be None or a UUID, not {new.event_id!r}")
    for name in ("correlation_id", "causation_id"):
        given = getattr(new, name)
        if given is not None and not (isinstance(given, str) and is_text(given)):
            raise CodecError(f"{name} must be None or text that is not empty, not {given!r}")
    if new.recorded_at is not None and getattr(new.recorded_at, "tzinfo", None) is not UTC:
        new = replace(new, recorded_at=_brought_time(new.recorded_at))
    return encoded, new, _metadata_text(new.metadata) if new.metadata else "{}"


def _verbatim(encoded: EncodedEvent) -> EncodedEvent:
    """Check an event that comes as JSON already: one store must not take what another cannot keep."""
    event_type, schema_version, payload = encoded
    if not isinstance(event_type, str) or not is_text(event_type):
        raise CodecError(f"event_type must be text that is not empty, not {event_type!r}")
    if not isinstance(schema_version, int) or not 1 <= schema_version <= _MOST_SCHEMA_VERSION:
        raise CodecError(f"schema_version of {event_type} must be a whole number from 1, not {schema_version!r}")
    if not isinstance(payload, str):
        raise CodecError(f"the payload of {event_type} is not JSON as text: {payload!r}")
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise CodecError(f"the payload of {event_type} is not JSON: {error}") from error
    return encoded


def _brought_time(recorded_at: datetime) -> datetime:
    if not isinstance(recorded_at, datetime) or recorded_at.utcoffset() is None:
        raise CodecError(f"recorded_at must be a timezone-aware datetime, not {recorded_at!r}")
    try:
        return recorded_at.astimezone(UTC)
    except OverflowError as error:
        raise CodecError(f"recorded_at {recorded_at} is beyond the calendar in UTC") from error


def _metadata_text(metadata: Mapping[str, Any]) -> str:
    if not isinstance(metadata, Mapping):
        raise CodecError(f"metadata must be a mapping, not {metadata!r}")
    try:
        return msgspec.json.encode(dict(metadata)).decode()
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise CodecError(f"metadata cannot be written as JSON: {error}") from error


def is_text(value: str) -> bool:
    """Tell whether every store can keep this text: not empty, no NUL, no half of a surrogate pair."""
    if not value or "\0" in value:
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def as_utc(instant: datetime) -> datetime:
    """Return an instant, given aware or as naive UTC, as aware UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
