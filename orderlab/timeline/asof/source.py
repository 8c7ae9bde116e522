"""Where a timeline's events come from: events that were given, or rows of a log that are decoded when asked for."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from orderlab.core.codec import Codec
from orderlab.core.decider import Fact
from orderlab.core.errors import UnreadableEvent
from orderlab.core.log import RecordedEvent, StoredEvent
from orderlab.eventstore.base import LogReader, Outline
from orderlab.eventstore.stored import decode_stored, encode_recorded
from orderlab.replay import decoded
from orderlab.timeline.asof.outlining import StreamNumbers, outline_of
from orderlab.timeline.asof.sharing import Sharing, metadata_of

_FACT = ("stream_id", "version", "event_type", "schema_version", "payload")


class Source(Protocol):
    """The events of a log at any place, at once; positions count from 1."""

    def outline(self) -> Outline:
        """Return the log without its contents."""
        ...

    def recorded(self, positions: Sequence[int]) -> list[RecordedEvent]:
        """Return the events at these positions with all that is known about them."""
        ...

    def facts(self, positions: Sequence[int]) -> list[Fact]:
        """Return stream id, version and value of the events at these positions."""
        ...

    def stretch(self, after: int, until: int) -> list[Fact]:
        """Return stream id, version and value of the events of a stretch, in position order."""
        ...

    def rows(self, positions: Sequence[int]) -> list[StoredEvent]:
        """Return the events at these positions as rows, for a file."""
        ...

    def stream_of(self, stream_id: str) -> int | None:
        """Return the number of a stream in the outline; None for a stream that is not there."""
        ...

    def stream_ids(self, after: int, until: int) -> list[str]:
        """Return the id of each stream whose first event is in a stretch, in the order of these events."""
        ...

    def close(self) -> None:
        """Let go of the file that the events are read from, if there is one."""
        ...


def recorded_at(source: Source, positions: Sequence[int]) -> Iterator[RecordedEvent]:
    """Give the events at these positions; those before one that cannot be decoded are given before it raises."""
    try:
        found = source.recorded(positions)
    except UnreadableEvent:
        yield from (event for position in positions for event in source.recorded([position]))
    else:
        yield from found


def facts_between(source: Source, after: int, until: int) -> Iterator[Fact]:
    """Give a stretch as facts; those before one that cannot be decoded are given before it raises."""
    try:
        found = source.stretch(after, until)
    except UnreadableEvent:
        yield from (fact for position in range(after + 1, until + 1) for fact in source.facts([position]))
    else:
        yield from found


class GivenEvents:
    """Events whose values are there already; they become rows only for a file.

    Args:
        events: The events.
        codec: Gives what they become rows by.
    """

    def __init__(self, events: Sequence[RecordedEvent], codec: Callable[[], Codec]) -> None:
        self._events = events
        self._codec = codec
        self._numbers = StreamNumbers()
        self._sharing = Sharing()

    def outline(self) -> Outline:
        """Return the log without its contents."""
        return outline_of(
            self._numbers.of([each.stream_id for each in self._events]),
            [each.version for each in self._events],
            [each.event_type for each in self._events],
            [each.recorded_at for each in self._events],
        )

    def recorded(self, positions: Sequence[int]) -> list[RecordedEvent]:
        """Return the events at these positions, as copies as far as somebody could change them."""
        return [self._copied(self._events[position - 1]) for position in positions]

    def facts(self, positions: Sequence[int]) -> list[Fact]:
        """Return the events at these positions as facts."""
        events, out = self._events, self._sharing.out
        return [(each.stream_id, each.version, out(each.event)) for each in (events[place - 1] for place in positions)]

    def stretch(self, after: int, until: int) -> list[Fact]:
        """Return a stretch as facts."""
        out = self._sharing.out
        return [(each.stream_id, each.version, out(each.event)) for each in self._events[after:until]]

    def rows(self, positions: Sequence[int]) -> list[StoredEvent]:
        """Return the events at these positions as rows; raise `CodecError` if one has no JSON form."""
        return [encode_recorded(self._events[position - 1], self._codec()) for position in positions]

    def stream_of(self, stream_id: str) -> int | None:
        """Return the number of a stream."""
        return self._numbers.number(stream_id)

    def stream_ids(self, after: int, until: int) -> list[str]:
        """Return the ids of the streams that begin in a stretch."""
        return [each.stream_id for each in self._events[after:until] if each.version == 1]

    def close(self) -> None:
        """Do nothing: no file is open."""

    def _copied(self, event: RecordedEvent) -> RecordedEvent:
        return RecordedEvent(  # written out, for `replace` takes three times as long
            event.event_id,
            event.stream_id,
            event.version,
            event.position,
            event.event_type,
            event.schema_version,
            self._sharing.out(event.event),
            event.recorded_at,
            event.correlation_id,
            event.causation_id,
            metadata_of(event.metadata),
        )


class DecodedRows:
    """Rows of a log, wherever they are, decoded when they are asked for."""

    def __init__(self, reader: LogReader, codec: Codec) -> None:
        self._reader = reader
        self._codec = codec
        self._decoders: dict[tuple[str, int], Callable[[str], Any] | None] = {}
        self.outline, self.rows = reader.outline, reader.rows
        self.stream_of, self.stream_ids = reader.stream_of, reader.stream_ids

    def recorded(self, positions: Sequence[int]) -> list[RecordedEvent]:
        """Return the events at these positions; raise `UnreadableEvent` if one cannot be decoded."""
        return [decode_stored(row, self._codec) for row in self._reader.rows(positions)]

    def facts(self, positions: Sequence[int]) -> list[Fact]:
        """Return the events at these positions as facts; raise `UnreadableEvent` if one cannot be decoded."""
        return [(row.stream_id, row.version, self._value(row)) for row in self._reader.rows(positions)]

    def stretch(self, after: int, until: int) -> list[Fact]:
        """Return a stretch as facts; raise `UnreadableEvent` if an event cannot be decoded."""
        columns = self._reader.columns(*_FACT, after=after, until=until)
        values = decoded(columns, self._codec)
        if values is None:
            return self.facts(range(after + 1, until + 1))
        return list(zip(columns["stream_id"], columns["version"], values, strict=True))

    def close(self) -> None:
        """Let go of the file that the rows are in, if it was opened for this."""
        getattr(self._reader, "close", _nothing)()

    def _value(self, row: StoredEvent) -> Any:
        shape = row.event_type, row.schema_version
        if shape not in self._decoders:
            self._decoders[shape] = self._codec.current_decoder(*shape)
        decoder = self._decoders[shape]
        if decoder is None:
            return decode_stored(row, self._codec).event
        try:
            return decoder(row.payload)
        except Exception:  # noqa: BLE001 - met again at once, by what says of which event it is
            return decode_stored(row, self._codec).event


def _nothing() -> None:
    """Stand in for the `close` of a reader that has none: nothing was opened for it."""
