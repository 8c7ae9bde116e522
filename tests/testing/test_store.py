"""`TestStore`: what a test must state, how it fails, its clock, and that it runs a reducer as the runtime does."""

import asyncio
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from html import unescape
from typing import Any

import pytest
from accounts import (
    Account,
    AccountEnvironment,
    Accounts,
    Deposit,
    Deposited,
    InsufficientFunds,
    Withdraw,
    Withdrawn,
    account_environment,
    account_reducer,
)
from hypothesis import given
from hypothesis import strategies as st

from orderlab.core.decider import DeciderReducer, EntityState, Step
from orderlab.core.effects import AppendEvents, Delay, Emit
from orderlab.core.environment import Environment, FixedClock, SequentialIds, TestClock
from orderlab.core.errors import CorruptStream, VersionConflict
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.strategies import runs
from orderlab.orders.actions import (
    CancelOrder,
    Command,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
)
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Cancelled, Order, OrderItem, OrderState, Placed, Shipped
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.runtime import Store
from orderlab.testing import AT, TestStore

MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE = PlaceOrder("ada", (MUG,))
PLACED = OrderPlaced("order-1", "ada", (MUG,), 500, AT)
SHIP = ShipOrder("order-1", "T-1")
SHIPPED = OrderShipped("order-1", "T-1", AT)
ORDER = Order("order-1", "ada", (MUG,), Placed(), 500, created_at=AT, updated_at=AT, version=1)
HOUR = timedelta(hours=1)


def shipped(before: OrderState) -> OrderState:
    """Return the state after `SHIP` at the time at which tests begin."""
    order = before.orders["order-1"]
    return OrderState({"order-1": replace(order, status=Shipped("T-1", AT), version=order.version + 1)})


def accounts(*versions: tuple[Account, int]) -> Accounts:
    """Return a state of these accounts, each after so many events."""
    return account_reducer().with_entities(EntityState(), {account.id: (account, count) for account, count in versions})


def placed_store(**options: Any) -> TestStore[OrderState]:
    """Return a store in which an order was placed, and this received."""
    test_store = TestStore(**options)
    test_store.send(PLACE, state=OrderState({"order-1": ORDER}))
    test_store.receive(PLACED)
    return test_store


def failure_of(test: Any, *stated: Any, **options: Any) -> str:
    """Return the text with which a statement fails."""
    with pytest.raises(AssertionError) as failed:
        test(*stated, **options)
    return str(failed.value)


# Sending


def test_a_store_of_orders_needs_no_arguments() -> None:
    with TestStore() as test_store:
        test_store.send(PLACE, state=OrderState({"order-1": ORDER}))
        test_store.receive(PLACED)
        test_store.send(SHIP, state=shipped)
        test_store.receive(SHIPPED)
    assert test_store.state.orders["order-1"].status == Shipped("T-1", AT)


def test_the_state_may_be_stated_as_a_change_to_the_one_before() -> None:
    seen = []

    def changed(before: OrderState) -> OrderState:
        seen.append(before)
        return shipped(before)

    test_store = placed_store()
    test_store.send(SHIP, state=changed)
    assert seen == [OrderState({"order-1": ORDER})]


def test_another_state_than_stated_fails_with_a_diff() -> None:
    assert failure_of(placed_store().send, SHIP, state=lambda before: before) == (
        "After ShipOrder(order_id='order-1', tracking_number='T-1') the state is not the one stated"
        " (- stated, + actual):\n"
        "\n"
        "  OrderState(\n"
        "      orders=Map({\n"
        "          'order-1': Order(\n"
        "              id='order-1',\n"
        "              customer_id='ada',\n"
        "              items=(\n"
        "                  ...\n"
        "              ),\n"
        "-             status=Placed(),\n"
        "+             status=Shipped(\n"
        "+                 tracking_number='T-1',\n"
        "+                 shipped_at=2025-01-01T00:00:00Z,\n"
        "+             ),\n"
        "              total_cents=500,\n"
        "              created_at=2025-01-01T00:00:00Z,\n"
        "              updated_at=2025-01-01T00:00:00Z,\n"
        "-             version=1,\n"
        "+             version=2,\n"
        "          ),\n"
        "      }),\n"
        "  )"
    )


