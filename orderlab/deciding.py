"""Decide on one command as the runtime does: in an environment of its own, and as often as it takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from orderlab.core.decider import DeciderReducer, Reducer
from orderlab.core.effects import AppendEvents, Delay, Effect, Emit, instant_after
from orderlab.core.environment import Environment, FixedClock, IdGenerator
from orderlab.core.errors import VersionConflict
from orderlab.core.log import NewEvent
from orderlab.eventstore.stored import is_text
from orderlab.idempotency import event_id_of, note_of

StateT = TypeVar("StateT")


@dataclass(slots=True, eq=False)
class Question:
    """A command with everything its sender said about it, and the ids drawn for it so far.

    Args:
        command: The command.
        env: The store's environment.
        correlation_id: The request that it belongs to.
        expected_version: The version its sender believes the entity to be at.
        key: Its idempotency key.
        at: The instant to decide as of; None for the clock's now.
        cause: What directly caused the command; None for one from outside, which its request did.
    """

    command: Any
    env: Environment
    correlation_id: str
    expected_version: int | None = None
    key: str | None = None
    at: datetime | None = None
    cause: str | None = None
    _ids: "_SameIds" = field(init=False)

    def __post_init__(self) -> None:
        if not is_dataclass(self.env) or isinstance(self.env, type):
            raise TypeError(f"env must be a dataclass with a clock and ids, like OrderEnvironment, not {self.env!r}")
        if self.key is not None and not isinstance(self.key, str):
            raise TypeError(f"idempotency_key must be text, not {self.key!r}")
        if self.key is not None and not is_text(self.key):
            raise ValueError(f"idempotency_key must be text that can be written, not {self.key!r}")
        if self.expected_version is not None and type(self.expected_version) is not int:
            raise TypeError(f"expected_version must be None or a whole number, not {self.expected_version!r}")
        self._ids = _SameIds(self.env.ids)
        clock = self.env.clock if self.at is None else FixedClock(self.at)
        self.env = replace(self.env, clock=clock, ids=self._ids)

    def decide(self, reducer: Reducer[StateT], state: StateT) -> "Decision[StateT]":
        """Have the command decided on a state.

        Raises:
            VersionConflict: The entity is not at the version that the sender expects. Decided after the entity's
                existence and before its status: what is not there cannot have moved on.
        """
        known = None
        if isinstance(reducer, DeciderReducer):
            if not isinstance(self.command, reducer.decider.commands):
                raise TypeError(f"{self.command!r} is no command of {reducer.decider.name}, and only commands are sent")
            known = reducer.stream_of(state, self.command)
        if known is not None:
            self._require(*known)
        self._ids.rewind()
        step = reducer.reduce(state, self.command, self.env)
        append, said, delays = self._sorted(step.effects)
        if append is None:
            return Decision(state, None, said, delays)
        if known is None and append.expected_version is not None:
            self._require(append.stream_id, append.expected_version)
        return Decision(step.state, self._to_be_written(append), said, delays)

    def _sorted(self, effects: Sequence[Effect]) -> tuple[AppendEvents | None, tuple[Any, ...], tuple[Delay, ...]]:
        """Return the append that a command asks for, what it announces, and what is to happen later."""
        appends, said, delays = [], [], []
        for effect in effects:
            if isinstance(effect, Emit):
                said.append(effect.action)
            elif isinstance(effect, AppendEvents):
                if effect.events:
                    appends.append(effect)
            elif isinstance(effect, Delay):
                instant_after(self.env.clock.now(), effect.seconds)  # refused here, where nothing is written yet
                delays.append(effect)
            else:
                raise TypeError(f"{self.command!r} asks for {effect!r}, which is no effect")
        if len(appends) > 1:
            raise TypeError(f"{self.command!r} appends to {len(appends)} streams, and a command may append to one")
        return appends[0] if appends else None, tuple(said), tuple(delays)

    def _to_be_written(self, append: AppendEvents) -> AppendEvents:
        """Return the append with its causes, its key and, where the sender set one, the time.

        Event ids are brought only where a key settles them. Those the event store draws are unused for certain; ours
        would not be, for ids that count begin again in each process.
        """
        metadata = {} if self.key is None else note_of(self.key, self.command)
        cause = self.cause or self.correlation_id
        events = [
            NewEvent(
                event,
                None if self.key is None else event_id_of(self.key, index),
                self.at,
                self.correlation_id,
                cause,
                metadata,
            )
            for index, event in enumerate(append.events)
        ]
        expected = self.expected_version if append.expected_version is None else append.expected_version
        return AppendEvents(append.stream_id, events, expected)

    def _require(self, stream_id: str, version: int) -> None:
        if self.expected_version is not None and self.expected_version != version:
            raise VersionConflict(stream_id, self.expected_version, version)


@dataclass(frozen=True, slots=True)
class Decision(Generic[StateT]):
    """What came of a command: the state after it and an append, ready to be written; or no append.

    `said` is what it announces, a rejection also, and `delays` what is to happen later; both count once the append is
    durable.
    """

    state: StateT
    append: AppendEvents | None
    said: tuple[Any, ...] = ()
    delays: tuple[Delay, ...] = ()

    @property
    def rejection(self) -> Any:
        """What was announced instead of events; None if there are events, or nothing at all."""
        return self.said[0] if self.append is None and self.said else None


class _SameIds:
    """Give the same ids when a command is decided again: a new order keeps its id through a conflict."""

    def __init__(self, ids: IdGenerator) -> None:
        self._ids = ids
        self._drawn: list[str | UUID] = []
        self._next = 0

    def rewind(self) -> None:
        """Begin again with the first id drawn."""
        self._next = 0

    def new_id(self, kind: str) -> str:
        """Return the next id of this kind."""
        return str(self._again(self._ids.new_id, kind))

    def new_uuid(self) -> UUID:
        """Return the next UUID."""
        drawn = self._again(self._ids.new_uuid)
        assert isinstance(drawn, UUID)  # a reducer draws in the same order each time
        return drawn

    def _again(self, draw: Callable[..., str | UUID], *arguments: str) -> str | UUID:
        if self._next == len(self._drawn):
            self._drawn.append(draw(*arguments))
        self._next += 1
        return self._drawn[self._next - 1]
