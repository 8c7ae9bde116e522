"""Where the boxes of a machine are, and which of them are neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orderlab.drawing.shapes import Rectangle

Link = tuple[str, str]
"""From which state to which an arrow leads."""


@dataclass(slots=True)
class Grid:
    """The boxes of a machine in columns.

    Args:
        boxes: By state, its box.
        columns: The states by columns, each from the top.
    """

    boxes: Mapping[str, Rectangle]
    columns: Sequence[Sequence[str]]
    _column: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._column = {state: index for index, states in enumerate(self.columns) for state in states}

    def steps(self, link: Link) -> int:
        """Return how many columns to the right an arrow leads."""
        return self._column[link[1]] - self._column[link[0]]

    def is_outermost(self, state: str, *, up: bool) -> bool:
        """Tell whether nothing stands above a box, or below it."""
        column = self.columns[self._column[state]]
        return state == (column[0] if up else column[-1])

    def is_short(self, link: Link) -> bool:
        """Tell whether a straight line between two boxes meets no other: they are neighbours, or the same."""
        if self.steps(link):
            return abs(self.steps(link)) == 1
        column = self.columns[self._column[link[0]]]
        return abs(column.index(link[0]) - column.index(link[1])) <= 1
