"""Run a reducer: decide, append, and only then show the new state.

    send -> queue -> committed batch by batch (see `committing`) -> answer
                                     |-> who follows committed events (see `broadcast`)
                                     |-> delays, which send again later (see `delays`)

One task does all of it; whatever waits meanwhile is the next batch. A state is committed only when its events are
durable, so no reader ever sees an order that could still be lost.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from orderlab.batch import Sent
from orderlab.broadcast import BUFFER, Broadcast, Observer, Subscription
from orderlab.committing import Committer
from orderlab.conversation import Conversation
from orderlab.core.decider import Decider, Reducer
from orderlab.core.effects import Delay
from orderlab.core.environment import Environment
from orderlab.core.errors import OrderlabError
from orderlab.core.log import StoredEvent
from orderlab.deciding import Decision, Question
from orderlab.delays import Delays
from orderlab.drawing import tables
from orderlab.eventstore.base import EventStore
from orderlab.following import Follower, Look
from orderlab.outcome import Outcome

StateT = TypeVar("StateT")

logger = logging.getLogger(__name__)

_WAITING = 10_000
"""Commands that may wait; whoever sends more waits for room."""

_BATCH = 1_024
"""Commands decided together at the most."""


class StoreClosed(OrderlabError):
    """The store is closing, or was never opened, and takes no command."""


class Store(Generic[StateT]):
    """Hold the state of a domain, and change it only by events that are durable.

    Works for any reducer; use it with `async with`, which replays the log first and drains the commands at the end.
    A state that no event carries is not kept: a reducer changes the world through `AppendEvents` alone. What others
    write to the same log is taken in as it comes.

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
        self._env = env
        self._event_store = event_store
        self._broadcast = Broadcast(event_store)
        self._committer = Committer(reducer, initial_state, event_store, self._broadcast, self._performed)
        self._queue: asyncio.Queue[Sent | Look | None] = asyncio.Queue()
        self._follower = Follower(event_store, self._committer, self._queue.put_nowait)
        self._room = asyncio.Semaphore(_WAITING)
        self._delays: Delays | None = None
        self._worker: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def reducer(self) -> Reducer[StateT]:
        """What decides."""
        return self._reducer

    @property
    def state(self) -> StateT:
        """The committed state: everything in it is durable."""
        return self._committer.state

    @property
    def position(self) -> int:
        """The position of the last event that `state` shows."""
        return self._committer.position

    @property
    def is_full(self) -> bool:
        """Whether so many commands wait that the next sender will have to wait for room."""
        return self._room.locked()

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
        sent = self._sent(command, expected_version, correlation_id, idempotency_key, at)
        await self._accept(sent)
        return await sent.answer

    async def send_and_wait_for(
        self,
        command: Any,
        predicate: Callable[[Any], bool],
        timeout: float | timedelta | None = None,  # noqa: ASYNC109 - named by the contract
        *,
        expected_version: int | None = None,
        correlation_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Send a command, and return the first action caused by it that matches; another sender's never does.

        Args:
            command: The command.
            predicate: Given each action that this send leads to (events, a rejection, and those of its delays), tells
                whether it is the one.
            timeout: How long to wait, in seconds of real time or as a timedelta; None for as long as one can come.
            expected_version: As for `send`.
            correlation_id: As for `send`.
            idempotency_key: As for `send`.

        Raises:
            NoMatchingAction: Nothing matched, and nothing more can come; it carries what did.
            TimeoutError: The time is over. The command is not called off, unless it was still waiting for room.
            Exception: What `send` raises.
        """
        sent = self._sent(command, expected_version, correlation_id, idempotency_key, None)
        sent.conversation = conversation = Conversation()
        conversation.begin()
        sent.answer.add_done_callback(_retrieve)  # the conversation says how it failed
        async with asyncio.timeout(timeout.total_seconds() if isinstance(timeout, timedelta) else timeout):
            await self._accept(sent)
            return await conversation.first(predicate)

    def subscribe_actions(self, after: int | None = None, *, buffer: int = BUFFER) -> Subscription:
        """Iterate over committed events in position order, as they are in the log, until the store closes.

        Nobody waits for a subscriber: one who falls behind by more than the buffer gets `Lagged`, and can go on from
        where it was without a gap.

        Args:
            after: Begin with what was committed after this position, and go on live; None for live alone.
            buffer: How many events may wait for this subscriber.
        """
        self._require_open()
        live = after is None
        return Subscription(self._broadcast, self.position if after is None else after, live=live, buffer=buffer)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Have `observer` called at each commit with its events, before any sender is answered; return what ends that.

        For read models that must show what a sender was told. It begins with what `state` does not show yet. It runs
        in the store's own task, so it must be quick; an error in it is logged and harms nobody else.
        """
        self._require_open()
        return self._broadcast.observe(observer, self.position)

    def remembers(self, idempotency_key: str, command: Any) -> bool:
        """Tell whether a key has caused events already; the next `send` with it would change nothing.

        Raises:
            IdempotencyKeyReused: The key was used for another command.
        """
        return self._committer.keys.caused_by(idempotency_key, command)

    async def catch_up(self) -> None:
        """Wait until the state shows everything that is in the log when this is called, whoever wrote it.

        For reading `state` after another process has said that something is done. In between that is not needed: what
        others write is taken in as it comes.

        Raises:
            StoreClosed: The store is closed, or was never opened, and does not show all of the log.
            EventStoreError: The log cannot be read now.
        """
        await self._follower.catch_up(self._require_open)

    async def close(self) -> None:
        """Answer what was accepted, and refuse what comes after."""
        if self._worker is None:
            return
        if not self._closing:
            self._closing = True
            self._queue.put_nowait(None)
        assert self._following is not None
        # Shielded, because who gives up waiting for the end calls nothing off.
        await asyncio.shield(asyncio.gather(self._worker, self._following, return_exceptions=True))

    async def __aenter__(self) -> Self:
        if self._worker is not None:
            raise StoreClosed(f"{self!r} was opened before: make a new one, it finds its state in the log")
        await self._committer.take_in()
        self._delays = Delays(self._env.clock)
        self._worker = asyncio.create_task(self._run(), name="orderlab store")
        self._following = asyncio.create_task(self._follower.follow(), name="orderlab store, following the log")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Store at position {self.position}: {self.state!r}>"

    def _repr_html_(self) -> str:
        try:
            shown: Any = self.state._repr_html_()  # type: ignore[attr-defined] # or else it has none
        except Exception:  # noqa: BLE001 - a notebook shows this instead of the user's result
            shown = None
        return tables.fields({"store at position": self.position}) + (shown if isinstance(shown, str) else "")

    # The pipeline.

    def _require_open(self) -> None:
        if self._worker is None or self._closing or self._worker.get_loop() is not asyncio.get_running_loop():
            raise StoreClosed(f"{self!r} takes no commands: use it inside `async with`")

    def _sent(
        self,
        command: Any,
        expected_version: int | None,
        correlation_id: str | None,
        idempotency_key: str | None,
        at: datetime | None,
    ) -> Sent:
        self._require_open()
        correlation_id = correlation_id or str(self._env.ids.new_uuid())
        question = Question(command, self._env, correlation_id, expected_version, idempotency_key, at)
        return Sent(question, asyncio.get_running_loop().create_future())

    async def _accept(self, sent: Sent) -> None:
        """Put a command in the queue, as soon as there is room."""
        await self._room.acquire()
        if self._closing:  # it closed while this waited for room
            self._room.release()
            self._require_open()
        self._queue.put_nowait(sent)

    async def _run(self) -> None:
        try:
            await self._work()
        finally:  # also if something ends the worker that should not: nobody waits for what will not come
            self._closing = True
            assert self._following is not None
            assert self._delays is not None
            self._following.cancel()
            if dropped := self._delays.drop():
                logger.info("closed before their time had come: %d delayed actions", dropped)
            self._broadcast.close()
            while not self._queue.empty():
                each = self._queue.get_nowait()
                if isinstance(each, Sent):
                    if each.from_outside:
                        self._room.release()  # who waits for it sees that the store is closed
                    each.fail(StoreClosed(f"{self!r} was closed before the command was decided"))
                elif each is not None:
                    each.end()  # who waited for it sees that the store is closed

    async def _work(self) -> None:
        closing = False
        while not closing:
            batch = [await self._queue.get()]
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            closing = None in batch
            commands = [each for each in batch if isinstance(each, Sent)]
            for sent in commands:
                if sent.from_outside:
                    self._room.release()
            looks = [each for each in batch if isinstance(each, Look)]
            trouble = await self._look([look for look in looks if look.urgent])
            if trouble is None:
                await self._committer.handle(commands)
            else:  # to ask a log again that cannot be reached takes as long again
                self._committer.fail(commands, trouble)
            await self._look([look for look in looks if not look.begun])

    async def _look(self, looks: Sequence[Look]) -> Exception | None:
        """Take in what others wrote; return what keeps it from being taken in."""
        trouble = None
        try:
            for look in looks:
                await self._committer.take_in(look.begin())
        except Exception as error:  # noqa: BLE001 - handed to those who asked for the look, and to those who sent
            trouble = error
        finally:
            for look in looks:
                look.end(trouble)
        return trouble

    # What is to happen later.

    def _performed(self, sent: Sent, decision: Decision[Any], rows: Sequence[StoredEvent]) -> tuple[str, ...]:
        """Begin the delays that a command asked for, now that it is done; return why some could not be begun."""
        cause = str(rows[-1].event_id) if rows else sent.question.cause
        begun = [self._begin(delay, sent, cause) for delay in decision.delays]
        return tuple(failure for failure in begun if failure is not None)

    def _begin(self, delay: Delay, sent: Sent, cause: str | None) -> str | None:
        question, conversation = sent.question, sent.conversation
        loop = asyncio.get_running_loop()  # a test clock may also be moved while it does not run
        assert self._delays is not None

        def due(at: datetime | None) -> None:
            later = Question(delay.action, self._env, question.correlation_id, at=at, cause=cause)
            answer: asyncio.Future[Outcome] = loop.create_future()
            answer.add_done_callback(_report)
            self._queue.put_nowait(Sent(later, answer, conversation, from_outside=False))

        dropped = conversation.end if conversation is not None else _nothing
        if conversation is not None:
            conversation.begin()
        try:
            self._delays.add(delay.seconds, question.at or self._env.clock.now(), due, dropped)
        except Exception as error:  # the clock's; what the command itself did is durable all the same
            logger.exception("%r cannot be waited for", delay)
            if conversation is not None:
                conversation.end(failure=error)
            return f"{delay!r} cannot be waited for: {error!r}"
        return None


def _retrieve(answer: "asyncio.Future[Outcome]") -> None:
    if not answer.cancelled():
        answer.exception()


def _report(answer: "asyncio.Future[Outcome]") -> None:
    """Log what became of a delayed action that nobody may be waiting for."""
    if answer.cancelled():
        return
    if (error := answer.exception()) is not None:
        logger.error("a delayed action failed: %s", error, exc_info=error)
    elif (rejection := answer.result().rejection) is not None:
        logger.info("a delayed action was refused: %r", rejection)


def _nothing() -> None:
    """Tell nobody."""
