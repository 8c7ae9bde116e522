"""Find the last step of a run at which its bad end could still be avoided, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from orderlab.drawing.svg import escape
from orderlab.exploration.playing import AT, play
from orderlab.exploration.searching.avoiding import Goal, ways_of
from orderlab.exploration.searching.bounds import whole
from orderlab.exploration.searching.ending import bad_of, good_of, spoiling
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import called
from orderlab.timeline.unknown import counted


@dataclass(frozen=True, slots=True, repr=False)
class Inevitable:
    """When the bad end of a run became inevitable; made by `inevitable`.

    Args:
        trace: The run.
        step: The number, from 1, of the last step at which the bad end could still be avoided: until that step's
            command was given. One more than the run has steps if it can be avoided even after the last; None if
            it never could.
        command: The command that would have led to a good end, in the place of that step's; None if there is none, or
            if it was enough to give no command any more.
        rescue: The run that would have ended well; None if there is none.
        why_not: Why a later step may do as well, as a sentence; empty if none does.
    """

    trace: Trace
    step: int | None
    command: Any
    rescue: Trace | None
    why_not: str = ""

    @property
    def always_avoidable(self) -> bool:
        """Whether it can be avoided even after the last step."""
        return self.step is not None and self.step > len(self.trace)

    @property
    def never_avoidable(self) -> bool:
        """Whether it could not even be avoided at the beginning, as far as was searched."""
        return self.step is None

    def __str__(self) -> str:
        doubt = f" ({self.why_not})" if self.why_not else ""
        if self.step is None or self.rescue is None:
            return f"The bad end could not be avoided from the beginning on{doubt}."
        name = "no command" if self.command is None else called(self.command)
        if self.always_avoidable:
            after = counted(len(self.trace), "step")
            return f"The bad end can still be avoided after all {after}, by {name}{doubt}."
        given = called(self.trace.steps[self.step - 1].command)
        return (
            f"The bad end could be avoided until step {self.step} of {len(self.trace)}, "
            f"where {name} in the place of {given} would have led to a good end{doubt}."
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = f"<p>{escape(str(self))}</p>{self.trace._repr_html_()}"
        if self.rescue is None:
            return shown
        return f"{shown}<p>How it would have ended well:</p>{self.rescue._repr_html_()}"


def inevitable(
    trace: Trace,
    bad: Callable[[Any], Any] | None = None,
    *,
    good: Callable[[Any], Any] | None = None,
    commands: Any = None,
    depth: int | None = None,
) -> Inevitable:
    """Find the last step of a run at which its bad end could still be avoided, and a shortest way to a good one.

    An end is a state in which no command causes anything any more, and a good end is one that is not bad. Where a
    domain has no ends at all, it is good enough to stop before it is bad.

    Args:
        trace: The run.
        bad: Tells of a state whether it is bad; the last one must be. If None, it is bad that the entity of the last
            event is in the state that it ends in.
        good: Tells of a state whether it is a good end; if None, every end is good that is not bad.
        commands: What can be done instead, as `explore` takes it. If None, of a decider what its types allow about the
            entity that went wrong, and about all in the run if they are three at the most; of a reducer, the commands
            of the run.
        depth: How many commands there may be to a good end; any number if None.

    Raises:
        TypeError: An argument is of the wrong kind.
        ValueError: The run does not end badly.

    >>> from orderlab.orders.actions import PlaceOrder, ShipOrder
    >>> from orderlab.orders.decider import ORDERS
    >>> from orderlab.orders.model import OrderItem
    >>> place = PlaceOrder("bob", [OrderItem("p-1", "Mug", 1, 250)], "order-1")
    >>> inevitable(Trace.of(ORDERS, [place, ShipOrder("order-1", "TRACK-1")])).command
    CancelOrder(order_id='order-1', reason='Cancelled by customer')
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"trace must be a Trace, such as Trace.of(ORDERS, commands), not {trace!r}")
    most = None if depth is None else whole("depth", depth, 0)
    is_bad, is_good = bad_of(trace, bad), good_of(good)
    ways = ways_of(trace, commands, spoiling(trace, is_bad), Goal(is_bad, is_good, most))
    cut = ""
    for place in range(len(trace), -1, -1):
        for way in ways:
            path = way.out_of(trace.states[place], _at(trace, place))
            if path is not None:
                return _avoided(trace, place, path, cut)
            cut = cut or way.cut
    if is_good is None and not any(way.has_ends for way in ways):
        safe = [place for place in range(len(trace)) if not is_bad(trace.states[place])]
        if safe:
            return _avoided(trace, safe[-1], [], cut)
    return Inevitable(trace, None, None, None, cut)


def _at(trace: Trace, place: int) -> Any:
    """Return when a command in the place of a step is decided: when that step was."""
    return trace.steps[min(place, len(trace) - 1)].at if trace.steps else AT


def _avoided(trace: Trace, place: int, path: list[tuple[Any, Any]], cut: str) -> Inevitable:
    """Return what is to be told of a way out that begins before a step."""
    steps, state = list(trace.steps[:place]), trace.states[place]
    for command, at in path:
        steps.append(play(trace.reducer, state, command, at=at))
        state = steps[-1].state
    command = path[0][0] if path else None
    rescue = Trace(trace.reducer, trace.start, tuple(steps), "It ends well.", trace.given)
    return Inevitable(trace, place + 1, command, rescue, cut)
