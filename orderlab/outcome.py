"""What a sender is told of a command."""

from dataclasses import dataclass
from typing import Any

from orderlab.drawing import tables


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: the events it caused, or the rejection, and where they are in the log.

    `repeated` tells that an idempotency key had caused the events earlier, and that nothing was done now. `failures`
    has a sentence for each effect that could not be done, such as a delay that its clock does not take; the events
    stand.
    """

    correlation_id: str
    events: tuple[Any, ...] = ()
    rejection: Any = None
    stream_id: str | None = None
    versions: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    repeated: bool = False
    failures: tuple[str, ...] = ()

    def __repr__(self) -> str:
        if self.rejection is not None:
            return f"<Outcome refused: {self.rejection!r}>"
        events = ", ".join(type(event).__name__ for event in self.events) or "nothing happened"
        failures = "".join(f"; {failure}" for failure in self.failures)
        return f"<Outcome {events}{f' at {list(self.positions)}' if self.positions else ''}{failures}>"

    def _repr_html_(self) -> str:
        shown = {"events": self.events or None, "rejection": self.rejection, "stream": self.stream_id}
        where = {"versions": self.versions, "positions": self.positions, "correlation id": self.correlation_id}
        return tables.fields({**shown, **where})
