"""4.4: a guard that looks sound, and the schedule that gets past it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import Event
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Conflict, Recording, brief
from orderlab.workshop.exercises.runs import order_commands

PLACE, SHIP, CANCEL = order_commands(1)


@dataclass(frozen=True, slots=True)
class Read(AsTable):
    """Read the order's events, and remember them."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Decide(AsTable):
    """Decide a command on what was read."""

    command: Any


@dataclass(frozen=True, slots=True)
class LookAgain(AsTable):
    """Look how many events there are now; if it is another number than was read, give up."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Append(AsTable):
    """Append what was decided, unless the writer has given up."""

    order_id: str


WRITERS = {
    "packer": (Read("order-1"), Decide(SHIP), LookAgain("order-1"), Append("order-1")),
    "customer": (Read("order-1"), Decide(CANCEL), LookAgain("order-1"), Append("order-1")),
}


@dataclass(slots=True)
class _Writer:
    """What a writer has in mind."""

    seen: tuple[Event, ...] = ()
    decided: tuple[Event, ...] = ()
    gave_up: bool = False


def played(plan: Iterable[tuple[str, Any]], title: str = "") -> Trace:
    """Return what comes of a schedule of the two writers, on an order that was placed."""
    recording = Recording(ORDERS, title)
    log: list[Event] = list(ORDERS.decide(PLACE, None, key="order-1", at=recording.at))
    recording.tell("shop", PLACE, log, key="order-1")
    minds = {name: _Writer() for name in WRITERS}
    for name, action in plan:
        mind, events, refused = minds[name], tuple[Event, ...](), None
        if isinstance(action, Read):
            mind.seen = tuple(log)
        elif isinstance(action, Decide):
            order = None
            for event in mind.seen:
                order = ORDERS.evolve(order, event)
            said = ORDERS.decide(action.command, order, key="order-1", at=recording.at)
            mind.decided, refused = (said, None) if isinstance(said, tuple) else ((), said)
        elif isinstance(action, LookAgain):
            mind.gave_up = len(log) != len(mind.seen)
            refused = Conflict("order-order-1", len(mind.seen), len(log)) if mind.gave_up else None
        elif not mind.gave_up:
            events = mind.decided
            log.extend(events)
        recording.tell(name, action, events, rejection=refused, key="order-1")
    return recording.trace()


def scheduled(schedule: Sequence[str], steps: dict[str, tuple[Any, ...]] | None = None) -> list[tuple[str, Any]]:
    """Return who does what, when the writers take turns like this."""
    left = {name: iter(each) for name, each in (steps or WRITERS).items()}
    return [(name, next(left[name])) for name in schedule]


def loses(schedule: Sequence[str]) -> bool:
    """Tell whether an update is lost when the two writers take turns like this, for enumerating schedules.

    Raises:
        ValueError: It is no schedule: "packer" and "customer", four times each.

    >>> loses(["packer"] * 4 + ["customer"] * 4)
    False
    """
    problem = _problem_with(schedule)
    if problem:
        raise ValueError(problem)
    return _is_lost(played(scheduled(schedule)))


def _is_lost(trace: Trace) -> bool:
    return len(trace.events) > 2  # noqa: PLR2004 - it was placed, and then both have written


def _problem_with(schedule: Any) -> str:
    """Return why something is no schedule; nothing if it is one."""
    if not isinstance(schedule, list | tuple):
        return f"a schedule is a list of names, and not {brief(schedule)}"
    strange = [each for each in schedule if each not in tuple(WRITERS)]
    if strange:
        return f"a schedule has the names {' and '.join(WRITERS)} in it, and not {strange[0]!r}"
    for name, steps in WRITERS.items():
        if list(schedule).count(name) != len(steps):
            return f"the {name} has {len(steps)} steps, and is named {list(schedule).count(name)} times"
    return ""


_BOTH_READ = """\
schedule = ["packer", "customer", "packer", "customer", "packer", "packer", "customer", "customer"]
"""


def _runs() -> tuple[Trace, ...]:
    one_after_the_other = ["packer"] * 4 + ["customer"] * 4
    return (played(scheduled(one_after_the_other), "Two writers who look again before they append"),)


@exercise(
    "4.4",
    title="The gap in the guard",
    question="""\
The shop does not trust `expected_version`, and has built a guard of its own. A packer, who ships `order-1`, and a customer, who
cancels it, each take four steps: **read** the order's events, **decide**, **look again** whether there are still as many events
as were read (if not: give up), **append**. Is an update never lost now?

Give a `schedule` in which both append: a list of eight names, `"packer"` and `"customer"` four times each, in the order in which they
take their next step. For example: `["packer"] * 4 + ["customer"] * 4` lets the packer finish first; nothing is lost, for the
customer reads that the order was shipped.

There are 70 schedules. You can think one out, or try them all: `loses(schedule)` tells whether an update is lost.""",
    answer="schedule",
    starter="""\
from orderlab.workshop.exercises.writers.enumerating import loses

schedule = ...
""",
    hints=(
        "That both *read* early is not enough: whoever looks again after the other's append finds out.",
        "Where is there a moment in which somebody has looked for the last time, and has not written yet? The other must "
        "look before that moment is over.",
        "A schedule is the choice of four out of eight places for the packer: `itertools.combinations(range(8), 4)` gives all "
        "70. Take the first for which `loses` is true. Both look again before either appends.",
    ),
    solution="""\
from itertools import combinations

from orderlab.workshop.exercises.writers.enumerating import loses


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
    runs=_runs,
)
def enumerating(answer: Any, trace: Trace) -> Problem | None:
    """Find that a schedule loses nothing: the run that it leads to shows it."""
    problem = _problem_with(answer)
    if problem:
        return Problem("This is no schedule of the two writers.", f"{problem[0].upper()}{problem[1:]}.", trace)
    steps = {name: tuple(step.command for step in trace.steps if step.writer == name) for name in WRITERS}
    found = played(scheduled(answer, steps), "The schedule of the answer")
    if _is_lost(found):
        return None
    number, stopped = next((number, step) for number, step in enumerate(found.steps, 1) if step.rejection is not None)
    return Problem(
        f"Nothing is lost: {_why(stopped)}.",
        f"Step {number}, the {stopped.writer}'s {type(stopped.command).__name__}: "
        f"the outcome is {stopped.outcome}, and the log ends with {len(found.events)} events instead of 3.",
        found,
    )


def _why(step: Any) -> str:
    if isinstance(step.command, LookAgain):
        return f"the {step.writer} looks again when the other has written, sees it, and gives up"
    return f"the {step.writer} has read what the other has written, and is refused"


