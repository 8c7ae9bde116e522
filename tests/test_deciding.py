import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from accounts import (
    Accounts,
    Deposit,
    Deposited,
    InsufficientFunds,
    Withdraw,
    account_environment,
    account_reducer,
)

from orderlab.core.decider import Step
from orderlab.core.effects import AppendEvents, Delay, Effect, Emit
from orderlab.core.environment import Clock, Environment, IdGenerator, SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.core.log import NewEvent
from orderlab.deciding import Decision, Question
from orderlab.idempotency import event_id_of, note_of
from orderlab.orders.actions import CancelOrder, InvalidOrderState, OrderNotFound, OrderPlaced, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE = PlaceOrder("customer-1", [MUG])


def order_environment() -> OrderEnvironment:
    return OrderEnvironment(TestClock(), SequentialIds())


def state_after(*commands: object) -> Accounts:
    reducer, env = account_reducer(), account_environment()
    state = reducer.initial_state()
    for command in commands:
        state = reducer.reduce(state, command, env).state
    return state


def orders_after(*commands: object) -> OrderState:
    state, env = OrderState(), order_environment()
    for command in commands:
        state = OrderReducer().reduce(state, command, env).state
    return state


def asked(command: object, **said: Any) -> Question:
    return Question(command, account_environment(), "request-1", **said)


def written(decision: Decision[Any]) -> Sequence[NewEvent]:
    assert decision.append is not None
    return decision.append.events


@dataclass
class Asking:
    """A reducer that a user wrote: it asks for these effects, whatever it is given."""

    effects: tuple[Effect, ...]

    def reduce(self, state: int, action: Any, env: Environment) -> Step[int]:
        return Step(state + 1, self.effects)


# The environment of a decision


@pytest.mark.parametrize("env", [SimpleNamespace(clock=TestClock(), ids=SequentialIds()), OrderEnvironment, None])
def test_an_environment_that_is_no_dataclass_is_refused(env: Any) -> None:
    with pytest.raises(TypeError, match="env must be a dataclass with a clock and ids"):
        Question(PLACE, env, "request-1")


def test_a_decision_sees_whatever_else_the_environment_holds() -> None:
    @dataclass(frozen=True)
    class Shop:
        clock: Clock
        ids: IdGenerator
        open: bool

    class Asked:
        def reduce(self, state: list[bool], action: Any, env: Any) -> Step[list[bool]]:
            state.append(env.open)
            return Step(state)

    seen: list[bool] = []
    Question("open?", Shop(TestClock(), SequentialIds(), open=True), "request-1").decide(Asked(), seen)
    assert seen == [True]


def test_the_clock_is_read_anew_each_time() -> None:
    env = OrderEnvironment(clock := TestClock(), SequentialIds())
    question = Question(PLACE, env, "request-1")
    question.decide(OrderReducer(), OrderState())
    clock.advance(5)
    [new] = written(question.decide(OrderReducer(), OrderState()))
    assert new.event.timestamp == NEW_YEAR + timedelta(seconds=5)


def test_a_command_decided_again_keeps_the_id_drawn_for_it() -> None:
    question = Question(PLACE, order_environment(), "request-1")
    [first] = written(question.decide(OrderReducer(), OrderState()))
    [second] = written(question.decide(OrderReducer(), OrderState()))
    assert (first.event.order_id, second.event.order_id) == ("order-1", "order-1")


def test_two_commands_never_share_an_id() -> None:
    env = order_environment()
    news = [written(Question(PLACE, env, "request-1").decide(OrderReducer(), OrderState()))[0] for _ in range(3)]
    assert len({new.event.order_id for new in news}) == 3


def test_a_reducer_that_draws_many_ids_gets_the_same_ones_again() -> None:
    class Drawing:
        def reduce(self, state: list[object], action: Any, env: Environment) -> Step[list[object]]:
            state.append((env.ids.new_id("order"), env.ids.new_uuid(), env.ids.new_id("parcel"), env.ids.new_uuid()))
            return Step(state)

    seen: list[object] = []
    question = asked("draw")
    question.decide(Drawing(), seen)
    question.decide(Drawing(), seen)
    once = ("order-1", UUID(int=1), "parcel-1", UUID(int=2))
    assert seen == [once, once]


