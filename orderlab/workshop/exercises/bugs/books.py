"""6.1: the position in a log at which the books go wrong, found by standing at every one."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.runs import runs_of
from orderlab.workshop.exercises.shelf import SHELF, Command, Event, Fill, Filled, Shelf, Take, Taken
from orderlab.workshop.exercises.telling import differs

QUESTION = """\
It is stocktaking, and the books are wrong: for a while there must have been fewer than no mugs on a shelf. Nobody
refused anything at the time, for it was the week in which the versions were not checked. The shelf was filled again
since, so today's figures look fine. When did it go wrong? Then you can ask who was at the till.

The log is a `Timeline`, in which you can stand anywhere. `timeline[n]` is the state after `n` events: `timeline[0]` is
that before the first, and `timeline[len(timeline)]` today's. `state.entities` has the shelves by their names, and
`shelf.pieces` says how many mugs are on one.

Write `first_bad(timeline)`, which returns the **position** of the first event after which a shelf has fewer than 0
pieces, counted from 1, or `None` if that never was.

For example: 1 mug is put on the shelf, 2 are taken, 1 is put there. The answer is 2.
"""

STARTER = """\
def first_bad(timeline) -> int | None:
    return ...
"""

HINTS = (
    "The end says little: what was wrong may have been made good since. So look at every position, from the first on.",
    "`for position in range(1, len(timeline) + 1)`, and in it `state = timeline[position]`. A state is bad if any of "
    "its shelves is.",
    "In the loop: `if any(shelf.pieces < 0 for shelf in timeline[position].entities.values()): return position`. After "
    "it `return None`.",
)

SOLUTION = """\
def first_bad(timeline):
    for position in range(1, len(timeline) + 1):
        if any(shelf.pieces < 0 for shelf in timeline[position].entities.values()):
            return position
    return None
"""

WRONG = (
    Wrong(
        "Only today's figures are looked at, and they may look fine again.",
        """\
def first_bad(timeline):
    last = len(timeline)
    if any(shelf.pieces < 0 for shelf in timeline[last].entities.values()):
        return last
    return None
""",
    ),
    Wrong(
        "It halves the log again and again, which is right only if what is bad stays bad.",
        """\
def first_bad(timeline):
    def is_bad(position):
        return any(shelf.pieces < 0 for shelf in timeline[position].entities.values())

    low, high = 0, len(timeline)
    if not is_bad(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_bad(middle) else (middle, high)
    return high
""",
    ),
    Wrong(
        "The position before the event is given, at which all was still well.",
        SOLUTION.replace("return position", "return position - 1"),
    ),
    Wrong(
        "All shelves are added up, so one that is full hides one that has less than nothing.",
        SOLUTION.replace(
            "any(shelf.pieces < 0 for shelf in timeline[position].entities.values())",
            "sum(shelf.pieces for shelf in timeline[position].entities.values()) < 0",
        ),
    ),
    Wrong(
        "Only the shelf of the example is looked at.",
        """\
def first_bad(timeline):
    for position in range(1, len(timeline) + 1):
        mugs = timeline[position].entities.get("mugs")
        if mugs is not None and mugs.pieces < 0:
            return position
    return None
""",
    ),
    Wrong(
        "A shelf that is empty counts as wrong, too.",
        SOLUTION.replace("shelf.pieces < 0", "shelf.pieces <= 0"),
    ),
    Wrong(
        "It goes on to the last time that it went wrong.",
        """\
def first_bad(timeline):
    bad = None
    for position in range(1, len(timeline) + 1):
        if any(shelf.pieces < 0 for shelf in timeline[position].entities.values()):
            bad = position
    return bad
""",
    ),
)


def _unchecked(command: Command, shelf: Shelf | None, /, *, key: str, at: datetime) -> tuple[Event, ...]:
    """Write down whatever is asked, as two tills do that each look before the other has written."""
    return (Filled(key, command.pieces),) if isinstance(command, Fill) else (Taken(key, command.pieces),)


def _named(shelf: Shelf | None) -> str:
    pieces = 0 if shelf is None else shelf.pieces
    return "empty" if pieces == 0 else "below zero" if pieces < 0 else "stocked"


UNCHECKED = replace(SHELF, decide=_unchecked, state_name=_named, states=("empty", "stocked", "below zero"))
"""Shelves in the week in which nobody checked."""

COMMANDS = (Fill("mugs", 1), Take("mugs", 2), Fill("cups", 3), Take("cups", 4))


@exercise(
    "6.1",
    title="When did it go wrong?",
    question=QUESTION,
    answer="first_bad",
    starter=STARTER,
    hints=HINTS,
    solution=SOLUTION,
    wrong=WRONG,
    remember="The end of a log hides what was made good since; every moment of the past can be looked at, so look.",
    runs=lambda: runs_of(UNCHECKED, COMMANDS, depth=4, alike=_pieces),
)
def books(answer: Any, trace: Trace) -> Problem | None:
    """Compare the position with that of the first state of the run in which a shelf has less than nothing."""
    states = enumerate(trace.states)
    wanted = next((number for number, state in states if min(dict(_pieces(state)).values(), default=0) < 0), None)
    told = differs(answer(trace.to_timeline()), wanted, "first_bad(timeline)", may_be_none=True)
    return Problem(told, f"That is for {_after_each(trace)}.", trace) if told else None


def _pieces(state: Any) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((key, shelf.pieces) for key, shelf in state.entities.items()))


def _after_each(trace: Trace) -> str:
    """Tell how many pieces there are after each event."""
    if not len(trace):
        return "the empty log"
    told = []
    for number, step in enumerate(trace.steps, start=1):
        event = step.events[0]
        done = f"{event.pieces} {'put on' if isinstance(event, Filled) else 'taken from'} {event.shelf}"
        told.append(f"{done}, which leaves {trace.states[number].entities[event.shelf].pieces}")
    return f"the log {'; '.join(told)}"
