"""What is drawn already, by where it is: so that looking for a free place asks only what is near."""

from collections.abc import Iterable, Iterator
from math import floor

from orderlab.drawing.shapes import Point, Rectangle

_CELL = 48.0
"""How wide and high the cells are that a picture is divided into: about as a text."""

Cell = tuple[int, int]


class Crowd:
    """Rectangles and dots that are not to be covered.

    Args:
        rooms: Boxes and texts.
        dots: Points on the lines of arrows.
    """

    def __init__(self, rooms: Iterable[Rectangle] = (), dots: Iterable[Point] = ()) -> None:
        self._rooms: dict[Cell, list[Rectangle]] = {}
        self._dots: dict[Cell, list[Point]] = {}
        for room in rooms:
            self.add(room)
        self.draw(dots)

    def add(self, room: Rectangle) -> None:
        """Take in a rectangle."""
        for cell in _cells(room):
            self._rooms.setdefault(cell, []).append(room)

    def remove(self, room: Rectangle) -> None:
        """Forget a rectangle that was taken in."""
        for cell in _cells(room):
            self._rooms[cell].remove(room)

    def draw(self, dots: Iterable[Point]) -> None:
        """Take in the points of a line."""
        for dot in dots:
            self._dots.setdefault((floor(dot.x / _CELL), floor(dot.y / _CELL)), []).append(dot)

    def covered(self, room: Rectangle) -> float:
        """Return how much of what was taken in a rectangle would cover, as an area."""
        # One that reaches over several cells is met in each of them, and counts once: by what it is, not by its value.
        near = {id(each): each for cell in _cells(room) for each in self._rooms.get(cell, ())}
        return sum(room.shared_with(each) for each in near.values())

    def holding(self, room: Rectangle) -> int:
        """Return how many dots lie in a rectangle."""
        return sum(room.holding(self._dots[cell]) for cell in _cells(room) if cell in self._dots)


def _cells(room: Rectangle) -> Iterator[Cell]:
    """Yield the cells that a rectangle reaches into."""
    for column in range(floor(room.x / _CELL), floor(room.right / _CELL) + 1):
        for row in range(floor(room.y / _CELL), floor(room.bottom / _CELL) + 1):
            yield column, row
