"""The one thread that writes a log's DuckDB file."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import duckdb
import numpy as np

from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.bell import Bell
from orderlab.eventstore.duckdb_file import connect, failure, open_file, release
from orderlab.eventstore.groupwriter import Answers, GroupWriter
from orderlab.eventstore.ledger import Ledger, Place
from orderlab.eventstore.stored import EncodedAppend, as_utc

logger = logging.getLogger(__name__)


class DuckDBWriter(GroupWriter):
    """Own a log's connection and ledger, and write to it from a thread of its own.

    Args:
        path: The file, resolved.
        create: Make a log if there is none.
        clock: What stamps `recorded_at`.
        ids: What draws event ids.
        bell: Rung after each commit that wrote something.
    """

    reader: duckdb.DuckDBPyConnection
    """Once open: what readers make their cursors of."""

    def __init__(self, path: Path, clock: Clock, ids: IdGenerator, bell: Bell, *, create: bool = True) -> None:
        super().__init__(str(path))
        self._path = path
        self._create = create
        self._clock = clock
        self._ids = ids
        self._bell = bell
        self._given_up = False
        self.position = 0

    def require_file(self) -> None:
        """Make sure that the file is still the one that was opened: what goes to a deleted one is gone at the end.

        Raises:
            EventStoreError: It is not.
        """
        try:
            present: tuple[int, int] | None = _identity(self._path)
        except OSError:
            present = None
        if present != self._file:
            raise EventStoreError(f"{self._path} was deleted or moved away while it was open: nothing more is written")

    def _begin(self) -> None:
        self._connection = open_file(self._path, create=self._create)
        try:
            self._read_bookkeeping()
        except BaseException:
            self._let_go()
            raise

    def _read_bookkeeping(self) -> None:
        self._file = _identity(self._path)
        try:
            self._ledger = _read_ledger(self._connection)
            self._appender = self._connection.appender("events")
            self.reader = self._connection.cursor()
        except duckdb.Error as error:  # damage that opening the file did not meet
            raise failure(self._path, error) from error
        self.position = self._ledger.position

    def _let_go(self) -> None:
        self._connection.close()
        release(self._path)
        # Whoever still holds this writer holds nothing of DuckDB's, which complains of what is left at the very end.
        for name in ("_connection", "_appender", "_ledger", "reader"):
            self.__dict__.pop(name, None)

    def _write(self, appends: Sequence[EncodedAppend]) -> Answers:
        if self._given_up:
            self._reopen()
        plan = self._ledger.plan(appends, self._clock.now(), self._ids)
        if plan.rows:
            self._insert(plan.rows)
        self._ledger.accept(plan)
        self.position = self._ledger.position
        return plan.answers

    def _failure(self, error: Exception) -> Exception:
        return failure(self._path, error) if isinstance(error, duckdb.Error) else error

    def _announce(self) -> None:
        self._bell.ring()

    def _rest(self) -> None:
        self._checkpoint()

    def _end(self) -> None:
        self._checkpoint()
        self._let_go()

    def _insert(self, rows: Sequence[StoredEvent]) -> None:
        self.require_file()
        try:
            self._connection.begin()
            self._appender.append_rows(_as_written(rows))
            self._appender.flush()
            self._connection.commit()
        except duckdb.FatalException:
            self._given_up = True
            raise
        except duckdb.Error:
            self._appender.clear()  # it keeps its rows through a rollback
            try:
                self._connection.rollback()
            except duckdb.TransactionException:
                logger.debug("the failed commit had ended its transaction already")
            raise

    def _checkpoint(self) -> None:
        try:
            self._connection.execute("CHECKPOINT")
        except duckdb.Error as error:  # every commit is safe in the write-ahead file, so nothing is lost
            self._given_up = True
            logger.warning("%s", failure(self._path, error))
            try:
                self._reopen()
            except EventStoreError as not_yet:  # tried again with the next append, whose writer is told
                logger.warning("%s", not_yet)

    def _reopen(self) -> None:
        """Begin again with what is durable: after some failures DuckDB takes no more from a connection."""
        self._connection.close()
        self._connection = connect(self._path, create=False)
        self._read_bookkeeping()
        self._given_up = False


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _as_written(rows: Sequence[StoredEvent]) -> Iterator[tuple[object, ...]]:
    aware, naive = None, None
    for (
        position,
        stream,
        version,
        event_id,
        kind,
        schema,
        recorded_at,
        correlation,
        causation,
        metadata,
        payload,
    ) in rows:
        if recorded_at is not aware:
            aware, naive = recorded_at, recorded_at.replace(tzinfo=None)
        # DuckDB takes in an id as hexadecimal text in two thirds of the time that the object would take.
        yield (
            position,
            stream,
            version,
            event_id.hex,
            kind,
            schema,
            naive,
            correlation,
            causation,
            metadata,
            payload,
        )


def _read_ledger(connection: duckdb.DuckDBPyConnection) -> Ledger:
    """Rebuild the bookkeeping from the log."""
    heads = connection.execute("SELECT stream_id, max(version) FROM events GROUP BY stream_id").fetchall()
    [(position, last)] = connection.execute(
        "SELECT coalesce(max(position), 0), max(recorded_at) FROM events"
    ).fetchall()
    return Ledger(
        _Ids(connection.cursor()),
        heads=dict(heads),
        position=position,
        recorded_at=None if last is None else as_utc(last),
    )


class _Ids:
    """The event ids of the log: half of each in a sorted array, eight bytes an event; certainty from the table."""

    _HALF = 2**64 - 1

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        halves = connection.execute(
            "SELECT (event_id::UHUGEINT & 18446744073709551615)::UBIGINT AS half FROM events ORDER BY 1"
        )
        self._old = np.asarray(halves.fetchnumpy()["half"], dtype=np.uint64)
        self._new: set[int] = set()

    def __contains__(self, event_id: UUID) -> bool:
        half = event_id.int & self._HALF
        if half in self._new:
            return True
        if not self._old.size:
            return False
        index = int(np.searchsorted(self._old, np.uint64(half)))
        return index < self._old.size and int(self._old[index]) == half

    def locate(self, event_ids: Sequence[UUID]) -> dict[UUID, Place]:
        found = self._connection.execute(
            "SELECT event_id, stream_id, version, position FROM events WHERE event_id IN (SELECT unnest(?::UUID[]))",
            [[event_id.hex for event_id in event_ids]],
        ).fetchall()
        return {event_id: Place(*place) for event_id, *place in found}

    def add(self, rows: Sequence[StoredEvent]) -> None:
        self._new.update(row.event_id.int & self._HALF for row in rows)
