"""Match the commands behind a log with its events.

The commands are those that were given, where a timeline has them (its `commands`), refused ones among them. An event
answers the command whose key is its correlation id; in a log without such ids, a command's events are those that it
leads to when all of an entity's commands are decided in their order. What answers to no given command is answered for
by the domain: `command_of` tells which command such an event answers to.

Whatever is matched is tried: decided again without a change, the commands of an entity must lead to its events. Given
commands that do not are left out, if those that the events answer to do better; if nothing does, it is said.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orderlab.core.log import RecordedEvent
from orderlab.timeline.reading import events_at
from orderlab.timeline.whatif.asked import Asked, History, Numbered, Place, script_of
from orderlab.timeline.whatif.redeciding import OneId, time_of_event, tried

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline


def history_of(timeline: "Timeline[Any]", key: str) -> History | None:
    """Return the commands about an entity; None if there is an event that no command is known for.

    Raises:
        UnreadableEvent: An event cannot be decoded.
    """
    recorded = list(events_at(timeline, timeline.positions(key)))
    given = script_of(timeline).about(key, recorded)
    first: tuple[Asked, ...] | None = None
    for drafts, is_given in _ways(timeline, key, given, recorded):
        asked = _tried(timeline, key, _in_place(timeline, drafts))
        if all(each.was is not None and each.was.events == each.events for each in asked):
            return History(asked, "" if is_given or not given else _left_out(key))
        first = asked if first is None else first
    return None if first is None else History(first, _unfit(key))


@dataclass(slots=True)
class _Draft:
    """A command while its events are looked for; `number` is its place in the script, None where it is not in it."""

    command: Any
    at: datetime
    number: int | None
    recorded: list[RecordedEvent] = field(default_factory=list)


def _ways(
    timeline: "Timeline[Any]", key: str, given: Sequence[Numbered], recorded: Sequence[RecordedEvent]
) -> Iterator[tuple[list[_Draft], bool]]:
    """Give every way to match commands and events, the soundest first, and whether it takes the given commands."""
    from_events = _by_correlation([], recorded, timeline.decider.command_of)
    if given:
        together = _by_correlation(given, recorded, timeline.decider.command_of)
        names = {each.timed.key for each in given}
        if recorded and not any(each.correlation_id in names for each in recorded):
            by_deciding = _by_deciding(timeline, key, given, recorded)
            if by_deciding is not None:
                yield by_deciding, True
            derived = [draft.command for draft in from_events or ()]
            if any(each.timed.command in derived for each in given):
                together = None  # or else the same command would count as refused beside itself
        if together is not None:
            yield together, True
    if from_events is not None:
        yield from_events, False


def _by_correlation(
    given: Sequence[Numbered], recorded: Sequence[RecordedEvent], command_of: Callable[[Any], Any] | None
) -> list[_Draft] | None:
    """Match by correlation id, and let events that answer no given command say which they answer to."""
    drafts = {each.timed.key: _Draft(each.timed.command, each.timed.at, each.number) for each in given}
    others: list[_Draft] = []
    last: _Draft | None = None
    for each in recorded:
        # What a delayed action led to has the same correlation id, but another cause: it is a step of its own.
        is_direct = each.causation_id in (None, each.correlation_id)
        draft = drafts.get(each.correlation_id or "") if is_direct else None
        if draft is None:
            command = None if command_of is None else command_of(each.event)
            if command is not None:
                draft = _Draft(command, time_of_event(each.event, each.recorded_at), None)
                others.append(draft)
            elif command_of is None or last is None:
                return None
            else:  # the command of the event before it caused this one as well
                draft = last
        draft.recorded.append(each)
        last = draft
    return [*drafts.values(), *others]


def _by_deciding(
    timeline: "Timeline[Any]", key: str, given: Sequence[Numbered], recorded: Sequence[RecordedEvent]
) -> list[_Draft] | None:
    """Match by what the given commands lead to; None if that is not exactly what is in the log."""
    drafts, state, done = [], timeline.reducer.initial_state(), 0
    for number, timed in given:
        answer = tried(timeline.reducer, state, timed.command, at=timed.at, ids=OneId(key))
        state, answered = answer.state, list(recorded[done : done + len(answer.events)])
        if answer.events != tuple(each.event for each in answered):
            return None
        drafts.append(_Draft(timed.command, timed.at, number, answered))
        done += len(answered)
    return drafts if done == len(recorded) else None


def _in_place(timeline: "Timeline[Any]", drafts: Sequence[_Draft]) -> list[tuple[Place, _Draft]]:
    """Return commands in their order: those with events are where these are, the others where their time puts them.

    Between two commands of the script the script's own order counts, for several may have been given at one instant.
    """
    given = [(draft.number, draft) for draft in drafts if draft.number is not None]
    bound, places = len(timeline) + 1, []
    for number, draft in reversed(given):
        if draft.recorded:
            bound = draft.recorded[0].position
            places.append((bound, 0, number))
        else:
            places.append((min(_given_after(timeline, number, draft.at), bound - 1), 1, number))
    placed, least = [], 0
    for (position, side, number), (_, draft) in zip(reversed(places), given, strict=True):
        least = max(least, position)
        placed.append(((least, side, number) if side else (position, side, number), draft))
    others = [((draft.recorded[0].position, 0, 0), draft) for draft in drafts if draft.number is None]
    return sorted([*placed, *others], key=lambda each: each[0])


def _given_after(timeline: "Timeline[Any]", number: int, at: datetime) -> int:
    """Return the position after which a command of the script was given that has no events."""
    last, numbers = timeline.position_at(at), script_of(timeline).number_of
    first = timeline.position_at(at - timedelta(microseconds=1)) if last else 0
    for recorded in timeline.events(first + 1, last) if first < last else ():  # what was recorded at its own instant
        if number < (numbers(recorded.correlation_id) or 0):
            return recorded.position - 1
    return last


def _tried(timeline: "Timeline[Any]", key: str, drafts: Sequence[tuple[Place, _Draft]]) -> tuple[Asked, ...]:
    """Decide commands in their order, with nothing changed."""
    asked, state = [], timeline.reducer.initial_state()
    for place, draft in drafts:
        answer = tried(timeline.reducer, state, draft.command, at=draft.at, ids=OneId(key))
        state = answer.state
        positions = tuple(each.position for each in draft.recorded)
        events = tuple(each.event for each in draft.recorded)
        asked.append(Asked(draft.command, key, draft.at, positions, events, place, answer))
    return tuple(asked)


def _left_out(key: str) -> str:
    return (
        f"The commands that were given about {key} do not lead to its events, so those that the events answer to "
        "stand in for them."
    )


def _unfit(key: str) -> str:
    return (
        f"Decided again without any change, the commands about {key} lead to other events than the log has: "
        "what differs need not come from the change alone."
    )
