"""Draw a state machine: boxes in columns from left to right, arrows between them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orderlab.drawing import svg
from orderlab.drawing.arrows import Arrow, arrow_head, merged
from orderlab.drawing.boxes import HEIGHT, Box
from orderlab.drawing.columns import columns_of, reached_from
from orderlab.drawing.grid import Grid
from orderlab.drawing.routing import ways_of
from orderlab.drawing.shapes import Point, Rectangle

_MARGIN = 10.0
_GAP = 34.0
_GAP_BETWEEN_COLUMNS = 52.0
_ROOM_FOR_LOOP = 42.0
_ROOMY, _CROWDED = 2, 0.25
_MOST = 1_200
"""How many states, or arrows, are drawn: a picture of more takes many seconds, and nobody finds anything in it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from one state to another, with what causes it.

    Args:
        source: The state that it leads from.
        target: The state that it leads to.
        label: What causes it.
        events: What happens on the way, for a page that lights the arrow of what happened.
        dashed: It is there, and should not be.
    """

    source: str
    target: str
    label: str
    events: tuple[str, ...] = ()
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """States and arrows to be drawn.

    A state that nothing leaves has a double rim, one that nothing leads to a dashed one; a dashed arrow counts for
    neither.

    Args:
        initial: The state in which everything begins.
        edges: The arrows; those between the same two states are drawn as one, with several lines of text.
        named: States in the order in which they are to stand, and such as no arrow names.

    >>> Machine("off", (Edge("off", "on", "press"),)).states
    ('off', 'on')
    """

    initial: str
    edges: tuple[Edge, ...]
    named: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """Every state once, the initial one first, then as they were named, or as the arrows name them."""
        ends = (name for edge in self.edges for name in (edge.source, edge.target))
        return tuple(dict.fromkeys((self.initial, *self.named, *ends)))

    def to_svg(
        self,
        *,
        lit: str | None = None,
        counts: Mapping[str, int] | None = None,
        edge_counts: Mapping[Edge, int] | None = None,
        findable: bool = False,
    ) -> str:
        """Return the machine as an SVG document.

        Args:
            lit: The state to be lit.
            counts: How many there are in a state, written under its name.
            edge_counts: How often a way was gone, written beside its label.
            findable: Put each state and each arrow into a group that says which it is, so that a live page can find
                what it has to change: `data-state="on"`; and `data-source`, `data-target`, `data-edge="press"` and
                `data-events`, the last two with spaces between several. In each there is a text with `data-count`.

        Raises:
            ValueError: There are more states or arrows than can be drawn.
        """
        arrows = merged(self.edges, edge_counts, findable)
        if max(len(self.states), len(arrows)) > _MOST:
            raise ValueError(
                f"a machine with {len(self.states):,} states and {len(arrows):,} arrows cannot be drawn, "
                f"for at most {_MOST:,} of each are: give fewer names to its states"
            )
        boxes = self._boxes(lit, counts, findable)
        places = self._places(boxes, arrows)
        linked = Grid(places, self._columns())
        ways = ways_of(linked, [(each.source, each.target) for each in arrows], [each.size for each in arrows])
        rooms = [*places.values(), *(room for way in ways for room in way.rooms())]
        places |= self._apart([name for name in self.states if name not in places], boxes, rooms)
        rooms += places.values()
        by = Point(_MARGIN - min(room.x for room in rooms), _MARGIN - min(room.y for room in rooms))
        return svg.document(
            round(max(room.right for room in rooms) + by.x + _MARGIN),
            round(max(room.bottom for room in rooms) + by.y + _MARGIN),
            arrow_head(),
            *(arrow.drawn(way, by, findable=findable) for arrow, way in zip(arrows, ways, strict=True)),
            *(boxes[name].drawn(place, by, findable=findable) for name, place in places.items()),
            title=self._described(lit, counts, edge_counts),
        )

    def picture(
        self,
        *,
        lit: str | None = None,
        counts: Mapping[str, int] | None = None,
        edge_counts: Mapping[Edge, int] | None = None,
    ) -> str:
        """Return the machine as an HTML image that also untrusted notebooks show."""
        drawn = self.to_svg(lit=lit, counts=counts, edge_counts=edge_counts)
        return svg.image(drawn, alt=self._described(lit, counts, edge_counts))

    def _described(
        self, lit: str | None, counts: Mapping[str, int] | None, edge_counts: Mapping[Edge, int] | None
    ) -> str:
        """Say in words what the picture shows."""
        gone = edge_counts or {}
        arrows = ", ".join(
            f"{edge.source} to {edge.target} by {edge.label}"
            + (" (unexpected)" if edge.dashed else "")
            + (f" ({gone[edge]} times)" if edge in gone else "")
            for edge in self.edges
        )
        now = f"; now {lit}" if lit else ""
        counted = "; " + ", ".join(f"{count} {name}" for name, count in counts.items()) if counts else ""
        return f"State machine: {arrows}{now}{counted}"

    def _boxes(self, lit: str | None, counts: Mapping[str, int] | None, findable: bool) -> dict[str, Box]:
        """Return what each box shows."""
        expected = [(edge.source, edge.target) for edge in self.edges if not edge.dashed]
        entered, left = reached_from(self.initial, expected), {source for source, _ in expected}
        return {
            name: Box(
                name,
                is_lit=name == lit,
                is_final=name not in left and name in entered and name != self.initial,
                is_reached=name in entered,
                count=(counts or {}).get(name),
                has_room=findable and name != self.initial,
            )
            for name in self.states
        }

    def _columns(self) -> list[list[str]]:
        expected = [(edge.source, edge.target) for edge in self.edges if not edge.dashed]
        others = [(edge.source, edge.target) for edge in self.edges if edge.dashed]
        return columns_of(self.initial, self.states, [expected, others])

    def _places(self, boxes: Mapping[str, Box], arrows: Iterable[Arrow]) -> dict[str, Rectangle]:
        """Put the columns side by side, their boxes centred."""
        columns = self._columns()
        index = {name: number for number, names in enumerate(columns) for name in names}
        gaps, gap, crowd = [_GAP_BETWEEN_COLUMNS] * len(columns), _GAP, Counter[int]()
        for arrow in arrows:
            ends = index[arrow.source], index[arrow.target]
            nearest = min(ends)
            if ends[0] != ends[1] and abs(ends[0] - ends[1]) == 1:
                crowd[nearest] += 1
                gaps[nearest] = max(gaps[nearest], arrow.size[0] + 22)
            elif ends[0] == ends[1]:
                gaps[nearest] = max(gaps[nearest], arrow.size[0] / 2 + 22)
                if len(columns[nearest]) > 1:
                    gap = max(gap, arrow.size[1] + _ROOM_FOR_LOOP)
        for nearest, number in crowd.items():
            # Lines that fan out or cross leave less room for the texts between them.
            gaps[nearest] *= 1 + _CROWDED * max(number - _ROOMY, 0)
        x, places = 0.0, {}
        for names, space in zip(columns, gaps, strict=True):
            width = max(boxes[name].width for name in names)
            for row, name in enumerate(names):
                middle = (row - (len(names) - 1) / 2) * (HEIGHT + gap)
                places[name] = Rectangle(x, middle - HEIGHT / 2, width, HEIGHT)
            x += width + space
        return places

    def _apart(
        self, names: Iterable[str], boxes: Mapping[str, Box], rooms: Sequence[Rectangle]
    ) -> dict[str, Rectangle]:
        """Put the states that no arrow names below all others, in rows."""
        left, right = min(room.x for room in rooms), max(room.right for room in rooms)
        x, y, places = left, max(room.bottom for room in rooms) + _GAP / 2, {}
        for name in names:
            if x > left and x + boxes[name].width > right:
                x, y = left, y + HEIGHT + _GAP / 2
            places[name] = Rectangle(x, y, boxes[name].width, HEIGHT)
            x += boxes[name].width + _GAP / 2
        return places
