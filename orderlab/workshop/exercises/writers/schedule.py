"""A schedule of writers, each of whom reads an order and later writes; what comes of it with a way of saving."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from orderlab.core.codec import JsonCodec
from orderlab.core.decider import Decider
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import AppendRefused, VersionConflict
from orderlab.core.log import Appended
from orderlab.drawing.tables import AsTable
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.trace import Trace
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, as_value, called, conflict_in_words, in_a_loop
from orderlab.workshop.exercises.runs import order_commands
from orderlab.workshop.exercises.shelf import SHELF, Fill, Take, Taken

PLACE_1, SHIP_1, CANCEL_1 = order_commands(1)
PLACE_2, *_ = order_commands(2)

CODEC = JsonCodec([*ORDERS.events, *SHELF.events])


def _piece_by_piece(command: Any, shelf: Any, /, *, key: str, at: Any) -> Any:
    """Decide as the shelf does, and write an event for each mug that is taken."""
    said = SHELF.decide(command, shelf, key=key, at=at)
    taken = isinstance(said, tuple) and isinstance(said[0], Taken)
    return tuple(replace(said[0], pieces=1) for _ in range(said[0].pieces)) if taken else said


PIECE_BY_PIECE = replace(SHELF, decide=_piece_by_piece)
"""A shelf of which a stream grows long, and where one command may cause several events."""

Turn = tuple[str, str, Any]
"""Who does which part, `read` or `append`, of handling which command; deciding is done just before the append."""

IN_THE_GAP = "The customer writes just before the packer's append"
GAPS = (IN_THE_GAP, "The till places the order just before the clerk's append")
"""The titles of the schedules in which the last append but one happens while the last writer saves: after whatever that
writer still looks at, and before its own append."""


@dataclass(frozen=True, slots=True)
class Returned(AsTable):
    """What `save` gave back."""

    value: Any


class _Watched(InMemoryEventStore):
    """An event store that remembers what it was asked to append, and may let a rival write just before that."""

    def __init__(self) -> None:
        super().__init__(codec=CODEC, clock=TestClock(), ids=SequentialIds())
        self.asked: list[AppendEvents] = []
        self.told = 0  # up to which position it was told who wrote what
        self.rival: Callable[[], Awaitable[None]] | None = None

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        """Do the appends, after the rival's."""
        await self.let_the_rival_write()
        self.asked += [AppendEvents(each.stream_id, tuple(each.events), each.expected_version) for each in appends]
        return await super().append_many(appends)

    async def let_the_rival_write(self) -> None:
        """Have the rival write, if there is one that has not yet."""
        rival, self.rival = self.rival, None
        if rival is not None:
            await rival()


def played(save: Callable[..., Any], turns: Sequence[Turn], title: str = "") -> Trace:
    """Return what comes of a schedule when every writer saves with this function."""
    return in_a_loop(lambda: _played(save, turns, title))  # type: ignore[no-any-return]


async def _played(save: Callable[..., Any], turns: Sequence[Turn], title: str) -> Trace:
    decider = ORDERS if isinstance(turns[0][2], ORDERS.commands) else PIECE_BY_PIECE
    event_store, recording = _Watched(), Recording(decider, title)
    seen: dict[str, list[Any]] = {}
    late = len(turns) - 2 if title in GAPS else None
    for number, turn in enumerate(turns):
        writer, part, command = turn
        if part == "read":
            key = str(decider.key_of(command))
            seen[writer] = await event_store.load_events(decider.stream_id(key))
            recording.tell(writer, command, part=part, key=key)
        elif number == late:
            event_store.rival = partial(
                _write, save_as_seen, turn, seen[writer], event_store, recording, decider=decider
            )
        else:
            await _write(save, turn, seen[writer], event_store, recording, decider=decider)
    return recording.trace()


async def _write(
    save: Callable[..., Any],
    turn: Turn,
    seen: list[Any],
    event_store: _Watched,
    recording: Recording,
    *,
    decider: Decider[Any],
) -> None:
    """Have a writer decide on what it has seen, and save; tell of it."""
    writer, part, command = turn
    key = str(decider.key_of(command))
    entity, conflict, returned = None, "", None
    for recorded in seen:
        entity = decider.evolve(entity, recorded.event)
    events = decider.decide(command, entity, key=key, at=recording.at)
    try:
        returned = await called(save, event_store, decider.stream_id(key), list(seen), events)
    except VersionConflict as error:
        conflict = conflict_in_words(error)
    await event_store.let_the_rival_write()  # who appended nothing has not met it yet
    written = [each.event async for each in event_store.read_all(after=event_store.told)]
    effects = (*event_store.asked, Returned(as_value(returned)))
    event_store.told, event_store.asked = await event_store.head(), []
    recording.tell(writer, command, written, failure=conflict, key=key, effects=effects, part=part)


async def save_as_seen(event_store: Any, stream_id: str, seen: list[Any], events: Any) -> Any:
    """Save on condition that the stream is as it was seen."""
    return await event_store.append_events(stream_id, events, expected_version=len(seen))


def _by(writer: str, command: Any) -> tuple[Turn, Turn]:
    return (writer, "read", command), (writer, "append", command)


def runs() -> tuple[Trace, ...]:
    """Return the schedules that an answer is tried on."""
    first, packer, customer = _by("shop", PLACE_1), _by("packer", SHIP_1), _by("customer", CANCEL_1)
    clerk, till = _by("clerk", PLACE_2), _by("till", PLACE_2)
    fill, ada, ben = _by("shop", Fill("mugs", 9)), _by("ada", Take("mugs", 2)), _by("ben", Take("mugs", 1))
    schedules = {
        "One writer alone": first,
        "A stream that grows": (*fill, *ada, *ben),
        "Two writers of one order": (*first, packer[0], customer[0], packer[1], customer[1]),
        "The second order of the log": (*clerk, *first, *packer),
        "Two writers of two orders": (*first, packer[0], *clerk, packer[1]),
        "The same order placed twice": (*first, clerk[0], till[0], clerk[1], till[1]),
        GAPS[0]: (*first, packer[0], customer[0], customer[1], packer[1]),
        GAPS[1]: (*first, clerk[0], till[0], till[1], clerk[1]),
    }
    return tuple(played(save_as_seen, turns, title) for title, turns in schedules.items())
