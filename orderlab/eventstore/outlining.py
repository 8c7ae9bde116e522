"""The outline of a log that stays where it is: put together from stretches, its streams known by hashes of their ids.

Of five million streams not one name is held. That two of them have one hash is seen where the versions of what was
taken for one stream do not count 1, 2, 3...
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from orderlab.eventstore.base import Outline

Hashes = npt.NDArray[np.uint64 | np.int64]


class Outlining:
    """An outline in the making.

    Args:
        length: How many events the log has.
        hash_type: What the hashes are: `np.uint64` or `np.int64`.
    """

    def __init__(self, length: int, hash_type: type[np.uint64] | type[np.int64]) -> None:
        self._hashes: Hashes = np.empty(length, dtype=hash_type)
        self._versions = np.empty(length, dtype=np.int32)
        self._types = np.empty(length, dtype=np.int32)
        self._times = np.empty(length, dtype=np.int64)

    def put(self, after: int, *, hashes: Any, versions: Any, types: Any, times: Any) -> None:
        """Put in the events after a position: arrays with one value for each, types by their numbers from 0."""
        place = slice(after, after + len(hashes))
        self._hashes[place] = hashes
        self._versions[place] = versions
        self._types[place] = types
        self._times[place] = times

    def finish(self, type_names: tuple[str, ...]) -> tuple[Outline, "StreamHashes"]:
        """Return the outline, and what finds a stream in it."""
        types = self._types.astype(np.min_scalar_type(len(type_names)))
        del self._types
        streams, found = _numbered(self._hashes)
        return Outline(streams, self._versions, types, type_names, self._times), found


class StreamHashes:
    """The numbers of streams by the hashes of their ids.

    Args:
        hashes: The hashes, ascending.
        numbers: The number of the stream of each.
    """

    def __init__(self, hashes: Hashes, numbers: npt.NDArray[np.int32]) -> None:
        self._hashes = hashes
        self._numbers = numbers

    def number(self, wanted: int) -> int | None:
        """Return the number of the stream with this hash; None if there is none."""
        hashes = self._hashes
        place = int(hashes.searchsorted(hashes.dtype.type(wanted)))
        return int(self._numbers[place]) if place < len(hashes) and hashes[place] == wanted else None


def _numbered(hashes: Hashes) -> tuple[npt.NDArray[np.int32], StreamHashes]:
    """Number streams by their first events; return the number of each event's."""
    by_hash = hashes.argsort(kind="stable")
    hashes = hashes[by_hash]
    begins = np.ones(len(hashes), dtype=bool)
    begins[1:] = hashes[1:] != hashes[:-1]
    starts = np.flatnonzero(begins)
    numbers = np.empty(len(starts), dtype=np.int32)
    numbers[by_hash[starts].argsort()] = np.arange(len(starts), dtype=np.int32)
    streams = np.empty(len(hashes), dtype=np.int32)
    streams[by_hash] = np.repeat(numbers, np.diff(starts, append=len(hashes)))
    return streams, StreamHashes(hashes[starts], numbers)
