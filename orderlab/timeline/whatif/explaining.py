"""A what-if in plain English: what was changed, what each lane says, and why the two agree or differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orderlab.timeline.whatif.changes import Changes
from orderlab.timeline.whatif.ending import Ending, ending_told
from orderlab.timeline.whatif.insertions import Insertion
from orderlab.timeline.whatif.lanes import ACCEPTED, CANNOT_FOLLOW, FAILS, NO_EVENT, REFUSED, Lane, LaneStep

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_OTHERWISE = "A fact says what it says, while a command leads to what `decide` makes of it."

_TOLD = 3
"""How many of several things are told one by one."""


def explanation(
    timeline: "Timeline[Any]",
    changes: Changes,
    insertions: Sequence[Insertion],
    lanes: tuple[Lane, Lane | None],
    endings: Mapping[str, Ending],
) -> str:
    """Return a what-if as a few lines of sentences."""
    facts, commands = lanes
    told = [_change(timeline, changes, insertions), _facts(facts, endings)]
    told.append(_unknown(timeline) if commands is None else _commands(commands, endings))
    if commands is not None and not timeline.commands and changes:
        told.append("These commands are read off the events; of one that was refused, a log tells nothing.")
    if commands is not None and changes:
        told.append(_comparison(facts, commands, endings))
    told.extend(note for lane in lanes if lane is not None for note in lane.notes)
    return "\n".join(told)


def _change(timeline: "Timeline[Any]", changes: Changes, insertions: Sequence[Insertion]) -> str:
    def named(position: int) -> str:
        recorded = timeline.event(position)
        return f"{recorded.event_type} of {timeline.decider.key_in(recorded.stream_id)} at position {position}"

    told = [f"without {named(position)}" for position in sorted(changes.drop)]
    told += [f"with {_type(event)} instead of {named(position)}" for position, event in sorted(changes.edit.items())]
    if changes.swap is not None:
        told.append(f"with {named(changes.swap[0])} in the place of {named(changes.swap[1])}, and the other way round")
    for each in insertions:
        what = each.command if each.event is None else each.event
        told.append(f"with {_type(what)} of {each.key} put in before position {each.place[0]}")
    listed = _listed(told) or "nothing changed: every event folded again, every command decided again"
    return f"{listed[0].upper()}{listed[1:]}."


def _facts(lane: Lane, endings: Mapping[str, Ending]) -> str:
    out = [
        f"{step.what} of {step.key}{_at(step)} can no longer follow and is left out ({step.reason})"
        for step in lane.steps
        if step.outcome == CANNOT_FOLLOW
    ]
    rest = "every other fact still follows" if lane.steps and not out else ""
    ends = _ends([ending_told(e.key, e.log, e.facts, e.log_name, e.facts_name) for e in endings.values()])
    return f"The facts: {'; '.join(filter(None, [_listed(out), rest, ends])) or 'there are none'}."


def _commands(lane: Lane, endings: Mapping[str, Ending]) -> str:
    different = [_answered(step) for step in lane.different]
    rest = "every other command is answered as it was" if lane.steps and not different else ""
    ends = _ends([ending_told(e.key, e.log, e.commands, e.log_name, f"{e.commands_name}") for e in endings.values()])
    return f"The commands: {'; '.join(filter(None, [_listed(different), rest, ends])) or 'there are none'}."


_NOW = {ACCEPTED: "is accepted now", REFUSED: "is refused now", NO_EVENT: "has no event now", FAILS: "fails now"}


def _answered(step: LaneStep) -> str:
    now = "is refused as before, for another reason" if step.was == step.outcome == REFUSED else _NOW[step.outcome]
    return f"{step.what} of {step.key}{_at(step)} {now} ({step.reason})"


def _comparison(facts: Lane, commands: Lane, endings: Mapping[str, Ending]) -> str:
    if all(each.agrees for each in endings.values()):
        out = [step.position for step in facts.steps if step.outcome == CANNOT_FOLLOW]
        refused = {step.position for step in commands.steps if step.outcome == REFUSED and step.position is not None}
        if out and refused.issuperset(out):
            return (
                "The two agree: what cannot follow as a fact is refused as a command. But the refusal is an ordinary "
                "answer, and a log with a fact that cannot follow would be a damaged one."
            )
        if out or commands.different:
            return "The two agree in how everything ends."
        return "The two agree: no other command depended on what was changed."
    reasons = list(_reasons(facts, commands))
    return f"The two differ. {' '.join(reasons) or _OTHERWISE}"


def _reasons(facts: Lane, commands: Lane) -> Iterator[str]:
    different = commands.different
    if any(step.was == REFUSED and step.outcome == ACCEPTED for step in different):
        yield (
            "A log keeps what happened and not what was asked for: a refused command left no fact, so the facts know "
            "nothing of it; among the commands it is there, and this time it is accepted."
        )
    refused = {position for step in different if step.outcome == REFUSED and (position := step.position)}
    if any(step.position in refused and step.outcome != CANNOT_FOLLOW for step in facts.steps):
        yield (
            "`evolve` takes any fact that can follow, while the rules are `decide`'s: a command is refused now, "
            "though its fact could still follow."
        )
    if any(step.was == ACCEPTED and step.outcome == ACCEPTED for step in different):
        yield "A fact says what it said, while a command decided again may lead to other events than it did."
    out = {step.position for step in facts.steps if step.outcome == CANNOT_FOLLOW}
    if any(step.position in out and step.outcome == ACCEPTED for step in commands.steps):
        yield "A fact that cannot follow is lost, while its command is decided on what is there, and is accepted."


def _unknown(timeline: "Timeline[Any]") -> str:
    name = timeline.decider.name
    if timeline.decider.command_of is not None or timeline.commands:
        return "The commands: not known, for there is an event that answers to no command that is known."
    return (
        f"The commands: not known, for the decider of {name} has no `command_of` that tells which command an event "
        "answers to. Give the timeline the commands that were given, as `commands=`."
    )


def _ends(endings: Sequence[tuple[str, bool]]) -> str:
    """Say how entities end: those that end otherwise than in the log first, and few of the others one by one."""
    others = [told for told, is_alike in endings if not is_alike]
    alike = [told for told, is_alike in endings if is_alike]
    if len(endings) > _TOLD and alike:
        told = "the other one ends" if len(alike) == 1 else f"{'the other' if others else 'all'} {len(alike):,} end"
        alike = [f"{told} as in the log"]
    return "; ".join(filter(None, [_listed(others), _listed(alike)]))


def _at(step: LaneStep) -> str:
    return "" if step.position is None else f" at position {step.position}"


def _type(value: Any) -> str:
    return type(value).__name__


def _listed(told: Sequence[str]) -> str:
    more = [f"and {len(told) - _TOLD:,} more"] if len(told) > _TOLD else []
    return "; ".join([*told[:_TOLD], *more])
