"""Let a run go on by a test clock, until what was put off has come back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any

from orderlab.core.effects import Delay
from orderlab.core.environment import TestClock
from orderlab.exploration.playing import play
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.orders.actions import COMMANDS

LONG = 4 * 3600
"""How long it goes on, in seconds."""

CLOCK = "the clock"
"""Who gives the commands that come back."""


def lived_on(trace: Trace, patience: Callable[[Any], Any]) -> Trace:
    """Return the run as it goes on by a test clock until all has come back that is due within a few hours.

    Only the commands of somebody else are taken from the run: what had come back in it comes back again.

    Args:
        trace: The run.
        patience: Gives the delays that an event asks for, in a tuple.
    """
    clock = TestClock(trace.steps[0].at)
    numbers, due = count(), list[tuple[datetime, int, TraceStep | Delay]]()
    for step in trace.steps:
        if step.writer != CLOCK:
            heappush(due, (step.at, next(numbers), step))
    end, state, steps = clock.now() + timedelta(seconds=LONG), trace.start, list[TraceStep]()
    while due and due[0][0] <= end and len(steps) < len(trace.steps) + 4:
        at, _, each = heappop(due)
        clock.advance(at - clock.now())
        command, writer = (each.action, CLOCK) if isinstance(each, Delay) else (each.command, "")
        steps.append(play(trace.reducer, state, command, at=clock.now(), writer=writer))
        state = steps[-1].state
        asked = [] if writer else [note for event in steps[-1].events for note in _notes(patience(event))]
        for note in asked:
            heappush(due, (clock.now() + timedelta(seconds=note.seconds), next(numbers), note))
    return Trace(trace.reducer, trace.start, tuple(steps), trace.title)


def _notes(effects: Any) -> list[Delay]:
    if not isinstance(effects, tuple):
        return []
    return [each for each in effects if isinstance(each, Delay) and _can_come_back(each)]


def _can_come_back(note: Delay) -> bool:
    return type(note.seconds) in (int, float) and 0 <= note.seconds <= LONG and isinstance(note.action, COMMANDS)
