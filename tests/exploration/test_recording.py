from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit, Withdraw
from loans import LOANS, Buy, Lend, LendAgain
from traces import CANCEL, CANNOT_FOLD, CRASHES, MUG, PLACE, PLACED, SHIP, Counter, counterexample, life, mixed, runs

from orderlab.core.decider import Decider
from orderlab.core.script import TimedCommand
from orderlab.exploration.patience import CannotFollow, StartsAs
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.notebook.timetravel import TimeTravel
from orderlab.orders.actions import OrderShipped, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderState
from orderlab.orders.reducer import OrderReducer
from orderlab.timeline import Timeline

RUNS = {name: trace for name, trace in runs().items() if trace.decider is not None}


def names_of(timeline: Timeline[Any]) -> list[str]:
    return [moment.after_name for moment in timeline.steps()]


def test_what_was_caused_is_recorded_as_a_runtime_would() -> None:
    timeline = Trace.of(ORDERS, [PLACE, PlaceOrder("bea", [MUG]), CANCEL, SHIP]).to_timeline()
    recorded = list(timeline.events())
    assert [(each.stream_id, each.version, each.position) for each in recorded] == [
        ("order-order-1", 1, 1),
        ("order-order-2", 1, 2),
        ("order-order-1", 2, 3),
    ]
    assert [each.correlation_id for each in recorded] == ["step-1", "step-2", "step-3"]
    assert [each.schema_version for each in recorded] == [2, 2, 2]
    assert [each.command for each in timeline.commands] == [PLACE, PlaceOrder("bea", [MUG]), CANCEL, SHIP]


def test_times_are_those_of_the_commands_and_never_decrease() -> None:
    hours = [AT + timedelta(hours=count) for count in (2, 1, 3)]
    commands = [PlaceOrder("ada", [MUG]), PlaceOrder("bea", [MUG]), PlaceOrder("cem", [MUG])]
    trace = Trace.of(ORDERS, [TimedCommand(at, each, "") for at, each in zip(hours, commands, strict=True)])
    timeline = trace.to_timeline()
    assert [each.recorded_at for each in timeline.events()] == [hours[0], hours[0], hours[2]]
    assert [each.at for each in timeline.commands] == hours


def test_the_state_of_a_reducer_of_its_own_is_kept() -> None:
    timeline = Trace.of(OrderReducer(), [PLACE, CANCEL]).to_timeline()
    assert isinstance(timeline[-1], OrderState)
    assert timeline.order("order-1").status.name == "cancelled"


def test_the_log_of_a_run_is_written_and_read_again(tmp_path: Path) -> None:
    life().to_timeline().to_file(tmp_path / "log.jsonl")
    assert names_of(Timeline.from_file(tmp_path / "log.jsonl")) == ["placed", "cancelled"]


def test_a_refused_command_is_decided_again_in_what_if() -> None:
    what_if = life().to_timeline().what_if(drop=2)
    assert what_if.endings["order-1"].commands_name == "shipped"
    assert "ShipOrder of order-1 is accepted now" in what_if.explained


def test_what_was_given_comes_first_and_belongs_to_what_if() -> None:
    timeline = Trace.of(ORDERS, [SHIP], given=[PLACED]).to_timeline()
    assert names_of(timeline) == ["placed", "shipped"]
    assert "ShipOrder of order-1 at position 2 is refused now" in timeline.what_if(drop=1).explained


def test_a_start_of_which_only_the_state_is_known_is_an_event_that_says_so() -> None:
    timeline = Trace.of(ORDERS, [SHIP], start=life().states[1]).to_timeline()
    assert isinstance(timeline.event(1).event, StartsAs)
    assert names_of(timeline) == ["placed", "shipped"]


def test_a_command_of_several_events_is_one_command() -> None:
    trace = Trace.of(LOANS, [Buy(100), Lend("book-1", "ada"), LendAgain("book-1", "bea")])
    timeline = trace.to_timeline()
    assert [each.event_type for each in timeline.events()] == ["Bought", "Lent", "Returned", "Lent"]
    assert "LendAgain of book-1 at position 3 is refused now" in timeline.what_if(drop=2).explained


