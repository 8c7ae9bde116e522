"""Stores of accounts over a log that others write to as well, and a reducer that asks for things to happen later."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from accounts import ACCOUNT_CODEC, ACCOUNTS, Account, AccountEnvironment, Accounts

from orderlab.core.decider import DeciderReducer, Step
from orderlab.core.effects import AppendEvents, Delay
from orderlab.core.environment import Clock, Environment, SeededIds, TestClock
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore
from orderlab.runtime import Store

Later = Mapping[Any, Sequence[Delay]]


class AskingForDelays(DeciderReducer[Account, Accounts]):
    """The accounts; and some of the commands, refused or not, ask for something to happen later."""

    def __init__(self, later: Later) -> None:
        super().__init__(ACCOUNTS)
        self._later = later

    def reduce(self, state: Accounts, action: Any, env: Environment) -> Step[Accounts]:
        step = super().reduce(state, action, env)
        return Step(step.state, (*step.effects, *self._later.get(action, ())))


def log() -> InMemoryEventStore:
    return InMemoryEventStore(codec=ACCOUNT_CODEC, clock=TestClock(), ids=SeededIds(0))


def live_store(
    event_store: RowEventStore, *, later: Later | None = None, clock: Clock | None = None, seed: int = 1
) -> Store[Accounts]:
    reducer = AskingForDelays({} if later is None else later)
    env = AccountEnvironment(TestClock() if clock is None else clock, SeededIds(seed))
    return Store(reducer, reducer.initial_state(), env, event_store)


def balances(store: Store[Accounts]) -> dict[str, int]:
    return {key: account.balance_cents for key, account in store.state.entities.items()}


async def recorded_in(event_store: RowEventStore, *, after: int = 0) -> list[RecordedEvent]:
    return [recorded async for recorded in event_store.read_all(after=after)]


async def taken(subscription: AsyncIterator[RecordedEvent], count: int) -> list[RecordedEvent]:
    return [await anext(subscription) for _ in range(count)]


def positions_of(events: Sequence[RecordedEvent]) -> list[int]:
    return [recorded.position for recorded in events]


def failing(error: Exception, *, times: int, act: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of an event store that fails at first, and then works."""
    left = iter(range(times))

    def first_fail(*args: Any, **options: Any) -> Any:
        if next(left, None) is not None:
            raise error
        return act(*args, **options)

    return first_fail


class Gate:
    """Hold the appends of an event store until it is opened."""

    def __init__(self, event_store: RowEventStore) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()
        self._append = event_store.append_many

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Any]:
        self.reached.set()
        await self.opened.wait()
        return list(await self._append(appends))
