"""The order domain in the shape of a reducer: state and action in, new state and effects out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import immutables

from orderlab.core.decider import DeciderReducer
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.log import NO_STREAM
from orderlab.drawing.tables import AsTable
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order, OrderState


@dataclass(frozen=True, slots=True)
class OrderEnvironment(AsTable):
    """All that the order reducer reads of the world."""

    clock: Clock
    ids: IdGenerator


class OrderReducer(DeciderReducer[Order, OrderState]):
    """`ORDERS` lifted over all orders; says only how an `OrderState` keeps them.

    Args:
        check_versions: Expect each stream at the version decided on. False expects nothing: two writers can then
            both ship and cancel one order, which is worth seeing once.

    >>> from orderlab.core.environment import SequentialIds, TestClock
    >>> from orderlab.orders.actions import PlaceOrder
    >>> from orderlab.orders.model import OrderItem
    >>> env = OrderEnvironment(TestClock(), SequentialIds())
    >>> OrderReducer().reduce(OrderState(), PlaceOrder("ada", [OrderItem("p-1", "Mug", 2, 250)]), env)
    <Step effects: AppendEvents, Emit; state: <OrderState 1 orders: 1 placed>>
    """

    def __init__(self, *, check_versions: bool = True) -> None:
        super().__init__(ORDERS, check_versions=check_versions)

    def initial_state(self) -> OrderState:
        """Return the state without orders."""
        return OrderState()

    def entity(self, state: OrderState, key: str) -> tuple[Order | None, int]:
        """Return the order with this id and its version, or None and 0."""
        order = state.orders.get(key)
        return order, NO_STREAM if order is None else order.version

    def with_entity(self, state: OrderState, key: str, entity: Order, version: int) -> OrderState:
        """Return a state in which this order is as given; its version is its own."""
        return OrderState(_map(state).set(key, entity))

    def with_entities(self, state: OrderState, changed: Mapping[str, tuple[Order, int]]) -> OrderState:
        """Return a state with many orders changed at once."""
        return OrderState(_map(state).update({order_id: order for order_id, (order, _) in changed.items()}))

    def without_entities(self, state: OrderState, keys: Iterable[str]) -> OrderState:
        """Return a state without these orders, each of which is in it."""
        orders = _map(state).mutate()
        for order_id in keys:
            del orders[order_id]
        return OrderState(orders.finish())


def _map(state: OrderState) -> "immutables.Map[str, Order]":
    assert isinstance(state.orders, immutables.Map)  # made so by OrderState
    return state.orders
