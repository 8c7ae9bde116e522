"""Do a script of operations on a fresh event store, also from a cell of a notebook, where an event loop runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable, signature
from typing import Any, TypeVar

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Effect, Emit
from orderlab.core.environment import Environment, FixedClock, SeededIds
from orderlab.core.log import RecordedEvent
from orderlab.drawing.tables import AsTable
from orderlab.exploration.differing.operations import Operation, ReadAll, Reopen
from orderlab.exploration.differing.storeanswers import Read, Refused, Reopened, StoreAnswer, refused
from orderlab.exploration.playing import AT
from orderlab.orders.codec import ORDER_CODEC

T = TypeVar("T")

OpenEventStore = Callable[..., Any]
"""Opens a fresh event store: its class, or a function; one whose `reopen(closed)` opens a log again may have one."""

PATIENCE_SECONDS = 5.0
"""How long an operation may take; what takes longer is an answer that never comes."""


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread of its own, because this one may have an event loop that runs already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


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
        read = await session.do(ReadAll())
    return answers[-1], tuple(map(_line, read.events)) if isinstance(read, Read) else ()


def _line(recorded: RecordedEvent) -> str:
    what = getattr(recorded.event, "reason", recorded.event_type)
    return f"{recorded.position}: {recorded.stream_id} v{recorded.version}, {what}, {recorded.recorded_at:%F %T}"


@dataclass(slots=True, eq=False)
class Session:
    """An open event store to which a script is done, operation by operation."""

    event_store: Any
    open_event_store: OpenEventStore
    stack: AsyncExitStack

    @classmethod
    @asynccontextmanager
    async def on(cls, open_event_store: OpenEventStore) -> AsyncIterator["Session"]:
        """Open a fresh event store, and close at the end what it has become."""
        async with AsyncExitStack() as stack:
            session = cls(await opened(stack, open_event_store), open_event_store, stack)
            try:
                yield session
            finally:
                await session.event_store.close()

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
            return Refused("an answer that never comes")
        except Exception as error:  # noqa: BLE001 - whatever a faulty event store raises is what it answers
            return refused(error)


async def opened(stack: AsyncExitStack, open_event_store: Any, *closed: Any) -> Any:
    """Open an event store with the options that the opener takes, so that nothing in its log is left to chance.

    Raises:
        TypeError: What is opened is no event store, or cannot be opened like this.
        ValueError: It is not empty, though none was given to open again.
    """
    options = {"codec": ORDER_CODEC, "clock": FixedClock(AT), "ids": SeededIds(1)}
    name = name_of(open_event_store)
    try:
        taken = signature(open_event_store).parameters
        event_store = open_event_store(*closed, **{each: options[each] for each in options if each in taken})
        event_store = await event_store if isawaitable(event_store) else event_store
        if not callable(getattr(event_store, "append_events", None)) and hasattr(event_store, "__aenter__"):
            event_store = await stack.enter_async_context(event_store)
    except TypeError as error:
        raise TypeError(f"{name} must open a fresh event store when it is called, and raised: {error}") from error
    if not callable(getattr(event_store, "append_events", None)):
        raise TypeError(
            f"{name} must give an event store when it is called, such as InMemoryEventStore does, not {event_store!r}; "
            "to compare rules hand over deciders, such as replace(ORDERS, decide=…)"
        )
    if not closed and (head := await event_store.head()):
        await event_store.close()
        raise ValueError(f"{name} must open a fresh, empty event store each time, and this one has {head} events")
    return event_store


def reopener(open_event_store: Any) -> Any:
    """Return what opens a closed event store's log again; None if that cannot be done."""
    reopen = getattr(open_event_store, "reopen", None)
    return reopen if callable(reopen) else None


def name_of(value: Any) -> str:
    """Return what a function or a class is called."""
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else repr(value)
