"""One thread that writes a log: it joins waiting appends into one transaction.

A transaction costs a durable log the same, however few rows it has; so while one is being committed the next appends
gather, and go together (group commit).
"""

import asyncio
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from orderlab.collector import collector_resting
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended
from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.stored import EncodedAppend

logger = logging.getLogger(__name__)

Answers = list[Appended | AppendRefused]

_IDLE_SECONDS = 2.0
"""After so long without an append the writer may put its log in order, which an append would otherwise wait for."""

_MANY_EVENTS = 1_000
"""Beyond so many events in one transaction the garbage collector rests meanwhile."""

_GROUP_EVENTS, _GROUP_CHARACTERS = 20_000, 64 * 1024 * 1024
"""A transaction takes in no more appends once it has so many events, or characters of them."""


@dataclass(slots=True)
class _Job:
    batch: Sequence[EncodedAppend]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    done: "asyncio.Future[Answers]" = field(init=False)

    def __post_init__(self) -> None:
        self.done = self.loop.create_future()


class GroupWriter(ABC):
    """Write what is handed in, a group in each transaction, from a thread of its own.

    A subclass says how the log is opened, written and let go; all of that happens in the thread.

    Args:
        called: What the thread, and messages, call the log.
    """

    def __init__(self, called: str) -> None:
        self._called = called
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._opened: Future[None] = Future()
        self._thread = self._new_thread()
        self._started = False
        self._closing = False
        self._lock = threading.Lock()

    @abstractmethod
    def _begin(self) -> None:
        """Open the log; what it raises is told to whoever waits for that."""

    @abstractmethod
    def _write(self, appends: Sequence[EncodedAppend]) -> Answers:
        """Write some appends in one transaction; if it raises anything but `Unreachable`, none of them is written."""

    @abstractmethod
    def _failure(self, error: Exception) -> Exception:
        """Return what an append failed by in words for a person."""

    @abstractmethod
    def _announce(self) -> None:
        """Tell who waits for the log to grow that it has; those who wrote have their answers."""

    @abstractmethod
    def _end(self) -> None:
        """Let go of the log, for good."""

    def end_reading(self) -> None:
        """Have nobody who reads the log wait for it any more, because it is about to be closed; in any thread."""
        return

    def _rest(self) -> None:
        """Put the log in order while nobody waits."""
        return

    def open(self) -> "Future[None]":
        """Start the thread if it is not running, and return when it can be used."""
        with self._lock:
            if self._failed() and not self._closing:  # tried again, for the reason may have gone
                self._opened, self._started = Future(), False
                self._thread = self._new_thread()
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
                raise self._closed()
            self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Write what was handed in, and let go of the log; blocks until that is done."""
        with self._lock:
            first, self._closing = not self._closing, True
            if first and not self._started:
                self._opened.set_exception(self._closed())
            elif first:
                self._jobs.put(None)
        # The collector may drop an event store in any thread, so also in this one.
        if self._started and self._thread is not threading.current_thread():
            self._thread.join()

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name=f"orderlab {self._called}", daemon=True)

    def _failed(self) -> bool:
        return self._started and self._opened.done() and self._opened.exception() is not None

    def _closed(self) -> EventStoreError:
        return EventStoreError(f"the event store in {self._called} is closed")

    def _run(self) -> None:
        try:
            self._begin()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the log to open
            self._opened.set_exception(error)
            return
        self._opened.set_result(None)
        try:
            self._work()
        finally:
            self._end()

    def _work(self) -> None:
        dirty = False
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS if dirty else None)
            except Empty:
                self._rest()
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
        group, events, characters = [job], _events(job), _characters(job)
        while events < _GROUP_EVENTS and characters < _GROUP_CHARACTERS:
            try:
                more = self._jobs.get_nowait()
            except Empty:
                break
            if more is None:
                return group, True
            group.append(more)
            events += _events(more)
            characters += _characters(more)
        return group, False

    def _commit(self, group: list[_Job]) -> None:
        """Write a group in one transaction; if that fails, each job by itself, so that none fails for another."""
        try:
            with collector_resting() if sum(map(_events, group)) > _MANY_EVENTS else nullcontext():
                answers = self._write([append for job in group for append in job.batch])
        except BaseException as error:  # noqa: BLE001 - a clock may fail as well as a disk; whoever waits is told
            if len(group) > 1 and not isinstance(error, Unreachable):
                for job in group:
                    self._commit([job])
                return
            if not isinstance(error, Exception) or isinstance(error, StopIteration):  # which no future can carry
                error = EventStoreError(f"the clock or the id generator of {self._called} failed: {error!r}")
            failure = self._failure(error)
            _deliver([(job, failure) for job in group])
            return
        in_turn = iter(answers)
        _deliver([(job, [next(in_turn) for _ in job.batch]) for job in group])
        if any(isinstance(answer, Appended) and answer.rows for answer in answers):
            self._announce()


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


def _characters(job: _Job) -> int:
    return sum(len(encoded.payload) for append in job.batch for encoded, _, _ in append.events)


def _events(job: _Job) -> int:
    return sum(len(append.events) for append in job.batch)