def test_a_state_of_which_nothing_is_said_must_not_change() -> None:
    text = failure_of(TestStore(account_reducer()).send, Deposit("ada", 5))
    assert text == (
        "After Deposit(account_id='ada', cents=5) the state has changed, and the test states no change: "
        "pass the new one as `state=` (- before, + actual):\n"
        "\n"
        "  EntityState(\n"
        "      entities=Map({\n"
        "+         'ada': Account(\n"
        "+             id='ada',\n"
        "+             balance_cents=5,\n"
        "+         ),\n"
        "      }),\n"
        "      versions=Map({\n"
        "+         'ada': 1,\n"
        "      }),\n"
        "  )"
    )


def test_nothing_need_be_said_of_a_state_that_does_not_change() -> None:
    test_store = TestStore()
    test_store.send(SHIP)
    test_store.receive(OrderNotFound("order-1"))
    test_store.finish()


def test_a_change_that_does_not_come_fails() -> None:
    assert "\n-     orders=Map({\n" not in failure_of(TestStore().send, SHIP, state=OrderState({"order-1": ORDER}))


def test_none_is_a_state_that_can_be_stated() -> None:
    test_store: TestStore[None] = TestStore(Indifferent(), None)
    test_store.send("hello", state=None)


def test_only_commands_are_sent() -> None:
    with pytest.raises(TypeError, match=r"^OrderPlaced\(.* is no command of order, and only commands are sent$"):
        TestStore().send(PLACED)


def test_a_failed_statement_leaves_what_really_happened_to_be_looked_at() -> None:
    test_store = TestStore()
    failure_of(test_store.send, PLACE)
    assert test_store.state == OrderState({"order-1": ORDER})
    assert test_store.events == (PLACED,)


# Receiving


@pytest.mark.parametrize("expected", [PLACED, OrderPlaced, object, lambda action: action.order_id == "order-1"])
def test_an_action_is_received_by_its_value_its_type_or_a_function(expected: Any) -> None:
    test_store = TestStore(exhaustive=False)
    test_store.send(PLACE)
    assert test_store.receive(expected) == PLACED


def test_actions_are_received_in_the_order_in_which_they_were_announced() -> None:
    test_store = TestStore(account_reducer(), exhaustive=False)
    test_store.send(Deposit("ada", 5))
    test_store.send(Withdraw("ada", 6))
    test_store.send(Withdraw("ada", 5))
    for action in (Deposited("ada", 5), InsufficientFunds("ada", 5), Withdrawn("ada", 5)):
        test_store.receive(action)


def test_another_action_than_stated_fails_with_a_diff_and_stays_to_be_received() -> None:
    test_store = TestStore(account_reducer(), exhaustive=False)
    test_store.send(Deposit("ada", 5))
    assert failure_of(test_store.receive, Deposited("ada", 6)) == (
        "The next action is not the one stated (- stated, + actual):\n"
        "\n"
        "  Deposited(\n"
        "      account_id='ada',\n"
        "-     cents=6,\n"
        "+     cents=5,\n"
        "  )"
    )
    test_store.receive(Deposited("ada", 5))


def large(least: int, action: Deposited) -> bool:
    return action.cents >= least


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        (Withdrawn, "- Withdrawn(...)"),
        (lambda action: False, "- what `<lambda>` is true for"),
        (partial(large, 6), "- what `partial` is true for"),
    ],
)
def test_what_was_expected_is_named_if_another_action_comes(expected: Any, line: str) -> None:
    test_store = TestStore(account_reducer(), exhaustive=False)
    test_store.send(Deposit("ada", 5))
    assert f"\n\n{line}\n+ Deposited(\n" in failure_of(test_store.receive, expected)


def test_an_action_that_does_not_come_fails() -> None:
    assert failure_of(TestStore().receive, OrderPlaced) == (
        "No further action was announced (- stated, + actual):\n\n- OrderPlaced(...)\n+ nothing"
    )


def test_an_action_that_does_not_come_may_be_one_to_wait_for() -> None:
    assert failure_of(impatient_store().receive, OrderCancelled).startswith(
        "No further action was announced, but there are delays to advance past (- stated"
    )


# The log


