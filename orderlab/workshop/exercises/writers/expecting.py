"""4.1: append on condition that the stream is where it was when the writer looked."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.writers.schedule import played, runs, save_as_seen


@exercise(
    "4.1",
    title="The number that you have seen",
    question="""\
The shop has two computers now. A packer and a customer look at `order-1` at the same time; then one ships it
and the other cancels it. Both were right when they looked, and only one of the two may be written.

Write `save(event_store, stream_id, seen, events)`. It appends `events`, which were decided on `seen`: the list
of recorded events that the writer has read of this stream, empty for a new order. It must be written only if
nothing has come after them, and return the new version. A `VersionConflict` is for whoever called: let it pass.

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
    runs=runs,
)
def expecting(answer: Any, trace: Trace) -> Problem | None:
    """Find a schedule in which a change is lost, or refused without need."""
    turns = [(step.writer, step.part, step.command) for step in trace.steps]
    found, wanted = played(answer, turns, trace.title), played(save_as_seen, turns, trace.title)
    for number, (is_so, should) in enumerate(zip(found.steps, wanted.steps, strict=True), 1):
        if (is_so.answer, is_so.events, is_so.effects[-1:]) != (should.answer, should.events, should.effects[-1:]):
            what, where = _told(is_so, should)
            return Problem(what, f"Step {number}, the {is_so.writer} writes {is_so.key}: {where}.", found, wanted)
    return None


def _told(is_so: TraceStep, should: TraceStep) -> tuple[str, str]:
    """Return what is wrong with a step, and the two values that differ."""
    now, [right, returned] = should.before.versions.get(should.key, 0), should.effects
    whose, given = f"{is_so.writer}'s {type(is_so.command).__name__}", is_so.effects[-1].value
    outcomes = f"the outcome is {is_so.answer}, and should be {should.answer}"
    if should.is_conflict:
        if not is_so.events:
            return f"Nothing of the {whose} is written, and the {is_so.writer} is not told.", outcomes
        on = f"decided on version {right.expected_version} of {is_so.key}"
        return f"An update is lost: the {whose} was {on}, and written although the stream was at {now}.", outcomes
    if is_so.is_conflict:
        expected = ", ".join(str(each.expected_version) for each in is_so.effects[:-1])
        return f"The {whose} is refused, though nobody came in between.", (
            f"expected_version is {expected or 'not given'}, and should be {right.expected_version}"
        )
    if not is_so.events:
        what = f"Nothing of the {whose} is written: is there an await before the append?"
        return what, f"{outcomes}; save returns {given!r}"
    if is_so.events != should.events:
        return f"Of the {whose} other events are written than were given.", outcomes
    what = "What save returns is not the new version."
    return what, f"it returns {given!r}, and should return {returned.value!r}"
