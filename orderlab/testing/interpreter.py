"""Perform a reducer's effects at once: a log that is a list, announcements that queue up, time that is moved by hand.

Holds the runtime's rules, so that what passes a test also runs: only commands are sent, one append a command, versions
as the stream counts them, and a state that is what replay makes of the events.
"""

from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from orderlab.core.decider import DeciderReducer, Fact, Reducer, Step
from orderlab.core.effects import AppendEvents, Delay, Emit, instant_after
from orderlab.core.environment import Environment, TestClock
from orderlab.core.errors import CorruptStream, VersionConflict
from orderlab.core.log import NO_STREAM
from orderlab.replay import fold
from orderlab.testing.difference import failure
from orderlab.testing.waiting import WaitingActions, due_instant
from orderlab.testing.writing import brief

StateT = TypeVar("StateT")

_AT_ONCE = 10_000
"""Delayed actions that may come due at one instant: of more, one asks for the next without end."""


class Interpreter(Generic[StateT]):
    """Hold a state, and move it on by one action at a time.

    Args:
        reducer: What decides.
        initial_state: The state before the first action.
        env: What the reducer reads.
        clock: The environment's clock.
    """

    def __init__(self, reducer: Reducer[StateT], initial_state: StateT, env: Environment, clock: TestClock) -> None:
        self.state = initial_state
        self.facts: list[Fact] = []
        self.announced: list[Any] = []
        self.waiting = WaitingActions()
        self._reducer = reducer
        self._env = env
        self._clock = clock
        self._versions: dict[str, int] = {}

    def feed(self, action: Any) -> None:
        """Reduce an action and perform what it asks for; if anything of that cannot be, nothing of it is done.

        Raises:
            VersionConflict: A stream is not at the version that the reducer expects.
            AssertionError: The state is not what replay makes of the events.
            TypeError: The action is no command, or the answer no step that the runtime could perform.
            ValueError: A delay has no length of time.
        """
        __tracebackhide__ = True
        if isinstance(self._reducer, DeciderReducer) and not isinstance(action, self._reducer.decider.commands):
            raise TypeError(
                f"{brief(action)} is no command of {self._reducer.decider.name}, and only commands are sent"
            )
        step = self._reducer.reduce(self.state, action, self._env)
        _require_step(step, action)
        now = self._clock.now()
        later = [(due_instant(effect, now), effect.action) for effect in step.effects if isinstance(effect, Delay)]
        facts = self._appended(step, action)
        self._require_replayed(step, action, facts)
        self.state = step.state
        self.facts += facts
        self._versions.update({stream_id: version for stream_id, version, _ in facts})
        self.announced += (effect.action for effect in step.effects if isinstance(effect, Emit))
        for due, delayed in later:
            self.waiting.add(due, delayed)

    def advance(self, seconds: float) -> None:
        """Move the clock forward, and feed back what comes due on the way, each while the clock stands at its instant.

        Raises:
            ValueError: The seconds are no length of time.
            RuntimeError: Delayed actions ask for each other at one instant without end.
        """
        __tracebackhide__ = True
        end = instant_after(self._clock.now(), seconds, "by")
        at_once = 0
        while (next_one := self.waiting.take(end)) is not None:
            at_once = at_once + 1 if next_one.due <= self._clock.now() else 1
            if at_once > _AT_ONCE:
                raise RuntimeError(f"{brief(next_one.action)} comes again and again without any time passing")
            self._move_to(next_one.due)
            self.feed(next_one.action)
        self._move_to(end)

    def _move_to(self, instant: datetime) -> None:
        self._clock.advance(max(instant - self._clock.now(), timedelta(0)))

    def _appended(self, step: Step[StateT], action: Any) -> list[Fact]:
        """Return what a step appends, as facts, checked as an event store checks it."""
        appends = [effect for effect in step.effects if isinstance(effect, AppendEvents) and effect.events]
        if not appends:
            return []
        if len(appends) > 1:
            raise TypeError(f"{brief(action)} appends to {len(appends)} streams, and a command may append to one")
        [append] = appends
        version = self._version_of(append.stream_id)
        if append.expected_version is not None and append.expected_version != version:
            raise VersionConflict(append.stream_id, append.expected_version, version)
        return [(append.stream_id, number, event) for number, event in enumerate(append.events, start=version + 1)]

    def _version_of(self, stream_id: str) -> int:
        """Return how many events a stream has had; before the first append, those that the state shows."""
        if stream_id in self._versions or not isinstance(self._reducer, DeciderReducer):
            return self._versions.get(stream_id, NO_STREAM)
        version: int = self._reducer.entity(self.state, self._reducer.decider.key_in(stream_id))[1]
        return version

    def _require_replayed(self, step: Step[StateT], action: Any, facts: list[Fact]) -> None:
        """Require that live equals replayed: the state must be the one before it with the events folded in."""
        __tracebackhide__ = True
        try:
            replayed = fold(self._reducer, self.state, facts)
        except CorruptStream as error:
            raise AssertionError(f"What {brief(action)} appended cannot be replayed: {error}") from error
        if step.state != replayed:
            sentence = f"After {brief(action)} the state is not what replay makes of the events"
            raise failure(sentence, replayed, step.state, minus="replayed")


def _require_step(step: Any, action: Any) -> None:
    if not isinstance(step, Step):
        raise TypeError(f"reduce must return a Step, not {brief(step)}, for {brief(action)}")
    for effect in step.effects:
        if not isinstance(effect, AppendEvents | Emit | Delay):
            raise TypeError(f"effects must be AppendEvents, Emit or Delay, and {brief(action)} led to {brief(effect)}")
