"""What the contract is written with: its events, a fresh event store for each test, and asserts that speak.

Nothing here needs a test runner. A test is a method that returns or raises, and its failing message says by itself
which rule was broken and how.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from orderlab.core.codec import Codec, JsonCodec
from orderlab.core.environment import Clock, IdGenerator, SeededIds, TestClock
from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import EventStore

T = TypeVar("T")
ErrorT = TypeVar("ErrorT", bound=BaseException)


@dataclass(frozen=True, slots=True)
class Noted:
    """An event of the contract: something was written down."""

    text: str
    number: int = 0


@dataclass(slots=True)
class Gathered:
    """An event that can be changed after it was made, as no event should: for finding out who shares it."""

    things: list[str]


@dataclass(frozen=True, slots=True)
class Unheard:
    """An event that the contract's codec does not know."""

    text: str = "nobody can write me down"


CONTRACT_CODEC = JsonCodec([Noted, Gathered])
"""The codec that the contract opens every event store with."""


class OpenEventStore(Protocol):
    """Open a fresh, empty event store, and let go of it at the end; the class itself often is one."""

    def __call__(
        self, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        """Return an async context manager that gives the event store."""
        ...


class ReopenEventStore(Protocol):
    """Open the log of an event store that was closed a moment ago."""

    def __call__(
        self, closed: Any, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        """Return an async context manager that gives a new event store over the log of the `closed` one."""
        ...


class ContractCase:
    """The ground that every part of the contract stands on: a way to open an event store.

    Attributes:
        patience_seconds: How long a test may take before it counts as failed; an event that never comes is
            noticed by this only.
    """

    patience_seconds = 60.0

    def open_event_store(
        self, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        """Return an async context manager that gives a fresh, empty event store; the one method to override."""
        raise NotImplementedError("override open_event_store, or make the tests with event_store_contract(...)")

    def fresh(
        self, *, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        """Open an event store with the contract's codec; time stands still and ids are drawn by seed 1."""
        return self.open_event_store(
            codec=CONTRACT_CODEC, clock=clock or TestClock(), ids=SeededIds(1) if ids is None else ids
        )


CaseT = TypeVar("CaseT", bound=ContractCase)


def in_event_loop(test: Callable[[CaseT], Coroutine[Any, Any, None]]) -> Callable[[CaseT], None]:
    """Make an ordinary test of a coroutine function, so that no plugin is needed to run it."""

    def run(self: CaseT) -> None:
        asyncio.run(_patiently(test(self), self.patience_seconds, test.__name__))

    return _named(run, test)


def scenario(test: Callable[[CaseT, EventStore], Coroutine[Any, Any, None]]) -> Callable[[CaseT], None]:
    """Make an ordinary test of a coroutine function that wants one fresh event store."""

    async def opened(self: CaseT) -> None:
        async with self.fresh() as event_store:
            await test(self, event_store)

    return in_event_loop(_named(opened, test))


def _named(made: Callable[[CaseT], T], test: Callable[..., object]) -> Callable[[CaseT], T]:
    # Not functools.wraps: a test runner would follow it to the coroutine function and its further argument.
    made.__name__, made.__qualname__, made.__doc__ = test.__name__, test.__qualname__, test.__doc__
    made.__module__ = test.__module__
    return made


async def _patiently(test: Coroutine[Any, Any, None], seconds: float, name: str) -> None:
    try:
        async with asyncio.timeout(seconds) as patience:
            await test
    except TimeoutError as error:
        if not patience.expired():
            raise  # the event store's own
        rule = f"{name} was not done after {seconds:g} s: something is awaited that never comes"
        raise AssertionError(rule) from error


def notes(numbers: Iterable[int]) -> list[Noted]:
    """Return an event for each number, so that what is read back can be told apart."""
    return [Noted(f"note {number}", number) for number in numbers]


def expect(found: object, wanted: object, rule: str) -> None:
    """Compare, and say the rule and the first difference where there is one."""
    if found != wanted:
        raise AssertionError(f"{rule}: {_difference(found, wanted)}")


async def refusal(attempt: Awaitable[object], kind: type[ErrorT], rule: str) -> ErrorT:
    """Await what must fail with `kind`, and return the error."""
    try:
        answer = await attempt
    except kind as error:
        return error
    except Exception as error:
        raise AssertionError(f"{rule}: it must raise {kind.__name__}, and raised {error!r}") from error
    raise AssertionError(f"{rule}: it must raise {kind.__name__}, and answered {answer!r}")


async def everything(event_store: EventStore) -> list[StoredEvent]:
    """Return the whole log as rows: every column that there is."""
    return [row async for row in rows(event_store)]


async def rows(event_store: EventStore, *, after: int = 0, until: int | None = None) -> AsyncIterator[StoredEvent]:
    """Iterate over a stretch of the log, put together from its columns."""
    async for columns in event_store.read_columns(*StoredEvent._fields, after=after, until=until):
        for row in zip(*(columns[name] for name in StoredEvent._fields), strict=True):
            yield StoredEvent(*row)


async def numbers_in(event_store: EventStore, stream_id: str) -> list[int]:
    """Return the numbers that a stream's notes carry, in its order."""
    return [recorded.event.number for recorded in await event_store.load_events(stream_id)]


async def followed(event_store: EventStore, *, after: int = 0, last: int | None = None) -> list[int]:
    """Subscribe, and return the positions that came, up to `last`; without it until the subscription ends."""
    positions: list[int] = []
    subscription = event_store.subscribe(after=after)
    try:
        async for recorded in subscription:
            positions.append(recorded.position)
            if last is not None and recorded.position >= last:
                break
    finally:
        await let_go(subscription)
    return positions


async def let_go(iterator: AsyncIterator[Any]) -> None:
    """Close an iterator that will not be read to its end, if it can be closed."""
    close = getattr(iterator, "aclose", None)
    if close is not None:
        await close()


async def turns(count: int) -> None:
    """Let everything else that is ready have its turn, so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


def _difference(found: object, wanted: object) -> str:
    if isinstance(found, list) and isinstance(wanted, list):
        for index, (one, other) in enumerate(zip(found, wanted, strict=False)):
            if one != other:
                return f"expected {_short(other)} at index {index}, found {_short(one)}"
        rest = f", beginning with {_short((found + wanted)[min(len(found), len(wanted))])}" if found or wanted else ""
        return f"expected {len(wanted)} of them, found {len(found)}{rest}"
    return f"expected {_short(wanted)}, found {_short(found)}"


def _short(value: object, most: int = 300) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}…"
