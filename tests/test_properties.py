"""The laws, each with a name, tried on random commands, events and texts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from accounts import (
    ACCOUNT_CODEC,
    ACCOUNTS,
    Deposit,
    Deposited,
    Withdraw,
    account_environment,
    account_reducer,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderlab.core.decider import DeciderReducer, Fact, Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.exploration.strategies import actions, events, runs, texts, valid_commands
from orderlab.orders.actions import EVENTS, Action, Command, Event, OrderPlaced, OrderShipped, PlaceOrder
from orderlab.orders.codec import ORDER_CODEC, decode_action, encode_action
from orderlab.orders.decider import MAX_TOTAL_CENTS, ORDERS
from orderlab.orders.model import Cancelled, OrderItem, OrderState, Placed, Shipped
from orderlab.orders.reducer import OrderEnvironment, OrderReducer

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)

law = settings(max_examples=80, deadline=None)

account_runs: st.SearchStrategy[list[Deposit | Withdraw]] = st.lists(
    st.one_of(
        st.builds(Deposit, st.none() | st.sampled_from(["ada", "bea"]), st.integers(0, 3)),
        st.builds(Withdraw, st.sampled_from(["ada", "bea"]), st.integers(1, 3)),
    ),
    max_size=15,
)


def played(run: Sequence[object]) -> list[Step[OrderState]]:
    """Give one command after another, a second apart, and return every step."""
    reducer, clock = OrderReducer(), TestClock()
    env, steps = OrderEnvironment(clock, SequentialIds()), [Step(OrderState())]
    for command in run:
        clock.advance(1)
        steps.append(reducer.reduce(steps[-1].state, command, env))
    return steps


def facts_of(steps: Sequence[Step[Any]]) -> list[Fact]:
    """Return what the steps asked to append, as a log would hand it back."""
    versions: dict[str, int] = {}
    facts: list[Fact] = []
    for step in steps:
        for effect in step.effects:
            if isinstance(effect, AppendEvents):
                for event in effect.events:
                    versions[effect.stream_id] = versions.get(effect.stream_id, 0) + 1
                    facts.append((effect.stream_id, versions[effect.stream_id], event))
    return facts


def after(run: Sequence[object]) -> OrderState:
    return played(run)[-1].state


def with_items_as_tuple(action: Action) -> Action:
    """Return the action as a value: a command's items may have been a list."""
    return replace(action, items=tuple(action.items)) if isinstance(action, PlaceOrder) else action


# Laws of deciding


@law
@given(runs(max_size=12))
def test_a_refused_command_changes_nothing(run: list[Command]) -> None:
    steps = played(run)
    for before, step in pairwise(steps):
        refused = not any(isinstance(effect, AppendEvents) for effect in step.effects)
        assert refused == (step.state is before.state)


@law
@given(runs(max_size=12))
def test_every_command_is_answered_by_its_events_or_by_one_rejection(run: list[Command]) -> None:
    for step in played(run)[1:]:
        match step.effects:
            case (Emit(action=rejection),):
                assert isinstance(rejection, ORDERS.rejections)
            case (AppendEvents(events=appended), *emits):
                assert appended
                assert [Emit(event) for event in appended] == emits
            case other:
                raise AssertionError(f"{other} is neither")


@law
@given(runs(max_size=12))
def test_the_status_never_leaves_shipped_or_cancelled(run: list[Command]) -> None:
    steps = played(run)
    for before, step in pairwise(steps):
        for order_id, order in before.state.orders.items():
            if isinstance(order.status, Shipped | Cancelled):
                assert step.state.orders[order_id] == order


@law
@given(runs(max_size=12))
def test_no_order_is_ever_lost_or_a_draft(run: list[Command]) -> None:
    steps = played(run)
    for before, step in pairwise(steps):
        assert set(before.state.orders) <= set(step.state.orders)
        assert all(isinstance(order.status, Placed | Shipped | Cancelled) for order in step.state.orders.values())


