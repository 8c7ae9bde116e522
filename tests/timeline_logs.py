"""Small logs for time travel: events as recorded, a minute apart, of orders and of accounts."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import ACCOUNT_CODEC, ACCOUNTS, Deposit, Deposited, Withdraw, Withdrawn, account_reducer
from hypothesis import strategies as st

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.log import RecordedEvent
from orderlab.exploration.strategies import runs
from orderlab.orders.actions import OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.timeline import Timeline

START = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)


def minute(count: int) -> datetime:
    """Return the time so many minutes after the start."""
    return START + timedelta(minutes=count)


def recorded(events: Iterable[Any], decider: Decider[Any] = ORDERS) -> list[RecordedEvent]:
    """Record events in this order, the first after a minute, each with a correlation id of its own."""
    versions: dict[str, int] = {}
    log = []
    for position, event in enumerate(events, start=1):
        stream_id = decider.stream_id(str(decider.key_of(event)))
        versions[stream_id] = version = versions.get(stream_id, 0) + 1
        name, request = type(event).__name__, f"request-{position}"
        log.append(
            RecordedEvent(
                UUID(int=position),
                stream_id,
                version,
                position,
                name,
                1,
                event,
                minute(position),
                request,
                request,
                {},
            )
        )
    return log


def order_log() -> list[RecordedEvent]:
    """Return five events: ada's order is placed and shipped, bea's placed and cancelled, cem's placed."""
    return recorded(
        [
            OrderPlaced("ada", "customer-1", (MUG,), 500, minute(1)),
            OrderPlaced("bea", "customer-2", (MUG, OrderItem("p-2", "Plate", 1, 750)), 1250, minute(2)),
            OrderShipped("ada", "TRACK-1", minute(3)),
            OrderPlaced("cem", "customer-1", (MUG,), 500, minute(4)),
            OrderCancelled("bea", "changed my mind", minute(5)),
        ]
    )


def order_timeline() -> Timeline[OrderState]:
    """Return the timeline of `order_log`."""
    return Timeline(order_log())


def account_timeline() -> Timeline[Any]:
    """Return four events: ada's account gets 5 twice and gives 10, and bea's gets 7 in between."""
    events = [Deposited("ada", 5), Deposited("bea", 7), Deposited("ada", 5), Withdrawn("ada", 10)]
    return Timeline(recorded(events, ACCOUNTS), reducer=account_reducer(), codec=ACCOUNT_CODEC)


def _log(reducer: DeciderReducer[Any, Any], commands: Iterable[Any]) -> list[RecordedEvent]:
    """Run commands, and record what they cause."""
    state, events, clock = reducer.initial_state(), [], TestClock()
    env = OrderEnvironment(clock, SequentialIds())
    for command in commands:
        clock.advance(60)
        state, effects = (step := reducer.reduce(state, command, env)).state, step.effects
        events += [event for effect in effects if isinstance(effect, AppendEvents) for event in effect.events]
    return recorded(events, reducer.decider)


_ACCOUNTS = st.sampled_from(["ada", "bea"])
_CENTS = st.integers(0, 9)

timelines: st.SearchStrategy[Timeline[Any]] = st.one_of(
    runs(max_size=12).map(lambda commands: Timeline(_log(OrderReducer(), commands))),
    st.lists(st.builds(Deposit, _ACCOUNTS, _CENTS) | st.builds(Withdraw, _ACCOUNTS, _CENTS), max_size=12).map(
        lambda commands: Timeline(_log(account_reducer(), commands), reducer=account_reducer(), codec=ACCOUNT_CODEC)
    ),
)
"""Timelines of either domain, of none to a dozen events."""
