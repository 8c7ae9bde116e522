"""The judge process as its owner has it: started when it is needed, asked one thing at a time, ended with the owner."""

import os
import pickle
import sys
from atexit import register as at_exit
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Lock, Timer
from time import monotonic

from orderlab.core.errors import OrderlabError
from orderlab.grading.asked import Reply, Request
from orderlab.grading.frames import read_frame, write_frame
from orderlab.grading.judge_process import GRACE
from orderlab.grading.judging_alone import LOADING

_STARTING = 60.0
"""Seconds for starting the process, on a busy machine."""

_PACKAGES = str(Path(__file__).parent.parent.parent)

# Not -m: a file `random.py` beside the learner's notebook must not be what this process imports. The package itself is
# this one, though, where another is installed as well: it is found first, and everything else before what is beside it.
_BOOT = (
    "import sys; own = sys.argv.pop(1); sys.path.insert(0, own); import orderlab; sys.path.remove(own); "
    "sys.path.append(own); from orderlab.grading.judge_process import main; main()"
)


class CheckFailed(OrderlabError):
    """An answer that could not be checked: no process can be started for it, or the exercise itself has a mistake."""


class JudgeProcess:
    """A process that judges answers, one at a time; started when it is needed, and ended with this one.

    Args:
        once: Have it end after each answer, as where there is no fork.
    """

    def __init__(self, *, once: bool = not hasattr(os, "fork")) -> None:
        self._once = once
        self._process: Popen[bytes] | None = None
        self._lock = Lock()
        at_exit(self.stop)

    @property
    def pid(self) -> int | None:
        """Its process id; None if there is none now."""
        return None if self._process is None else self._process.pid

    def ask(self, request: Request, seconds: float) -> Reply:
        """Have something judged.

        Raises:
            CheckFailed: It cannot be started.
        """
        message = pickle.dumps(tuple(request))
        with self._lock:
            try:
                reply = self._asked(message, seconds)
                if reply.ended and not self._once and self._process is None:
                    # Not the answer's process ended, but the one that outlives answers, as when memory was short.
                    reply = self._asked(message, seconds)
            except BaseException:  # such as Ctrl-C: what it is busy with is not wanted any more
                self._stop()
                raise
        return reply

    def _asked(self, message: bytes, seconds: float) -> Reply:
        process, began = self._sent(message), monotonic()
        most = seconds + 2 * GRACE + LOADING
        said = _within(most, process)
        status = self._stop() if said is None or self._once else None
        if said is not None:
            return Reply(*pickle.loads(said))  # noqa: S301 - texts and bytes
        return Reply() if monotonic() - began >= most else Reply(ended=status)

    def start(self, *modules: str) -> None:
        """Start it, unless it runs; it imports these modules of the package at once."""
        with self._lock:
            self._started(modules)

    def stop(self) -> None:
        """End it, with whatever it is busy with; the next question starts another."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """Leave it to the process that started it: this one is a fork of that."""
        process, self._process, self._lock = self._process, None, Lock()
        if process is not None:
            process.returncode = 0  # not this one's child
            _close(process)

    def _sent(self, message: bytes) -> "Popen[bytes]":
        process = self._started()
        assert process.stdin is not None
        try:
            write_frame(process.stdin.fileno(), message)
        except BrokenPipeError:  # it ended while nobody asked, as when memory was short: another is as good
            self._stop()
            process = self._started()
            assert process.stdin is not None
            write_frame(process.stdin.fileno(), message)
        return process

    def _started(self, modules: Sequence[str] = ()) -> "Popen[bytes]":
        """Return the process, ready to be asked."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        world = {**os.environ, "PYTHONHASHSEED": "0", "TZ": "UTC", "PYTHONUTF8": "1"}
        world.pop("PYTHONSTARTUP", None)
        program = [sys.executable, "-P", "-c", _BOOT, _PACKAGES, *modules, *["--once"] * self._once]
        try:
            self._process = Popen(  # noqa: S603 - our own interpreter and program
                program, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=world, bufsize=0, start_new_session=True
            )
        except OSError as error:
            raise CheckFailed(f"the process that checks answers cannot be started: {error.strerror}") from error
        if _within(_STARTING, self._process) is None:
            said = _said_at_the_end(self._process)
            self._stop()
            raise CheckFailed(f"the process that checks answers ended while it started: {said}")
        return self._process

    def _stop(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        assert process.stdin is not None
        process.stdin.close()  # which ends it, and what it is busy with
        try:
            status = process.wait(2 * GRACE)
        except TimeoutExpired:
            process.kill()
            status = process.wait()
        _close(process)
        return status


def _within(seconds: float, process: "Popen[bytes]") -> bytes | None:
    """Read what a process says; None if it ends before, which it is made to after some seconds."""
    assert process.stdout is not None
    late = Timer(seconds, process.kill)
    late.daemon = True
    late.start()
    try:
        return read_frame(process.stdout.fileno())
    finally:
        late.cancel()
        late.join()  # a program that forks next should have no thread that it does not know of


def _said_at_the_end(process: "Popen[bytes]") -> str:
    assert process.stderr is not None
    process.kill()
    lines = process.stderr.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _close(process: "Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


JUDGE = JudgeProcess()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=JUDGE.forget)
