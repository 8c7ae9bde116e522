"""Let the writers of one schedule read, decide and append, on an event store, in the order that it says."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from orderlab.core.decider import DeciderReducer
from orderlab.core.effects import AppendEvents, Effect, Emit
from orderlab.core.environment import FixedClock
from orderlab.core.errors import VersionConflict
from orderlab.core.log import NO_STREAM, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.exploration.schedules.mixing import STEPS, StepName, steps_of
from orderlab.exploration.schedules.writer import Writer
from orderlab.orders.reducer import OrderEnvironment
from orderlab.timeline.whatif.redeciding import OneId

_ATTEMPTS = 8
"""How often a writer tries that is told of a conflict each time, as only a faulty event store can tell it alone."""


@dataclass(slots=True)
class Attempt:
    """What one writer read, what it decided on that, and what came of the append.

    Args:
        writer: Who.
        seen: The events that were read.
        version: The version that was read.
        effects: What was decided.
        rejection: Why the domain refused; None if it did not.
        failure: What was raised instead of that, in one line.
        conflict: What the event store told instead of appending, in words; empty if it did not.
        accepted: The event store has said that the events are written.
    """

    writer: Writer
    seen: tuple[Any, ...] = ()
    version: int = NO_STREAM
    effects: tuple[Effect, ...] = ()
    rejection: Any = None
    failure: str = ""
    conflict: str = ""
    accepted: bool = False

    @property
    def append(self) -> AppendEvents | None:
        """What is to be written; None if that is nothing."""
        return next((each for each in self.effects if isinstance(each, AppendEvents) and each.events), None)

    @property
    def events(self) -> tuple[Any, ...]:
        """The events that were decided."""
        return () if self.append is None else tuple(self.append.events)


def folded(reducer: DeciderReducer[Any, Any], events: Iterable[Any]) -> Any:
    """Return the entity that some events make; a new one each time, for a faulty `evolve` may change what it is given.

    Raises:
        Exception: An event cannot follow; which exception it is `evolve` decides.
    """
    entity = None
    for event in events:
        entity = reducer.decider.evolve(entity, event)
    return entity


class Act(NamedTuple):
    """One thing that a writer did, and in which attempt."""

    part: StepName
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class Runner:
    """Runs schedules on an event store.

    Args:
        event_store: The event store.
        reducer: The domain's reducer, which expects versions or does not.
        at: When everything is decided.
        retry: Whether a writer that is told of a conflict reads and decides again at once.
    """

    event_store: EventStore
    reducer: DeciderReducer[Any, Any]
    at: datetime
    retry: bool

    async def run(self, writers: tuple[Writer, ...], turns: tuple[int, ...], prefix: str) -> list[Act]:
        """Let the writers take their turns, and return all that they did, in order.

        Args:
            writers: Who.
            turns: In which order.
            prefix: What the names of this schedule's streams begin with, before the names they have in the domain.
        """
        present: dict[int, Attempt] = {}
        done: list[Act] = []
        for number, part in steps_of(turns):
            if part == "read":
                present[number] = await self._read(writers[number], prefix)
            elif part == "decide":
                self._decide(present[number])
            else:
                await self._append(present[number], prefix)
            done.append(Act(part, present[number]))
            if part == "append" and self.retry:
                done += await self._again(present[number], prefix)
        return done

    async def _again(self, attempt: Attempt, prefix: str) -> list[Act]:
        """Read, decide and append again as long as the writer is told of a conflict."""
        done: list[Act] = []
        while attempt.conflict and len(done) < len(STEPS) * _ATTEMPTS:
            attempt = await self._read(attempt.writer, prefix)
            self._decide(attempt)
            await self._append(attempt, prefix)
            done += [Act("read", attempt), Act("decide", attempt), Act("append", attempt)]
        return done

    async def _read(self, writer: Writer, prefix: str) -> Attempt:
        """Load a writer's stream."""
        attempt = Attempt(writer)
        if isinstance(writer.key, str):  # else it is for decide to refuse
            loaded = await self.event_store.load_events(prefix + self.reducer.decider.stream_id(writer.key))
            attempt.seen = tuple(recorded.event for recorded in loaded)
            attempt.version = loaded[-1].version if loaded else NO_STREAM
        return attempt

    def _decide(self, attempt: Attempt) -> None:
        """Fold what was read, and have the command decided on that."""
        env = OrderEnvironment(FixedClock(self.at), OneId(attempt.writer.key))
        state = self.reducer.initial_state()
        try:
            if attempt.seen:
                entity = folded(self.reducer, attempt.seen)
                state = self.reducer.with_entity(state, attempt.writer.key, entity, attempt.version)
            attempt.effects = tuple(self.reducer.reduce(state, attempt.writer.command, env).effects)
        except Exception as error:  # noqa: BLE001 - a faulty domain, or a log that breaks the rules: that is told
            attempt.failure = f"{type(error).__name__}: {error}"
            return
        if attempt.append is None:
            attempt.rejection = next((each.action for each in attempt.effects if isinstance(each, Emit)), None)

    async def _append(self, attempt: Attempt, prefix: str) -> None:
        """Append what was decided, if anything."""
        append = attempt.append
        if append is None:
            return
        new = NewEvent(
            None,
            recorded_at=self.at,
            correlation_id=prefix + attempt.writer.name,
            metadata={"writer": attempt.writer.name, "decided_on": attempt.version},
        )
        try:
            await self.event_store.append_events(
                prefix + append.stream_id,
                [replace(new, event=event) for event in append.events],
                expected_version=append.expected_version,
            )
        except VersionConflict as told:
            attempt.conflict = f"the stream is at version {told.actual}, not {told.expected}"
        else:
            attempt.accepted = True
