"""How things are timed: in turns, in fresh files, with nothing of one contender weighing on the next.

The contenders of a measure take turns, and who begins moves on by one each round, so that whatever else the machine
does meets them all alike. The first round warms up and does not count; the median of the others does.

The garbage collector is on, as it is for whoever uses a library, and each timing begins with nothing for it to do:
what was made beforehand is collected, then set aside (`gc.freeze`), so that it goes only through what the contender
itself makes. A library that pauses the collector for a while, as our replay does, does so within its own time.

All files are on one disk. Nobody's disk cache is emptied, so what is read back comes from memory.
"""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

Contender = Callable[[Path], float]
"""Given a folder for its files, new and empty, do the work and return the seconds an event took."""


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
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        names = list(contenders)
        for turn in range(self.rounds if self.quick else self.rounds + 1):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                self.progress(name)
                with self.fresh_folder() as folder:
                    seconds[name].append(contenders[name](folder))
        return {name: median(times if self.quick else times[1:]) for name, times in seconds.items()}

    @contextmanager
    def fresh_folder(self) -> Iterator[Path]:
        """Make a folder, and take it away with all that is in it."""
        with TemporaryDirectory(prefix="benchmark-", dir=self.folder) as folder:
            yield Path(folder)


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
