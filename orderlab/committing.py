"""Decide commands in batches, append what they cause, and only then show the new state.

    a batch -> decide on the committed state -> append -> commit the state -> tell followers -> answer

A batch is decided on the committed state plus its own earlier commands, and appended in one transaction. What others
who write to the same log did meanwhile is taken in, and what that touches is decided again.
"""

import logging
from collections.abc import Sequence
from typing import Generic, TypeVar

from orderlab.batch import Decided, Performed, Sent, is_written, recorded_event
from orderlab.broadcast import Broadcast
from orderlab.core.decider import Reducer
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import EventIdReused, OrderlabError, VersionConflict
from orderlab.core.log import Appended, RecordedEvent
from orderlab.deciding import Decision, Question
from orderlab.eventstore.base import EventStore, EventStoreError, Unreachable
from orderlab.idempotency import RememberedKeys, note_of
from orderlab.outcome import Outcome
from orderlab.replay import fold, replay

StateT = TypeVar("StateT")

logger = logging.getLogger(__name__)

_ROUNDS = 8
"""How often a command is decided when another process keeps writing first."""

_SHORT = 2_000
"""Events that are read once, and kept, for everything that is made of them; a longer stretch is read for each thing."""


class Committer(Generic[StateT]):
    """Hold the committed state, and move it on by what is durable.

    Args:
        reducer: What decides.
        initial_state: The state before the first event.
        event_store: Where the events go.
        broadcast: Who is told of what was committed.
        performed: Told of each command that was done.
    """

    def __init__(
        self,
        reducer: Reducer[StateT],
        initial_state: StateT,
        event_store: EventStore,
        broadcast: Broadcast,
        performed: Performed,
    ) -> None:
        self.state = initial_state
        self.position = 0
        self.keys = RememberedKeys()
        self._reducer = reducer
        self._event_store = event_store
        self._broadcast = broadcast
        self._performed = performed
        self.trouble: Exception | None = None
        """Why the state could not follow the log when that was last tried; None if it could."""
        self._behind = False

    @property
    def told(self) -> int:
        """The position of the last event that followers were told of; the state shows it as well."""
        return self._broadcast.position

    def is_at(self, head: int) -> bool:
        """Tell whether followers were told of the log up to a position, and nothing keeps the state from following."""
        return self.trouble is None and self._broadcast.position >= head

    async def take_in(self, seen: int | None = None) -> None:
        """Bring the state up to the end of the log, whoever wrote it; until that is done nothing is decided on it.

        Args:
            seen: How far the log is known to go: to there is far enough, unless the state was kept from following.
        """
        if self._behind:
            seen = None
        self._behind = True
        try:
            await self._take_in(await self._event_store.head() if seen is None else seen)
        except Exception as error:
            self.trouble = error
            raise
        self._behind, self.trouble = False, None

    async def _take_in(self, head: int) -> None:
        recorded = None
        if 0 < head - self.position <= _SHORT:
            recorded = await self._take_in_at_once(head)
        elif head > self.position:
            await self.keys.read(self._event_store, after=self.position, until=head)
            self.state = await replay(self._reducer, self.state, self._event_store, after=self.position, until=head)
            self.position = head
        if self._broadcast.position < self.position:
            await self._broadcast.publish(self.position, recorded)

    async def _take_in_at_once(self, head: int) -> list[RecordedEvent]:
        """Read a short stretch of the log once, for the state, the keys and the followers, who are given the events."""
        after, limit = self.position, head - self.position
        recorded = [each async for each in self._event_store.read_all(after=after, limit=limit)]
        if len(recorded) < limit:
            raise EventStoreError(f"the log was read up to position {after + len(recorded)}, and goes to {head}")
        facts = ((each.stream_id, each.version, each.event) for each in recorded)
        self.state = fold(self._reducer, self.state, facts)
        self.keys.learn(recorded)
        self.position = head
        return recorded

    async def handle(self, batch: list[Sent]) -> None:
        """Answer every command of a batch, in as many rounds as others who write to the log make needed."""
        waiting = batch
        try:
            while waiting:
                waiting = await self._round(waiting)
                if waiting:
                    await self.take_in()
        except BaseException as error:
            self._behind = True
            self.fail(waiting, error)
            if not isinstance(error, Exception):
                raise

    @staticmethod
    def fail(batch: Sequence[Sent], error: BaseException) -> None:
        """Answer every command of a batch with what keeps them all from being done."""
        if batch:
            unexpected = None if isinstance(error, OrderlabError) else error
            logger.error("commands failed: %d (%s)", len(batch), error, exc_info=unexpected)
        for sent in batch:
            sent.fail(error)

    async def _round(self, batch: list[Sent]) -> list[Sent]:
        """Decide a batch, append it and commit; return the commands that a newer state must decide again."""
        if self._behind:
            await self.take_in()
        before = self.position
        decided = await self._decide(batch)
        answers = await self._append(decided.appends)
        await self._commit(decided, answers)
        all_written = all(map(is_written, answers))
        own = sum(len(answer.positions) for answer in answers if is_written(answer))
        current = not decided.refused or await self._is_at_end(before + own)
        written = dict(zip(decided.writing, answers, strict=True))
        for sent in batch:  # in their order, for one conversation may be told of several
            if sent in written:
                self._settle(sent, *decided.writing[sent], written[sent], decided.again)
            elif sent in decided.repeated:
                self._answer(sent, decided.repeated[sent])
            elif sent not in decided.refused:
                continue
            elif not all_written:  # its answer may come from events that then were not written
                decided.again.add(sent)
            elif not current and sent.rounds < _ROUNDS:  # or be refused for not knowing what others wrote
                sent.rounds += 1
                decided.again.add(sent)
            else:
                self._answer(sent, current if isinstance(current, Exception) else decided.refused[sent])
        return [sent for sent in batch if sent in decided.again]

    async def _is_at_end(self, position: int) -> bool | Exception:
        """Tell whether a position is the end of the log, or why that cannot be told.

        Not whether the state is there: what others wrote while a batch was decided may have been taken in since.
        """
        try:
            return await self._event_store.head() == position
        except Exception as error:  # noqa: BLE001 - handed to those who wrote nothing; what was written is
            logger.warning("whether others have written cannot be told now: %s", error)
            self._behind = True
            return error

    def _answer(self, sent: Sent, result: Decision[StateT] | Outcome | BaseException) -> None:
        """Answer a command that wrote nothing."""
        if isinstance(result, BaseException):
            sent.fail(result)
        elif isinstance(result, Outcome):
            sent.succeed(result)
        else:
            failures = self._performed(sent, result, ())
            outcome = Outcome(sent.question.correlation_id, rejection=result.rejection, failures=failures)
            sent.succeed(outcome, result.said)

    async def _decide(self, batch: list[Sent]) -> Decided[StateT]:
        """Decide each command on the committed state and what the batch adds to it."""
        decided = Decided(self.state)
        keys: set[str] = set()
        for sent in batch:
            key = sent.question.key
            if key is not None and key in keys:
                decided.again.add(sent)  # its twin is in this batch, and must be durable first
                continue
            if key is not None and (repeated := await self._repeated(sent.question)) is not None:
                decided.repeated[sent] = repeated
                continue
            try:
                result = sent.question.decide(self._reducer, decided.state)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 - a faulty reducer harms the command it fails on, and no other
                decided.refused[sent] = error
                continue
            if result.append is None:
                decided.refused[sent] = result
            elif not decided.may_follow(result.append):
                decided.again.add(sent)
            else:
                decided.state = result.state
                decided.writing[sent] = result, result.append
                if key is not None:
                    keys.add(key)
        return decided

    async def _append(self, appends: Sequence[AppendEvents]) -> list[Appended | Exception]:
        """Append in one transaction; if that fails as a whole, one by one, so that none fails for another.

        Trying again is safe as long as the log has not grown: else the failure may have been of the answer alone.
        """
        if not appends:
            return []
        try:
            return list(await self._event_store.append_many(appends))
        except Exception as error:  # noqa: BLE001 - handed to the command's sender
            # Of what was not reached nothing is asked: that would take the patience of the senders once more.
            once = len(appends) == 1 or isinstance(error, Unreachable)
            if once or await self._event_store.head() != self.position:
                logger.warning("commands that could not be written: %d (%s)", len(appends), error)
                return [error] * len(appends)
        return [answer for append in appends for answer in await self._append([append])]

    async def _commit(self, decided: Decided[StateT], answers: Sequence[Appended | Exception]) -> None:
        """Show the new state, the one decided on if the log is exactly that, else the log's own; and tell followers."""
        places = [place for answer in answers if is_written(answer) for place in answer.positions]
        position = self.position + len(places)
        try:
            if unreached := [answer for answer in answers if isinstance(answer, Unreachable)]:
                self._behind, self.trouble = True, unreached[0]
            elif not all(map(is_written, answers)):
                await self.take_in()
            elif places != list(range(self.position + 1, position + 1)):
                await self.take_in(max(places))
            elif places:
                self.state, self.position = decided.state, position
                await self._broadcast.publish(position, self._committed(decided, answers))
        except Exception as error:  # noqa: BLE001 - what is durable is answered so; the state follows before the next
            logger.warning("the log may have grown, and cannot be read now: %s", error)
            self._behind = True

    def _committed(
        self, decided: Decided[StateT], answers: Sequence[Appended | Exception]
    ) -> list[RecordedEvent] | None:
        """Return a batch's events as they would be read from the log; None if its answers do not hold the rows."""
        if not self._broadcast.followed:
            return None
        recorded = []
        for append, answer in zip(decided.appends, answers, strict=True):
            assert isinstance(answer, Appended)
            if len(answer.rows) != len(append.events):
                return None
            recorded += [recorded_event(row, new) for row, new in zip(answer.rows, append.events, strict=True)]
        return recorded

    def _settle(
        self,
        sent: Sent,
        decision: Decision[StateT],
        append: AppendEvents,
        answer: Appended | Exception,
        again: set[Sent],
    ) -> None:
        """Answer a command that was to write something, or have it decided again."""
        if is_written(answer):
            self._succeed(sent, decision, append, answer)
        elif self._may_decide_again(sent, answer):
            again.add(sent)
        else:
            sent.fail(answer if isinstance(answer, Exception) else OrderlabError(f"{sent.question.key} is taken"))

    def _succeed(self, sent: Sent, decision: Decision[StateT], append: AppendEvents, answer: Appended) -> None:
        question, count = sent.question, len(append.events)
        versions = tuple(range(answer.version - count + 1, answer.version + 1))
        if question.key is not None:
            self.keys.remember(append.stream_id, versions, note_of(question.key, question.command))
        events = tuple(new.event for new in append.events)
        outcome = Outcome(
            question.correlation_id,
            events,
            None,
            append.stream_id,
            versions,
            answer.positions,
            failures=self._performed(sent, decision, answer.rows),
        )
        sent.succeed(outcome, decision.said)

    @staticmethod
    def _may_decide_again(sent: Sent, answer: Appended | Exception) -> bool:
        """Tell whether someone else wrote first in a way that a decision on the newer state may mend."""
        sent.rounds += 1
        if isinstance(answer, VersionConflict):
            return sent.question.expected_version is None and sent.rounds < _ROUNDS
        # Its key has caused events elsewhere: they answer it once they are taken in.
        return isinstance(answer, Appended | EventIdReused) and sent.rounds < _ROUNDS

    async def _repeated(self, question: Question) -> Outcome | Exception | None:
        """Answer a retry from the log, also with why that cannot be; None for a key that has caused nothing."""
        assert question.key is not None
        try:
            if not self.keys.caused_by(question.key, question.command):
                return None
            recorded = await self.keys.events_of(question.key, self._event_store)
        except Exception as error:  # noqa: BLE001 - handed to the command's sender
            return error
        return Outcome(
            recorded[0].correlation_id or question.correlation_id,
            tuple(each.event for each in recorded),
            None,
            recorded[0].stream_id,
            tuple(each.version for each in recorded),
            tuple(each.position for each in recorded),
            repeated=True,
        )
