"""What can be explored: a decider, which is lifted, or a reducer as it is."""

from collections.abc import Mapping
from typing import Any

from orderlab.core.decider import Decider, DeciderReducer, EntityState, Reducer
from orderlab.exploration.arguments import in_brief
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderReducer

_STATES = {DeciderReducer: EntityState, OrderReducer: OrderState}
"""The reducers of which it is known what their states are."""


def reducer_of(domain: Decider[Any] | Reducer[Any]) -> Reducer[Any]:
    """Return the reducer of a domain: a decider lifted, a reducer itself.

    Raises:
        TypeError: It is neither.

    >>> from orderlab.orders.decider import ORDERS
    >>> reducer_of(ORDERS)
    <DeciderReducer of order>
    """
    if isinstance(domain, Decider):
        return DeciderReducer(domain)
    if callable(getattr(domain, "reduce", None)) and not isinstance(domain, type):
        return domain
    hint = ": call it first, to make one" if isinstance(domain, type) else ""
    raise TypeError(f"a Decider or a reducer is wanted, such as ORDERS or OrderReducer(), not {domain!r}{hint}")


def decider_of(domain: Decider[Any] | Reducer[Any]) -> Decider[Any] | None:
    """Return the decider of a domain; None for a reducer that was not lifted from one."""
    if isinstance(domain, Decider):
        return domain
    return domain.decider if isinstance(domain, DeciderReducer) else None


def start_of(reducer: Reducer[Any], start: Any = None) -> Any:
    """Return the state that a run begins with: the one given, or the reducer's own initial state.

    Raises:
        TypeError: There is neither, or it is no state of the reducer.
    """
    if start is not None:
        known: Any = _STATES.get(type(reducer))
        if known is not None and not isinstance(start, known):
            raise TypeError(
                f"start must be a state of {reducer!r}, such as {known.__name__}() or one that a Trace ended in, "
                f"not {in_brief(start)}"
            )
        return start
    initial = getattr(reducer, "initial_state", None)
    if not callable(initial):
        raise TypeError(f"{reducer!r} has no initial_state(), so say which state it begins with: start=…")
    return initial()


def entities_of(state: Any) -> Mapping[str, Any]:
    """Return the entities of a state by key, where it is of a class that is known; else none.

    >>> from orderlab.orders.decider import ORDERS
    >>> dict(entities_of(reducer_of(ORDERS).initial_state())), entities_of(7)
    ({}, {})
    """
    if isinstance(state, OrderState):
        return state.orders
    return state.entities if isinstance(state, EntityState) else {}
