import pickle
from dataclasses import FrozenInstanceError, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orderlab.core.decider import Fact, Step
from orderlab.core.effects import AppendEvents, Emit
from orderlab.core.environment import SeededIds, SequentialIds, TestClock
from orderlab.core.errors import CorruptStream
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
    ValidationFailed,
)
from orderlab.orders.model import Cancelled, Order, OrderItem, OrderState, Placed, Shipped
from orderlab.orders.reducer import OrderEnvironment, OrderReducer

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)
PLACE = PlaceOrder("ada", (MUG,))
PLACED = OrderPlaced("order-1", "ada", (MUG,), 500, NEW_YEAR)
SHIPPED = OrderShipped("order-1", "T-1", NEW_YEAR)
CANCELLED = OrderCancelled("order-1", "late", NEW_YEAR)


def environment() -> OrderEnvironment:
    return OrderEnvironment(TestClock(), SequentialIds())


def step_after(*actions: object, reducer: OrderReducer | None = None) -> Step[OrderState]:
    reducer, env = reducer or OrderReducer(), environment()
    step = Step(OrderState())
    for action in actions:
        step = reducer.reduce(step.state, action, env)
    return step


def order_after(*actions: object) -> Order:
    return step_after(*actions).state.orders["order-1"]


# Commands


def test_placing_an_order_adds_it_to_the_state() -> None:
    assert dict(step_after(PLACE).state.orders) == {
        "order-1": Order("order-1", "ada", (MUG,), Placed(), 500, NEW_YEAR, NEW_YEAR, 1)
    }


def test_placing_an_order_asks_to_append_to_an_empty_stream_and_to_announce() -> None:
    assert step_after(PLACE).effects == (AppendEvents("order-order-1", (PLACED,), 0), Emit(PLACED))


def test_shipping_an_order_expects_the_version_it_was_decided_on() -> None:
    effects = step_after(PLACE, ShipOrder("order-1", "T-1")).effects
    assert effects == (AppendEvents("order-order-1", (SHIPPED,), 1), Emit(SHIPPED))


def test_cancelling_an_order_expects_the_version_it_was_decided_on() -> None:
    effects = step_after(PLACE, CancelOrder("order-1", "late")).effects
    assert effects == (AppendEvents("order-order-1", (CANCELLED,), 1), Emit(CANCELLED))


@pytest.mark.parametrize("actions", [(PLACE,), (PLACE, ShipOrder("order-1", "T-1"))])
def test_without_version_checks_nothing_is_expected(actions: tuple[Command, ...]) -> None:
    append = step_after(*actions, reducer=OrderReducer(check_versions=False)).effects[0]
    assert isinstance(append, AppendEvents)
    assert append.expected_version is None


def test_a_placed_order_can_be_shipped() -> None:
    assert order_after(PLACE, ShipOrder("order-1", "T-1")).status == Shipped("T-1", NEW_YEAR)


def test_a_placed_order_can_be_cancelled() -> None:
    assert order_after(PLACE, CancelOrder("order-1", "late")).status == Cancelled("late", NEW_YEAR)


def test_an_order_that_is_given_an_id_gets_that_one() -> None:
    assert list(step_after(PlaceOrder("ada", [MUG], "mine")).state.orders) == ["mine"]


def test_a_list_of_items_becomes_a_tuple_in_the_state() -> None:
    assert order_after(PlaceOrder("ada", [MUG])).items == (MUG,)


def test_an_id_that_is_drawn_begins_with_the_word_order() -> None:
    env = OrderEnvironment(TestClock(), SeededIds(7))
    (order_id,) = OrderReducer().reduce(OrderState(), PLACE, env).state.orders
    assert order_id.startswith("order-")


REFUSED: list[tuple[tuple[Command, ...], Command, object]] = [
    ((), ShipOrder("order-1", "T-1"), OrderNotFound("order-1")),
    ((), CancelOrder("order-1"), OrderNotFound("order-1")),
    ((PLACE,), PlaceOrder("bea", (MUG,), "order-1"), InvalidOrderState("order-1", "placed")),
    ((PLACE, ShipOrder("order-1", "T-1")), CancelOrder("order-1"), InvalidOrderState("order-1", "shipped")),
    ((PLACE, CancelOrder("order-1")), ShipOrder("order-1", "T-1"), InvalidOrderState("order-1", "cancelled")),
    ((), PlaceOrder("", (MUG,)), ValidationFailed("customer_id must not be blank")),
    ((PLACE,), ShipOrder("order-1", ""), ValidationFailed("tracking_number must not be blank", "order-1")),
]


