"""The one thread that writes a log's DuckDB file: it joins waiting appends into one transaction.

A transaction costs DuckDB over a millisecond, however few rows it has; so while one is being committed the next
appends gather, and go together (group commit).
"""

import asyncio
import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from uuid import UUID

import duckdb
import numpy as np

from orderlab.collector import collector_resting
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, StoredEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.bell import Bell
from orderlab.eventstore.duckdb_file import connect, failure, open_file, release
from orderlab.eventstore.ledger import Ledger, Place
from orderlab.eventstore.stored import EncodedAppend, as_utc

logger = logging.getLogger(__name__)

Answers = list[Appended | AppendRefused]

_IDLE_SECONDS = 2.0
"""After so long without an append the log is checkpointed, which an append would otherwise wait for."""

_MANY_EVENTS = 1_000
"""Beyond so many events in one transaction the garbage collector rests meanwhile."""

_GROUP_EVENTS = 20_000
"""A transaction takes in no more appends once it has this many events."""


@dataclass(slots=True)
class _Job:
    batch: Sequence[EncodedAppend]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    done: "asyncio.Future[Answers]" = field(init=False)

    def __post_init__(self) -> None:
        self.done = self.loop.create_future()


class DuckDBWriter:
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
        self._path = path
        self._create = create
        self._clock = clock
        self._ids = ids
        self._bell = bell
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name=f"orderlab {path.name}", daemon=True)
        self._started = False
        self._closing = False
        self._given_up = False
        self._lock = threading.Lock()
        self.position = 0

    def open(self) -> "Future[None]":
        """Start the thread if it is not running, and return when it can be used."""
        with self._lock:
            if self._failed() and not self._closing:  # tried again, for the reason may have gone
                self._opened, self._started = Future(), False
                self._thread = threading.Thread(target=self._run, name=self._thread.name, daemon=True)
            if not self._started and not self._closing:
                self._started = True
                self._thread.start()
        return self._opened

    def submit(self, batch: Sequence[EncodedAppend]) -> "asyncio.Future[Answers]":
        """Hand in a batch; the future gives its answers once they are durable.

        A caller who gives up waiting cancels the future, not the append.

        Raises:
            EventStoreError: The writer was closed, by another thread just now.
        """
        job = _Job(batch)
        with self._lock:  # so that nothing comes after the sign to close, where it would never be answered
            if self._closing:
                raise _closed(self._path)
            self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Write what was handed in, checkpoint, and close the file; blocks until that is done."""
        with self._lock:
            first, self._closing = not self._closing, True
            if first and not self._started:
                self._opened.set_exception(_closed(self._path))
            elif first:
                self._jobs.put(None)
        # The collector may drop an event store in any thread, so also in this one.
        if self._started and self._thread is not threading.current_thread():
            self._thread.join()

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

    def _failed(self) -> bool:
        return self._started and self._opened.done() and self._opened.exception() is not None

    def _run(self) -> None:
        try:
            self._connection = open_file(self._path, create=self._create)
            try:
                self._read_bookkeeping()
            except BaseException:
                self._let_go()
                raise
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the file to open
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        try:
            self._work()
        finally:
            self._checkpoint()
            self._let_go()

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

    def _work(self) -> None:
        dirty = False
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS if dirty else None)
            except Empty:
                self._checkpoint()
                dirty = False
                continue
            if job is None:
                return
            group, closing = self._gather(job)
            self._commit(group)
            dirty = True
            if closing:
                return

    def _gather(self, job: _Job) -> tuple[list[_Job], bool]:
        """Take all that waits; also tell whether the sign to close was among it."""
        group, events = [job], _events(job)
        while events < _GROUP_EVENTS:
            try:
                more = self._jobs.get_nowait()
            except Empty:
                break
            if more is None:
                return group, True
            group.append(more)
            events += _events(more)
        return group, False

    def _commit(self, group: list[_Job]) -> None:
        """Write a group in one transaction; if that fails, each job by itself, so that none fails for another."""
        try:
            if self._given_up:
                self._reopen()
            with collector_resting() if sum(map(_events, group)) > _MANY_EVENTS else nullcontext():
                plan = self._ledger.plan([append for job in group for append in job.batch], self._clock, self._ids)
                if plan.rows:
                    self._write(plan.rows)
        except BaseException as error:  # noqa: BLE001 - a clock may fail as well as a disk; whoever waits is told
            if len(group) > 1:
                for job in group:
                    self._commit([job])
                return
            if isinstance(error, duckdb.Error):
                error = failure(self._path, error)
            elif not isinstance(error, Exception) or isinstance(error, StopIteration):  # which no future can carry
                error = EventStoreError(f"the clock or the id generator of {self._path} failed: {error!r}")
            _deliver([(group[0], error)])
            return
        self._ledger.accept(plan)
        self.position = self._ledger.position
        answers = iter(plan.answers)
        _deliver([(job, [next(answers) for _ in job.batch]) for job in group])
        if plan.rows:
            self._bell.ring()

    def _write(self, rows: Sequence[StoredEvent]) -> None:
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


def _closed(path: Path) -> EventStoreError:
    return EventStoreError(f"the event store in {path} is closed")


def _deliver(results: list[tuple[_Job, Answers | Exception]]) -> None:
    """Hand each job its result in its own event loop, waking each loop once however many jobs it has."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Job, Answers | Exception]]] = {}
    for job, result in results:
        by_loop.setdefault(job.loop, []).append((job, result))
    for loop, its_results in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, its_results)
        except RuntimeError:
            logger.debug("an event loop was closed before its appends were answered; they are durable all the same")


def _settle(results: list[tuple[_Job, Answers | Exception]]) -> None:
    for job, result in results:
        if job.done.done():  # its caller has given up waiting
            continue
        if isinstance(result, Exception):
            job.done.set_exception(result)
        else:
            job.done.set_result(result)


def _events(job: _Job) -> int:
    return sum(len(append.events) for append in job.batch)


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
