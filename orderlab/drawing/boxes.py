"""The box of a state: its name, and how many there are in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from orderlab.drawing import svg
from orderlab.drawing.lettering import shortened, width_of
from orderlab.drawing.shapes import Point, Rectangle, number

HEIGHT = 48.0
_NAME, _COUNT = 16, 15
_PADDING = 13.0
_NARROWEST, _WIDEST = 70.0, 170.0
_INK, _PAPER, _RIM, _LIT = "#1f2933", "#eef3f7", "#52606d", "#0b6e4f"


@dataclass(frozen=True, slots=True)
class Box:
    """A state as it is drawn.

    Args:
        name: Its name, shortened in the picture where it is long.
        is_lit: It stands out from the others.
        is_final: It has a double rim: nothing leaves it.
        is_reached: Without that it has a dashed rim.
        count: How many there are in it.
        has_room: There is room for a count that is not known yet.
    """

    name: str
    is_lit: bool = False
    is_final: bool = False
    is_reached: bool = True
    count: int | None = None
    has_room: bool = False

    @property
    def width(self) -> float:
        """How wide it has to be."""
        widest = max(width_of(self.name, _NAME, bold=True), width_of(self._number, _COUNT))
        return round(min(max(widest + 2 * _PADDING, _NARROWEST), _WIDEST))

    @property
    def _number(self) -> str:
        return "" if self.count is None else f"{self.count:,}"

    def drawn(self, place: Rectangle, by: Point, *, findable: bool) -> str:
        """Return it as SVG, in its place moved `by`."""
        x, y = place.x + by.x, place.y + by.y
        fill, stroke, ink = (_LIT, _LIT, "#ffffff") if self.is_lit else (_PAPER, _RIM, _INK)
        dashes: dict[str, object] = {} if self.is_reached else {"stroke_dasharray": "5 4"}
        parts = [_rim(x, y, place.width, 9, look={"fill": fill, "stroke": stroke, **dashes})]
        if self.is_final:
            inner = {"fill": "none", "stroke": ink if self.is_lit else stroke}
            parts.append(_rim(x + 3.5, y + 3.5, place.width - 7, 6, look=inner, inset=7))
        middle = number(x + place.width / 2)
        short = shortened(self.name, place.width - 2 * _PADDING + 1, _NAME, bold=True)
        is_counted = self.count is not None or self.has_room
        name_at = number(y + (21 if is_counted else 29.5))
        parts.append(
            svg.text(
                short,
                middle,
                name_at,
                size=_NAME,
                weight="bold",
                fill=ink,
                title=self.name if short != self.name else "",
            )
        )
        if self.count is not None or findable:
            mark = {"data_count": ""} if findable else {}
            parts.append(svg.text(self._number, middle, number(y + 39), size=_COUNT, fill=ink, **mark))
        return svg.element("g", *parts, data_state=self.name) if findable else "".join(parts)


def _rim(x: float, y: float, width: float, rx: int, *, look: Mapping[str, object], inset: float = 0) -> str:
    return svg.element(
        "rect", x=number(x), y=number(y), width=number(width), height=number(HEIGHT - inset), rx=rx, **look
    )
