"""Point to the step of a run at which an answer is wrong."""

from dataclasses import replace

from orderlab.exploration.trace import Trace
from orderlab.grading.verdict import Problem

_PEOPLE = frozenset({"ada", "ben", "eve", "grace", "ida"})


def found_at(number: int, what: str, where: str, found: Trace, wanted: Trace | None = None) -> Problem:
    """Return what is wrong with a run at a step, which is marked in it; in the run as it should be none is.

    Args:
        number: The step, counted from 1.
        what: What is wrong, one sentence, which the mark says.
        where: Where it shows, one sentence, which names the step.
        found: The run.
        wanted: The run as it should be.
    """
    return Problem(what, where, found.marked(number, what), None if wanted is None else wanted.marked(0, ""))


def up_to(trace: Trace, number: int) -> Trace:
    """Return a run without what comes after a step; its title stays, for it says what the run is about.

    >>> from orderlab.workshop.exercises.runs import order_commands
    >>> from orderlab.orders.decider import ORDERS
    >>> up_to(Trace.of(ORDERS, order_commands(), title="Too late"), 2)
    <Trace of 2 commands: OrderPlaced → OrderShipped; Too late>
    """
    return replace(trace, steps=trace.steps[:number])


def who(writer: str) -> str:
    """Return a writer as a sentence has it.

    >>> who("packer"), who("ada")
    ('the packer', 'ada')
    """
    return writer if writer in _PEOPLE else f"the {writer}"
