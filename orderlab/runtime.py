"""Run a reducer: decide, append, and only then show the new state.

    send -> queue -> decide a batch on the committed state -> append it -> commit the state -> answer

One task does all of it, batch by batch; whatever waits meanwhile is the next batch. A state is committed only when
its events are durable, so no reader ever sees an order that could still be lost. The live half of the runtime
(subscribers, waiting for an answer, delays) hangs on the one place where events are committed, `_commit`.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, Self, TypeGuard, TypeVar

from orderlab.core.decider import Decider, Reducer
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import Environment
from orderlab.core.errors import EventIdReused, OrderlabError, VersionConflict
from orderlab.core.log import Appended
from orderlab.deciding import Question
from orderlab.drawing import tables
from orderlab.eventstore.base import EventStore
from orderlab.idempotency import RememberedKeys, note_of
from orderlab.outcome import Outcome
from orderlab.replay import replay

StateT = TypeVar("StateT")

logger = logging.getLogger(__name__)

_WAITING = 10_000
"""Commands that may wait; whoever sends more waits for room."""

_BATCH = 1_024
"""Commands decided together at the most."""

_ROUNDS = 8
"""How often a command is decided when another process keeps writing first."""


class StoreClosed(OrderlabError):
    """The store is closing, or was never opened, and takes no command."""


@dataclass(slots=True, eq=False)
class _Sent:
    """A command on its way through the store, and the sender who waits for it.

    `rounds` counts how often it was decided on a state that others had moved on from.
    """

    question: Question
    answer: "asyncio.Future[Outcome]"
    rounds: int = 0

    def succeed(self, outcome: Outcome) -> None:
        if not self.answer.done():  # else its sender has given up waiting
            self.answer.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        if not isinstance(error, Exception) or isinstance(error, StopIteration):  # which a future cannot carry
            error = OrderlabError(f"{self.question.command!r} was ended by {error!r}")
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(slots=True)
class _Decided(Generic[StateT]):
    """What came of a batch: the state if all of it is written, and what each command led to."""

    state: StateT
    writing: list[tuple[_Sent, AppendEvents]] = field(default_factory=list)
    answered: list[tuple[_Sent, Outcome | BaseException]] = field(default_factory=list)
    again: set[_Sent] = field(default_factory=set)

    def may_follow(self, append: AppendEvents) -> bool:
        """Tell whether an append may be in this batch: an unchecked one must not build on what may not be written."""
        return append.expected_version is not None or all(
            append.stream_id != each.stream_id for _, each in self.writing
        )


class Store(Generic[StateT]):
    """Hold the state of a domain, and change it only by events that are durable.

    Works for any reducer; use it with `async with`, which replays the log first and drains the commands at the end.
    A state that no event carries is not kept: a reducer changes the world through `AppendEvents` alone.

    Args:
        reducer: What decides; `OrderReducer()`, or one of your own.
        initial_state: The state before the first event.
        env: A dataclass with a `clock` and `ids`, and whatever else the reducer reads.
        event_store: Where the events go.
    """

    def __init__(
        self, reducer: Reducer[StateT], initial_state: StateT, env: Environment, event_store: EventStore
    ) -> None:
        if not callable(getattr(reducer, "reduce", None)):
            hint = "; lift it: DeciderReducer(decider)" if isinstance(reducer, Decider) else ""
            raise TypeError(f"reducer must have a method `reduce`, and {reducer!r} has none{hint}")
        self._reducer = reducer
        self._state = initial_state
        self._env = env
        self._event_store = event_store
        self._position = 0
        self._keys = RememberedKeys()
        self._behind = False
        self._queue: asyncio.Queue[_Sent | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(_WAITING)
        self._worker: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def state(self) -> StateT:
        """The committed state: everything in it is durable."""
        return self._state

    @property
    def position(self) -> int:
        """The position of the last event that `state` shows."""
        return self._position

    async def send(
        self,
        command: Any,
        *,
        expected_version: int | None = None,
        correlation_id: str | None = None,
        idempotency_key: str | None = None,
        at: datetime | None = None,
    ) -> Outcome:
        """Have a command decided, and return what became of it once that is durable.

        A caller who gives up waiting does not call the command off.

        Args:
            command: The command.
            expected_version: The version that the entity must be at.
            correlation_id: Marks every event that this leads to; drawn if None.
            idempotency_key: Makes a retry harmless: under one key a command causes its events once.
            at: Decide and record as of this instant, for imports and simulations; None for the clock's now.

        Raises:
            VersionConflict: The entity is not at `expected_version`, or others kept writing first.
            IdempotencyKeyReused: The key was used for another command.
            StoreClosed: The store takes no more commands.
            EventStoreError: The append failed, or its answer was lost; the state shows whatever is in the log. To be
                sure that it happens once, send it again under the same idempotency key.
        """
        self._require_open()
        correlation_id = correlation_id or str(self._env.ids.new_uuid())
        question = Question(command, self._env, correlation_id, expected_version, idempotency_key, at)
        sent = _Sent(question, asyncio.get_running_loop().create_future())
        await self._room.acquire()
        if self._closing:  # it closed while this waited for room
            self._room.release()
            self._require_open()
        self._queue.put_nowait(sent)
        return await sent.answer

    def remembers(self, idempotency_key: str, command: Any) -> bool:
        """Tell whether a key has caused events already; the next `send` with it would change nothing.

        Raises:
            IdempotencyKeyReused: The key was used for another command.
        """
        return self._keys.caused_by(idempotency_key, command)

    async def close(self) -> None:
        """Answer what was accepted, and refuse what comes after."""
        if self._worker is None:
            return
        if not self._closing:
            self._closing = True
            self._queue.put_nowait(None)
        await asyncio.shield(self._worker)  # who gives up waiting for the end calls nothing off

    async def __aenter__(self) -> Self:
        if self._worker is not None:
            raise StoreClosed(f"{self!r} was opened before: make a new one, it finds its state in the log")
        await self._take_in()
        self._worker = asyncio.create_task(self._run(), name="orderlab store")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Store at position {self._position}: {self._state!r}>"

    def _repr_html_(self) -> str:
        try:
            shown: Any = self._state._repr_html_()  # type: ignore[attr-defined] # or else it has none
        except Exception:  # noqa: BLE001 - a notebook shows this instead of the user's result
            shown = None
        return tables.fields({"store at position": self._position}) + (shown if isinstance(shown, str) else "")

    # The pipeline.

    def _require_open(self) -> None:
        if self._worker is None or self._closing or self._worker.get_loop() is not asyncio.get_running_loop():
            raise StoreClosed(f"{self!r} takes no commands: use it inside `async with`")

    async def _run(self) -> None:
        try:
            await self._work()
        finally:  # also if something ends the worker that should not: nobody waits for what will not come
            self._closing = True
            while not self._queue.empty():
                sent = self._queue.get_nowait()
                if sent is not None:
                    sent.fail(StoreClosed(f"{self!r} was closed before the command was decided"))

    async def _work(self) -> None:
        closing = False
        while not closing:
            batch = [await self._queue.get()]
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            commands = [sent for sent in batch if sent is not None]
            closing = len(commands) < len(batch)
            for _ in commands:
                self._room.release()
            await self._handle(commands)

    async def _handle(self, batch: list[_Sent]) -> None:
        """Answer every command of a batch, in as many rounds as others who write to the log make needed."""
        waiting = batch
        try:
            while waiting:
                waiting = await self._round(waiting)
                if waiting:
                    await self._take_in()
        except BaseException as error:
            logger.exception("commands failed: %d", len(waiting))
            self._behind = True
            for sent in waiting:
                sent.fail(error)
            if not isinstance(error, Exception):
                raise

    async def _round(self, batch: list[_Sent]) -> list[_Sent]:
        """Decide a batch, append it and commit; return the commands that a newer state must decide again."""
        if self._behind:
            await self._take_in()
        decided = await self._decide(batch)
        answers = await self._append([append for _, append in decided.writing])
        await self._commit(decided.state, answers)
        for (sent, append), answer in zip(decided.writing, answers, strict=True):
            if _is_written(answer):
                self._succeed(sent, append, answer)
            elif self._may_decide_again(sent, answer):
                decided.again.add(sent)
            else:
                sent.fail(answer if isinstance(answer, Exception) else OrderlabError(f"{sent.question.key} is taken"))
        all_written = all(map(_is_written, answers))
        current = not decided.answered or await self._event_store.head() == self._position
        for sent, outcome in decided.answered:
            if not all_written:  # its answer may come from events that then were not written
                decided.again.add(sent)
            elif not current and sent.rounds < _ROUNDS:  # or be refused for not knowing what others wrote
                sent.rounds += 1
                decided.again.add(sent)
            elif isinstance(outcome, BaseException):
                sent.fail(outcome)
            else:
                sent.succeed(outcome)
        return [sent for sent in batch if sent in decided.again]

    async def _decide(self, batch: list[_Sent]) -> _Decided[StateT]:
        """Decide each command on the committed state and what the batch adds to it."""
        decided = _Decided(self._state)
        keys: set[str] = set()
        for sent in batch:
            question = sent.question
            if question.key is not None and question.key in keys:
                decided.again.add(sent)  # its twin is in this batch, and must be durable first
                continue
            outcome: Outcome | BaseException
            try:
                if question.key is not None and self._keys.caused_by(question.key, question.command):
                    decided.answered.append((sent, await self._repeated(question)))
                    continue
                decision = question.decide(self._reducer, decided.state)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 - a faulty reducer harms the command it fails on, and no other
                outcome, behind = error, isinstance(error, VersionConflict) and error.expected > error.actual
            else:
                if decision.append is not None and not decided.may_follow(decision.append):
                    decided.again.add(sent)
                    continue
                if decision.append is not None:
                    decided.state = decision.state
                    decided.writing.append((sent, decision.append))
                    if question.key is not None:
                        keys.add(question.key)
                    continue
                outcome, behind = Outcome(question.correlation_id, rejection=decision.rejection), decision.behind
            if behind and not sent.rounds:
                sent.rounds += 1  # its sender may know of events that are not taken in yet
                decided.again.add(sent)
            else:
                decided.answered.append((sent, outcome))
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
            if len(appends) == 1 or await self._event_store.head() != self._position:
                logger.warning("commands that could not be written: %d (%s)", len(appends), error)
                return [error] * len(appends)
        return [answer for append in appends for answer in await self._append([append])]

    async def _commit(self, working: StateT, answers: Sequence[Appended | Exception]) -> None:
        """Show the new state: the one decided on if the log is exactly that, else the log's own."""
        positions = [place for answer in answers if _is_written(answer) for place in answer.positions]
        expected = list(range(self._position + 1, self._position + 1 + len(positions)))
        if positions == expected and all(map(_is_written, answers)):
            self._state, self._position = working, self._position + len(positions)
            return
        try:
            await self._take_in()
        except Exception as error:  # noqa: BLE001 - what is durable is answered so; the state follows before the next
            logger.warning("the log may have grown, and cannot be read now: %s", error)
            self._behind = True

    async def _take_in(self) -> None:
        """Bring the state up to the end of the log, whoever wrote it."""
        head = await self._event_store.head()
        if head > self._position:
            await self._keys.read(self._event_store, after=self._position, until=head)
            self._state = await replay(self._reducer, self._state, self._event_store, after=self._position, until=head)
            self._position = head
        self._behind = False

    def _succeed(self, sent: _Sent, append: AppendEvents, answer: Appended) -> None:
        question, count = sent.question, len(append.events)
        versions = tuple(range(answer.version - count + 1, answer.version + 1))
        if question.key is not None:
            self._keys.remember(append.stream_id, versions, note_of(question.key, question.command))
        events = tuple(new.event for new in append.events)
        sent.succeed(Outcome(question.correlation_id, events, None, append.stream_id, versions, answer.positions))

    @staticmethod
    def _may_decide_again(sent: _Sent, answer: Appended | Exception) -> bool:
        """Tell whether someone else wrote first in a way that a decision on the newer state may mend."""
        sent.rounds += 1
        if isinstance(answer, VersionConflict):
            return sent.question.expected_version is None and sent.rounds < _ROUNDS
        # Its key has caused events elsewhere: they answer it once they are taken in.
        return isinstance(answer, Appended | EventIdReused) and sent.rounds < _ROUNDS

    async def _repeated(self, question: Question) -> Outcome:
        """Answer a retry from the log."""
        assert question.key is not None
        recorded = await self._keys.events_of(question.key, self._event_store)
        return Outcome(
            recorded[0].correlation_id or question.correlation_id,
            tuple(each.event for each in recorded),
            None,
            recorded[0].stream_id,
            tuple(each.version for each in recorded),
            tuple(each.position for each in recorded),
            repeated=True,
        )


def _is_written(answer: Appended | Exception) -> TypeGuard[Appended]:
    return isinstance(answer, Appended) and not answer.repeated
