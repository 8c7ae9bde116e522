"""Strategies for property tests: every value of the order domain, and commands, runs and logs of any domain.

    from hypothesis import given
    from orderlab.exploration import strategies as st_orders

    @given(st_orders.order_states(), st_orders.commands())
    def test_a_refused_command_changes_nothing(state, command): ...

Of orders there is everything: `items`, `orders`, `order_states`, `valid_commands`, `invalid_commands`, `commands`,
`events`, `rejections`. Of any decider, made from what its command types say of their own fields: `commands_for`,
`likely_commands`, `events_for`, `states_of`, `runs` and `traces`, `logs`. A failure is shrunk to small values: the
first entity, one item, one cent.
"""

from collections.abc import Sequence
from typing import Any

from hypothesis.strategies import SearchStrategy

from orderlab.core.decider import Decider
from orderlab.exploration.generating.breaking import commands, invalid_commands, invalid_items
from orderlab.exploration.generating.facts import events_for, logs, states_of
from orderlab.exploration.generating.fields import values_for
from orderlab.exploration.generating.likely import likely_commands
from orderlab.exploration.generating.orders import (
    actions,
    cancel_commands,
    cancelled_events,
    cancelled_orders,
    events,
    instants,
    item_tuples,
    items,
    order_ids,
    order_states,
    orders,
    place_commands,
    placed_events,
    placed_orders,
    rejections,
    ship_commands,
    shipped_events,
    shipped_orders,
    texts,
    valid_commands,
)
from orderlab.exploration.generating.running import runs, traces
from orderlab.exploration.generating.ways import chosen_keys, commands_about

__all__ = [
    "actions",
    "cancel_commands",
    "cancelled_events",
    "cancelled_orders",
    "commands",
    "commands_for",
    "events",
    "events_for",
    "instants",
    "invalid_commands",
    "invalid_items",
    "item_tuples",
    "items",
    "likely_commands",
    "logs",
    "order_ids",
    "order_states",
    "orders",
    "place_commands",
    "placed_events",
    "placed_orders",
    "rejections",
    "runs",
    "ship_commands",
    "shipped_events",
    "shipped_orders",
    "states_of",
    "texts",
    "traces",
    "valid_commands",
    "values_for",
]


def commands_for(decider: Decider[Any], *, keys: Sequence[str] | None = None) -> SearchStrategy[Any]:
    """Return a strategy for all commands of a decider, valid and not, about a few entities so that they meet.

    They are made from what the command types say of their fields. A type that says nothing may be registered with
    Hypothesis, by `register_type_strategy`.

    Args:
        decider: The domain.
        keys: The entities that they are about; three if None, named as they are when a command leaves it open.

    Raises:
        CannotMake: The fields of a command type do not say what they hold.
        TypeError: It is no decider, or the keys are no list of texts.
        ValueError: There are no keys.

    >>> from hypothesis import find
    >>> from orderlab.orders.actions import ShipOrder
    >>> from orderlab.orders.decider import ORDERS
    >>> find(commands_for(ORDERS), lambda command: isinstance(command, ShipOrder))
    ShipOrder(order_id='order-1', tracking_number='a1')
    """
    return commands_about(decider, chosen_keys(decider, keys))
