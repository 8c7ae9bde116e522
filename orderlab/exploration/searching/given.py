"""The commands that a search tries in each state, however they were handed over."""

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider
from orderlab.core.script import TimedCommand
from orderlab.exploration.arguments import in_brief
from orderlab.exploration.commands import commands_of
from orderlab.exploration.differing.canon import canon, copied
from orderlab.exploration.searching.sameness import Numbering, is_settled

_DRAWN = 100
"""How many commands are drawn from a strategy at the most."""


@dataclass(slots=True)
class Given:
    """Commands with numbers; those that a function of the state makes get theirs as they come.

    Args:
        decider: Whose commands they are; None where anything may be one.
        at: When they are decided, unless they say it themselves.
        function: What gives the commands to try in a state; None for the same in every state.
        listed: All commands so far by number, with the time at which each is decided.
    """

    decider: Decider[Any] | None
    at: datetime
    function: Callable[[Any], Any] | None = None
    listed: list[tuple[Any, datetime]] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)
    _values: Numbering = field(default_factory=Numbering)
    _marks: dict[int, Hashable] = field(default_factory=dict)

    def number_of(self, command: Any) -> int:
        """Return the number of a command, a new one if it was not met before.

        Raises:
            TypeError: It is no command of the domain.
        """
        plain, at = (command.command, command.at) if isinstance(command, TimedCommand) else (command, self.at)
        if self.decider is not None and not isinstance(plain, self.decider.commands):
            raise TypeError(f"commands must be commands of {self.decider.name}, and {in_brief(plain)} is none")
        number = self._numbers.setdefault((self._values.of(plain), at), len(self.listed))
        if number == len(self.listed):
            if not is_settled(plain):  # a faulty domain may change it, and it is somebody's
                plain = copied(plain)
                self._marks[number] = canon(plain)
            self.listed.append((plain, at))
        return number

    def fresh(self, number: int) -> tuple[Any, datetime]:
        """Return a command as it was given, and when it is decided; a copy of one that could be changed."""
        command, at = self.listed[number]
        return (copied(command) if number in self._marks else command), at

    def is_changed(self, number: int, command: Any) -> bool:
        """Tell whether a command is not any more what was given with this number."""
        return number in self._marks and canon(command) != self._marks[number]

    def numbers_in(self, state: Any) -> Sequence[int]:
        """Return the numbers of the commands to try in a state."""
        if self.function is None:
            return range(len(self.listed))
        try:
            made = self.function(state)
        except Exception as error:
            error.add_note(f"commands was asked for the commands to try in {in_brief(state)}")
            raise
        if isinstance(made, str) or not isinstance(made, Iterable):
            raise TypeError(
                f"commands must return the commands to try in a state, as a list, and returned {in_brief(made)}"
            )
        return [self.number_of(command) for command in made]

    def scripted(self, numbers: Iterable[int]) -> list[TimedCommand]:
        """Return commands by their numbers, with their times."""
        return [TimedCommand(at, command, str(place)) for place, (command, at) in enumerate(map(self.fresh, numbers))]


def given_commands(commands: Any, decider: Decider[Any] | None, at: datetime) -> Given:
    """Return commands as they were handed over: a list, a function of the state, a strategy, or None to have some made.

    Raises:
        TypeError: They are none of these, or are no commands of the domain; or there is no telling what to make.
        ValueError: There are none.
    """
    given = Given(decider, at)
    if commands is None:
        if decider is None:
            raise TypeError("commands must be given, as a list or a function of the state, for a reducer has no types")
        commands = commands_of(decider)
    elif _is_strategy(commands):
        commands = drawn(commands)
    elif callable(commands) and not isinstance(commands, type) and not isinstance(commands, Iterable):
        given.function = commands
        return given
    elif isinstance(commands, (str, type, *_kinds(decider))) or not isinstance(commands, Iterable):
        raise TypeError(
            "commands must be a list of commands, a function of the state or a Hypothesis strategy, "
            f"not {in_brief(commands)}"
        )
    for command in commands:
        given.number_of(command)
    if not given.listed:
        raise ValueError("commands must hold at least one command, or nothing can be tried")
    return given


def _kinds(decider: Decider[Any] | None) -> tuple[type, ...]:
    """Return the types of commands: one of them is not taken for a list, though it can be gone through."""
    return () if decider is None else decider.commands


def drawn(strategy: Any) -> list[Any]:
    """Return commands that a strategy makes, each once: the same at every call, and not more than a hundred.

    >>> from hypothesis import strategies as st
    >>> sorted(drawn(st.sampled_from(["ship", "cancel"])))
    ['cancel', 'ship']
    """
    # It takes a second to load, and whoever has a strategy has loaded it.
    from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings  # noqa: PLC0415

    commands: dict[int, Any] = {}
    values = Numbering()

    def draw(command: Any) -> None:
        commands.setdefault(values.of(command), command)

    as_drawn: Any = settings(
        max_examples=_DRAWN,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    as_seeded: Any = seed(0)
    over: Any = given(strategy)
    as_seeded(as_drawn(over(draw)))()
    return list(commands.values())


def _is_strategy(commands: Any) -> bool:
    """Tell whether something is a strategy of Hypothesis, which then was loaded by whoever made it."""
    strategies = sys.modules.get("hypothesis.strategies")
    return strategies is not None and isinstance(commands, strategies.SearchStrategy)
