"""A finite run of a domain: commands, what came of each, and the state after it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from orderlab.core.decider import Decider, DeciderReducer, Reducer
from orderlab.core.script import TimedCommand
from orderlab.drawing import svg
from orderlab.exploration.arguments import several, text, time
from orderlab.exploration.asked import asked_in
from orderlab.exploration.differing.canon import same_value
from orderlab.exploration.domain import decider_of, reducer_of, start_of
from orderlab.exploration.mark import Mark, cut, is_its_log, marked
from orderlab.exploration.minting.exercise import exercise_of
from orderlab.exploration.packing import packed, unpacked
from orderlab.exploration.playing import AT, play
from orderlab.exploration.recording import begun, timeline_of
from orderlab.exploration.stating import pytest_of
from orderlab.exploration.telling.picture import diagram_of
from orderlab.exploration.telling.story import in_a_line, story_of
from orderlab.exploration.telling.table import table_of
from orderlab.exploration.telling.words import entities_in, noun_of
from orderlab.exploration.tracestep import TraceStep

if TYPE_CHECKING:
    from orderlab.grading.exercise import Exercise
    from orderlab.timeline.scenario.scenario_writer import PytestModule
    from orderlab.timeline.timeline import Timeline


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """A finite run: the one currency of exploring, comparing, enumerating, property tests and exercises.

    Two traces are equal if the same happened in both, in a domain of the same name: on a run that is the same, two
    deciders do not differ. Where a trace is marked does not matter.

    Args:
        reducer: The domain's reducer, which made it.
        start: The state before the first command.
        steps: The commands with what came of them.
        title: What it shows, in one sentence; empty where nobody says. It is told at the last step.
        given: The events that led to the start; none if that is the initial state, or nobody knows them.
        mark: The step at which it is told instead, and in which words; None for the last.

    >>> from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
    >>> from orderlab.orders.decider import ORDERS
    >>> from orderlab.orders.model import OrderItem
    >>> mug = OrderItem("p-1", "Mug", 2, 250)
    >>> trace = Trace.of(ORDERS, [PlaceOrder("ada", [mug]), CancelOrder("order-1"), ShipOrder("order-1", "TRACK-1")])
    >>> trace
    <Trace of 3 commands: OrderPlaced → OrderCancelled → InvalidOrderState>
    >>> print(trace)
    A run of 3 commands
    At first: no order yet.
    1. You ask: PlaceOrder ada, 1 × OrderItem. The answer is OrderPlaced. order-1: draft → placed.
    2. You ask: CancelOrder order-1. The answer is OrderCancelled. order-1: placed → cancelled.
    3. You ask: ShipOrder order-1, TRACK-1. The answer is no: InvalidOrderState order-1, cancelled. Nothing changes.
    """

    reducer: Reducer[Any]
    start: Any
    steps: tuple[TraceStep, ...]
    title: str = ""
    given: tuple[Any, ...] = ()
    mark: Mark | None = None

    @classmethod
    def of(
        cls,
        domain: Decider[Any] | Reducer[Any],
        commands: Iterable[Any],
        *,
        start: Any = None,
        at: datetime = AT,
        title: str = "",
        given: Iterable[Any] = (),
        writers: Sequence[str] = (),
    ) -> "Trace":
        """Return the run of some commands, one after the other.

        Args:
            domain: A decider, or a reducer.
            commands: The commands; a `TimedCommand` brings its own time.
            start: The state before the first; the reducer's own initial state if None.
            at: When the others are decided, aware.
            title: What it shows.
            given: Events that have happened before, of which the start is made. With them a run has a whole log; a
                start that is only a state tells nobody how it came about.
            writers: Who gives each command; nobody is named if left out.

        Raises:
            TypeError: An argument is of the wrong kind, or the domain has no initial state and none is given.
            ValueError: Both a start and events before it are given; the events cannot follow one another; or the time
                has no zone.
        """
        reducer, decider = reducer_of(domain), decider_of(domain)
        before, asked = several("given", given, "events", decider), several("commands", commands, "commands", decider)
        names = several("writers", writers, "names of who gives the commands, in their order", decider)
        text("title", title)
        time("at", at)
        if before and start is not None:
            raise ValueError("start and given both say how the run begins: leave out one of them")
        first = state = begun(reducer, start_of(reducer, start), before)
        steps: list[TraceStep] = []
        for number, each in enumerate(asked):
            command, when = (each.command, each.at) if isinstance(each, TimedCommand) else (each, at)
            writer = text("writers", names[number]) if number < len(names) else ""
            steps.append(play(reducer, state, command, at=when, writer=writer))
            state = steps[-1].state
        return cls(reducer, first, tuple(steps), title, before)

    @property
    def decider(self) -> Decider[Any] | None:
        """The domain's decider; None for a reducer that was not lifted from one."""
        return decider_of(self.reducer)

    @property
    def commands(self) -> tuple[Any, ...]:
        """The commands, each once, in the order in which it was settled what comes of them."""
        return tuple(each.step.command for each in asked_in(self.steps))

    @property
    def events(self) -> tuple[Any, ...]:
        """All events that were caused, in order."""
        return tuple(event for step in self.steps for event in step.events)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What came of each step, in a word or two."""
        return tuple(step.outcome for step in self.steps)

    @property
    def states(self) -> tuple[Any, ...]:
        """The states, from the one before the first command to the last: one more than there are steps."""
        return (self.start, *(step.state for step in self.steps))

    @property
    def state(self) -> Any:
        """The state at the end."""
        return self.steps[-1].state if self.steps else self.start

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing in it to be seen: no step, and the state before any event."""
        return not (self.steps or self.given) and _is_initial(self.reducer, self.start)

    @property
    def is_its_log(self) -> bool:
        """Whether its timeline shows what it shows.

        Each step must be an event, or a command of its own: reading, deciding and appending leave nothing in a log
        that would tell them apart, and what is no command of the domain neither. The step to look at, the marked one
        or the last, must have left an event.
        """
        return is_its_log(self)

    def marked(self, step: int, text: str) -> "Trace":
        """Return the run with a mark on a step, in place of the last one that shows what the title says.

        Args:
            step: The number of the step, counted from 1; 0 for a run in which no step is marked.
            text: What is to be seen there, one sentence; nothing is marked if it is empty.

        Raises:
            TypeError: The step is no number, or the text is none.
            ValueError: There is no such step.
        """
        return replace(self, mark=marked(self, step, text))

    def replayed(self, domain: Decider[Any] | Reducer[Any]) -> "Trace":
        """Return the same commands at the same times on another domain, one after the other.

        A run that begins in its domain's initial state begins in that of the other; any other start is kept.
        """
        asked = [each.step for each in asked_in(self.steps)]
        commands = [TimedCommand(step.at, step.command, "") for step in asked]
        is_made = bool(self.given) or _is_initial(self.reducer, self.start)
        start = None if is_made else _carried(self.reducer, reducer_of(domain), self.start)
        writers = [step.writer for step in asked]
        return Trace.of(domain, commands, start=start, title=self.title, given=self.given, writers=writers)

    def to_timeline(self) -> "Timeline[Any]":
        """Return the log of the run, to be travelled in; a log that breaks the domain's rules too.

        It holds what was given and what was caused, with the commands, refused ones too. An event that cannot follow
        leaves its entity in the state `cannot follow`, which says why. A start that no events led to is the first
        event of each entity, `StartsAs`.

        Raises:
            ValueError: The domain is a reducer of its own, which does not say how events are folded.
        """
        return timeline_of(self)

    def to_pytest(self, name: str | None = None, decider: str | None = None) -> "PytestModule":
        """Return the run as the text of a test that states what was seen.

        Args:
            name: What the test is named after; the title, or what happens, if None.
            decider: Where the decider is found, `module:NAME`. None looks for it in the modules of its own functions;
                that of orders need not be said.

        Raises:
            TypeError: The place of the decider is no text.
            ValueError: The run has no commands or no decider, or it begins in a state that no events led to.
            NoPythonSource: A value cannot be written as source.
        """
        if decider is not None:
            text("decider", decider)
        return pytest_of(self, name, decider)

    def to_exercise(self, number: str, *, title: str | None = None) -> "Exercise":
        """Return an exercise that asks what comes of each command.

        Args:
            number: Part and number in it, `2.1`.
            title: What it is about; made of the run's own title if None.

        Raises:
            ValueError: The run has no commands.
        """
        return exercise_of(self, number, title)

    def story(self) -> str:
        """Return the run in words, a line for each step, for somebody who sees it for the first time."""
        return story_of(self)

    def to_svg(self) -> str:
        """Return the run as a sequence diagram: who asks, what decides, and what the log then holds."""
        return diagram_of(self).to_svg()

    @overload
    def __getitem__(self, index: SupportsIndex) -> TraceStep: ...

    @overload
    def __getitem__(self, index: slice) -> "Trace": ...

    def __getitem__(self, index: SupportsIndex | slice) -> "TraceStep | Trace":
        """Return a step; or of a slice a run of its steps, which begins where they do."""
        if not isinstance(index, slice):
            return self.steps[index]
        first, last, stride = index.indices(len(self.steps))
        if stride != 1:
            raise ValueError(
                "a run can be cut short, as in trace[:2], but not be read backwards or with steps left out"
            )
        last = max(first, last)
        before = tuple(event for step in self.steps[:first] for event in step.events)
        is_known = bool(self.given) or _is_initial(self.reducer, self.start)
        title = self.title if last == len(self.steps) else ""  # what the end shows, the beginning does not
        given = (*self.given, *before) if is_known else ()
        return Trace(
            self.reducer, self.states[first], self.steps[first:last], title, given, cut(self.mark, first, last)
        )

    def __iter__(self) -> Iterator[TraceStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __bool__(self) -> bool:
        return True  # a run of no commands is one too, unlike None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        try:
            return same_value(self._compared(), other._compared())
        except TypeError:  # there is no telling what they hold
            return False

    def __hash__(self) -> int:
        return hash((self.title, self.outcomes))  # of values of any kind, which need not hash

    def __reduce__(self) -> tuple[Any, ...]:
        return unpacked, (Trace, packed(self.reducer), self.start, self.steps, self.title, self.given, self.mark)

    def __repr__(self) -> str:
        return in_a_line(self)

    def __str__(self) -> str:
        return self.story()

    def _repr_html_(self) -> str:
        return svg.image(self.to_svg(), alt=self.story()) + table_of(self)

    def _compared(self) -> tuple[Any, ...]:
        return noun_of(self.reducer), self.title, self.start, self.given, self.steps


def _carried(reducer: Reducer[Any], other: Reducer[Any], state: Any) -> Any:
    """Return a state as another reducer keeps it, if both are lifted from deciders; else the state itself."""
    if not (isinstance(reducer, DeciderReducer) and isinstance(other, DeciderReducer)):
        return state
    entities = {str(key): reducer.entity(state, str(key)) for key in entities_in(state)}
    return other.with_entities(other.initial_state(), entities)


def _is_initial(reducer: Reducer[Any], state: Any) -> bool:
    """Tell whether a state is that before any event."""
    initial = getattr(reducer, "initial_state", None)
    return callable(initial) and bool(initial() == state)
