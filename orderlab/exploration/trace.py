"""A finite run of a domain: commands, what came of each, and the state after it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider, Reducer
from orderlab.core.script import TimedCommand
from orderlab.exploration.domain import decider_of, reducer_of, start_of
from orderlab.exploration.playing import AT, play
from orderlab.exploration.tracestep import TraceStep


@dataclass(frozen=True, slots=True)
class Trace:
    """A finite run: the one currency of exploring, comparing, enumerating, property tests and exercises.

    Args:
        reducer: The domain's reducer, which made it.
        start: The state before the first command.
        steps: The commands with what came of them.
        title: What it shows, in one sentence; empty where nobody says.
    """

    reducer: Reducer[Any]
    start: Any
    steps: tuple[TraceStep, ...]
    title: str = ""

    @classmethod
    def of(
        cls,
        domain: Decider[Any] | Reducer[Any],
        commands: Iterable[Any],
        *,
        start: Any = None,
        at: datetime = AT,
        title: str = "",
    ) -> "Trace":
        """Return the run of some commands, one after the other.

        Args:
            domain: A decider, or a reducer.
            commands: The commands; a `TimedCommand` brings its own time.
            start: The state before the first; the reducer's own initial state if None.
            at: When the others are decided, aware.
            title: What it shows.

        Raises:
            TypeError: The domain is neither, or has no initial state and none is given.
        """
        reducer = reducer_of(domain)
        first = state = start_of(reducer, start)
        steps: list[TraceStep] = []
        for each in commands:
            command, when = (each.command, each.at) if isinstance(each, TimedCommand) else (each, at)
            steps.append(play(reducer, state, command, at=when))
            state = steps[-1].state
        return cls(reducer, first, tuple(steps), title)

    @property
    def decider(self) -> Decider[Any] | None:
        """The domain's decider; None for a reducer that was not lifted from one."""
        return decider_of(self.reducer)

    @property
    def commands(self) -> tuple[Any, ...]:
        """The commands, in order."""
        return tuple(step.command for step in self.steps)

    @property
    def events(self) -> tuple[Any, ...]:
        """All events that were caused, in order."""
        return tuple(event for step in self.steps for event in step.events)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What came of each command, in a word or two."""
        return tuple(step.outcome for step in self.steps)

    @property
    def states(self) -> tuple[Any, ...]:
        """The states, from the one before the first command to the last: one more than there are steps."""
        return (self.start, *(step.state for step in self.steps))

    @property
    def state(self) -> Any:
        """The state at the end."""
        return self.states[-1]

    def __len__(self) -> int:
        return len(self.steps)
