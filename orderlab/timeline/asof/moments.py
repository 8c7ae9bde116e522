"""A log step by step: what each event found, and what it left."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider
from orderlab.drawing import tables
from orderlab.eventstore.base import Outline
from orderlab.timeline.asof.outlining import instant
from orderlab.timeline.asof.walking import Stride


@dataclass(frozen=True, slots=True)
class Moment(tables.AsTable):
    """One event of a log and the entity it is about, before and after.

    Args:
        position: Its place in the log, from 1.
        recorded_at: When it was recorded, aware UTC.
        key: The key of the entity.
        event_type: The name of its type.
        event: Its value.
        before: The entity before it; None if it is the first about it.
        after: The entity after it.
        before_name: The name of the state that the entity was in.
        after_name: The name of the state that the entity then is in.
    """

    position: int
    recorded_at: datetime
    key: str
    event_type: str
    event: Any
    before: Any
    after: Any
    before_name: str
    after_name: str

    def __repr__(self) -> str:
        return f"<Moment #{self.position} {self.event_type} {self.key}: {self.before_name} to {self.after_name}>"


def moments(
    walk: Iterable[list[Stride]], outline: Outline, decider: Decider[Any], by: Callable[[Any], str] | None = None
) -> Iterator[Moment]:
    """Give a log step by step.

    Args:
        walk: The log, folded.
        outline: The log without its contents.
        decider: The domain.
        by: Names the state of an entity; the decider's own names by default, and always for the state before any event.
    """
    name_of = decider.state_of if by is None else by
    nothing, type_names = decider.state_of(None), outline.type_names
    for stretch in walk:
        places = slice(stretch[0].position - 1, stretch[-1].position)
        times, types = outline.times[places].tolist(), outline.types[places].tolist()
        for (position, key, event, before, after), time, event_type in zip(stretch, times, types, strict=True):
            before_name = nothing if before is None else name_of(before)
            name = type_names[event_type]
            yield Moment(position, instant(time), key, name, event, before, after, before_name, name_of(after))
