"""One command of a run, with what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import VersionConflict
from orderlab.core.log import NewEvent
from orderlab.drawing.tables import AsTable

CONFLICT = VersionConflict.__name__
"""How the failure of an append begins that met another version than it expected: no bug, but what expecting is for."""


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
            all of it at once.
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
            return type(self.rejection).__name__
        if self.part == "read":
            return "read"
        events = self.events or (self.decided if self.part == "decide" else ())
        return ", ".join(type(event).__name__ for event in events) or "nothing"

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
        return f"<TraceStep {writer}{part}{type(self.command).__name__}: {' '.join(self.outcome.split())}>"
