"""A schedule of writers, each of whom reads an order and later writes; what comes of it with a way of saving."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.drawing.tables import AsTable
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.trace import Trace
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Conflict, Recording, as_value, called, in_a_loop
from orderlab.workshop.exercises.runs import order_commands

PLACE_1, SHIP_1, CANCEL_1 = order_commands(1)
PLACE_2, *_ = order_commands(2)


@dataclass(frozen=True, slots=True)
class Read(AsTable):
    """Look at an order's stream."""

    order_id: str


@dataclass(frozen=True, slots=True)
class Write(AsTable):
    """Decide a command on what the same writer read last, and save what it causes."""

    command: Any


Plan = Sequence[tuple[str, Any]]


def played(save: Callable[..., Any], plan: Plan, title: str = "") -> Trace:
    """Return what comes of a schedule when every writer saves with this function."""
    return in_a_loop(lambda: _played(save, plan, title))  # type: ignore[no-any-return]


async def _played(save: Callable[..., Any], plan: Plan, title: str) -> Trace:
    event_store = InMemoryEventStore(clock=TestClock(), ids=SequentialIds())
    recording, seen = Recording(ORDERS, title), {}
    for writer, action in plan:
        order_id = action.order_id if isinstance(action, Read) else action.command.order_id
        stream_id = ORDERS.stream_id(order_id)
        if isinstance(action, Read):
            seen[writer] = await event_store.load_events(stream_id)
            recording.tell(writer, action, key=order_id)
            continue
        order, known = None, seen[writer]
        for recorded in known:
            order = ORDERS.evolve(order, recorded.event)
        events = ORDERS.decide(action.command, order, key=order_id, at=recording.at)
        head, refused, returned = await event_store.head(), None, None
        try:
            returned = await called(save, event_store, stream_id, list(known), events)
        except VersionConflict as conflict:
            refused = Conflict.of(conflict)
        written = [each.event async for each in event_store.read_all(after=head)]
        recording.tell(
            writer, action, written, rejection=refused, key=order_id, effects=(Returned(as_value(returned)),)
        )
    return recording.trace()


@dataclass(frozen=True, slots=True)
class Returned(AsTable):
    """What `save` gave back."""

    value: Any


async def save_as_seen(event_store: Any, stream_id: str, seen: list[Any], events: Any) -> Any:
    """Save on condition that the stream is as it was seen."""
    return await event_store.append_events(stream_id, events, expected_version=len(seen))


def _by(writer: str, command: Any) -> Plan:
    return ((writer, Read(command.order_id)), (writer, Write(command)))


def runs() -> tuple[Trace, ...]:
    """Return the schedules that an answer is tried on."""
    [look, place], first = _by("clerk", PLACE_2), _by("shop", PLACE_1)
    packer, customer = _by("packer", SHIP_1), _by("customer", CANCEL_1)
    plans = {
        "One writer alone": first,
        "Two writers of one order": (*first, packer[0], customer[0], packer[1], customer[1]),
        "Two writers of two orders": (*first, packer[0], look, place, packer[1]),
        "The same order placed twice": (*first, look, ("till", Read("order-2")), place, ("till", Write(PLACE_2))),
    }
    return tuple(played(save_as_seen, plan, title) for title, plan in plans.items())
