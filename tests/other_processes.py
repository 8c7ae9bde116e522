"""Processes beside the test's own, quick to start: what they do is a function of a module directly under `tests`."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import traceback
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 120.0

_LIBRARIES = ["pytest", "orderlab", "orderlab.runtime", "orderlab.eventstore.postgres"]


class Other(Generic[T]):
    """A process that runs a coroutine function, and what comes of it."""

    def __init__(
        self, context: BaseContext, work: Callable[..., Coroutine[Any, Any, T]], args: tuple[Any, ...]
    ) -> None:
        self._answers, answering = context.Pipe(duplex=False)
        # Every start method that there is has a class of its own, which the base does not know of.
        self._process = context.Process(target=_run, args=(answering, work, args))  # type: ignore[attr-defined]
        self._process.start()
        answering.close()

    def result(self, patience: float = PATIENCE_SECONDS) -> T:
        """Wait for its end, and return what came of it, or fail as it did."""
        assert self._answers.poll(patience), "it takes too long"
        try:
            answer, failure = self._answers.recv()
        except EOFError:
            raise AssertionError("it was killed") from None
        assert failure is None, failure
        self._process.join(patience)
        result: T = answer
        return result

    @property
    def is_running(self) -> bool:
        return bool(self._process.is_alive())

    def kill(self) -> None:
        """End it by the signal that it cannot catch."""
        self._process.kill()
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode == -signal.SIGKILL

    def stand_still(self) -> None:
        """Hold it up, wherever it is, until `go_on`; return when it does nothing any more."""
        os.kill(self._process.pid, signal.SIGSTOP)
        while _state_of(self._process.pid) != "T":
            pass

    def go_on(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def remove(self) -> None:
        self._process.kill()
        self._process.join(PATIENCE_SECONDS)
        self._process.close()
        self._answers.close()


class OtherProcesses:
    """Start processes; at the end of the context none of them is left."""

    def __init__(self) -> None:
        self.context = _quickest()
        self._started: list[Other[Any]] = []

    def start(self, work: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> Other[T]:
        """Run a coroutine function in a process of its own."""
        other = Other(self.context, work, args)
        self._started.append(other)
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for other in self._started:
            other.remove()


def _run(answering: Connection, work: Callable[..., Coroutine[Any, Any, Any]], args: tuple[Any, ...]) -> None:
    try:
        answering.send((asyncio.run(work(*args)), None))
    except BaseException:  # noqa: BLE001 - told to the test, which fails by it
        answering.send((None, traceback.format_exc()))


def _state_of(pid: int) -> str:
    told = subprocess.run(["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return told.stdout.strip()[:1]


def _quickest() -> BaseContext:
    """Return the quickest way there is here to a new process that shares nothing with this one."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LIBRARIES)
    return context
