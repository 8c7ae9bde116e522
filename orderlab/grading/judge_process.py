"""The judge process: started once, it forks for each answer, so that no answer meets what another left behind.

Where there is no fork it judges one answer and ends. It speaks in frames through the pipes it was started with; what
answers print and read has nothing to do with them.
"""

import gc
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from linecache import cache as remembered_lines
from time import monotonic
from typing import Any, NamedTuple

from orderlab.grading.confining import Ear, adopt_orphans, children, confine, listen, release
from orderlab.grading.frames import HEAD, length_in, read_frame, write_frame
from orderlab.grading.judging import judge
from orderlab.grading.raising import TimeOver
from orderlab.grading.sending import pickled
from orderlab.grading.verdict import Result, Verdict

GRACE = 0.5
"""Seconds that an answer has for ending after it was told that its time is over."""

_LOOK = 0.05


class Request(NamedTuple):
    """What is to be judged.

    Args:
        content: The exercise and the answer, pickled: opened only by the process that judges them.
        seconds: How long it may take.
        path: Where modules are looked for.
        folder: Where relative paths begin.
        lines: The learner's sources by file name, for naming lines.
    """

    content: bytes
    seconds: float
    path: list[str]
    folder: str
    lines: dict[str, list[str]]


class Reply(NamedTuple):
    """What came of it.

    Args:
        verdict: The verdict, pickled; None if there is none.
        sentence: Why there is none: why it cannot be read, or judged; empty if it is late, or the process ended.
        ended: How the process ended by itself: its exit code, or minus a signal; None if it was ended, being late.
        used: Modules of this package that were imported for it; the process has them ready for the next.
    """

    verdict: bytes | None = None
    sentence: str = ""
    ended: int | None = None
    used: tuple[str, ...] = ()


def main() -> None:
    """Judge what is asked until nobody asks any more."""
    requests, replies = _own_pipes()
    forks = hasattr(os, "fork") and "--once" not in sys.argv
    if forks:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and then closes the pipe
        adopt_orphans()
    write_frame(replies, b"ready")
    _get_ready(tuple(each for each in sys.argv[1:] if each != "--once"))
    while (message := read_frame(requests)) is not None:
        request = Request(*pickle.loads(message))  # noqa: S301 - of our own process: texts, numbers and bytes
        if not forks:
            write_frame(replies, pickle.dumps(tuple(_judged(request))))
            os._exit(0)
        reply = _in_a_fork(request, requests, replies)
        with suppress(BrokenPipeError):
            write_frame(replies, pickle.dumps(tuple(reply)))
        _get_ready(reply.used)


def _get_ready(modules: tuple[str, ...]) -> None:
    """Import modules of this package, so that the next fork has them; and have the collector leave them alone."""
    for name in modules:
        with suppress(Exception):  # it fails again where it is needed, and is told there
            import_module(name)
    if modules:
        gc.collect()
        gc.freeze()  # or else the collector of a fork would copy every page that it shares with us


def _own_pipes() -> tuple[int, int]:
    """Take the pipes for ourselves, and leave what answers may print to and read from empty."""
    sys.stdout.flush()
    pipes = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for each in (0, 1, 2):
        os.dup2(nothing, each)
    return pipes


def _in_a_fork(request: Request, requests: int, replies: int) -> Reply:
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setpgid(0, 0)
            for pipe in (reading, requests, replies):
                os.close(pipe)
            write_frame(writing, pickle.dumps(tuple(_judged(request))))
        finally:
            os._exit(0)
    os.close(writing)
    try:
        return _awaited(child, reading, requests, monotonic() + request.seconds + GRACE)
    finally:
        os.close(reading)
        _end_all(child)


def _awaited(child: int, reading: int, requests: int, deadline: float) -> Reply:
    """Wait for a fork's reply, until it comes, or the fork ends, or is late, or nobody wants to know any more."""
    heard, status = bytearray(), None
    while len(heard) < HEAD or len(heard) < HEAD + length_in(bytes(heard[:HEAD])):
        left = deadline - monotonic()
        ready, _, _ = select.select([reading, requests], [], [], max(0.0, min(left, _LOOK)))
        if requests in ready:  # nothing is asked meanwhile, so this is the end
            _end_all(child)
            os._exit(0)
        part = os.read(reading, 1 << 20) if reading in ready else b""
        heard += part
        if part:
            continue
        if status is not None:
            return Reply(ended=status)
        if left <= 0:
            return Reply()
        ended, code = os.waitpid(child, os.WNOHANG)
        status = os.waitstatus_to_exitcode(code) if ended else None  # read once more: what it wrote last is in the pipe
    return Reply(*pickle.loads(bytes(heard[HEAD:])))  # noqa: S301 - texts and bytes, written by `_judged`


def _end_all(child: int) -> None:
    """End a fork with all that it started, also what left its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)
    while left := children():
        for each in left:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(each, 0)


def _judged(request: Request) -> Reply:
    """Judge an answer in this process, which ends after that."""
    ear, ready = listen(), set(sys.modules)
    sys.path[:] = request.path
    with suppress(OSError):  # a folder that is no longer there
        os.chdir(request.folder)
    for file, lines in request.lines.items():
        remembered_lines[file] = sum(map(len, lines)), None, lines, file
    try:
        confine(request.seconds)
        reply = _pickled(_verdict(request.content, ear))
    except _Unreadable as error:
        return Reply(sentence=str(error))
    except TimeOver:
        return Reply()
    except BaseException as error:  # noqa: BLE001 - a mistake in the exercise: whoever asked is told
        return Reply(sentence=f"the check itself failed: {type(error).__name__}: {error}")
    own = f"{__name__.partition('.')[0]}."
    return reply._replace(used=tuple(name for name in sys.modules if name.startswith(own) and name not in ready))


class _Unreadable(Exception):
    """An exercise or an answer that this process cannot make again."""


def _verdict(content: bytes, ear: Ear) -> Verdict:
    load: Callable[[bytes], Any] = pickle.loads
    try:
        exercise, answer = load(content)
    except Exception as error:
        raise _Unreadable(f"the answer could not be made again in the judge process: {error}") from error
    verdict = judge(exercise, answer, begin=ear.forget)
    release()
    return replace(verdict, printed=ear.heard()) if verdict.result is Result.INCORRECT else verdict


def _pickled(verdict: Verdict) -> Reply:
    try:
        return Reply(pickled(verdict))
    except Exception as error:  # noqa: BLE001 - a learner's value that cannot be sent; what is said about it can
        assert verdict.problem is not None
        bare = replace(verdict.problem, trace=None, wanted=None)
        note = f"the run cannot be shown here, for something in it cannot be sent: {error}"
        return Reply(pickled(replace(verdict, problem=bare, note=note)))


if __name__ == "__main__":
    main()