@law
@given(st.lists(valid_commands(), max_size=2))
def test_totals_add_up(run: list[Command]) -> None:
    for order in after(run).orders.values():
        assert order.total_cents == sum(item.quantity * item.unit_price_cents for item in order.items)
        assert 1 <= order.total_cents <= MAX_TOTAL_CENTS


@law
@given(runs(max_size=12))
def test_the_version_of_an_order_is_the_number_of_its_events(run: list[Command]) -> None:
    steps = played(run)
    counted = dict.fromkeys(steps[-1].state.orders, 0)
    for stream_id, _, _ in facts_of(steps):
        counted[ORDERS.key_in(stream_id)] += 1
    assert {key: order.version for key, order in steps[-1].state.orders.items()} == counted


@law
@given(runs(max_size=12))
def test_every_append_expects_the_version_its_stream_is_at(run: list[Command]) -> None:
    versions: dict[str, int] = {}
    for step in played(run):
        for effect in step.effects:
            if isinstance(effect, AppendEvents):
                assert effect.expected_version == versions.get(effect.stream_id, 0)
                versions[effect.stream_id] = versions.get(effect.stream_id, 0) + len(effect.events)


@dataclass
class Counted:
    """A clock and ids that count how often they are asked."""

    read: int = 0
    drawn: int = 0

    def now(self) -> datetime:
        self.read += 1
        return NEW_YEAR

    def new_id(self, kind: str) -> str:
        self.drawn += 1
        return f"{kind}-{self.drawn}"

    def new_uuid(self) -> UUID:
        raise AssertionError("a reducer draws no UUID")


@law
@given(runs(max_size=12), st.one_of(valid_commands(), runs(max_size=12).filter(bool).map(lambda run: run[-1])))
def test_the_clock_is_read_once_and_an_id_drawn_at_most_once(run: list[Command], command: Command) -> None:
    counted = Counted()
    OrderReducer().reduce(after(run), command, OrderEnvironment(counted, counted))
    assert counted.read == 1
    assert counted.drawn == (command.order_id is None)


@law
@given(runs(max_size=12))
def test_the_same_commands_in_the_same_world_give_the_same_steps(run: list[Command]) -> None:
    assert played(run) == played(run)


# Laws of replay


@law
@given(runs(max_size=12))
def test_the_live_state_equals_the_replay_of_its_events(run: list[Command]) -> None:
    steps = played(run)
    for index, step in enumerate(steps):
        assert OrderReducer().replay(OrderState(), facts_of(steps[: index + 1])) == step.state


@law
@given(runs(max_size=12), st.lists(st.integers(0, 12), max_size=3))
def test_replay_in_any_split_equals_replay_in_one(run: list[Command], cuts: list[int]) -> None:
    reducer, facts = OrderReducer(), facts_of(played(run))
    bounds = [0, *sorted(cuts), len(facts)]
    state = OrderState()
    for start, end in pairwise(bounds):
        state = reducer.replay(state, facts[start : max(start, end)])
    assert state == reducer.replay(OrderState(), facts)


@law
@given(runs(max_size=12))
def test_replay_stream_by_stream_equals_replay_in_the_order_of_the_log(run: list[Command]) -> None:
    facts = facts_of(played(run))
    by_stream = sorted(facts, key=lambda fact: fact[0])
    assert OrderReducer().replay(OrderState(), by_stream) == OrderReducer().replay(OrderState(), facts)


@law
@given(runs(max_size=12))
def test_reducing_the_events_one_by_one_equals_replay(run: list[Command]) -> None:
    facts = facts_of(played(run))
    assert after([event for _, _, event in facts]) == OrderReducer().replay(OrderState(), facts)


