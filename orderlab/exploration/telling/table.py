"""A run as a table of its steps."""

from typing import TYPE_CHECKING, Any

from orderlab.drawing import tables
from orderlab.exploration.telling.story import one_line, shown_steps
from orderlab.exploration.telling.words import action_in_words, became, noted, only_happened, stands
from orderlab.exploration.tracestep import NOTE, TraceStep
from orderlab.timeline.unknown import counted

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace

_HEAD, _TAIL = 8, tables.ROWS - 9


def table_of(trace: "Trace") -> str:
    """Return the steps of a run as an HTML table; columns that would say the same in each row are left out."""
    has_writers, has_parts = any(step.writer for step in trace.steps), any(step.part for step in trace.steps)
    has_times = len({step.at for step in trace.steps}) > 1
    extra = {"at": has_times, "who": has_writers, "does": has_parts}
    header = ["#", *(name for name, is_there in extra.items() if is_there), "command", "what came of it", "state then"]
    body: list[list[Any]] = []
    for number, step, log in shown_steps(trace, _HEAD, _TAIL):
        if step is None:
            body.append(["…", *[""] * sum(extra.values()), f"{counted(number, 'step')} left out", "", ""])
            continue
        values = zip((step.at, step.writer, step.part), extra.values(), strict=True)
        more = [value for value, is_there in values if is_there]
        asked = "the log says" if only_happened(step) else action_in_words(step.command, step.key)
        asked = noted(step) if step.part == NOTE else asked
        body.append([number, *more, asked, _answer(step), _then(trace, step, log)])
    return tables.rows(header, body)


def _answer(step: TraceStep) -> str:
    if step.is_conflict:
        return one_line(step.conflict)
    if step.failure:
        return one_line(step.failure) if step.part == NOTE else f"raises {step.failure}"
    if step.rejection is not None:
        return f"refused: {action_in_words(step.rejection, step.key)}"
    if step.part == NOTE and not step.events:
        return ""
    if step.part == "decide":
        return f"{step.outcome}, not written yet" if step.decided else step.outcome
    return "; ".join(action_in_words(event, step.key, at=step.at) for event in step.events) or step.outcome


def _then(trace: "Trace", step: TraceStep, log: Any) -> str:
    return became(trace.reducer, step, log) or stands(trace.reducer, step.state, step.key)
