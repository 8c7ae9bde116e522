"""How a timeline looks in one line, and as HTML."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orderlab.drawing import tables

EventRow = tuple[int, datetime | None, str, str, str]
"""An event in a table: position, time, type, stream and value."""


def text_of(events: int, entities: int, name: str, begin: datetime | None, end: datetime | None) -> str:
    """Return a timeline in one line.

    Args:
        events: How many events it has.
        entities: How many entities they are about.
        name: The kind of entity.
        begin: The time of the first event.
        end: The time of the last one.
    """
    about = f"{events} event{'s' * (events != 1)}, {entities} {name}{'s' * (entities != 1)}"
    if begin is None or end is None:
        return f"<Timeline of {about}>"
    days = f"{begin:%F}" if begin.date() == end.date() else f"{begin:%F} to {end:%F}"
    return f"<Timeline of {about}, {days}>"


def html_of(line: str, picture: str, counts: Mapping[str, int], last: Sequence[EventRow], left_out: int) -> str:
    """Return a timeline as HTML: a line, a picture, counts by event type and the last events, the latest first."""
    counted = tables.rows(["last event", "entities"], list(counts.items()))
    events = tables.rows(["position", "recorded", "event", "stream", "value"], last, left_out=left_out)
    return f"<p>{tables.cell(line)}</p>{picture}{counted}{events}"
