"""What if this had not happened? A changed past in two lanes, for commands are not events.

One lane folds the changed *facts* and marks those that can no longer follow. The other decides the changed *commands*
again, refused ones too: a refusal leaves no fact behind, so only this lane knows that somebody tried.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import index
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from orderlab.drawing import tables
from orderlab.timeline.whatif.asked import script_of
from orderlab.timeline.whatif.changes import Changes, changes_to
from orderlab.timeline.whatif.commands_lane import commands_lane
from orderlab.timeline.whatif.ending import Ending
from orderlab.timeline.whatif.explaining import explanation
from orderlab.timeline.whatif.facts_lane import facts_lane
from orderlab.timeline.whatif.insertions import Insertion, insertions_of
from orderlab.timeline.whatif.lanes import Lane

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

_STEPS = 100
"""How many steps of a lane a page is given at the most."""


@dataclass(frozen=True, slots=True, repr=False)
class WhatIf:
    """What follows from a change to a log, of the entities that it touches; all others are as they were.

    Args:
        changes: The change.
        facts: The lane of the facts.
        commands: The lane of the commands; None where no commands are known.
        endings: How each entity ends, by key.
        explained: What each lane says, and why the two agree or differ, in a few sentences.
        untouched: How many events the log has of other entities.
    """

    changes: Changes
    facts: Lane
    commands: Lane | None
    endings: Mapping[str, Ending] = field(hash=False)
    explained: str
    untouched: int

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that there are."""
        return (self.facts,) if self.commands is None else (self.facts, self.commands)

    @property
    def agrees(self) -> bool:
        """Whether both lanes end alike."""
        return all(ending.agrees for ending in self.endings.values())

    def __repr__(self) -> str:
        ends = [
            f"{ending.key} {ending.log_name} → {ending.facts_name} by the facts"
            + (f", {ending.commands_name} by the commands" if ending.commands_name is not None else "")
            for ending in list(self.endings.values())[:3]
        ]
        more = [f"and {len(self.endings) - len(ends)} more"] if len(self.endings) > len(ends) else []
        return f"<WhatIf {'; '.join([*ends, *more]) or 'nothing is touched'}>"

    def __str__(self) -> str:
        return "\n".join([self.explained, *map(str, self.lanes)])

    def _repr_html_(self) -> str:
        sentences = "".join(f"<p>{_code(tables.cell(line))}</p>" for line in self.explained.splitlines())
        top = 'style="vertical-align:top;text-align:left"'
        columns = "".join(f"<td {top}>{lane._repr_html_()}</td>" for lane in self.lanes)
        return f"{sentences}<table><tbody><tr>{columns}</tr></tbody></table>"

    def as_dict(self, *, most: int = _STEPS) -> dict[str, Any]:
        """Return all of it as short texts, for a page.

        Args:
            most: How many steps of a lane there are at the most; `left_out` of the lane counts the others.

        Raises:
            TypeError: `most` is no whole number.
            ValueError: It is negative.
        """
        if isinstance(most, bool) or not hasattr(most, "__index__"):
            raise TypeError(f"most must be a whole number, not {most!r}")
        if (most := index(most)) < 0:
            raise ValueError(f"most must be a number from 0, not {most}")
        return {
            "explained": self.explained,
            "agrees": self.agrees,
            "untouched": self.untouched,
            "facts": self.facts.as_dict(most),
            "commands": None if self.commands is None else self.commands.as_dict(most),
            "endings": [
                {
                    "key": ending.key,
                    "log": ending.log_name,
                    "facts": ending.facts_name,
                    "commands": ending.commands_name,
                    "agrees": ending.agrees,
                }
                for ending in list(self.endings.values())[:most]
            ],
        }


def what_if(
    timeline: "Timeline[Any]",
    *,
    drop: int | Iterable[int] | None = None,
    insert: Mapping[int, Any] | None = None,
    swap: tuple[int, int] | None = None,
    edit: Mapping[int, Any] | None = None,
) -> WhatIf:
    """Return what follows if a step of a log had not been, or had been another; the timeline stays as it is.

    All positions are those of the unchanged log, from 1. Among the commands a position stands for the command that its
    event answers, with all events of that; a command that moves keeps its own time. Without any change, the whole log
    is folded and decided again.

    Args:
        timeline: The log.
        drop: The position or positions of what is left out.
        insert: Before which position an event or a command is put in, or a list of them; one after the last adds at the
            end. A `TimedCommand` brings its time, any other command is given at the time of the event before it.
        swap: Two positions that change places.
        edit: By position the event that happened instead.

    Raises:
        IndexError: A position is not in the log.
        TypeError: An argument is of another kind than it must be.
        ValueError: Two changes contradict each other, or an action does not say what it is about.
    """
    changes = changes_to(timeline, drop=drop, insert=insert, swap=swap, edit=edit)
    insertions = insertions_of(timeline, changes)
    keys = touched_keys(timeline, changes, insertions)
    facts = facts_lane(timeline, keys, changes, insertions)
    commands = commands_lane(timeline, keys, changes, insertions)
    endings = MappingProxyType({key: _ending(timeline, key, facts, commands) for key in keys})
    untouched = len(timeline) - sum(len(timeline.positions(key)) for key in keys)
    told = explanation(timeline, changes, insertions, (facts, commands), endings)
    if changes:
        told += f"\n{_untouched(untouched, timeline.decider.name)}"
    return WhatIf(changes, facts, commands, endings, told, untouched)


def touched_keys(timeline: "Timeline[Any]", changes: Changes, insertions: Sequence[Insertion]) -> tuple[str, ...]:
    """Return the keys of the entities whose past is changed; of all there are, where nothing is."""
    decider = timeline.decider
    if not changes:
        return tuple(dict.fromkeys([*timeline.keys(), *script_of(timeline).keys()]))
    recorded = (decider.key_in(timeline.event(position).stream_id) for position in changes.positions)
    edited = (str(decider.key_of(event)) for event in changes.edit.values())
    return tuple(dict.fromkeys([*recorded, *edited, *(each.key for each in insertions)]))


def _code(escaped: str) -> str:
    """Return text that is HTML already with what is in backticks set as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escaped)


def _untouched(untouched: int, name: str) -> str:
    if untouched == 0:
        return f"No other {name} has events."
    return (
        "The one other event is as it was." if untouched == 1 else f"The other {untouched:,} events are as they were."
    )


def _ending(timeline: "Timeline[Any]", key: str, facts: Lane, commands: Lane | None) -> Ending:
    name, log = timeline.decider.state_name, timeline.entity(key) if timeline.positions(key) else None
    by_facts, by_commands = facts.entities.get(key), None if commands is None else commands.entities.get(key)
    names = name(log), name(by_facts), None if commands is None else name(by_commands)
    return Ending(key, log, by_facts, by_commands, *names)
