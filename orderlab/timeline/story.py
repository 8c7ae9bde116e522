"""The story of one entity: everything that happened to it, in order, and what each event changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from orderlab.core.log import RecordedEvent
from orderlab.drawing import tables
from orderlab.timeline.comparison import Change, changes_between, in_words
from orderlab.timeline.fields import shown
from orderlab.timeline.lane import Stop, picture
from orderlab.timeline.reading import lived, positions_of
from orderlab.timeline.unknown import counted

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_NAMES = 6
"""How many states a line of text goes through."""


@dataclass(frozen=True, slots=True, repr=False)
class StoryStep(tables.AsTable):
    """One event of an entity's story: the entity before and after it, and what it changed."""

    recorded: RecordedEvent
    before: Any
    after: Any
    before_name: str
    after_name: str
    changes: tuple[Change, ...]

    @property
    def position(self) -> int:
        """The place of the event in the whole log."""
        return self.recorded.position

    @property
    def recorded_at(self) -> datetime:
        """When the event was recorded."""
        return self.recorded.recorded_at

    @property
    def event(self) -> Any:
        """The event's domain value."""
        return self.recorded.event

    @property
    def event_type(self) -> str:
        """The name of the event's type."""
        return self.recorded.event_type

    @property
    def correlation_id(self) -> str | None:
        """The request that started it."""
        return self.recorded.correlation_id

    @property
    def sentence(self) -> str:
        """What happened, in words: `OrderShipped: status placed → shipped, status.tracking_number TRACK-1`."""
        return f"{self.event_type}: {in_words(self.changes)}"

    def __repr__(self) -> str:
        return f"<#{self.position} {self.sentence}>"


@dataclass(frozen=True, slots=True, repr=False)
class Story(Sequence[StoryStep]):
    """Everything that happened to one entity, a step for each event.

    Args:
        key: The entity's key.
        noun: What kind of entity it is.
        steps: What happened, in order.
    """

    key: str
    noun: str
    steps: tuple[StoryStep, ...]

    @overload
    def __getitem__(self, index: int) -> StoryStep: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[StoryStep, ...]: ...

    def __getitem__(self, index: int | slice) -> StoryStep | tuple[StoryStep, ...]:
        return self.steps[index]

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """The states that the entity went through, the first that before its first event."""
        return tuple(step.before_name for step in self.steps[:1]) + tuple(step.after_name for step in self.steps)

    def __repr__(self) -> str:
        return f"<Story of {self.noun} {self.key}: {self._told()}>"

    def __str__(self) -> str:
        shown_steps = self.steps[: tables.ROWS]
        more = [f"... and {counted(len(self) - len(shown_steps), 'event')} more"] if len(self) > tables.ROWS else []
        lines = [f"#{step.position} {shown(step.recorded_at)} {step.sentence}" for step in shown_steps]
        return "\n".join([f"{self.noun} {self.key}: {self._told()}", *lines, *more])

    def _repr_html_(self) -> str:
        stops = [Stop(step.event_type, shown(step.recorded_at), step.after_name) for step in self.steps]
        body = [
            [
                step.position,
                step.recorded_at,
                step.event_type,
                f"{step.before_name} → {step.after_name}",
                in_words(step.changes),
                step.correlation_id,
            ]
            for step in self.steps[: tables.ROWS]
        ]
        header = ["position", "recorded at", "event", "state", "what changed", "correlation id"]
        drawn = picture(f"{self.noun} {self.key}", self.names[0], stops) if stops else ""
        return drawn + tables.rows(header, body, left_out=len(self) - len(body))

    def _told(self) -> str:
        names = list(self.names)
        if len(names) > _NAMES:
            names = [names[0], "…", *names[2 - _NAMES :]]
        return f"{counted(len(self), 'event')}, {' → '.join(names)}"


def story_of(timeline: "Timeline[Any]", key: str) -> Story:
    """Return everything that happened to an entity.

    Raises:
        UnknownKey: The timeline has no such entity.
    """
    named = timeline.decider.state_of
    return Story(
        key,
        timeline.decider.name,
        tuple(
            StoryStep(recorded, before, after, named(before), named(after), changes_between(before, after))
            for recorded, before, after in lived(timeline, positions_of(timeline, key))
        ),
    )
