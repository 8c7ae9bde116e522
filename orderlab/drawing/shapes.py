"""Plain geometry for pictures: points, rectangles, and lines that are straight, bent or curved."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import NamedTuple

_ROUND = 10.0


class Point(NamedTuple):
    """A place in a picture; y grows downward."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A box, or the room that a text takes."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def around(cls, middle: Point, width: float, height: float) -> "Rectangle":
        """Return the rectangle with its middle at a point."""
        return cls(middle.x - width / 2, middle.y - height / 2, width, height)

    @property
    def right(self) -> float:
        """Where it ends, to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends, below."""
        return self.y + self.height

    @property
    def middle(self) -> Point:
        """Its middle."""
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    def shared_with(self, other: "Rectangle") -> float:
        """Return the area that two rectangles share.

        >>> Rectangle(0, 0, 4, 4).shared_with(Rectangle(3, 2, 4, 4))
        2
        """
        width = min(self.right, other.right) - max(self.x, other.x)
        height = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(width, 0) * max(height, 0)

    def holding(self, points: Iterable[Point]) -> int:
        """Return how many of the points lie in it."""
        left, top, right, bottom = self.x, self.y, self.right, self.bottom
        return sum(left <= x <= right and top <= y <= bottom for x, y in points)


@dataclass(frozen=True, slots=True)
class Route:
    """The line of an arrow.

    Args:
        points: Where it goes along: from and to of a straight line, the corners of a bent one, which are rounded, or
            the four points of a Bézier curve.
        is_curved: The points are those of a curve.
    """

    points: tuple[Point, ...]
    is_curved: bool = False

    @property
    def is_straight(self) -> bool:
        """Whether it has no corner."""
        return self.points == (self.points[0], self.points[-1])

    def moved(self, by: Point) -> "Route":
        """Return the same line elsewhere."""
        return Route(tuple(Point(each.x + by.x, each.y + by.y) for each in self.points), self.is_curved)

    def reach(self) -> Iterator[Point]:
        """Yield points that lie as far out as any of the line."""
        return self.along() if self.is_curved else iter(self.points)

    def along(self) -> Iterator[Point]:
        """Yield points on the line, some six apart, to see what it meets."""
        if self.is_curved:
            yield from (_on_curve(self.points, step / 24) for step in range(25))
            return
        for (x1, y1), (x2, y2) in pairwise(self.points):
            steps = max(int(hypot(x2 - x1, y2 - y1) / 6), 1)
            for step in range(steps + 1):
                yield Point(x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps)

    def data(self) -> str:
        """Return the line as the `d` of an SVG path."""
        first, *others = self.points
        if self.is_curved:
            return f"M{_at(first)} C{' '.join(map(_at, others))}"
        parts = [f"M{_at(first)}"]
        for before, corner, after in zip(self.points, self.points[1:], self.points[2:], strict=False):
            parts.append(f"L{_at(_toward(corner, before))} Q{_at(corner)} {_at(_toward(corner, after))}")
        return " ".join([*parts, f"L{_at(self.points[-1])}"])


def number(value: float) -> str:
    """Return a length as it is written into a picture: to a tenth, and without a fraction where there is none.

    >>> number(2.0), number(2.25)
    ('2', '2.2')
    """
    return f"{value:.1f}".removesuffix(".0")


def _at(point: Point) -> str:
    return f"{number(point.x)},{number(point.y)}"


def _toward(corner: Point, other: Point) -> Point:
    """Return where the rounding of a corner begins, on the way to the next."""
    length = hypot(other.x - corner.x, other.y - corner.y)
    share = min(_ROUND, length / 2) / length if length else 0
    return Point(corner.x + (other.x - corner.x) * share, corner.y + (other.y - corner.y) * share)


def _on_curve(points: Sequence[Point], share: float) -> Point:
    rest = 1 - share
    weights = (rest**3, 3 * rest**2 * share, 3 * rest * share**2, share**3)
    return Point(
        sum(weight * each.x for weight, each in zip(weights, points, strict=True)),
        sum(weight * each.y for weight, each in zip(weights, points, strict=True)),
    )
