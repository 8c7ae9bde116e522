"""The state machine of a domain, computed by running its decider: what can happen, and what did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Optional

from orderlab.core.decider import Decider
from orderlab.drawing.machine import Edge, Machine
from orderlab.timeline.machine.asking import given_number, given_states, require_timeline, tried
from orderlab.timeline.machine.exploring import Answer, Exploration
from orderlab.timeline.machine.mermaid import diagram
from orderlab.timeline.machine.naming import names_nothing
from orderlab.timeline.machine.transitions import Transition, walked
from orderlab.timeline.machine.verdict import arrows_table, is_readable, sentences, table, told
from orderlab.timeline.unknown import proposal

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True, repr=False)
class StateMachine:
    """What a domain can do, found out by running it; made by `StateMachine.of`.

    Args:
        name: The kind of entity.
        states: The names of the states, that of no entity first.
        transitions: The ways between them, in the order of the states.
        commands: The names of the command types that were tried.
        answers: By state and command, what the decider said.
        unreachable: The states that the decider names and that nothing was found to lead to.
        exhaustive: The search found an end before it met a bound. It speaks of the commands that were tried; whether
            others would lead elsewhere, no search can tell.
        counts: Once a log was counted: how many entities are in each state at its end.
        taken: Once a log was counted: how often it went each way.
        is_named: The decider has a `state_name`; without, the types of its entities stand for the states.
    """

    name: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]
    commands: tuple[str, ...]
    answers: Mapping[tuple[str, str], Answer] = field(hash=False)
    unreachable: tuple[str, ...] = ()
    exhaustive: bool = True
    counts: Mapping[str, int] | None = field(default=None, hash=False)
    taken: Mapping[Transition, int] | None = field(default=None, hash=False)
    is_named: bool = True

    def __post_init__(self) -> None:  # one machine may be shown in many places
        for name in ("answers", "counts", "taken"):
            held = getattr(self, name)
            if held is not None:
                object.__setattr__(self, name, MappingProxyType(dict(held)))

    def __reduce__(self) -> tuple[Any, ...]:  # a mapping that cannot be changed cannot be pickled either
        values = [getattr(self, each.name) for each in fields(self)]
        return StateMachine, tuple(dict(each) if isinstance(each, MappingProxyType) else each for each in values)

    @classmethod
    def of(
        cls,
        decider: Decider[Any],
        *,
        commands: Iterable[Any] | None = None,
        states: Iterable[str] | None = None,
        depth: int = 24,
        representatives: int = 64,
        timeline: Optional["Timeline[Any]"] = None,
    ) -> "StateMachine":
        """Find out the state machine of a domain by running it, from no entity to all that its commands make of it.

        Args:
            decider: The domain.
            commands: Commands to try, in place of those that are made for their types from their annotations.
            states: The names of the states there should be; those that the decider says, where they are not given.
            depth: How many commands in a row are tried.
            representatives: How many entities that answer all commands alike are followed.
            timeline: A log to be counted, as by `counted`.

        Raises:
            CannotMake: The fields of a command type do not say what they hold: such commands have to be given.
            TypeError: What was given is no decider, or no command of it; or the decider gives what no decider may,
                such as a state with a name that is no text.
            ValueError: A number is less than zero, or the log is of another domain.

        >>> from orderlab.orders.decider import ORDERS
        >>> [each.command for each in StateMachine.of(ORDERS).transitions]
        ['PlaceOrder', 'ShipOrder', 'CancelOrder']
        """
        if not isinstance(decider, Decider):
            raise TypeError(f"a state machine is computed from a Decider, such as ORDERS, not from {decider!r}")
        named = given_states(states, decider)
        exploration = Exploration(
            decider,
            depth=given_number(depth, "depth"),
            representatives=given_number(representatives, "representatives"),
            named={*named, *decider.states},
        )
        for key, given in tried(decider, commands).items():
            exploration.walk(key, given)
        found = tuple(exploration.names)
        every = tuple(dict.fromkeys((*found[:1], *named, *found)))
        place = {state: number for number, state in enumerate(every)}
        ways = [Transition(*way, tuple(events)) for way, events in exploration.ways.items()]
        machine = cls(
            name=decider.name,
            states=every,
            transitions=tuple(sorted(ways, key=lambda way: (place[way.source], place[way.target]))),
            commands=tuple(kind.__name__ for kind in decider.commands),
            answers=exploration.answers,
            unreachable=tuple(state for state in every if state not in exploration.names),
            exhaustive=exploration.is_complete,
            is_named=not names_nothing(decider),
        )
        return machine if timeline is None else machine.counted(timeline)

    @property
    def idle_commands(self) -> tuple[str, ...]:
        """The command types that cause an event in no state."""
        led = {each.command for each in self.transitions if not each.unexpected}
        return tuple(name for name in self.commands if name not in led)

    @property
    def final(self) -> tuple[str, ...]:
        """The states that can be reached and that nothing leaves: there, nothing happens any more."""
        left = {each.source for each in self.transitions if not each.unexpected}
        return tuple(state for state in self.states if state not in left and state not in self.unreachable)

    @property
    def refusals(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """By state and command, the names of the rejection types it can get there."""
        return {place: each.rejections for place, each in self.answers.items() if each.rejections}

    def counted(self, timeline: "Timeline[Any]") -> "StateMachine":
        """Return the machine with how often a log went each way, and how many entities are in each state at its end.

        A way that no command leads, as under a rule of former times, becomes a transition that is unexpected.

        Raises:
            TypeError: What was given is no timeline.
            ValueError: The log is of another domain.
        """
        require_timeline(timeline, self.name)
        taken, standing = walked(self.transitions, timeline)
        passed = (state for each in taken for state in (each.source, each.target))
        states = tuple(dict.fromkeys((*self.states, *passed)))
        return replace(
            self,
            states=states,
            transitions=tuple(taken),
            # Nothing in a log is in the first state: whatever has had an event has left it, or has come back.
            counts={state: standing[state] for state in states if standing[state] or state != states[0]},
            taken=dict(taken),
        )

    @property
    def drawing(self) -> Machine:
        """The machine as it is drawn."""
        return Machine(self.states[0], tuple(map(_edge, self.transitions)), self.states)

    def to_svg(self, *, lit: str | None = None, findable: bool = False) -> str:
        """Return the machine as an SVG document, with counts where a log was counted.

        Args:
            lit: The state to be lit.
            findable: Put each state and each arrow into a group that says which it is, for a live page.

        Raises:
            ValueError: There is no such state; or there are more states or arrows than can be drawn.
        """
        if lit is not None and lit not in self.states:
            raise ValueError(
                f"lit must be a state of {self.name}{proposal(lit, self.states, what='there are', most=10)}"
            )
        return self.drawing.to_svg(lit=lit, findable=findable, counts=self.counts, edge_counts=self._gone())

    def picture(self) -> str:
        """Return the machine as an HTML image that also untrusted notebooks show; a table, if none could read it."""
        if not is_readable(self):
            return arrows_table(self)
        return self.drawing.picture(counts=self.counts, edge_counts=self._gone())

    def to_mermaid(self) -> str:
        """Return the machine as the text of a Mermaid diagram, for a page that renders such."""
        counts, taken = self.counts or {}, self.taken or {}
        named = {state: f"{state} ({counts[state]:,})" if state in counts else state for state in self.states}
        ways = []
        for each in self.transitions:
            label = f"{each.command}{' (unexpected)' if each.unexpected else ''}"
            ways.append((each.source, each.target, f"{label} {taken[each]:,}" if each in taken else label))
        return diagram(named, ways, final=self.final)

    def __repr__(self) -> str:
        return told(self)

    def _repr_html_(self) -> str:
        return self.picture() + table(self) + "".join(f"<p>{escape(each)}</p>" for each in sentences(self))

    def _gone(self) -> dict[Edge, int] | None:
        return None if self.taken is None else {_edge(each): count for each, count in self.taken.items()}


def _edge(way: Transition) -> Edge:
    return Edge(way.source, way.target, way.command, way.events, way.unexpected)
