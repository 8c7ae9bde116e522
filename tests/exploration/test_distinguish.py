import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any
from uuid import uuid4

import pytest
from accounts import ACCOUNTS, Deposit, Deposited, account_reducer
from loans import LOANS

from orderlab.core.decider import Decider, DeciderReducer, EntityState, Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import Environment
from orderlab.core.script import TimedCommand
from orderlab.exploration.differing.sides import Side
from orderlab.exploration.distinction import Distinction
from orderlab.exploration.distinguish import distinguish
from orderlab.exploration.domain import reducer_of
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import (
    CancelOrder,
    Command,
    Event,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.decider import ORDERS, decide, evolve, problem_with
from orderlab.orders.model import Cancelled, Order, OrderItem, OrderState, Placed, Shipped
from orderlab.orders.reducer import OrderReducer

MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE, SHIP, CANCEL = PlaceOrder("ada", (MUG,), "order-1"), ShipOrder("order-1", "T-1"), CancelOrder("order-1")


def deciding(mistaken: Any) -> Decider[Order]:
    """Return the order decider with another way to decide."""
    return replace(ORDERS, decide=mistaken)


def evolving(mistaken: Any) -> Decider[Order]:
    """Return the order decider with another way to evolve."""
    return replace(ORDERS, evolve=mistaken)


# The same rules, written by somebody else.


def decide_otherwise(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    if (problem := problem_with(command)) is not None:
        return ValidationFailed(problem, command.order_id)
    status = "draft" if order is None else order.status.name
    wanted = "draft" if isinstance(command, PlaceOrder) else "placed"
    if status != wanted:
        return OrderNotFound(key) if status == "draft" else InvalidOrderState(key, status)
    if isinstance(command, PlaceOrder):
        total = 0
        for item in command.items:
            total += item.quantity * item.unit_price_cents
        return (OrderPlaced(key, command.customer_id, (*command.items,), total, at),)
    if isinstance(command, ShipOrder):
        return (OrderShipped(key, command.tracking_number, at),)
    return (OrderCancelled(key, command.reason, at),)


def evolve_otherwise(order: Order | None, event: Event) -> Order:
    at = event.timestamp
    match event:
        case OrderPlaced(order_id, customer_id, items, total_cents, _):
            return Order(order_id, customer_id, items, Placed(), total_cents, at, at, 1)
        case OrderShipped(tracking_number=number):
            status: Shipped | Cancelled = Shipped(number, at)
        case OrderCancelled(reason=reason):
            status = Cancelled(reason, at)
    assert order is not None
    return replace(order, status=status, updated_at=at, version=order.version + 1)


def test_two_equal_deciders_written_differently_are_proven_equal() -> None:
    distinction = distinguish(ORDERS, replace(ORDERS, decide=decide_otherwise, evolve=evolve_otherwise))
    assert not distinction.differs
    assert distinction.exhaustive
    assert distinction.step == 0
    assert str(distinction) == (
        f"no difference: {distinction.states} states of at most 1 entity were compared, with 38 commands each, "
        "and no others can be reached"
    )


def test_the_states_that_were_compared_are_those_that_can_be_reached() -> None:
    distinction = distinguish(ORDERS, ORDERS, [PLACE, SHIP, CANCEL, CancelOrder("order-1", "")])
    assert (distinction.states, distinction.exhaustive) == (4, True)  # none, placed, shipped, cancelled


def test_a_domain_without_end_is_proven_equal_up_to_the_bound_alone() -> None:
    distinction = distinguish(ACCOUNTS, ACCOUNTS, [Deposit("account-1", 1)], depth=3)
    assert not distinction.exhaustive
    assert distinction.bound == (
        "4 states of at most 1 entity were compared, with 1 command each, up to 3 commands one after the other; "
        "what longer runs do is not known"
    )


def test_all_entities_that_given_commands_are_about_are_followed() -> None:
    commands = [PLACE, replace(PLACE, order_id="order-2"), CANCEL, ShipOrder("order-2", "T-1")]
    assert (
        distinguish(ORDERS, ORDERS, commands, depth=2).states == 7
    )  # none; one placed; both, either first; one done with
    assert distinguish(ORDERS, ORDERS, lambda state: commands, depth=2).states == 7


def test_with_two_entities_what_only_two_show_is_found() -> None:
    def loses_the_first(order: Order | None, event: Event) -> Order:
        return replace(evolve(order, event), customer_id="ada" if event.order_id == "order-1" else "bob")

    assert not distinguish(evolving(loses_the_first), ORDERS, [PLACE]).differs
    assert distinguish(evolving(loses_the_first), ORDERS, [PLACE, replace(PLACE, order_id=None)]).step == 2


def test_a_bound_on_states_ends_the_search() -> None:
    distinction = distinguish(ACCOUNTS, ACCOUNTS, [Deposit("account-1", 1)], states=2)
    assert (distinction.states, distinction.exhaustive) == (2, False)


def test_another_domain_is_compared_with_itself() -> None:
    assert not distinguish(LOANS, LOANS, depth=3).differs


# What is found.


def ships_a_cancelled_order(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
    if isinstance(command, ShipOrder) and order is not None and isinstance(order.status, Cancelled):
        return (OrderShipped(key, command.tracking_number, at),)
    return decide(command, order, order_id=key, at=at)


SHIPS_CANCELLED = replace(ORDERS, decide=ships_a_cancelled_order, evolve=evolve_otherwise)


def test_the_shortest_run_is_found() -> None:
    distinction = distinguish(SHIPS_CANCELLED, ORDERS)
    assert distinction.trace is not None
    assert [type(each) for each in distinction.trace.commands] == [PlaceOrder, CancelOrder, ShipOrder]
    assert distinction.step == 3


def test_both_outcomes_stand_side_by_side() -> None:
    text = str(distinguish(SHIPS_CANCELLED, ORDERS, [PLACE, CANCEL, SHIP], labels=("mine", "yours")))
    assert text.splitlines() == [
        "they differ in step 3, ShipOrder: mine answers OrderShipped where yours refuses with InvalidOrderState",
        "",
        "     command                                 mine            yours",
        "  1  PlaceOrder order-1, ada, 1 × OrderItem  OrderPlaced     OrderPlaced",
        "  2  CancelOrder order-1                     OrderCancelled  OrderCancelled",
        "> 3  ShipOrder order-1, T-1                  OrderShipped    InvalidOrderState",
        "",
        "> ShipOrder(order_id='order-1', tracking_number='T-1')",
    ]


def test_the_same_run_is_found_every_time() -> None:
    assert str(distinguish(SHIPS_CANCELLED, ORDERS)) == str(distinguish(SHIPS_CANCELLED, ORDERS))


def test_the_traces_are_what_each_does_with_the_same_commands() -> None:
    distinction = distinguish(SHIPS_CANCELLED, ORDERS)
    assert distinction.trace is not None
    assert distinction.other is not None
    assert distinction.trace.commands == distinction.other.commands
    timed = [TimedCommand(step.at, step.command, "") for step in distinction.trace.steps]
    assert Trace.of(SHIPS_CANCELLED, timed).outcomes == distinction.trace.outcomes
    assert Trace.of(ORDERS, timed).outcomes == distinction.other.outcomes


def test_a_field_of_an_event_is_named() -> None:
    def sum_of_prices(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
        return tuple(replace(each, total_cents=250) for each in decide_otherwise(command, order, key=key, at=at))

    distinction = distinguish(deciding(sum_of_prices), ORDERS, [PLACE])
    assert distinction.what == "events[0].total_cents is 250 in the first and 500 in the second"
    assert "events[0].total_cents                 250          500" in str(distinction)


def test_a_number_of_another_kind_is_another_number() -> None:
    def in_floats(order: Order | None, event: Event) -> Order:
        after = evolve(order, event)
        return replace(after, total_cents=float(after.total_cents))  # type: ignore[arg-type] # as a division makes it

    what = distinguish(evolving(in_floats), ORDERS, [PLACE]).what
    assert what == "state.entities['order-1'].total_cents is 500.0 in the first and 500 in the second"


def test_a_class_that_was_defined_again_is_still_the_same() -> None:
    def noted() -> Any:
        @dataclass(frozen=True)
        class Noted:
            account_id: str
            cents: int

        return Noted

    def accounts(kind: Any) -> Decider[Any]:
        return replace(
            ACCOUNTS,
            decide=lambda command, entity, *, key, at: (kind(key, command.cents),),
            evolve=lambda entity, event: event,
            events=(kind,),
        )

    assert not distinguish(accounts(noted()), accounts(noted()), [Deposit("a", 1)], depth=2).differs


def test_what_is_raised_is_told_beside_what_is_answered() -> None:
    def refuse(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
        raise ValueError("no")

    what = distinguish(deciding(refuse), ORDERS, [PLACE]).what
    assert what == "the first raises ValueError: no where the second answers OrderPlaced"


def test_a_time_that_is_lost_shows_because_time_passes() -> None:
    def forget(order: Order | None, event: Event) -> Order:
        after = evolve(order, event)
        return after if order is None else replace(after, updated_at=order.updated_at)

    assert distinguish(evolving(forget), ORDERS).what.startswith(
        "state.entities['order-1'].updated_at is 2025-01-01 00:00:00 in"
    )


def test_a_rule_about_time_is_come_upon_a_year_later() -> None:
    def expire(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
        if order is not None and isinstance(command, ShipOrder) and at - order.created_at > timedelta(days=90):
            return InvalidOrderState(key, "expired")
        return decide(command, order, order_id=key, at=at)

    distinction = distinguish(deciding(expire), ORDERS, [PLACE, SHIP])
    assert distinction.step == 2
    assert "ShipOrder order-1, T-1 (2026-01-02)" in str(distinction)


def test_commands_may_bring_their_times_or_depend_on_the_state() -> None:
    at = datetime(2025, 3, 1, tzinfo=UTC)

    def commands(state: EntityState[Order]) -> list[Any]:
        return [CANCEL, SHIP] if state.entities else [TimedCommand(at, PLACE, "")]

    distinction = distinguish(SHIPS_CANCELLED, ORDERS, commands)
    assert distinction.trace is not None
    assert distinction.trace.steps[0].at == at
    assert distinction.trace.commands == (PLACE, CANCEL, SHIP)


def test_a_run_may_begin_anywhere() -> None:
    cancelled = Trace.of(ORDERS, [PLACE, CANCEL]).state
    assert distinguish(SHIPS_CANCELLED, ORDERS, [SHIP], start=cancelled).step == 1


# Who is no pure function.


def test_one_that_reads_the_clock_is_told_apart_without_naming_a_time() -> None:
    def now(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
        return decide(command, order, order_id=key, at=datetime.now(UTC))

    assert distinguish(deciding(now), ORDERS, [PLACE]).what == (
        "the first does not say the same twice: asked again on the same state, events[0].timestamp is another"
    )


def test_one_that_draws_its_own_id_is_told_apart() -> None:
    def drawn(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
        return decide(command, order, order_id=f"order-{uuid4()}", at=at)

    assert distinguish(ORDERS, deciding(drawn), [PLACE]).what == (
        "the first answers OrderPlaced where the second raises TypeError"
    )


def test_one_that_remembers_what_it_was_asked_is_told_apart() -> None:
    asked: list[Command] = []

    def remember(command: Command, order: Order | None, *, key: str, at: datetime) -> Any:
        asked.append(command)
        return OrderNotFound(key) if len(asked) > 20 else decide(command, order, order_id=key, at=at)

    def commands() -> Iterator[Any]:
        yield from [PlaceOrder("ada", (), "order-1")] * 12
        yield PLACE

    assert distinguish(deciding(remember), ORDERS, list(commands())).differs


def test_one_that_changes_the_order_in_place_is_told_apart_and_its_trace_shows_what_was() -> None:
    def in_place(order: Order | None, event: Event) -> Order:
        after = evolve(order, event)
        if order is None:
            return after
        object.__setattr__(order, "status", after.status)
        object.__setattr__(order, "updated_at", after.updated_at)
        object.__setattr__(order, "version", after.version)
        return order

    distinction = distinguish(evolving(in_place), ORDERS, [PLACE, SHIP])
    assert distinction.what == "the first changes the state that it is given, and the second does not"
    assert distinction.trace is not None
    assert distinction.trace.steps[1].before.entities["order-1"].status == Placed()


def test_two_that_both_change_what_they_are_given_are_compared_all_the_same() -> None:
    assert not distinguish(Books(), Books(), [Deposit("a", 1), Deposit("a", 2)], depth=3).differs
    assert distinguish(Books(), Books(lose=3), [Deposit("a", 1), Deposit("a", 2)], depth=3).step == 2


@dataclass
class Books:
    """A reducer of somebody's own, whose state is a dictionary that it changes."""

    lose: int = 0

    def initial_state(self) -> dict[str, int]:
        return {}

    def reduce(self, state: dict[str, int], action: Any, env: Environment) -> Step[dict[str, int]]:
        cents = state.get(action.account_id, 0) + action.cents
        if cents != self.lose:
            state[action.account_id] = cents
        if isinstance(action, Deposited):
            return Step(state)
        event = Deposited(action.account_id, action.cents)
        return Step(state, (AppendEvents(f"account-{action.account_id}", (event,)), Emit(event)))


# Reducers.


def test_the_expected_version_is_compared_for_reducers() -> None:
    what = distinguish(OrderReducer(check_versions=False), OrderReducer(), [PLACE]).what
    assert what == "effects[0].expected_version is none in the first and 0 in the second"


def test_effects_are_compared_in_their_order() -> None:
    class Backwards(OrderReducer):
        def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
            step = super().reduce(state, action, env)
            return replace(step, effects=step.effects[::-1])

    what = distinguish(Backwards(), OrderReducer(), [PLACE]).what
    assert what == "the first asks for Emit, AppendEvents where the second asks for AppendEvents, Emit"


def test_a_live_state_that_is_not_the_replayed_one_is_told_apart() -> None:
    class PaysBack(OrderReducer):
        def reduce(self, state: OrderState, action: Any, env: Environment) -> Step[OrderState]:
            step = super().reduce(state, action, env)
            orders = {key: replace(order, total_cents=0) for key, order in step.state.orders.items()}
            return replace(step, state=OrderState(orders)) if isinstance(action, CancelOrder) else step

    assert distinguish(OrderReducer(), PaysBack(), [PLACE, CANCEL]).what == (
        "the second has another state live than replayed: "
        "state.orders['order-1'].total_cents is 0 in the live state and 500 in the one replayed from the log"
    )


def test_events_that_cannot_be_replayed_are_told_apart() -> None:
    class KnowsNoEvents(Books):
        def reduce(self, state: dict[str, int], action: Any, env: Environment) -> Step[dict[str, int]]:
            if isinstance(action, Deposited):
                raise LookupError(action)
            return super().reduce(state, action, env)

    what = distinguish(KnowsNoEvents(), Books(), [Deposit("a", 1)]).what
    assert what == "the events of the first cannot be replayed: folding them raises LookupError"


def test_a_reducer_may_be_compared_with_a_decider() -> None:
    assert not distinguish(account_reducer(), ACCOUNTS, depth=2).differs


# How it is shown.


@pytest.fixture(scope="module")
def found() -> Distinction:
    return distinguish(SHIPS_CANCELLED, ORDERS, [PLACE, CANCEL, SHIP])


def test_it_is_one_line_as_text(found: Distinction) -> None:
    assert repr(found) == (
        "<Distinction: they differ in step 3, ShipOrder: "
        "the first answers OrderShipped where the second refuses with InvalidOrderState>"
    )


def test_it_is_a_table_in_a_notebook(found: Distinction) -> None:
    html = found._repr_html_()
    assert html.count("<img") == 2
    assert "OrderShipped</td>" in html
    assert "InvalidOrderState</td>" in html


def test_nothing_in_it_is_taken_for_html() -> None:
    marked = [PlaceOrder("<b>", (MUG,), "order-1"), CancelOrder("order-1", "<i>"), SHIP]
    html = distinguish(SHIPS_CANCELLED, ORDERS, marked)._repr_html_()
    assert "<b>" not in html
    assert "<i>" not in html


def test_no_difference_is_shown_as_a_sentence() -> None:
    assert distinguish(ORDERS, ORDERS, [PLACE])._repr_html_().startswith("<p>no difference: 2 states")


def test_it_can_be_pickled() -> None:
    distinction = distinguish(OrderReducer(check_versions=False), OrderReducer(), [PLACE])
    assert pickle.loads(pickle.dumps(replace(distinction, trace=None, other=None))).what == distinction.what


# What is no question.


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"depth": 0}, ValueError, "depth must be a whole number from 1, not 0"),
        ({"states": True}, TypeError, "states must be a whole number from 1, not True"),
        ({"entities": "1"}, TypeError, "entities must be a whole number from 1, not '1'"),
        ({"at": datetime(2025, 1, 1)}, ValueError, "at must be a timezone-aware datetime"),  # noqa: DTZ001 - refused
        ({"commands": "ship"}, TypeError, "commands must be"),
        ({"commands": []}, ValueError, "commands must hold at least one"),
        ({"b": OrderReducer}, TypeError, "call it first"),
        ({"b": 3}, TypeError, "a Decider or a reducer is wanted"),
        ({"b": lambda: None}, TypeError, "two of a kind"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_refused(arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        distinguish(**{"a": ORDERS, "b": ORDERS, **arguments})


def test_two_reducers_without_a_decider_say_that_they_need_commands() -> None:
    with pytest.raises(TypeError, match="say which commands are to be tried"):
        distinguish(Books(), Books())


# What was not looked into, or could not run, is never called the same.


@dataclass(frozen=True, slots=True)
class Flip:
    lamp: str


@dataclass(frozen=True, slots=True)
class Flipped:
    lamp: str


@dataclass(frozen=True, slots=True)
class Stuck:
    lamp: str


def lamp_of(evolve: Any) -> Decider[Any]:
    """Return a decider of lamps that are switched on and off, and always can be."""
    return Decider(
        "lamp",
        lambda command, entity, *, key, at: (Flipped(key),),
        evolve,
        lambda action: action.lamp,
        (Flip,),
        (Flipped,),
        (Stuck,),
    )


def test_a_decider_that_comes_back_to_where_it_was_is_proven_equal() -> None:
    lamp: Decider[str] = lamp_of(lambda entity, event: "off" if entity == "on" else "on")
    distinction = distinguish(lamp, lamp, [Flip("a")])
    assert (distinction.states, distinction.exhaustive) == (3, True)


def test_a_lamp_that_burns_out_is_told_from_one_that_does_not() -> None:
    healthy = lamp_of(lambda entity, event: "off" if entity == "on" else "on")
    burns = lamp_of(lambda entity, event: {None: "on", "on": "off", "off": "on again", "on again": "out"}[entity])
    assert distinguish(burns, healthy, [Flip("a")]).step == 3


def test_reducers_with_versions_come_back_to_nowhere() -> None:
    lamp: DeciderReducer[Any, Any] = DeciderReducer(lamp_of(lambda entity, event: "on" if entity == "off" else "off"))
    distinction = distinguish(lamp, lamp, [Flip("a")], depth=4)
    assert (distinction.states, distinction.exhaustive) == (5, False)


def test_the_events_after_a_start_with_a_past_are_folded_too() -> None:
    start = Trace.of(ORDERS, [PLACE]).state
    side = Side(reducer_of(ORDERS), start)
    after = side.answer(side.beginning(), start, CANCEL, AT).after
    assert after.replayed == after.state


@pytest.mark.parametrize("commands", [[Flip("a")], [3], lambda state: [Flip("a")], [TimedCommand(AT, Flip("a"), "")]])
def test_commands_of_another_domain_are_refused(commands: Any) -> None:
    with pytest.raises(TypeError, match=r"commands must be commands of order, and .* is none"):
        distinguish(ORDERS, ORDERS, commands)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"start": 7}, "start must be a state of <DeciderReducer of order>, such as"),
        ({"commands": lambda state: None}, "commands must return the commands to try in a state, as a list, and"),
        ({"at": 3}, "at must be a datetime, not 3"),
        ({"at": None}, "at must be a datetime, not None"),
        ({"labels": ("a",)}, "labels must be two texts"),
        ({"labels": 3}, "labels must be two texts"),
        ({"depth": "x"}, "depth must be a whole number from 1, not 'x'"),
        ({"entities": 1.5}, "entities must be a whole number from 1, not 1.5"),
    ],
)
def test_the_argument_that_cannot_be_meant_is_named(arguments: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        distinguish(ORDERS, ORDERS, **arguments)


def test_entities_in_slots_are_looked_into() -> None:
    class Seat:
        __slots__ = ("by",)

        def __init__(self, by: str) -> None:
            self.by = by

    ada, bob = [lamp_of(lambda entity, event, by=by: Seat(by)) for by in ("ada", "bob")]
    distinction = distinguish(ada, bob, [Flip("a")])
    assert distinction.what == "state.entities['a'].by is ada in the first and bob in the second"


def test_entities_that_do_not_tell_what_they_hold_cannot_be_compared() -> None:
    locked = lamp_of(lambda entity, event: Lock())
    with pytest.raises(TypeError, match="a lock cannot be compared with another"):
        distinguish(locked, locked, [Flip("a")])
