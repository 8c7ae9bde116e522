"""The lines of a machine's arrows: straight to a neighbour, around the picture to a box that is further away."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from orderlab.drawing.crowd import Crowd
from orderlab.drawing.grid import Grid, Link
from orderlab.drawing.labels import Wish, placed
from orderlab.drawing.lanes import Lane, Port, lanes_of, ports_of
from orderlab.drawing.shapes import Point, Rectangle, Route

HEAD = 6.0
"""How far before a box the line of an arrow ends: its head covers the rest."""

_APART = 24.0
_LANE_GAP = 14.0
_LOOP = Point(24, 36)
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Way:
    """An arrow in its place: its line, and the room for its text."""

    route: Route
    text: Rectangle

    def rooms(self) -> Iterator[Rectangle]:
        """Yield rectangles that reach as far as anything of it."""
        yield self.text
        for x, y in self.route.reach():
            yield Rectangle(x - 1, y - 1, 2, 2)


def ways_of(grid: Grid, links: Sequence[Link], sizes: Sequence[tuple[float, float]]) -> list[Way]:
    """Return where each arrow goes, and where its text stands.

    Args:
        grid: Where the boxes are.
        links: From where to where each arrow leads.
        sizes: The width and height of each arrow's text.
    """
    lanes = lanes_of(grid, links)
    ports = ports_of(grid, links, lanes)
    wishes: dict[int, tuple[Route, Wish]] = {}
    between: dict[frozenset[str], list[int]] = {}
    for number, link in enumerate(links):
        between.setdefault(frozenset(link), []).append(number)
    for number, link in enumerate(links):
        if link[0] == link[1]:
            wishes[number] = _loop(ports[number, False])
        elif number not in lanes:
            wishes[number] = _straight(grid, links, number, between[frozenset(link)])
    crowd = Crowd(grid.boxes.values(), (dot for route, _ in wishes.values() for dot in route.along()))
    texts = _texts(crowd, wishes, sizes)
    ways = {number: Way(wishes[number][0], texts[number]) for number in wishes}
    rims = {up: _rim(grid, ways.values(), up=up) for up in (True, False)}
    for number, lane in sorted(lanes.items(), key=lambda each: each[1].level):
        clear = sizes[number][1] + _LANE_GAP
        height = rims[lane.up] + (-1 if lane.up else 1) * (_LANE_GAP + lane.level * (clear + _LANE_GAP))
        wish = _around(grid, links[number], lane, height, (ports.get((number, False)), ports.get((number, True))))
        crowd.draw(wish[0].along())
        ways[number] = Way(wish[0], placed(wish[1], sizes[number], crowd))
        crowd.add(ways[number].text)
    return [ways[number] for number in range(len(links))]


def _texts(
    crowd: Crowd, wishes: Mapping[int, tuple[Route, Wish]], sizes: Sequence[tuple[float, float]]
) -> dict[int, Rectangle]:
    """Find places for the texts of all arrows that lead along no lane; the widest first, as it has the least choice."""
    texts: dict[int, Rectangle] = {}
    for _ in range(_ROUNDS):  # again, now that each knows where the others have gone
        for number in sorted(wishes, key=lambda each: (wishes[each][0].is_curved, -sizes[each][0])):
            if number in texts:
                crowd.remove(texts[number])
            texts[number] = placed(wishes[number][1], sizes[number], crowd)
            crowd.add(texts[number])
    return texts


def _rim(grid: Grid, ways: Iterable[Way], *, up: bool) -> float:
    """Return how far up, or down, anything reaches."""
    rooms = [*grid.boxes.values(), *(way.text for way in ways)]
    if up:
        return min(room.y for room in rooms)
    return max(room.bottom for room in rooms)


def _straight(grid: Grid, links: Sequence[Link], number: int, alike: Iterable[int]) -> tuple[Route, Wish]:
    """Lead an arrow to a neighbouring box, beside those that lead between the same two."""
    link = links[number]
    between = sorted(alike, key=lambda each: (grid.steps(links[each]) < 0, each))
    place = between.index(number)
    beside = (place - (len(between) - 1) / 2) * _APART
    source, target = grid.boxes[link[0]], grid.boxes[link[1]]
    if grid.steps(link) == 0:
        down = target.y > source.y
        x = source.middle.x + beside
        start = Point(x, source.bottom if down else source.y)
        end = Point(x, target.y - HEAD if down else target.bottom + HEAD)
        return Route((start, end)), Wish(start, end, up=beside >= 0)
    right = grid.steps(link) > 0
    if len(between) == 1 and not right:
        beside = _APART / 2  # so that it does not end where arrows to the right begin
    start = Point(source.right if right else source.x, source.middle.y + beside)
    end = Point(target.x - HEAD if right else target.right + HEAD, target.middle.y + beside)
    rises = (end.y - start.y) * (1 if right else -1) <= 0
    up = (place == 0) if len(between) > 1 else rises and right
    return Route((start, end)), Wish(start, end, up=up)


def _loop(port: Port) -> tuple[Route, Wish]:
    """Lead an arrow from a box back to itself."""
    (x, y), out = port.at, -1 if port.up else 1
    top = y + out * _LOOP.y
    route = Route(
        (
            Point(x - _LOOP.x * 0.4, y),
            Point(x - _LOOP.x, top),
            Point(x + _LOOP.x, top),
            Point(x + _LOOP.x * 0.4, y + out * HEAD),
        ),
        is_curved=True,
    )
    crest = y + out * _LOOP.y * 0.75
    return route, Wish(Point(x - 8, crest), Point(x + 8, crest), up=port.up)


def _around(
    grid: Grid, link: Link, lane: Lane, height: float, ports: tuple[Port | None, Port | None]
) -> tuple[Route, Wish]:
    """Lead an arrow along a lane, from and to the rim of a box, or its side where others are in the way."""
    out = -1 if lane.up else 1
    source, target = (grid.boxes[state] for state in link)
    leaving, entering = ports
    if leaving is not None:
        start = [leaving.at, Point(leaving.at.x, height)]
    else:
        aside = source.right + 2 * HEAD
        start = [Point(source.right, source.middle.y), Point(aside, source.middle.y), Point(aside, height)]
    if entering is not None:
        end = [Point(entering.at.x, height), Point(entering.at.x, entering.at.y + out * HEAD)]
    else:
        aside = target.x - 4 * HEAD
        y = target.middle.y + out * HEAD
        end = [Point(aside, height), Point(aside, y), Point(target.x - HEAD, y)]
    return Route((*start, *end)), Wish(start[-1], end[0], up=lane.up)
