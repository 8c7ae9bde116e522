"""Confine a process that runs an answer: so much time, so much memory, a bounded ear for what it prints."""

import io
import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any

from orderlab.grading.raising import TimeOver

MEMORY = 1 << 30
"""Bytes that an answer may use beyond what the process has already."""

_FILE = 256 << 20
"""Bytes that a file it writes may have."""

_HEARD = 2_000
"""Characters of what it prints that are kept."""

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # of Linux's prctl


class Ear(io.TextIOBase):
    """Keep the beginning of what is written, and let the rest go by."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._room = _HEARD

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str, /) -> int:
        """Take a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._room > 0:
            self._heard.append(text[: self._room] + "…" * (len(text) > self._room))
            self._room -= len(text)
        return len(text)

    def forget(self) -> None:
        """Begin anew."""
        self._heard, self._room = [], _HEARD

    def heard(self) -> str:
        """Return what was written since."""
        return "".join(self._heard).rstrip()


def listen() -> Ear:
    """Have what is printed from now on heard instead, and nothing to be read from the keyboard."""
    ear = Ear()
    sys.stdout = sys.stderr = ear
    sys.stdin = io.StringIO()
    return ear


def confine() -> None:
    """Bound this process's memory and files, and have it end with the one that started it.

    What the system does not have is left out; then the process that started this one ends it.
    """
    die_with_parent()
    with suppress(ImportError):  # not on Windows
        import resource  # noqa: PLC0415 - see above

        _limit(resource, "RLIMIT_CORE", 0)
        _limit(resource, "RLIMIT_FSIZE", _FILE)
        _limit(resource, "RLIMIT_AS", _in_use() + MEMORY)


def give(seconds: float) -> None:
    """Have `TimeOver` raised after so many seconds, wherever this process is then."""
    if hasattr(signal, "setitimer"):

        def over(number: int, frame: FrameType | None) -> None:
            raise TimeOver(f"{seconds:g} s")

        signal.signal(signal.SIGALRM, over)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def release() -> None:
    """Let time go on: what comes now is no answer's."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)


def die_with_parent() -> None:
    """Have this process ended with the one that started it, where the system can."""
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL if hasattr(signal, "SIGKILL") else 0)


def adopt_orphans() -> None:
    """Have processes that an answer leaves behind become this one's, which ends them, where the system can."""
    _prctl(_ADOPT_ORPHANS, 1)


def children() -> list[int]:
    """Return the processes that this one has started or adopted, where the system tells."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(each) for each in file.read().split()]
    except OSError:
        return []


def _limit(resource: Any, name: str, most: int) -> None:
    with suppress(AttributeError, ValueError, OSError):  # a limit that this system does not have, or has set lower
        which = getattr(resource, name)
        _, highest = resource.getrlimit(which)
        most = most if highest == resource.RLIM_INFINITY else min(most, highest)
        resource.setrlimit(which, (most, most))


def _in_use() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 3 << 30


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - only here

        with suppress(OSError, AttributeError):  # a C library without it
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
