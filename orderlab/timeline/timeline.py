"""A log that one can stand in."""

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar, overload

from orderlab.core.codec import Codec
from orderlab.core.decider import DeciderReducer
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.errors import OrderlabError
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore, LogReader
from orderlab.orders.model import OrderState
from orderlab.timeline.asof.as_of import AsOf
from orderlab.timeline.asof.given import Commands, codec_of, domain_of, given_commands, given_events
from orderlab.timeline.asof.loading import reader_of, reader_of_file, write_file
from orderlab.timeline.asof.source import DecodedRows, GivenEvents, Source
from orderlab.timeline.blame import blame_of
from orderlab.timeline.difference import difference_of
from orderlab.timeline.fields import shown
from orderlab.timeline.picturing import picture_of
from orderlab.timeline.probe import probe_of
from orderlab.timeline.scenario.to_pytest import to_pytest
from orderlab.timeline.search import search_of
from orderlab.timeline.showing import EventRow, html_of, text_of
from orderlab.timeline.story import story_of
from orderlab.timeline.whatif.whatif import what_if

if TYPE_CHECKING:
    from orderlab.timeline.branch.fork import Fork

StateT = TypeVar("StateT")

_PAGE = 1_000
_SHOWN_EVENTS = 8


class Timeline(AsOf[StateT]):
    """A log that one can stand in at any position.

    The log is past: nothing here changes it, decides again or performs an effect. A position `n` counts the events
    before it, from 0 to `len(timeline)`; negative ones count from the end, so -1 is after the last event.

    What it gives is shared where it is a value, a frozen dataclass say, and a copy where somebody could change it; so
    entities that are values are quicker. It is a context manager, which closes a file that it was left in.

    Args:
        events: A whole log, in position order.
        reducer: The domain's reducer; orders by default.
        codec: How events become JSON, for a file; by default the codec of orders, or one made of the event types.
        commands: The commands that were given, refused ones too, for what-if; or the file that they are in.

    Raises:
        CorruptStream: The versions of a stream do not count 1, 2, 3..., or the log is that of another domain.

    >>> from datetime import UTC, datetime
    >>> from uuid import UUID
    >>> from orderlab.orders.actions import OrderPlaced, OrderShipped
    >>> noon = datetime(2025, 1, 1, 12, tzinfo=UTC)
    >>> events = [OrderPlaced("mug", "ada", (), 500, noon), OrderShipped("mug", "TRACK-1", noon)]
    >>> timeline = Timeline(
    ...     RecordedEvent(UUID(int=n), "order-mug", n, n, type(event).__name__, 2, event, noon, None, None, {})
    ...     for n, event in enumerate(events, start=1)
    ... )
    >>> timeline
    <Timeline of 2 events, 1 order, 2025-01-01>
    >>> timeline[1], timeline[-1]
    (<OrderState 1 orders: 1 placed>, <OrderState 1 orders: 1 shipped>)
    >>> timeline.order("mug", at=1), timeline.counts(-1)
    (<Order mug placed 500 cents v1>, {'OrderShipped': 1})
    """

    @overload
    def __init__(
        self: "Timeline[OrderState]",
        events: Iterable[RecordedEvent],
        *,
        reducer: None = None,
        codec: Codec | None = None,
        commands: Commands = (),
    ) -> None: ...

    @overload
    def __init__(
        self,
        events: Iterable[RecordedEvent],
        *,
        reducer: DeciderReducer[Any, StateT],
        codec: Codec | None = None,
        commands: Commands = (),
    ) -> None: ...

    def __init__(
        self,
        events: Iterable[RecordedEvent],
        *,
        reducer: DeciderReducer[Any, Any] | None = None,
        codec: Codec | None = None,
        commands: Commands = (),
    ) -> None:
        domain = domain_of(reducer)
        made = codec_of(domain, codec)
        super().__init__(
            GivenEvents(given_events(events), made), domain, made, given_commands(commands, domain.decider)
        )

    @overload
    @classmethod
    async def load(
        cls,
        event_store: EventStore,
        *,
        reducer: None = None,
        commands: Commands = (),
        in_memory: bool | None = None,
    ) -> "Timeline[OrderState]": ...

    @overload
    @classmethod
    async def load(
        cls,
        event_store: EventStore,
        *,
        reducer: DeciderReducer[Any, StateT],
        commands: Commands = (),
        in_memory: bool | None = None,
    ) -> "Timeline[StateT]": ...

    @classmethod
    async def load(
        cls,
        event_store: EventStore,
        *,
        reducer: DeciderReducer[Any, Any] | None = None,
        commands: Commands = (),
        in_memory: bool | None = None,
    ) -> "Timeline[Any]":
        """Return a timeline of the log of an event store, as it is now.

        Args:
            event_store: The log.
            reducer: The domain's reducer; orders by default.
            commands: The commands that were given, refused ones too, for what-if; or the file that they are in.
            in_memory: Take the log into memory, so that the event store may be closed. False leaves it where it is,
                which `DuckDBEventStore` and `PostgresEventStore` can do; the event store must then stay open. None
                leaves logs of more than 250,000 events where they are, if that can be done.

        Raises:
            CorruptStream: The versions of a stream do not count 1, 2, 3..., or the log is that of another domain.
            UnreadableEvent: The codec does not know an event type of the log.
        """
        return cls._over(await reader_of(event_store, in_memory), reducer, event_store.codec, commands)

    @overload
    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        reducer: None = None,
        codec: Codec | None = None,
        commands: Commands = (),
    ) -> "Timeline[OrderState]": ...

    @overload
    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        reducer: DeciderReducer[Any, StateT],
        codec: Codec | None = None,
        commands: Commands = (),
    ) -> "Timeline[StateT]": ...

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        reducer: DeciderReducer[Any, Any] | None = None,
        codec: Codec | None = None,
        commands: Commands = (),
    ) -> "Timeline[Any]":
        """Return a timeline of the log in a file: exported, as `.jsonl` or `.parquet`, or that of a DuckDB event store.

        A `.duckdb` file of more than 250,000 events stays open, for reading, as long as the timeline is there.

        Args:
            path: The file.
            reducer: The domain's reducer; orders by default.
            codec: How events become JSON; by default the codec of orders, or one made of the domain's event types.
            commands: The commands that were given, refused ones too, for what-if; or the file that they are in.

        Raises:
            LogFileError: There is no such file, or it is no log.
            CorruptStream: The versions of a stream do not count 1, 2, 3..., or the log is that of another domain.
            UnreadableEvent: The codec does not know an event type of the log.
        """
        return cls._over(reader_of_file(path), reducer, codec, commands)

    @classmethod
    def _over(cls, reader: LogReader, reducer: Any, codec: Codec | None, commands: Commands) -> "Timeline[Any]":
        domain = domain_of(reducer)
        made = codec_of(domain, codec)
        timeline: Timeline[Any] = cls.__new__(cls)
        source: Source = DecodedRows(reader, made())
        AsOf.__init__(timeline, source, domain, made, given_commands(commands, domain.decider))
        return timeline

    # Questions that have a module each, where they are functions of a timeline.
    story = story_of
    diff = difference_of
    blame = blame_of
    probe = probe_of
    search = search_of
    what_if = what_if
    to_pytest = to_pytest

    def fork(
        self, at: int | None = None, *, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> "Fork[StateT]":
        """Return a branch that leaves the log at a position and takes commands; the log stays as it is.

        Args:
            at: The position; the end if None.
            clock: What tells the branch its time; by default one that stands where the branch begins.
            ids: What draws the ids of new entities; counted by default, past all that are in use.
        """
        from orderlab.timeline.branch.fork import Fork  # noqa: PLC0415 - a branch is a timeline again

        return Fork(self, at=at, clock=clock, ids=ids)

    def to_file(self, path: str | PathLike[str]) -> int:
        """Write the log to a file, `.jsonl` or `.parquet`, and return how many events it has.

        A log that was loaded is copied as it is, old shapes too. Events that were given, as those of a branch's own
        timeline are, are written in the present shape; `Fork.save` copies what the branch shares as it is.

        Raises:
            LogFileError: The path is of another kind, or cannot be written.
            CodecError: An event has no JSON form.
        """
        parts = (range(start, min(start + _PAGE, len(self) + 1)) for start in range(1, len(self) + 1, _PAGE))
        return write_file((row for part in parts for row in self._source.rows(part)), path)

    _picture = picture_of

    def __repr__(self) -> str:
        entities = self._index.existing(len(self))
        return text_of(len(self), entities, self.decider.name, self.time_of(min(1, len(self))), self.time_of(-1))

    def _repr_html_(self) -> str:
        first = max(1, len(self) - _SHOWN_EVENTS + 1)
        last = [self._shown(position) for position in range(len(self), first - 1, -1)]
        return html_of(repr(self), self._picture(), self.counts(-1), last, first - 1)

    def _shown(self, position: int) -> EventRow:
        name = self._outline.type_names[self._outline.types[position - 1]]
        try:
            event = self.event(position)
            stream_id, value = event.stream_id, shown(event.event)
        except OrderlabError as error:  # a notebook shows what there is
            stream_id, value = "", f"cannot be read: {error}"
        return position, self.time_of(position), name, stream_id, value
