"""Pictures on a light and on a dark page: whatever is written in them can be read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from orderlab.drawing import svg
from orderlab.drawing.machine import Edge, Machine
from orderlab.drawing.schedulegrid import Row, ScheduleGrid
from orderlab.drawing.sequence import Message, SequenceDiagram, Turn
from orderlab.drawing.theming import DARKENED, THEMED
from orderlab.timeline import lane
from orderlab.timeline.lane import Stop

SVG = "{http://www.w3.org/2000/svg}"
LEAST_CONTRAST = 4.5  # which WCAG 2.2 asks of text

MACHINE = Machine("draft", (Edge("draft", "placed", "Place"), Edge("placed", "draft", "Undo", dashed=True)), ("idle",))
MESSAGES = tuple(Message("you", "log", tone, tone) for tone in ("plain", "good", "refused", "failed"))
TURNS = (Turn("1", MESSAGES, "it is so"), Turn("2", MESSAGES, "it is so", is_new=False), Turn("3", note="nothing"))
CELLS = tuple((writer, "read") for writer in range(6))
PICTURES = {
    "a machine": MACHINE.to_svg(lit="placed", counts={"placed": 1, "draft": 2}, edge_counts={MACHINE.edges[0]: 3}),
    "a sequence": SequenceDiagram(
        ("you", "log"), (*TURNS, *(replace(turn, remark="this is wrong") for turn in TURNS)), "a sequence"
    ).to_svg(),
    "a grid": ScheduleGrid(
        tuple("ABCDEF"), tuple("abcdef"), tuple(Row(0, CELLS, mark, "a note") for mark in "✓!✗?"), "a grid", ("a key",)
    ).to_svg(),
    "a lane": lane.to_svg("a lane", "draft", [Stop("Placed", "09:00", "placed")]),
}


class Colour(NamedTuple):
    """A colour, each part from 0 to 1."""

    red: float
    green: float
    blue: float

    @classmethod
    def of(cls, code: str) -> "Colour":
        """Return the colour of a code such as `#1f2933`."""
        return cls(*(int(code[start : start + 2], 16) / 255 for start in (1, 3, 5)))

    @property
    def luminance(self) -> float:
        """How light it is, as WCAG reckons that."""
        parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in self)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    @property
    def darkened(self) -> "Colour":
        """What a browser makes of it on a dark page: both filters as the Filter Effects Module reckons them."""
        found = re.fullmatch(r"invert\((\S+)\) hue-rotate\(180deg\)", DARKENED)
        assert found is not None
        share = float(found[1])
        inverted = [part * (1 - share) + (1 - part) * share for part in self]
        grey = 2 * sum(weight * part for weight, part in zip((0.213, 0.715, 0.072), inverted, strict=True))
        return Colour(*(min(max(grey - part, 0), 1) for part in inverted))


class Ground(NamedTuple):
    """What is painted under texts: a rectangle, and its colour."""

    x: float
    y: float
    width: float
    height: float
    fill: str

    def is_under(self, x: float, y: float) -> bool:
        """Return whether a point is on it."""
        return self.x <= x <= self.x + self.width and self.y <= y <= self.y + self.height


def contrast(one: Colour, other: Colour) -> float:
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def painted(element: Element, look: dict[str, str]) -> Iterator[tuple[Element, dict[str, str]]]:
    """Yield what is painted, in order, each with its attributes and those that it has from around it."""
    look = {**look, **element.attrib}
    yield element, look
    for child in element:
        if child.tag != f"{SVG}defs":
            yield from painted(child, look)


def grounds_of(element: Element) -> Iterator[Ground]:
    fill = element.get("fill", "none")
    if fill == "none":
        return
    if element.tag == f"{SVG}rect":
        x, y, width, height = (float(element.get(name, "0")) for name in ("x", "y", "width", "height"))
        yield Ground(x, y, width, height, fill)
    for each in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z", element.get("d", "")):
        x, y, width, height = map(float, each)
        yield Ground(x, y, width, height, fill)


def colours(picture: str) -> dict[tuple[str, str], str]:
    """Return which colours are written on which grounds, and a text of each pair."""
    grounds: list[Ground] = []
    found: dict[tuple[str, str], str] = {}
    for element, look in painted(ElementTree.fromstring(picture), {}):
        grounds += grounds_of(element)
        if element.tag == f"{SVG}text" and element.text:
            aside = {"middle": 0, "end": -3}.get(look.get("text-anchor", "start"), 3)
            x, y = float(look["x"]) + aside, float(look["y"]) - float(look["font-size"]) * 0.35
            ground = next(each for each in reversed(grounds) if each.is_under(x, y))
            found[look["fill"], ground.fill] = element.text
    return found


@pytest.mark.parametrize("picture", PICTURES)
def test_every_text_can_be_read_on_its_ground_on_a_light_page_and_on_a_dark_one(picture: str) -> None:
    pairs = colours(PICTURES[picture])
    assert len(pairs) > 2
    for (ink, ground), said in pairs.items():
        assert contrast(Colour.of(ink), Colour.of(ground)) >= LEAST_CONTRAST, (said, ink, ground)
        dark = Colour.of(ink).darkened, Colour.of(ground).darkened
        assert contrast(*dark) >= LEAST_CONTRAST, (said, ink, ground)


def test_those_who_write_are_told_apart_by_their_grounds_on_a_dark_page_too() -> None:
    grounds = {ground for _, ground in colours(PICTURES["a grid"])}
    darkened = [Colour.of(ground).darkened for ground in grounds]
    apart = [
        max(abs(a - b) for a, b in zip(one, two, strict=True)) for one in darkened for two in darkened if one != two
    ]
    assert len(darkened) == 7  # of six writers, and the page's
    assert min(apart) > 0.05


def test_the_ground_of_a_picture_becomes_that_of_jupyterlabs_dark_theme() -> None:
    assert [round(part * 255) for part in Colour.of("#ffffff").darkened] == [0x11] * 3


def test_a_page_that_is_no_jupyterlabs_is_not_touched() -> None:
    [rule] = re.findall(r">(.*)\{", THEMED)
    assert rule.startswith("[data-jp-theme-light=false] img:has(+.")


def test_a_picture_has_the_rule_beside_it_and_not_in_it() -> None:
    drawn = svg.image(PICTURES["a lane"], alt="a lane")
    assert drawn.endswith(f">{THEMED}")
    assert "style" not in PICTURES["a lane"]
