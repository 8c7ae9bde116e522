"""Put the same commands to a decider that somebody wrote and to one that is right, and tell where the two part."""

from dataclasses import replace
from typing import Any

from orderlab.core.decider import Decider
from orderlab.exploration.domain import reducer_of
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.telling import at_step, differs, log_of, shown, unless_alike


def first_difference(
    answer: Any, trace: Trace, right: Decider[Any], name: str, *, decides: str, evolves: str = ""
) -> Problem | None:
    """Return the first place of a run at which a decider does not do what a right one does; None if there is none.

    What the answer raises is raised, so that its own line is told.

    Args:
        answer: The decider.
        trace: The run.
        right: The decider that is right.
        name: What the answer is called.
        decides: What its `decide` is called.
        evolves: What its `evolve` is called; empty if each may keep an entity in a way of their own.
    """
    if not isinstance(answer, Decider):
        return Problem(f"{name} is {shown(answer)}, and should be a Decider.", "It is looked at before any run.", trace)
    wanted = trace.replayed(right)
    entities: dict[str, Any] = {}
    for event in trace.given:
        key = str(right.key_of(event))
        entities[key] = answer.evolve(entities.get(key), event)
    told = differs(entities, dict(wanted.start.entities), "orders") if evolves else ""
    if told:
        return Problem(told, f"That is after {log_of(trace.given)}, before any command.", wanted)
    for number, step in enumerate(wanted.steps, start=1):
        told = _step_differs(answer, step, entities, decides, evolves)
        if told:
            met = right.state_of(step.before.entities.get(step.key))
            found = found_on(answer, trace, right)
            where = f"At {at_step(wanted, number)}: its state was {met} before."
            return Problem(told, where, found, unless_alike(wanted, found))
    return None


def found_on(answer: Decider[Any], trace: Trace, right: Decider[Any]) -> Trace:
    """Return the run as it goes with an answer.

    It is kept as a run of the right domain, so that whoever plays it runs nothing of the answer again.
    """
    return replace(trace.replayed(answer), reducer=reducer_of(right))


def _step_differs(answer: Any, step: TraceStep, entities: dict[str, Any], decides: str, evolves: str) -> str:
    """Tell what is wrong with one step of an answer, and take it in."""
    key = step.key or ""
    decided = answer.decide(step.command, entities.get(key), key=key, at=step.at)
    told = differs(decided, step.events or step.rejection, f"{decides}(…)")
    if told:
        return told
    for event in step.events:
        entities[key] = answer.evolve(entities.get(key), event)
    return differs(entities[key], step.state.entities[key], f"{evolves}(…)") if evolves and step.events else ""
