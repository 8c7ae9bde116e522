"""A branch of a log: from some position on, other commands than those that were given.

A fork decides by the domain's reducer, at once and without a runtime; the log that it leaves from is never changed.
The same commands make the same branch, ids and times included.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from orderlab.core.environment import Clock, IdGenerator, TestClock
from orderlab.core.log import RecordedEvent, StoredEvent
from orderlab.core.script import TimedCommand
from orderlab.drawing import tables
from orderlab.eventstore.stored import encode_recorded
from orderlab.outcome import Outcome
from orderlab.timeline.asof.loading import write_file
from orderlab.timeline.branch.branching import Where, commands_until, recorded_next, rows_until
from orderlab.timeline.difference import Difference, _difference
from orderlab.timeline.unknown import counted
from orderlab.timeline.whatif.lanes import in_words
from orderlab.timeline.whatif.redeciding import BEGINNING, Answer, OneId, UnusedIds, answer_to, in_utc

if TYPE_CHECKING:
    from orderlab.timeline.timeline import Timeline

StateT = TypeVar("StateT")


@dataclass(frozen=True, slots=True)
class Sent:
    """A command that was sent to a branch, and what became of it there."""

    timed: TimedCommand
    outcome: Outcome

    def told(self, key: str | None) -> str:
        """Return what became of it in a few words."""
        if self.outcome.rejection is not None:
            return f"refused: {in_words(self.outcome.rejection, str(key))}"
        return ", ".join(type(event).__name__ for event in self.outcome.events) or "no event"


class Fork(Generic[StateT]):
    """A branch that takes commands.

    Args:
        parent: The timeline that it leaves from.
        at: The position that it shares with it; the parent's end if None.
        clock: What says when a command is given that brings no time; a `TestClock` by default, which begins at the last
            time in the shared past and moves when it is told to.
        ids: What draws the ids of new entities; counted by default, past all that are in use.

    Raises:
        IndexError: The parent has no such position.
        TypeError: `clock` is no clock, or `ids` draw none.
    """

    def __init__(
        self,
        parent: "Timeline[StateT]",
        *,
        at: int | None = None,
        clock: Clock | None = None,
        ids: IdGenerator | None = None,
    ) -> None:
        for name, given, method in (("clock", clock, "now"), ("ids", ids, "new_id")):
            if given is not None and not callable(getattr(given, method, None)):
                raise TypeError(f"{name} must have a method `{method}`, and {given!r} has none")
        self.parent = parent
        self.at: int = len(parent) if at is None else parent._n(at, "at")
        self._began = parent.time_of(self.at) or BEGINNING
        self.clock: Clock = TestClock(self._began) if clock is None else clock
        self.ids: IdGenerator = UnusedIds(self._is_used) if ids is None else ids
        # Event ids are made from all that came before and from the parent's own end, so that they are none of its ids.
        self._salt = f"{parent.event(len(parent)).event_id}" if len(parent) else "nothing"
        self._recorded: list[RecordedEvent] = []
        self._sent: list[Sent] = []
        self._changed: dict[str, tuple[Any, int]] = {}
        self._timeline: Timeline[StateT] | None = None

    @property
    def position(self) -> int:
        """How many events there are, the shared ones and the branch's own."""
        return self.at + len(self._recorded)

    @property
    def added(self) -> tuple[RecordedEvent, ...]:
        """The branch's own events, in order."""
        return tuple(self._recorded)

    @property
    def commands(self) -> tuple[TimedCommand, ...]:
        """The commands that were sent to the branch, refused ones too."""
        return tuple(each.timed for each in self._sent)

    @property
    def sent(self) -> tuple[Sent, ...]:
        """The same with what became of each."""
        return tuple(self._sent)

    @property
    def state(self) -> StateT:
        """The state after all that happened in the branch."""
        return self.parent.reducer.with_entities(self.parent[self.at], self._changed)

    def entity(self, key: str) -> Any:
        """Return an entity as it is in the branch; None if there is none."""
        return self._known(key)[0]

    def order(self, key: str) -> Any:
        """Return an order as it is in the branch; `entity` under the order's name."""
        return self.entity(key)

    def send(self, command: Any, *, at: datetime | None = None) -> Outcome:
        """Have a command decided in the branch, and return what became of it; a refusal is a value as everywhere.

        Args:
            command: The command.
            at: When it is given, aware; by the clock if None, and then never before what was recorded last.

        Raises:
            TypeError: It is no command of the domain, or `at` is no time.
            ValueError: `at` has no zone, or is beyond the calendar in UTC.
        """
        last = self._recorded[-1].recorded_at if self._recorded else self._began
        if at is None:
            at = max(self.clock.now(), last)
        at = in_utc("at", at)
        key, answer = self._decided(command, at)
        # Counted on from the parent's commands, so that a branch of a branch never uses a key again.
        timed = TimedCommand(at, command, f"fork/{self.at}/{len(self.parent.commands) + len(self._sent) + 1}")
        new = self._recorded_as(answer, timed, max(at, last)) if answer.stream_id is not None else []
        if new:
            self._changed[key] = self.parent.reducer.entity(answer.state, key)
        self._recorded.extend(new)
        self._timeline = None
        versions, positions = tuple(each.version for each in new), tuple(each.position for each in new)
        outcome = Outcome(timed.key, answer.events, answer.rejection, answer.stream_id, versions, positions)
        self._sent.append(Sent(timed, outcome))
        return outcome

    @property
    def timeline(self) -> "Timeline[StateT]":
        """The branch as a timeline of its own: the shared past, then its events."""
        if self._timeline is None:
            parent = self.parent
            self._timeline = type(parent)(
                [*parent.events(1, self.at), *self._recorded],
                reducer=parent.reducer,
                codec=parent.codec,
                commands=[*commands_until(parent, self.at), *self.commands],
            )
        return self._timeline

    def diff(self) -> Difference:
        """Return what the branch's own events have changed; `fork.timeline.diff(other)` compares with another log."""
        both = ((key, self.parent.entity(key, at=self.at), entity) for key, (entity, _) in self._changed.items())
        return _difference(self.parent, f"{self.at} → {self.position}, in the branch", both)

    def fork(
        self, *, at: int | None = None, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> "Fork[StateT]":
        """Return a branch of the branch, from a position on; this one stays as it is."""
        return Fork(self.timeline, at=at, clock=clock, ids=ids)

    def save(self, path: str | PathLike[str]) -> int:
        """Write the branch to a file, `.jsonl` or `.parquet`, and return how many events it has.

        It is a log like any other. What the parent has from a file or an event store is copied as it is there, old
        shapes too; `fork.timeline.to_file` writes all of it in the present shape.

        Raises:
            LogFileError: The path is of another kind, or cannot be written.
        """
        return write_file(chain(rows_until(self.parent, self.at), map(self._row, self._recorded)), path)

    def __repr__(self) -> str:
        refused = sum(each.outcome.rejection is not None for each in self._sent)
        told = counted(len(self._recorded), "event") + (f", {refused:,} refused" if refused else "")
        return f"<Fork at position {self.at}: {told}>"

    def _repr_html_(self) -> str:
        body = [
            [
                each.timed.at,
                type(each.timed.command).__name__,
                each.told(self.parent.decider.key_of(each.timed.command)),
            ]
            for each in self._sent[-tables.ROWS :]
        ]
        table = tables.rows(["at", "command", "outcome"], body, left_out=len(self._sent) - len(body))
        return f"<p>{tables.cell(repr(self))}</p>{table}"

    def _known(self, key: str) -> tuple[Any, int]:
        """Return an entity of the branch and its version."""
        if isinstance(key, str) and key in self._changed:
            return self._changed[key]
        version = len(self.parent.positions(key, at=self.at))
        return (self.parent.entity(key, at=self.at), version) if version else (None, 0)

    def _recorded_as(self, answer: Answer, timed: TimedCommand, recorded_at: datetime) -> list[RecordedEvent]:
        """Return the events of a command as the branch keeps them; nothing is changed if one has no JSON form."""
        version = self._known(self.parent.decider.key_in(str(answer.stream_id)))[1]
        previous = self._recorded[-1] if self._recorded else self.parent.event(self.at) if self.at else None
        return recorded_next(
            answer,
            Where(self.position, version, recorded_at, timed.key),
            codec=self.parent.codec,
            after=(self._salt, None if previous is None else previous.event_id),
        )

    def _row(self, recorded: RecordedEvent) -> StoredEvent:
        return encode_recorded(recorded, self.parent.codec)

    def _is_used(self, key: str) -> bool:
        return key in self._changed or bool(self.parent.positions(key))

    def _decided(self, command: Any, at: datetime) -> tuple[str, Answer]:
        """Decide a command on the one entity that it is about, and return the key of that too."""
        reducer = self.parent.reducer
        if not isinstance(command, reducer.decider.commands):
            raise TypeError(f"{command!r} is no command of {reducer.decider.name}, and only commands are sent")
        key = reducer.decider.key_of(command)
        if key is None:
            key = self.ids.new_id(reducer.decider.name)
        state = reducer.initial_state()
        entity, version = self._known(key) if isinstance(key, str) else (None, 0)
        if version:
            state = reducer.with_entity(state, key, entity, version)
        return key, answer_to(reducer, state, command, at=at, ids=OneId(key))
