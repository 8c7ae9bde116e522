"""The shelf at the counter: mugs and cups, with room for five of each, so that there are only 36 states."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer
from orderlab.drawing.tables import AsTable
from orderlab.workshop.exercises.shelf import SHELF, Command, Event, Fill, Shelf, SoldOut, Take

ROOM = 5

COMMANDS = (Fill("mugs", 1), Fill("mugs", 3), Take("mugs", 1), Fill("cups", 2), Take("cups", 1))


@dataclass(frozen=True, slots=True)
class NoRoom(AsTable):
    """Refused: so many more can be put on the shelf, and that is too few."""

    shelf: str
    left: int


def _decide(
    command: Command, shelf: Shelf | None, /, *, key: str, at: datetime
) -> tuple[Event, ...] | SoldOut | NoRoom:
    """Refuse to put more on a shelf than there is room for, and leave the rest to the shelf's own rules."""
    room = ROOM - (shelf.pieces if shelf else 0)
    if isinstance(command, Fill) and command.pieces > room:
        return NoRoom(key, room)
    decision: tuple[Event, ...] | SoldOut = SHELF.decide(command, shelf, key=key, at=at)
    return decision


COUNTER = replace(SHELF, decide=_decide, rejections=(*SHELF.rejections, NoRoom))
"""The shelf at the counter: mugs in one row and cups in the other, with room for five of each."""

REDUCER: DeciderReducer[Shelf, Any] = DeciderReducer(COUNTER)

Pair = tuple[int, int]
"""A state: how many mugs there are, and how many cups."""


def pair_of(state: Any) -> Pair:
    """Return the mugs and the cups in a state.

    >>> pair_of(state_of((2, 0)))
    (2, 0)
    """
    mugs, cups = (state.entities.get(name) for name in ("mugs", "cups"))
    return (mugs.pieces if mugs else 0, cups.pieces if cups else 0)


def state_of(pair: Pair) -> Any:
    """Return a state with so many mugs and cups, as if each had been put there at once."""
    shelves = {name: (Shelf(name, pieces), 1) for name, pieces in zip(("mugs", "cups"), pair, strict=True)}
    return REDUCER.with_entities(REDUCER.initial_state(), shelves)


def in_words(pair: Pair) -> str:
    """Say how many there are.

    >>> in_words((1, 2))
    'there are 1 mug and 2 cups'
    """
    mugs, cups = pair
    return f"there are {mugs} mug{'s' * (mugs != 1)} and {cups} cup{'s' * (cups != 1)}"
