"""One command of a run, with what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderlab.drawing.tables import AsTable


@dataclass(frozen=True, slots=True)
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

    @property
    def outcome(self) -> str:
        """What came of the command, in a word or two: `OrderPlaced`, `InvalidOrderState`, `nothing`, or what failed."""
        if self.failure:
            return self.failure
        if self.rejection is not None:
            return type(self.rejection).__name__
        return ", ".join(type(event).__name__ for event in self.events) or "nothing"
