import pickle
from typing import Any

import pandas as pd
import pytest
from accounts import ACCOUNTS, Deposited, account_reducer
from hypothesis import given
from timeline_logs import account_timeline, order_timeline, recorded, timelines

from orderlab.orders.model import Order, OrderState
from orderlab.timeline import Timeline
from orderlab.timeline.probe import ProbeFailed
from orderlab.timeline.unknown import UnknownKey


def orders(state: OrderState) -> int:
    return len(state.orders)


def status(order: Order) -> str:
    return order.status.name


# Of every state


def test_a_probe_is_a_column_by_position_from_nothing_on() -> None:
    column = order_timeline().probe(orders)

    assert column.to_list() == [0, 1, 2, 2, 3, 3]
    assert column.index.to_list() == [0, 1, 2, 3, 4, 5]
    assert (column.name, column.index.name) == ("orders", "position")


def test_a_probe_of_a_log_without_events_has_the_state_before_them() -> None:
    assert Timeline([]).probe(orders).to_list() == [0]


def test_a_probe_sees_the_states_of_the_domains_own_reducer() -> None:
    column = account_timeline().probe(lambda state: state.versions.get("ada", 0))

    assert column.to_list() == [0, 1, 1, 2, 3]


@given(timelines)
def test_a_probe_sees_the_state_at_every_position(timeline: Timeline[Any]) -> None:
    column = timeline.probe(lambda state: state)

    assert column.to_list() == [timeline[n] for n in range(len(timeline) + 1)]


@pytest.mark.parametrize(
    "function",
    [lambda state: (len(state.orders), 1), lambda state: state.counts(), lambda state: [1, 2], lambda state: None],
)
def test_a_probe_may_say_anything(function: Any) -> None:
    timeline = order_timeline()
    column = timeline.probe(function)

    assert column.to_list() == [function(timeline[n]) for n in range(6)]


# Of one entity


def test_a_probe_of_an_entity_has_nothing_until_there_is_one_and_carries_on_what_was_said() -> None:
    column = order_timeline().probe(status, key="bea")

    assert [None if pd.isna(value) else value for value in column] == [
        *(None, None, "placed", "placed", "placed", "cancelled"),
    ]
    assert column.index.to_list() == [0, 1, 2, 3, 4, 5]


def test_an_entity_is_asked_about_only_when_it_has_changed() -> None:
    asked: list[Order] = []
    timeline = order_timeline()

    timeline.probe(asked.append, key="ada")

    assert asked == [timeline.order("ada", at=1), timeline.order("ada", at=3)]


@given(timelines)
def test_a_probe_of_an_entity_sees_it_at_every_position(timeline: Timeline[Any]) -> None:
    for key in timeline.keys(len(timeline)):
        column = timeline.probe(lambda entity: entity, key=key)
        first = timeline.positions(key)[0]
        assert column.to_list()[first:] == [timeline.entity(key, at=n) for n in range(first, len(timeline) + 1)]


def test_an_entity_that_is_not_there_cannot_be_probed() -> None:
    with pytest.raises(UnknownKey, match=r"did you mean ada\?"):
        order_timeline().probe(status, key="adah")


# What goes wrong


def test_a_probe_that_fails_names_the_position_and_the_event_and_keeps_the_cause() -> None:
    with pytest.raises(ProbeFailed) as caught:
        order_timeline().probe(lambda state: state.orders["bea"].status.reason if len(state.orders) > 1 else "")

    assert str(caught.value) == (
        "<lambda> failed after position 2, OrderPlaced of order-bea: "
        "AttributeError: 'Placed' object has no attribute 'reason'"
    )
    assert caught.value.position == 2
    assert isinstance(caught.value.__cause__, AttributeError)


def test_a_probe_that_fails_at_once_says_so() -> None:
    with pytest.raises(ProbeFailed, match=r"^status failed before the first event: AttributeError"):
        order_timeline().probe(status)


def test_a_probe_of_an_entity_that_fails_names_the_event() -> None:
    with pytest.raises(ProbeFailed, match=r"^orders failed after position 1, OrderPlaced of order-ada"):
        order_timeline().probe(orders, key="ada")


def test_an_error_without_a_text_is_named_by_its_type() -> None:
    def assertive(state: Any) -> None:
        raise AssertionError

    with pytest.raises(ProbeFailed, match=r"^assertive failed before the first event: AssertionError$"):
        order_timeline().probe(assertive)


def test_a_failed_probe_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(ProbeFailed("it failed", 3)))
    assert (str(error), error.position) == ("it failed", 3)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="a probe must be a function of the state"):
        order_timeline().probe("status")  # type: ignore[arg-type]


def test_a_callable_without_a_name_is_named_by_its_class() -> None:
    class Counting:
        def __call__(self, state: Any) -> int:
            return len(state.entities)

    timeline: Timeline[Any] = Timeline(recorded([Deposited("ada", 1)], ACCOUNTS), reducer=account_reducer())
    assert timeline.probe(Counting()).name == "Counting"


def test_large_whole_numbers_are_whole_also_where_there_are_none() -> None:
    large = 2**60 + 1
    column = Timeline(
        recorded([Deposited("bea", 1), Deposited("ada", large)], ACCOUNTS), reducer=account_reducer()
    ).probe(lambda account: account.balance_cents, key="ada")

    assert (str(column.dtype), int(column.iloc[2]), column.name) == ("Int64", large, "<lambda>")
    assert column.isna().tolist() == [True, True, False]


def test_numbers_that_pandas_does_not_have_stay_numbers() -> None:
    column = account_timeline().probe(lambda account: 2**70, key="bea")

    assert column.dropna().tolist() == [2**70] * 3