def test_what_was_appended_is_kept_in_order() -> None:
    test_store = TestStore(account_reducer(), exhaustive=False)
    test_store.send(Deposit("ada", 5))
    test_store.send(Deposit("bea", 5))
    test_store.send(Withdraw("ada", 1))
    assert test_store.events == (Deposited("ada", 5), Deposited("bea", 5), Withdrawn("ada", 1))
    assert test_store.facts == (
        ("account-ada", 1, Deposited("ada", 5)),
        ("account-bea", 1, Deposited("bea", 5)),
        ("account-ada", 2, Withdrawn("ada", 1)),
    )
    assert test_store.position == 3


def test_a_refused_command_appends_nothing() -> None:
    test_store = TestStore()
    test_store.send(SHIP)
    assert (test_store.position, test_store.events, test_store.facts) == (0, (), ())


def test_a_stream_goes_on_from_the_initial_state() -> None:
    test_store = TestStore(OrderReducer(), OrderState({"order-1": ORDER}))
    test_store.send(SHIP, state=shipped)
    assert test_store.facts == (("order-order-1", 2, SHIPPED),)


def test_a_command_may_cause_several_events() -> None:
    def in_two(command: Any, account: Any, *, key: str, at: Any) -> tuple[Deposited, ...]:
        return Deposited(key, 1), Deposited(key, command.cents - 1)

    reducer: DeciderReducer[Account, Accounts] = DeciderReducer(replace(account_reducer().decider, decide=in_two))
    test_store = TestStore(reducer)
    test_store.send(Deposit("ada", 5), state=accounts((Account("ada", 5), 2)))
    assert [version for _, version, _ in test_store.facts] == [1, 2]


class Expecting(OrderReducer):
    """Expects every stream at a version of its own choice."""

    def __init__(self, version: int | None) -> None:
        super().__init__()
        self.version = version

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
        step = super().reduce(state, action, env)
        return Step(step.state, tuple(self._changed(effect) for effect in step.effects))

    def _changed(self, effect: Any) -> Any:
        return replace(effect, expected_version=self.version) if isinstance(effect, AppendEvents) else effect


def test_a_version_that_the_stream_is_not_at_is_a_conflict_and_nothing_happens() -> None:
    test_store = TestStore(Expecting(7))
    with pytest.raises(VersionConflict, match="stream order-order-1 is at version 0, not at 7 as expected"):
        test_store.send(PLACE, state=OrderState({"order-1": ORDER}))
    assert (test_store.position, test_store.state) == (0, OrderState())
    test_store.finish()


def test_a_version_that_is_not_expected_is_not_checked() -> None:
    TestStore(Expecting(None)).send(PLACE, state=OrderState({"order-1": ORDER}))


def test_the_facts_can_be_replayed() -> None:
    test_store = placed_store()
    test_store.send(SHIP, state=shipped)
    assert OrderReducer().replay(OrderState(), test_store.facts) == test_store.state


# Live equals replayed


class Careless(OrderReducer):
    """Counts an order twice: a change of the state that no event carries."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
        step = super().reduce(state, action, env)
        return Step(
            OrderState({key: replace(each, total_cents=0) for key, each in step.state.orders.items()}), step.effects
        )


def test_a_state_that_replay_does_not_make_fails_whatever_is_stated() -> None:
    test_store = TestStore(Careless(), exhaustive=False)
    text = failure_of(test_store.send, PlaceOrder("ada", (MUG,), "x"))
    assert text.startswith(
        "After PlaceOrder(customer_id='ada', items=(OrderItem(product_id='p-1', name='Mug', quantity=2, "
        "unit_price_cents=250),), order_id='x') the state is not what replay makes of the events"
        " (- replayed, + actual):\n\n"
    )
    assert "-             total_cents=500,\n+             total_cents=0,\n" in text
    assert (test_store.position, test_store.state) == (0, OrderState())


class Silent(OrderReducer):
    """Changes the state, and appends nothing."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
        return Step(super().reduce(state, action, env).state)


def test_a_state_that_no_event_carries_fails() -> None:
    assert "the state is not what replay makes of the events" in failure_of(
        TestStore(Silent()).send, PLACE, state=OrderState({"order-1": ORDER})
    )


