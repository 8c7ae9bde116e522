"""How things are timed: in turns, each in a process of its own and fresh files.

The contenders of a measure take turns, and who begins moves on by one each round, so that whatever else the machine
does meets them all alike. The first round warms up the disk's cache and does not count; the median of the others does.

Each timing has a new process, with the libraries imported: a heap that another contender has filled and left in pieces
can cost half as much again. Its garbage collector is on, as it is for whoever uses a library, and begins with nothing
to do: what was made beforehand is collected, then set aside (`gc.freeze`), so that it goes only through what the
contender itself makes. A library that pauses the collector for a while, as ours does, does so within its own time.

All files are on one disk. Nobody's disk cache is emptied, so what is read back comes from memory.
"""

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

Contender = Callable[[Path], float]
"""Given a folder for its files, new and empty, do the work and return the seconds an event took.

It goes to another process, so it is a function of a module, or a `partial` of one.
"""

_LIBRARIES = [
    "eventsourcing.application",
    "eventsourcing.sqlite",
    "orderlab.eventstore.duckdb",
    "orderlab.datasets.desk",
    "orderlab.datasets.play",
    "rich.table",
]


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked of this run.

    Args:
        folder: Where temporary folders are made.
        events: How many events the long logs have.
        rounds: How many rounds count.
        quick: Do as little as shows that everything works; the times mean nothing.
        progress: Called before each timing with the contender's name.
    """

    folder: Path
    events: int = 100_000
    rounds: int = 5
    quick: bool = False
    progress: Callable[[str], object] = field(default=lambda name: None)

    def size(self, normal: int, quick: int) -> int:
        """Return the one size or the other."""
        return quick if self.quick else normal

    def medians(self, contenders: Mapping[str, Contender]) -> dict[str, float]:
        """Let contenders take turns, and return the median of each in seconds an event."""
        return {name: median(seconds) for name, seconds in self.turns(contenders).items()}

    def turns(self, contenders: Mapping[str, Callable[[Path], T]], *, once: bool = False) -> dict[str, list[T]]:
        """Let contenders take turns, and return what each gave in every round that counts.

        Args:
            contenders: Functions as `Contender` says, which may give anything that can go to another process.
            once: Have one round, and no warm-up: for what takes minutes and has thousands of repetitions in it.
        """
        given: dict[str, list[T]] = {name: [] for name in contenders}
        names = list(contenders)
        warm_up = 0 if self.quick or once else 1
        for turn in range(warm_up + (1 if once else self.rounds)):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                self.progress(name)
                given[name].append(self._alone(contenders[name]))
        return {name: rounds[warm_up:] for name, rounds in given.items()}

    @contextmanager
    def fresh_folder(self) -> Iterator[Path]:
        """Make a folder, and take it away with all that is in it."""
        with TemporaryDirectory(prefix="benchmark-", dir=self.folder) as folder:
            yield Path(folder)

    def _alone(self, contender: Callable[[Path], T]) -> T:
        with self.fresh_folder() as folder, ProcessPoolExecutor(1, mp_context=_processes()) as process:
            return process.submit(contender, folder).result()


class LeftOut(Exception):
    """A benchmark cannot be run here; the text says what it needs."""


class Watch:
    """A stopwatch; `seconds` is what it showed when it was stopped."""

    def __init__(self) -> None:
        self.seconds = 0.0


@contextmanager
def stopwatch() -> Iterator[Watch]:
    """Time a block, with what was made before it out of the collector's way."""
    watch = Watch()
    gc.collect()
    gc.freeze()
    try:
        start = perf_counter()
        yield watch
        watch.seconds = perf_counter() - start
    finally:
        gc.unfreeze()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from running: for a limit that is held against what pauses it too."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _processes() -> BaseContext:
    """Return the quickest way there is here to a new process that shares nothing with this one."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LIBRARIES)
    return context
