"""One of two domains that are compared: what it does with a command, and whether as a pure function would."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from orderlab.core.decider import DeciderReducer, Fact, Reducer
from orderlab.core.effects import AppendEvents
from orderlab.core.log import NewEvent
from orderlab.core.script import TimedCommand
from orderlab.exploration.differing.canon import canon, copied, same_value
from orderlab.exploration.domain import entities_of
from orderlab.exploration.playing import play
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.replay import fold


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Where one domain stands after some commands.

    Args:
        state: Its live state.
        replayed: The state folded from the events alone; a `Failed` where that cannot be done.
        versions: How many events each stream has had.
    """

    state: Any
    replayed: Any
    versions: Mapping[str, int] = field(default_factory=dict)

    def key(self, *, versions: bool) -> Any:
        """Return what tells it from other standings of the same domain.

        Args:
            versions: Whether the domain can tell how many events there were. A decider cannot, who is handed an entity
                and not its version: a lamp that is switched on and off again is where it was.
        """
        replays = same_value(self.state, self.replayed)
        if versions:
            return canon(self.state), replays or canon(self.replayed), tuple(sorted(self.versions.items()))
        return canon(entities_of(self.state)), replays or _without_versions(self.replayed)


def _without_versions(replayed: Any) -> Any:
    return canon(replayed if isinstance(replayed, Failed) else entities_of(replayed))


@dataclass(frozen=True, slots=True)
class Failed:
    """What stands for a state that there is none of: the kind of error that was raised instead."""

    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came of a command on one side.

    Args:
        step: The step, as a trace has it.
        after: Where the domain stands after it.
        again: What came of the same command the second time, on the same state.
        steady: Whether the second time said the same as the first.
        changed: Whether the state that it was given is another one now.
    """

    step: TraceStep
    after: Standing
    again: TraceStep
    steady: bool
    changed: bool

    @property
    def stays(self) -> bool:
        """Whether the state after it is the very one that it was given, as it was given."""
        return not self.changed and self.step.state is self.step.before

    @property
    def failure(self) -> str:
        """The kind of error that was raised; empty if none was. Its text may name an address, or a time."""
        return self.step.failure.partition(":")[0]


class Side:
    """One of the two domains.

    Args:
        reducer: Its reducer.
        start: The state that it begins with.
        careful: Give it a copy of the state each time, because it is known to change what it is given.
    """

    def __init__(self, reducer: Reducer[Any], start: Any, *, careful: bool = False) -> None:
        self.reducer = reducer
        self.start = start
        self.careful = careful
        self._versions = _versions_in(reducer, start)

    def beginning(self) -> Standing:
        """Return where it stands before the first command."""
        return Standing(copied(self.start), copied(self.start))

    def answer(self, standing: Standing, before: Any, command: Any, at: datetime) -> Answer:
        """Have a command decided twice, and its events folded.

        Args:
            standing: Where the domain stands.
            before: A copy of the state there.
            command: The command.
            at: When it is decided.
        """
        state = copied(before) if self.careful else standing.state
        step = again = play(self.reducer, state, command, at=at)
        changed = not same_value(state, before)
        if not changed:  # else there is no asking again on a state that is gone
            again = play(self.reducer, state, command, at=at)
        steady = changed or same_value(said(step), said(again))
        facts, versions = _facts(step, standing.versions, self._versions)
        after = Standing(step.state, self._replayed(standing.replayed, facts), versions)
        return Answer(step, after, again, steady, changed)

    def trace(self, commands: list[TimedCommand], title: str) -> Trace:
        """Return what it does with some commands from the beginning."""
        first = state = copied(self.start)
        steps: list[TraceStep] = []
        for each in commands:
            before = copied(state)
            step = play(self.reducer, state, each.command, at=each.at)
            if not same_value(state, before):  # else what it was given would be shown as it is after the run
                step = replace(step, before=before, state=copied(step.state))
                first = before if not steps else first
                state = copied(step.state)
            else:
                state = step.state
            steps.append(step)
        return Trace(self.reducer, first, tuple(steps), title)

    def _replayed(self, state: Any, facts: list[Fact]) -> Any:
        if not facts or isinstance(state, Failed):
            return state
        try:
            return fold(self.reducer, copied(state) if self.careful else state, facts)
        except Exception as error:  # noqa: BLE001 - that the events cannot be folded is what is found out here
            return Failed(type(error).__name__)


def said(step: TraceStep) -> tuple[Any, ...]:
    """Return all that came of a step; of an error its kind alone, for its text may name an address, or a time."""
    return step.failure.partition(":")[0], step.effects, step.state


def _versions_in(reducer: Reducer[Any], start: Any) -> Mapping[str, int]:
    """Return the versions that streams are at in the state that a run begins with, where that can be told."""
    if not isinstance(reducer, DeciderReducer):
        return {}
    return {reducer.decider.stream_id(key): reducer.entity(start, key)[1] for key in entities_of(start)}


def _facts(
    step: TraceStep, versions: Mapping[str, int], at_first: Mapping[str, int]
) -> tuple[list[Fact], Mapping[str, int]]:
    """Return the events of a step as the log would have them, and the versions after it."""
    facts: list[Fact] = []
    counted = dict(versions)
    for effect in step.effects:
        if isinstance(effect, AppendEvents):
            for event in effect.events:
                version = counted.get(effect.stream_id, at_first.get(effect.stream_id, 0))
                counted[effect.stream_id] = version + 1
                value = event.event if isinstance(event, NewEvent) else event
                facts.append((effect.stream_id, counted[effect.stream_id], value))
    return facts, counted if facts else versions
