"""The ways between the states of a domain, and how often a log went each of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orderlab.core.decider import Decider
from orderlab.timeline.machine.naming import as_name

if TYPE_CHECKING:
    from orderlab.timeline.asof.moments import Moment
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Transition:
    """A way from one state to another: the command that leads there, and the events that go along it.

    Args:
        source: The name of the state that it leads from.
        command: The name of the command's type; of an unexpected way, which no command leads, that of its event.
        target: The name of the state that it leads to.
        events: The names of the event types that a command causes on this way.
        unexpected: A log went this way, and no command does.
    """

    source: str
    command: str
    target: str
    events: tuple[str, ...]
    unexpected: bool = False


def walked(transitions: Iterable[Transition], timeline: "Timeline[Any]") -> tuple[Counter[Transition], Counter[str]]:
    """Return how often a log went each way, and how many entities are in each state at its end.

    A way that is none of those known is added to them, as an unexpected one.
    """
    taken = Counter(dict.fromkeys(transitions, 0))
    known: dict[tuple[str, str, str], list[Transition]] = {}
    for way in taken:
        for event in way.events:
            known.setdefault((way.source, event, way.target), []).append(way)
    last: dict[str, str] = {}
    for moment in timeline.steps():
        after = as_name(moment.after_name, timeline.decider)
        gone = (as_name(moment.before_name, timeline.decider), moment.event_type, after)
        ways = known.get(gone)
        if ways is None:
            source, event, target = gone
            ways = known[gone] = [Transition(source, event, target, (event,), unexpected=True)]
        taken[ways[0] if len(ways) == 1 else _led(ways, moment, timeline.decider)] += 1
        last[moment.key] = after
    return taken, Counter(last.values())


def _led(ways: list[Transition], moment: "Moment", decider: Decider[Any]) -> Transition:
    """Return the way of the command that the event answers to; the first one, where events do not tell."""
    command = None if decider.command_of is None else decider.command_of(moment.event)
    return next((way for way in ways if way.command == type(command).__name__), ways[0])
