"""Find events: by a text in them, by their type, by the entity they are about, or by what this then is like."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from orderlab.core.errors import UnreadableEvent
from orderlab.core.log import RecordedEvent
from orderlab.drawing import tables
from orderlab.timeline.asof.as_of import whole
from orderlab.timeline.fields import DEPTH, fields_of, own_fields, shown
from orderlab.timeline.probe import asked
from orderlab.timeline.reading import events_at, lived, positions_of
from orderlab.timeline.unknown import UnknownEventType, counted, proposal

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

Where = Callable[[Any], object]

_BREAK = "\x1f"
"""Between two texts, so that nothing is found that begins in the one and ends in the other."""

_FIELDS = 6
"""How many fields of an event a row shows."""


@dataclass(frozen=True, slots=True, repr=False)
class Found(Sequence[RecordedEvent]):
    """The events that were found, in position order.

    Args:
        events: The events.
        more: Whether there are others, left out by the limit that was asked for.
    """

    events: tuple[RecordedEvent, ...]
    more: bool = False

    @overload
    def __getitem__(self, index: int) -> RecordedEvent: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[RecordedEvent, ...]: ...

    def __getitem__(self, index: int | slice) -> RecordedEvent | tuple[RecordedEvent, ...]:
        return self.events[index]

    def __len__(self) -> int:
        return len(self.events)

    @property
    def positions(self) -> list[int]:
        """Where the events are in the log."""
        return [each.position for each in self.events]

    def __repr__(self) -> str:
        few = [f"#{each.position} {each.event_type} {each.stream_id}" for each in self.events[:3]]
        left_out = ", …" if len(self) > len(few) else ""
        return f"<Found {self._told()}{': ' if few else ''}{', '.join(few)}{left_out}>"

    def __str__(self) -> str:
        left_out = [f"... and {len(self) - tables.ROWS:,} more"] if len(self) > tables.ROWS else []
        return "\n".join([self._told(), *map(repr, self.events[: tables.ROWS]), *left_out])

    def _repr_html_(self) -> str:
        body = [
            [each.position, each.recorded_at, each.event_type, each.stream_id, _told(each.event), each.correlation_id]
            for each in self.events[: tables.ROWS]
        ]
        header = ["position", "recorded at", "type", "stream", "event", "correlation id"]
        return f"<p>{self._told()}</p>{tables.rows(header, body, left_out=len(self) - len(body))}"

    def _told(self) -> str:
        return (
            f"the first {counted(len(self), 'event')}, and there are more" if self.more else counted(len(self), "event")
        )


def search_of(
    timeline: "Timeline[Any]",
    text: str | None = None,
    *,
    event_type: str | type | None = None,
    key: str | None = None,
    where: Where | None = None,
    after: int | datetime | str | None = None,
    until: int | datetime | str | None = None,
    limit: int | None = None,
) -> Found:
    """Return the events that are all that is asked for.

    Args:
        timeline: The timeline.
        text: In a value of the event, its type, its stream or one of its ids; capital letters do not matter.
        event_type: The event's type, or its name.
        key: The key of the entity that it is about.
        where: A function of this entity as the event left it; what it says counts as yes or no.
        after: Only events after this position, or recorded after this time.
        until: Only events up to this position, or recorded not later than this time.
        limit: How many are wanted; the first ones are kept.

    Raises:
        UnknownEventType: The domain has no such event.
        UnknownKey: The timeline has no such entity.
        ProbeFailed: `where` raised.
    """
    if text is not None and not isinstance(text, str):
        raise TypeError(f"text must be text, not {text!r}")
    if where is not None and not callable(where):
        raise TypeError(f"where must be a function of the entity, such as lambda order: …, not {where!r}")
    limit = None if limit is None else whole("limit", limit)
    start = 0 if after is None else _position(timeline, after, "after")
    end = len(timeline) if until is None else _position(timeline, until, "until")
    positions: Sequence[int] = range(start + 1, end + 1)
    if key is not None:
        positions = [each for each in positions_of(timeline, key) if each in positions]
    if event_type is not None:
        positions = _of_type(timeline, _type_name(timeline, event_type), positions)
    found = events_at(timeline, positions)
    if text is not None:
        found = (each for each in found if text.casefold() in _words_of(each))
    if where is not None:
        found = _satisfying(timeline, where, found)
    return Found(tuple(found)) if limit is None else _first(found, limit)


def _first(found: Iterator[RecordedEvent], limit: int) -> Found:
    kept = tuple(islice(found, limit))
    if len(kept) < limit:
        return Found(kept)
    try:
        return Found(kept, more=next(found, None) is not None)
    except UnreadableEvent:  # it may be one of them, and nobody has asked for it yet
        return Found(kept, more=True)


def _told(event: Any) -> str:
    """Return the fields of an event in one line."""
    return ", ".join(f"{name} {shown(value)}" for name, value in islice(fields_of(event).items(), _FIELDS))


def _of_type(timeline: "Timeline[Any]", name: str, positions: Sequence[int]) -> list[int]:
    """Return the positions at which there are events of a type, by the index alone."""
    outline = timeline._outline
    if name not in outline.type_names:
        return []
    places = np.asarray(positions, dtype=np.int64)
    of_type: list[int] = places[outline.types[places - 1] == outline.type_names.index(name)].tolist()
    return of_type


def _satisfying(timeline: "Timeline[Any]", where: Where, found: Iterable[RecordedEvent]) -> Iterator[RecordedEvent]:
    """Give the events after which their entity is as asked; each stream is folded once, and no further than needed."""
    streams: dict[str, Iterator[tuple[RecordedEvent, Any, Any]]] = {}
    for recorded in found:
        lives = streams.get(recorded.stream_id)
        if lives is None:
            key = timeline.decider.key_in(recorded.stream_id)
            lives = streams[recorded.stream_id] = lived(timeline, timeline.positions(key))
        entity = next(after for each, _, after in lives if each.position == recorded.position)
        if asked(timeline, recorded.position, where, entity):
            yield recorded


def _position(timeline: "Timeline[Any]", place: int | datetime | str, name: str) -> int:
    return timeline.position_at(place) if isinstance(place, datetime | str) else timeline._n(place, name)


def _type_name(timeline: "Timeline[Any]", event_type: str | type) -> str:
    name = event_type.__name__ if isinstance(event_type, type) else event_type
    if not isinstance(name, str):
        raise TypeError(f"event_type must be a type of event, or its name, not {event_type!r}")
    known = dict.fromkeys([*(each.__name__ for each in timeline.decider.events), *timeline._outline.type_names])
    if name in known:
        return name
    others = proposal(name, list(known), what="its events are")
    raise UnknownEventType(f"{timeline.decider.name} has no event {name}{others}")


def _words_of(recorded: RecordedEvent) -> str:
    """Return all the text in which an event may be found."""
    ids = (recorded.correlation_id, recorded.causation_id)
    own = (recorded.event_type, recorded.stream_id, str(recorded.event_id), *filter(None, ids))
    return _BREAK.join((*own, *_texts_in(recorded.event, DEPTH))).casefold()


def _texts_in(value: Any, depth: int) -> Iterator[str]:
    parts = own_fields(value)
    inside: Iterable[Any] | None = None if parts is None else parts.values()
    if isinstance(value, Mapping):
        inside = (each for pair in value.items() for each in pair)
    elif inside is None and isinstance(value, list | tuple | Set):
        inside = value
    if inside is not None:
        if depth:
            for each in inside:
                yield from _texts_in(each, depth - 1)
    elif isinstance(value, datetime):
        yield from (value.isoformat(), shown(value))
    elif value is not None:
        yield value if isinstance(value, str) else value.name if isinstance(value, Enum) else str(value)
