"""A reducer as it is pickled: by where its decider is found, for the functions of a decider may have no name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.orders.decider import ORDERS
from orderlab.timeline.scenario.decider_place import place_of


@dataclass(frozen=True, slots=True)
class Packed:
    """A reducer that was lifted from a decider, in a pickle.

    Args:
        kind: Its class.
        place: Where its decider is found, `module:NAME`; or the decider itself, if it is found nowhere.
        others: What else it holds.
    """

    kind: type[DeciderReducer[Any, Any]]
    place: Any
    others: Mapping[str, Any]


def packed(reducer: Any) -> Any:
    """Return what stands for a reducer in a pickle."""
    if not isinstance(reducer, DeciderReducer):
        return reducer
    others = {name: value for name, value in vars(reducer).items() if name != "decider"}
    return Packed(type(reducer), _place(reducer.decider), others)


def unpacked(made: Callable[..., Any], reducer: Any, *others: Any) -> Any:
    """Make what has a reducer, of which a pickle holds the parts."""
    if not isinstance(reducer, Packed):
        return made(reducer, *others)
    found = object.__new__(reducer.kind)
    found.__dict__.update(decider=_found(reducer.place), **reducer.others)
    return made(found, *others)


def _place(decider: Decider[Any]) -> Any:
    """Return where a decider is found, or where it is nowhere to be found, itself."""
    if decider is ORDERS:
        return f"{ORDERS.decide.__module__}:ORDERS"
    try:
        return place_of(decider, None)
    except ValueError:
        return decider


def _found(place: Any) -> Any:
    if isinstance(place, Decider):
        return place
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
