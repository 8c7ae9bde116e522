"""The state machine that a view shows: what the decider can do, and where a log went otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from orderlab.core.decider import Decider
from orderlab.drawing.machine import Edge, Machine
from orderlab.notebook.recording import Way
from orderlab.timeline.machine.statemachine import StateMachine

MOST_STATES = 24
"""Of a machine with more there is no picture: nobody could read it."""


def machine_of(decider: Decider[Any], ways: Iterable[Way], given: StateMachine | Machine | None) -> Machine | None:
    """Return the machine to be drawn, with all ways that a log went; None if it has too many states.

    Where the commands of a domain cannot be made up, or its decider fails when it is asked, the machine is what the log
    shows of it: a decider that does not work yet is just what somebody wants to look at.

    Raises:
        TypeError: What was given is no machine.
    """
    ways = list(ways)
    if len({way.target for way in ways}) > MOST_STATES:
        return None  # and it need not be found out, which may take long where there are so many
    machine, is_found = _machine(decider, given)
    drawn = {(edge.source, event_type, edge.target) for edge in machine.edges for event_type in edge.events}
    others = [way for way in ways if way not in drawn]
    if others:
        edges = [Edge(way.source, way.target, way.event_type, (way.event_type,), dashed=is_found) for way in others]
        machine = replace(machine, edges=(*machine.edges, *edges))
    return machine if len(machine.states) <= MOST_STATES else None


def counts_of(machine: Machine, taken: Mapping[Way, int]) -> dict[str, int]:
    """Return how many entities are in each state; in the first there are none that anyone could count."""
    counts = dict.fromkeys(machine.states, 0)
    for way, times in taken.items():
        counts[way.source] = counts.get(way.source, 0) - times
        counts[way.target] = counts.get(way.target, 0) + times
    del counts[machine.initial]
    return counts


def edge_counts_of(machine: Machine, taken: Mapping[Way, int]) -> dict[Edge, int]:
    """Return how often each arrow was gone along."""
    return {
        edge: sum(taken.get(Way(edge.source, event_type, edge.target), 0) for event_type in edge.events)
        for edge in machine.edges
    }


def _machine(decider: Decider[Any], given: StateMachine | Machine | None) -> tuple[Machine, bool]:
    """Return the machine, and whether anything is known of it besides the log."""
    if isinstance(given, Machine):
        return given, True
    if isinstance(given, StateMachine):
        return given.drawing, True
    if given is not None:
        raise TypeError(f"machine must be a StateMachine, as StateMachine.of(decider) gives it, not {given!r}")
    try:
        return StateMachine.of(decider).drawing, True
    except Exception:  # noqa: BLE001 - no command can be made, or the decider raises or returns what none may
        return Machine(decider.state_name(None), (), decider.states), False
