"""Commands that are likely in a state: mostly about what is there, mostly allowed, now and then not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from orderlab.core.decider import Decider, Reducer
from orderlab.exploration.arguments import time
from orderlab.exploration.domain import decider_of, entities_of, reducer_of, start_of
from orderlab.exploration.generating.choosing import Asking, Drawn, Kinds, Likely, OfState, listed
from orderlab.exploration.generating.fields import Values
from orderlab.exploration.generating.ways import ENTITIES, Ways, chosen_keys, keys_for, ways_of
from orderlab.exploration.playing import AT
from orderlab.orders.model import OrderState

Commands = Iterable[Any] | Callable[[Any], Any] | Values | None
"""What commands may be given as: a list of them, a function of the state, a strategy; None for made ones."""


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
        TypeError: It is a reducer of no decider, whose commands are not known; or `at` or `keys` is not what it should
            be.
        ValueError: There are no keys, or `at` has no zone.

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
    time("at", at)
    kind = type(start_of(reducer))
    if not isinstance(state, kind):
        raise TypeError(f"state must be a state of {reducer!r}, such as {kind.__name__}(), not {state!r}")
    likely = Likely(reducer, ways_of(known, _keys(known, state) if keys is None else chosen_keys(known, keys)))
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
    kinds = Kinds(domain)
    if isinstance(commands, st.SearchStrategy):
        return Drawn(commands, kinds)
    if callable(commands) and not isinstance(commands, Iterable):
        return OfState(commands, kinds)
    reducer, decider = reducer_of(domain), decider_of(domain)
    if commands is not None:
        given = tuple(kinds.required(each) for each in listed(commands))
        return Likely(reducer, Ways((given,), tuple(range(len(given)))))
    if decider is None:
        raise TypeError(f"{domain!r} is of no decider, so its commands are not known: say them, as commands=…")
    return Likely(reducer, ways_of(decider, _with_new(decider, start) if keys is None else keys))


def _keys(decider: Decider[Any], state: Any) -> tuple[str, ...]:
    there = entities_of(state)
    return (*sorted(there)[:_MOST_KEYS], *_unused(decider, there, 1))


def _with_new(decider: Decider[Any], start: Any) -> tuple[str, ...]:
    there = entities_of(start)
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