class Rewriting(OrderReducer):
    """Appends an event that cannot follow."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
        return Step(state, (AppendEvents("order-order-1", (SHIPPED,), 0),))


def test_an_event_that_cannot_follow_fails() -> None:
    assert failure_of(TestStore(Rewriting()).send, SHIP) == (
        "What ShipOrder(order_id='order-1', tracking_number='T-1') appended cannot be replayed: "
        "stream order-order-1, version 1: OrderShipped of order-1 cannot follow None"
    )


class Straying(OrderReducer):
    """Appends to a stream of another domain."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
        return Step(state, (AppendEvents("audit-1", ("looked at",)),))


def test_a_stream_of_another_domain_is_refused() -> None:
    with pytest.raises(CorruptStream, match="stream audit-1 is none of kind order"):
        TestStore(Straying()).send(SHIP)


# Time


class Impatient(OrderReducer):
    """Cancels an order that is not shipped within an hour."""

    def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
        step = super().reduce(state, action, env)
        placed = [
            each.action for each in step.effects if isinstance(each, Emit) and isinstance(each.action, OrderPlaced)
        ]
        delays = (Delay(3600, CancelOrder(each.order_id, "not shipped within an hour")) for each in placed)
        return Step(step.state, (*step.effects, *delays))


def impatient_store(**options: Any) -> TestStore[OrderState]:
    test_store = TestStore(Impatient(), **options)
    test_store.send(PLACE, state=OrderState({"order-1": ORDER}))
    test_store.receive(PLACED)
    return test_store


TOO_LATE = Cancelled("not shipped within an hour", AT + HOUR)


def cancelled(before: OrderState) -> OrderState:
    order = before.orders["order-1"]
    return OrderState({"order-1": replace(order, status=TOO_LATE, updated_at=AT + HOUR, version=2)})


def test_an_order_that_is_not_shipped_within_an_hour_is_cancelled() -> None:
    with impatient_store() as test_store:
        test_store.advance(3600, state=cancelled)
        test_store.receive(OrderCancelled("order-1", "not shipped within an hour", AT + HOUR))


def test_an_order_that_is_shipped_in_time_is_not_cancelled() -> None:
    with impatient_store() as test_store:
        test_store.send(SHIP, state=shipped)
        test_store.receive(SHIPPED)
        test_store.advance(HOUR)
        test_store.receive(InvalidOrderState("order-1", "shipped"))


def test_nothing_comes_before_its_time() -> None:
    test_store = impatient_store()
    test_store.advance(3599.999)
    test_store.advance(timedelta(milliseconds=1), state=cancelled)


def test_what_comes_due_is_decided_as_of_its_own_instant() -> None:
    test_store = impatient_store()
    test_store.advance(timedelta(days=1), state=cancelled)
    assert test_store.events[-1].timestamp == AT + HOUR


def test_the_clock_stands_at_the_end_afterwards() -> None:
    clock = TestClock()
    test_store = TestStore(Impatient(), OrderState(), OrderEnvironment(clock, SequentialIds()), exhaustive=False)
    test_store.send(PLACE)
    test_store.advance(timedelta(days=1))
    assert clock.now() == AT + timedelta(days=1)


def test_a_change_that_time_brings_must_be_stated() -> None:
    text = failure_of(impatient_store().advance, HOUR)
    assert text.startswith(
        "After advancing by 1:00:00 the state has changed, and the test states no change: "
        "pass the new one as `state=` (- before, + actual):\n\n"
    )


def test_another_state_than_stated_after_a_time_fails() -> None:
    text = failure_of(impatient_store().advance, 3600.0, state=shipped)
    assert text.startswith("After advancing by 3600.0 the state is not the one stated (- stated, + actual):\n\n")


def test_a_clock_that_was_moved_past_a_delay_decides_it_as_late_as_it_is() -> None:
    clock = TestClock()
    test_store = TestStore(Impatient(), OrderState(), OrderEnvironment(clock, SequentialIds()), exhaustive=False)
    test_store.send(PLACE)
    clock.advance(7200)
    test_store.advance(0)
    assert test_store.events[-1].timestamp == AT + 2 * HOUR


