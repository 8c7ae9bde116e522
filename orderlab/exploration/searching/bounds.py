"""How far a search goes, and what it tells on its way."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from operator import index
from time import perf_counter

from orderlab.exploration.searching.found import Found

_OFTEN, _PATIENCE = 0.25, 2.0
"""Seconds between two pieces of news, and those before a search that nobody asked of begins to tell."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search has come.

    Args:
        states: How many states were found.
        transitions: How many transitions.
        depth: How many commands in a row it is at.
        seconds: How long it has taken.
    """

    states: int
    transitions: int
    depth: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.states:,} states, {self.transitions:,} transitions, depth {self.depth}, {self.seconds:.0f} seconds"
        )


@dataclass(slots=True)
class Bounds:
    """How far a search goes: never beyond any of these.

    Args:
        depth: How many commands in a row; None for any number.
        states: How many states.
        seconds: How long; None for any time.

    Raises:
        TypeError: One of them is no number.
        ValueError: One of them is too small.
    """

    depth: int | None
    states: int
    seconds: float | None

    def __post_init__(self) -> None:
        self.depth = None if self.depth is None else whole("depth", self.depth, 0)
        self.states = whole("states", self.states, 1)
        seconds = self.seconds
        if seconds is None:
            return
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise TypeError(f"seconds must be a number, or None for any time, not {seconds!r}")
        if not 0 < seconds < inf:
            raise ValueError(f"seconds must be more than zero, or None for any time, not {seconds!r}")

    def full(self) -> str:
        """Say that there are more states than it may find."""
        return f"it stopped at states={self.states:,}, and there are more"

    def deep(self, waiting: int) -> str:
        """Say that it may not go deeper."""
        there = "1 state was" if waiting == 1 else f"{waiting:,} states were"
        return f"it stopped at depth={self.depth}, where {there} not gone beyond"

    def late(self) -> str:
        """Say that its time was over."""
        return f"it stopped after seconds={self.seconds:g}, before it had tried everything"


@dataclass(slots=True)
class Watch:
    """The clock of a search, which also tells how far it has come.

    Args:
        bounds: How far it goes.
        progress: Called with a `Progress` a few times a second; False for nobody; None for the reader of a terminal
            or a notebook, who is told of a search that takes more than two seconds, in a line that goes away again.
    """

    bounds: Bounds
    progress: Callable[[Progress], object] | bool | None = None
    begun: float = field(init=False, default_factory=perf_counter)
    _next: float = field(init=False, default=0.0)
    _width: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if not (self.progress is None or self.progress is False or callable(self.progress)):
            raise TypeError(
                f"progress must be a function that takes a Progress, or False to tell nothing, not {self.progress!r}"
            )
        self._next = self.begun + (_PATIENCE if self.progress is None else _OFTEN)

    @property
    def seconds(self) -> float:
        """How long the search has taken."""
        return perf_counter() - self.begun

    def is_over(self, found: Found) -> bool:
        """Tell whether the time is over, and now and then how far it has come."""
        now = perf_counter()
        if now >= self._next:
            self._next = now + _OFTEN
            self._tell(found)
        return self.bounds.seconds is not None and now - self.begun >= self.bounds.seconds

    def end(self, found: Found) -> None:
        """Tell how it came out, and take away what only was there for the meantime."""
        if callable(self.progress):
            self._tell(found)
        elif self._width:
            sys.stderr.write(f"\r{' ' * self._width}\r")
            sys.stderr.flush()

    def _tell(self, found: Found) -> None:
        progress = Progress(found.states, found.transitions, len(found.levels) - 1, self.seconds)
        if callable(self.progress):
            self.progress(progress)
        elif self.progress is None and _is_read():
            line = f"Exploring: {progress}"
            sys.stderr.write(f"\r{line.ljust(self._width)}")
            sys.stderr.flush()
            self._width = len(line)


def _is_read() -> bool:
    """Tell whether somebody reads the standard error as it is written: at a terminal, or in a notebook."""
    return sys.stderr is not None and (sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel"))


def whole(name: str, value: int, least: int) -> int:
    """Return a bound as a whole number.

    Raises:
        TypeError: It is none.
        ValueError: It is less than there must be.
    """
    try:
        number = index(value)
    except TypeError:
        none = ", or None for no bound" if name == "depth" else ""
        raise TypeError(f"{name} must be a whole number{none}, not {value!r}") from None
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number