def test_a_domain_whose_events_tell_no_command_has_those_of_the_run() -> None:
    timeline = Trace.of(ACCOUNTS, [Deposit("ada", 100), Withdraw("ada", 150)]).to_timeline()
    assert timeline.what_if(insert={1: Deposit("ada", 50)}).endings["ada"].commands_name == "Account"


@pytest.mark.parametrize("name", RUNS)
def test_time_travel_opens_every_run(name: str) -> None:
    travel = TimeTravel(RUNS[name])
    for position in range(len(travel.timeline) + 1):
        travel.goto(position)
        assert travel._repr_html_()
        assert travel.state is not None
    assert travel.timeline._repr_html_()
    for position in range(1, min(len(travel.timeline), 3) + 1):
        assert travel.timeline.what_if(drop=position).explained


def test_a_lost_update_opens_and_shows_where_its_events_cannot_follow() -> None:
    timeline = TimeTravel(mixed(check_versions=False)).timeline
    assert names_of(timeline) == ["placed", "shipped", "cannot follow"]
    broken = timeline.entity("order-1")
    assert isinstance(broken, CannotFollow)
    assert broken.problem.startswith("CorruptStream: OrderCancelled of order-1 cannot follow <Order order-1 shipped")
    assert broken.last == timeline.entity("order-1", at=2)
    assert [change.field for change in timeline.diff(2, 3)["order-1"].changes] == ["problem"]


def test_what_if_mends_a_lost_update() -> None:
    timeline = mixed(check_versions=False).to_timeline()
    assert timeline.what_if(drop=3).endings["order-1"].facts_name == "shipped"
    assert timeline.what_if(drop=2).endings["order-1"].facts_name == "cancelled"
    assert timeline.what_if(drop=1).endings["order-1"].facts_name == "draft"


def test_what_comes_after_an_event_that_cannot_follow_is_counted() -> None:
    again = OrderShipped("order-1", "TRACK-2", AT)
    lost = mixed(check_versions=False)
    step = lost.steps[-1]
    late = type(step)(SHIP, AT, step.state, step.state, (again,), key="order-1")
    timeline = Trace(lost.reducer, lost.start, (*lost.steps, late), given=lost.given).to_timeline()
    assert names_of(timeline)[-2:] == ["cannot follow", "cannot follow"]
    assert timeline.entity("order-1").later == 1


def test_a_healthy_log_of_rules_that_raise_opens_too() -> None:
    timeline = TimeTravel(Trace.of(CANNOT_FOLD, [PLACE, CANCEL, SHIP])).timeline
    assert names_of(timeline) == ["placed", "cancelled"]
    assert "ShipOrder of order-1 is accepted now" in timeline.what_if(drop=2).explained
    crash = TimeTravel(Trace.of(CRASHES, [ShipOrder("other", "T-1"), PLACE])).timeline
    assert names_of(crash) == ["placed"]


def test_a_sound_run_is_travelled_with_its_own_decider() -> None:
    assert counterexample().to_timeline().decider is counterexample().decider
    assert life().to_timeline().decider is ORDERS


def test_a_start_of_a_domain_whose_events_tell_no_command_opens_too() -> None:
    deposited = Trace.of(ACCOUNTS, [Deposit("ada", 100), Deposit("bea", 1)])
    timeline = TimeTravel(Trace.of(ACCOUNTS, [Withdraw("ada", 70)], start=deposited.state)).timeline
    assert [each.event_type for each in timeline.events()] == ["StartsAs", "StartsAs", "Withdrawn"]
    assert timeline.entity("ada").balance_cents == 30


def test_a_faulty_evolve_that_gives_nothing_opens_too() -> None:
    forgetful: Decider[Any] = Decider(
        "order",
        ORDERS.decide,
        lambda order, event: None,
        ORDERS.key_of,
        ORDERS.commands,
        ORDERS.events,
        ORDERS.rejections,
    )
    trace = Trace.of(forgetful, [PLACE])
    assert trace.outcomes == (f"TypeError: evolve must return the entity after {PLACED!r}, not None",)
    assert len(TimeTravel(trace).timeline) == 0


def test_a_reducer_that_was_lifted_from_no_decider_has_no_timeline() -> None:
    with pytest.raises(
        ValueError, match="a timeline folds events by a decider, and Counter is a reducer that has none"
    ):
        Trace.of(Counter(), [1]).to_timeline()
