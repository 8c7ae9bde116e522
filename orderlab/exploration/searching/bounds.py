"""How far a search goes, and how it says that it went no farther."""

from dataclasses import dataclass
from math import inf
from operator import index


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
