"""A schedule of writers, each of whom reads an order and later writes; what comes of it with a way of saving."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.drawing.tables import AsTable
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.trace import Trace
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, as_value, called, conflict_in_words, in_a_loop
from orderlab.workshop.exercises.runs import order_commands

PLACE_1, SHIP_1, CANCEL_1 = order_commands(1)
PLACE_2, *_ = order_commands(2)

Turn = tuple[str, str, Any]
"""Who does which part, `read` or `append`, of handling which command; deciding is done just before the append."""


@dataclass(frozen=True, slots=True)
class Returned(AsTable):
    """What `save` gave back."""

    value: Any


class _Watched(InMemoryEventStore):
    """An event store that remembers what it was asked to append."""

    def __init__(self) -> None:
        super().__init__(clock=TestClock(), ids=SequentialIds())
        self.asked: list[AppendEvents] = []

    async def append_events(self, stream_id: str, events: Sequence[Any], *, expected_version: int | None = None) -> int:
        """Append events to a stream and return its new version."""
        self.asked.append(AppendEvents(stream_id, tuple(events), expected_version))
        return await super().append_events(stream_id, events, expected_version=expected_version)


def played(save: Callable[..., Any], turns: Sequence[Turn], title: str = "") -> Trace:
    """Return what comes of a schedule when every writer saves with this function."""
    return in_a_loop(lambda: _played(save, turns, title))  # type: ignore[no-any-return]


async def _played(save: Callable[..., Any], turns: Sequence[Turn], title: str) -> Trace:
    event_store, recording = _Watched(), Recording(ORDERS, title)
    seen: dict[str, list[Any]] = {}
    for writer, part, command in turns:
        stream_id = ORDERS.stream_id(command.order_id)
        if part == "read":
            seen[writer] = await event_store.load_events(stream_id)
            recording.tell(writer, command, part=part, key=command.order_id)
            continue
        order, conflict, returned = None, "", None
        for recorded in seen[writer]:
            order = ORDERS.evolve(order, recorded.event)
        events = ORDERS.decide(command, order, key=command.order_id, at=recording.at)
        head, asked_before = await event_store.head(), len(event_store.asked)
        try:
            returned = await called(save, event_store, stream_id, list(seen[writer]), events)
        except VersionConflict as error:
            conflict = conflict_in_words(error)
        written = [each.event async for each in event_store.read_all(after=head)]
        effects = (*event_store.asked[asked_before:], Returned(as_value(returned)))
        recording.tell(writer, command, written, failure=conflict, key=command.order_id, effects=effects, part=part)
    return recording.trace()


async def save_as_seen(event_store: Any, stream_id: str, seen: list[Any], events: Any) -> Any:
    """Save on condition that the stream is as it was seen."""
    return await event_store.append_events(stream_id, events, expected_version=len(seen))


def _by(writer: str, command: Any) -> tuple[Turn, Turn]:
    return (writer, "read", command), (writer, "append", command)


def runs() -> tuple[Trace, ...]:
    """Return the schedules that an answer is tried on."""
    first, packer, customer = _by("shop", PLACE_1), _by("packer", SHIP_1), _by("customer", CANCEL_1)
    clerk, till = _by("clerk", PLACE_2), _by("till", PLACE_2)
    schedules = {
        "One writer alone": first,
        "Two writers of one order": (*first, packer[0], customer[0], packer[1], customer[1]),
        "Two writers of two orders": (*first, packer[0], *clerk, packer[1]),
        "The same order placed twice": (*first, clerk[0], till[0], clerk[1], till[1]),
    }
    return tuple(played(save_as_seen, turns, title) for title, turns in schedules.items())
