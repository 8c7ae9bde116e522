"""An event as a row, and the way there from what a writer hands in and back to what a reader gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import CodecError, UnreadableEvent, Unwritable
from orderlab.core.log import EncodedEvent, NewEvent, RecordedEvent


class StoredEvent(NamedTuple):
    """One row of the log, undecoded; `metadata` and `payload` are JSON text."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    event_type: str
    schema_version: int
    recorded_at: datetime
    correlation_id: str | None
    causation_id: str | None
    metadata: str
    payload: str


@dataclass(frozen=True, slots=True)
class EncodedAppend:
    """An append whose events are JSON already, so that nothing about it can fail but its version."""

    stream_id: str
    events: Sequence[tuple[EncodedEvent, NewEvent, str]]
    expected_version: int | None


_PLAIN = NewEvent(None)


def encode_append(append: AppendEvents, codec: Codec) -> EncodedAppend:
    """Check an append and encode its events.

    Raises:
        Unwritable: It cannot be written as it is; the text says which part and why.
    """
    stream_id, expected = append.stream_id, append.expected_version
    if not isinstance(stream_id, str) or not _is_text(stream_id):
        raise Unwritable(f"stream_id must be text that is not empty, not {stream_id!r}")
    if expected is not None and (not isinstance(expected, int) or expected < 0):
        raise Unwritable(f"expected_version must be None or a whole number from 0, not {expected!r}")
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


def unreadable(position: int, stream_id: str, version: int, reason: object) -> UnreadableEvent:
    """Say which event cannot be decoded, and why."""
    return UnreadableEvent(f"event at position {position} (stream {stream_id}, version {version}): {reason}")


def _encode(event: Any, codec: Codec) -> tuple[EncodedEvent, NewEvent, str]:
    new = event if isinstance(event, NewEvent) else _PLAIN
    value = new.event if new is not _PLAIN else event
    encoded = value if isinstance(value, EncodedEvent) else codec.encode(value)
    if new is _PLAIN:
        return encoded, new, "{}"
    if new.recorded_at is not None and new.recorded_at.utcoffset() is None:
        raise CodecError("recorded_at must be a timezone-aware datetime")
    for name in ("correlation_id", "causation_id"):
        given = getattr(new, name)
        if given is not None and not (isinstance(given, str) and _is_text(given)):
            raise CodecError(f"{name} must be None or text that is not empty, not {given!r}")
    try:
        return encoded, new, msgspec.json.encode(new.metadata).decode() if new.metadata else "{}"
    except (TypeError, ValueError) as error:
        raise CodecError(f"metadata cannot be written as JSON: {error}") from error


def _is_text(value: str) -> bool:
    """Tell whether every store can keep this text: not empty, no NUL, no half of a surrogate pair."""
    return bool(value) and "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def as_utc(instant: datetime) -> datetime:
    """Return an instant, given aware or as naive UTC, as aware UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