@pytest.mark.parametrize(("before", "command", "rejection"), REFUSED)
def test_a_refused_command_is_answered_by_its_rejection_alone(
    before: tuple[Command, ...], command: Command, rejection: object
) -> None:
    assert step_after(*before, command).effects == (Emit(rejection),)


@pytest.mark.parametrize(("before", "command", "rejection"), REFUSED)
def test_a_refused_command_leaves_the_same_state_object(
    before: tuple[Command, ...], command: Command, rejection: object
) -> None:
    state = step_after(*before).state
    assert OrderReducer().reduce(state, command, environment()).state is state


WRONG_IDS: list[Any] = [5, b"order-1", ["order-1"], {"order-1": 1}, object()]


@pytest.mark.parametrize("order_id", WRONG_IDS, ids=lambda order_id: type(order_id).__name__)
def test_an_order_id_of_a_wrong_type_is_refused_and_not_looked_up(order_id: Any) -> None:
    (emit,) = step_after(PLACE, ShipOrder(order_id, "T-1")).effects
    assert isinstance(emit, Emit)
    assert isinstance(emit.action, ValidationFailed)
    assert emit.action.order_id is order_id


# The environment


@dataclass
class Counted:
    """A clock and ids that count how often they are asked."""

    clock_read: int = 0
    drawn: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        self.clock_read += 1
        return NEW_YEAR + timedelta(seconds=self.clock_read)

    def new_id(self, kind: str) -> str:
        self.drawn.append(kind)
        return f"{kind}-1"

    def new_uuid(self) -> UUID:
        raise AssertionError("a reducer draws no UUID")


def asked_by(action: object, state: OrderState) -> Counted:
    counted = Counted()
    OrderReducer().reduce(state, action, OrderEnvironment(counted, counted))
    return counted


@pytest.mark.parametrize(
    "command",
    [PLACE, PlaceOrder("", ()), PlaceOrder("ada", (MUG,), "mine"), CancelOrder("order-1"), ShipOrder("order-9", "T")],
)
def test_the_clock_is_read_once_for_a_command(command: Command) -> None:
    assert asked_by(command, step_after(PLACE).state).clock_read == 1


def test_one_id_is_drawn_for_an_order_without_one() -> None:
    assert asked_by(PLACE, OrderState()).drawn == ["order"]


@pytest.mark.parametrize("command", [PlaceOrder("ada", (MUG,), "mine"), CancelOrder("order-1"), ShipOrder("a", "T-1")])
def test_no_id_is_drawn_for_a_command_that_names_its_order(command: Command) -> None:
    assert asked_by(command, OrderState()).drawn == []


@pytest.mark.parametrize("action", [PLACED, OrderNotFound("order-1")])
def test_nothing_is_read_of_the_world_for_an_event_or_a_rejection(action: object) -> None:
    assert asked_by(action, OrderState()) == Counted()


def test_an_environment_cannot_be_changed() -> None:
    name = "clock"
    with pytest.raises(FrozenInstanceError):
        setattr(environment(), name, TestClock())


# Events, rejections, anything else


def test_an_event_that_can_follow_is_applied() -> None:
    assert order_after(PLACED, SHIPPED).status == Shipped("T-1", NEW_YEAR)


