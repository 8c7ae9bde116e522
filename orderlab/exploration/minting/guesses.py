"""Wrong answers that people give to what comes of the commands of a run, made from the run itself."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orderlab.exploration.minting.marking import ANSWER, named
from orderlab.exploration.playing import play
from orderlab.exploration.telling.words import entity_in, state_name
from orderlab.exploration.tracestep import TraceStep, called, names_in
from orderlab.grading.exercise import Wrong
from orderlab.timeline.scenario.python_values import text_literal

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace

_MOST = 5

Guess = tuple[str, Sequence[str]]
"""What is thought wrongly, and the answer that it leads to."""


def wrong_answers(trace: "Trace", asked: Sequence[TraceStep], right: Sequence[str]) -> Iterator[Wrong]:
    """Give wrong answers that people may give, each another one, and none that is right after all."""
    seen = {tuple(map(named, right))}
    for mistake, names in _guesses(trace, asked, right):
        answer = tuple(map(named, names))
        if answer not in seen and len(seen) <= _MOST:
            seen.add(answer)
            yield Wrong(mistake, source_of(list(map(text_literal, names)), asked))


def _guesses(trace: "Trace", asked: Sequence[TraceStep], right: Sequence[str]) -> Iterator[Guess]:
    caused = {called(step.command): step.answer for step in reversed(asked) if step.events or step.decided}
    kinds = {called(step.rejection) for step in asked if step.rejection is not None}
    decider = trace.decider
    rejections = names_in(decider.rejections) if decider is not None else sorted(kinds)
    other = next((name for name in (*rejections, "nothing") if name != right[-1]), "accepted")
    if any(step.part for step in asked):
        yield "They are handled one after the other.", _in_turn(trace, asked)
        yield "What is decided is written.", [", ".join(map(called, step.decided)) or step.answer for step in asked]
    yield (
        "Every command is accepted.",
        [_accepted(step, caused, decider) if step.rejection is not None else step.answer for step in asked],
    )
    yield "What is asked for is what happens.", [called(step.command) for step in asked]
    yield (
        "A refused command leaves no trace, so it is left out.",
        [step.answer for step in asked if step.rejection is None and not step.failure],
    )
    yield (
        "The state that the command leads to is its answer.",
        [state_name(trace.reducer, entity_in(trace.reducer, step.state, step.key), step.state) for step in asked],
    )
    yield "The last command goes otherwise.", [*right[:-1], other]
    yield (
        "What is refused, nothing comes of.",
        ["nothing" if step.rejection is not None else step.answer for step in asked],
    )
    yield "The last command is not answered.", list(right[:-1])
    yield "Nothing comes of anything.", ["nothing"] * len(asked)


def _in_turn(trace: "Trace", asked: Sequence[TraceStep]) -> list[str]:
    """Return what would come of commands if each were decided on what the one before has left."""
    state, names = asked[0].before, []
    for step in asked:
        played = play(trace.reducer, state, step.command, at=step.at)
        state = played.state
        names.append(played.answer)
    return names


def _accepted(step: TraceStep, caused: dict[str, str], decider: Any) -> str:
    """Return what a refused command would have caused: what another of its kind did, else an event named like it."""
    kind = called(step.command)
    if kind in caused:
        return caused[kind]
    events = names_in(decider.events) if decider is not None else []
    return max(events, key=lambda name: (_shared(name, kind), name), default="accepted")


def _shared(event: str, command: str) -> int:
    """Return how much of a name a command and an event share: `ShipOrder` and `OrderShipped`."""
    return sum(len(word) for word in _words(command) if word.casefold() in event.casefold())


def _words(name: str) -> list[str]:
    return "".join(f" {letter}" if letter.isupper() else letter for letter in name).split()


def source_of(values: Sequence[str], asked: Sequence[TraceStep]) -> str:
    """Return the source of an answer, with the command behind each name where there is one for each."""
    if not values:
        return f"{ANSWER} = []\n"
    commands = [f"  # {called(step.command)}" for step in asked] if len(values) == len(asked) else [""] * len(values)
    lines = [f"    {value},{command}" for value, command in zip(values, commands, strict=True)]
    return "\n".join([f"{ANSWER} = [", *lines, "]", ""])
