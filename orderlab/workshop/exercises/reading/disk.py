"""A disk, a log, and a plug that is pulled at some moment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import OrderPlaced, PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording, as_value
from orderlab.workshop.exercises.runs import order_commands
from orderlab.workshop.exercises.telling import shown

PLACE_1, *_ = order_commands(1)
PLACE_2, *_ = order_commands(2)
PROJECTION = "projection"
MOMENTS = 5
"""The plug is pulled at each of the first so many moments at which the disk or the log is touched."""


@dataclass(frozen=True, slots=True)
class CatchUp(AsTable):
    """Have the projection catch up; the plug is pulled when the log or the disk is touched for this time, if at all."""

    plug: int | None = None


@dataclass(frozen=True, slots=True)
class Save(AsTable):
    """Write something to the disk, and whatever is written in one step at once."""

    what: str


@dataclass(frozen=True, slots=True)
class OnDisk(AsTable):
    """Stop; this is on the disk then."""

    model: Any
    checkpoint: Any


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
        """Count; end the program if the moment has come."""
        self._touched += 1
        if self._touched == self._moment:
            raise _PlugPulledError


class Log:
    """What a projection reads."""

    def __init__(self, events: Iterable[Any], plug: _Plug) -> None:
        self._events, self._plug = list(events), plug

    def after(self, position: int) -> Iterator[At]:
        """Yield the events after a position, in order."""
        for number, event in enumerate(self._events[max(position, 0) :], max(position, 0) + 1):
            self._plug.touch()
            yield At(number, event)


class Disk:
    """What survives when the plug is pulled: a model and a checkpoint, each as it was saved last."""

    def __init__(self, recording: Recording) -> None:
        self.model: Any = 0
        self.checkpoint: Any = 0
        self.plug = _Plug(None)
        self._recording = recording

    def save(self, **parts: Any) -> None:
        """Write what is given, `model=…` and `checkpoint=…`; of one call all is written, or nothing."""
        unknown = sorted(set(parts) - {"model", "checkpoint"})
        if unknown:
            raise TypeError(f"the disk keeps a model and a checkpoint, and no {unknown[0]}")
        vars(self).update(parts)
        written = ", ".join(f"{name} {shown(value)}" for name, value in parts.items())
        self._recording.tell(PROJECTION, Save(written or "nothing"))
        self.plug.touch()


def earned(model: int, event: Any) -> int:
    """Add what an order costs to what was earned."""
    return model + (event.total_cents if isinstance(event, OrderPlaced) else 0)


def plan_of(trace: Trace) -> list[tuple[str, Any]]:
    """Return what is given in a run: the orders, and when the projection is to catch up."""
    given = CatchUp | PlaceOrder
    return [(step.writer, step.command) for step in trace.steps if isinstance(step.command, given)]


def played(catch_up: Callable[..., Any], plan: Iterable[tuple[str, Any]], title: str = "") -> Trace:
    """Return what comes of a plan when the projection catches up by this function."""
    recording = Recording(ORDERS, title)
    disk = Disk(recording)
    for writer, action in plan:
        if not isinstance(action, CatchUp):
            key = action.order_id
            recording.tell(writer, action, ORDERS.decide(action, None, key=key, at=recording.at), key=key)
            continue
        disk.plug, failure = _Plug(action.plug), ""
        recording.tell(writer, action)
        try:
            catch_up(Log(recording.trace().events, disk.plug), disk, earned)
        except _PlugPulledError:
            failure = "PlugPulled: the program ends here"
        recording.tell(writer, OnDisk(as_value(disk.model), as_value(disk.checkpoint)), failure=failure)
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
    plans = {"One event, and nothing happens": (one, go), "Twice, with an event in between": (one, go, two, go)}
    for moment in range(1, MOMENTS + 1):
        pulled = (PROJECTION, CatchUp(moment))
        plans[f"The plug is pulled at moment {moment}"] = (one, two, pulled, go)
    return tuple(played(save_together, plan, title) for title, plan in plans.items())
