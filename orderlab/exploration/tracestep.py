"""One command of a run, with what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import VersionConflict
from orderlab.core.log import NewEvent
from orderlab.drawing.tables import AsTable

CONFLICT = VersionConflict.__name__
"""How the failure of an append begins that met another version than it expected: no bug, but what expecting is for."""

NOTE = "note"
"""The part of a step in which nobody asks the decider for anything: what its writer does besides, told by the text of
what stands in place of the command, as in "saves the model"."""


@dataclass(frozen=True, slots=True, repr=False)
class TraceStep(AsTable):
    """One command of a run, and what came of it.

    Args:
        command: The command.
        at: When it was decided, aware.
        before: The state that it met.
        state: The state after it.
        events: What it caused.
        rejection: Why it was refused; None if it was not.
        failure: What was raised instead, in one line: a bug of the domain, not a refusal. Empty if nothing was.
        key: The key of the entity that it was about, also where that was drawn; None where it cannot be told.
        writer: Who gave it, where there are several; empty for one alone.
        effects: All effects that the reducer asked for.
        part: Which part of handling the command this is, where writers mix: `read`, `decide` or `append`; empty for
            all of it at once, and `note` for what is no command.
    """

    command: Any
    at: datetime
    before: Any
    state: Any
    events: tuple[Any, ...] = ()
    rejection: Any = None
    failure: str = ""
    key: str | None = None
    writer: str = ""
    effects: tuple[Any, ...] = ()
    part: str = ""

    @property
    def outcome(self) -> str:
        """What came of the command, in a word or two: `OrderPlaced`, `InvalidOrderState`, `nothing`, or what failed."""
        if self.failure:
            return self.failure
        if self.rejection is not None:
            return called(self.rejection)
        if self.part == "read":
            return "read"
        events = self.events or (self.decided if self.part == "decide" else ())
        return ", ".join(map(called, events)) or "nothing"

    @property
    def decided(self) -> tuple[Any, ...]:
        """The events that it asks to be written, whether they are or not."""
        events = (each for effect in self.effects if isinstance(effect, AppendEvents) for each in effect.events)
        return tuple(each.event if isinstance(each, NewEvent) else each for each in events)

    @property
    def answer(self) -> str:
        """What came of the command, as a name: the outcome, of a failure only the exception's name."""
        return self.failure.partition(":")[0].strip() or self.outcome

    @property
    def is_conflict(self) -> bool:
        """Whether nothing was written because somebody else had written first."""
        return bool(self.conflict)

    @property
    def conflict(self) -> str:
        """What the event store said where somebody else had written first; empty if nobody had."""
        if isinstance(self.rejection, VersionConflict):
            return f"{CONFLICT}: {self.rejection}"
        return self.failure if self.failure.startswith(CONFLICT) else ""

    def __repr__(self) -> str:
        writer, part = (f"{each} " if each else "" for each in (self.writer, self.part))
        return f"<TraceStep {writer}{part}{called(self.command)}: {' '.join(self.outcome.split())}>"


def called(action: Any) -> str:
    """Return what an action is called: its type; of a member of an enumeration the member, for that is what it says.

    >>> from http import HTTPMethod
    >>> called(HTTPMethod.GET), called("GET")
    ('GET', 'str')
    """
    return action.name if isinstance(action, Enum) else type(action).__name__


def names_in(kinds: Iterable[type]) -> list[str]:
    """Return what the actions of some types are called: a type of its own, an enumeration by its members.

    >>> names_in([int, str])
    ['int', 'str']
    """
    members = ([each.name for each in kind] if issubclass(kind, Enum) else [kind.__name__] for kind in kinds)
    return [name for names in members for name in names]
