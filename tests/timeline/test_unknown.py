import time

import pytest

from orderlab.timeline.unknown import near, proposal


def test_names_that_hold_what_was_asked_for_come_before_names_that_are_only_like_it() -> None:
    assert near("order-1", ["order-2", "order-10", "my-ORDER-1"]) == ["order-10", "my-ORDER-1", "order-2"]


def test_a_few_names_are_proposed_at_the_most() -> None:
    assert len(near("order", [f"order-{number}" for number in range(100)])) == 3


@pytest.mark.parametrize("name", ["", None, 5])
def test_nothing_is_proposed_for_what_is_like_nothing(name: object) -> None:
    assert near(name, ["ada", "bea"]) == []


def test_names_in_a_large_log_are_proposed_before_anybody_grows_impatient() -> None:
    names = [f"order-{number:06}" for number in range(300_000)]
    begun = time.perf_counter()

    assert near("order-299999x", names)
    assert time.perf_counter() - begun < 2


def test_names_that_are_not_listed_are_counted() -> None:
    assert proposal("x", ["a", "b", "c", "d"], what="there are", most=2) == ": there are a, b and 2 more"
