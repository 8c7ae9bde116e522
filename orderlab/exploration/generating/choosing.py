"""How commands are chosen in a run: by small choices, which are drawn ahead and told apart where they come."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from hypothesis import strategies as st

from orderlab.core.decider import Decider, DeciderReducer, Reducer
from orderlab.exploration.domain import decider_of
from orderlab.exploration.generating.fields import Values
from orderlab.exploration.generating.ways import Ways, one_of_many
from orderlab.exploration.playing import play


class Asking(Protocol):
    """How commands are chosen in a run: by choices that are drawn ahead, and told apart where they come."""

    @property
    def choices(self) -> Values:
        """A strategy for one choice; it knows nothing of the state, so that a choice can be left out in shrinking."""
        ...

    def command(self, choice: Any, state: Any, at: datetime) -> Any:
        """Return the command that a choice stands for in a state at a time."""
        ...


Choice = tuple[int, int, int]
"""The number of an entity, that of a command about it, and whether it must be allowed, which zero denies."""


class Likely:
    """Choose a command that is likely in a state.

    Args:
        reducer: The domain's reducer.
        ways: What there is to choose from.
    """

    def __init__(self, reducer: Reducer[Any], ways: Ways) -> None:
        self._reducer = reducer
        self.ways = ways
        entities = st.integers(0, len(ways.by_key) - 1)
        self.choices: Values = st.tuples(entities, one_of_many(ways.numbers), st.integers(0, 3))

    def command(self, choice: Choice, state: Any, at: datetime) -> Any:
        """Return the command that is chosen if it is allowed or need not be, else one that is allowed."""
        entity, number, _ = self.settled(choice, state, at)
        return self.ways.by_key[entity][number]

    def settled(self, choice: Choice, state: Any, at: datetime) -> Choice:
        """Return the choice that names the command itself, which is not insisted on.

        Entities are counted as they come to be: there is at most one number that stands for one that is not there
        yet. So no run begins with the third entity, and one that is left out of a run is not missed by the others.
        """
        entity, number, insists = choice
        entity = min(entity, self._there(state))
        commands = self.ways.by_key[entity]
        if not insists or not is_refused(self._reducer, state, commands[number], at):
            return entity, number, 0
        # Downwards, towards what a shrunk failure would have chosen itself.
        tried = sorted(self.ways.ordinary, key=lambda each: (each > number, -each))
        return next(
            (
                (other, each, 0)
                for other in (entity, *range(min(self._there(state) + 1, len(self.ways.by_key))))
                for each in tried
                if not is_refused(self._reducer, state, self.ways.by_key[other][each], at)
            ),
            (entity, number, 0),
        )

    def _there(self, state: Any) -> int:
        """Return how many of the entities are there; no more than count as numbers."""
        keys = self.ways.keys
        if not isinstance(self._reducer, DeciderReducer):
            return len(keys)
        there = sum(self._reducer.entity(state, key)[0] is not None for key in keys)
        return max(min(there, len(keys) - 1), 0)


class Drawn:
    """Take commands as somebody's strategy gives them.

    Args:
        commands: The strategy.
        kinds: What may be a command; None for anything.
    """

    def __init__(self, commands: Values, kinds: "Kinds | None" = None) -> None:
        self.choices = commands
        self._kinds = kinds

    def command(self, choice: Any, state: Any, at: datetime) -> Any:
        """Return the command that was drawn."""
        return choice if self._kinds is None else self._kinds.required(choice)


class OfState:
    """Choose among the commands that somebody's function gives for a state.

    Args:
        commands: The function.
        kinds: What may be a command.
    """

    choices: Values = one_of_many(range(1_000))

    def __init__(self, commands: Callable[[Any], Any], kinds: "Kinds") -> None:
        self._commands = commands
        self._kinds = kinds

    def command(self, choice: int, state: Any, at: datetime) -> Any:
        """Return one of the commands that the function gives."""
        made = self._commands(state)
        if isinstance(made, str | bytes) or not isinstance(made, Iterable):
            raise TypeError(f"commands must return the commands to try in a state, as a list, and returned {made!r}")
        given = listed(made)
        return self._kinds.required(given[choice % len(given)])


class Kinds:
    """What may be a command of a domain, so that somebody's slip is not taken for a fault of the domain.

    Args:
        domain: A decider, of which commands are expected; or a reducer, which is given events and rejections as well.
    """

    def __init__(self, domain: Decider[Any] | Reducer[Any]) -> None:
        decider = self._decider = decider_of(domain)
        self._allowed: tuple[type, ...] = (object,)
        if decider is not None:
            also = () if isinstance(domain, Decider) else (*decider.events, *decider.rejections)
            self._allowed = (*decider.commands, *also)

    def required(self, command: Any) -> Any:
        """Return a command.

        Raises:
            TypeError: It is none of the domain.
        """
        if isinstance(command, self._allowed):
            return command
        assert self._decider is not None
        raise TypeError(f"commands must be commands of {self._decider.name}, and {command!r} is none")


def is_refused(reducer: Reducer[Any], state: Any, command: Any, at: datetime) -> bool:
    """Tell whether a command changes nothing in a state; one that fails is not refused, it is a bug to be found."""
    if not isinstance(reducer, DeciderReducer):
        step = play(reducer, state, command, at=at)
        return not (step.events or step.failure)
    decider = reducer.decider
    try:  # what `play` does, but for the effects and the state after it: this is asked many times a command
        key = decider.key_of(command)
        entity = None if key is None else reducer.entity(state, key)[0]
        decision = decider.decide(command, entity, key=f"{decider.name}-1" if key is None else key, at=at)
    except Exception:  # noqa: BLE001 - a faulty domain; what it raises is found when the command is played
        return False
    return decision == () or isinstance(decision, decider.rejections)


def listed(commands: Any) -> tuple[Any, ...]:
    """Return the commands that somebody gives as a tuple.

    Raises:
        TypeError: They are no collection of commands.
        ValueError: There are none.
    """
    if isinstance(commands, str | bytes) or not isinstance(commands, Iterable):
        raise TypeError(f"commands must be a list of commands, a function of the state or a strategy, not {commands!r}")
    found = tuple(commands)
    if not found:
        raise ValueError("commands must hold one command at least, or be left out")
    return found
