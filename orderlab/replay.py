"""Rebuild a state from the log: fold its events again. Nothing is decided again and no effect is ever repeated."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast, overload
from uuid import UUID

from orderlab.collector import collector_resting
from orderlab.core.codec import Codec
from orderlab.core.decider import DeciderReducer, Fact, Reducer
from orderlab.core.environment import Environment
from orderlab.eventstore.base import Columns, EventStore
from orderlab.eventstore.gaps import require_whole
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderReducer

StateT = TypeVar("StateT")

logger = logging.getLogger(__name__)

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
        EventStoreError: A position is missing: somebody has changed the log by hand.
        ValueError: `until` is negative, or a time without a zone.
    """
    reducer = OrderReducer() if reducer is None else reducer
    if not isinstance(reducer, DeciderReducer):
        raise TypeError(f"reducer must be a DeciderReducer, which knows its initial state, not {reducer!r}")
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
    """Fold the events after a position, up to and with another, into a state."""
    with collector_resting():
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


def decoded(columns: Columns, codec: Codec) -> list[Any] | None:
    """Decode a stretch in one tight loop; None if it holds an event that is not in the present shape of its type.

    Most of a log is in the present shape. The rest is left to a reader that goes event by event, knows the old shapes,
    and names the event that cannot be read.

    Args:
        columns: Has `event_type`, `schema_version` and `payload`.
        codec: How events become JSON and back.
    """
    shapes = set(zip(columns["event_type"], columns["schema_version"], strict=True))
    decoders = {event_type: codec.current_decoder(event_type, version) for event_type, version in shapes}
    if None in decoders.values() or len(decoders) < len(shapes):
        return None
    present = cast("dict[str, Callable[[str], Any]]", decoders)
    try:
        return [
            present[event_type](payload)
            for event_type, payload in zip(columns["event_type"], columns["payload"], strict=True)
        ]
    except Exception as error:  # noqa: BLE001 - met again by whoever reads event by event, and says which it is
        logger.debug("a stretch of the log is read event by event: %s", error)
        return None


async def position_of(event_store: EventStore, until: int | datetime | None) -> int:
    """Return the position meant by `until`: itself, the last one recorded not later, or the end of the log."""
    if not callable(getattr(event_store, "head", None)):
        raise TypeError(f"event_store must be an event store, such as open_event_store gives, not {event_store!r}")
    head = await event_store.head()
    if until is None:
        return head
    if type(until) is int:
        if until < 0:
            raise ValueError(f"until must be a position from 0, not {until}")
        return min(until, head)
    if not isinstance(until, datetime):
        raise TypeError(f"until must be a position or a datetime, not {until!r}")
    require_zone("until", until)
    # Times never decrease with position, so the place is found by halving.
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if await _recorded_at(event_store, middle) <= until else (low, middle - 1)
    return low


def time_in(text: str) -> datetime:
    """Read a time as people write it, in ISO 8601; in UTC where it names no zone, and a date alone is midnight.

    Raises:
        ValueError: It is no time.

    >>> time_in("2011-06-01 12:00")
    datetime.datetime(2011, 6, 1, 12, 0, tzinfo=datetime.timezone.utc)
    """
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def require_zone(name: str, time: datetime) -> None:
    """Refuse a time that says nothing of where it was: a log's times are aware."""
    if time.utcoffset() is None:
        raise ValueError(f"{name} must be a timezone-aware datetime, and {time.isoformat()} has no zone")


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
    """Give the log in stretches of facts."""
    head = await event_store.head()
    start, end = after, head if until is None else min(until, head)
    async for columns in event_store.read_columns(*_FACT_COLUMNS, after=after, until=end):
        length = len(columns["version"])
        events = decoded(columns, event_store.codec)
        if events is None:
            events = [recorded.event async for recorded in event_store.read_all(after=after, limit=length)]
        yield zip(columns["stream_id"], columns["version"], events, strict=True)
        after += length
    if after < end:
        await require_whole(event_store, start, end)


async def _recorded_at(event_store: EventStore, position: int) -> datetime:
    [recorded] = [each async for each in event_store.read_columns("recorded_at", after=position - 1, until=position)]
    time: datetime = recorded["recorded_at"][0]
    return time
