"""The outline of a log that is in memory, and a reader of its rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns, Outline

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class StreamNumbers:
    """A number for each stream, in the order of their first events."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, stream_ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Number the streams of a whole log, and return the number of each event's."""
        numbers = self._numbers
        return np.array([numbers.setdefault(each, len(numbers)) for each in stream_ids], dtype=np.int64)

    def number(self, stream_id: str) -> int | None:
        """Return the number of a stream; None for one that is not there."""
        return self._numbers.get(stream_id)


class RowsInMemory:
    """Read rows that are kept by column; a `LogReader`."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._lists = tuple(columns[name] for name in StoredEvent._fields)
        self._numbers = StreamNumbers()

    def outline(self) -> Outline:
        """Return the log without its contents."""
        columns = self._columns
        streams = self._numbers.of(columns["stream_id"])
        return outline_of(streams, columns["version"], columns["event_type"], columns["recorded_at"])

    def rows(self, positions: Sequence[int]) -> list[StoredEvent]:
        """Return the rows at these positions."""
        lists = self._lists
        return [StoredEvent._make([each[position - 1] for each in lists]) for position in positions]

    def columns(self, *names: str, after: int, until: int) -> Columns:
        """Return a stretch of the log by column."""
        return {name: self._columns[name][after:until] for name in names}

    def stream_of(self, stream_id: str) -> int | None:
        """Return the number of a stream."""
        return self._numbers.number(stream_id)

    def stream_ids(self, after: int, until: int) -> list[str]:
        """Return the ids of the streams that begin in a stretch."""
        begins = zip(self._columns["stream_id"][after:until], self._columns["version"][after:until], strict=True)
        return [stream_id for stream_id, version in begins if version == 1]


def outline_of(
    streams: npt.NDArray[np.int64], versions: Sequence[int], event_types: Sequence[str], times: Sequence[datetime]
) -> Outline:
    """Return the outline of a log from its columns, the streams as numbers already."""
    names: dict[str, int] = {}
    types = np.array([names.setdefault(each, len(names)) for each in event_types], dtype=np.int64)
    return Outline(
        streams.astype(places(len(streams))),
        np.array(versions, dtype=np.int64),
        types.astype(np.min_scalar_type(len(names))),
        tuple(names),
        np.array([microseconds(time) for time in times], dtype=np.int64),
    )


def places(length: int) -> type[np.integer[Any]]:
    """Return the smallest type of number for the positions of a log of this length."""
    return np.int32 if length < 2**31 - 1 else np.int64


def microseconds(time: datetime) -> int:
    """Return an aware time as microseconds since 1970, UTC."""
    return (time - _EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """Return the time that is so many microseconds after 1970 began, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)
