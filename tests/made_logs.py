"""Logs made of commands, without an event loop: a branch that leaves from nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.errors import CorruptStream
from orderlab.core.log import RecordedEvent
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem
from orderlab.timeline.branch.fork import Fork
from orderlab.timeline.timeline import Timeline

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)

PLACE = PlaceOrder("ada", (MUG,), "mug")
SHIP = ShipOrder("mug", "TRACK-1")
CANCEL = CancelOrder("mug", "too late")


def minutes(number: int) -> datetime:
    """Return the time so many minutes after noon."""
    return NOON + timedelta(minutes=number)


def log_of(*commands: Any, reducer: DeciderReducer[Any, Any] | None = None) -> Timeline[Any]:
    """Return the log that commands lead to, a minute apart, with all of them as its script."""
    fork: Fork[Any] = Fork(Timeline([], reducer=reducer) if reducer is not None else Timeline([]))
    for number, command in enumerate(commands, start=1):
        fork.send(command, at=minutes(number))
    return fork.timeline


def with_script(timeline: Timeline[Any], commands: Iterable[Any], **changed: Any) -> Timeline[Any]:
    """Return the same log with another script, its events changed in the same way all."""
    events: list[RecordedEvent] = [replace(each, **changed) for each in timeline.events()]
    return Timeline(events, reducer=timeline.reducer, codec=timeline.codec, commands=commands)


# A domain in which one command causes two facts: whoever comes in is greeted.


@dataclass(frozen=True, slots=True)
class Enter:
    """Come in."""

    guest: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Go home."""

    guest: str


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody came in."""

    guest: str


@dataclass(frozen=True, slots=True)
class Greeted:
    """And was greeted."""

    guest: str


@dataclass(frozen=True, slots=True)
class Left:
    """And went home."""

    guest: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """Refused: one has to be there."""

    guest: str


def decide(command: Any, entity: Any, *, key: str, at: datetime) -> Any:
    """Let nobody leave who is not there."""
    if isinstance(command, Enter):
        return () if entity == "inside" else (Entered(key), Greeted(key))
    return (Left(key),) if entity == "inside" else NotThere(key)


def evolve(entity: Any, event: Any) -> str:
    """Nobody is greeted outside."""
    if isinstance(event, Greeted) and entity != "inside":
        raise CorruptStream(f"{event.guest} is greeted outside")
    return "outside" if isinstance(event, Left) else "inside"


def command_of(event: Any) -> Any:
    """A greeting is no answer to anybody."""
    return {Entered: Enter, Left: Leave}[type(event)](event.guest) if not isinstance(event, Greeted) else None


GUESTS: Decider[str] = Decider(
    "guest",
    decide,
    evolve,
    lambda action: action.guest,
    (Enter, Leave),
    (Entered, Greeted, Left),
    (NotThere,),
    state_name=lambda entity: entity or "away",
    command_of=command_of,
)


def guest_reducer() -> DeciderReducer[Any, Any]:
    """Return a reducer of guests."""
    return DeciderReducer(GUESTS)