@pytest.mark.parametrize("by", [-1, timedelta(seconds=-1), float("nan"), float("inf"), "an hour", True])
def test_time_is_moved_forward_by_a_number_of_seconds(by: Any) -> None:
    with pytest.raises(ValueError, match=r"^by must be a number from 0, not "):
        TestStore().advance(by)


# Delays of a reducer that is all the user's own


@dataclass(frozen=True)
class Ring:
    """Asks to be sent again, some times, each time after some seconds."""

    seconds: Any
    times: int
    name: str = "bell"


@dataclass(frozen=True)
class Rang:
    at: Any
    name: str


class Bell:
    """Keeps when it rang."""

    def reduce(self, state: tuple[Rang, ...], action: Any, env: Environment) -> Step[tuple[Rang, ...]]:
        if isinstance(action, Rang):
            return Step((*state, action))
        rang = Rang(env.clock.now(), action.name)
        again = [Delay(action.seconds, replace(action, times=action.times - 1))] if action.times else []
        return Step((*state, rang), (AppendEvents("bell", (rang,)), *again))


def bell() -> TestStore[tuple[Rang, ...]]:
    return TestStore(Bell(), ())


def at(*seconds: float, name: str = "bell") -> tuple[Rang, ...]:
    return tuple(Rang(AT + timedelta(seconds=each), name) for each in seconds)


def test_a_delay_that_asks_for_another_may_see_it_end_in_the_same_stretch() -> None:
    with bell() as test_store:
        test_store.send(Ring(10, 3), state=at(0))
        test_store.advance(25, state=at(0, 10, 20))
        test_store.advance(5, state=at(0, 10, 20, 30))


def test_delays_come_in_the_order_of_their_instants() -> None:
    test_store = bell()
    test_store.send(Ring(30, 1, "slow"), state=at(0, name="slow"))
    test_store.send(Ring(20, 1, "quick"), state=lambda before: (*before, *at(0, name="quick")))
    test_store.advance(60, state=lambda before: (*before, *at(20, name="quick"), *at(30, name="slow")))


def test_delays_of_one_instant_come_in_the_order_in_which_they_were_asked_for() -> None:
    test_store = bell()
    test_store.send(Ring(30, 1, "first"), state=at(0, name="first"))
    test_store.advance(10)
    test_store.send(Ring(20, 1, "second"), state=lambda before: (*before, *at(10, name="second")))
    test_store.advance(20, state=lambda before: (*before, *at(30, name="first"), *at(30, name="second")))


def test_a_delay_of_nothing_waits_for_the_next_advance() -> None:
    test_store = bell()
    test_store.send(Ring(0, 1), state=at(0))
    test_store.advance(0, state=at(0, 0))


def test_many_delays_in_a_long_time_are_no_fault() -> None:
    test_store = TestStore(Bell(), (), exhaustive=False)
    test_store.send(Ring(1, 300))
    test_store.advance(timedelta(hours=1))
    assert test_store.position == 301


def test_delays_that_ask_for_each_other_without_end_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.testing.interpreter._AT_ONCE", 50)
    test_store = TestStore(Bell(), (), exhaustive=False)
    test_store.send(Ring(0, 1_000))
    with pytest.raises(RuntimeError, match=r"^Ring\(.*\) comes again and again without any time passing$"):
        test_store.advance(1)


@pytest.mark.parametrize("seconds", [-1, float("nan"), "soon", 1e300])
def test_a_delay_without_a_length_of_time_is_named_and_nothing_happens(seconds: Any) -> None:
    test_store = bell()
    with pytest.raises(ValueError, match=r"^the seconds of Delay\(seconds="):
        test_store.send(Ring(seconds, 1), state=at(0))
    assert (test_store.position, test_store.state) == (0, ())


# The end


def test_leaving_with_something_left_over_fails_and_lists_it() -> None:
    def test() -> None:
        with TestStore(Impatient()) as test_store:
            test_store.send(PLACE, state=OrderState({"order-1": ORDER}))
            test_store.send(ShipOrder("x", "T-1"))

    assert failure_of(test) == (
        "The test ends too early: receive each action, and advance past each delay.\n"
        "\n"
        "  not received: OrderPlaced(order_id='order-1', customer_id='ada', items=(OrderItem(product_id='p-1', "
        "name='Mug', quantity=2, unit_price_cents=250),), total_cents=500, times...\n"
        "  not received: OrderNotFound(order_id='x')\n"
        "  still pending, due at 2025-01-01T01:00:00Z: CancelOrder(order_id='order-1', "
        "reason='not shipped within an hour')"
    )


