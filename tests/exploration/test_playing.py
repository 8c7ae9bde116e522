from typing import Any

import pytest
from traces import PLACE, PLACED, Counter

from orderlab.core.decider import DeciderReducer, Step
from orderlab.core.effects import AppendEvents
from orderlab.core.log import NewEvent
from orderlab.exploration.domain import decider_of, reducer_of, start_of
from orderlab.exploration.playing import play
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderReducer


class Notes:
    """A reducer whose events say when they are to count as recorded."""

    def reduce(self, state: Any, action: Any, env: Any) -> Any:
        return Step(state, (AppendEvents("order-order-1", [NewEvent(PLACED)]),)) if action == "write" else action


def test_an_event_that_says_more_of_itself_is_told_as_the_event() -> None:
    step = play(Notes(), 0, "write")
    assert (step.events, step.decided, step.outcome) == ((PLACED,), (PLACED,), "OrderPlaced")


def test_what_is_no_step_is_a_failure_of_the_reducer() -> None:
    assert play(Notes(), 0, "read").failure == "TypeError: reduce must return a Step, not 'read'"


def test_an_id_that_is_drawn_is_one_that_is_not_in_use() -> None:
    reducer = OrderReducer()
    first = play(reducer, reducer.initial_state(), PLACE)
    assert (first.key, play(reducer, first.state, PLACE).key) == ("order-1", "order-2")


def test_a_step_is_told_in_a_line() -> None:
    step = play(OrderReducer(), OrderReducer().initial_state(), PLACE, writer="A")
    assert repr(step) == "<TraceStep A PlaceOrder: OrderPlaced>"
    assert "<table>" in step._repr_html_()


def test_a_domain_is_a_decider_or_a_reducer() -> None:
    counter = Counter()
    assert (reducer_of(counter), decider_of(counter)) == (counter, None)
    assert decider_of(reducer_of(ORDERS)) is ORDERS
    assert decider_of(DeciderReducer(ORDERS)) is ORDERS
    with pytest.raises(TypeError, match=r"a Decider or a reducer is wanted, .* not 7$"):
        reducer_of(7)  # type: ignore[arg-type] # what somebody may try
    with pytest.raises(TypeError, match="call it first, to make one"):
        reducer_of(OrderReducer)  # type: ignore[arg-type] # the same


def test_a_reducer_without_an_initial_state_is_told_where_to_begin() -> None:
    assert start_of(Notes(), 5) == 5
    with pytest.raises(TypeError, match=r"has no initial_state\(\), so say which state it begins with: start="):
        start_of(Notes())
