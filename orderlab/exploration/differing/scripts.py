"""Do a script of operations on a fresh event store, also from a cell of a notebook, where an event loop runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Future, wait
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic
from typing import Any, TypeVar

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Effect, Emit
from orderlab.core.environment import Environment
from orderlab.core.log import RecordedEvent
from orderlab.drawing.tables import AsTable
from orderlab.exploration.differing.opening import name_of, opened, reopener
from orderlab.exploration.differing.operations import Operation, ReadAll, Reopen
from orderlab.exploration.differing.storeanswers import Read, Refused, Reopened, StoreAnswer, refused

T = TypeVar("T")

OpenEventStore = Callable[..., Any]
"""Opens a fresh event store: its class, or a function; one whose `reopen(closed)` opens a log again may have one."""

PATIENCE_SECONDS = 3.0
"""How long an operation may take; what takes longer is an answer that never comes."""

HELD_UP_SECONDS = 8.0
"""How long an operation may hold up everything else, by waiting without `await`."""

_BEAT_SECONDS = 0.2


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread of its own, because this one may have an event loop that runs already.

    Raises:
        TimeoutError: It holds up its event loop, so that it cannot be ended, only left alone.
    """
    ended: Future[T] = Future()
    beats = [monotonic()]

    async def watched() -> T:
        beating = asyncio.create_task(beat())
        try:
            return await work
        finally:
            beating.cancel()

    async def beat() -> None:
        while True:
            beats[0] = monotonic()
            await asyncio.sleep(_BEAT_SECONDS)

    def run() -> None:
        try:
            ended.set_result(asyncio.run(watched()))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            ended.set_exception(error)

    Thread(target=run, daemon=True).start()
    while not wait([ended], _BEAT_SECONDS).done:
        if monotonic() - beats[0] > HELD_UP_SECONDS + _BEAT_SECONDS:
            raise TimeoutError(
                f"an operation on the event store takes more than {HELD_UP_SECONDS:g} s without await, and so nothing "
                "else can go on: let it await what it waits for"
            )
    return ended.result()


@dataclass(frozen=True, slots=True)
class LogState(AsTable):
    """A log as a state: a line for each of its events, and the operations that made it."""

    log: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        return f"<LogState of {len(self.log)} events>"


class EventStoreReducer:
    """An event store seen as a reducer, so that a script of operations is a trace: its commands are the operations.

    Args:
        open_event_store: Opens a fresh event store; each step does its whole script again on one of its own.
    """

    def __init__(self, open_event_store: OpenEventStore) -> None:
        self.open_event_store = open_event_store

    def __repr__(self) -> str:
        return f"<EventStoreReducer of {name_of(self.open_event_store)}>"

    def initial_state(self) -> LogState:
        """Return the empty log."""
        return LogState()

    def reduce(self, state: LogState, action: Any, env: Environment) -> Step[LogState]:
        """Return the log after an operation; what was answered stands where a domain's events or rejection would."""
        script = (*state.operations, action)
        answer, log = run_apart(_done(self.open_event_store, script))
        said: Effect = Emit(answer) if isinstance(answer, Refused) else AppendEvents("answers", (answer,))
        return Step(LogState(log, script), (said,))


async def _done(open_event_store: OpenEventStore, script: Sequence[Operation]) -> tuple[StoreAnswer, tuple[str, ...]]:
    """Do a script on a fresh event store, and return the last answer and the log after it."""
    async with Session.on(open_event_store) as session:
        answers = [await session.do(each) for each in script]
        read = Read(()) if session.is_silent else await session.do(ReadAll())
    return answers[-1], tuple(map(_line, read.events)) if isinstance(read, Read) else ()


def _line(recorded: RecordedEvent) -> str:
    what = getattr(recorded.event, "reason", recorded.event_type)
    return f"{recorded.position}: {recorded.stream_id} v{recorded.version}, {what}, {recorded.recorded_at:%F %T}"


@dataclass(slots=True, eq=False)
class Session:
    """An open event store to which a script is done, operation by operation.

    Attributes:
        is_silent: Whether it has not answered an operation, so that more would only be waited for as well.
    """

    event_store: Any
    open_event_store: OpenEventStore
    stack: AsyncExitStack
    is_silent: bool = False

    @classmethod
    @asynccontextmanager
    async def on(cls, open_event_store: OpenEventStore) -> AsyncIterator["Session"]:
        """Open a fresh event store, and close at the end what it has become."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    event_store = await opened(stack, open_event_store)
            except TimeoutError:
                raise TimeoutError(
                    f"{name_of(open_event_store)} did not open an event store within {PATIENCE_SECONDS:g} s"
                ) from None
            session = cls(event_store, open_event_store, stack)
            try:
                yield session
            finally:
                await session.close()

    async def close(self) -> None:
        """Close the event store, without waiting for long.

        Raises:
            TimeoutError: It does not end, though it has answered everything.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.event_store.close()
        except TimeoutError:
            if not self.is_silent:  # else it is known, and told already
                raise TimeoutError(
                    f"the event store of {name_of(self.open_event_store)} did not close within {PATIENCE_SECONDS:g} s"
                ) from None

    async def do(self, operation: Operation) -> StoreAnswer:
        """Do an operation, and return what it answers; an error is an answer too."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if isinstance(operation, Reopen):
                    await self.event_store.close()
                    self.event_store = await opened(self.stack, reopener(self.open_event_store), self.event_store)
                    return Reopened()
                return await operation.on(self.event_store)
        except TimeoutError:
            self.is_silent = True
            return Refused("an answer that never comes")
        except Exception as error:  # noqa: BLE001 - whatever a faulty event store raises is what it answers
            return refused(error)
