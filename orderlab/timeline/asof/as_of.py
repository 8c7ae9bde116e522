"""What can be asked of a log as of any position."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from operator import index
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, SupportsIndex, TypeVar

from orderlab.core.codec import Codec
from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.errors import OrderlabError
from orderlab.core.log import RecordedEvent
from orderlab.core.script import TimedCommand
from orderlab.replay import require_zone, time_in
from orderlab.timeline.asof.counting import RunningCounts, labelled
from orderlab.timeline.asof.entities import Entities
from orderlab.timeline.asof.frames import frame_of
from orderlab.timeline.asof.index import Integers, index_of
from orderlab.timeline.asof.loading import require_domain
from orderlab.timeline.asof.moments import Moment, moments
from orderlab.timeline.asof.outlining import instant, microseconds
from orderlab.timeline.asof.sharing import Sharing, copied
from orderlab.timeline.asof.source import Source, recorded_at
from orderlab.timeline.asof.states import States
from orderlab.timeline.asof.walking import Stride, strides

if TYPE_CHECKING:
    import pandas as pd

StateT = TypeVar("StateT")

_KEPT_COUNTS = 8
"""So many functions that entities were counted by are remembered, with their counts."""

_FIRST_PAGE, _LARGEST_PAGE = 16, 1_000
"""Events read at a time by `events`: few at first, to begin soon, then more, to go on quickly."""


class AsOf(Generic[StateT]):
    """Answers about a log as of any position; see `Timeline`.

    Args:
        source: Where the events come from.
        reducer: The domain's reducer.
        codec: Gives how events become JSON and back; not asked before that is wanted.
        commands: The commands that were given.
    """

    def __init__(
        self,
        source: Source,
        reducer: DeciderReducer[Any, StateT],
        codec: Callable[[], Codec],
        commands: tuple[TimedCommand, ...],
    ) -> None:
        self._reducer = reducer
        self._decider = reducer.decider
        self._codec = codec
        self._commands = commands
        self._source = source
        self._sharing = Sharing()
        self._outline = source.outline()
        require_domain(source, self._outline, self.decider)
        self._index = index_of(self._outline, source)
        self._entities = Entities(self._index, source, self.decider, self._sharing)
        self._states = States(self._index, source, reducer, self._entities, self._sharing)
        self._counts: OrderedDict[Any, RunningCounts] = OrderedDict()

    @property
    def reducer(self) -> DeciderReducer[Any, StateT]:
        """The domain's reducer."""
        return self._reducer

    @property
    def decider(self) -> Decider[Any]:
        """The domain."""
        return self._decider

    @property
    def codec(self) -> Codec:
        """How events become JSON and back."""
        return self._codec()

    @property
    def commands(self) -> tuple[TimedCommand, ...]:
        """The commands that were given, refused ones too."""
        return self._commands

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, n: int) -> StateT:
        """Return the state after `n` events.

        The first one far into the log is folded once, from the beginning, and marks are kept on the way; from then on
        only what lies between a position and the nearest state that is kept is.
        """
        if isinstance(n, slice):
            raise TypeError(
                "a timeline has a state at each position, and gives one at a time: use timeline[n], or "
                "timeline.events(start, stop) for the events of a stretch"
            )
        return self._states.at(self._n(n))

    def __iter__(self) -> Iterator[StateT]:
        """Iterate over the states from the one before any event to the one after the last."""
        state = self.reducer.initial_state()
        yield state
        for stretch in self._walk():
            for _, key, _, _, entity in stretch:
                _, version = self.reducer.entity(state, key)
                state = self.reducer.with_entity(state, key, entity, version + 1)
                yield state if self._sharing.shares(entity) else copied(state)

    __reversed__ = None  # what Python would make of `len` and `[]` leaves out the last state

    def at(self, time: datetime | str) -> StateT:
        """Return the state at a time, as `position_at` takes it: after the last event recorded not later."""
        return self[self.position_at(time)]

    def position_at(self, time: datetime | str) -> int:
        """Return the position of the last event recorded not later than a time; 0 if there is none.

        Args:
            time: An aware time, or text such as `2025-01-01 12:00`, which is UTC where it names no zone.

        Raises:
            TypeError: `time` is neither.
            ValueError: It has no zone, or the text is no time.
        """
        if isinstance(time, str):
            try:
                time = time_in(time)
            except ValueError:
                raise ValueError(f"time must be a time such as 2025-01-01 12:00, not {time!r}") from None
        if not isinstance(time, datetime):
            raise TypeError(f"time must be an aware datetime, or text such as 2025-01-01 12:00, not {time!r}")
        require_zone("time", time)
        return int(self._outline.times.searchsorted(microseconds(time), "right"))

    def time_of(self, n: int) -> datetime | None:
        """Return when the last event before a position was recorded; None at 0."""
        n = self._n(n)
        return instant(int(self._outline.times[n - 1])) if n else None

    def event(self, position: int) -> RecordedEvent:
        """Return the event at a position, of which the first is 1 and the last -1."""
        return self._source.recorded([self._n(position, "position", first=1)])[0]

    def events(self, start: int = 1, stop: int | None = None) -> Iterator[RecordedEvent]:
        """Iterate over the events from a position to another, both included; to the end where `stop` is None."""
        after = self._n(start, "start", first=1) - 1 if len(self) else 0
        end = len(self) if stop is None else self._n(stop, "stop")
        return self._events(after, end)

    def keys(self, n: int | None = None) -> list[str]:
        """Return the keys of the entities that exist as of a position, in the order of their first events."""
        return [self.decider.key_in(each) for each in self._source.stream_ids(0, self._as_of(n, "n"))]

    def entity(self, key: str, *, at: int | None = None) -> Any:
        """Return the entity with a key as of a position, the end by default; None if there is none then."""
        n, stream_id = self._as_of(at, "at"), self._stream_id(key)
        stream = self._source.stream_of(stream_id)
        if stream is None or self._index.first(stream) > n:
            return None
        [standing] = self._entities.at([stream], n)
        return standing.entity if standing.stream_id == stream_id else None

    def order(self, key: str, *, at: int | None = None) -> Any:
        """Return an order as of a position; `entity` under the order's name."""
        return self.entity(key, at=at)

    def positions(self, key: str, *, at: int | None = None) -> list[int]:
        """Return the positions of the events about an entity up to a position, the end by default."""
        n, stream = self._as_of(at, "at"), self._source.stream_of(self._stream_id(key))
        found: list[int] = [] if stream is None else self._index.positions(stream, n).tolist()
        return found

    def page(self, n: int, *, size: int = 50, offset: int = 0) -> tuple[Any, ...]:
        """Return the entities as of a position that changed most recently, the latest first.

        Args:
            n: The position.
            size: How many at the most.
            offset: How many of the latest to leave out.
        """
        size, offset, n = whole("size", size), whole("offset", offset), self._n(n)
        positions = self._index.latest(n, size, offset)
        return tuple(each.entity for each in self._entities.at(self._index.streams[positions - 1].tolist(), n))

    def counts(self, n: int, *, by: Callable[[Any], str] | str | None = None) -> dict[str, int]:
        """Count the entities as of a position.

        Args:
            n: The position.
            by: A function that gives each entity a label of text, or `"state"` for the decider's own names, those
                that no entity is in among them; it is asked in one fold, and its answers are kept. By default entities
                are counted by their last event's type, for which nothing is folded.
        """
        counts = self._running_counts(by).at(self._n(n))
        # An entity that exists is never in the first of the states, which is that of none.
        return {**dict.fromkeys(self.decider.states[1:], 0), **counts} if by == "state" else counts

    def frame(self, n: int | None = None) -> "pd.DataFrame":
        """Return all entities as of a position as a DataFrame, indexed by key, a column for each field."""
        n = self._as_of(n, "n")
        keys, state = self.keys(n), self._states.at(n)
        return frame_of([self.reducer.entity(state, key)[0] for key in keys], keys, self.decider.name)

    def steps(self, *, by: Callable[[Any], str] | None = None) -> Iterator[Moment]:
        """Iterate over the log step by step, each with its entity before and after; folds it once.

        Args:
            by: Names the state of an entity; the decider's own names by default.
        """
        if by is not None and not callable(by):
            raise TypeError(f"by must be None or a function from an entity to the name of its state, not {by!r}")
        return moments(self._walk(), self._outline, self.decider, by)

    def close(self) -> None:
        """Let go of the file that the log is read from, if it was too large to be taken into memory.

        Nobody has to: it is let go as soon as nobody has the timeline any more. Closing twice is harmless.
        """
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __copy__(self) -> Self:
        return self  # nothing can change it

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a timeline cannot be pickled: write its log by to_file(path), and read it by from_file(path)")

    def _events(self, after: int, end: int) -> Iterator[RecordedEvent]:
        size = _FIRST_PAGE
        while after < end:
            until = min(end, after + size)
            yield from recorded_at(self._source, range(after + 1, until + 1))
            after, size = until, min(2 * size, _LARGEST_PAGE)

    def _running_counts(self, by: Any) -> RunningCounts:
        if not (by is None or by == "state" or callable(by)):
            raise TypeError(f'by must be None, "state" or a function from an entity to its label, not {by!r}')
        if not isinstance(by, Hashable):  # it cannot be remembered
            return self._new_counts(by)
        if by in self._counts:
            self._counts.move_to_end(by)
            return self._counts[by]
        counts = self._new_counts(by)
        if counts.failure is None or isinstance(counts.failure, OrderlabError):  # of the log, which stays as it is
            self._counts[by] = counts
            if len(self._counts) > _KEPT_COUNTS:
                self._counts.popitem(last=False)
        return counts

    def _new_counts(self, by: Any) -> RunningCounts:
        labels, names, failure = self._labels(by)
        return RunningCounts(labels, names, self._index, failure)

    def _labels(self, by: Any) -> tuple[Integers, tuple[str, ...], Exception | None]:
        if by is None:
            return self._outline.types, self._outline.type_names, None
        if by == "state":
            return labelled(self._walk(), len(self), self.decider.state_of, self.decider.states)
        return labelled(self._walk(), len(self), by)

    def _walk(self) -> Iterator[list[Stride]]:
        return strides(self._index, self._source, self.decider, self._sharing)

    def _stream_id(self, key: str) -> str:
        if not isinstance(key, str):
            raise TypeError(f"key must be the key of {self.decider.name} as text, not {key!r}")
        return self.decider.stream_id(key)

    def _as_of(self, n: int | None, name: str) -> int:
        return len(self) if n is None else self._n(n, name)

    def _n(self, n: SupportsIndex, name: str = "n", *, first: int = 0) -> int:
        """Return a position counted from the beginning."""
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise TypeError(f"{name} must be a position, a whole number, not {n!r}")
        found, end = index(n), len(self)
        found = found if found >= 0 else end + 1 + found
        if not first <= found <= end:
            raise IndexError(
                f"{name} must be a position from {first} to {end}, the end of this timeline, not {n}"
                if end >= first
                else f"{name} must be the position of an event, and this timeline has none"
            )
        return found


def whole(name: str, value: Any) -> int:
    """Return a count as a number, of whatever kind of whole numbers it is.

    Raises:
        ValueError: It is none, or negative.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or index(value) < 0:
        raise ValueError(f"{name} must be a whole number from 0, not {value!r}")
    return index(value)
