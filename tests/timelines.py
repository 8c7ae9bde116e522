"""Random logs of two domains, and a plain fold of them to hold a timeline's answers against."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import ACCOUNT_CODEC, Deposit, Withdraw, account_environment, account_reducer
from hypothesis import strategies as st

from orderlab.core.codec import Codec
from orderlab.core.decider import DeciderReducer
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import Environment, SequentialIds, TestClock
from orderlab.core.log import NewEvent, RecordedEvent
from orderlab.exploration.strategies import commands_for
from orderlab.orders.codec import ORDER_CODEC
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderEnvironment, OrderReducer

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Domain:
    """What is needed to write and read a random log."""

    reducer: DeciderReducer[Any, Any]
    codec: Codec
    environment: Callable[[], Environment]
    commands: st.SearchStrategy[Any]
    by: Callable[[Any], str]

    def __repr__(self) -> str:
        return self.reducer.decider.name


_ACCOUNT_IDS = st.sampled_from(["ada", "ada", "ada", "bea", "account-1"])

ORDER_LOGS = Domain(
    OrderReducer(),
    ORDER_CODEC,
    lambda: OrderEnvironment(TestClock(), SequentialIds()),
    commands_for(ORDERS),
    lambda order: "many" if len(order.items) > 1 else "one",
)
ACCOUNT_LOGS = Domain(
    account_reducer(),
    ACCOUNT_CODEC,
    account_environment,
    st.one_of(
        st.builds(Deposit, _ACCOUNT_IDS | st.none(), st.integers(0, 3)),
        st.builds(Withdraw, _ACCOUNT_IDS, st.integers(1, 3)),
    ),
    lambda account: f"balance {account.balance_cents}",
)
DOMAINS = [ORDER_LOGS, ACCOUNT_LOGS]


def logs(domain: Domain, *, most: int = 40) -> st.SearchStrategy[list[RecordedEvent]]:
    """Draw logs that a run of commands leads to, several events of which may have one time."""
    gaps = st.sampled_from([0, 0, 1, 60])
    step = st.tuples(domain.commands, gaps)
    # The length is drawn first: lists of no given length are seldom long.
    runs = st.integers(0, most).flatmap(lambda length: st.lists(step, min_size=length, max_size=length))
    return runs.map(lambda run: recorded(domain, run))


def recorded(domain: Domain, run: Sequence[tuple[Any, float]]) -> list[RecordedEvent]:
    """Return the log that commands lead to, each given so many seconds after the one before."""
    env, state = domain.environment(), domain.reducer.initial_state()
    versions: Counter[str] = Counter()
    events: list[RecordedEvent] = []
    now = NEW_YEAR
    for command, seconds in run:
        now += timedelta(seconds=seconds)
        state, effects = _reduced(domain, state, command, env)
        for append in effects:
            for event in append.events:
                versions[append.stream_id] += 1
                position = len(events) + 1
                place = (UUID(int=position), append.stream_id, versions[append.stream_id], position)
                kind, schema_version, _ = domain.codec.encode(event)
                events.append(RecordedEvent(*place, kind, schema_version, event, now, f"c-{position}", None, {}))
    return events


def _reduced(domain: Domain, state: Any, command: Any, env: Environment) -> tuple[Any, list[AppendEvents]]:
    step = domain.reducer.reduce(state, command, env)
    return step.state, [effect for effect in step.effects if isinstance(effect, AppendEvents)]


def appends(events: Sequence[RecordedEvent]) -> list[AppendEvents]:
    """Return what writes a log again, as it is, to an event store."""
    return [
        AppendEvents(
            each.stream_id,
            [NewEvent(each.event, each.event_id, each.recorded_at, each.correlation_id, each.causation_id)],
            each.version - 1,
        )
        for each in events
    ]


@dataclass(frozen=True)
class Plain:
    """A log as of a position, by nothing but a fold and a look at every event."""

    domain: Domain
    events: Sequence[RecordedEvent]

    @property
    def state(self) -> Any:
        """The state after all of them."""
        facts = [(each.stream_id, each.version, each.event) for each in self.events]
        return self.domain.reducer.replay(self.domain.reducer.initial_state(), facts)

    @property
    def last(self) -> dict[str, RecordedEvent]:
        """The last event about each entity by its key, the keys in the order of their first events."""
        return {self.domain.reducer.decider.key_in(each.stream_id): each for each in self.events}

    def entity(self, key: str) -> Any:
        """Return an entity, or None."""
        return self.domain.reducer.entity(self.state, key)[0]

    @property
    def latest(self) -> list[Any]:
        """All entities, the one that changed last first."""
        state, last = self.state, self.last
        keys = sorted(last, key=lambda key: last[key].position, reverse=True)
        return [self.domain.reducer.entity(state, key)[0] for key in keys]

    def positions(self, key: str) -> list[int]:
        """Return the positions of the events about an entity."""
        stream_id = self.domain.reducer.decider.stream_id(key)
        return [each.position for each in self.events if each.stream_id == stream_id]
