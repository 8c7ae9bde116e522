"""What every event store can do."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import AppendRefused, OrderlabError
from orderlab.core.log import Appended, RecordedEvent, StoredEvent

if TYPE_CHECKING:  # a tenth of a second that an event store can do without
    import numpy as np
    import numpy.typing as npt

Columns = dict[str, list[Any]]
"""A stretch of the log by column: for each name that was asked for, one value an event, in position order."""


class EventStoreError(OrderlabError):
    """The infrastructure failed: a locked file, a full disk, a closed event store. Nothing was half done.

    `where` is what its text calls the place, if that is for those alone who run the program.
    """

    where = ""


class Unreachable(EventStoreError):
    """The event store cannot be reached at present; what is asked again later may succeed.

    Whether an append that failed so was written is not known: brought again with the same event ids, it happens once.
    """


class EventStore(Protocol):
    """An append-only log of events in streams, with optimistic concurrency.

    An append is all or nothing, durable when it returns, and visible to every later read. No method blocks the
    event loop. `orderlab.eventstore.contract` says all of it as tests.
    """

    @property
    def codec(self) -> Codec:
        """How events become JSON and back."""
        ...

    async def append_events(self, stream_id: str, events: Sequence[Any], *, expected_version: int | None = None) -> int:
        """Append events to a stream and return its new version.

        Args:
            stream_id: The stream.
            events: Domain values, or `NewEvent` where the writer brings an id, a time or a cause.
            expected_version: None for no check, 0 (`NO_STREAM`) for a stream that must be empty, else the exact
                version it must be at.

        Raises:
            VersionConflict: The stream is at another version.
            EventIdReused: Some of the brought event ids, but not all, are in the log. (All: a retry; it succeeds
                and changes nothing, whatever `expected_version` says.)
            Unwritable: An event has no JSON form here.
            EventStoreError: The infrastructure failed.
        """
        ...

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        """Do many appends in one transaction, and return for each where it went or why it was refused.

        A refused append harms no other. The same stream may come twice: the second sees the first. The answer to what
        was written now also holds its events as rows of the log.
        """
        ...

    async def load_events(self, stream_id: str, *, from_version: int = 1) -> list[RecordedEvent]:
        """Return a stream's events from a version on; an empty list for a stream that is not there."""
        ...

    def read_all(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[RecordedEvent]:
        """Iterate over the events after a position, in position order."""
        ...

    def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        """Iterate over large stretches of the log by column, undecoded: for replay, tables and copies.

        Args:
            names: Fields of `StoredEvent`.
            after: The position before the first event wanted.
            until: The position of the last event wanted; None for the end.
        """
        ...

    async def list_streams(self) -> list[str]:
        """Return the id of every stream, in the order of their first events."""
        ...

    async def head(self) -> int:
        """Return the position of the last event; 0 for an empty log."""
        ...

    async def wait_past(self, position: int) -> int:
        """Wait until the log has an event after this position, and return its head: for who looks for himself then.

        Raises:
            EventStoreError: The event store is closed, or was closed meanwhile.
        """
        ...

    def subscribe(self, *, after: int = 0) -> AsyncIterator[RecordedEvent]:
        """Iterate over everything after a position and then over what comes, without gap or duplicate.

        It ends when the event store is closed.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted and let go of everything; closing twice is harmless."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A log without its contents: what time travel keeps of every event, as arrays in position order.

    Args:
        streams: The number of each event's stream; streams are numbered from 0 in the order of their first events.
        versions: The version of each event in its stream.
        types: The number of each event's type.
        type_names: The event types by their numbers.
        times: When each event was recorded, in microseconds since 1970, UTC.
    """

    streams: "npt.NDArray[np.integer[Any]]"
    versions: "npt.NDArray[np.integer[Any]]"
    types: "npt.NDArray[np.integer[Any]]"
    type_names: tuple[str, ...]
    times: "npt.NDArray[np.int64]"

    def __len__(self) -> int:
        return len(self.streams)


class LogReader(Protocol):
    """A log that can be read at any place at once, without an event loop: for time travel."""

    def outline(self) -> Outline:
        """Return the log without its contents."""
        ...

    def rows(self, positions: Sequence[int]) -> list[StoredEvent]:
        """Return the rows at these positions, each of which is in the log, in the order asked for."""
        ...

    def columns(self, *names: str, after: int, until: int) -> Columns:
        """Return a stretch of the log by column, undecoded, as `EventStore.read_columns` does."""
        ...

    def stream_of(self, stream_id: str) -> int | None:
        """Return the number that the outline gives a stream; None for a stream that is not there."""
        ...

    def stream_ids(self, after: int, until: int) -> list[str]:
        """Return the id of each stream whose first event is in a stretch, in the order of these events."""
        ...


@runtime_checkable
class ReadsAnywhere(Protocol):
    """An event store that also offers a `LogReader`, so that a log too large for memory can stay where it is.

    No event store needs to: any other is read into memory.
    """

    async def log_reader(self) -> LogReader:
        """Return a reader of the log as it is now; it works for as long as the event store is open."""
        ...
