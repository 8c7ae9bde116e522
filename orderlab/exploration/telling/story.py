"""A run in words: for somebody who sees it for the first time."""

from typing import TYPE_CHECKING

from orderlab.exploration.telling.words import (
    action_in_words,
    became,
    noun_of,
    stands,
    state_in_words,
)
from orderlab.exploration.tracestep import TraceStep
from orderlab.timeline.unknown import counted, listed

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace

HEAD, TAIL = 6, 9
"""How many steps are told at the beginning and at the end of a long run."""

_NAMES = 5

_UNCHANGED = "The state stays as it was"


def in_a_line(trace: "Trace") -> str:
    """Return a run in one line, with the names of what came of it."""
    names = [step.answer if not step.part else f"{step.writer} {step.part}".strip() for step in trace.steps]
    if len(names) > _NAMES:
        names = [*names[:2], "…", *names[-2:]]
    told = f": {' → '.join(names)}" if names else ""
    title = f"; {' '.join(trace.title.split())}" if trace.title else ""
    return f"<Trace of {counted(len(trace.steps), _unit(trace))}{told}{title}>"


def story_of(trace: "Trace") -> str:
    """Return a run as lines, a step each: what was asked, what was answered, and what changed."""
    title = " ".join(trace.title.split())
    count = counted(len(trace.steps), _unit(trace))
    lines = [f"{title} ({count})" if title else f"A run of {count}", f"At first: {beginning(trace)}."]
    several = len({step.at for step in trace.steps}) > 1
    for number, step in shown_steps(trace):
        if step is None:
            lines.append(f"… {counted(number, 'step')} left out …")
            continue
        at = f"{step.at:%F %T}: " if several else ""
        lines.append(f"{number}. {at}{sentence(trace, step)}")
    if title and trace.steps:
        lines.append(f"   ^ here it shows: {title}")
    return "\n".join(lines)


def shown_steps(trace: "Trace", head: int = HEAD, tail: int = TAIL) -> list[tuple[int, TraceStep | None]]:
    """Return the steps of a run with their numbers; of a long one how many are left out, with None, in the middle."""
    numbered: list[tuple[int, TraceStep | None]] = list(enumerate(trace.steps, start=1))
    if len(numbered) <= head + tail + 1:
        return numbered
    return [*numbered[:head], (len(numbered) - head - tail, None), *numbered[-tail:]]


def beginning(trace: "Trace") -> str:
    """Return how a run begins, in words."""
    state = state_in_words(trace.reducer, trace.start)
    if not trace.given:
        return state
    names = list(dict.fromkeys(type(event).__name__ for event in trace.given))
    return f"{state}, by {counted(len(trace.given), 'event')} ({listed(names, 'and')})"


def sentence(trace: "Trace", step: TraceStep) -> str:
    """Return one step as a sentence or two."""
    who, command = step.writer or "Somebody", action_in_words(step.command, step.key)
    if step.part == "read":
        return f"{who} reads for {command}: {_read(trace, step)}."
    if step.part == "append":
        return f"{who} appends: {_appended(trace, step)}"
    met = f", on what was read: {_met(trace, step)}" if step.part else ""
    return f"{who} asks: {command}{met}. {_answered(trace, step)}"


def _answered(trace: "Trace", step: TraceStep) -> str:
    if step.failure:
        return f"There is no answer, for it raises {' '.join(step.failure.split())}."
    if step.rejection is not None:
        return f"The answer is no: {action_in_words(step.rejection, step.key)}. Nothing changes."
    events = step.events or step.decided
    if not events:
        return "It is accepted, and nothing comes of it."
    names = listed([type(event).__name__ for event in events], "and")
    if not step.events:
        return f"The answer is {names}, which is not written yet."
    changed = became(trace.reducer, step)
    return f"The answer is {names}. {changed or _UNCHANGED}."


def _appended(trace: "Trace", step: TraceStep) -> str:
    if step.is_conflict:
        return f"somebody else has written first, so nothing is written ({' '.join(step.failure.split())})."
    if step.failure:
        return f"it raises {' '.join(step.failure.split())}."
    if not step.events:
        return "there is nothing to be written."
    names = listed([type(event).__name__ for event in step.events], "and")
    is_written = "is written" if len(step.events) == 1 else "are written"
    return f"{names} {is_written}. {became(trace.reducer, step) or _UNCHANGED}."


def _read(trace: "Trace", step: TraceStep) -> str:
    return stands(trace.reducer, step) or f"no {noun_of(trace.reducer)} yet"


def _met(trace: "Trace", step: TraceStep) -> str:
    before = TraceStep(step.command, step.at, step.before, step.before, key=step.key)
    return stands(trace.reducer, before) or f"no {noun_of(trace.reducer)} yet"


def _unit(trace: "Trace") -> str:
    return "step" if any(step.part for step in trace.steps) else "command"
