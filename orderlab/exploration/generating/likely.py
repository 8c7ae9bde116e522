"""Commands that are likely in a state: mostly about what is there, mostly allowed, now and then not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from orderlab.core.decider import Decider, DeciderReducer, EntityState, Reducer
from orderlab.exploration.domain import decider_of, reducer_of
from orderlab.exploration.generating.fields import Values
from orderlab.exploration.generating.ways import Ways, keys_for, ways_of
from orderlab.exploration.playing import AT, play
from orderlab.orders.model import OrderState

Commands = Iterable[Any] | Callable[[Any], Any] | Values | None
"""What commands may be given as: a list of them, a function of the state, a strategy; None for made ones."""

Asking = Callable[[st.DrawFn, Any, datetime], Any]
"""What draws the command to give in a state at a time."""

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
    return _asked(_Likely(reducer, ways_of(known, _keys(known, state) if keys is None else keys)), state, at)


def asking(domain: Decider[Any] | Reducer[Any], commands: Commands, keys: Sequence[str] | None = None) -> Asking:
    """Return what gives the commands for each state of a run.

    Args:
        domain: The domain.
        commands: Those that somebody gives, in any of the forms; None for those that are likely.
        keys: The entities that likely ones are about.

    Raises:
        TypeError: They are given in no such form, or not given for a domain whose commands are not known.
    """
    if isinstance(commands, st.SearchStrategy):
        return lambda draw, state, at: draw(commands)
    if callable(commands):
        return lambda draw, state, at: draw(_listed(commands(state)))
    reducer, decider = reducer_of(domain), decider_of(domain)
    if commands is not None:
        given = _listed_commands(commands)
        return _Likely(reducer, Ways.of([[each] for each in given], st.sampled_from(given)))
    if decider is None:
        raise TypeError(f"{domain!r} is of no decider, so its commands are not known: say them, as commands=…")
    return _Likely(reducer, ways_of(decider, keys_for(decider) if keys is None else keys))


class _Likely:
    """Draw a command that is likely in a state."""

    def __init__(self, reducer: Reducer[Any], ways: Ways) -> None:
        self._reducer = reducer
        self._ways = ways

    def __call__(self, draw: st.DrawFn, state: Any, at: datetime) -> Any:
        chosen, insists = draw(self._ways.choices)
        commands = self._ways.commands
        command = draw(self._ways.any_commands) if chosen >= len(commands) else commands[chosen]
        # Zero lets a command be as it was drawn: that is what a failure is shrunk to.
        return self._allowed(state, at, chosen, command) if insists else command

    def _allowed(self, state: Any, at: datetime, chosen: int, command: Any) -> Any:
        """Return the command if it is allowed, else one that is; itself again if none is."""
        if not is_refused(self._reducer, state, command, at):
            return command
        ordinary = self._ways.ordinary
        # Downwards, towards what a shrunk failure would have chosen itself.
        for place in range(chosen, chosen - len(ordinary), -1):
            for sample in ordinary[place % len(ordinary)]:
                if not is_refused(self._reducer, state, sample, at):
                    return sample
        return command


@st.composite
def _asked(draw: st.DrawFn, ask: Asking, state: Any, at: datetime) -> Any:
    return ask(draw, state, at)


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
    unused = next(key for key in keys_for(decider, len(there) + 1) if key not in there)
    return (*sorted(there)[:_MOST_KEYS], unused)


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


def _listed(commands: Any) -> Values:
    """Return what a function gave for a state as a strategy; it may be one already."""
    return commands if isinstance(commands, st.SearchStrategy) else st.sampled_from(_listed_commands(commands))


def _listed_commands(commands: Any) -> tuple[Any, ...]:
    if isinstance(commands, str | bytes) or not isinstance(commands, Iterable):
        raise TypeError(f"commands must be a list of commands, a function of the state or a strategy, not {commands!r}")
    listed = tuple(commands)
    if not listed:
        raise ValueError("commands must hold one command at least, or be left out")
    return listed
