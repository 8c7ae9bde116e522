"""What every event store must do, as tests that ship with the package: put your own through them.

Give the contract a way to open a fresh, empty event store, and a test runner finds the rest:

    from orderlab.eventstore.contract import event_store_contract

    TestMyEventStore = event_store_contract(MyEventStore)

`MyEventStore(codec=…, clock=…, ids=…)` must return an async context manager, as the event stores here do; a function
made by `contextlib.asynccontextmanager` serves as well. For one that needs a fixture, subclass `EventStoreContract`
and override `open_event_store`. An event store whose log outlives it is also opened again: give
`reopen_event_store`, or subclass `DurableEventStoreContract`.

The tests need no test runner: `violations` runs them all and says which fail. Each is named by the rule that it
checks, and its docstring says what goes wrong without that rule.

- `appending`: versions, positions, and what a writer may expect.
- `batches`: many appends in one transaction.
- `retries`: the same events sent again.
- `racing`: several writers, readers, and writers who give up.
- `reading`: by stream, by position, by column.
- `following`: subscriptions, and waiting until there is more.
- `keeping`: what is read is what was written.
- `closing`: the end, and opening again.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract.appending import Appending
from orderlab.eventstore.contract.batches import Batches
from orderlab.eventstore.contract.closing import Closing, Durability
from orderlab.eventstore.contract.following import Following
from orderlab.eventstore.contract.keeping import Keeping
from orderlab.eventstore.contract.kit import (
    CONTRACT_CODEC,
    ContractCase,
    Gathered,
    Noted,
    OpenEventStore,
    ReopenEventStore,
)
from orderlab.eventstore.contract.racing import Racing
from orderlab.eventstore.contract.reading import Reading
from orderlab.eventstore.contract.retries import Retries

__all__ = [
    "CONTRACT_CODEC",
    "DurableEventStoreContract",
    "EventStoreContract",
    "Gathered",
    "Noted",
    "OpenEventStore",
    "ReopenEventStore",
    "event_store_contract",
    "violations",
]


class EventStoreContract(Appending, Batches, Retries, Racing, Reading, Following, Keeping, Closing):
    """The rules that hold for every event store; override `open_event_store`."""


class DurableEventStoreContract(EventStoreContract, Durability):
    """The same, and those for a log that outlives its event store; override `reopen_event_store` too."""


def event_store_contract(
    open_event_store: OpenEventStore, *, reopen_event_store: ReopenEventStore | None = None
) -> type[EventStoreContract]:
    """Return the contract as a class of tests for one kind of event store.

    Args:
        open_event_store: Called with `codec`, `clock` and `ids`, returns an async context manager that gives a
            fresh, empty event store opened with these.
        reopen_event_store: Called with a closed event store and `codec`, `clock` and `ids`, returns an async context
            manager that gives a new one over the same log. None for a log that ends with its event store.

    >>> from orderlab.eventstore.memory import InMemoryEventStore
    >>> TestInMemoryEventStore = event_store_contract(InMemoryEventStore)
    >>> TestInMemoryEventStore().test_versions_count_from_one_in_each_stream()
    """

    class _Contract(EventStoreContract):
        def open_event_store(
            self, *, codec: Codec, clock: Clock, ids: IdGenerator
        ) -> AbstractAsyncContextManager[EventStore, bool | None]:
            return open_event_store(codec=codec, clock=clock, ids=ids)

    if reopen_event_store is None:
        return _Contract
    reopen = reopen_event_store

    class _DurableContract(_Contract, DurableEventStoreContract):
        def reopen_event_store(
            self, closed: Any, *, codec: Codec, clock: Clock, ids: IdGenerator
        ) -> AbstractAsyncContextManager[EventStore, bool | None]:
            return reopen(closed, codec=codec, clock=clock, ids=ids)

    return _DurableContract


def violations(contract: type[ContractCase]) -> dict[str, Exception]:
    """Run every test of a contract and return the errors of those that failed, by the test's name.

    To be called where no event loop runs; in a notebook, `await asyncio.to_thread(violations, contract)`.

    >>> from orderlab.eventstore.memory import InMemoryEventStore
    >>> violations(event_store_contract(InMemoryEventStore))
    {}
    """
    found: dict[str, Exception] = {}
    for name in dir(contract):
        if name.startswith("test_"):
            try:
                getattr(contract(), name)()
            except Exception as error:  # noqa: BLE001 - a broken event store may fail in any way; all of them count
                found[name] = error
    return found
