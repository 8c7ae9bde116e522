"""Which steps of a run say what was asked, and what came of it in the end."""

from collections.abc import Sequence
from typing import NamedTuple

from orderlab.exploration.tracestep import TraceStep


class Asked(NamedTuple):
    """A command: the step that says what came of it in the end, and the number of that step."""

    number: int
    step: TraceStep


def command_names(steps: Sequence[TraceStep]) -> list[str]:
    """Return for each step the name of its command: `step-2`; the same for all parts of handling one."""
    parted: dict[tuple[str, int], str] = {}
    names = []
    for number, step in enumerate(steps, start=1):
        name = f"step-{number}"
        names.append(parted.setdefault((step.writer, id(step.command)), name) if step.part else name)
    return names


def asked_in(steps: Sequence[TraceStep]) -> list[Asked]:
    """Return what was asked in a run, in the order in which it was settled.

    Where reading, deciding and appending are steps of their own, a command is settled by its last append, and one
    that was refused by its last decision.
    """
    settled: dict[str, Asked] = {}
    for number, (name, step) in enumerate(zip(command_names(steps), steps, strict=True), start=1):
        if step.part in ("", "decide") or (step.part == "append" and (step.events or step.failure or step.is_conflict)):
            settled[name] = Asked(number, step)
    return sorted(settled.values(), key=lambda asked: asked.number)