@law
@given(runs(max_size=12))
def test_reducing_an_event_already_reflected_changes_nothing(run: list[Command]) -> None:
    steps = played(run)
    state, env = steps[-1].state, OrderEnvironment(TestClock(), SequentialIds())
    for _, _, event in facts_of(steps):
        step = OrderReducer().reduce(state, event, env)
        assert step.state is state
        assert step.effects == ()


# Laws of the wire and of the log


@law
@given(actions())
def test_every_action_survives_the_wire(action: Action) -> None:
    assert with_items_as_tuple(decode_action(encode_action(action))) == with_items_as_tuple(action)


@law
@given(actions())
def test_the_wire_form_of_what_was_read_is_what_was_read(action: Action) -> None:
    text = encode_action(action)
    assert encode_action(decode_action(text)) == text


@law
@given(events())
def test_every_event_survives_the_log(event: Event) -> None:
    assert ORDER_CODEC.decode(ORDER_CODEC.encode(event), NEW_YEAR) == event


@law
@given(texts())
@example("\x00")
@example("\\u0000")
@example("\u2028\u2029\x7f\x85")
@example("👩🏽‍🚀 e\u0301 \u202eabc")
@example('"\\/\b\f\n\r\t')
def test_text_of_any_script_survives_the_log(text: str) -> None:
    items = (OrderItem(text, text, 1, 1),)
    for event in (OrderPlaced("order-1", text, items, 1, NEW_YEAR), OrderShipped("order-1", text, NEW_YEAR)):
        encoded = ORDER_CODEC.encode(event)
        assert "\x00" not in encoded.payload
        assert ORDER_CODEC.decode(encoded, NEW_YEAR) == event


@law
@given(events())
def test_both_readers_of_an_event_give_the_same(event: Event) -> None:
    assert decode_action(encode_action(event)) == ORDER_CODEC.decode(ORDER_CODEC.encode(event), NEW_YEAR)


@law
@given(runs(max_size=12))
def test_whatever_is_decided_can_be_written_and_read(run: list[Command]) -> None:
    for _, _, event in facts_of(played(run)):
        assert isinstance(event, EVENTS)
        assert ORDER_CODEC.decode(ORDER_CODEC.encode(event), NEW_YEAR) == event


# Laws of a domain in which the same fact may happen twice


def accounts_played(run: Sequence[object], reducer: DeciderReducer[Any, Any]) -> list[Step[Any]]:
    env, steps = account_environment(), [Step(reducer.initial_state())]
    for command in run:
        steps.append(reducer.reduce(steps[-1].state, command, env))
    return steps


@law
@given(account_runs)
def test_every_fact_counts_also_an_equal_one(run: list[Deposit | Withdraw]) -> None:
    steps = accounts_played(run, account_reducer())
    balances = dict.fromkeys(steps[-1].state.entities, 0)
    for _, _, fact in facts_of(steps):
        balances[fact.account_id] += fact.cents if isinstance(fact, Deposited) else -fact.cents
    assert {key: account.balance_cents for key, account in steps[-1].state.entities.items()} == balances


@law
@given(account_runs)
def test_live_equals_replayed_also_where_facts_repeat(run: list[Deposit | Withdraw]) -> None:
    reducer = account_reducer()
    steps = accounts_played(run, reducer)
    assert reducer.replay(reducer.initial_state(), facts_of(steps)) == steps[-1].state


@law
@given(account_runs)
def test_no_account_is_ever_overdrawn(run: list[Deposit | Withdraw]) -> None:
    for step in accounts_played(run, account_reducer()):
        assert all(account.balance_cents >= 0 for account in step.state.entities.values())


@law
@given(account_runs)
def test_the_facts_of_an_account_survive_the_log(run: list[Deposit | Withdraw]) -> None:
    for stream_id, _, fact in facts_of(accounts_played(run, account_reducer())):
        assert ACCOUNTS.stream_id(fact.account_id) == stream_id
        assert ACCOUNT_CODEC.decode(ACCOUNT_CODEC.encode(fact), NEW_YEAR) == fact
