"""One order in which the steps of several writers mix, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from orderlab.drawing import tables
from orderlab.exploration.schedules.mixing import StepName
from orderlab.exploration.trace import Trace

FINE, TOLD, LOST, BROKEN = "✓", "!", "✗", "?"
"""The marks: all is well, somebody was told of a conflict, an update was lost, something failed without that."""


@dataclass(frozen=True, slots=True, repr=False)
class Schedule:
    """One order in which the steps of several writers mix, and what came of it.

    Two are equal if the same came of the same order, whatever event store they ran on.

    Args:
        order: Who does what, step by step.
        verdict: What came of it, in a few sentences.
        lost: Whether an update was lost: an accepted decision did not know of an event that was before its own.
        broken: Whether something failed, or an event was written that cannot follow.
        conflicts: The writers who were told of a conflict.
        traced: Makes the trace, which of most schedules nobody looks at.
    """

    order: tuple[tuple[str, StepName], ...]
    verdict: str
    lost: bool
    broken: bool
    conflicts: tuple[str, ...]
    traced: Callable[[], Trace] = field(compare=False)

    @property
    def trace(self) -> Trace:
        """What happened, as a trace; reading, deciding and appending are steps, each of which names its writer."""
        return self.traced()

    @property
    def mark(self) -> str:
        """What came of it, in one sign: ✓ all is well, ! somebody was told, ✗ an update is lost, ? something fails."""
        return LOST if self.lost else BROKEN if self.broken else TOLD if self.conflicts else FINE

    @property
    def is_serial(self) -> bool:
        """Whether the writers came one after the other, so that nothing could mix."""
        return all(self.order[place - 1][0] == name for place, (name, step) in enumerate(self.order) if step != "read")

    def __repr__(self) -> str:
        order = ", ".join(f"{name} {step}s" for name, step in self.order)
        return f"<Schedule {self.mark} {order}>"

    def _repr_html_(self) -> str:
        order = tables.rows(["who", "does"], [[name, f"{step}s"] for name, step in self.order])
        return f"<p>{tables.cell(f'{self.mark} {self.verdict}')}</p>{order}"
