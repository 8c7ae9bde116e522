"""What a search has found: how each state was first reached, in eight bytes, and how many of everything there were."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orderlab.exploration.searching.predicates import Predicate

NOTHING_IS_RAISED = "nothing is raised"
"""The name of what every domain promises: a command is decided, never raised at."""

NOTHING_IS_CHANGED = "nothing is changed in place"
"""The name of the other promise: what a state held before a command, it holds after it."""


NO_COMMAND_IS_CHANGED = "no command is changed in place"
"""A part of that promise: what was asked for is still asked for when it has been decided."""

THE_SAME_IS_SAID_TWICE = "the same is said twice"
"""What a domain promises by being pure, and by what a run that is found can be shown at all."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What did not hold, and the shortest way there.

    Args:
        name: The name of what did not hold.
        path: The numbers of the commands that lead there.
        failure: What was raised in the place of an answer, in one line; empty if nothing was.
        argument: What the predicate was handed over as; empty if it was the domain that failed.
    """

    name: str
    path: tuple[int, ...]
    failure: str = ""
    argument: str = ""


@dataclass(slots=True)
class Found:
    """What a search has found so far; a state is a number here, in the order in which they were found.

    Attributes:
        parents: By state, the one that it was reached from.
        moves: By state, the number of the command that led there.
        levels: How many states there are at each depth.
        transitions: How many commands caused something, counted in each state.
        refused: How many were refused.
        quiet: How many were accepted and caused nothing.
        ends: How many states there are in which no command causes anything.
        reached: By the name of what should happen sometimes, the first state where it did.
        broken: What did not hold; None if all did.
        why_not: Why it was not exhaustive, as a sentence; empty if it was.
    """

    parents: "array[int]" = field(default_factory=lambda: array("q", [0]))
    moves: "array[int]" = field(default_factory=lambda: array("l", [-1]))
    levels: list[int] = field(default_factory=lambda: [1])
    transitions: int = 0
    refused: int = 0
    quiet: int = 0
    ends: int = 0
    reached: dict[str, int] = field(default_factory=dict)
    broken: Broken | None = None
    why_not: str = ""

    @property
    def states(self) -> int:
        """How many states were found."""
        return len(self.parents)

    def add(self, parent: int, move: int) -> None:
        """Take in a state at the present depth."""
        self.parents.append(parent)
        self.moves.append(move)
        self.levels[-1] += 1

    def path(self, state: int) -> tuple[int, ...]:
        """Return the numbers of the commands that lead to a state by the way that it was first reached."""
        path = []
        while state:
            path.append(self.moves[state])
            state = self.parents[state]
        return tuple(reversed(path))

    def breaks(self, predicate: Predicate, path: Sequence[int], failure: str) -> None:
        """Note that a predicate does not hold, or does not answer, at the end of a path."""
        self.broken = Broken(predicate.name, tuple(path), failure, predicate.argument)

    def fails(self, path: Sequence[int], failure: str, name: str = NOTHING_IS_RAISED) -> None:
        """Note that the domain itself breaks a promise at the end of a path."""
        self.broken = Broken(name, tuple(path), failure)


@dataclass(slots=True)
class Questions:
    """What is asked of each state, once it is found; what holds sometimes is asked until it once did."""

    always: tuple[Predicate, ...]
    sometimes: tuple[Predicate, ...]
    every_step: tuple[Predicate, ...] = ()
    _open: list[Predicate] = field(init=False)

    def __post_init__(self) -> None:
        self._open = list(self.sometimes)

    @property
    def are_open(self) -> bool:
        """Whether there is anything left to be asked of a state."""
        return bool(self.always or self._open)

    def ask(self, found: Found, number: int, state: Any) -> bool:
        """Ask everything of a state, and tell whether the search goes on."""
        for predicate in self.always:
            holds, failure = predicate.asks(state)
            if not holds:
                found.breaks(predicate, found.path(number), failure)
                return False
        if not self._open:
            return True
        for predicate in list(self._open):
            holds, failure = predicate.asks(state)
            if failure:
                found.breaks(predicate, found.path(number), failure)
                return False
            if holds:
                found.reached[predicate.name] = number
                self._open.remove(predicate)
        return True
