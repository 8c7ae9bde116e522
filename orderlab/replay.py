"""Rebuild a state from the log: fold its events again. Nothing is decided again and no effect is ever repeated."""

import gc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar, overload
from uuid import UUID

from orderlab.core.decider import DeciderReducer, Fact, Reducer
from orderlab.core.environment import Environment
from orderlab.eventstore.base import Columns, EventStore
from orderlab.eventstore.stored import unreadable
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderReducer

StateT = TypeVar("StateT")

_FACT_COLUMNS = ("stream_id", "version", "event_type", "schema_version", "payload")


@overload
async def load_state(event_store: EventStore, until: int | datetime | None = None) -> OrderState: ...


@overload
async def load_state(
    event_store: EventStore, until: int | datetime | None = None, *, reducer: DeciderReducer[Any, StateT]
) -> StateT: ...


async def load_state(
    event_store: EventStore,
    until: int | datetime | None = None,
    *,
    reducer: DeciderReducer[Any, Any] | None = None,
) -> Any:
    """Rebuild the state as it was at a point in the log.

    Args:
        event_store: The log.
        until: A position, or an aware time: then the last position recorded not later. None for the end.
        reducer: The domain's reducer; orders by default.

    Raises:
        UnreadableEvent: An event cannot be decoded; it names stream, version and position.
        CorruptStream: An event cannot follow what its stream holds before it.
        ValueError: `until` is negative, or a time without a zone.
    """
    reducer = OrderReducer() if reducer is None else reducer
    position = await position_of(event_store, until)
    return await replay(reducer, reducer.initial_state(), event_store, until=position)


async def replay(
    reducer: Reducer[StateT],
    state: StateT,
    event_store: EventStore,
    *,
    after: int = 0,
    until: int | None = None,
) -> StateT:
    """Fold the events after a position, up to and with another, into a state.

    The garbage collector rests meanwhile: going through all the live objects again and again would take most of the
    time, and a replay makes none that it drops.
    """
    with _collector_paused():
        async for facts in _facts(event_store, after, until):
            state = fold(reducer, state, facts)
    return state


def fold(reducer: Reducer[StateT], state: StateT, facts: Iterable[Fact]) -> StateT:
    """Fold facts into a state, by the reducer's own bulk replay where it has one."""
    if isinstance(reducer, DeciderReducer):
        folded: StateT = reducer.replay(state, facts)
        return folded
    for _, _, event in facts:
        state = reducer.reduce(state, event, _NOTHING_TO_READ).state
    return state


async def position_of(event_store: EventStore, until: int | datetime | None) -> int:
    """Return the position meant by `until`: itself, the last one recorded not later, or the end of the log."""
    head = await event_store.head()
    if until is None:
        return head
    if isinstance(until, int):
        if until < 0:
            raise ValueError(f"until must be a position from 0, not {until}")
        return min(until, head)
    if until.utcoffset() is None:
        raise ValueError(f"until must be a timezone-aware datetime, and {until.isoformat()} has no zone")
    # Times never decrease with position, so the place is found by halving.
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if await _recorded_at(event_store, middle) <= until else (low, middle - 1)
    return low


class _NothingToRead:
    """The environment of a replay: a reducer that reads time or chance for an event is wrong, and is told so."""

    @property
    def clock(self) -> "_NothingToRead":
        return self

    ids = clock

    def now(self) -> datetime:
        raise RuntimeError("a reducer must not read the clock for an event: its time is in the event")

    def new_id(self, kind: str) -> str:
        raise RuntimeError(f"a reducer must not draw an id for an event: the {kind} id is in the event")

    def new_uuid(self) -> UUID:
        raise RuntimeError("a reducer must not draw an id for an event: it is in the event")


_NOTHING_TO_READ: Environment = _NothingToRead()


async def _facts(event_store: EventStore, after: int, until: int | None) -> AsyncIterator[Iterable[Fact]]:
    """Give the log in stretches of facts.

    Almost all of a log is in the present shape, and is decoded in one tight loop. A stretch that holds anything else
    is read event by event, a path that knows the old shapes.
    """
    async for columns in event_store.read_columns(*_FACT_COLUMNS, after=after, until=until):
        length = len(columns["version"])
        decoders = _present_decoders(event_store, columns)
        if decoders is None:
            recorded = [each async for each in event_store.read_all(after=after, limit=length)]
            yield [(each.stream_id, each.version, each.event) for each in recorded]
        else:
            yield _decoded(columns, decoders, after)
        after += length


def _present_decoders(event_store: EventStore, columns: Columns) -> dict[str, Callable[[str], Any]] | None:
    """Return the decoder of each event type, or None if any event is not in the present shape of its type."""
    decoders = {}
    for event_type, schema_version in set(zip(columns["event_type"], columns["schema_version"], strict=True)):
        decoder = event_store.codec.current_decoder(event_type, schema_version)
        if decoder is None:
            return None
        decoders[event_type] = decoder
    return decoders


def _decoded(columns: Columns, decoders: dict[str, Callable[[str], Any]], after: int) -> Iterator[Fact]:
    position = after
    stream_id, version = "", 0
    rows = zip(columns["stream_id"], columns["version"], columns["event_type"], columns["payload"], strict=True)
    try:
        for stream_id, version, event_type, payload in rows:
            position += 1
            yield stream_id, version, decoders[event_type](payload)
    except Exception as error:  # only what a decoder raises comes here: who folds raises outside of this generator
        raise unreadable(position, stream_id, version, f"the payload does not fit: {error}") from error


async def _recorded_at(event_store: EventStore, position: int) -> datetime:
    [recorded] = [each async for each in event_store.read_columns("recorded_at", after=position - 1, until=position)]
    time: datetime = recorded["recorded_at"][0]
    return time


@contextmanager
def _collector_paused() -> Iterator[None]:
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
