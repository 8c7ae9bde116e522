"""Events to JSON text and back, with a version for each shape and upcasters for the old ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, get_args, get_type_hints

import msgspec

from orderlab.core.errors import CodecError
from orderlab.core.log import EncodedEvent

_IDENTITY: Any = object.__eq__

Upcaster = Callable[[dict[str, Any], datetime], dict[str, Any]]
"""Turn a payload of one schema version into the next; it is also told when the event was recorded."""


class Codec(Protocol):
    """Translate between domain events and what a log keeps."""

    def encode(self, event: Any) -> EncodedEvent:
        """Return the event's name, schema version and JSON text; raise `CodecError` if it has none."""
        ...

    def decode(self, encoded: EncodedEvent, recorded_at: datetime) -> Any:
        """Return the domain value, upcast if its shape is old; raise `CodecError` if it does not fit."""
        ...

    def current_decoder(self, event_type: str, schema_version: int) -> Callable[[str], Any] | None:
        """Return a function from payload to value, or None unless this is the type's present shape.

        Bulk replay calls it directly: most of a log is in the present shape.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Shape:
    name: str
    version: int
    decode: Callable[[str], Any]
    times: tuple[str, ...]


@dataclass(frozen=True)
class JsonCodec:
    """A codec for dataclasses: the class name is the event type, the fields are the JSON.

    Decoding is by msgspec, the quickest there is, for payloads that were validated when they were written.

    Args:
        event_types: The dataclasses of a domain's events.
        schema_versions: The present version of each type's shape by its name; 1 where absent.
        upcasters: By event type and old version, the function that makes the next version of it.

    >>> @dataclass(frozen=True)
    ... class Deposited:
    ...     cents: int
    >>> codec = JsonCodec([Deposited])
    >>> codec.encode(Deposited(5))
    EncodedEvent(event_type='Deposited', schema_version=1, payload='{"cents":5}')
    """

    event_types: list[type]
    schema_versions: Mapping[str, int] = field(default_factory=dict)
    upcasters: Mapping[tuple[str, int], Upcaster] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = {
            event_type: _shape_of(event_type, self.schema_versions.get(event_type.__name__, 1))
            for event_type in self.event_types
        }
        names = [shape.name for shape in shapes.values()]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"event_types has two of the name {twice[0]}, by which the log tells types apart")
        named = {*self.schema_versions, *(name for name, _ in self.upcasters)}
        if unknown := sorted(named.difference(names)):
            raise ValueError(f"there is no event type {unknown[0]}, which schema_versions or upcasters names")
        object.__setattr__(self, "_by_type", shapes)
        object.__setattr__(self, "_by_name", {shape.name: shape for shape in shapes.values()})
        object.__setattr__(self, "_encode", msgspec.json.Encoder().encode)

    _by_type: dict[type, _Shape] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, _Shape] = field(init=False, repr=False, compare=False)
    _encode: Callable[[Any], bytes] = field(init=False, repr=False, compare=False)

    def encode(self, event: Any) -> EncodedEvent:
        """Return the event's name, the present version of its shape, and its JSON text.

        Raises:
            CodecError: The event is of no registered type, or holds what JSON or the type of a field does not allow.
        """
        shape = self._by_type.get(type(event))
        if shape is None:
            raise CodecError(f"{type(event).__name__} is no event type of this codec ({self._known()})")
        try:
            event = in_utc(event, shape.times)
            payload = self._encode(event).decode()
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise CodecError(f"{shape.name} cannot be written as JSON: {error}") from error
        try:
            # Python does not check a field's type when a value is made, and an event that is written is there for ever.
            again = shape.decode(payload)
        except Exception as error:  # the event's own constructor may raise anything
            raise CodecError(f"{shape.name} could not be read again: {told(error)}") from error
        if again != event and type(event).__eq__ is not _IDENTITY:
            raise CodecError(f"{shape.name} would be read again as another value: {again!r}")
        return EncodedEvent(shape.name, shape.version, payload)

    def decode(self, encoded: EncodedEvent, recorded_at: datetime) -> Any:
        """Return the domain value that was encoded, upcast step by step if its shape is old.

        Raises:
            CodecError: The type is unknown, the shape newer than this program, or the payload does not fit.
        """
        event_type, version, payload = encoded
        shape = self._by_name.get(event_type)
        if shape is None:
            raise CodecError(f"unknown event type {event_type} (known: {self._known()})")
        if version > shape.version:
            raise CodecError(
                f"{event_type} has schema version {version}, and this program reads up to {shape.version}: "
                "use a newer one"
            )
        try:
            if version == shape.version:
                return shape.decode(payload)
            return shape.decode(self._upcast(encoded, shape.version, recorded_at))
        except CodecError:
            raise
        except Exception as error:  # an upcaster, or the event's own constructor, may raise anything
            raise CodecError(f"the payload does not fit {event_type} version {version}: {told(error)}") from error

    def current_decoder(self, event_type: str, schema_version: int) -> Callable[[str], Any] | None:
        """Return the decode function of a known type if `schema_version` is the present one."""
        shape = self._by_name.get(event_type)
        return shape.decode if shape is not None and shape.version == schema_version else None

    def _upcast(self, encoded: EncodedEvent, target: int, recorded_at: datetime) -> str:
        payload = msgspec.json.decode(encoded.payload, type=dict[str, Any])
        for version in range(encoded.schema_version, target):
            upcaster = self.upcasters.get((encoded.event_type, version))
            if upcaster is None:
                raise CodecError(f"no upcaster from {encoded.event_type} version {version}")
            payload = upcaster(payload, recorded_at)
        return msgspec.json.encode(payload).decode()

    def _known(self) -> str:
        return ", ".join(self._by_name)


def _shape_of(event_type: type, version: int) -> _Shape:
    """Return how a type is written and read; times come out in UTC, also where a foreign log has them otherwise."""
    decode: Callable[[str], Any] = msgspec.json.Decoder(event_type).decode
    times = times_in(event_type)

    def decode_in_utc(payload: str) -> Any:
        value = decode(payload)
        for name in times:
            if getattr(getattr(value, name), "tzinfo", UTC) is not UTC:
                return in_utc(value, times)
        return value

    return _Shape(event_type.__name__, version, decode_in_utc if times else decode, times)


def told(error: Exception) -> str:
    """Return what an error says, or at least what it is: an `assert` says nothing, a `KeyError` only a name.

    >>> told(ValueError("too long")), told(AssertionError()), told(KeyError("cents"))
    ('too long', 'AssertionError', "KeyError: 'cents'")
    """
    says_nothing = not str(error) or isinstance(error, LookupError)
    return f"{type(error).__name__}: {error}".removesuffix(": ") if says_nothing else str(error)


def times_in(value_type: type) -> tuple[str, ...]:
    """Return the names of a dataclass's own fields that hold a time."""
    hints = get_type_hints(value_type, include_extras=True)
    return tuple(name for name, hint in hints.items() if datetime in (hint, *get_args(hint)))


def in_utc(value: Any, times: tuple[str, ...]) -> Any:
    """Return a dataclass with these fields in UTC, for JSON has every time with a `Z`.

    Raises:
        ValueError: A time has no zone, or is beyond the calendar in UTC.
    """
    for name in times:
        time = getattr(value, name)
        if isinstance(time, datetime) and time.tzinfo is not UTC:
            if time.utcoffset() is None:
                raise ValueError(f"{name} must be a timezone-aware datetime, not {time!r}")
            try:
                value = replace(value, **{name: time.astimezone(UTC)})
            except OverflowError as error:
                raise ValueError(f"{name} {time} is beyond the calendar in UTC") from error
    return value
