"""Draw one entity's life as a lane: the states that it went through from left to right, and the events between."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from orderlab.drawing import svg
from orderlab.drawing.boxes import HEIGHT, Box
from orderlab.drawing.lettering import shortened
from orderlab.drawing.shapes import Point, Rectangle, number

_GAP, _MARGIN, _TOP, _BOTTOM = 142.0, 16.0, 16.0, 18.0
_EVENT, _WHEN = 14, 12
_LINE = "#52606d"

_LATEST = 3
"""How many events are drawn at the end; of a longer life the ones before are counted."""


class Stop(NamedTuple):
    """An event, when it was, and the state it led to."""

    event: str
    when: str
    state: str


def picture(title: str, first: str, stops: Sequence[Stop]) -> str:
    """Return the lane as an HTML image that also untrusted notebooks show.

    Args:
        title: Whose life it is.
        first: The state before the first event.
        stops: The events in order, at least one.
    """
    return svg.image(to_svg(title, first, stops), alt=_described(title, first, stops))


def to_svg(title: str, first: str, stops: Sequence[Stop]) -> str:
    """Return the lane as an SVG document, the last state lit."""
    left_out, drawn = len(stops) - len(stops[-_LATEST:]), list(stops[-_LATEST:])
    if left_out:
        drawn.insert(0, Stop("…", f"{left_out:,} more", stops[left_out - 1].state))
    names = [first, *(stop.state for stop in drawn)]
    boxes = [Box(name, is_lit=place == len(drawn)) for place, name in enumerate(names)]
    lefts = list(accumulate((box.width + _GAP for box in boxes), initial=_MARGIN))
    places = [Rectangle(left, _TOP, box.width, HEIGHT) for left, box in zip(lefts, boxes, strict=False)]
    return svg.document(
        round(lefts[-1] - _GAP + _MARGIN),
        round(_TOP + HEIGHT + _BOTTOM),
        *(_arrow(place.x + place.width, stop) for place, stop in zip(places, drawn, strict=False)),
        *(box.drawn(place, Point(0, 0), findable=False) for box, place in zip(boxes, places, strict=True)),
        title=_described(title, first, stops),
    )


def _described(title: str, first: str, stops: Sequence[Stop]) -> str:
    latest = [f"{stop.event} at {stop.when} to {stop.state}" for stop in stops[-_LATEST:]]
    left_out = len(stops) - len(latest)
    before = [f"{left_out:,} events to {stops[left_out - 1].state}"] if left_out else []
    return f"The life of {title}: {', '.join([first, *before, *latest])}"


def _arrow(start: float, stop: Stop) -> str:
    y, end, middle = _TOP + HEIGHT / 2, start + _GAP, number(start + _GAP / 2)
    line = svg.element("line", x1=number(start), y1=y, x2=number(end - 9), y2=y, stroke=_LINE, stroke_width=1.6)
    tip = f"M{number(end - 9)},{number(y - 4)} L{number(end - 1)},{number(y)} L{number(end - 9)},{number(y + 4)} Z"
    event = shortened(stop.event, _GAP - 12, _EVENT)
    return "".join(
        (
            line,
            svg.element("path", d=tip, fill=_LINE),
            svg.text(event, middle, y - 10, size=_EVENT, title="" if event == stop.event else stop.event),
            svg.text(shortened(stop.when, _GAP - 8, _WHEN), middle, y + 20, size=_WHEN, fill=_LINE),
        )
    )
