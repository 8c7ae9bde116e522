"""4.4: a guard that looks sound, and the schedule that gets past it."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.pointing import found_at
from orderlab.workshop.exercises.writers.guard import WRITERS, is_lost, played, problem_with, runs

_BOTH_READ = """\
schedule = ["packer", "customer", "packer", "customer", "packer", "packer", "customer", "customer"]
"""


@exercise(
    "4.4",
    title="The gap in the guard",
    question="""\
The shop does not trust `expected_version`, and has built a guard of its own. A packer, who ships `order-1`, and
a customer, who cancels it, each take four steps: **read** the order's events, **decide**, **look again**
whether there are still as many events as were read (if not: give up), **append**. Is an update never lost now?

Give a `schedule` in which both append: a list of eight names, `"packer"` and `"customer"` four times each, in
the order in which they take their next step. For example: `["packer"] * 4 + ["customer"] * 4` lets the packer
finish first; nothing is lost, for the customer reads that the order was shipped.

There are 70 schedules. You can think one out, or try them all: `loses(schedule)` tells whether an update is
lost. It comes with `from orderlab.workshop.exercises.writers.guard import loses`.""",
    answer="schedule",
    starter="""\
schedule = ...
""",
    hints=(
        "That both *read* early is not enough: whoever looks again after the other's append finds out.",
        "Where is there a moment in which somebody has looked for the last time, and has not written yet? The "
        "other must "
        "look before that moment is over.",
        "A schedule is the choice of four out of eight places for the packer: `itertools.combinations(range(8), "
        "4)` gives all "
        "70. Take the first for which `loses` is true. Both look again before either appends.",
    ),
    solution="""\
from itertools import combinations

from orderlab.workshop.exercises.writers.guard import loses


def schedules():
    for turns in combinations(range(8), 4):
        yield ["packer" if turn in turns else "customer" for turn in range(8)]


schedule = next(each for each in schedules() if loses(each))
""",
    wrong=(
        Wrong("One finishes before the other begins.", 'schedule = ["customer"] * 4 + ["packer"] * 4\n'),
        Wrong("Both have read and decided before either writes, but the second looks again.", _BOTH_READ),
        Wrong(
            "The customer reads in the gap between the packer's look and append, but looks again after it.",
            'schedule = ["packer"] * 3 + ["customer"] * 2 + ["packer"] + ["customer"] * 2\n',
        ),
        Wrong(
            "Only the steps that seem to matter are written down.",
            'schedule = ["packer", "customer", "packer", "customer"]\n',
        ),
    ),
    remember="A check that is not made in one breath with the append leaves a gap, and 40 of the 70 schedules find it.",
    runs=runs,
)
def enumerating(answer: Any, trace: Trace) -> Problem | None:
    """Find that a schedule loses nothing: the run that it leads to shows it."""
    problem = problem_with(answer)
    if problem:
        nobody = Trace.of(ORDERS, ())  # a run of writers would not be the learner's
        return Problem("This is no schedule of the two writers.", f"{problem[0].upper()}{problem[1:]}.", nobody)
    found = played(answer, "The schedule of the answer")
    if is_lost(found):
        return None
    stops = ((number, step) for number, step in enumerate(found.steps, 1) if step.is_conflict or step.rejection)
    number, stopped = next(stops)
    writers = " and ".join(step.writer for step in found.steps if step.events and step.writer in WRITERS)
    return found_at(
        number,
        f"Nothing is lost: {_why(stopped)}.",
        f"Step {number}, the {stopped.writer}'s {stopped.part}: the outcome is {stopped.answer}; "
        f"only the {writers} has written, and it should be both.",
        found,
    )


def _why(step: TraceStep) -> str:
    if step.is_conflict:
        return f"the {step.writer} has looked again when the other had written, and gives up"
    return f"the {step.writer} has read what the other has written, and is refused"
