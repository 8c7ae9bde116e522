"""The clock of a search, and what it tells on its way."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from orderlab.exploration.searching.bounds import Bounds
from orderlab.exploration.searching.found import Found
from orderlab.timeline.unknown import counted

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
            f"{counted(self.states, 'state')}, {counted(self.transitions, 'transition')}, depth {self.depth}, "
            f"{self.seconds:.0f} seconds"
        )


class _Line(Protocol):
    """A line that somebody reads while it changes."""

    def show(self, text: str) -> None:
        """Show another text in it."""
        ...

    def end(self) -> None:
        """Take it away."""
        ...


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
    _begun: float = field(init=False, default=0.0)
    _next: float = field(init=False, default=0.0)
    _line: _Line | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if not (self.progress is None or self.progress is False or callable(self.progress)):
            raise TypeError(
                f"progress must be a function that takes a Progress, or False to tell nothing, not {self.progress!r}"
            )
        self._begun = perf_counter()
        self._next = self._begun + (_PATIENCE if self.progress is None else _OFTEN)

    @property
    def seconds(self) -> float:
        """How long the search has taken."""
        return perf_counter() - self._begun

    def is_over(self, found: Found) -> bool:
        """Tell whether the time is over, and now and then how far it has come."""
        now = perf_counter()
        if now >= self._next:
            self._next = now + _OFTEN
            self._tell(found)
        return self.bounds.seconds is not None and now - self._begun >= self.bounds.seconds

    def end(self, found: Found | None = None) -> None:
        """Take away what only was there for the meantime, and tell how it came out, if it did."""
        if self._line is not None:
            self._line.end()
            self._line = None
        if found is not None and callable(self.progress):
            self._tell(found)

    def _tell(self, found: Found) -> None:
        progress = Progress(found.states, found.transitions, len(found.levels) - 1, self.seconds)
        if callable(self.progress):
            self.progress(progress)
        elif self.progress is None:
            self._line = self._line or _line()
            if self._line is not None:
                self._line.show(f"Exploring: {progress}")


class _OfTerminal:
    """The last line of a terminal."""

    def __init__(self) -> None:
        self._width = 0

    def show(self, text: str) -> None:
        sys.stderr.write(f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(text)

    def end(self) -> None:
        sys.stderr.write(f"\r{' ' * self._width}\r")
        sys.stderr.flush()


class _OfNotebook:
    """A line under the cell of a notebook."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str) -> None:
        from IPython import display  # noqa: PLC0415 - it is there where there is a notebook

        shown = {"text/plain": text}
        if self._handle is None:
            page: Any = display
            self._handle = page.display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def end(self) -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": ""}, raw=True)


def _line() -> _Line | None:
    """Return a line that somebody reads as it is written, at a terminal or in a notebook; None if nobody does."""
    if sys.stderr is None:
        return None
    if type(sys.stderr).__module__.startswith("ipykernel"):
        return _OfNotebook()
    return _OfTerminal() if sys.stderr.isatty() else None
