"""Commands that are likely in a state: mostly about what is there, mostly allowed, now and then not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from hypothesis import strategies as st

from orderlab.core.decider import Decider, DeciderReducer, EntityState, Reducer
from orderlab.exploration.domain import decider_of, reducer_of
from orderlab.exploration.generating.fields import Values
from orderlab.exploration.generating.ways import ENTITIES, Ways, keys_for, ways_of
from orderlab.exploration.playing import AT, play
from orderlab.orders.model import OrderState

Commands = Iterable[Any] | Callable[[Any], Any] | Values | None
"""What commands may be given as: a list of them, a function of the state, a strategy; None for made ones."""


class Asking(Protocol):
    """How commands are chosen in a run: by choices that are drawn ahead, and told apart where they come."""

    @property
    def choices(self) -> Values:
        """A strategy for one choice; it knows nothing of the state, so that a choice can be left out in shrinking."""
        ...

    def command(self, choice: Any, state: Any, at: datetime) -> Any:
        """Return the command that a choice stands for in a state at a time."""
        ...


_MOST_KEYS = 8


def likely_commands(
    decider: Decider[Any] | Reducer[Any], state: Any, *, at: datetime = AT, keys: Sequence[str] | None = None
) -> Values:
    """Return a strategy for commands that are likely in a state: what a busy user would send.

    Most are about an entity that is there and are accepted; about one in four is not.

    Args:
        decider: The domain: a decider, or its reducer where the state is of a class of its own.
        state: The state that they meet.
        at: When they are decided.
        keys: The entities that they are about; some of those in the state and one that is not if None.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
        TypeError: It is a reducer of no decider, whose commands are not known.

    >>> from orderlab.orders.decider import ORDERS
    >>> from orderlab.orders.reducer import OrderReducer
    >>> from hypothesis import find
    >>> find(likely_commands(ORDERS, OrderReducer().initial_state()), lambda command: True).order_id
    'order-1'
    """
    reducer = _reducer_for(decider, state)
    known = decider_of(reducer)
    if known is None:
        raise TypeError(f"{reducer!r} is of no decider, so its commands are not known: say them, as commands=…")
    likely = Likely(reducer, ways_of(known, _keys(known, state) if keys is None else tuple(keys)))
    return likely.choices.map(lambda choice: likely.command(choice, state, at))


def asking(
    domain: Decider[Any] | Reducer[Any], commands: Commands, start: Any, keys: Sequence[str] | None = None
) -> Asking:
    """Return what gives the commands for each state of a run.

    Args:
        domain: The domain.
        commands: Those that somebody gives, in any of the forms; None for those that are likely.
        start: The state that a run begins with.
        keys: The entities that likely ones are about; those of that state, and a few that are not there yet, if None.

    Raises:
        TypeError: They are given in no such form, or not given for a domain whose commands are not known.
    """
    if isinstance(commands, st.SearchStrategy):
        return Drawn(commands)
    if callable(commands):
        return _OfState(commands)
    reducer, decider = reducer_of(domain), decider_of(domain)
    if commands is not None:
        given = listed(commands)
        return Likely(reducer, Ways((given,), tuple(range(len(given)))))
    if decider is None:
        raise TypeError(f"{domain!r} is of no decider, so its commands are not known: say them, as commands=…")
    return Likely(reducer, ways_of(decider, _with_new(decider, start) if keys is None else keys))


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
        self.choices: Values = st.tuples(entities, st.sampled_from(ways.numbers), st.integers(0, 4))

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
    """Take commands as somebody's strategy gives them."""

    def __init__(self, commands: Values) -> None:
        self.choices = commands

    def command(self, choice: Any, state: Any, at: datetime) -> Any:
        """Return the command that was drawn."""
        return choice


class _OfState:
    """Choose among the commands that somebody's function gives for a state."""

    choices: Values = st.integers(0, 999)

    def __init__(self, commands: Callable[[Any], Any]) -> None:
        self._commands = commands

    def command(self, choice: int, state: Any, at: datetime) -> Any:
        """Return one of the commands that the function gives."""
        given = listed(self._commands(state))
        return given[choice % len(given)]


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


def keys_in(state: Any) -> Mapping[str, Any]:
    """Return the entities of a state by key, where it is of a class that is known; else none."""
    if isinstance(state, OrderState):
        return state.orders
    return state.entities if isinstance(state, EntityState) else {}


def _keys(decider: Decider[Any], state: Any) -> tuple[str, ...]:
    there = keys_in(state)
    return (*sorted(there)[:_MOST_KEYS], *_unused(decider, there, 1))


def _with_new(decider: Decider[Any], start: Any) -> tuple[str, ...]:
    there = keys_in(start)
    return (*sorted(there)[:_MOST_KEYS], *_unused(decider, there, ENTITIES))


def _unused(decider: Decider[Any], there: Mapping[str, Any], count: int) -> tuple[str, ...]:
    return tuple([key for key in keys_for(decider, len(there) + count) if key not in there][:count])


def _reducer_for(domain: Decider[Any] | Reducer[Any], state: Any) -> Reducer[Any]:
    if isinstance(domain, Decider) and isinstance(state, OrderState):
        return _orders_like(domain)
    return reducer_of(domain)


def _orders_like(decider: Decider[Any]) -> Reducer[Any]:
    """Return a reducer of a decider over an `OrderState`: of the orders, or of a changed version of them."""
    from orderlab.orders.reducer import OrderReducer  # noqa: PLC0415 - wanted by this only

    reducer = OrderReducer()
    reducer.decider = decider
    return reducer


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
