"""Mark what somebody says comes of the commands of a run."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from orderlab.exploration.asked import Asked, asked_in
from orderlab.exploration.telling.words import action_in_words, stands
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.verdict import Problem
from orderlab.timeline.fields import shown
from orderlab.timeline.unknown import counted

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace

ANSWER = "answer"
"""What the answer is called in the source."""


def settled_in(trace: "Trace") -> list[Asked]:
    """Return the commands that can be asked about; what has happened before without a known command cannot."""
    events = () if trace.decider is None else trace.decider.events
    return [asked for asked in asked_in(trace.steps) if not isinstance(asked.step.command, events)]


def runs_of(trace: "Trace") -> "Iterator[Trace]":
    """Give the run as far as each of its commands is settled: the shortest that shows a mistake ends with it."""
    return (trace[: asked.number] for asked in settled_in(trace))


def examined(right: Sequence[tuple[int, str]], answer: Any, trace: "Trace") -> Problem | None:
    """Find the first command of a run of which something else comes than an answer says.

    Args:
        right: For each command the number of the step that settles it, and what comes of it.
        answer: The answer.
        trace: The run, or its beginning.
    """
    if not isinstance(answer, list | tuple):
        wanted = "a list of names, one for each command"
        return Problem(f"{ANSWER} must be {wanted}, not {type(answer).__name__}.", trace=trace)
    if len(answer) != len(right):
        names, wanted = counted(len(answer), "name"), counted(len(right), "command")
        return Problem(f"{ANSWER} has {names} for {wanted}, and a refused one counts too.", trace=trace)
    for place, (said, (number, name)) in enumerate(zip(answer, right, strict=True), start=1):
        if number <= len(trace.steps) and named(said) != name:
            return _problem(trace, Asked(number, trace.steps[number - 1]), place, said)
    return None


def _problem(trace: "Trace", asked: Asked, place: int, said: Any) -> Problem:
    number, step = asked
    command = f"Command {place}, {action_in_words(step.command, step.key)},"
    what = "is not answered yet." if said is ... else f"does not lead to {named(said)}: {came(step)}."
    before = stands(trace.reducer, step.before, step.key) or shown(step.before)
    return Problem(f"{command} {what}", f"Step {number}: the command meets this: {before}.", trace)


def came(step: TraceStep) -> str:
    """Return what came of a command, as the end of a sentence."""
    if step.is_conflict:
        return f"somebody else has written first ({step.answer})"
    if step.failure:
        return f"it raises {step.answer}"
    if step.rejection is not None:
        return f"it is refused with {step.answer}"
    return "it is accepted, and nothing comes of it" if step.answer == "nothing" else f"it causes {step.answer}"


def named(said: Any) -> str:
    """Return what an answer calls one outcome: a name, a type, or several of them."""
    if isinstance(said, list | tuple):
        return ", ".join(map(named, said)) or "nothing"
    if isinstance(said, type):
        return said.__name__
    if isinstance(said, Enum):
        return said.name
    return ", ".join(part.strip() for part in said.split(",")) if isinstance(said, str) else shown(said)


def are(count: int) -> str:
    """Return the verb that goes with a number of things."""
    return "is" if count == 1 else "are"
