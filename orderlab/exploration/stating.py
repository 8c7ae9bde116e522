"""A run as a test that states what was seen."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.exploration.asked import asked_in
from orderlab.exploration.playing import play
from orderlab.exploration.recording import begun
from orderlab.exploration.telling.words import entities_in
from orderlab.exploration.tracestep import TraceStep, called
from orderlab.timeline.scenario.decider_place import place_of
from orderlab.timeline.scenario.python_layout import WIDTH
from orderlab.timeline.scenario.scenario_writer import PytestModule, Scenario, ScenarioStep, pytest_module
from orderlab.timeline.unknown import counted

if TYPE_CHECKING:
    from orderlab.exploration.trace import Trace

_WORDS = 4
"""After how many of its steps a test is named."""

_OTHERWISE = "Told one by one, the commands do not lead to what was seen: until they do, this test fails."


def pytest_of(trace: "Trace", name: str | None, decider: str | None) -> PytestModule:
    """Return a run as the text of a test module: `given(…).when(…).then(…)`, with what was seen.

    Raises:
        ValueError: The run has no commands or no decider, or it begins in a state that no events led to.
        NoPythonSource: A value cannot be written as source.
    """
    domain = trace.decider
    if domain is None:
        raise ValueError(
            f"a test decides by a decider, and {type(trace.reducer).__name__} is a reducer that has none: lift the "
            "domain by DeciderReducer(decider)"
        )
    asked = [each.step for each in asked_in(trace.steps) if not each.step.is_conflict]
    given = list(trace.given)
    while asked and isinstance(asked[0].command, domain.events):  # no command is known for it: it has happened
        given += asked.pop(0).events
    if not asked:
        raise ValueError("this run has no commands, so there is nothing to be tested: make it of some")
    if entities_in(trace.start) and not trace.given:
        raise ValueError(
            "this run begins in a state of which no events are known, and a test begins with events: make it by "
            "Trace.of(…, given=events) instead of start=…"
        )
    steps = tuple(_stated(domain, step) for step in asked)
    scenario = Scenario(
        name or trace.title or _named(asked), tuple(given), steps, _comment(trace, domain, given, asked)
    )
    about = f"A run of {counted(len(asked), 'command')}, as a test of what was seen."
    return pytest_module([scenario], decider=place_of(domain, decider), about=about)


def _stated(decider: Decider[Any], step: TraceStep) -> ScenarioStep:
    try:
        drawn = decider.key_of(step.command) is None
    except Exception:  # noqa: BLE001 - a faulty domain; what it raised is told in the comment
        drawn = False
    return ScenarioStep(step.command, step.at, step.events, step.rejection, step.key if drawn and step.events else None)


def _comment(trace: "Trace", decider: Decider[Any], given: Sequence[Any], asked: Sequence[TraceStep]) -> str:
    """Return what is said above the test: what it shows, and whether it fails."""
    title = " ".join(trace.title.split())
    parts = [f"{title}{'' if title[-1] in '.!?' else '.'}"] if title else []
    left_out = [step for step in trace.steps if step.is_conflict]
    parts += [f"{step.writer}'s {called(step.command)} met a conflict, and is left out." for step in left_out]
    failed = next((number for number, step in enumerate(asked, start=1) if step.failure), None)
    if failed is not None:
        raised = " ".join(asked[failed - 1].failure.split())
        parts.append(f"Command {failed} raised {raised}: as long as it does, this test fails. Then state its answer.")
    elif not _holds(decider, given, asked):
        parts.append(_OTHERWISE)
    told = "".join(map(_printable, " ".join(parts)))
    return "\n# ".join(wrap(told, WIDTH - 2, break_long_words=False, break_on_hyphens=False))


def _printable(character: str) -> str:
    """Return a character as it can stand in a comment: what is none, or half of one, as its number."""
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _holds(decider: Decider[Any], given: Sequence[Any], asked: Sequence[TraceStep]) -> bool:
    """Tell whether the test passes with the decider of the run."""
    reducer: DeciderReducer[Any, Any] = DeciderReducer(decider)
    state = begun(reducer, reducer.initial_state(), given)
    for step in asked:
        seen = play(reducer, state, step.command, at=step.at)
        if (seen.events, seen.rejection) != (step.events, step.rejection):
            return False
        state = seen.state
    return True


def _named(asked: Sequence[TraceStep]) -> str:
    words = [
        f"{called(step.command)} refused" if step.rejection is not None else step.answer for step in asked[:_WORDS]
    ]
    return " then ".join(words) + (" and so on" if len(asked) > _WORDS else "")
