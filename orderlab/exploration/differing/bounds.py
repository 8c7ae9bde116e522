"""How far two domains are compared, and what came of it."""

from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass
from typing import Any

from orderlab.core.decider import Decider, Reducer
from orderlab.core.script import TimedCommand
from orderlab.exploration.differing.answers import Difference
from orderlab.exploration.domain import decider_of
from orderlab.timeline.unknown import counted

Commands = Sequence[Any] | Callable[[Any], Iterable[Any]]
"""The commands to try: always the same ones, or those that a function gives for a state."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far is looked.

    Args:
        depth: So many commands, one after the other.
        states: So many pairs of states.
        entities: What has more entities than this is compared, and not followed any further; None follows everything.
    """

    depth: int
    states: int
    entities: int | None

    def hold_no_more(self, *versions: Sized) -> bool:
        """Tell whether there are more entities than are followed."""
        return self.entities is not None and max(map(len, versions)) > self.entities


@dataclass(frozen=True, slots=True)
class Found:
    """What came of looking.

    Args:
        commands: The shortest commands on which the two differ; empty if they do not.
        difference: What differs first in what came of the last of them.
        states: How many pairs of states were looked at.
        compared: How many answers were compared.
        depth: How many changes one after the other led to the farthest of them.
        exhaustive: Whether there is no further one.
    """

    commands: list[TimedCommand]
    difference: Difference
    states: int
    compared: int
    depth: int
    exhaustive: bool


def require_commands(commands: Iterable[Any], reducers: Iterable[Reducer[Any]], *, only: bool) -> list[Any]:
    """Return commands that are of one of some domains; of a reducer without a decider anything may be one.

    Args:
        commands: The commands.
        reducers: The reducers of the domains.
        only: Allow nothing but commands. A reducer is also given events and rejections, where it is compared as one.

    Raises:
        TypeError: One of them is none.
    """
    deciders = [decider_of(each) for each in reducers]
    given = list(commands)
    if any(decider is None for decider in deciders):
        return given
    names = " or ".join(dict.fromkeys(decider.name for decider in deciders if decider))
    kinds = tuple(kind for decider in deciders if decider for kind in (decider.commands if only else _actions(decider)))
    for each in given:
        plain = each.command if isinstance(each, TimedCommand) else each
        if not isinstance(plain, kinds):
            raise TypeError(f"commands must be commands of {names}, and {plain!r} is none")
    return given


def _actions(decider: Decider[Any]) -> tuple[type, ...]:
    return (*decider.commands, *decider.events, *decider.rejections)


def bound_of(found: Found, bounds: Bounds, tried: Commands) -> str:
    """Say in one sentence how far two domains were compared."""
    if found.difference:
        return f"{counted(found.compared, 'answer')} were compared before it, and no shorter run tells them apart"
    entities = "" if bounds.entities is None else f" of at most {counted(bounds.entities, 'entity')}"
    commands = "the commands of each" if callable(tried) else f"{counted(len(tried), 'command')} each"
    compared = (
        f"{counted(found.states, 'state')}{entities} {'was' if found.states == 1 else 'were'} compared, with {commands}"
    )
    if found.exhaustive:
        return f"{compared}, and no others can be reached"
    return f"{compared}, up to {counted(bounds.depth, 'command')} one after the other; what longer runs do is not known"
