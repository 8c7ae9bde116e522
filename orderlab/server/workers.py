"""Several processes that serve one log: begun together, replaced when one dies, and ended together.

The process of the command only looks after them, and accepts nobody: that is the workers' part. What it says to them
and hears of them goes through pipes, so that no worker outlives it, whatever ends it.
"""

import base64
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from subprocess import PIPE, Popen
from time import monotonic

import msgspec

from orderlab.core.errors import OrderlabError
from orderlab.server.running import STOPS, for_worker
from orderlab.server.settings import ServerSettings, as_given
from orderlab.server.worker import Failed, Order, Ready

logger = logging.getLogger(__name__)

_PACKAGES = str(Path(__file__).parent.parent.parent)

# Not -m: a file `random.py` in the folder of the log must not be what a worker imports. The package itself is this one.
_BOOT = (
    "import sys; own = sys.argv.pop(1); sys.path.insert(0, own); import orderlab; sys.path.remove(own); "
    "sys.path.append(own); from orderlab.server.worker import main; main()"
)

_SOON, _SELDOM = 0.5, 30.0
"""Seconds before a worker is begun in the place of one that did not live long: at first, and in the long run."""

_LONG = 30.0
"""Seconds after which a worker that dies is no sign that the next one will as well."""

_GRACE_SECONDS = 30.0
"""How long workers may take to do what they have accepted; the server gives connections five."""

_TURN_SECONDS = 0.5
"""How often signals are looked for where a waiting thread does not hear of them, as on Windows."""


class WorkerFailed(OrderlabError):
    """A worker could not begin to serve; the text says why."""


