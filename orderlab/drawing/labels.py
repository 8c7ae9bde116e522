"""Find a place for the text of an arrow, where it covers neither a box nor another text."""

from collections.abc import Iterator
from dataclasses import dataclass

from orderlab.drawing.crowd import Crowd
from orderlab.drawing.shapes import Point, Rectangle

_CLEAR = 5.0
_AIR = 4.0
_STEEP = 1.0
_ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82)


@dataclass(frozen=True, slots=True)
class Wish:
    """Where the text of an arrow would stand best: beside a point of its line.

    Args:
        start: One end of the stretch of line that it may stand at.
        end: The other end.
        up: It had better stand above the line, or to the right of one that is steep.
    """

    start: Point
    end: Point
    up: bool = True

    def places(self, width: float, height: float) -> Iterator[tuple[Rectangle, float]]:
        """Yield the places for a text of this size, and how far each is from the best."""
        run, rise = self.end.x - self.start.x, self.end.y - self.start.y
        is_steep = abs(rise) > abs(run) * _STEEP
        for share in _ALONG:
            x, y = self.start.x + run * share, self.start.y + rise * share
            for up in (self.up, not self.up):
                if is_steep:
                    away = width / 2 + abs(run / rise) * height / 2 + _CLEAR
                    middle = Point(x + (away if up else -away), y)
                else:
                    away = height / 2 + (abs(rise / run) * width / 2 if run else 0) + _CLEAR
                    middle = Point(x, y - (away if up else -away))
                yield Rectangle.around(middle, width, height), abs(share - 0.5) * 60 + (up is not self.up) * 25


def placed(wish: Wish, size: tuple[float, float], crowd: Crowd) -> Rectangle:
    """Return the place that covers the least, of those near enough to the wish.

    Args:
        wish: Where the text would stand best.
        size: Its width and height.
        crowd: Boxes, texts and lines that are not to be covered.
    """

    def cost(place: tuple[Rectangle, float]) -> float:
        room, far = place
        ample = Rectangle.around(room.middle, room.width + _AIR, room.height + _AIR)
        return far + crowd.covered(ample) * 2 + crowd.holding(room) * 30

    return min(wish.places(*size), key=cost)[0]
