"""5.3: a snapshot saves work and changes nothing; one that cannot be trusted is thrown away."""

from typing import Any

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Wrong, exercise
from orderlab.grading.verdict import Problem
from orderlab.workshop.exercises.pointing import found_at
from orderlab.workshop.exercises.reading.snapshots import SHAPE, Counting, load_with, runs
from orderlab.workshop.exercises.recording import brief
from orderlab.workshop.exercises.shelf import Shelf


@exercise(
    "5.3",
    title="A head start",
    question="""\
The shelf of mugs has been filled and emptied for years, and folding all of it takes long. So now and then its
state is saved: a `Snapshot` with `.version` (how many events are in it), `.state`, and `.shape`, the number of
the shape that shelves had in the program of its day. Today's is `shape`.

Write `load(snapshot, events, evolve, shape)`, which returns the state after all `events`, a list.

- `evolve(state, event)` returns the state after an event; before the first the state is `None`.
- `snapshot` is `None` if there is none.
- Of what is in a good snapshot nothing is folded again.
- A snapshot of another shape is thrown away: of an older one, and of a newer one, too, as when an old program is
  started again. So is one that is ahead of the log, as after a log was restored from an old copy.

For example: with three events and a good snapshot at version 2, `evolve` is called once. With a snapshot of
another shape it is called three times.""",
    answer="load",
    starter="""\
def load(snapshot, events, evolve, shape):
    return ...
""",
    hints=(
        "Whatever the snapshot is, the result is that of folding all events. It only settles where you can begin.",
        "Begin with `None` and 0. Only if there is a snapshot, of today's shape, and not ahead of the log, begin "
        "with what it says.",
        "`state, version = snapshot.state, snapshot.version` under these three conditions; then `for event in "
        "events[version:]:`.",
    ),
    solution="""\
def load(snapshot, events, evolve, shape):
    state, version = None, 0
    if snapshot and snapshot.shape == shape and snapshot.version <= len(events):
        state, version = snapshot.state, snapshot.version
    for event in events[version:]:
        state = evolve(state, event)
    return state
""",
    wrong=(
        Wrong(
            "A snapshot is always right, whatever program made it.",
            """\
def load(snapshot, events, evolve, shape):
    state, version = (snapshot.state, snapshot.version) if snapshot else (None, 0)
    if version > len(events):
        state, version = None, 0
    for event in events[version:]:
        state = evolve(state, event)
    return state
""",
        ),
        Wrong(
            "What a newer program has saved is believed, as if new were always good.",
            """\
def load(snapshot, events, evolve, shape):
    state, version = None, 0
    if snapshot and snapshot.shape >= shape and snapshot.version <= len(events):
        state, version = snapshot.state, snapshot.version
    for event in events[version:]:
        state = evolve(state, event)
    return state
""",
        ),
        Wrong(
            "A snapshot that knows more than the log is believed.",
            """\
def load(snapshot, events, evolve, shape):
    state, version = None, 0
    if snapshot and snapshot.shape == shape:
        state, version = snapshot.state, snapshot.version
    for event in events[version:]:
        state = evolve(state, event)
    return state
""",
        ),
        Wrong(
            "The last event that is in the snapshot is folded again.",
            """\
def load(snapshot, events, evolve, shape):
    state, version = None, 1
    if snapshot and snapshot.shape == shape and snapshot.version <= len(events):
        state, version = snapshot.state, snapshot.version
    for event in events[version - 1 :]:
        state = evolve(state, event)
    return state
""",
        ),
        Wrong(
            "To be sure, all is folded, and the snapshot is of no use.",
            """\
def load(snapshot, events, evolve, shape):
    state = None
    for event in events:
        state = evolve(state, event)
    return state
""",
        ),
        Wrong(
            "What came after the snapshot is left out.",
            """\
def load(snapshot, events, evolve, shape):
    if snapshot and snapshot.shape == shape and snapshot.version <= len(events):
        return snapshot.state
    state = None
    for event in events:
        state = evolve(state, event)
    return state
""",
        ),
    ),
    remember="A snapshot settles where the fold begins, never what comes out of it; in doubt, throw it away.",
    runs=runs,
)
def snapshotting(answer: Any, trace: Trace) -> Problem | None:
    """Find a snapshot with which something else is loaded than without, or more is folded than must be."""
    snapshot, events = trace.steps[-1].command.snapshot, list(trace.events)
    evolve, needed = Counting(), Counting()
    found, wanted = answer(snapshot, list(events), evolve, SHAPE), load_with(snapshot, events, needed)
    given = "no snapshot" if snapshot is None else f"a snapshot of shape {snapshot.shape} at version {snapshot.version}"
    where = f"Step {len(trace)}, {given} and {len(events)} event{'s' * (len(events) > 1)}"
    if type(found) is not type(wanted) or found != wanted:
        pieces = found.pieces if isinstance(found, Shelf) else brief(found)
        what = "With the snapshot another state is loaded than all events make."
        return found_at(len(trace), what, f"{where}: pieces is {pieces}, and should be {wanted.pieces}.", trace)
    if evolve.times != needed.times:
        what = "More is folded than must be: the snapshot has it already."
        return found_at(
            len(trace), what, f"{where}: evolve is called {evolve.times} times, and should be {needed.times}.", trace
        )
    return None
