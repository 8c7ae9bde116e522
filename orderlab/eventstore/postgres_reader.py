"""Read a log in PostgreSQL at any place, for time travel: its outline at once, and rows as they are wanted.

Each question is one statement and so one round trip, and the outline is one for each stretch. There PostgreSQL writes
the numbers of many events into one value a column, as they go over the network, and numpy takes that as it is: a tenth
of the time of as many rows.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import psycopg

from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns, EventStoreError, Outline
from orderlab.eventstore.outlining import Outlining
from orderlab.eventstore.postgres_schema import Connection

T = TypeVar("T")

_STRETCH = 100_000
"""Events of the outline that are read at a time."""

_AS_TEXT = ("metadata", "payload")

SELECTED = ", ".join(f"{name}::text" if name in _AS_TEXT else name for name in StoredEvent._fields)
"""What is read of a row."""

_YEAR_2000 = 946_684_800_000_000
"""Where PostgreSQL begins to count time, in microseconds since 1970."""

_OUTLINE = """
SELECT count(*),
    string_agg(int8send(hashtextextended(stream_id, 0)), ''),
    string_agg(int4send(version), ''),
    string_agg(int4send(coalesce(array_position(%b::text[], event_type), 0)), ''),
    string_agg(timestamptz_send(recorded_at), '')
FROM (SELECT * FROM {log}.events WHERE position > %b AND position <= %b ORDER BY position) stretch
"""
_TYPES = """
SELECT DISTINCT event_type FROM {log}.events
WHERE position > %b AND position <= %b AND event_type <> ALL (%b::text[])
"""
_FIRST = "SELECT position FROM {log}.events WHERE stream_id = %b AND version = 1"
_BEGINNING = """
SELECT array_agg(stream_id) FROM (
    SELECT stream_id FROM {log}.events WHERE position > %b AND position <= %b AND version = 1 ORDER BY position
) beginning
"""


_ROWS = f"SELECT {SELECTED} FROM {{log}}.events WHERE position = ANY (%b::bigint[])"  # noqa: S608 - all of it is ours


class Run(Protocol):
    """Run a query on a connection, and return what it gives."""

    def __call__(self, query: Callable[[Connection], T], /) -> T:
        """Raise `EventStoreError` if it fails."""
        ...


class PostgresLogReader:
    """A `LogReader` of a log in PostgreSQL.

    Args:
        run: Runs a query on the database.
        head: The position of the last event; later ones are not seen.
    """

    def __init__(self, run: Run, head: int) -> None:
        self._run = run
        self._head = head
        self._streams: Sequence[Any] | np.ndarray[Any, Any] = ()

    def __len__(self) -> int:
        return self._head

    def outline(self) -> Outline:
        """Return the log without its contents."""
        outlining, names = Outlining(self._head, np.int64), list[str]()
        for after in range(0, self._head, _STRETCH):
            until = min(after + _STRETCH, self._head)
            hashes, versions, types, times = self._outline(names, after, until)
            if not types.all():
                names += sorted(name for (name,) in self._ask(_TYPES, after, until, names))
                hashes, versions, types, times = self._outline(names, after, until)
            outlining.put(after, hashes=hashes, versions=versions, types=types - 1, times=times + _YEAR_2000)
        outline, _ = outlining.finish(tuple(names))
        self._streams = outline.streams
        return outline

    def rows(self, positions: Sequence[int]) -> list[StoredEvent]:
        """Return the rows at these positions."""
        asked = list(set(positions))
        found = self._ask(_ROWS, asked)
        by_position = {row[0]: StoredEvent._make(row) for row in found}
        return [by_position[position] for position in positions]

    def columns(self, *names: str, after: int, until: int) -> Columns:
        """Return a stretch of the log by column."""
        return self._run(lambda connection: read_stretch(connection, names, after, until))

    def stream_of(self, stream_id: str) -> int | None:
        """Return the number of a stream."""
        for (position,) in self._ask(_FIRST, stream_id):
            if position <= len(self._streams):
                return int(self._streams[position - 1])
        return None

    def stream_ids(self, after: int, until: int) -> list[str]:
        """Return the ids of the streams that begin in a stretch."""
        [(found,)] = self._ask(_BEGINNING, after, until)
        return found or []

    def _outline(self, names: list[str], after: int, until: int) -> list[np.ndarray[Any, Any]]:
        [(count, *columns)] = self._ask(_OUTLINE, names, after, until)
        if count != until - after:  # no position is there twice
            raise EventStoreError(f"the log does not hold each position from {after + 1} to {until}")
        return [np.frombuffer(each, kind) for each, kind in zip(columns, (">i8", ">i4", ">i4", ">i8"), strict=True)]

    def _ask(self, query: str, *parameters: Any) -> list[Any]:
        def asked(connection: Connection) -> list[Any]:
            return connection.execute(connection.about_log(query), parameters, prepare=True, binary=True).fetchall()

        return self._run(asked)


def read_stretch(connection: Connection, names: tuple[str, ...], after: int, until: int) -> Columns:
    """Read a stretch of the log by column, as lists that PostgreSQL puts together.

    They arrive in a fifth of the time of as many rows.
    """
    wanted = ", ".join(f"array_agg({name}{'::text' if name in _AS_TEXT else ''})" for name in names)
    query = (
        f"SELECT {wanted} FROM (SELECT {', '.join(names)} FROM {{log}}.events "  # noqa: S608 - names of ours
        "WHERE position > %s AND position <= %s ORDER BY position) stretch"
    )
    try:
        found = connection.execute(connection.about_log(query), [after, until], prepare=True, binary=True).fetchone()
    except (psycopg.errors.ProgramLimitExceeded, psycopg.errors.InternalError_):
        if until - after <= 1:
            raise
        middle = (after + until) // 2  # more than a gigabyte: a value of PostgreSQL holds no more
        first, second = (read_stretch(connection, names, *ends) for ends in ((after, middle), (middle, until)))
        return {name: first[name] + second[name] for name in names}
    values: Sequence[Any] = found or ()
    return {name: value or [] for name, value in zip(names, values, strict=True)}
