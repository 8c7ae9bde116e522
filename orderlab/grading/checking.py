"""Check an answer in a judge process, which an answer can neither keep, nor fill, nor change for the next one."""

import linecache
import os
import pickle
import sys
from atexit import register as at_exit
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Lock, Timer
from types import FunctionType
from typing import TYPE_CHECKING, Any

from orderlab.core.errors import OrderlabError
from orderlab.grading.frames import read_frame, write_frame
from orderlab.grading.judge_process import GRACE, Reply, Request
from orderlab.grading.sending import pickled
from orderlab.grading.verdict import Problem, Result, Verdict

if TYPE_CHECKING:
    from orderlab.grading.exercise import Exercise

_STARTING, _IMPORTING = 60.0, 10.0
"""Seconds for starting, and for importing what an exercise needs, on a busy machine."""

_PACKAGES = str(Path(__file__).parent.parent.parent)

_BOOT = (
    "import sys; sys.path.append(sys.argv.pop(1)); from orderlab.grading.judge_process import main; main()"  # not -m:
    # a file `random.py` beside the learner's notebook must not be what this process imports
)


class CheckFailed(OrderlabError):
    """An answer that could not be checked: no process can be started for it, or the exercise itself has a mistake."""


def check(exercise: "Exercise", answer: Any, seconds: float) -> Verdict:
    """Check an answer in the judge process; whatever it does there, a verdict comes back.

    Raises:
        CheckFailed: There is no judge process, or the exercise itself has a mistake.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be more than 0, not {seconds!r}")
    try:
        request = _request(exercise, answer, seconds)
    except Exception as error:  # noqa: BLE001 - a lock, a connection: the learner's own, and told to the learner
        return Verdict(exercise.number, Result.INCORRECT, _unsent(exercise.answer, error))
    reply = JUDGE.ask(request, seconds)
    if reply.verdict is not None:
        load = pickle.loads  # its functions are the learner's own
        verdict: Verdict = load(reply.verdict)
        return verdict
    if reply.sentence:
        raise CheckFailed(reply.sentence)
    return Verdict(exercise.number, Result.INCORRECT, _ended(exercise.answer, reply, seconds))


def warm_up(*modules: str) -> None:
    """Start the judge process if there is none, so that it imports while its first answer is still being written.

    Args:
        modules: Modules of this package that it will need.
    """
    JUDGE.start(*modules)


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
                process = self._sent(message)
                answer = _within(seconds + GRACE + _IMPORTING, process)
            except BaseException:  # such as Ctrl-C: what it is busy with is not wanted any more
                self._stop()
                raise
            status = self._stop() if answer is None or self._once else None
            return Reply(ended=status) if answer is None else Reply(*pickle.loads(answer))  # noqa: S301 - texts and bytes

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


def _said_at_the_end(process: "Popen[bytes]") -> str:
    assert process.stderr is not None
    process.kill()
    lines = process.stderr.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _close(process: "Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _request(exercise: "Exercise", answer: Any, seconds: float) -> Request:
    return Request(
        pickled((exercise, answer)),
        seconds,
        [each or str(Path.cwd()) for each in sys.path],
        str(Path.cwd()),
        {file: linecache.getlines(file) for file in _files(answer, set())},
    )


def _unsent(name: str, error: Exception) -> Problem:
    return Problem(
        f"{name} cannot be sent to the process that checks it, for it uses something that belongs to this one: {error}",
        "make what it uses inside it, or do without",
    )


def _files(value: Any, met: set[int]) -> Iterator[str]:
    """Give the names of the sources that an answer stands in: its own, and those of the functions that it uses."""
    if id(value) in met:
        return
    met.add(id(value))
    if isinstance(value, FunctionType):
        yield value.__code__.co_filename
        for name in value.__code__.co_names:
            used = value.__globals__.get(name)
            if isinstance(used, FunctionType | type) and used.__module__ == value.__module__:
                yield from _files(used, met)
    elif isinstance(value, type):
        for each in vars(value).values():
            yield from _files(getattr(each, "__func__", each), met)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _files(getattr(value, field.name, None), met)
    elif type(value).__module__ == "__main__":
        yield from _files(type(value), met)


def _ended(name: str, reply: Reply, seconds: float) -> Problem:
    """Return what is wrong with an answer of which no verdict came."""
    if reply.ended is None:
        return Problem(
            f"{name} does not come to an end: it was stopped after {seconds:g} s",
            "it is in a loop, or waits for something that does not come",
        )
    if reply.ended < 0:
        return Problem(
            f"{name} was ended by the system (signal {-reply.ended}), as when memory runs out",
            "nothing more is known of where",
        )
    return Problem(
        f"{name} ends the process that checks it (exit code {reply.ended}), and should return its answer instead",
        "where it leaves Python, such as by os._exit",
    )


JUDGE = JudgeProcess()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=JUDGE.forget)