def test_an_error_inside_is_not_hidden_by_what_is_left_over() -> None:
    def test() -> None:
        with TestStore() as test_store:
            test_store.send(SHIP)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        test()


def test_without_with_the_end_is_stated() -> None:
    test_store = impatient_store()
    assert "still pending" in failure_of(test_store.finish)
    test_store.advance(HOUR, state=cancelled)
    assert "not received" in failure_of(test_store.finish)
    test_store.receive(OrderCancelled)
    test_store.finish()


def test_a_store_that_is_not_exhaustive_lets_states_and_leftovers_go_by() -> None:
    with TestStore(Impatient(), exhaustive=False) as test_store:
        test_store.send(PLACE)
        test_store.advance(HOUR)
        test_store.send(PLACE)
    assert test_store.position == 3


def test_a_store_that_is_not_exhaustive_still_checks_what_is_stated() -> None:
    test_store = TestStore(exhaustive=False)
    assert "the state is not the one stated" in failure_of(test_store.send, PLACE, state=OrderState())
    assert "the next action" in failure_of(test_store.receive, OrderShipped).lower()


# What it takes


def test_a_domain_that_is_not_orders() -> None:
    with TestStore(account_reducer(), env=account_environment()) as test_store:
        test_store.send(Deposit(None, 5), state=accounts((Account("account-1", 5), 1)))
        opened = test_store.receive(Deposited)
        test_store.send(Withdraw(opened.account_id, 6))
        test_store.receive(InsufficientFunds(opened.account_id, 5))


