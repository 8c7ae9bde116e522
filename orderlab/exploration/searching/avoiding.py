"""Look for a way out: from a state of a run to an end that is a good one."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider
from orderlab.exploration.commands import commands_of
from orderlab.exploration.searching.answering import Answering
from orderlab.exploration.searching.by_state import identity_of
from orderlab.exploration.searching.ending import Asking
from orderlab.exploration.searching.given import Given, given_commands
from orderlab.exploration.trace import Trace
from orderlab.timeline.machine.trying import commands_for

MOST_STATES = 5_000
"""How many states are looked at for one way out."""

MOST_TOGETHER = 3
"""How many entities a way out may be about: with each there are several times as many states."""

Path = list[tuple[Any, datetime]]
"""Commands, with the time at which each is decided."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is looked for.

    Args:
        is_bad: Tells whether a state is bad.
        is_good: Tells whether a state is a good end; None if every end is that is not bad.
        depth: How many commands a way out may have; any number if None.
    """

    is_bad: Asking
    is_good: Asking | None
    depth: int | None


@dataclass(slots=True)
class Way:
    """Looks for ways out with some commands; what it has found to have none it does not look at again.

    Args:
        trace: The run.
        commands: What can be done.
        goal: What is looked for.

    Attributes:
        has_ends: There is a state in which no command causes anything.
        cut: Why it was not searched to the end, as a sentence; empty if it was.
    """

    trace: Trace
    commands: Any
    goal: Goal
    has_ends: bool = False
    cut: str = ""
    _dead: set[Hashable] = field(default_factory=set)
    _at: datetime | None = None
    _same: Callable[[Any], Hashable] = field(init=False)

    def __post_init__(self) -> None:
        self._same = identity_of(self.trace.reducer)

    def out_of(self, state: Any, at: datetime) -> Path | None:
        """Return the shortest way from a state to a good end; None if there is none, or none was found."""
        if at != self._at:  # a rule may ask for the time
            self._dead.clear()
            self._at = at
        goal, given = self.goal, given_commands(self.commands, self.trace.decider, at)
        same, answering = self._same, Answering(self.trace.reducer)
        seen, level, depth = {same(state)}, [(state, Path())], 0
        while level:
            after: list[tuple[Any, Path]] = []
            for here, path in level:
                if goal.is_good is not None and goal.is_good(here):
                    return path
                reached = self._reached(given, answering, here)
                self.has_ends |= not reached
                if not reached and goal.is_good is None and not goal.is_bad(here):
                    return path
                for number, there in reached:
                    mark = same(there)
                    if mark not in seen and mark not in self._dead:
                        seen.add(mark)
                        after.append((there, [*path, given.fresh(number)]))
            if after and (depth == goal.depth or len(seen) > MOST_STATES):
                bound = f"{goal.depth} commands" if depth == goal.depth else f"{MOST_STATES:,} states"
                self.cut = f"nothing beyond {bound} was looked at"
                return None
            level, depth = after, depth + 1
        self._dead |= seen
        return None

    def _reached(self, given: Given, answering: Answering, state: Any) -> list[tuple[int, Any]]:
        """Return the states that commands lead to which cause something."""
        reached = []
        for number in given.numbers_in(state):
            came = answering.to(state, *given.fresh(number))
            if came.events or (came.state is not state and self._same(came.state) != self._same(state)):
                reached.append((number, came.state))
        return reached


def ways_of(trace: Trace, commands: Any, key: str | None, goal: Goal) -> list[Way]:
    """Return what looks for ways out: with the commands given, or with those about what went wrong."""
    decider = trace.decider
    if commands is not None:
        return [Way(trace, commands, goal)]
    if decider is None:
        return [Way(trace, list(trace.commands), goal)]
    keys = list(dict.fromkeys(step.key for step in trace.steps if step.key is not None))
    about = [[key]] if key is not None else []
    about += [keys] if 0 < len(keys) <= MOST_TOGETHER and keys not in about else []
    ways = []
    for named in about:
        own = [step.command for step in trace.steps if step.key in named and _is_about(decider, step.command)]
        made = commands_of(replace(decider, commands=_kinds(decider, named[:1])), keys=named)
        if made or own:
            ways.append(Way(trace, [*made, *own], goal))
    return ways


def _kinds(decider: Decider[Any], keys: list[str]) -> tuple[type, ...]:
    """Return the command types of which some can be made; of the others there are those of the run."""
    return tuple(kind for kind in decider.commands if _can_be_made(decider, kind, keys))


def _can_be_made(decider: Decider[Any], kind: type, keys: list[str]) -> bool:
    try:
        return bool(commands_for(decider, [kind], keys))
    except Exception:  # noqa: BLE001 - CannotMake, or a faulty domain, which the run itself tells of
        return False


def _is_about(decider: Decider[Any], command: Any) -> bool:
    """Tell whether a command is one about an entity with a key; with such as ask for a new one there is no end."""
    try:
        return isinstance(command, decider.commands) and decider.key_of(command) is not None
    except Exception:  # noqa: BLE001 - a faulty domain, and no command to get on with
        return False
