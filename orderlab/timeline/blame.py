"""Whose doing a value is: the event that gave a field of an entity the value it has."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orderlab.core.log import RecordedEvent
from orderlab.drawing import tables
from orderlab.timeline.comparison import Change
from orderlab.timeline.fields import ABSENT, fields_of, same, shown
from orderlab.timeline.reading import lived, positions_of
from orderlab.timeline.unknown import UnknownField, proposal

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True, repr=False)
class Blame:
    """The event that gave a field its value.

    Args:
        key: The entity's key.
        noun: What kind of entity it is.
        field: The field.
        before: Its value before the event; `ABSENT` if there was none.
        after: The value that it has had since; `ABSENT` if it is gone.
        recorded: The event, with everything known about it.
    """

    key: str
    noun: str
    field: str
    before: Any
    after: Any
    recorded: RecordedEvent

    @property
    def position(self) -> int:
        """The place of the event in the whole log."""
        return self.recorded.position

    @property
    def event(self) -> Any:
        """The event's domain value."""
        return self.recorded.event

    @property
    def recorded_at(self) -> datetime:
        """When the event was recorded."""
        return self.recorded.recorded_at

    @property
    def correlation_id(self) -> str | None:
        """The request that started it."""
        return self.recorded.correlation_id

    @property
    def causation_id(self) -> str | None:
        """What directly caused it."""
        return self.recorded.causation_id

    def __repr__(self) -> str:
        return f"<Blame {self.key}: {self._change()} by {self.recorded.event_type} at {self.position}>"

    def __str__(self) -> str:
        told = f"{self.noun} {self.key}: {self._change()}, by {self.recorded.event_type} at position {self.position}"
        cause = f", correlation id {self.correlation_id}" if self.correlation_id else ""
        return f"{told}, {shown(self.recorded_at)}{cause}"

    def _repr_html_(self) -> str:
        return tables.fields(
            {
                self.noun: self.key,
                "field": self.field,
                "before": shown(self.before),
                "after": shown(self.after),
                "by": self.recorded.event_type,
                "position": self.position,
                "recorded at": self.recorded_at,
                "correlation id": self.correlation_id,
                "causation id": self.causation_id,
            }
        )

    def _change(self) -> Change:
        return Change(self.field, self.before, self.after)


def blame_of(timeline: "Timeline[Any]", key: str, field: str, *, at: int | None = None) -> Blame:
    """Return the event that gave a field of an entity the value that it has at a position.

    Args:
        timeline: The timeline.
        key: The entity's key.
        field: The field's name, as in `fields_of`: `status`, `status.tracking_number`, `items[0].quantity`.
        at: The position; the end if None.

    Raises:
        UnknownKey: There is no such entity, or not yet at this position.
        UnknownField: The entity has no such field, and had none before.
    """
    if not isinstance(field, str):
        raise TypeError(f"field must be the name of a field as text, such as status, not {field!r}")
    found = None
    entity = None
    for recorded, before, after in lived(timeline, positions_of(timeline, key, at=at)):
        was, now = _value(before, field), _value(after, field)
        if not same(was, now):
            found = Blame(key, timeline.decider.name, field, was, now, recorded)
        entity = after
    if found is None:
        names = list(fields_of(entity))
        deeper = [name for name in fields_of(entity, deep=True) if name not in names]
        raise UnknownField(
            f"{timeline.decider.name} {key} has no field {field}"
            f"{proposal(field, [*names, *deeper], what='its fields are', most=len(names))}"
        )
    return found


def _value(entity: Any, field: str) -> Any:
    """Return the value of a field, whether it is one of the entity's own or inside one of these."""
    own = fields_of(entity)
    return own[field] if field in own else fields_of(entity, deep=True).get(field, ABSENT)
