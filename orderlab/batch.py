"""Commands that are decided together: who sent them, what they came to, and what of it is to be written."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeGuard, TypeVar

from orderlab.conversation import Conversation
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import OrderlabError
from orderlab.core.log import Appended, NewEvent, RecordedEvent, StoredEvent
from orderlab.deciding import Decision, Question
from orderlab.outcome import Outcome

StateT = TypeVar("StateT")


@dataclass(slots=True, eq=False)
class Sent:
    """A command on its way through the store, and the sender who waits for it.

    `conversation` hears what it announces; `from_outside` tells that it took one of the places for those who wait.
    `rounds` counts how often it was decided on a state that others had moved on from.
    """

    question: Question
    answer: "asyncio.Future[Outcome]"
    conversation: Conversation | None = None
    from_outside: bool = True
    rounds: int = 0

    def succeed(self, outcome: Outcome, said: Sequence[Any] = ()) -> None:
        """Answer with what became of the command; `said` is what it announced."""
        self._end(outcome.events, said)
        if not self.answer.done():  # else its sender has given up waiting
            self.answer.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        """Answer with an error."""
        if not isinstance(error, Exception) or isinstance(error, StopIteration):  # which a future cannot carry
            error = OrderlabError(f"{self.question.command!r} was ended by {error!r}")
        self._end(failure=error)
        if not self.answer.done():
            self.answer.set_exception(error)

    def _end(self, events: Sequence[Any] = (), said: Sequence[Any] = (), failure: BaseException | None = None) -> None:
        """Tell the conversation what the command caused: its events, announced or not, and what else it announced."""
        if self.conversation is not None:
            known = set(map(id, events))
            self.conversation.end((*events, *(action for action in said if id(action) not in known)), failure)


Performed = Callable[[Sent, Decision[Any], Sequence[StoredEvent]], tuple[str, ...]]
"""Told of each command that was done, what it led to and the rows it wrote, before its sender is answered.

Returns a sentence for each effect that could not be done.
"""


@dataclass(slots=True)
class Decided(Generic[StateT]):
    """What came of a batch: the state if all of it is written, and what each command led to."""

    state: StateT
    writing: dict[Sent, tuple[Decision[StateT], AppendEvents]] = field(default_factory=dict)
    refused: dict[Sent, Decision[StateT] | BaseException] = field(default_factory=dict)
    """Commands that cause nothing on this state, or fail on it; on a newer one they might."""
    repeated: dict[Sent, Outcome | Exception] = field(default_factory=dict)
    """What is told of retries, whatever the state."""
    again: set[Sent] = field(default_factory=set)

    @property
    def appends(self) -> list[AppendEvents]:
        """What is to be written, in order."""
        return [append for _, append in self.writing.values()]

    def may_follow(self, append: AppendEvents) -> bool:
        """Tell whether an append may be in this batch: an unchecked one must not build on what may not be written."""
        return append.expected_version is not None or all(append.stream_id != each.stream_id for each in self.appends)


def is_written(answer: Appended | Exception) -> TypeGuard[Appended]:
    """Tell whether an append has added something now."""
    return isinstance(answer, Appended) and not answer.repeated


def recorded_event(row: StoredEvent, new: NewEvent) -> RecordedEvent:
    """Return an event that was just written as it would be read from the log."""
    return RecordedEvent(
        row.event_id,
        row.stream_id,
        row.version,
        row.position,
        row.event_type,
        row.schema_version,
        new.event,
        row.recorded_at,
        row.correlation_id,
        row.causation_id,
        new.metadata,
    )
