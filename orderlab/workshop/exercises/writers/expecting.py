"""4.1: append on condition that the stream is where it was when the writer looked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.drawing.tables import AsTable
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Conflict, Recording, called, in_a_loop
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
        recording.tell(writer, action, written, rejection=refused, key=order_id, effects=(Returned(returned),))
    return recording.trace()


@dataclass(frozen=True, slots=True)
class Returned(AsTable):
    """What `save` gave back."""

    value: Any


async def _right(event_store: Any, stream_id: str, seen: list[Any], events: Any) -> Any:
    return await event_store.append_events(stream_id, events, expected_version=len(seen))


def _by(writer: str, command: Any) -> Plan:
    return ((writer, Read(command.order_id)), (writer, Write(command)))


def _runs() -> tuple[Trace, ...]:
    [look, place], first = _by("clerk", PLACE_2), _by("shop", PLACE_1)
    packer, customer = _by("packer", SHIP_1), _by("customer", CANCEL_1)
    plans = {
        "One writer alone": first,
        "Two writers of one order": (*first, packer[0], customer[0], packer[1], customer[1]),
        "Two writers of two orders": (*first, packer[0], look, place, packer[1]),
        "The same order placed twice": (*first, look, ("till", Read("order-2")), place, ("till", Write(PLACE_2))),
    }
    return tuple(played(_right, plan, title) for title, plan in plans.items())


@exercise(
    "4.1",
    title="The number that you have seen",
    question="""\
The shop has two computers now. A packer and a customer look at `order-1` at the same time; then one ships it and the other
cancels it. Both were right when they looked, and only one of the two may be written.

Write `save(event_store, stream_id, seen, events)`. It appends `events`, which were decided on `seen`: the list of
recorded events that the writer has read of this stream, empty for a new order. It must be written only if nothing has come
after them, and return the new version. A `VersionConflict` is for whoever called: let it pass.

For example: after reading one event, the packer's `save` returns 2. The customer had read the same one event, and her `save`
raises `VersionConflict`.""",
    answer="save",
    starter="""\
async def save(event_store, stream_id, seen, events):
    return ...
""",
    hints=(
        "The event store can compare and append in one breath. You only have to tell it what to compare with.",
        "A stream with three events is at version 3. At which version was it when the writer looked?",
        "`await event_store.append_events(stream_id, events, expected_version=…)`, with the number of events in `seen`.",
    ),
    solution="""\
async def save(event_store, stream_id, seen, events):
    return await event_store.append_events(stream_id, events, expected_version=len(seen))
""",
    wrong=(
        Wrong(
            "Nothing is expected: the last to write wins, and nobody is told.",
            """\
async def save(event_store, stream_id, seen, events):
    return await event_store.append_events(stream_id, events, expected_version=None)
""",
        ),
        Wrong(
            "The version is read just before the append; it is then that of now, not that of the decision.",
            """\
async def save(event_store, stream_id, seen, events):
    now = await event_store.load_events(stream_id)
    return await event_store.append_events(stream_id, events, expected_version=len(now))
""",
        ),
        Wrong(
            "What is expected is where the stream will be afterwards.",
            """\
async def save(event_store, stream_id, seen, events):
    return await event_store.append_events(
        stream_id, events, expected_version=len(seen) + len(events)
    )
""",
        ),
        Wrong(
            "A new stream is not checked, for 0 counts as nothing.",
            """\
async def save(event_store, stream_id, seen, events):
    return await event_store.append_events(stream_id, events, expected_version=len(seen) or None)
""",
        ),
        Wrong(
            "The position in the whole log is taken for the version of the stream.",
            """\
async def save(event_store, stream_id, seen, events):
    head = seen[-1].position if seen else await event_store.head()
    return await event_store.append_events(stream_id, events, expected_version=head)
""",
        ),
        Wrong(
            "The conflict is caught and forgotten, so the customer believes that she has cancelled.",
            """\
from orderlab import VersionConflict

async def save(event_store, stream_id, seen, events):
    try:
        return await event_store.append_events(stream_id, events, expected_version=len(seen))
    except VersionConflict:
        return len(seen)
""",
        ),
    ),
    remember="A decision is only as good as what was read for it, so an append says at which version that was.",
    runs=_runs,
)
def expecting(answer: Any, trace: Trace) -> Problem | None:
    """Find a schedule in which a change is lost, or refused without need."""
    plan = [(step.writer, step.command) for step in trace.steps]
    found, wanted = played(answer, plan, trace.title), played(_right, plan, trace.title)
    for number, (is_so, should) in enumerate(zip(found.steps, wanted.steps, strict=True), 1):
        if (is_so.outcome, is_so.events, is_so.effects) != (should.outcome, should.events, should.effects):
            what, where = _told(is_so, should)
            return Problem(what, f"Step {number}, {is_so.writer} writes {is_so.key}: {where}.", found, wanted)
    return None


def _told(is_so: Any, should: Any) -> tuple[str, str]:
    """Return what is wrong with a step, and the two values that differ."""
    [returned], [right] = is_so.effects, should.effects
    name = type(is_so.command.command).__name__
    outcomes = f"the outcome is {is_so.outcome}, and should be {should.outcome}"
    if is_so.events and should.rejection is not None:
        had, has = should.rejection.expected, should.rejection.actual
        return (
            f"An update is lost: {is_so.writer}'s {name} was decided on version {had} of {is_so.key}, "
            f"and written although the stream was at version {has}.",
            outcomes,
        )
    if is_so.rejection is not None and should.rejection is None:
        expected, actual = is_so.rejection.expected, is_so.rejection.actual
        return f"{is_so.writer}'s {name} is refused, though nobody came in between.", (
            f"expected_version is {expected}, and the stream is at version {actual}, as it was when it was read"
        )
    if should.rejection is not None and is_so.rejection is None:
        return f"Nothing of {is_so.writer}'s {name} is written, and {is_so.writer} is not told.", outcomes
    if is_so.events != should.events:
        return f"Of {is_so.writer}'s {name} other events are written than were given.", (
            f"written is {is_so.outcome}, and should be {should.outcome}"
        )
    return "What `save` returns is not the new version.", f"it returns {returned.value!r}, and should {right.value!r}"
