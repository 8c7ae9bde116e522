"""The servers that are measured: each a process of its own, on a core of its own.

A server that shared a core with whoever loads it would be measured with that in it. So it has the first of the cores
that this process may use, and the load has the last one. Only Linux lets a program say so; elsewhere, and where there
is one core alone, they share.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HOST = "127.0.0.1"
MEMORY, DUCKDB = "memory://", "duckdb:///orders.duckdb"

SERVER, LOAD = 0, -1
"""Which of the cores is whose."""

_TESTS = Path(__file__).parents[1]
_ADDRESS = re.compile(rf"http://{re.escape(HOST)}:([0-9]+)")
_SETTINGS = ("HOST", "PORT", "DATABASE_URL")
_SECONDS_TO_STOP = 30
_OTHER_FILES = 200


@dataclass(frozen=True, slots=True)
class Served:
    """A server that takes requests: where, and as which process."""

    port: int
    process_id: int

    def address(self, path: str) -> str:
        """Return the whole address of a path."""
        return f"http://{HOST}:{self.port}{path}"


@contextmanager
def orderlab_server(url: str, folder: Path, workers: int = 1) -> Iterator[Served]:
    """Run orderlab's server as a person does, on an event store whose file, if it has one, is in a folder.

    Several workers have all of the cores.
    """
    command = ["-m", "orderlab", "serve", url, "--port", "0"]
    several = ["--workers", str(workers)]
    with _server(command + several, folder, None) if workers > 1 else _server(command, folder) as served:
        yield served


@contextmanager
def bare_server(application: Literal["orders", "broadcast"]) -> Iterator[Served]:
    """Run an application of `bare`, the least that there is to do."""
    with _server(["-m", "benchmarks.bare", application], _TESTS) as served:
        yield served


@contextmanager
def on_core(index: int) -> Iterator[None]:
    """Keep this thread, and what it starts, on one of the cores that it may use."""
    if sys.platform != "linux":
        yield
        return
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(usable)[index]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)


def allow_open_files(count: int) -> None:
    """Let this process, and the servers it starts, have so many connections open at a time, and some files more."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - which is not everywhere

        allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = count + _OTHER_FILES
        if allowed != resource.RLIM_INFINITY and allowed < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


@contextmanager
def _server(arguments: Sequence[str], folder: Path, core: int | None = SERVER) -> Iterator[Served]:
    # What a developer's shell sets for a server of theirs, a token say, is not for these.
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in _SETTINGS and not name.startswith(("ORDERLAB_", "UVICORN_"))
    }
    with nullcontext() if core is None else on_core(core):
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=env, stdout=subprocess.PIPE, encoding="utf-8"
        )
    with process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            found = _ADDRESS.search(first)
            if found is None:
                raise RuntimeError(f"a server's first line should have its address, and is {first!r}")
            yield Served(int(found[1]), process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