class Indifferent:
    """Answers whatever it is told to answer."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = Step(None) if answer is None else answer

    def reduce(self, state: None, action: Any, env: Environment) -> Any:
        return self.answer


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("hello", "^reduce must return a Step, not 'hello', for 'ask'$"),
        (Step(None, ("hello",)), "^effects must be AppendEvents, Emit or Delay, and 'ask' led to 'hello'$"),  # type: ignore[arg-type]
        (
            Step(None, (AppendEvents("a", (1,)), AppendEvents("b", (2,)))),
            "^'ask' appends to 2 streams, and a command may append to one$",
        ),
    ],
)
def test_an_answer_that_the_runtime_could_not_perform_is_refused(answer: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        TestStore(Indifferent(answer), None).send("ask")


def test_an_append_of_nothing_is_none() -> None:
    test_store = TestStore(Indifferent(Step(None, (AppendEvents("a", (), 5), AppendEvents("b", ())))), None)
    test_store.send("ask")
    assert test_store.position == 0


def test_a_reducer_that_reads_the_clock_for_an_event_is_told_so() -> None:
    class Forgetful(Bell):
        def reduce(self, state: tuple[Rang, ...], action: Any, env: Environment) -> Step[tuple[Rang, ...]]:
            env.clock.now()
            return super().reduce(state, action, env)

    with pytest.raises(RuntimeError, match="a reducer must not read the clock for an event"):
        TestStore(Forgetful(), ()).send(Ring(1, 0), state=at(0))


def test_a_decider_is_no_reducer() -> None:
    orders: Any = ORDERS
    with pytest.raises(TypeError, match=r"has none; lift it: DeciderReducer\(decider\)$"):
        TestStore(orders)


def test_what_has_no_reduce_is_no_reducer() -> None:
    nothing: Any = "orders"
    with pytest.raises(TypeError, match=r"^reducer must have a method `reduce`, and 'orders' has none$"):
        TestStore(nothing)


def test_a_reducer_of_ones_own_needs_an_initial_state() -> None:
    with pytest.raises(TypeError, match=r"^initial_state must be said: only a DeciderReducer has one, and not <"):
        TestStore(Bell())


@pytest.mark.parametrize("env", [AccountEnvironment(FixedClock(AT), SequentialIds()), "no environment"])
def test_the_clock_must_be_one_that_can_be_moved(env: Any) -> None:
    with pytest.raises(TypeError, match=r"^env.clock must be a TestClock, which `advance` can move, not "):
        TestStore(env=env)


def test_pytest_does_not_take_it_for_a_test() -> None:
    assert TestStore.__test__ is False


def test_no_event_loop_is_ever_loaded() -> None:
    program = "import orderlab.testing, sys; sys.exit('asyncio' in sys.modules or 'duckdb' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


# Shown


def test_a_store_is_shown_in_one_line() -> None:
    assert repr(TestStore()) == "<TestStore at position 0: <OrderState 0 orders>>"
    assert repr(impatient_store()) == "<TestStore at position 1: <OrderState 1 orders: 1 placed>; 1 pending>"
    test_store = TestStore(account_reducer())
    test_store.send(Withdraw("ada", 1))
    assert repr(test_store) == "<TestStore at position 0: <EntityState of 0 entities, 0 events>; 1 to receive>"


def test_a_notebook_shows_a_store_and_its_state() -> None:
    test_store = TestStore(Impatient(), exhaustive=False)
    test_store.send(PLACE)
    html = unescape(test_store._repr_html_())
    for shown in ("OrderPlaced", "CancelOrder at 2025-01-01T01:00:00Z", "<td", "order-1"):
        assert shown in html


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("not to be shown")

    _repr_html_ = __repr__


def test_a_state_that_cannot_be_shown_does_no_harm() -> None:
    test_store: TestStore[Any] = TestStore(Indifferent(), Unprintable())
    assert repr(test_store) == "<TestStore at position 0: <Unprintable that cannot be shown: RuntimeError>>"
    assert "test store at position" in test_store._repr_html_()


# Laws


@given(runs(max_size=12), st.booleans())
def test_a_test_that_states_what_the_reducer_says_passes(run: list[Command], check_versions: bool) -> None:
    reducer, env = OrderReducer(check_versions=check_versions), OrderEnvironment(TestClock(), SequentialIds())
    with TestStore(OrderReducer(check_versions=check_versions)) as test_store:
        for command in run:
            step = reducer.reduce(test_store.state, command, env)
            test_store.send(command, state=step.state)
            for effect in step.effects:
                if isinstance(effect, Emit):
                    test_store.receive(effect.action)
    assert reducer.replay(OrderState(), test_store.facts) == test_store.state
    assert len(test_store.events) == sum(order.version for order in test_store.state.orders.values())


@given(runs(max_size=12))
def test_what_passes_a_test_also_runs(run: list[Command]) -> None:
    async def facts() -> list[tuple[str, int, object]]:
        event_store, env = InMemoryEventStore(), OrderEnvironment(TestClock(), SequentialIds())
        async with Store(OrderReducer(), OrderState(), env, event_store) as store:
            for command in run:
                await store.send(command)
            assert store.state == test_store.state
            return [(each.stream_id, each.version, each.event) async for each in event_store.read_all()]

    test_store = TestStore(exhaustive=False)
    for command in run:
        test_store.send(command)
    assert tuple(asyncio.run(facts())) == test_store.facts


@given(st.lists(st.tuples(runs(max_size=12), st.integers(0, 5_000)), max_size=4))
def test_every_order_is_shipped_or_cancelled_an_hour_after_it_was_placed(
    stretches: list[tuple[list[Command], int]],
) -> None:
    test_store = TestStore(Impatient(), exhaustive=False)
    for run, seconds in stretches:
        for command in run:
            test_store.send(command)
        test_store.advance(seconds)
    test_store.advance(HOUR)
    for order in test_store.state.orders.values():
        assert isinstance(order.status, Shipped | Cancelled)
        assert order.updated_at - order.created_at <= HOUR
    assert OrderReducer().replay(OrderState(), test_store.facts) == test_store.state


@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.floats(1, 40), st.integers(0, 5))
def test_it_does_not_matter_in_how_many_steps_time_passes(steps: list[float], every: float, times: int) -> None:
    lengths = [timedelta(seconds=step) for step in steps]
    one_by_one, at_once = (TestStore(Bell(), (), exhaustive=False) for _ in range(2))
    for test_store in (one_by_one, at_once):
        test_store.send(Ring(every, times))
    for length in lengths:
        one_by_one.advance(length)
    at_once.advance(sum(lengths, timedelta()))
    assert one_by_one.facts == at_once.facts
