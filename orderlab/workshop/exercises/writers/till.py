"""A till that sends commands under keys, and a shop that is started anew now and then."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, as_value, brief, copies_of
from orderlab.workshop.exercises.runs import BASKETS, order_commands

MUGS = PlaceOrder("ada", BASKETS[0])
TEA = PlaceOrder("ada", BASKETS[1])
PLACE_1, _, CANCEL_1 = order_commands(1)


@dataclass(frozen=True, slots=True)
class Entry(AsTable):
    """What the log keeps of a command that was accepted: its key, itself, and the events that it caused."""

    key: str
    command: Any
    events: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class KeyReused(AsTable):
    """Refused: this key was sent before, with another command."""

    key: str


@dataclass(frozen=True, slots=True)
class Send(AsTable):
    """Send a command under a key.

    Args:
        key: The key.
        command: The command.
        told: What the sender was told, in words, where it came of what was sent before; None if it did not.
    """

    key: str
    command: Any
    told: str | None = None

    def __str__(self) -> str:
        sent = f"sends {type(self.command).__name__} under {self.key}"
        return f"{sent}, and is told {self.told}: nothing new is in the log"


@dataclass(frozen=True, slots=True)
class Restart(AsTable):
    """Start the shop's program anew: what was in its memory is gone, and the log is there."""

    def __str__(self) -> str:
        return "is started anew: what was in its memory is gone, and the log is there"


@dataclass(frozen=True, slots=True)
class Told(AsTable):
    """What the sender is told."""

    answer: Any


def played(handle: Callable[..., Any], plan: Sequence[tuple[str, Any]], title: str = "") -> Trace:
    """Return what comes of a conversation when the shop handles what it is sent by this function."""
    recording, log = Recording(ORDERS, title), list[Entry]()
    programs = copies_of(handle)
    program = next(programs)
    for writer, action in plan:
        if isinstance(action, Restart):
            program = next(programs)
            recording.tell(writer, action, part=NOTE)
            continue
        kept = tuple(log)
        sent = copy(action.command)  # what comes over a line is equal to what was sent, and never the same object
        answer = as_value(program(log, action.key, sent, lambda command: _decide(recording, command)))
        intact, new = tuple(log[: len(kept)]) == kept, tuple(log[len(kept) :]) if len(log) > len(kept) else ()
        log[: len(kept)] = kept
        is_quiet = intact and not new and isinstance(answer, tuple)
        recording.tell(
            writer,
            replace(action, told=brief(answer) if is_quiet else None),
            (event for entry in new if isinstance(entry, Entry) for event in entry.events),
            rejection=None if isinstance(answer, tuple) else answer,
            failure="" if intact else "what was in the log is not as it was: only append to it",
            effects=(Told(answer), *new),
            part=NOTE if is_quiet else "",
        )
    return recording.trace()


def _decide(recording: Recording, command: Any) -> Any:
    key = command.order_id or f"order-{recording.entities + 1}"
    return ORDERS.decide(command, recording.entity(key), key=key, at=recording.at)


def handle_once(log: list[Entry], key: str, command: Any, decide: Callable[[Any], Any]) -> Any:
    """Handle what is sent, once for each key."""
    for entry in log:
        if entry.key == key:
            return entry.events if entry.command == command else KeyReused(key)
    said = decide(command)
    if isinstance(said, tuple):
        log.append(Entry(key, command, said))
    return said


def runs() -> tuple[Trace, ...]:
    """Return the conversations that an answer is tried on."""
    once, again = ("till", Send("key-1", MUGS)), ("till", Send("key-1", MUGS))
    cancel = ("till", Send("key-2", CANCEL_1))
    longer = ("till", Send("key-12", TEA))
    plans = {
        "A command is sent once": (once,),
        "The answer was lost, and the command is sent again": (once, again),
        "Two keys: the customer wants the same twice": (once, ("till", Send("key-2", MUGS))),
        "One key for two commands": (once, ("till", Send("key-1", TEA))),
        "The program is started anew before the second try": (once, ("shop", Restart()), again),
        "What was refused at first is allowed later": (cancel, ("till", Send("key-1", PLACE_1)), cancel),
        "A key that begins like another": (longer, once, longer),
        "Two commands, and each is sent again": (once, longer, once, longer),
    }
    return tuple(played(handle_once, plan, title) for title, plan in plans.items())
