"""4.1: append on condition that the stream is where it was when the writer looked."""

from typing import Any

from orderlab.exploration.trace import Trace
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
    plan = [(step.writer, step.command) for step in trace.steps]
    found, wanted = played(answer, plan, trace.title), played(save_as_seen, plan, trace.title)
    for number, (is_so, should) in enumerate(zip(found.steps, wanted.steps, strict=True), 1):
        if (is_so.outcome, is_so.events, is_so.effects) != (should.outcome, should.events, should.effects):
            what, where = _told(is_so, should)
            return Problem(what, f"Step {number}, {is_so.writer} writes {is_so.key}: {where}.", found, wanted)
    return None


def _told(is_so: Any, should: Any) -> tuple[str, str]:
    """Return what is wrong with a step, and the two values that differ."""
    [returned], [right] = is_so.effects, should.effects
    name = type(is_so.command.command).__name__
    outcomes = f"the outcome is {is_so.outcome}, and should be {should.outcome}".replace("Conflict", "VersionConflict")
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
    if not is_so.events:
        return f"Nothing of {is_so.writer}'s {name} is written: is there an `await` before the append?", (
            f"the outcome is {is_so.outcome}, `save` returns {returned.value!r}, and it should be {should.outcome}"
        )
    if is_so.events != should.events:
        return f"Of {is_so.writer}'s {name} other events are written than were given.", (
            f"written is {is_so.outcome}, and should be {should.outcome}"
        )
    return (
        "What `save` returns is not the new version.",
        f"it returns {returned.value!r}, and should return {right.value!r}",
    )
