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
from contextlib import suppress
from importlib import import_module
from time import monotonic

from orderlab.grading.asked import Reply, Request
from orderlab.grading.confining import adopt_orphans, children
from orderlab.grading.frames import HEAD, length_in, read_frame, write_frame
from orderlab.grading.judging_alone import LOADING, judged

GRACE = 0.5
"""Seconds that an answer has for ending after it was told that its time is over."""

_LOOK = 0.05
_BEGUN = b"."


def main() -> None:
    """Judge what is asked until nobody asks any more."""
    requests, replies = _own_pipes()
    forks = hasattr(os, "fork") and "--once" not in sys.argv
    gc.set_threshold(50_000, 20, 100)  # a fork that collects writes to, and so copies, every page it shares with us
    if forks:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and then closes the pipe
        adopt_orphans()
    write_frame(replies, b"ready")
    _get_ready(tuple(each for each in sys.argv[1:] if each != "--once"))
    while (message := read_frame(requests)) is not None:
        request = Request(*pickle.loads(message))  # noqa: S301 - of our own process: texts, numbers and bytes
        if not forks:
            write_frame(replies, pickle.dumps(tuple(judged(request, lambda: None))))
            os._exit(0)
        reply = _in_a_fork(request, requests, replies)
        with suppress(BrokenPipeError):
            write_frame(replies, pickle.dumps(tuple(reply)))
        _get_ready(reply.used)
    os._exit(0)  # at once: there is nothing to put away


def _get_ready(modules: tuple[str, ...]) -> None:
    """Import what answers needed, so that the next fork has it."""
    for name in modules:
        with suppress(Exception):  # it fails again where it is needed, and is told there
            import_module(name)


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
            write_frame(writing, pickle.dumps(tuple(judged(request, lambda: write_frame(writing, _BEGUN)))))
        finally:
            os._exit(0)
    os.close(writing)
    with suppress(OSError):  # both sides do it, for either may come first
        os.setpgid(child, child)
    try:
        begun = _awaited(child, reading, requests, LOADING)
        if begun != _BEGUN:
            return _read(begun)
        return _read(_awaited(child, reading, requests, request.seconds))
    finally:
        os.close(reading)
        _end_all(child)


def _read(said: bytes | Reply) -> Reply:
    return said if isinstance(said, Reply) else Reply(*pickle.loads(said))  # noqa: S301 - written by `judged`


def _awaited(child: int, reading: int, requests: int, seconds: float) -> bytes | Reply:
    """Wait for what a fork says next, until it ends, or is late, or nobody wants to know any more."""
    deadline = monotonic() + seconds + GRACE
    heard, wanted, status = bytearray(), HEAD, None
    while True:
        left = deadline - monotonic()
        ready, _, _ = select.select([reading, requests], [], [], max(0.0, min(left, _LOOK)))
        if requests in ready:  # nothing is asked meanwhile, so this is the end
            _end_all(child)
            os._exit(0)
        part = os.read(reading, min(wanted - len(heard), 1 << 20)) if reading in ready else b""
        heard += part
        if part and len(heard) == HEAD:
            wanted = HEAD + length_in(bytes(heard))
        if len(heard) == wanted > HEAD:
            return bytes(heard[HEAD:])
        if part:
            continue
        if status is not None:
            return Reply(ended=status)
        if left <= 0:
            return Reply()
        ended, code = os.waitpid(child, os.WNOHANG)
        status = os.waitstatus_to_exitcode(code) if ended else None  # read once more: what it wrote last is in the pipe


def _end_all(child: int) -> None:
    """End a fork with all that it started, also what left its group."""
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            end(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)
    while left := children():
        for each in left:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(each, 0)


if __name__ == "__main__":
    main()
