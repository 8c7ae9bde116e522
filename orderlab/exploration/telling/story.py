"""A run in words: for somebody who sees it for the first time."""

from typing import TYPE_CHECKING, Any, NamedTuple

from orderlab.exploration.mark import mark_of
from orderlab.exploration.telling.words import (
    action_in_words,
    became,
    noted,
    only_happened,
    stale,
    stands,
    state_in_words,
)
from orderlab.exploration.tracestep import NOTE, TraceStep, called
from orderlab.timeline.fields import shown
from orderlab.timeline.unknown import counted, listed

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace

HEAD, TAIL = 6, 9
"""How many steps are told at the beginning and at the end of a long run."""

_NAMES = 5

_UNCHANGED = "The state stays as it was"


def in_a_line(trace: "Trace") -> str:
    """Return a run in one line, with the names of what came of it."""
    names = [_name(step) for step in trace.steps]
    if len(names) > _NAMES:
        names = [*names[:2], "…", *names[-2:]]
    told = f": {' → '.join(names)}" if names else ""
    title = f"; {shown(one_line(trace.title))}" if trace.title else ""
    return f"<Trace of {counted(len(trace.steps), _unit(trace))}{told}{title}>"


def _name(step: TraceStep) -> str:
    if step.part == NOTE:
        return f"{step.writer} {called(step.command)}".strip()
    return f"{step.writer} {step.part}".strip() if step.part else step.answer


def story_of(trace: "Trace") -> str:
    """Return a run as lines, a step each: what was asked, what was answered, and what changed."""
    title = one_line(trace.title)
    count = counted(len(trace.steps), _unit(trace))
    lines = [f"{title} ({count})" if title else f"A run of {count}", f"At first: {beginning(trace)}."]
    if not trace.steps:
        return "\n".join([*([title] if title else []), f"At first: {beginning(trace)}."])
    several = len({step.at for step in trace.steps}) > 1
    mark = mark_of(trace)
    for number, step, log in shown_steps(trace):
        if step is None:
            lines.append(f"… {counted(number, 'step')} left out …")
            continue
        at = f"{step.at:%F %T}: " if several else ""
        lines.append(f"{number}. {at}{sentence(trace, step, log)}")
        if mark.text and number == mark.step:
            lines.append(f"   ^ here it shows: {mark.text}")
    return "\n".join(lines)


class Shown(NamedTuple):
    """A step as it is told: its number, itself, and the state that the log had before it.

    Without a step it stands for as many as `number` says, which are left out.
    """

    number: int
    step: TraceStep | None = None
    log: Any = None


def shown_steps(trace: "Trace", head: int = HEAD, tail: int = TAIL) -> list[Shown]:
    """Return the steps of a run as they are told; of a long one the middle is left out, unless it is marked."""
    states, mark = trace.states, mark_of(trace)
    all_of_it = [Shown(number, step, states[number - 1]) for number, step in enumerate(trace.steps, start=1)]
    if len(all_of_it) <= head + tail + 1:
        return all_of_it
    told: list[Shown] = []
    left_out = 0
    for each in all_of_it:
        if each.number <= head or each.number > len(all_of_it) - tail or each.number == mark.step:
            told += [Shown(left_out), each] if left_out else [each]
            left_out = 0
        else:
            left_out += 1
    return told


def beginning(trace: "Trace") -> str:
    """Return how a run begins, in words."""
    state = state_in_words(trace.reducer, trace.start)
    if not trace.given:
        return state
    names = list(dict.fromkeys(called(event) for event in trace.given))
    return f"{state}, by {counted(len(trace.given), 'event')} ({listed(names, 'and')})"


def sentence(trace: "Trace", step: TraceStep, log: Any) -> str:
    """Return one step as a sentence or two.

    Args:
        trace: The run.
        step: The step.
        log: The state that the log had before it.
    """
    reducer, command = trace.reducer, action_in_words(step.command, step.key)
    changed = became(reducer, step, log)
    if only_happened(step):
        facts = [action_in_words(event, step.key, at=step.at) for event in step.events]
        return f"The log says: {listed(facts, 'and')}. {changed or _UNCHANGED}."
    if step.part == NOTE:
        return f"{step.writer or 'Somebody'} {_noted(step, changed)}"
    if step.part == "read":
        return f"{step.writer or 'Somebody'} reads for {command}: {stands(reducer, step.before, step.key)}."
    if step.part == "append":
        return f"{step.writer or 'Somebody'} appends: {_appended(step, changed)}"
    believed = stands(reducer, step.before, step.key) if step.part else stale(reducer, step, log)
    met = f", having read before: {believed}" if believed else ""
    return f"{f'{step.writer} asks' if step.writer else 'You ask'}: {command}{met}. {_answered(step, changed)}"


def _answered(step: TraceStep, changed: str) -> str:
    if step.is_conflict:
        return f"Somebody else has written first, so nothing is written: {one_line(step.conflict)}."
    if step.failure:
        return f"There is no answer, for it raises {one_line(step.failure)}."
    if step.rejection is not None:
        return f"The answer is no: {action_in_words(step.rejection, step.key)}. Nothing changes."
    events = step.events or step.decided
    if not events:
        return f"It is accepted without an event. {changed}." if changed else "It is accepted, and nothing comes of it."
    names = listed([called(event) for event in events], "and")
    if not step.events:
        return f"The answer is {names}, which is not written yet."
    return f"The answer is {names}. {changed or _UNCHANGED}."


def _noted(step: TraceStep, changed: str) -> str:
    names = listed([called(event) for event in step.events], "and")
    told = [noted(step), f"That is {names}" if names else "", changed, one_line(step.failure)]
    return " ".join(f"{each}." for each in told if each)


def _appended(step: TraceStep, changed: str) -> str:
    if step.is_conflict:
        return f"somebody else has written first, so nothing is written: {one_line(step.conflict)}."
    if step.failure:
        return f"it raises {one_line(step.failure)}."
    if not step.events:
        return "there is nothing to be written."
    names = listed([called(event) for event in step.events], "and")
    return f"{names} {'is' if len(step.events) == 1 else 'are'} written. {changed or _UNCHANGED}."


def one_line(text: str) -> str:
    """Return a text in one line."""
    return " ".join(text.split())


def _unit(trace: "Trace") -> str:
    if trace.steps and all(map(only_happened, trace.steps)):
        return "event"
    return "step" if any(step.part for step in trace.steps) else "command"
