"""A domain beside orders: a shelf of mugs, from which people take. Here the same fact may happen twice."""

from dataclasses import dataclass
from datetime import datetime

from orderlab.core.decider import Decider
from orderlab.core.errors import CorruptStream
from orderlab.drawing.tables import AsTable


@dataclass(frozen=True, slots=True)
class Fill(AsTable):
    """Put so many mugs on a shelf."""

    shelf: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Take(AsTable):
    """Take so many mugs from it."""

    shelf: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Filled(AsTable):
    """So many mugs were put on a shelf."""

    shelf: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Taken(AsTable):
    """So many mugs were taken from it."""

    shelf: str
    pieces: int


@dataclass(frozen=True, slots=True)
class SoldOut(AsTable):
    """Refused: so many mugs are left, and that is too few."""

    shelf: str
    left: int


@dataclass(frozen=True, slots=True)
class Shelf(AsTable):
    """One shelf, and how many mugs are on it."""

    id: str
    pieces: int = 0


Command = Fill | Take
Event = Filled | Taken


def decide(command: Command, shelf: Shelf | None, *, key: str, at: datetime) -> tuple[Event, ...] | SoldOut:
    """Refuse to take more than there is, and nothing else."""
    left = shelf.pieces if shelf else 0
    if isinstance(command, Fill):
        return (Filled(key, command.pieces),)
    return (Taken(key, command.pieces),) if command.pieces <= left else SoldOut(key, left)


def evolve(shelf: Shelf | None, event: Event) -> Shelf:
    """Count up what was put there, and down what was taken.

    >>> evolve(Shelf("mugs", 3), Taken("mugs", 1))
    Shelf(id='mugs', pieces=2)
    """
    shelf = shelf or Shelf(event.shelf)
    if not isinstance(event, Filled | Taken):
        raise CorruptStream(f"{event!r} is nothing that happens to a shelf")
    return Shelf(shelf.id, shelf.pieces + (event.pieces if isinstance(event, Filled) else -event.pieces))


SHELF: Decider[Shelf] = Decider(
    name="shelf",
    decide=decide,
    evolve=evolve,
    key_of=lambda action: action.shelf,
    commands=(Fill, Take),
    events=(Filled, Taken),
    rejections=(SoldOut,),
)
"""The shelf as one value. A shelf from which too much was taken has less than nothing on it, so that it shows."""
