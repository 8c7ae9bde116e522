from collections import Counter
from typing import Any

import numpy as np
import pytest
from accounts import Deposit
from timelines import ACCOUNT_LOGS, ORDER_LOGS, recorded

from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.model import Order, OrderItem
from orderlab.timeline import Timeline
from orderlab.timeline.asof.as_of import _KEPT_COUNTS
from orderlab.timeline.asof.counting import RunningCounts

MUG = OrderItem("p-1", "Mug", 2, 250)
EVENTS = recorded(
    ORDER_LOGS,
    [
        (PlaceOrder("customer-1", (MUG,), "ada"), 1),
        (PlaceOrder("customer-2", (MUG, MUG), "bea"), 1),
        (ShipOrder("ada", "TRACK-1"), 1),
        (CancelOrder("bea", "no"), 1),
    ],
)


class Labels:
    """A function that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, order: Order) -> str:
        self.asked += 1
        return order.customer_id


@pytest.mark.parametrize(
    ("n", "counts"),
    [
        (0, {}),
        (2, {"OrderPlaced": 2}),
        (3, {"OrderPlaced": 1, "OrderShipped": 1}),
        (4, {"OrderShipped": 1, "OrderCancelled": 1}),
    ],
)
def test_entities_are_counted_by_the_type_of_their_last_event(n: int, counts: dict[str, int]) -> None:
    assert Timeline(EVENTS).counts(n) == counts


def test_entities_are_counted_by_their_states_in_the_order_in_which_the_domain_names_them() -> None:
    assert list(Timeline(EVENTS).counts(3, by="state").items()) == [("placed", 1), ("shipped", 1), ("cancelled", 0)]


def test_entities_are_counted_by_any_function_which_is_asked_in_one_fold() -> None:
    timeline, labels = Timeline(EVENTS), Labels()
    assert timeline.counts(1, by=labels) == {"customer-1": 1}
    assert timeline.counts(4, by=labels) == {"customer-1": 1, "customer-2": 1}
    assert labels.asked == len(EVENTS)


def test_of_very_many_functions_the_last_ones_are_remembered() -> None:
    timeline, functions = Timeline(EVENTS), [Labels() for _ in range(_KEPT_COUNTS + 1)]
    for function in functions:
        timeline.counts(1, by=function)
    timeline.counts(1, by=functions[-1])
    assert functions[-1].asked == len(EVENTS)
    timeline.counts(1, by=functions[0])
    assert functions[0].asked == 2 * len(EVENTS)


def test_a_function_that_cannot_be_remembered_is_asked_each_time() -> None:
    class Unhashable(Labels):
        __hash__ = None  # type: ignore[assignment] # as a class gets it that says when two are equal

    timeline, labels = Timeline(EVENTS), Unhashable()
    for _ in range(2):
        assert timeline.counts(4, by=labels) == {"customer-1": 1, "customer-2": 1}
    assert labels.asked == 2 * len(EVENTS)


@pytest.mark.parametrize("by", ["status", 5, ["state"]])
def test_what_is_no_function_is_refused(by: Any) -> None:
    with pytest.raises(TypeError, match='by must be None, "state" or a function from an entity to its label'):
        Timeline(EVENTS).counts(1, by=by)


def test_a_label_must_be_text() -> None:
    wrong: Any = lambda order: order.total_cents > 1  # noqa: E731 - as it is written in a notebook
    with pytest.raises(
        TypeError, match="by must be a function that gives each entity a label of text, and it gave True"
    ):
        Timeline(EVENTS).counts(1, by=wrong)


def test_a_log_may_have_more_labels_than_events_between_two_kept_counts() -> None:
    events = recorded(ACCOUNT_LOGS, [(Deposit(f"a-{number % 900}", number), 1) for number in range(1, 3_000)])
    timeline = Timeline(events, reducer=ACCOUNT_LOGS.reducer)
    for n in (0, 1, 899, 1_500, 2_000, 2_999):
        balances: Counter[str] = Counter()
        for each in events[:n]:
            balances[each.stream_id] += each.event.cents
        expected = Counter(f"balance {cents}" for cents in balances.values())
        assert timeline.counts(n, by=ACCOUNT_LOGS.by) == expected


def test_kept_counts_take_few_bytes_an_event_also_with_many_labels() -> None:
    events = recorded(ACCOUNT_LOGS, [(Deposit(f"a-{number}", 1), 0) for number in range(3_000)])
    timeline = Timeline(events, reducer=ACCOUNT_LOGS.reducer)
    many = np.arange(len(events), dtype=np.uint16)
    counts = RunningCounts(many, [str(each) for each in many], timeline._index)
    assert counts._at_starts.nbytes <= 9 * len(events)
    assert sum(counts.at(2_000).values()) == 2_000