class Process:
    """A worker from outside: its process, and what it has said.

    Args:
        settings: Which log, and who may use the server.
        listening: Where it listens.
        heard: Given this and each thing that it says, and None at its end, from a thread.
    """

    def __init__(
        self,
        settings: ServerSettings,
        listening: socket.socket,
        heard: "Callable[[Process, Ready | Failed | None], object]",
    ) -> None:
        self.ready_at: float | None = None
        self.failure: str | None = None
        program = [sys.executable, "-P", "-c", _BOOT, _PACKAGES]
        if sys.platform == "win32":
            self._process = Popen(program, bufsize=0, stdin=PIPE, stdout=PIPE)  # noqa: S603 - ours
            told = base64.b64encode(listening.share(self._process.pid)).decode()
        else:
            self._process = Popen(  # noqa: S603 - our own interpreter and program
                program,
                bufsize=0,
                stdin=PIPE,
                stdout=PIPE,
                pass_fds=(listening.fileno(),),
                process_group=0,  # so that Ctrl-C reaches this process alone, who tells the workers
            )
            told = str(listening.fileno())
        self._write(msgspec.json.encode(Order(as_given(settings), told)) + b"\n")
        threading.Thread(target=self._listen, args=(heard,), daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def end(self) -> str:
        """How it ended."""
        status = self._process.returncode
        return f"killed by signal {-status}" if status is not None and status < 0 else f"exit code {status}"

    def stop(self) -> None:
        """Tell it to do what it has accepted, and end; told again, it waits for nobody."""
        self._write(b"stop\n")

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # it has ended, which is heard of in its own time
            self._process.stdin.write(line)

    def _listen(self, heard: "Callable[[Process, Ready | Failed | None], object]") -> None:
        assert self._process.stdout is not None
        try:
            with self._process:
                for line in self._process.stdout:
                    try:
                        heard(self, msgspec.json.decode(line, type=Ready | Failed))
                    except msgspec.MsgspecError:  # whatever printed it, it is not the worker's word
                        logger.warning("worker %d printed %r", self.pid, line)
        finally:
            heard(self, None)


class Workers:
    """So many workers, for as long as this process is not told to stop.

    Args:
        settings: Which log, how many workers, and who may use the server.
        listening: Where they listen, as `listen` makes it for workers.
    """

    def __init__(self, settings: ServerSettings, listening: socket.socket) -> None:
        self._settings = settings
        self._listening = listening
        self._events: SimpleQueue[int | tuple[Process, Ready | Failed | None]] = SimpleQueue()
        self._processes: set[Process] = set()
        self._due: list[float] = []
        self._pause = 0.0
        self._started = False

    def run(self, started: Callable[[int], object]) -> None:
        """Serve until told to stop; then let every worker do what it has accepted, and come back.

        Args:
            started: Called once, with the last position of the log, when all workers take requests.

        Raises:
            WorkerFailed: One could not begin.
        """
        with self._told_by_signals():
            try:
                self._due = [monotonic()] * self._settings.workers
                while self._turn(started):
                    pass
            finally:
                self._end()

    def _turn(self, started: Callable[[int], object]) -> bool:
        """Begin the workers that are due, and take in what happens next; return whether to go on."""
        while self._due and self._due[0] <= monotonic():
            self._due.pop(0)
            try:
                self._begin()
            except OSError as error:
                if not self._started:
                    raise
                self._pause = _pause_after(self._pause)
                self._due = sorted([*self._due, monotonic() + self._pause])
                logger.warning("no worker can begin now (%s): one does in %.1f seconds", error, self._pause)
        event = self._next(self._due[0] if self._due else None)
        if isinstance(event, int):
            return False
        if event is not None:
            process, said = event
            if isinstance(said, Ready):
                self._ready(process, said, started)
            elif isinstance(said, Failed):
                process.failure = said.why
            else:
                self._ended(process)
        return True

    def _begin(self) -> None:
        with for_worker(self._listening) as its_own:
            self._processes.add(Process(self._settings, its_own, lambda *heard: self._events.put(heard)))

    def _ready(self, process: Process, said: Ready, started: Callable[[int], object]) -> None:
        process.ready_at = monotonic()
        if self._started:
            logger.info("worker %d takes requests", process.pid)
        elif all(each.ready_at is not None for each in self._processes):
            self._started = True
            started(said.position)

    def _ended(self, process: Process) -> None:
        """Have another worker take the place of one that has ended, unless not all have begun yet."""
        self._processes.discard(process)
        why = process.failure or process.end
        if not self._started:
            raise WorkerFailed(process.failure or f"a worker ended before it took requests: {process.end}")
        lived = 0.0 if process.ready_at is None else monotonic() - process.ready_at
        self._pause = 0.0 if lived >= _LONG else _pause_after(self._pause)
        self._due = sorted([*self._due, monotonic() + self._pause])
        logger.warning("worker %d has gone (%s): another begins in %.1f seconds", process.pid, why, self._pause)

    def _end(self) -> None:
        """End every worker, in an orderly way if it can be."""
        self._listening.close()  # whoever comes now is refused, and not left waiting
        self._stop()
        until = monotonic() + _GRACE_SECONDS
        while self._processes:
            event = self._next(until)
            if isinstance(event, int):  # told to stop once more: it is urgent
                self._stop()
            elif event is not None and event[1] is None:
                self._processes.discard(event[0])
            elif monotonic() >= until:
                logger.error("workers that did not end in time are ended now: %d", len(self._processes))
                for process in self._processes:
                    process.kill()
                until += _GRACE_SECONDS

    def _stop(self) -> None:
        for process in self._processes:
            process.stop()

    def _next(self, until: float | None) -> "int | tuple[Process, Ready | Failed | None] | None":
        """Wait for what happens next, up to a time; None if nothing does."""
        while True:
            seconds = None if until is None else max(0.0, until - monotonic())
            turn = seconds
            if sys.platform == "win32":
                turn = _TURN_SECONDS if seconds is None else min(seconds, _TURN_SECONDS)
            try:
                return self._events.get(timeout=turn)
            except Empty:
                if turn == seconds:
                    return None

    @contextmanager
    def _told_by_signals(self) -> Iterator[None]:
        before = {each: signal.signal(each, lambda number, _: self._events.put(number)) for each in STOPS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _pause_after(pause: float) -> float:
    return min(max(2 * pause, _SOON), _SELDOM)
