"""Delayed actions: the order in which they come, and what no delay can be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderlab.core.effects import Delay, instant_after
from orderlab.testing.waiting import WaitingActions, due_instant

MIDNIGHT = datetime(2025, 1, 1, tzinfo=UTC)


def waiting(*delays: Delay) -> WaitingActions:
    actions = WaitingActions()
    for delay in delays:
        actions.add(due_instant(delay, MIDNIGHT), delay.action)
    return actions


def test_the_next_one_comes_first_whenever_it_was_asked_for() -> None:
    actions = waiting(Delay(3, "c"), Delay(1, "a"), Delay(2, "b"))
    assert [each.action for each in actions] == ["a", "b", "c"]
    assert len(actions) == 3


def test_of_those_due_at_one_instant_the_one_asked_for_first_comes_first() -> None:
    actions = waiting(*(Delay(1, number) for number in range(20)))
    taken = [actions.take(MIDNIGHT + timedelta(seconds=1)) for _ in range(20)]
    assert [each.action for each in taken if each is not None] == list(range(20))


def test_actions_are_never_compared() -> None:
    assert len(waiting(Delay(1, object()), Delay(1, object()))) == 2


def test_one_that_is_due_is_taken_once() -> None:
    actions = waiting(Delay(1, "a"))
    taken = actions.take(MIDNIGHT + timedelta(seconds=1))
    assert taken is not None
    assert (taken.action, taken.due) == ("a", MIDNIGHT + timedelta(seconds=1))
    assert actions.take(MIDNIGHT + timedelta(seconds=1)) is None
    assert len(actions) == 0


def test_one_that_is_not_due_yet_is_left_waiting() -> None:
    actions = waiting(Delay(1, "a"))
    assert actions.take(MIDNIGHT + timedelta(microseconds=999_999)) is None
    assert len(actions) == 1


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "-1"), (-0.5, "-0.5"), (float("nan"), "nan"), (float("inf"), "inf"), (True, "True"), ("5", "'5'")],
)
def test_what_is_no_length_of_time_is_refused_and_the_delay_named(seconds: Any, shown: str) -> None:
    with pytest.raises(ValueError, match="the seconds of") as error:
        due_instant(Delay(seconds, "a"), MIDNIGHT)
    assert str(error.value) == (
        f"the seconds of Delay(seconds={shown}, action='a') must be a number from 0, not {shown}"
    )


@pytest.mark.parametrize("seconds", [1e12, 1e300, 10**400])
def test_a_delay_beyond_the_calendar_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^the seconds of Delay\(.*must end within the calendar"):
        due_instant(Delay(seconds, "a"), MIDNIGHT)


@pytest.mark.parametrize("seconds", [0, 0.5, 90])
def test_an_instant_lies_so_many_seconds_after_another(seconds: float) -> None:
    assert instant_after(MIDNIGHT, seconds, "by") == MIDNIGHT + timedelta(seconds=seconds)
