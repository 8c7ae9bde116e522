from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from accounts import ACCOUNTS, Account, Deposit
from timelines import ACCOUNT_LOGS, ORDER_LOGS, Plain, recorded

from orderlab.core.decider import DeciderReducer, Fact
from orderlab.core.log import RecordedEvent
from orderlab.orders.actions import PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem
from orderlab.orders.reducer import OrderReducer
from orderlab.timeline import Timeline
from orderlab.timeline.asof import states

MUG = OrderItem("p-1", "Mug", 2, 250)
COUNT = 2_000


def many_orders() -> list[RecordedEvent]:
    """Return a log in which each order is placed and then shipped at once."""
    run: list[Any] = []
    for number in range(COUNT // 2):
        run += [(PlaceOrder("customer-1", (MUG,), f"o-{number}"), 1), (ShipOrder(f"o-{number}", "T"), 1)]
    return recorded(ORDER_LOGS, run)


def many_deposits() -> list[RecordedEvent]:
    """Return a log of one busy account, and of another that only began."""
    return recorded(ACCOUNT_LOGS, [(Deposit("bea", 1), 1), *((Deposit("ada", 1), 1) for _ in range(COUNT))])


ORDERS, DEPOSITS = many_orders(), many_deposits()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many events are read, each time that some are."""
    counts: list[int] = []

    def counting(kind: str) -> None:
        from orderlab.timeline.asof.source import GivenEvents  # noqa: PLC0415 - patched right here

        usual = getattr(GivenEvents, kind)

        def noted(self: Any, *places: Any) -> list[Fact]:
            found: list[Fact] = usual(self, *places)
            counts.append(len(found))
            return found

        monkeypatch.setattr(GivenEvents, kind, noted)

    counting("facts")
    counting("stretch")
    return counts


def test_the_next_state_is_folded_from_the_one_before(read: list[int]) -> None:
    timeline = Timeline(ORDERS)
    timeline[1_000]
    read.clear()
    assert timeline[1_001] == Plain(ORDER_LOGS, ORDERS[:1_001]).state
    assert read == [1]


def test_the_state_before_is_folded_back_from_the_one_after(read: list[int]) -> None:
    timeline = Timeline(ORDERS)
    timeline[1_000]
    read.clear()
    assert timeline[999] == Plain(ORDER_LOGS, ORDERS[:999]).state
    assert sum(read) == 1


def test_a_state_that_was_just_given_is_given_again(read: list[int]) -> None:
    timeline = Timeline(ORDERS)
    state = timeline[1_000]
    read.clear()
    assert timeline[1_000] is state
    assert read == []


def test_the_state_before_any_event_is_always_there(read: list[int]) -> None:
    assert Timeline(ORDERS)[0] == OrderReducer().initial_state()
    assert read == []


def test_a_log_is_folded_once_from_its_beginning_for_all_of_its_states(
    read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "_SMALLEST_PART", 10)
    timeline = Timeline(ORDERS)
    timeline[-1]
    assert sum(read) == COUNT
    read.clear()
    for n in range(0, COUNT, 100):
        timeline[n]
    part = COUNT // states._MARKS
    assert max(read) <= part


def test_the_states_of_a_timeline_share_what_did_not_change() -> None:
    timeline = Timeline(ORDERS)
    assert timeline[1_000].orders["o-3"] is timeline[999].orders["o-3"]


def test_a_long_stream_is_not_folded_from_its_beginning_a_second_time(read: list[int]) -> None:
    timeline = Timeline(DEPOSITS, reducer=ACCOUNT_LOGS.reducer)
    assert timeline.entity("ada") == Account("ada", COUNT)
    for n in (COUNT, 1_000, 500, 2):
        read.clear()
        assert timeline.entity("ada", at=n) == Account("ada", n - 1)
        assert sum(read) < 64


def test_short_streams_are_folded_again_and_not_kept() -> None:
    timeline = Timeline(ORDERS)
    timeline.page(-1, size=COUNT)
    assert not timeline._entities._kept


# Reducers with a state class of their own


@dataclass(frozen=True)
class Balances:
    """A state that is no `EntityState`."""

    accounts: Mapping[str, tuple[Account, int]] = field(default_factory=dict)


class BalanceReducer(DeciderReducer[Account, Balances]):
    """A reducer that says how its state is kept, and not how to take an entity out of it."""

    def initial_state(self) -> Balances:
        return Balances()

    def entity(self, state: Balances, key: str) -> tuple[Account | None, int]:
        return state.accounts.get(key, (None, 0))

    def with_entity(self, state: Balances, key: str, entity: Account, version: int) -> Balances:
        return self.with_entities(state, {key: (entity, version)})

    def with_entities(self, state: Balances, changed: Mapping[str, tuple[Account, int]]) -> Balances:
        return Balances({**state.accounts, **changed})


def test_without_a_way_to_take_entities_out_time_travel_only_folds_forward() -> None:
    reducer = BalanceReducer(ACCOUNTS)
    timeline = Timeline(DEPOSITS[:50], reducer=reducer)
    assert not states.goes_back(reducer)
    for n in (50, 49, 1, 0, 30, 29):
        facts = [(each.stream_id, each.version, each.event) for each in DEPOSITS[:n]]
        assert timeline[n] == reducer.replay(Balances(), facts)


@pytest.mark.parametrize("reducer", [ORDER_LOGS.reducer, ACCOUNT_LOGS.reducer])
def test_our_own_reducers_can_go_back(reducer: DeciderReducer[Any, Any]) -> None:
    assert states.goes_back(reducer)


def test_only_so_many_states_are_kept() -> None:
    timeline = Timeline(ORDERS)
    places: Sequence[int] = range(0, COUNT, 10)
    for n in places:
        timeline[n]
    assert len(timeline._states._recent) == states._RECENT
