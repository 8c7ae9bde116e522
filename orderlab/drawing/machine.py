"""Draw a state machine: boxes in columns from left to right, arrows between them."""

from collections.abc import Mapping
from dataclasses import dataclass

from orderlab.drawing import svg

_WIDTH, _HEIGHT = 118, 46
_GAP_X, _GAP_Y, _MARGIN = 122, 34, 16


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from one state to another, with what causes it."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class Machine:
    """States and arrows to be drawn; `initial` is the state that nothing leads to.

    >>> Machine("off", (Edge("off", "on", "press"),)).states
    ('off', 'on')
    """

    initial: str
    edges: tuple[Edge, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state once, in the order in which the arrows name them."""
        named = [self.initial, *(name for edge in self.edges for name in (edge.source, edge.target))]
        return tuple(dict.fromkeys(named))

    def to_svg(self, *, lit: str | None = None, counts: Mapping[str, int] | None = None, findable: bool = False) -> str:
        """Return the machine as an SVG document, one state lit, or a count in each.

        Args:
            lit: The state to be lit.
            counts: How many there are in a state, written under its name.
            findable: Put each state and each arrow into a group that says which it is, as `data-state="on"` and
                `data-edge="press"`, so that a live page can find what it has to change.
        """
        places = self._places()
        width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
        height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
        return svg.document(
            width,
            height,
            _arrow_head(),
            *(
                _named(_arrow(places[edge.source], places[edge.target], edge.label), findable, data_edge=edge.label)
                for edge in self.edges
            ),
            *(
                _named(_box(name, place, lit=name == lit, count=(counts or {}).get(name)), findable, data_state=name)
                for name, place in places.items()
            ),
            title=self._described(lit, counts),
        )

    def picture(self, *, lit: str | None = None, counts: Mapping[str, int] | None = None) -> str:
        """Return the machine as an HTML image that also untrusted notebooks show."""
        return svg.image(self.to_svg(lit=lit, counts=counts), alt=self._described(lit, counts))

    def _described(self, lit: str | None, counts: Mapping[str, int] | None) -> str:
        arrows = ", ".join(f"{edge.source} to {edge.target} by {edge.label}" for edge in self.edges)
        now = f"; now {lit}" if lit else ""
        counted = "; " + ", ".join(f"{count} {name}" for name, count in counts.items()) if counts else ""
        return f"State machine: {arrows}{now}{counted}"

    def _places(self) -> dict[str, tuple[int, int]]:
        """Put each state in the column of its distance from the first, the columns centred."""
        column = {self.initial: 0}
        for _ in self.states:
            for edge in self.edges:
                if edge.source in column:
                    column.setdefault(edge.target, column[edge.source] + 1)
        columns: dict[int, list[str]] = {}
        for name in self.states:
            columns.setdefault(column.get(name, 0), []).append(name)
        tallest = max(map(len, columns.values()))
        places = {}
        for index, names in columns.items():
            top = _MARGIN + (tallest - len(names)) * (_HEIGHT + _GAP_Y) // 2
            for row, name in enumerate(names):
                places[name] = (_MARGIN + index * (_WIDTH + _GAP_X), top + row * (_HEIGHT + _GAP_Y))
        return places


def _named(drawn: str, findable: bool, **name: str) -> str:
    return svg.element("g", drawn, **name) if findable else drawn


def _box(name: str, place: tuple[int, int], *, lit: bool, count: int | None) -> str:
    x, y = place
    fill, stroke, ink = ("#0b6e4f", "#0b6e4f", "#ffffff") if lit else ("#eef3f7", "#52606d", "#1f2933")
    middle = x + _WIDTH / 2
    label = svg.text(name, middle, y + (20 if count is not None else 28), size=15, weight="bold", fill=ink)
    number = "" if count is None else svg.text(f"{count:,}", middle, y + 38, fill=ink)
    box = svg.element("rect", x=x, y=y, width=_WIDTH, height=_HEIGHT, rx=9, fill=fill, stroke=stroke)
    return box + label + number


def _arrow(source: tuple[int, int], target: tuple[int, int], label: str) -> str:
    x1, y1 = source[0] + _WIDTH, source[1] + _HEIGHT / 2
    x2, y2 = target[0] - 7, target[1] + _HEIGHT / 2
    line = svg.element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="#52606d", stroke_width=1.6, marker_end="url(#head)")
    # Clear of the line: a slanted one rises by ten over half the width of a label, and text sits on its baseline.
    offset = -10 if y1 == y2 else -18 if y2 < y1 else 27
    return line + svg.text(label, (x1 + x2) / 2, (y1 + y2) / 2 + offset, size=12)


def _arrow_head() -> str:
    tip = svg.element("path", d="M0,0 L8,4 L0,8 Z", fill="#52606d")
    marker = svg.element("marker", tip, id="head", markerWidth=8, markerHeight=8, refX=6, refY=4, orient="auto")
    return svg.element("defs", marker)
