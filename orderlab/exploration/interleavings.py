"""Run all orders in which the steps of several writers can mix, on a real event store.

Each writer reads its stream, decides, and appends. Between a read and an append others may write; whether that is
noticed is what `expected_version` is for.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from datetime import datetime
from typing import Any

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.arguments import time
from orderlab.exploration.domain import reducer_of
from orderlab.exploration.playing import AT
from orderlab.exploration.schedules.batches import Batches
from orderlab.exploration.schedules.beginning import beginning_of
from orderlab.exploration.schedules.bothways import BothWays
from orderlab.exploration.schedules.found import Interleavings
from orderlab.exploration.schedules.mixing import STEPS, number_of_orders
from orderlab.exploration.schedules.opening import opened
from orderlab.exploration.schedules.running import Runner
from orderlab.exploration.schedules.schedule import Schedule
from orderlab.exploration.schedules.writer import writers_of
from orderlab.exploration.searching.bounds import whole
from orderlab.orders.decider import ORDERS
from orderlab.timeline.whatif.redeciding import in_utc

__all__ = ["MOST", "BothWays", "Interleavings", "Schedule", "both_ways", "interleavings"]

MOST = 1_680
"""So many schedules are run unless somebody allows more: those of three writers."""

Writers = Iterable[Any] | Mapping[str, Any]
"""A command each, or the names of writers with a command each."""


async def interleavings(
    writers: Writers,
    *,
    given: Iterable[Any] = (),
    domain: Decider[Any] | DeciderReducer[Any, Any] = ORDERS,
    event_store: Any = InMemoryEventStore,
    check_versions: bool = True,
    retry: bool = False,
    at: datetime = AT,
    most: int = MOST,
) -> Interleavings:
    """Run all orders in which the steps of several writers can mix, and tell what came of each.

    A schedule loses an update if an event was accepted that was decided without knowing of another one before it in
    its stream. That is told from the log, also where the two can follow one another.

    Args:
        writers: One command each; or names with a command each.
        given: What has happened before, as commands or events.
        domain: The domain, a decider or its reducer.
        event_store: What makes an event store, such as `InMemoryEventStore`; an open event store, which stays open; the
            path of a DuckDB file; or an address. Every schedule has streams of its own in it.
        check_versions: Expect each stream at the version that the writer had read. False expects nothing.
        retry: Whether a writer that is told of a conflict reads and decides again at once.
        at: When everything is decided, aware.
        most: How many schedules may be run: the number grows very quickly with that of the writers.

    Raises:
        TypeError: An argument is not what it should be; the text says which.
        ValueError: There are more schedules than `most`, or a given command is refused.
        EventStoreError: The event store cannot be opened, or failed; what else it raises is raised as it is.

    >>> import asyncio
    >>> from orderlab.orders.actions import CancelOrder, OrderPlaced, ShipOrder
    >>> placed = OrderPlaced("mug", "ada", (), 500, AT)
    >>> writers = [ShipOrder("mug", "TRACK-1"), CancelOrder("mug")]
    >>> found = asyncio.run(interleavings(writers, given=[placed], check_versions=False))
    >>> found.summary
    '18 of 20 schedules lose an update without expected versions'
    >>> print(found[1].verdict)
    B wrote OrderCancelled without knowing of OrderShipped of A. OrderCancelled cannot follow OrderShipped.
    """
    _require_truth("check_versions", check_versions)
    _require_truth("retry", retry)
    whole("most", most, 1)
    reducer = _reducer(domain, check_versions)
    when = in_utc("at", time("at", at))
    beginning = beginning_of(given, reducer, when)
    who = writers_of(writers, reducer.decider, beginning.events)
    number = number_of_orders(len(who))
    if number > most:
        raise ValueError(
            f"{len(who)} writers of {len(STEPS)} steps each can mix in {number:,} orders, more than the {most:,} that "
            f"are run: leave out a writer, or allow them by most={number:_}"
        )
    async with opened(event_store, reducer) as log:
        batches = Batches(Runner(log, reducer, when, retry), who, beginning)
        return Interleavings(who, tuple([each async for each in batches.schedules()]), check_versions, retry)


async def both_ways(
    writers: Writers,
    *,
    given: Iterable[Any] = (),
    domain: Decider[Any] | DeciderReducer[Any, Any] = ORDERS,
    event_store: Any = InMemoryEventStore,
    retry: bool = False,
    at: datetime = AT,
    most: int = MOST,
) -> BothWays:
    """Run the same writers without expected versions and with them.

    Args:
        writers: As of `interleavings`, like all the others.
        given: What has happened before.
        domain: The domain.
        event_store: Where; what makes one makes two, one after the other.
        retry: Whether a writer that is told of a conflict reads and decides again at once.
        at: When everything is decided.
        most: How many schedules may be run each time.
    """
    writers, given = _twice(writers), _twice(given)
    unchecked, checked = [
        await interleavings(
            writers,
            given=given,
            domain=domain,
            event_store=event_store,
            check_versions=check_versions,
            retry=retry,
            at=at,
            most=most,
        )
        for check_versions in (False, True)
    ]
    return BothWays(unchecked, checked)


def _twice(given: Any) -> Any:
    """Return what can be gone through twice; what cannot be gone through at all is refused where it is used."""
    return list(given) if isinstance(given, Iterator) else given


def _require_truth(name: str, given: Any) -> None:
    if not isinstance(given, bool):
        raise TypeError(f"{name} must be True or False, not {given!r}")


def _reducer(domain: Any, check_versions: bool) -> DeciderReducer[Any, Any]:
    """Return the reducer of a domain, which expects versions or does not."""
    reducer = copy(reducer_of(domain))
    if not isinstance(reducer, DeciderReducer):
        raise TypeError(f"domain must be a decider, such as ORDERS, or its reducer, not {domain!r}")
    reducer.check_versions = check_versions
    return reducer
