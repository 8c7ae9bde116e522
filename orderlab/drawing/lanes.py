"""Lanes above and below the boxes, for arrows that cannot go straight; and where arrows meet the rim of a box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orderlab.drawing.grid import Grid, Link
from orderlab.drawing.shapes import Point

_PORTS_APART = 22.0


@dataclass(frozen=True, slots=True)
class Lane:
    """The lane of an arrow.

    Args:
        up: It leads along above the boxes, not below.
        level: How many lanes are between it and the boxes.
    """

    up: bool
    level: int


@dataclass(frozen=True, slots=True)
class Port:
    """Where an arrow meets the upper or the lower rim of a box."""

    at: Point
    up: bool


def lanes_of(grid: Grid, links: Sequence[Link]) -> dict[int, Lane]:
    """Return the lanes of those arrows that need one, by their number; arrows that would meet have different ones."""
    long = [number for number, link in enumerate(links) if not grid.is_short(link)]
    spans = {number: _span(grid, links[number]) for number in long}
    lanes: dict[int, Lane] = {}
    for number in sorted(long, key=lambda each: (spans[each][1] - spans[each][0], each)):
        # Above only where that is easier: the texts of straight arrows stand above them.
        up = _trouble(grid, links[number], up=True) < _trouble(grid, links[number], up=False)
        met = {lanes[each].level for each in lanes if lanes[each].up == up and _meet(spans[each], spans[number])}
        lanes[number] = Lane(up, next(level for level in range(len(long)) if level not in met))
    return lanes


def ports_of(grid: Grid, links: Sequence[Link], lanes: Mapping[int, Lane]) -> dict[tuple[int, bool], Port]:
    """Return where arrows meet the upper and lower rims: by the arrow's number, and whether it is the arrow's end."""
    rims: dict[tuple[str, bool], list[tuple[tuple[int, int], int, bool]]] = {}
    for number, lane in lanes.items():
        toward_left = grid.steps(links[number]) < 0
        for is_end in (False, True):
            state = links[number][is_end]
            if grid.is_outermost(state, up=lane.up):
                comes_from_right = toward_left if is_end else not toward_left
                # From the left: inner lanes outermost; from the right: outer lanes first. So that none cross.
                order = (1, -lane.level) if comes_from_right else (-1, lane.level)
                rims.setdefault((state, lane.up), []).append((order, number, is_end))
    for number, (source, target) in enumerate(links):
        if source == target:
            rims.setdefault((source, _loop_is_up(grid, source, rims)), []).append(((0, number), number, False))
    ports = {}
    for (state, up), met in rims.items():
        box = grid.boxes[state]
        apart = min(_PORTS_APART, box.width / (len(met) + 1))
        for place, (_, number, is_end) in enumerate(sorted(met)):
            x = box.middle.x + (place - (len(met) - 1) / 2) * apart
            ports[number, is_end] = Port(Point(x, box.y if up else box.bottom), up)
    return ports


def _loop_is_up(grid: Grid, state: str, rims: Mapping[tuple[str, bool], object]) -> bool:
    """Put a loop above its box, unless there is more room below."""
    crowd = {up: ((state, up) in rims) + 2 * (not grid.is_outermost(state, up=up)) for up in (True, False)}
    return crowd[True] <= crowd[False]


def _span(grid: Grid, link: Link) -> tuple[float, float]:
    ends = [grid.boxes[state].middle.x for state in link]
    return min(ends), max(ends)


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _trouble(grid: Grid, link: Link, *, up: bool) -> int:
    return sum(not grid.is_outermost(state, up=up) for state in link)
