"""Commands that break a rule about their own fields: every rule of `decide`, each in all the ways that people do."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from orderlab.exploration.generating.orders import (
    cancel_commands,
    items,
    order_ids,
    place_commands,
    ship_commands,
    valid_commands,
)
from orderlab.orders.actions import Command, PlaceOrder
from orderlab.orders.decider import (
    MAX_ITEMS,
    MAX_ORDER_ID,
    MAX_QUANTITY,
    MAX_TEXT,
    MAX_TOTAL_CENTS,
    MAX_UNIT_PRICE_CENTS,
)
from orderlab.orders.model import OrderItem

_PLAIN = OrderItem("a", "a", 1, 1)
_IDS: list[Any] = ["", "two words", "a/b", "é", "a\n", "x" * (MAX_ORDER_ID + 1), 7]
_TEXTS: list[Any] = ["", " ", "\t\n", "x" * (MAX_TEXT + 1), "\ud800", None, 7]
_QUANTITIES: list[Any] = [0, -1, MAX_QUANTITY + 1, 10**5_000, True, 1.0, "1"]
_PRICES: list[Any] = [0, -1, MAX_UNIT_PRICE_CENTS + 1, 10**5_000, True, 1.0, "1"]
_DEAREST = OrderItem("a", "a", MAX_QUANTITY, MAX_TOTAL_CENTS // MAX_QUANTITY)


def invalid_items() -> st.SearchStrategy[OrderItem]:
    """Return a strategy for items that break one rule.

    @given(invalid_items())
    def test_an_order_of_it_is_refused(item): ...
    """
    return st.builds(
        _with, items(), _one_of(product_id=_TEXTS, name=_TEXTS, quantity=_QUANTITIES, unit_price_cents=_PRICES)
    )


def invalid_commands() -> st.SearchStrategy[Command]:
    """Return a strategy for commands that break a rule about their own fields: `decide` refuses them in any state.

    Every rule is broken at least sometimes: ids, texts, items that are none, too many or too dear, numbers that are
    too small, too large or no numbers.

        @given(order_states(), invalid_commands())
        def test_it_is_refused_in_any_state(state, command): ...
    """
    place = st.builds(_with_id, place_commands(), order_ids())
    return st.one_of(
        st.builds(_with, place, _one_of(order_id=_IDS, customer_id=_TEXTS)),
        st.builds(_with, place, _wrong_items().map(lambda wrong: ("items", wrong))),
        st.builds(_with, cancel_commands(), _one_of(order_id=[*_IDS, None], reason=_TEXTS)),
        st.builds(_with, ship_commands(), _one_of(order_id=[*_IDS, None], tracking_number=_TEXTS)),
    )


def commands() -> st.SearchStrategy[Command]:
    """Return a strategy for any commands: most keep the rules about their fields, the others break one."""
    valid = valid_commands()
    return st.one_of(valid, valid, valid, invalid_commands())


def _wrong_items() -> st.SearchStrategy[Any]:
    too_many, too_dear = (_PLAIN,) * (MAX_ITEMS + 1), (_DEAREST, replace(_DEAREST, unit_price_cents=10**10))
    wrong: list[Any] = [(), too_many, too_dear, "ab", None, 7, {"a": 1}, (_PLAIN, "b"), ({"product_id": "a"},)]
    one_wrong = st.tuples(st.lists(items(), max_size=2), invalid_items()).map(lambda both: (*both[0], both[1]))
    return st.one_of(st.sampled_from(wrong), one_wrong, one_wrong)


def _with_id(command: PlaceOrder, order_id: str) -> PlaceOrder:
    return replace(command, order_id=order_id)


def _one_of(**wrong: list[Any]) -> st.SearchStrategy[tuple[str, Any]]:
    """Return a strategy for a field and a value that it must not have."""
    return st.sampled_from([(name, value) for name, values in wrong.items() for value in values])


def _with(value: Any, change: tuple[str, Any]) -> Any:
    return replace(value, **dict([change]))
