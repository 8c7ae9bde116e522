"""A disk, a log, and a plug that is pulled at some moment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE
from orderlab.orders.actions import OrderPlaced, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, as_value
from orderlab.workshop.exercises.runs import order_commands
from orderlab.workshop.exercises.telling import shown

PLACE_1, SHIP_1, *_ = order_commands(1)
PLACE_2, *_ = order_commands(2)
PROJECTION = "projection"
MOMENTS = 5
"""The plug is pulled at each of the first so many moments at which the disk or the log is touched."""


@dataclass(frozen=True, slots=True)
class CatchUp(AsTable):
    """Have the projection catch up; the plug is pulled when the log or the disk is touched for this time, if at all."""

    plug: int | None = None

    def __str__(self) -> str:
        return "begins to catch up"


@dataclass(frozen=True, slots=True)
class Read(AsTable):
    """Read the log after a position."""

    after: Any

    def __str__(self) -> str:
        return f"reads the log after position {shown(self.after)}"


@dataclass(frozen=True, slots=True)
class Save(AsTable):
    """Write to the disk what is given, and that at once.

    Args:
        model: The model, if it is given.
        checkpoint: The checkpoint, if it is given.
    """

    model: Any = None
    checkpoint: Any = None

    def __str__(self) -> str:
        parts = {"model": self.model, "checkpoint": self.checkpoint}
        written = [f"{name} {shown(value)}" for name, value in parts.items() if value is not None]
        return f"saves {' and '.join(written) or 'nothing'}"


@dataclass(frozen=True, slots=True)
class OnDisk(AsTable):
    """Stop; this is on the disk then."""

    model: Any
    checkpoint: Any

    def __str__(self) -> str:
        return f"stops with model {shown(self.model)}, checkpoint {shown(self.checkpoint)} on the disk"


@dataclass(frozen=True, slots=True)
class At(AsTable):
    """An event, and its position in the log."""

    position: int
    event: Any


class _PlugPulledError(BaseException):
    """Ends a program as pulling the plug does: nothing can catch it."""


class _Plug:
    """Counts the moments at which something is touched, and is pulled at one of them."""

    def __init__(self, moment: int | None) -> None:
        self._moment, self._touched = moment, 0

    def touch(self) -> None:
        """Count; end the program if the moment has come, and whenever it goes on after that."""
        self._touched += 1
        self.still_in(self._touched)

    def still_in(self, touched: int | None = None) -> None:
        """End the program if the plug was pulled."""
        if self._moment is not None and (touched or self._touched) >= self._moment:
            raise _PlugPulledError


class Log:
    """What a projection reads."""

    def __init__(self, events: Iterable[Any], plug: _Plug, recording: Recording) -> None:
        self._events, self._plug, self._recording = list(events), plug, recording

    def after(self, position: int) -> Iterator[At]:
        """Return the events after a position, in order."""
        self._recording.tell(PROJECTION, Read(as_value(position)), part=NOTE)
        return self._after(position)

    def _after(self, position: int) -> Iterator[At]:
        for number, event in enumerate(self._events[max(position, 0) :], max(position, 0) + 1):
            self._plug.touch()
            yield At(number, event)


class Disk:
    """What survives when the plug is pulled: a model and a checkpoint, each as it was saved last."""

    def __init__(self, recording: Recording) -> None:
        self._model: Any = 0
        self._checkpoint: Any = 0
        self.plug = _Plug(None)
        self._recording = recording

    @property
    def model(self) -> Any:
        """The model that was saved last."""
        return self._model

    @model.setter
    def model(self, value: Any) -> None:
        raise AttributeError("disk.model is only read: what is to be on the disk is given to disk.save")

    @property
    def checkpoint(self) -> Any:
        """The checkpoint that was saved last."""
        return self._checkpoint

    @checkpoint.setter
    def checkpoint(self, value: Any) -> None:
        raise AttributeError("disk.checkpoint is only read: what is to be on the disk is given to disk.save")

    def save(self, **parts: Any) -> None:
        """Write what is given, `model=…` and `checkpoint=…`; of one call all is written, or nothing."""
        unknown = sorted(set(parts) - {"model", "checkpoint"})
        if unknown:
            raise TypeError(f"the disk keeps a model and a checkpoint, and no {unknown[0]}")
        self.plug.still_in()
        self._model, self._checkpoint = parts.get("model", self._model), parts.get("checkpoint", self._checkpoint)
        saved = Save(**{name: as_value(value) for name, value in parts.items()})
        self._recording.tell(PROJECTION, saved, part=NOTE)
        self.plug.touch()


def earned(model: int, event: Any) -> int:
    """Add what an order costs to what was earned."""
    return model + (event.total_cents if isinstance(event, OrderPlaced) else 0)


def plan_of(trace: Trace) -> list[tuple[str, Any]]:
    """Return what is given in a run: the orders, and when the projection is to catch up."""
    given = CatchUp | PlaceOrder | ShipOrder
    return [(step.writer, step.command) for step in trace.steps if isinstance(step.command, given)]


def played(catch_up: Callable[..., Any], plan: Iterable[tuple[str, Any]], title: str = "") -> Trace:
    """Return what comes of a plan when the projection catches up by this function."""
    recording = Recording(ORDERS, title)
    disk = Disk(recording)
    for writer, action in plan:
        if not isinstance(action, CatchUp):
            key = action.order_id
            events = ORDERS.decide(action, recording.entity(key), key=key, at=recording.at)
            recording.tell(writer, action, events, key=key)
            continue
        disk.plug, failure = _Plug(action.plug), ""
        recording.tell(writer, action, part=NOTE)
        try:
            catch_up(Log(recording.trace().events, disk.plug, recording), disk, earned)
        except _PlugPulledError:
            failure = "PlugPulled: the program ends here"
        stopped = OnDisk(as_value(disk.model), as_value(disk.checkpoint))
        recording.tell(writer, stopped, failure=failure, part=NOTE)
    return recording.trace()


def save_together(log: Log, disk: Disk, fold: Callable[[Any, Any], Any]) -> None:
    """Catch up, and save model and checkpoint as one."""
    model = disk.model
    for recorded in log.after(disk.checkpoint):
        model = fold(model, recorded.event)
        disk.save(model=model, checkpoint=recorded.position)


def runs() -> tuple[Trace, ...]:
    """Return the days, each with another moment for the plug, that an answer is tried on."""
    one, two = ("shop", PLACE_1), ("shop", PLACE_2)
    go = (PROJECTION, CatchUp())
    plans = {
        "One event, and nothing happens": (one, go),
        "An event that earns nothing": (one, ("shop", SHIP_1), go),
        "Twice, with an event in between": (one, go, two, go),
    }
    for moment in range(1, MOMENTS + 1):
        pulled = (PROJECTION, CatchUp(moment))
        plans[f"The plug is pulled at moment {moment}"] = (one, two, pulled, go)
    return tuple(played(save_together, plan, title) for title, plan in plans.items())
