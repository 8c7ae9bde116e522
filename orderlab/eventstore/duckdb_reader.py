"""Read a log's DuckDB file at any place, for time travel over logs that do not fit into memory."""

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import duckdb
import numpy as np

from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns, EventStoreError, Outline
from orderlab.eventstore.duckdb_file import failure, open_for_reading, release
from orderlab.eventstore.outlining import Outlining, StreamHashes
from orderlab.eventstore.stored import as_utc

T = TypeVar("T")

_STRETCH = 500_000
"""Events read at a time, which takes too little for DuckDB to draw a bar of its progress into a notebook."""

_ALL = ", ".join(StoredEvent._fields)

_ROW_GROUP = 122_880
"""DuckDB keeps so many rows together, and passes over those that cannot hold what is wanted."""

_MOST_QUERIES = 8


class Run(Protocol):
    """Run a query on a cursor, and return what it gives."""

    def __call__(self, query: Callable[[duckdb.DuckDBPyConnection], T], /) -> T:
        """Raise `EventStoreError` if it fails."""
        ...


class DuckDBLogReader:
    """A `LogReader` of a DuckDB file.

    Args:
        run: Runs a query on the file.
        head: The position of the last event; later ones are not seen.
        close: Lets go of the file, if it was opened for this reader.
    """

    def __init__(self, run: Run, head: int, close: Callable[[], object] = lambda: None) -> None:
        self._run = run
        self.close = close
        self._head = head
        self._streams: StreamHashes | None = None

    def __len__(self) -> int:
        return self._head

    def outline(self) -> Outline:
        """Return the log without its contents."""
        types = self._run(lambda cursor: cursor.execute("SELECT DISTINCT event_type FROM events").fetchall())
        names = sorted(name for (name,) in types)
        outlining = Outlining(self._head, np.uint64)
        for after in range(0, self._head, _STRETCH):
            until = min(after + _STRETCH, self._head)
            outlining.put(after, **self._run(lambda cursor: _outline(cursor, names, after, until)))  # noqa: B023 - run at once
        outline, self._streams = outlining.finish(tuple(names))
        return outline

    def rows(self, positions: Sequence[int]) -> list[StoredEvent]:
        """Return the rows at these positions."""
        found: dict[int, StoredEvent] = {}
        for together in _near(positions):
            query = f"SELECT {_ALL} FROM events WHERE position IN (SELECT unnest(?::BIGINT[]))"  # noqa: S608 - constant
            for row in self._run(lambda cursor: cursor.execute(query, [together]).fetchall()):  # noqa: B023 - run at once
                found[row[0]] = StoredEvent._make((*row[:6], as_utc(row[6]), *row[7:]))
        return [found[position] for position in positions]

    def columns(self, *names: str, after: int, until: int) -> Columns:
        """Return a stretch of the log by column."""
        return self._run(lambda cursor: read_stretch(cursor, names, after, until))

    def stream_of(self, stream_id: str) -> int | None:
        """Return the number of a stream; very seldom that of another, whose events then say so."""
        [(number,)] = self._run(lambda cursor: cursor.execute("SELECT hash(?::VARCHAR)", [stream_id]).fetchall())
        return None if self._streams is None else self._streams.number(number)

    def stream_ids(self, after: int, until: int) -> list[str]:
        """Return the ids of the streams that begin in a stretch."""
        query = "SELECT stream_id FROM events WHERE position > ? AND position <= ? AND version = 1 ORDER BY position"
        return [each for (each,) in self._run(lambda cursor: cursor.execute(query, [after, until]).fetchall())]


class _Connection:
    """The connection to a file, which all its readers in this process share; the last one to go closes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cursor = open_for_reading(path)
        self.lock = threading.Lock()  # a connection is for one thread at a time
        self._close = weakref.finalize(self, _let_go, self.cursor, path)


_connections: "weakref.WeakValueDictionary[tuple[int, int], _Connection]" = weakref.WeakValueDictionary()
"""The files that are read in this process, by device and number."""

_opening = threading.Lock()


class DuckDBLogFile:
    """A log's file, open for reading until it is closed or nobody has it any more.

    Several processes may have it open at once, and one process several times.

    Raises:
        EventStoreError: The file cannot be opened, or is no log.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._connection: _Connection | None = _connection(self._path)

    def reader(self) -> DuckDBLogReader:
        """Return a reader, which keeps the file open."""
        [(head,)] = self.run(lambda cursor: cursor.execute("SELECT count(*) FROM events").fetchall())
        return DuckDBLogReader(self.run, head, self.close)

    def run(self, query: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Run a query."""
        connection = self._connection
        if connection is None:
            raise EventStoreError(f"{self._path} was closed here, and nothing more can be read: open it again")
        try:
            with connection.lock:
                return query(connection.cursor)
        except duckdb.Error as error:
            raise failure(self._path, error) from error

    def close(self) -> None:
        """Let go of the file; closing twice is harmless."""
        self._connection = None


def read_stretch(cursor: duckdb.DuckDBPyConnection, names: tuple[str, ...], after: int, until: int) -> Columns:
    """Read a stretch of the log by column, as Python values."""
    found = _arrays(cursor, ", ".join(names), after, until, [])
    columns: dict[str, list[Any]] = {name: values.tolist() for name, values in found.items()}
    if "recorded_at" in columns:
        columns["recorded_at"] = list(map(as_utc, columns["recorded_at"]))
    return columns


def _outline(cursor: duckdb.DuckDBPyConnection, names: list[str], after: int, until: int) -> dict[str, Any]:
    wanted = (
        "hash(stream_id) AS hashes, version AS versions, epoch_us(recorded_at) AS times, "
        "(list_position(?, event_type) - 1)::UINTEGER AS types"
    )
    return _arrays(cursor, wanted, after, until, [names])


def _arrays(
    cursor: duckdb.DuckDBPyConnection, wanted: str, after: int, until: int, parameters: list[Any]
) -> dict[str, Any]:
    query = f"SELECT position AS place, {wanted} FROM events WHERE position > ? AND position <= ?"  # noqa: S608 - ours
    found = cursor.execute(query, [*parameters, after, until]).fetchnumpy()
    # DuckDB gives rows as they were inserted, which is by position; to have it sort them again takes a fifth longer.
    if not np.array_equal(found.pop("place"), np.arange(after + 1, until + 1)):
        raise EventStoreError(f"the log does not hold each position from {after + 1} to {until} once, in order")
    return found


def _near(positions: Sequence[int]) -> Iterator[list[int]]:
    """Give positions in groups that are near each other, a query for each: between them the file is passed over."""
    wanted = np.unique(np.asarray(positions, dtype=np.int64))
    gaps = np.flatnonzero(np.diff(wanted) > _ROW_GROUP) + 1
    for group in np.split(wanted, gaps if len(gaps) < _MOST_QUERIES else []):
        if len(group):
            yield group.tolist()


def _connection(path: Path) -> _Connection:
    """Return the connection to a file, a new one if there is none."""
    with _opening:
        try:
            file = path.stat()
        except OSError:
            return _Connection(path)  # which says what is wrong
        known = _connections.get((file.st_dev, file.st_ino))
        if known is None:
            known = _connections[file.st_dev, file.st_ino] = _Connection(path)
        return known


def _let_go(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.close()
    release(path)
