"""Snapshots of a shelf, good ones and others, and what is loaded with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE
from orderlab.workshop.exercises.recording import Recording
from orderlab.workshop.exercises.shelf import SHELF, Fill, Shelf, Take

SHAPE = 2
"""The shape of a shelf in today's program."""


@dataclass(frozen=True, slots=True)
class Snapshot(AsTable):
    """A saved state: the shape that the program of its day gave it, after how many events, and itself."""

    shape: int
    version: int
    state: Any


@dataclass(frozen=True, slots=True)
class Load(AsTable):
    """Load the shelf, with this snapshot at hand."""

    snapshot: Snapshot | None

    def __str__(self) -> str:
        saved = self.snapshot
        told = "no snapshot" if saved is None else f"a snapshot of shape {saved.shape} at version {saved.version}"
        return f"loads the shelf, and has {told}"


def folded(events: Sequence[Any]) -> Shelf | None:
    """Return the shelf after these events."""
    shelf = None
    for event in events:
        shelf = SHELF.evolve(shelf, event)
    return shelf


def _run(title: str, pieces: Sequence[int], *, at: int | None = None, shape: int = SHAPE) -> Trace:
    """Return a run of a shelf that is filled and from which is taken, and then loaded with a snapshot of a version."""
    recording = Recording(SHELF, title)
    commands = (Fill("mugs", pieces[0]), *(Take("mugs", each) for each in pieces[1:]))
    for command in commands:
        recording.tell(
            "shop", command, SHELF.decide(command, recording.entity("mugs"), key="mugs", at=None), key="mugs"
        )
    if at is not None:
        events = recording.trace().events
        shelf = folded([*events, *events[-1:] * (at - len(events))][:at])
        old = Shelf("mugs", shelf.pieces // 6 if shelf else 0)  # it counted boxes of six
        recording.tell("program", Load(Snapshot(shape, at, shelf if shape == SHAPE else old)), key="mugs", part=NOTE)
    else:
        recording.tell("program", Load(None), key="mugs", part=NOTE)
    return recording.trace()


def runs() -> tuple[Trace, ...]:
    """Return the runs of a shelf, each ending in loading it, that an answer is tried on."""
    return (
        _run("There is no snapshot", [12]),
        _run("A snapshot of an older shape", [12], at=1, shape=1),
        _run("A snapshot of a newer shape, for an old program was started again", [12], at=1, shape=3),
        _run("A snapshot of more events than the log has", [12], at=2),
        _run("A snapshot, and an event after it", [12, 1], at=1),
        _run("A snapshot of the very end", [12, 1], at=2),
        _run("A snapshot of the beginning", [12, 1, 4], at=1),
        _run("An older shape in the middle", [12, 1, 4], at=2, shape=1),
    )


def load_with(snapshot: Snapshot | None, events: Sequence[Any], evolve: Callable[[Any, Any], Any]) -> Any:
    """Load with a snapshot, if it is of any use."""
    state, version = None, 0
    if snapshot is not None and snapshot.shape == SHAPE and snapshot.version <= len(events):
        state, version = snapshot.state, snapshot.version
    for event in events[version:]:
        state = evolve(state, event)
    return state


class Counting:
    """Evolve, and count how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, state: Any, event: Any) -> Shelf:
        """Return the shelf after an event."""
        self.times += 1
        return SHELF.evolve(state, event)
