"""A branch takes commands and leaves the log it comes from as it is."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from accounts import Deposit, Withdraw, account_reducer
from event_loop import in_event_loop
from hypothesis import given
from hypothesis import strategies as st
from made_logs import CANCEL, MUG, NOON, PLACE, SHIP, log_of, minutes

from orderlab.core.environment import SeededIds, TestClock
from orderlab.core.errors import CodecError
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.strategies import runs
from orderlab.logfile import import_lines
from orderlab.orders.actions import (
    Command,
    InvalidOrderState,
    OrderCancelled,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
)
from orderlab.orders.model import OrderState
from orderlab.replay import load_state
from orderlab.timeline.branch.branches import side_by_side
from orderlab.timeline.branch.fork import Fork
from orderlab.timeline.timeline import Timeline
from orderlab.timeline.whatif.whatif import what_if

DATA = Path(__file__).parents[2] / "data"

UNNAMED = PlaceOrder("ada", (MUG,))


def small() -> Timeline[OrderState]:
    """Return the small log with its script."""
    return Timeline.from_file(DATA / "desk-small.jsonl", commands=DATA / "desk-small-commands.jsonl")


def ids_of(timeline: Timeline[Any]) -> list[UUID]:
    return [each.event_id for each in timeline.events()]


def test_a_branch_begins_with_the_past_that_it_shares() -> None:
    parent = log_of(PLACE, SHIP)

    fork = Fork(parent, at=1)

    assert fork.position == 1
    assert fork.state == parent[1]
    assert list(fork.timeline.events()) == [parent.event(1)]


def test_a_branch_takes_other_commands() -> None:
    fork = log_of(PLACE, SHIP).fork(at=1)

    outcome = fork.send(CANCEL, at=minutes(5))

    assert outcome.events == (OrderCancelled("mug", "too late", minutes(5)),)
    assert (outcome.stream_id, outcome.versions, outcome.positions) == ("order-mug", (2,), (2,))
    assert fork.order("mug").status.name == "cancelled"
    assert fork.state == fork.timeline[-1]


def test_a_refusal_is_a_value_and_changes_nothing() -> None:
    fork = Fork(log_of(PLACE, SHIP))

    outcome = fork.send(CANCEL)

    assert outcome.rejection == InvalidOrderState("mug", "shipped")
    assert (outcome.events, fork.position, fork.added) == ((), 2, ())


def test_the_parent_is_never_changed() -> None:
    parent = log_of(PLACE, SHIP)
    before = list(parent.events()), parent[-1], parent.commands

    fork = Fork(parent, at=1)
    fork.send(CANCEL)
    fork.send(UNNAMED)

    assert before == (list(parent.events()), parent[-1], parent.commands)


def test_the_events_of_a_branch_follow_the_shared_ones() -> None:
    fork = Fork(log_of(PLACE, SHIP), at=1)
    fork.send(UNNAMED, at=minutes(7))
    fork.send(CANCEL, at=minutes(8))

    recorded = list(fork.timeline.events())

    assert [each.position for each in recorded] == [1, 2, 3]
    assert [(each.stream_id, each.version) for each in recorded] == [
        ("order-mug", 1),
        ("order-order-1", 1),
        ("order-mug", 2),
    ]
    assert [each.recorded_at for each in recorded[1:]] == [minutes(7), minutes(8)]
    assert recorded[1].correlation_id == recorded[1].causation_id == fork.commands[0].key
    assert (recorded[1].event_type, recorded[1].schema_version) == ("OrderPlaced", 2)


def test_a_command_that_brings_no_time_is_given_by_the_clock_which_begins_at_the_last_time_of_the_past() -> None:
    clock = TestClock(NOON)
    fork = Fork(log_of(PLACE), clock=clock)

    fork.send(SHIP)
    clock.advance(timedelta(hours=1))
    fork.send(UNNAMED)

    assert [each.event.timestamp for each in fork.added] == [minutes(1), minutes(60)]


def test_a_clock_of_its_own_stands_at_the_last_time_of_the_past() -> None:
    assert Fork(log_of(PLACE, SHIP), at=1).clock.now() == minutes(1)


def test_what_is_recorded_later_is_never_earlier() -> None:
    fork = Fork(log_of(PLACE, SHIP))

    fork.send(UNNAMED, at=NOON)

    [recorded] = fork.added
    assert (recorded.event.timestamp, recorded.recorded_at) == (NOON, minutes(2))


def test_a_branch_of_nothing_begins_where_test_clocks_do() -> None:
    fork = Fork(Timeline([]))
    fork.send(UNNAMED)

    assert fork.added[0].recorded_at == TestClock().now()


def test_an_id_that_is_drawn_is_in_use_nowhere_not_even_later_in_the_parent() -> None:
    fork = Fork(log_of(UNNAMED, UNNAMED), at=1)

    fork.send(UNNAMED)
    fork.send(UNNAMED)

    assert [each.event.order_id for each in fork.added] == ["order-3", "order-4"]


def test_ids_may_come_from_elsewhere() -> None:
    fork = Fork(log_of(PLACE), ids=SeededIds(7))
    fork.send(UNNAMED)

    assert fork.added[0].event.order_id == SeededIds(7).new_id("order")


def test_an_id_that_is_drawn_a_second_time_is_refused_as_a_command_that_brings_it_would_be() -> None:
    parent = log_of(PLACE)
    first, second = Fork(parent, ids=SeededIds(7)), Fork(parent, ids=SeededIds(7))
    first.send(UNNAMED)
    drawn = first.added[0].event.order_id
    second.send(replace(UNNAMED, order_id=drawn))

    assert second.send(UNNAMED).rejection == InvalidOrderState(drawn, "placed")


def test_the_same_commands_make_the_same_branch() -> None:
    forks = [Fork(log_of(PLACE, SHIP), at=1) for _ in range(2)]
    for fork in forks:
        fork.send(UNNAMED)
        fork.send(CANCEL)

    assert list(forks[0].timeline.events()) == list(forks[1].timeline.events())


def test_the_event_ids_of_a_branch_are_none_of_the_parent_even_when_it_happens_again() -> None:
    fork = Fork(log_of(PLACE), at=1)
    fork.send(SHIP)
    saved = Timeline(fork.timeline.events())

    again = Fork(saved, at=1)
    again.send(SHIP)

    assert again.added[0].event == saved.event(2).event
    assert again.added[0].event_id != saved.event(2).event_id


def test_other_commands_make_other_event_ids() -> None:
    one, other = Fork(log_of(PLACE)), Fork(log_of(PLACE))
    one.send(SHIP)
    other.send(ShipOrder("mug", "TRACK-2"))

    assert not {each.event_id for each in one.added} & {each.event_id for each in other.added}


def test_a_branch_has_branches() -> None:
    fork = Fork(log_of(PLACE, SHIP), at=1)
    fork.send(UNNAMED)

    inner = fork.fork(at=2)
    inner.send(SHIP)

    assert fork.position == 2
    assert inner.state == inner.timeline[-1]
    assert [type(each.event) for each in inner.timeline.events()] == [OrderPlaced, OrderPlaced, OrderShipped]
    assert len(set(ids_of(inner.timeline)) | {fork.parent.event(2).event_id}) == 4


def test_a_position_may_be_counted_from_the_end() -> None:
    assert Fork(log_of(PLACE, SHIP), at=-2).at == 1


@pytest.mark.parametrize(
    ("at", "error", "sentence"),
    [
        (3, IndexError, "at must be a position from 0 to 2, the end of this timeline, not 3"),
        ("1", TypeError, "at must be a position, a whole number, not '1'"),
    ],
)
def test_a_branch_leaves_from_a_position_that_there_is(at: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        Fork(log_of(PLACE, SHIP), at=at)


@pytest.mark.parametrize(
    ("send", "sentence"),
    [
        ({"command": OrderShipped("mug", "T", NOON)}, "and only commands are sent"),
        ({"command": SHIP, "at": "noon"}, "at must be a datetime, not 'noon'"),
        ({"command": SHIP, "at": datetime(2025, 1, 1)}, "at must be a timezone-aware datetime"),  # noqa: DTZ001
        (
            {"command": SHIP, "at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))},
            "at must be a time of the calendar in UTC",
        ),
    ],
)
def test_what_cannot_be_sent_changes_nothing(send: Any, sentence: str) -> None:
    fork = Fork(log_of(PLACE))

    with pytest.raises((TypeError, ValueError), match=sentence):
        fork.send(**send)
    assert (fork.position, fork.commands) == (1, ())


def test_an_event_that_cannot_be_written_is_not_kept() -> None:
    fork = Fork(log_of(Deposit("a", 5), reducer=account_reducer()))

    with pytest.raises(CodecError):
        fork.send(Deposit("a", 1.5))  # type: ignore[arg-type] # the point
    assert (fork.position, fork.commands, fork.entity("a").balance_cents) == (1, (), 5)


def test_a_branch_works_in_any_domain() -> None:
    fork = Fork(log_of(Deposit("a", 5), reducer=account_reducer()))

    assert fork.send(Withdraw("a", 9)).rejection is not None
    assert fork.send(Deposit("a", 0)).events == ()
    assert fork.send(Withdraw("a", 5)).events
    assert fork.entity("a").balance_cents == 0
    assert fork.entity("b") is None


def test_a_branch_says_what_its_own_events_have_changed() -> None:
    fork = Fork(log_of(PLACE, SHIP), at=1)
    fork.send(CANCEL)

    difference = fork.diff()

    assert list(difference) == ["mug"]
    assert (difference["mug"].before_name, difference["mug"].after_name) == ("placed", "cancelled")
    assert list(Fork(log_of(PLACE, SHIP), at=1).diff()) == []


def test_the_commands_of_a_branch_are_its_script_refused_ones_too() -> None:
    fork = Fork(log_of(PLACE, SHIP))
    fork.send(CANCEL, at=minutes(9))

    found = what_if(fork.timeline, drop=2)

    assert [each.command for each in fork.timeline.commands] == [PLACE, SHIP, CANCEL]
    assert found.endings["mug"].commands_name == "cancelled"


def test_a_branch_of_the_bundled_log_has_the_commands_that_were_given_by_then() -> None:
    parent = small()
    fork = Fork(parent, at=53)

    assert fork.timeline.commands == tuple(each for each in parent.commands if each.at <= parent.event(53).recorded_at)
    assert Fork(parent, at=0).timeline.commands == ()
    assert Fork(parent).timeline.commands == parent.commands


def test_of_commands_at_one_instant_a_branch_has_those_of_its_own_past() -> None:
    made = log_of(PLACE, SHIP)
    events = [replace(each, recorded_at=NOON) for each in made.events()]
    parent = Timeline(events, commands=[replace(each, at=NOON) for each in made.commands])

    assert [each.command for each in Fork(parent, at=1).timeline.commands] == [PLACE]


def test_a_command_that_was_given_early_and_recorded_late_is_none_of_the_past() -> None:
    fork = log_of(PLACE).fork()
    fork.send(SHIP, at=minutes(50))
    fork.send(PlaceOrder("ada", (MUG,), "cup"), at=NOON)

    assert [each.command for each in fork.timeline.fork(at=1).timeline.commands] == [PLACE]


def test_a_command_stays_in_the_past_where_a_delayed_action_of_it_comes_later() -> None:
    placed, shipped = log_of(PLACE, SHIP).events()
    by_delay = replace(shipped, correlation_id=placed.correlation_id, causation_id=f"{placed.event_id}")
    parent = Timeline([placed, by_delay], commands=log_of(PLACE).commands)

    assert Fork(parent, at=1).timeline.commands == parent.commands


def test_one_instant_makes_the_same_branch_in_whatever_zone_it_is_told() -> None:
    here, there = Fork(log_of(PLACE)), Fork(log_of(PLACE))
    here.send(SHIP, at=minutes(9))
    there.send(SHIP, at=minutes(9).astimezone(timezone(timedelta(hours=1))))

    assert here.added == there.added
    assert there.added[0].event.timestamp.tzinfo is UTC


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"clock": 5}, "clock must have a method `now`, and 5 has none"),
        ({"ids": 5}, "ids must have a method `new_id`, and 5 has none"),
    ],
)
def test_what_is_no_clock_or_draws_no_ids_is_said_at_once(given: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        log_of(PLACE).fork(**given)


def test_branches_of_branches_give_every_command_a_key_of_its_own() -> None:
    fork = Fork(log_of(PLACE), at=1)
    fork.send(PLACE)
    inner = fork.fork(at=1)
    inner.send(PLACE)
    inner.send(SHIP)

    keys = [each.key for each in inner.timeline.commands]
    assert len(set(keys)) == len(keys) == 4


# Files


def test_a_saved_branch_reads_back_equal(tmp_path: Path) -> None:
    fork = Fork(small(), at=53)
    fork.send(ShipOrder("order-9-000038", "TRACK-1"))

    fork.save(tmp_path / "branch.jsonl")

    read = Timeline.from_file(tmp_path / "branch.jsonl")
    assert list(read.events()) == list(fork.timeline.events())
    assert read[-1] == fork.state


def test_a_saved_branch_keeps_the_shared_past_as_it_is_written(tmp_path: Path) -> None:
    line = json.loads((DATA / "desk-small.jsonl").read_text(encoding="utf-8").splitlines()[0])
    del line["payload"]["timestamp"]  # the shape of version 1
    old = json.dumps({**line, "schema_version": 1}, separators=(",", ":"))
    (tmp_path / "old.jsonl").write_text(f"{old}\n", encoding="utf-8")
    fork = Timeline.from_file(tmp_path / "old.jsonl").fork()
    fork.send(UNNAMED)

    assert fork.save(tmp_path / "branch.jsonl") == 2
    assert (tmp_path / "branch.jsonl").read_text(encoding="utf-8").splitlines()[0] == old


@in_event_loop
async def test_a_saved_branch_is_imported_as_any_log_is(tmp_path: Path) -> None:
    fork = Fork(small(), at=53)
    fork.send(UNNAMED)
    fork.save(tmp_path / "branch.jsonl")

    async with InMemoryEventStore() as event_store:
        assert await import_lines(tmp_path / "branch.jsonl", event_store) == 54
        assert await load_state(event_store) == fork.state


# Showing


def test_a_branch_shows_what_was_sent() -> None:
    fork = Fork(log_of(PLACE), at=1)
    fork.send(SHIP)
    fork.send(CANCEL)

    assert repr(fork) == "<Fork at position 1: 1 event, 1 refused>"
    assert "InvalidOrderState" in fork._repr_html_()


def test_branches_are_shown_side_by_side() -> None:
    parent = log_of(PLACE, SHIP)
    calm, late = Fork(parent, at=1), Fork(parent, at=1)
    late.send(UNNAMED)
    late.send(CANCEL)

    branches = side_by_side(calm=calm, late=late, log=parent)

    assert repr(branches) == "<Branches calm, late, log: 1 event shared, then 0 and 2 and 1>"
    assert branches.ends() == {"order-1": ("draft", "placed", "draft"), "mug": ("placed", "cancelled", "shipped")}
    assert str(branches).splitlines()[1:] == [
        "  order-1: draft | placed | draft",
        "  mug: placed | cancelled | shipped",
    ]
    assert "OrderCancelled mug" in branches._repr_html_()


def test_branches_without_a_name_are_numbered() -> None:
    parent = log_of(PLACE)

    assert list(side_by_side(Fork(parent), parent).timelines) == ["branch 1", "branch 2"]


def test_logs_with_the_same_ids_and_other_events_share_nothing() -> None:
    one = log_of(PLACE)
    other = Timeline([replace(each, event=replace(each.event, customer_id="bea")) for each in one.events()])

    assert side_by_side(one, other).shared == 0


def test_a_name_that_a_branch_without_one_is_given_is_refused() -> None:
    one = log_of(PLACE)

    with pytest.raises(ValueError, match="'branch 1' is what a branch without a name is called here"):
        side_by_side(one, **{"branch 1": one})


@pytest.mark.parametrize(
    ("branches", "sentence"),
    [
        ([], "side_by_side must be given at least one branch"),
        ([1], "side_by_side takes forks and timelines, not 1"),
        ([Timeline([]), Timeline([], reducer=account_reducer())], "branches of one domain, not of account and order"),
    ],
)
def test_what_are_no_branches_is_said(branches: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        side_by_side(*branches)


# Laws


@given(runs(max_size=12), st.data())
def test_a_branch_without_commands_is_the_past(run: list[Command], data: Any) -> None:
    parent = log_of(*run)
    at = data.draw(st.integers(0, len(parent)))

    fork = Fork(parent, at=at)

    assert fork.state == parent[at]
    assert list(fork.timeline.events()) == list(parent.events(1, at))
    assert all(parent.position_at(each.at) <= at for each in fork.timeline.commands)


@given(runs(max_size=12), st.data())
def test_a_branch_given_the_rest_of_the_script_ends_as_the_log_does(run: list[Command], data: Any) -> None:
    parent = log_of(*(each for each in run if not isinstance(each, PlaceOrder) or each.order_id is not None))
    at = data.draw(st.integers(0, len(parent)))
    fork = Fork(parent, at=at)

    for timed in parent.commands[len(fork.timeline.commands) :]:
        fork.send(timed.command, at=timed.at)

    assert fork.state == parent[-1] == fork.timeline[-1]
    assert [each.event for each in fork.timeline.events()] == [each.event for each in parent.events()]
    assert not set(ids_of(fork.timeline)[at:]) & set(ids_of(parent))


@given(runs(max_size=12), runs(max_size=12), st.data())
def test_the_state_of_a_branch_is_what_folding_its_events_gives(
    run: list[Command], other: list[Command], data: Any
) -> None:
    parent = log_of(*run)
    fork = Fork(parent, at=data.draw(st.integers(0, len(parent))))
    for command in other:
        fork.send(command)

    assert fork.state == fork.timeline[-1]
    assert len(set(ids_of(fork.timeline))) == fork.position
    assert dict(fork.diff()) == dict(fork.timeline.diff(fork.at, -1))
