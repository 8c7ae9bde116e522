"""The arrows between states, each with all that leads the same way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderlab.drawing import svg
from orderlab.drawing.lettering import shortened, width_of
from orderlab.drawing.routing import Way
from orderlab.drawing.shapes import Point, number

if TYPE_CHECKING:
    from orderlab.drawing.machine import Edge

_SIZE, _LINE = 15, 18.0
_WIDEST = 190.0
_COLOUR, _INK, _ACCENT = "#52606d", "#1f2933", "#0b6e4f"


@dataclass(frozen=True, slots=True)
class Arrow:
    """All edges from one state to another, as they are drawn.

    Args:
        source: The state that it leads from.
        target: The state that it leads to.
        labels: Its lines of text.
        events: What happens on the way.
        dashed: Its line is dashed.
        count: How often the way was gone.
        has_room: There is room for a count that is not known yet.
    """

    source: str
    target: str
    labels: tuple[str, ...]
    events: tuple[str, ...]
    dashed: bool
    count: int | None = None
    has_room: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """The width and height of its text."""
        widest = max(width_of(line, _SIZE) for line in (*map(_short, self.labels), self._number))
        lines = len(self.labels) + (self.count is not None or self.has_room)
        return widest, lines * _LINE

    @property
    def _number(self) -> str:
        return "" if self.count is None else f"{self.count:,}"

    def drawn(self, way: Way, by: Point, *, findable: bool) -> str:
        """Return it as SVG, in its place moved `by`."""
        route = way.route.moved(by)
        look = {"stroke": _COLOUR, "stroke_width": 1.6, **({"stroke_dasharray": "6 4"} if self.dashed else {})}
        if route.is_straight:
            (x1, y1), (x2, y2) = (map(number, point) for point in route.points)
            line = svg.element("line", x1=x1, y1=y1, x2=x2, y2=y2, **look, marker_end="url(#head)")
        else:
            line = svg.element("path", d=route.data(), fill="none", **look, marker_end="url(#head)")
        x, y = way.text.middle.x + by.x, way.text.y + by.y + _SIZE * 0.9
        texts = [
            svg.text(
                _short(label),
                number(x),
                number(y + row * _LINE),
                size=_SIZE,
                title="" if _short(label) == label else label,
            )
            for row, label in enumerate(self.labels)
        ]
        if self.count is not None or findable:
            mark = {"data_count": ""} if findable else {}
            at = number(y + len(self.labels) * _LINE)
            texts.append(svg.text(self._number, number(x), at, size=_SIZE, weight="bold", fill=_ACCENT, **mark))
        if not findable:
            return line + "".join(texts)
        names = {"data_edge": " ".join(self.labels), "data_events": " ".join(self.events)}
        return svg.element("g", line, *texts, data_source=self.source, data_target=self.target, **names)


def merged(edges: "Iterable[Edge]", counts: "Mapping[Edge, int] | None", findable: bool) -> list[Arrow]:
    """Return an arrow for all edges that lead from the same state to the same, and are of the same kind."""
    together: dict[tuple[str, str, bool], list[Edge]] = {}
    for edge in edges:
        together.setdefault((edge.source, edge.target, edge.dashed), []).append(edge)
    return [
        Arrow(
            source,
            target,
            tuple(dict.fromkeys(edge.label for edge in alike)),
            tuple(dict.fromkeys(event for edge in alike for event in edge.events)),
            dashed,
            count=_total(alike, counts),
            has_room=findable,
        )
        for (source, target, dashed), alike in together.items()
    ]


def arrow_head() -> str:
    """Return the definition of what arrows end in."""
    tip = svg.element("path", d="M0,0 L8,4 L0,8 Z", fill=_COLOUR)
    marker = svg.element("marker", tip, id="head", markerWidth=8, markerHeight=8, refX=6, refY=4, orient="auto")
    return svg.element("defs", marker)


def _total(edges: "Iterable[Edge]", counts: "Mapping[Edge, int] | None") -> int | None:
    known = [counts[edge] for edge in edges if edge in counts] if counts else []
    return sum(known) if known else None


def _short(label: str) -> str:
    return shortened(label, _WIDEST, _SIZE)
