"""4.1: append on condition that the stream is where it was when the writer looked."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at, up_to, who
from orderlab.workshop.exercises.writers.schedule import GAPS, played, runs, save_as_seen

_ONE_APPEND = 2
"""How many effects a step has in which one append was asked for: that, and what `save` has returned."""


@exercise(
    "4.1",
    title="The number that you have seen",
    question="""\
The shop has two computers now. A packer and a customer look at `order-1` at the same time; then one ships it
and the other cancels it. Both were right when they looked, and only one of the two may be written.

Write `save(event_store, stream_id, seen, events)`. It appends `events`, which were decided on `seen`: the list
of recorded events that the writer has read of this stream, empty for a new order. It must be written only if
nothing has come after them, and return the new version. A `VersionConflict` is for whoever called: let it pass.

An event store does its work while others do theirs, so `save` is an `async def`, and what it asks an event store
for has an `await` before it, as in `now = await event_store.load_events(stream_id)`. To append, there is
`event_store.append_events(stream_id, events, expected_version=…)`. It returns the new version. If the stream is
not at the expected one when it comes to write, it raises `VersionConflict`, and writes nothing.

For example: after reading one event, the packer's `save` returns 2. The customer had read the same one event,
and her `save` raises `VersionConflict`.""",
    answer="save",
    starter="""\
async def save(event_store, stream_id, seen, events):
    return ...
""",
    hints=(
        "The event store can compare and append in one breath. You only have to tell it what to compare with.",
        "A stream with three events is at version 3. At which version was it when the writer looked?",
        "`await event_store.append_events(stream_id, events, expected_version=…)`, with the number of events in "
        "`seen`.",
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
            "It looks whether somebody has come, and appends afterwards: there is a gap between the two.",
            """\
from orderlab import VersionConflict

async def save(event_store, stream_id, seen, events):
    now = await event_store.load_events(stream_id)
    if len(now) != len(seen):
        raise VersionConflict(stream_id, len(seen), len(now))
    return await event_store.append_events(stream_id, events)
""",
        ),
        Wrong(
            "It looks through the whole log for news of the order, and the log grows while it reads on.",
            """\
from orderlab import VersionConflict

async def save(event_store, stream_id, seen, events):
    now = 0
    async for recorded in event_store.read_all():
        now += recorded.stream_id == stream_id
    if now != len(seen):
        raise VersionConflict(stream_id, len(seen), now)
    return await event_store.append_events(stream_id, events, expected_version=None)
""",
        ),
        Wrong(
            "A new stream is looked for instead of expected, and somebody may begin it after that look.",
            """\
from orderlab import VersionConflict

async def save(event_store, stream_id, seen, events):
    if not seen and await event_store.load_events(stream_id):
        raise VersionConflict(stream_id, 0, 1)
    expected = len(seen) or None
    return await event_store.append_events(stream_id, events, expected_version=expected)
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
            "The last position that was seen is taken for the version, and it is one only in the first stream.",
            """\
async def save(event_store, stream_id, seen, events):
    expected = seen[-1].position if seen else 0
    return await event_store.append_events(stream_id, events, expected_version=expected)
""",
        ),
        Wrong(
            "What is written is counted as one event, however many there are.",
            """\
async def save(event_store, stream_id, seen, events):
    await event_store.append_events(stream_id, events, expected_version=len(seen))
    return len(seen) + 1
""",
        ),
        Wrong(
            "The events are appended one by one, and somebody can come in the middle.",
            """\
async def save(event_store, stream_id, seen, events):
    version = len(seen)
    for event in events:
        version = await event_store.append_events(stream_id, [event], expected_version=version)
    return version
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
    runs=runs,
)
def expecting(answer: Any, trace: Trace) -> Problem | None:
    """Find a schedule in which a change is lost, or refused without need."""
    turns = [(step.writer, step.part, step.command) for step in trace.steps]
    found, wanted = played(answer, turns, trace.title), played(save_as_seen, turns, trace.title)
    for number, (is_so, should) in enumerate(zip(found.steps, wanted.steps, strict=True), 1):
        if _seen(is_so) != _seen(should):
            what, where = _told(is_so, should, found)
            where = f"Step {number}, {who(is_so.writer)} writes {is_so.key}: {where}."
            return found_at(number, what, where, up_to(found, number), up_to(wanted, number))
    return None


def _seen(step: TraceStep) -> Any:
    """Return what two steps are compared by: what came of them, and whether it was appended in one piece."""
    return step.answer, step.events, step.effects[-1:], step.is_conflict or len(step.effects) <= _ONE_APPEND


def _told(is_so: TraceStep, should: TraceStep, found: Trace) -> tuple[str, str]:
    """Return what is wrong with a step, and the two values that differ."""
    now, right = should.before.versions.get(should.key, 0), should.effects[0]
    whose = f"{who(is_so.writer)}'s {type(is_so.command).__name__}"
    outcomes = f"the outcome is {is_so.answer}, and should be {should.answer}"
    if should.is_conflict:
        if not is_so.events:
            return f"Nothing of {whose} is written, and {who(is_so.writer)} is not told.", outcomes
        if found.title in GAPS:
            what = f"An update is lost: {who(found.steps[-2].writer)} has written between your look and your append."
            return what, f"the stream was at {now}, not at {right.expected_version} any more; {outcomes}"
        on = f"decided on version {right.expected_version} of {is_so.key}"
        return f"An update is lost: {whose} was {on}, and written although the stream was at {now}.", outcomes
    return _written(is_so, should, whose, outcomes)


def _written(is_so: TraceStep, should: TraceStep, whose: str, outcomes: str) -> tuple[str, str]:
    """Return what is wrong with a step in which nobody came in between."""
    right, returned = should.effects
    given = is_so.effects[-1].value
    if is_so.is_conflict:
        expected = ", ".join(str(each.expected_version) for each in is_so.effects[:-1])
        return f"{_capital(whose)} is refused, though nobody came in between.", (
            f"expected_version is {expected or 'not given'}, and should be {right.expected_version}"
        )
    if not is_so.events:
        what = f"Nothing of {whose} is written: is there an await before the append?"
        return what, f"{outcomes}; save returns {given!r}"
    if is_so.events == should.events and len(is_so.effects) > _ONE_APPEND:
        what = f"{_capital(whose)} is appended in several pieces, and somebody may come in between."
        return what, f"there are {len(is_so.effects) - 1} appends, and there should be one"
    if is_so.events != should.events:
        return f"Of {whose} other events are written than were given.", outcomes
    what = "What save returns is not the new version."
    return what, f"it returns {given!r}, and should return {returned.value!r}"


def _capital(text: str) -> str:
    """Return a text as a sentence begins; names in this shop are written small, as what they are called in it."""
    return f"T{text[1:]}" if text.startswith("the ") else text
