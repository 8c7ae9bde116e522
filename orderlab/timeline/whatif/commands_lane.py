"""The commands of a changed past: decided again, each at its own time, and compared with what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from orderlab.timeline.fields import same
from orderlab.timeline.whatif.asked import Asked
from orderlab.timeline.whatif.changes import Changes
from orderlab.timeline.whatif.insertions import Insertion
from orderlab.timeline.whatif.lanes import ACCEPTED, DROPPED, FAILS, NO_EVENT, REFUSED, Lane, LaneStep, in_words
from orderlab.timeline.whatif.matching import history_of
from orderlab.timeline.whatif.redeciding import Answer, OneId, time_of_event, tried

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class _Given:
    """A command as it is given now, and as it was; None in place of that for one that is put in."""

    asked: Asked
    was: Asked | None
    change: str


def commands_lane(
    timeline: "Timeline[Any]", keys: Sequence[str], changes: Changes, insertions: Sequence[Insertion]
) -> Lane | None:
    """Decide the changed commands of some entities again; None if the commands are not known."""
    histories = [history_of(timeline, key) for key in keys]
    known = [history for history in histories if history is not None]
    if len(known) < len(histories):
        return None
    notes = [history.note for history in known if history.note]
    given = [_changed(timeline, asked, changes, notes) for history in known for asked in history.asked]
    for new in insertions:
        if new.command is None:
            notes.append(f"No command is known for {type(new.event).__name__}, so none is put in.")
        else:
            given.append(_Given(Asked(new.command, new.key, new.at, place=new.place), None, "inserted"))
    state, steps = timeline.reducer.initial_state(), []
    for each in sorted(given, key=lambda each: each.asked.place):
        state, step = _step(timeline, state, each)
        steps.append(step)
    entities = {key: timeline.reducer.entity(state, key)[0] for key in keys}
    return Lane("commands", tuple(steps), MappingProxyType(entities), tuple(notes))


def _changed(timeline: "Timeline[Any]", asked: Asked, changes: Changes, notes: list[str]) -> _Given:
    """Return a command as it is to be given; of an edited event it is the one that the new event answers to."""
    change = changes.mark_of(asked.positions)
    several = [position for position in asked.positions if changes.mark_of([position])]
    if change == DROPPED and any(position not in changes.drop for position in several):
        others = [position for position in several if position not in changes.drop]
        notes.append(f"{_one(asked)} is dropped with all its events, so {_lost(others)}.")
    if change == "moved":
        position = next(each for each in asked.positions if each in (changes.swap or ()))
        return _Given(replace(asked, place=(changes.place_of(position), *asked.place[1:])), asked, change)
    if change == "edited":
        decider = timeline.decider
        position = next(each for each in asked.positions if each in changes.edit)
        event = changes.edit[position]
        command = None if decider.command_of is None else decider.command_of(event)
        if command is None:
            notes.append(f"No command is known for {type(event).__name__}, so the one at {position} stays as it was.")
            return _Given(asked, asked, "")
        if len(asked.positions) > 1:
            more = f", and {_lost(others)}" if (others := [each for each in several if each != position]) else ""
            notes.append(
                f"{_one(asked)} led to several events; what answers to the one at {position} stands for it{more}."
            )
        at = time_of_event(event, asked.at)
        return _Given(replace(asked, command=command, key=str(decider.key_of(event)), at=at), asked, change)
    return _Given(asked, asked, change)


def _one(asked: Asked) -> str:
    return f"{type(asked.command).__name__} of {asked.key} at position {asked.positions[0]}"


def _lost(positions: Sequence[int]) -> str:
    return f"what is changed at {' and '.join(map(str, positions))} is not among the commands"


def _step(timeline: "Timeline[Any]", state: Any, given: _Given) -> tuple[Any, LaneStep]:
    asked, key = given.asked, given.asked.key
    before = _name(timeline, state, key)
    step = LaneStep(
        given.was.positions[0] if given.was is not None and given.was.positions else None,
        key,
        type(asked.command).__name__,
        asked.command,
        DROPPED,
        "",
        before,
        before,
        given.change,
        was=_outcome(given.was),
    )
    if given.change == DROPPED:
        return state, step
    answer = tried(timeline.reducer, state, asked.command, at=asked.at, ids=OneId(key))
    decided = replace(
        step,
        outcome=answer.outcome,
        reason=_reason(answer, given, key),
        after=_name(timeline, answer.state, key),
        events=answer.events,
        differs=_differs(answer, given),
    )
    return answer.state, decided


def _outcome(was: Asked | None) -> str:
    if was is None:
        return ""
    return ACCEPTED if was.events or was.was is None else was.was.outcome


def _differs(answer: Answer, given: _Given) -> bool:
    """Tell whether something else came of it; of a command that was rewritten, whether it was answered otherwise."""
    if given.was is None:
        return False
    if answer.outcome != _outcome(given.was):
        return True
    if given.change == "edited":
        return False
    was = given.was.was
    return not (same(answer.events, given.was.events) and (was is None or same(answer.rejection, was.rejection)))


def _reason(answer: Answer, given: _Given, key: str) -> str:
    """Say why a command was refused, and what came of it in the log where that is something else."""
    now = in_words(answer.rejection, key) if answer.outcome == REFUSED else answer.failure
    if given.was is None or not _differs(answer, given):
        return now
    was = _outcome(given.was)
    if was == REFUSED and given.was.was is not None:
        was = f"was refused: {in_words(given.was.was.rejection, given.was.key)}"
    elif was == ACCEPTED and answer.outcome == ACCEPTED:
        was = "led to other events"
    else:
        was = {NO_EVENT: "had no event", FAILS: "failed"}.get(was, f"was {was}")
    return f"{now}; {was}" if now else was


def _name(timeline: "Timeline[Any]", state: Any, key: str) -> str:
    return timeline.decider.state_name(timeline.reducer.entity(state, key)[0])
