"""Make a run that breaks a promise as short and plain as can be.

Hypothesis finds one and could shrink it as well, number by number. It knows nothing of commands, though: here one is
left out, or made another, and the run is played again, which takes a few dozen tries instead of hundreds.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from orderlab.exploration.generating.choosing import Drawn, Likely
from orderlab.exploration.generating.running import Choices, Run
from orderlab.exploration.trace import Trace

_AT_ONCE = timedelta(0)


def shrunk_trace(run: Run, trace: Trace) -> Trace:
    """Return the plainest run found that breaks a promise, given any that does, however its commands were chosen."""
    choices: list[Any] = [_choice_of(run, step.command) for step in trace.steps]
    if None in choices:  # commands of somebody's own, which can be left out but not made plainer
        run, choices = replace(run, ask=Drawn(st.nothing())), list(trace.commands)
    times = [run.at, *(step.at for step in trace.steps)]
    gaps = [after - before for before, after in pairwise(times)]
    plainest = shrunk(run, tuple(zip(choices, gaps, strict=True)))
    return plainest if plainest.title else trace  # which a machine with rules of its own may have made in another way


def _choice_of(run: Run, command: Any) -> Any:
    if not isinstance(run.ask, Likely):
        return None
    places = ((entity, commands) for entity, commands in enumerate(run.ask.ways.by_key) if command in commands)
    return next(((entity, commands.index(command), 0) for entity, commands in places), None)


def shrunk(run: Run, choices: Choices) -> Trace:
    """Return the plainest run found that breaks a promise, given the choices of one that does.

    No command of it can be left out, and none can be made plainer by itself.
    """
    best = _settled(run, choices)
    again = True
    while again:
        again = False
        for simpler in _simpler(run, best):
            trace = run.played(simpler)
            if trace.title:
                best, again = simpler[: len(trace)], True
                break
    return run.played(best)


def _settled(run: Run, choices: Choices) -> Choices:
    """Return the choices up to where the promise is broken, each naming its command itself."""
    trace = run.played(choices)
    ask, settled = run.ask, choices[: len(trace)]
    if not isinstance(ask, Likely):
        return settled
    return tuple(
        (ask.settled(choice, step.before, step.at), gap)
        for (choice, gap), step in zip(settled, trace.steps, strict=True)
    )


def _simpler(run: Run, choices: Choices) -> Iterator[Choices]:
    """Yield what is simpler than these choices, the shortest first; then what is shorter, but for one other command."""
    yield from _shorter(run, choices)
    for place, (choice, gap) in enumerate(choices):
        before, after = choices[:place], choices[place + 1 :]
        if gap:
            yield (*before, (choice, _AT_ONCE), *after)
        for plainer in _plainer(run, choice):
            yield (*before, (plainer, gap), *after)
    for shorter in _shorter(run, choices):
        for place, (choice, gap) in enumerate(shorter):
            for other in _ordinary(run, choice):
                yield (*shorter[:place], (other, gap), *shorter[place + 1 :])


def _shorter(run: Run, choices: Choices) -> Iterator[Choices]:
    """Yield the choices without one of them, with and without the time that passed before it, or its entity."""
    for place in range(len(choices) - 1, -1, -1):
        before, (choice, gap), after = choices[:place], choices[place], choices[place + 1 :]
        yield (*before, *after)
        if gap and after:
            yield (*before, (after[0][0], after[0][1] + gap), *after[1:])
        if isinstance(run.ask, Likely) and any(each[0] > choice[0] for each, _ in after):
            yield (*before, *(((each[0] - (each[0] > choice[0]), *each[1:]), then) for each, then in after))


def _ordinary(run: Run, choice: Any) -> Iterator[Any]:
    """Yield the choices of other ordinary commands."""
    if isinstance(run.ask, Likely):
        for other in range(len(run.ask.ways.by_key)):
            for each in run.ask.ways.ordinary:
                if (each, other) != (choice[1], choice[0]):
                    yield other, each, 0


def _plainer(run: Run, choice: Any) -> Iterator[Any]:
    """Yield plainer choices: an ordinary command, an entity that came earlier, a sample that comes earlier."""
    if not isinstance(run.ask, Likely):
        return
    entity, number, _ = choice
    yield from (other for other in _ordinary(run, choice) if (other[1], other[0]) < (number, entity))
    for each in range(max(first for first in run.ask.ways.ordinary if first <= number), number):
        yield entity, each, 0
