"""The runs that an answer is tried on: all that can happen in a small shop, the shortest first."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import Any

from orderlab.core.decider import Decider, EntityState, Reducer
from orderlab.exploration.domain import decider_of, entities_of, reducer_of, start_of
from orderlab.exploration.playing import AT, play
from orderlab.exploration.trace import Trace
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem, OrderState

MINUTE = timedelta(minutes=1)

CUSTOMERS = ("ada", "grace", "ben")
BASKETS = (
    (OrderItem("mug", "Enamel mug", quantity=2, unit_price_cents=950),),
    (OrderItem("tea", "Green tea", quantity=1, unit_price_cents=450),),
    (OrderItem("lamp", "Desk lamp", quantity=1, unit_price_cents=4_200), OrderItem("bulb", "Bulb", 2, 350)),
)


def order_commands(number: int = 1) -> tuple[PlaceOrder | ShipOrder | CancelOrder, ...]:
    """Return the three commands of the shop's first, second or third order, each with fields that are in order.

    >>> [type(command).__name__ for command in order_commands(2)]
    ['PlaceOrder', 'ShipOrder', 'CancelOrder']
    >>> order_commands(2)[1]
    ShipOrder(order_id='order-2', tracking_number='TRACK-2')
    """
    order_id = f"order-{number}"
    return (
        PlaceOrder(CUSTOMERS[number - 1], BASKETS[number - 1], order_id),
        ShipOrder(order_id, f"TRACK-{number}"),
        CancelOrder(order_id, "Found one in the attic"),
    )


def shop_commands(orders: int = 2) -> tuple[PlaceOrder | ShipOrder | CancelOrder, ...]:
    """Return the three commands of each of the shop's first orders, at most three.

    >>> len(shop_commands(3))
    9
    """
    return tuple(command for number in range(1, orders + 1) for command in order_commands(number))


def other_commands(orders: int = 1) -> tuple[PlaceOrder | ShipOrder | CancelOrder, ...]:
    """Return the three commands of each of some orders that look like no example, at most three.

    An answer that knows the example by heart is told apart by them.

    >>> other_commands()[1]
    ShipOrder(order_id='7f3c', tracking_number='PARCEL-70')
    """
    found: list[PlaceOrder | ShipOrder | CancelOrder] = []
    for number, order_id in enumerate(("7f3c", "order-12", "by-hand")[:orders]):
        reason = f"{'Never' * (number + 1)} mind"
        basket = BASKETS[number - 1]
        found += PlaceOrder("eve", basket, order_id), ShipOrder(order_id, f"PARCEL-7{number}")
        found.append(CancelOrder(order_id, reason))
    return tuple(found)


def shortest_first(*runs: Iterable[Trace]) -> tuple[Trace, ...]:
    """Return several kinds of runs as one, the shortest first, and of those that are as long the first kind first."""
    return tuple(sorted(chain.from_iterable(runs), key=len))


def runs_of(
    domain: Decider[Any] | Reducer[Any],
    commands: Sequence[Any],
    *,
    depth: int,
    accepted: bool = False,
    every: bool = False,
    start: Any = None,
    alike: Callable[[Any], Hashable] | None = None,
) -> tuple[Trace, ...]:
    """Return all runs of some commands that end in something new, the shortest first; the first has no command.

    From every state that can be reached each command is given once, so every pair of state and command is the end of
    exactly one run, and no run is longer than it must be to get there. Commands are a minute apart.

    Args:
        domain: A decider, or a reducer.
        commands: What can be asked, at every step.
        depth: How many commands a run has at the most.
        accepted: Leave out the runs with a command that caused no event, as for those who see only a log.
        every: Give every sequence of commands, also those that go on after a step that led to nothing new, such as
            a refusal; there are many.
        start: The state before the first command; the reducer's own if None.
        alike: What two states must share to be the same one; by default the name of every entity's state, so that
            an order that was shipped a minute later is the same.

    >>> from orderlab.orders.decider import ORDERS
    >>> [len(run) for run in runs_of(ORDERS, order_commands(), depth=3, accepted=True)]
    [0, 1, 2, 2]
    >>> len(runs_of(ORDERS, order_commands(), depth=3))  # four states with three commands each, and the run of none
    13
    >>> len(runs_of(ORDERS, order_commands(), depth=3, every=True))  # 1 + 3 + 9 + 27
    40
    >>> runs_of(ORDERS, order_commands(), depth=3)[-1].outcomes
    ('OrderPlaced', 'OrderCancelled', 'InvalidOrderState')
    """
    reducer = reducer_of(domain)
    same = alike or (lambda state: states_in(reducer, state))
    first = start_of(reducer, start)
    found = level = [Trace(reducer, first, ())]
    seen = {same(first)}
    for number in range(depth):
        longer, following = [], []
        for run in level:
            for command in commands:
                step = play(reducer, run.state, command, at=AT + number * MINUTE)
                if accepted and not step.events:
                    continue
                longer.append(replace(run, steps=(*run.steps, step)))
                if every or same(step.state) not in seen:
                    seen.add(same(step.state))
                    following.append(longer[-1])
        found, level = [*found, *longer], following
    return tuple(found)


def states_in(reducer: Reducer[Any], state: Any) -> Hashable:
    """Return the name of the state that each entity is in, by its key; the state itself where that cannot be told.

    >>> from orderlab.orders.decider import ORDERS
    >>> run = Trace.of(ORDERS, order_commands()[:2])
    >>> sorted(states_in(run.reducer, run.state))
    [('order-1', 'shipped')]
    """
    decider = decider_of(reducer)
    if decider is None or not isinstance(state, EntityState | OrderState):
        hashable: Hashable = state
        return hashable
    return frozenset((key, decider.state_of(entity)) for key, entity in entities_of(state).items())
