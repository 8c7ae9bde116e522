"""An exercise made of a run: what comes of each command?"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from orderlab.core.effects import AppendEvents
from orderlab.exploration.minting.guesses import source_of, wrong_answers
from orderlab.exploration.minting.marking import ANSWER, are, came, examined, runs_of, settled_in
from orderlab.exploration.telling.story import beginning
from orderlab.exploration.telling.words import action_in_words, who_decides
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Exercise
from orderlab.timeline.scenario.python_values import text_literal
from orderlab.timeline.unknown import counted, listed

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace


def exercise_of(trace: "Trace", number: str, title: str | None) -> Exercise:
    """Return an exercise that asks what comes of each command.

    Raises:
        ValueError: The run has no commands.
    """
    settled = settled_in(trace)
    if not settled:
        raise ValueError("this run has no commands, so there is nothing to ask: make it of some")
    asked = [each.step for each in settled]
    right = tuple(step.answer for step in asked)
    return Exercise(
        number=number,
        title=title or f"What comes of {counted(len(asked), 'command')}?",
        question=_question(trace, asked),
        answer=ANSWER,
        starter=source_of(["..."] * len(asked), asked),
        hints=_hints(trace, asked, right),
        solution=source_of(list(map(text_literal, right)), asked),
        wrong=tuple(wrong_answers(trace, asked, right)),
        remember=_remember(trace, asked),
        runs=partial(runs_of, trace),
        examine=partial(examined, tuple((each.number, each.step.answer) for each in settled)),
    )


def _question(trace: "Trace", asked: Sequence[TraceStep]) -> str:
    decided = f"{counted(len(asked), 'command')} {are(len(asked))} decided by the {who_decides(trace.reducer)}"
    commands = "\n".join(f"{number}. `{_told(trace, step)}`" for number, step in enumerate(asked, start=1))
    mixed = [f"{step.writer} {step.part}s" for step in trace.steps if step.part]
    expects = "the version that was read" if _expects_versions(trace) else "no version"
    order = f"in these steps: {', '.join(mixed)}. Appending expects {expects}" if mixed else "one after the other"
    conflict = ', `"VersionConflict"` if somebody else has written first' if mixed else ""
    return (
        f"{decided}, {order}. At first: {beginning(trace)}.\n\n{commands}\n\n"
        f"What comes of each? Make `{ANSWER}` a list of names, one for each command: the name of the event that it "
        'causes (of several: `"First, Second"`), of the rejection if it is refused, of the exception if it raises one'
        f'{conflict}, and `"nothing"` if nothing comes of it.'
    )


def _expects_versions(trace: "Trace") -> bool:
    appends = (effect for step in trace.steps for effect in step.effects if isinstance(effect, AppendEvents))
    return any(append.expected_version is not None for append in appends)


def _told(trace: "Trace", step: TraceStep) -> str:
    several = len({each.at for each in trace.steps}) > 1
    who = f"{step.writer}: " if step.writer else ""
    return f"{who}{action_in_words(step.command)}{f' at {step.at:%F %T}' if several else ''}"


def _hints(trace: "Trace", asked: Sequence[TraceStep], right: Sequence[str]) -> tuple[str, str, str]:
    refused = sum(step.rejection is not None for step in asked)
    first = came(asked[0])
    count = counted(len(asked), "command")
    return (
        "Go through the commands one by one, and write down what each finds: what was decided before decides with.",
        f"{refused or 'None'} of {count} {are(refused or 1)} refused. The first: {first}.",
        f"All names that are needed are {listed(sorted(set(right)), 'and')}; the last command leads to {right[-1]}.",
    )


def _remember(trace: "Trace", asked: Sequence[TraceStep]) -> str:
    if any(step.part for step in trace.steps):
        return "Who decides on what was read must make sure, when appending, that nobody has written since."
    if any(step.failure for step in asked):
        return "A rule that raises has no answer: a refusal is a value, and an exception is a mistake of the rules."
    if any(step.rejection is not None for step in asked):
        return "What has happened before decides whether a command is accepted, and a refusal changes nothing."
    return "A command is what somebody wants, an event is what has happened: one becomes the other only by a decision."
