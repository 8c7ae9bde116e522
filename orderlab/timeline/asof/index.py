"""The index of a log: from any position to the last event of each stream, without going through the log."""

from typing import Any

import numpy as np
import numpy.typing as npt

from orderlab.core.errors import CorruptStream
from orderlab.eventstore.base import EventStoreError, Outline
from orderlab.timeline.asof.outlining import places
from orderlab.timeline.asof.source import Source

Integers = npt.NDArray[np.integer[Any]]

_FIRST_CHUNK = 512


class Index:
    """Where the events of each stream are; 12 bytes an event and 8 a stream.

    Args:
        outline: The log without its contents.

    Raises:
        OutOfTurn: The versions of a stream do not count 1, 2, 3...
    """

    streams: Integers
    """The number of each event's stream."""
    later: Integers
    """The next position in each event's stream; beyond the end where there is none."""

    def __init__(self, outline: Outline) -> None:
        length = len(outline)
        self.streams = outline.streams
        per_stream = np.bincount(self.streams)
        starts = np.zeros(len(per_stream) + 1, dtype=places(length))
        np.cumsum(per_stream, out=starts[1:])
        # As versions count 1, 2, 3..., they say where among its stream's events each belongs, and nothing is sorted.
        place = starts[self.streams] + outline.versions - 1
        if length and (outline.versions.min() < 1 or (outline.versions > per_stream[self.streams]).any()):
            raise OutOfTurn(outline)
        order = np.zeros(length, dtype=places(length))
        order[place] = np.arange(1, length + 1, dtype=order.dtype)
        follows = order[1:] > order[:-1]
        follows[starts[1:-1] - 1] = True
        if not (follows.all() and order.all()):
            raise OutOfTurn(outline)
        self.later = np.full(length, length + 1, dtype=order.dtype)
        inside = np.ones(length, dtype=bool)
        inside[starts[1:] - 1] = False
        self.later[order[inside] - 1] = order[1:][inside[:-1]]
        self._order, self._starts = order, starts
        self._firsts = order[starts[:-1]]

    def __len__(self) -> int:
        return len(self.streams)

    def existing(self, n: int) -> int:
        """Return how many streams have begun by a position; they are the streams numbered below."""
        return _up_to(self._firsts, n)

    def first(self, stream: int) -> int:
        """Return the position of a stream's first event."""
        return int(self._firsts[stream])

    def positions(self, stream: int, n: int, *, after_version: int = 0) -> Integers:
        """Return the positions of a stream's events up to a position, in order, those after a version."""
        of_stream = self._order[self._starts[stream] : self._starts[stream + 1]]
        return of_stream[after_version : _up_to(of_stream, n)]

    def version(self, stream: int, n: int) -> int:
        """Return the version that a stream is at after a position; 0 before its first event."""
        return _up_to(self._order[self._starts[stream] : self._starts[stream + 1]], n)

    def changed(self, m: int, n: int) -> Integers:
        """Return the numbers of the streams with events after one position and up to a later one, ascending."""
        return np.unique(self.streams[m:n])

    def latest(self, n: int, size: int, offset: int = 0) -> Integers:
        """Return the positions of the last event of each stream as of a position, the latest first.

        Args:
            n: The position.
            size: How many at the most.
            offset: How many of the latest to leave out.
        """
        wanted = min(offset + size, self.existing(n))
        found, missing, end, chunk = [], wanted, n, max(_FIRST_CHUNK, 2 * wanted)
        while missing > 0:
            start = max(0, end - chunk)
            places = np.flatnonzero(self.later[start:end] > n)[::-1][:missing] + (start + 1)
            found.append(places)
            missing, end, chunk = missing - len(places), start, 2 * chunk
        return np.concatenate(found)[offset:] if found else np.empty(0, dtype=np.int64)


def _up_to(positions: Integers, n: int) -> int:
    """Return how many of these positions, which ascend, are not later than one."""
    # A plain number would have numpy copy them all into an array of larger numbers first.
    return int(positions.searchsorted(positions.dtype.type(n), "right"))


def index_of(outline: Outline, source: Source) -> Index:
    """Return the index of a log, or say of which stream the versions are wrong.

    Raises:
        CorruptStream: The versions of a stream do not count 1, 2, 3...
        EventStoreError: Two streams cannot be told from one another by the hashes of their ids.
    """
    try:
        return Index(outline)
    except OutOfTurn as wrong:
        names = [each.stream_id for each in source.rows([*wrong.before, wrong.position])]
        if len(set(names)) > 1:
            raise EventStoreError(
                f"streams {names[0]} and {names[1]} have ids of the same hash: load the timeline with in_memory=True"
            ) from None
        raise CorruptStream(
            f"stream {names[-1]} goes from version {wrong.expected - 1} to {wrong.version} at position {wrong.position}"
        ) from None


class OutOfTurn(Exception):
    """The versions of some stream do not count 1, 2, 3...; tells the first event that is not next.

    Args:
        outline: The log without its contents.
    """

    def __init__(self, outline: Outline) -> None:
        by_stream = outline.streams.argsort(kind="stable")
        same = np.diff(outline.streams[by_stream], prepend=-1) == 0
        expected = np.ones(len(outline), dtype=np.int64)
        versions = outline.versions[by_stream]
        expected[1:] += np.where(same[1:], versions[:-1], 0)
        places = np.flatnonzero(versions != expected)
        first = int(places[by_stream[places].argmin()])
        self.position = int(by_stream[first]) + 1
        self.version, self.expected = int(versions[first]), int(expected[first])
        self.before = [int(by_stream[first - 1]) + 1] if same[first] else []
        super().__init__(self.position)
