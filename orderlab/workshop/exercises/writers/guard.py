"""Two writers with a guard of their own: they look again before they append."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import VersionConflict
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import Event
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, brief, conflict_in_words
from orderlab.workshop.exercises.runs import order_commands

PLACE, SHIP, CANCEL = order_commands(1)

STEPS = ("read", "decide", "read", "append")
"""What each writer does; the second time that it reads, it looks whether there are as many events as the first."""

WRITERS = {"packer": SHIP, "customer": CANCEL}

STREAM = ORDERS.stream_id("order-1")


@dataclass(slots=True)
class _Mind:
    """What a writer has in mind, and how many of its steps it has taken."""

    command: Any
    steps: int = 0
    seen: tuple[Event, ...] = ()
    decided: tuple[Event, ...] = ()
    conflict: str = ""


def played(schedule: Iterable[str], title: str = "") -> Trace:
    """Return what comes of it when two writers take turns like this, on an order that was placed."""
    recording = Recording(ORDERS, title)
    log: list[Event] = list(ORDERS.decide(PLACE, None, key="order-1", at=recording.at))
    recording.tell("shop", PLACE, log)
    minds = {name: _Mind(command) for name, command in WRITERS.items()}
    for name in schedule:
        _take_a_step(name, minds[name], log, recording)
    return recording.trace()


def _take_a_step(name: str, mind: _Mind, log: list[Event], recording: Recording) -> None:
    part, looks_again = STEPS[mind.steps], mind.steps > STEPS.index("read")
    mind.steps += 1
    refused: Any = None
    written: tuple[Event, ...] = ()
    if part == "read" and looks_again:
        if len(log) != len(mind.seen):
            mind.conflict = conflict_in_words(VersionConflict(STREAM, len(mind.seen), len(log)))
    elif part == "read":
        mind.seen = tuple(log)
    elif part == "decide":
        order = None
        for event in mind.seen:
            order = ORDERS.evolve(order, event)
        said = ORDERS.decide(mind.command, order, key="order-1", at=recording.at)
        mind.decided, refused = (said, None) if isinstance(said, tuple) else ((), said)
    elif not mind.conflict:
        written = mind.decided
        log.extend(written)
    asked = (AppendEvents(STREAM, mind.decided),) if mind.decided and part != "read" else ()
    conflict = mind.conflict if part == "append" else ""
    recording.tell(
        name, mind.command, written, rejection=refused, failure=conflict, effects=asked, key="order-1", part=part
    )


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
    return is_lost(played(schedule))


def is_lost(trace: Trace) -> bool:
    """Tell whether both have written."""
    return sum(bool(step.events) for step in trace.steps if step.writer in WRITERS) == len(WRITERS)


def problem_with(schedule: Any) -> str:
    """Return why something is no schedule; nothing if it is one."""
    if not isinstance(schedule, list | tuple):
        return f"a schedule is a list of names, and not {brief(schedule)}"
    strange = [each for each in schedule if each not in tuple(WRITERS)]
    if strange:
        return f"a schedule has the names {' and '.join(WRITERS)} in it, and not {brief(strange[0])}"
    for name in WRITERS:
        if list(schedule).count(name) != len(STEPS):
            return f"the {name} has {len(STEPS)} steps, and is named {list(schedule).count(name)} times"
    return ""


def runs() -> tuple[Trace, ...]:
    """Return the run in which the two writers do not meet; an answer is a run of its own."""
    one_after_the_other = [name for name in WRITERS for _ in STEPS]
    return (played(one_after_the_other, "Two writers who look again before they append"),)
