"""Where to look in a run: the step at which it shows what it shows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orderlab.core.decider import DeciderReducer
from orderlab.drawing.tables import AsTable
from orderlab.exploration.telling.words import only_happened

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace


@dataclass(frozen=True, slots=True)
class Mark(AsTable):
    """A step of a run, and what is to be seen there.

    Args:
        step: Its number, counted from 1; 0 for none.
        text: What is to be seen, one sentence; empty for nothing.
    """

    step: int
    text: str


def mark_of(trace: "Trace") -> Mark:
    """Return where to look in a run: where it is marked, else at its end, which shows what its title says."""
    mark = Mark(len(trace.steps), trace.title) if trace.mark is None else trace.mark
    return Mark(mark.step, " ".join(mark.text.split()))


def marked(trace: "Trace", step: Any, text: Any) -> Mark:
    """Return the mark on a step of a run.

    Raises:
        TypeError: The step is no number, or the text is none.
        ValueError: The run has no such step.
    """
    if not isinstance(step, int) or isinstance(step, bool):
        raise TypeError(f"step must be the number of a step, not {type(step).__name__}")
    if not isinstance(text, str):
        raise TypeError(f"text must be a text, not {type(text).__name__}")
    if not 0 <= step <= len(trace.steps):
        raise ValueError(f"step must be 0 to {len(trace.steps)}, as the run has so many, not {step}")
    return Mark(step, text)


def cut(mark: Mark | None, first: int, last: int) -> Mark | None:
    """Return the mark of a run that begins after so many steps and ends after so many; None if it is not in there."""
    if mark is None or not first < mark.step <= last:
        return None
    return Mark(mark.step - first, mark.text)


def is_its_log(trace: "Trace") -> bool:
    """Tell whether the log of a run shows what the run does.

    Reading, deciding and appending leave nothing of their own in a log, and what is no command of the domain neither;
    nor does a refusal at the step to which one is to look.
    """
    if not isinstance(trace.reducer, DeciderReducer):
        return False
    commands, looked_at = trace.reducer.decider.commands, trace.steps[max(mark_of(trace).step - 1, 0) :][:1]
    are_its_own = (not step.part and (only_happened(step) or isinstance(step.command, commands)) for step in trace)
    return any(step.events for step in looked_at) and all(are_its_own)
