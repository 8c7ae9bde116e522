"""Two writers with a guard of their own: they look again before they append."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
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
    problem = problem_with(schedule)
    if problem:
        raise ValueError(problem)
    return is_lost(played(scheduled(schedule)))


def is_lost(trace: Trace) -> bool:
    """Tell whether both have written."""
    return len(trace.events) > 2  # noqa: PLR2004 - it was placed, and then both have written


def problem_with(schedule: Any) -> str:
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


def runs() -> tuple[Trace, ...]:
    """Return the run in which the two writers do not meet; what they do is taken from it."""
    one_after_the_other = ["packer"] * 4 + ["customer"] * 4
    return (played(scheduled(one_after_the_other), "Two writers who look again before they append"),)
