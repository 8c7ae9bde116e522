"""What is put into a past: an event or a command, with the entity it is about and its time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orderlab.core.script import TimedCommand
from orderlab.timeline.whatif.asked import Place
from orderlab.timeline.whatif.changes import Changes
from orderlab.timeline.whatif.redeciding import BEGINNING, UnusedIds, time_of_event

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Insertion:
    """An event that is put in and the command that it answers to, or a command alone.

    Args:
        place: Where it goes.
        key: The entity that it is about; drawn, where a command leaves it to be drawn.
        at: When it is given: its own time, else that of the event before its place.
        command: The command; None where the domain knows of none for the event.
        event: The event; None where a command was put in.
    """

    place: Place
    key: str
    at: datetime
    command: Any
    event: Any = None


def insertions_of(timeline: "Timeline[Any]", changes: Changes) -> tuple[Insertion, ...]:
    """Return all that is put in, in order."""
    drawn: set[str] = set()
    ids = UnusedIds(lambda key: key in drawn or bool(timeline.positions(key)))

    def key_for(key: Any) -> str:
        drawn.add(found := ids.new_id(timeline.decider.name) if key is None else str(key))
        return found

    inserted = []
    for position, actions in changes.insert.items():
        for number, action in enumerate(actions):
            at = timeline.time_of(max(position - 1, min(len(timeline), 1))) or BEGINNING
            inserted.append(_insertion(timeline, action, (position, -1, number), at, key_for))
    return tuple(inserted)


def _insertion(
    timeline: "Timeline[Any]", action: Any, place: Place, at: datetime, key_for: Callable[[Any], str]
) -> Insertion:
    decider = timeline.decider
    if isinstance(action, TimedCommand):
        return Insertion(place, key_for(decider.key_of(action.command)), action.at.astimezone(UTC), action.command)
    if isinstance(action, decider.commands):
        return Insertion(place, key_for(decider.key_of(action)), at, action)
    command = None if decider.command_of is None else decider.command_of(action)
    return Insertion(place, key_for(decider.key_of(action)), time_of_event(action, at), command, action)
