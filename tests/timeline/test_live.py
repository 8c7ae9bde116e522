"""A log as it comes, event by event."""

from dataclasses import replace

import pytest
from accounts import ACCOUNTS, Deposited, Withdrawn
from timeline_logs import account_timeline, order_log, order_timeline, recorded

from orderlab.core.errors import CorruptStream
from orderlab.orders.decider import ORDERS
from orderlab.timeline.live import FULL_EVERY, LiveFold, message_of


def test_events_that_come_one_by_one_are_folded_as_a_timeline_folds_them() -> None:
    fold = LiveFold(ORDERS)
    assert [fold.take(each) for each in order_log()] == list(order_timeline().steps())


def test_of_an_event_is_told_what_it_changed_as_text() -> None:
    fold = LiveFold(ACCOUNTS)
    first, second = (fold.take(each) for each in recorded([Deposited("a", 1500), Withdrawn("a", 300)], ACCOUNTS))
    assert message_of(first, 1)["fields"] == {"id": "a", "balance_cents": "1,500"}
    told = message_of(second, 2)
    assert told["fields"] == {"balance_cents": "1,200"}
    assert (told["key"], told["type"], told["state"]) == ("a", "Withdrawn", "Account")


def test_now_and_then_all_fields_are_told() -> None:
    moment = list(account_timeline().steps())[-1]
    assert set(message_of(moment, FULL_EVERY + 1)["fields"]) == {"id", "balance_cents"}
    assert set(message_of(moment, FULL_EVERY)["fields"]) != {"id", "balance_cents"}


def test_a_field_that_is_gone_is_told_as_none() -> None:
    [moment, *_] = order_timeline().steps()
    assert message_of(replace(moment, before={"old": 1}), 2)["fields"]["old"] is None


def test_an_event_of_another_domain_is_refused() -> None:
    with pytest.raises(CorruptStream, match="is none of kind account"):
        LiveFold(ACCOUNTS).take(order_log()[0])


def test_an_event_that_cannot_follow_is_told_with_its_place() -> None:
    [withdrawn] = recorded([Withdrawn("a", 300)], ACCOUNTS)
    with pytest.raises(CorruptStream, match="account-a"):
        LiveFold(ACCOUNTS).take(withdrawn)