@pytest.mark.parametrize("actions", [(PLACED,), (PLACED, SHIPPED), (PLACED, PLACED)])
def test_an_event_asks_for_nothing(actions: tuple[object, ...]) -> None:
    assert step_after(*actions).effects == ()


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ((PLACED,), PLACED),
        ((PLACED, SHIPPED), PLACED),
        ((PLACED, SHIPPED), SHIPPED),
        ((PLACED, CANCELLED), CANCELLED),
    ],
)
def test_an_event_that_is_reflected_already_leaves_the_same_state_object(
    before: tuple[object, ...], event: object
) -> None:
    state = step_after(*before).state
    assert OrderReducer().reduce(state, event, environment()).state is state


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ((), SHIPPED),
        ((PLACED, SHIPPED), CANCELLED),
        ((PLACED, SHIPPED), OrderShipped("order-1", "T-2", NEW_YEAR)),
        ((PLACED,), OrderPlaced("order-1", "bea", (MUG,), 500, NEW_YEAR)),
    ],
)
def test_an_event_that_can_neither_follow_nor_is_reflected_is_a_corrupt_stream(
    before: tuple[object, ...], event: object
) -> None:
    state = step_after(*before).state
    with pytest.raises(CorruptStream, match="cannot follow"):
        OrderReducer().reduce(state, event, environment())


@pytest.mark.parametrize(
    "rejection", [OrderNotFound("order-1"), InvalidOrderState("order-1", "placed"), ValidationFailed("no", None)]
)
def test_a_rejection_changes_nothing_and_asks_for_nothing(rejection: object) -> None:
    state = step_after(PLACE).state
    assert OrderReducer().reduce(state, rejection, environment()) == Step(state, ())


@pytest.mark.parametrize("action", [None, "PlaceOrder", 5, {}, MUG, PlaceOrder, OrderState(), Emit(PLACED)], ids=repr)
def test_anything_else_is_a_type_error(action: object) -> None:
    with pytest.raises(TypeError, match="no command, event or rejection of order"):
        OrderReducer().reduce(OrderState(), action, environment())


# Replay


FACTS: list[Fact] = [("order-order-1", 1, PLACED), ("order-order-1", 2, SHIPPED)]


def test_replay_gives_the_state_that_the_commands_gave() -> None:
    assert OrderReducer().replay(OrderState(), FACTS) == step_after(PLACE, ShipOrder("order-1", "T-1")).state


def test_replay_goes_on_from_the_state_it_is_given() -> None:
    assert OrderReducer().replay(step_after(PLACE).state, FACTS[1:]) == OrderReducer().replay(OrderState(), FACTS)


@pytest.mark.parametrize(
    "facts",
    [FACTS[1:], [FACTS[0], FACTS[0]], [FACTS[0], ("order-order-1", 3, SHIPPED)], [("order-order-1", 0, PLACED)]],
    ids=["first missing", "repeated", "gap", "from zero"],
)
def test_replay_refuses_versions_that_do_not_count_up(facts: list[Fact]) -> None:
    with pytest.raises(CorruptStream, match="stream order-order-1 goes from version"):
        OrderReducer().replay(OrderState(), facts)


def test_replay_refuses_a_fact_that_cannot_follow() -> None:
    with pytest.raises(CorruptStream, match="cannot follow"):
        OrderReducer().replay(OrderState(), [*FACTS, ("order-order-1", 3, CANCELLED)])


def test_replay_refuses_a_stream_that_is_no_orders() -> None:
    with pytest.raises(CorruptStream, match="none of kind order"):
        OrderReducer().replay(OrderState(), [("account-ada", 1, PLACED)])


# The stream of the order that a command is about


def test_an_order_that_does_not_exist_has_no_stream() -> None:
    assert OrderReducer().stream_of(OrderState(), ShipOrder("order-1", "T-1")) is None


def test_the_version_of_a_stream_is_how_many_events_its_order_had() -> None:
    state = step_after(PLACE, ShipOrder("order-1", "T-1")).state
    assert OrderReducer().stream_of(state, CancelOrder("order-1")) == ("order-order-1", 2)


def test_the_state_at_first_is_without_orders() -> None:
    assert OrderReducer().initial_state() == OrderState()


def test_a_step_can_be_hashed_and_pickled() -> None:
    step = step_after(PLACE)
    assert {pickle.loads(pickle.dumps(step))} == {step}


def test_a_state_without_some_orders_is_as_if_they_had_never_been() -> None:
    state = step_after(PLACE).state
    assert OrderReducer().without_entities(state, ["order-1"]) == OrderState()
    assert OrderReducer().without_entities(state, []) == state
    assert len(state.orders) == 1