def test_a_command_decided_as_of_an_instant_reads_that_from_the_clock() -> None:
    noon = NEW_YEAR + timedelta(hours=12)
    question = Question(PLACE, order_environment(), "request-1", at=noon.astimezone(timezone(timedelta(hours=2))))
    [new] = written(question.decide(OrderReducer(), OrderState()))
    assert (new.event.timestamp, new.recorded_at) == (noon, noon)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="at must be a timezone-aware datetime"):
        asked(Deposit("ada", 5), at=datetime(2025, 1, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize("key", [7, ["key"], b"key"])
def test_a_key_that_is_no_text_is_refused(key: Any) -> None:
    with pytest.raises(TypeError, match="idempotency_key must be text"):
        asked(Deposit("ada", 5), key=key)


# What is to be written


def test_an_event_is_written_with_its_request_as_correlation_and_cause() -> None:
    [new] = written(asked(Deposit("ada", 5)).decide(account_reducer(), state_after()))
    assert (new.event, new.correlation_id, new.causation_id) == (Deposited("ada", 5), "request-1", "request-1")


def test_an_event_is_written_without_a_time_unless_one_was_set() -> None:
    [new] = written(asked(Deposit("ada", 5)).decide(account_reducer(), state_after()))
    assert (new.recorded_at, new.metadata) == (None, {})


def test_a_key_is_written_with_the_event_and_makes_its_id() -> None:
    command = Deposit("ada", 5)
    [new] = written(asked(command, key="key-1").decide(account_reducer(), state_after()))
    assert (new.metadata, new.event_id) == (note_of("key-1", command), event_id_of("key-1", 0))


def test_an_accepted_command_gives_the_state_with_its_events_applied() -> None:
    decision = asked(Deposit("ada", 5)).decide(account_reducer(), state_after())
    assert decision.state == state_after(Deposit("ada", 5))


def test_a_refused_command_gives_the_same_state_and_the_rejection() -> None:
    state = state_after(Deposit("ada", 5))
    decision = asked(Withdraw("ada", 6)).decide(account_reducer(), state)
    assert decision.state is state
    assert (decision.append, decision.rejection) == (None, InsufficientFunds("ada", 5))


def test_a_command_that_causes_nothing_gives_nothing() -> None:
    state = state_after()
    assert asked(Deposit("ada", 0)).decide(account_reducer(), state) == Decision(state, None)


@pytest.mark.parametrize("command", ["nonsense", None, 7, PLACE, Deposited("ada", 5)])
@pytest.mark.parametrize("expected_version", [None, 1])
def test_what_is_none_of_the_domains_commands_is_a_mistake(command: object, expected_version: int | None) -> None:
    with pytest.raises(TypeError, match="is no command of account, and only commands are sent"):
        asked(command, expected_version=expected_version).decide(account_reducer(), state_after())


# Reducers that a user wrote


def test_a_state_that_no_event_carries_is_not_kept() -> None:
    assert asked("go").decide(Asking(()), 7) == Decision(7, None)


def test_an_append_of_nothing_is_no_append() -> None:
    assert asked("go").decide(Asking((AppendEvents("a", ()),)), 7) == Decision(7, None)


def test_the_first_announcement_without_an_append_is_the_rejection() -> None:
    decision = asked("go").decide(Asking((Emit("no"), Emit("never"))), 7)
    assert (decision.state, decision.rejection) == (7, "no")


def test_delays_are_part_of_what_was_decided() -> None:
    soon, late = Delay(1, "soon"), Delay(60, "late")
    decision = asked("go").decide(Asking((soon, AppendEvents("a", ("event",)), late)), 7)
    assert (decision.delays, decision.rejection) == ((soon, late), None)


def test_what_is_refused_may_ask_for_delays_as_well() -> None:
    decision = asked("go").decide(Asking((Emit("no"), Delay(1, "soon"))), 7)
    assert (decision.rejection, decision.delays) == ("no", (Delay(1, "soon"),))


@pytest.mark.parametrize("seconds", [-0.001, float("nan"), float("inf"), True, "1", None, timedelta(seconds=1)])
def test_a_delay_whose_seconds_are_no_length_of_time_is_refused(seconds: Any) -> None:
    with pytest.raises(
        ValueError, match=f"the seconds of a Delay must be a number from 0, not {re.escape(repr(seconds))}"
    ):
        asked("go").decide(Asking((AppendEvents("a", ("event",)), Delay(seconds, "later"))), 7)


@pytest.mark.parametrize("seconds", [1e12, 1e300])
def test_a_delay_that_would_end_beyond_the_calendar_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="the seconds of a Delay must end within the calendar"):
        asked("go").decide(Asking((Delay(seconds, "later"),)), 7)


def test_a_delay_is_counted_from_the_instant_that_the_command_is_decided_as_of() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    with pytest.raises(ValueError, match="must end within the calendar"):
        asked("go", at=last).decide(Asking((Delay(1, "later"),)), 7)


def test_everything_that_was_announced_is_part_of_what_was_decided() -> None:
    decision = asked("go").decide(Asking((Emit("one"), AppendEvents("a", ("two",)), Emit("two"))), 7)
    assert (decision.said, decision.rejection) == (("one", "two"), None)


def test_a_command_that_another_event_asked_for_names_that_as_the_cause() -> None:
    [new] = written(asked(Deposit("ada", 5), cause="event-1").decide(account_reducer(), state_after()))
    assert (new.correlation_id, new.causation_id) == ("request-1", "event-1")


def test_a_command_may_append_to_one_stream_only() -> None:
    twice = Asking((AppendEvents("a", ("event",)), AppendEvents("b", ("event",))))
    with pytest.raises(TypeError, match="'go' appends to 2 streams, and a command may append to one"):
        asked("go").decide(twice, 7)


def test_what_is_no_effect_is_told() -> None:
    effects: Any = (Emit("fine"), "nonsense")
    with pytest.raises(TypeError, match="'go' asks for 'nonsense', which is no effect"):
        asked("go").decide(Asking(effects), 7)


def test_every_event_under_a_key_gets_an_id_of_its_own() -> None:
    news = written(asked("go", key="key-1").decide(Asking((AppendEvents("a", ("one", "two", "three")),)), 7))
    assert [(new.event, new.event_id) for new in news] == [
        ("one", event_id_of("key-1", 0)),
        ("two", event_id_of("key-1", 1)),
        ("three", event_id_of("key-1", 2)),
    ]


def test_without_a_key_the_event_store_draws_the_ids_of_the_events() -> None:
    [new] = written(asked(Deposit("ada", 5)).decide(account_reducer(), state_after()))
    assert new.event_id is None


@pytest.mark.parametrize(("asked_for", "said", "expected"), [(None, None, None), (None, 3, 3), (3, None, 3), (3, 3, 3)])
def test_the_version_expected_is_the_reducers_or_else_the_senders(
    asked_for: int | None, said: int | None, expected: int | None
) -> None:
    reducer = Asking((AppendEvents("a", ("event",), asked_for),))
    decision = asked("go", expected_version=said).decide(reducer, 7)
    assert decision.append is not None
    assert decision.append.expected_version == expected


def test_a_reducer_and_a_sender_who_expect_different_versions_conflict() -> None:
    with pytest.raises(VersionConflict, match="stream a is at version 3, not at 2 as expected"):
        asked("go", expected_version=2).decide(Asking((AppendEvents("a", ("event",), 3),)), 7)


# The version that a sender expects


def test_the_version_that_is_there_may_be_expected() -> None:
    state = orders_after(PLACE)
    question = Question(ShipOrder("order-1", "T"), order_environment(), "request-1", expected_version=1)
    decision = question.decide(OrderReducer(), state)
    assert decision.append is not None
    assert decision.append.expected_version == 1


@pytest.mark.parametrize("expected_version", [0, 2])
def test_another_version_than_is_there_is_a_conflict(expected_version: int) -> None:
    state = orders_after(PLACE)
    question = Question(ShipOrder("order-1", "T"), order_environment(), "r", expected_version=expected_version)
    with pytest.raises(VersionConflict, match=f"is at version 1, not at {expected_version} as expected"):
        question.decide(OrderReducer(), state)


def test_what_is_not_there_is_refused_before_its_version_is_looked_at() -> None:
    question = Question(ShipOrder("order-1", "T"), order_environment(), "request-1", expected_version=1)
    assert question.decide(OrderReducer(), OrderState()).rejection == OrderNotFound("order-1")


def test_the_version_is_looked_at_before_the_status() -> None:
    state = orders_after(PLACE, CancelOrder("order-1"))
    question = Question(ShipOrder("order-1", "T"), order_environment(), "request-1", expected_version=1)
    with pytest.raises(VersionConflict):
        question.decide(OrderReducer(), state)


def test_the_status_refuses_what_expects_the_right_version() -> None:
    state = orders_after(PLACE, CancelOrder("order-1"))
    question = Question(ShipOrder("order-1", "T"), order_environment(), "request-1", expected_version=2)
    assert question.decide(OrderReducer(), state).rejection == InvalidOrderState("order-1", "cancelled")


def test_a_new_entity_may_be_expected_to_be_new() -> None:
    question = Question(PLACE, order_environment(), "request-1", expected_version=0)
    [new] = written(question.decide(OrderReducer(), OrderState()))
    assert isinstance(new.event, OrderPlaced)


def test_a_new_entity_is_at_no_version_yet() -> None:
    question = Question(PLACE, order_environment(), "request-1", expected_version=1)
    with pytest.raises(VersionConflict, match="stream order-order-1 is at version 0, not at 1 as expected"):
        question.decide(OrderReducer(), OrderState())


def test_a_sender_is_checked_also_where_the_reducer_checks_nothing() -> None:
    decision = asked(Deposit("ada", 5), expected_version=1).decide(
        account_reducer(check_versions=False), state_after(Deposit("ada", 5))
    )
    assert decision.append is not None
    assert decision.append.expected_version == 1


@pytest.mark.parametrize("version", ["1", True, 1.0])
def test_an_expected_version_is_a_whole_number(version: Any) -> None:
    with pytest.raises(TypeError, match="expected_version must be None or a whole number, not"):
        asked("go", expected_version=version)


def test_a_key_that_cannot_be_written_is_told() -> None:
    with pytest.raises(ValueError, match="idempotency_key must be text that can be written"):
        asked("go", key="\ud800")
