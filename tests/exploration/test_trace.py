import pickle
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import cloudpickle
import pytest
from accounts import ACCOUNTS, Deposit, Withdraw
from traces import (
    CANCEL,
    CRASHES,
    MUG,
    PLACE,
    PLACED,
    SHIP,
    SHIPS_CANCELLED,
    Counter,
    counterexample,
    life,
    mixed,
    runs,
)

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.errors import VersionConflict
from orderlab.core.script import TimedCommand
from orderlab.exploration.playing import AT, told
from orderlab.exploration.telling.picture import diagram_of
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep
from orderlab.orders.actions import PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderReducer

RUNS = runs()


def test_a_run_tells_what_came_of_each_command() -> None:
    trace = life()
    assert trace.outcomes == ("OrderPlaced", "OrderCancelled", "InvalidOrderState")
    assert trace.commands == (PLACE, CANCEL, SHIP)
    assert [type(event).__name__ for event in trace.events] == ["OrderPlaced", "OrderCancelled"]
    assert [ORDERS.state_of(state.entities.get("order-1")) for state in trace.states] == [
        "draft",
        "placed",
        "cancelled",
        "cancelled",
    ]
    assert trace.state == trace.states[-1]


def test_a_run_without_commands_ends_as_it_begins() -> None:
    trace = Trace.of(ORDERS, [])
    assert (len(trace), trace.state, bool(trace)) == (0, trace.start, True)
    assert repr(trace) == "<Trace of 0 commands>"
    assert "nobody asks for anything" in trace.to_svg()


def test_what_is_raised_is_a_step_that_changes_nothing() -> None:
    [step] = Trace.of(CRASHES, [SHIP])
    assert (step.failure, step.answer) == ("AttributeError: 'NoneType' object has no attribute 'id'", "AttributeError")
    assert step.state is step.before


class Speechless(Exception):
    """Cannot be told."""

    def __str__(self) -> str:
        raise ValueError


def test_what_cannot_be_told_has_a_name_all_the_same() -> None:
    assert told(Speechless()) == "Speechless"


def test_events_that_are_given_make_the_start() -> None:
    trace = Trace.of(ORDERS, [SHIP], given=[PLACED])
    assert trace.start == life().states[1]
    assert trace.outcomes == ("OrderShipped",)


def test_the_same_fact_twice_is_given_twice() -> None:
    deposited = Trace.of(ACCOUNTS, [Deposit("ada", 100)]).events
    trace = Trace.of(ACCOUNTS, [Withdraw("ada", 200)], given=deposited * 2)
    assert trace.outcomes == ("Withdrawn",)


def test_a_start_is_said_once() -> None:
    with pytest.raises(ValueError, match="start and given both say how the run begins"):
        Trace.of(ORDERS, [], start=life().start, given=[PLACED])


def test_given_events_must_be_able_to_follow() -> None:
    with pytest.raises(ValueError, match=r"given: event 2, .* cannot follow"):
        Trace.of(ORDERS, [], given=[PLACED, PLACED])
    with pytest.raises(TypeError, match="given takes events of order, not ShipOrder"):
        Trace.of(ORDERS, [], given=[SHIP])


def test_a_prefix_is_a_run_and_an_index_a_step() -> None:
    trace = counterexample()
    assert trace[:2] == Trace.of(SHIPS_CANCELLED, [PLACE, CANCEL])
    assert trace[-1] is trace.steps[-1]
    assert trace[:3] == trace
    assert trace[3:1].steps == ()


def test_a_run_that_begins_later_knows_what_was_before() -> None:
    late = life()[1:]
    assert late.given == (PLACED,)
    assert late == Trace.of(ORDERS, [CANCEL, SHIP], given=[PLACED])


def test_a_run_is_not_read_backwards() -> None:
    with pytest.raises(ValueError, match="but not be read backwards"):
        life()[::-1]


def test_a_counterexample_is_confirmed_by_the_same_commands_on_another_domain() -> None:
    trace = counterexample()
    assert trace.replayed(SHIPS_CANCELLED) == trace
    assert trace.replayed(ORDERS).outcomes == ("OrderPlaced", "OrderCancelled", "InvalidOrderState")
    assert trace.replayed(OrderReducer()).state.counts()["cancelled"] == 1


def test_commands_are_replayed_at_their_own_times_and_after_what_was_given() -> None:
    later = AT + timedelta(days=1)
    trace = Trace.of(ORDERS, [TimedCommand(later, SHIP, "a")], given=[PLACED], writers=["A"])
    assert trace.replayed(ORDERS) == trace
    assert (trace.steps[0].at, trace.steps[0].writer) == (later, "A")


def test_a_start_is_carried_over_to_a_reducer_that_keeps_it_otherwise() -> None:
    begun = Trace.of(OrderReducer(), [SHIP], start=Trace.of(OrderReducer(), [PLACE]).state)
    again = begun.replayed(ORDERS)
    assert again.outcomes == ("OrderShipped",)
    assert again.start == life().states[1]


def test_equal_runs_are_equal_whoever_made_them() -> None:
    assert life() == Trace.of(DeciderReducer(ORDERS), [PLACE, CANCEL, SHIP])
    assert hash(life()) == hash(life())
    assert life() != counterexample()
    assert life() != "life"


@pytest.mark.parametrize("name", RUNS)
def test_a_run_is_pickled_and_is_the_same(name: str) -> None:
    trace = RUNS[name]
    again = pickle.loads(cloudpickle.dumps(trace))
    assert again == trace
    assert again.decider is trace.decider
    assert repr(again) == repr(trace)


def test_a_domain_that_no_module_has_is_pickled_with_the_run() -> None:
    unnamed: Decider[Any] = Decider(
        "account", ACCOUNTS.decide, ACCOUNTS.evolve, ACCOUNTS.key_of, *(ACCOUNTS.commands, ACCOUNTS.events, ())
    )
    trace = Trace.of(unnamed, [Deposit("ada", 100)])
    assert pickle.loads(cloudpickle.dumps(trace)) == trace


@pytest.mark.parametrize("name", RUNS)
def test_its_text_is_one_line_and_its_page_a_picture_and_a_table(name: str) -> None:
    trace = RUNS[name]
    assert "\n" not in repr(trace)
    assert str(trace) == trace.story()
    ElementTree.fromstring(trace.to_svg())
    page = trace._repr_html_()
    assert page.startswith("<img alt=")
    assert 'src="data:image/svg+xml;base64,' in page
    assert "<table>" in page
    assert "<svg" not in page


def test_the_story_is_told_to_a_newcomer() -> None:
    assert counterexample().story().splitlines() == [
        "A cancelled order is shipped (3 commands)",
        "At first: no order yet.",
        "1. You ask: PlaceOrder ada, 1 × OrderItem. The answer is OrderPlaced. order-1: draft → placed.",
        "2. You ask: CancelOrder order-1. The answer is OrderCancelled. order-1: placed → cancelled.",
        "3. You ask: ShipOrder order-1, TRACK-1. The answer is OrderShipped. order-1: cancelled → shipped.",
        "   ^ here it shows: A cancelled order is shipped",
    ]


def test_a_lost_update_is_told_by_what_was_read_and_what_cannot_follow() -> None:
    told = mixed(check_versions=False).story().splitlines()
    assert told[2] == "1. A reads for ShipOrder order-1, TRACK-1: order-1 is placed."
    assert told[5] == (
        "4. B asks: CancelOrder order-1, having read before: order-1 is placed. "
        "The answer is OrderCancelled, which is not written yet."
    )
    assert told[7] == "6. B appends: OrderCancelled is written. order-1: OrderCancelled cannot follow."


def test_a_conflict_is_no_failure() -> None:
    trace = mixed(check_versions=True)
    assert trace.story().splitlines()[-1] == (
        "6. B appends: somebody else has written first, so nothing is written: "
        "VersionConflict: stream order-order-1 is at version 2, not at 1 as expected."
    )
    assert "if at version 1" in trace.to_svg()
    assert "raises" not in trace._repr_html_()


def test_a_conflict_may_be_the_event_stores_own_exception() -> None:
    read = mixed(check_versions=True).start
    conflict = VersionConflict("order-order-1", 1, 2)
    step = TraceStep(CANCEL, AT, read, read, rejection=conflict, key="order-1", writer="B")
    assert (step.is_conflict, step.answer) == (True, "VersionConflict")
    told = Trace(OrderReducer(), read, (step,), given=(PLACED,))._repr_html_()
    assert "VersionConflict: stream order-order-1 is at version 2, not at 1 as expected" in told


def test_what_a_writer_believed_is_told_where_the_log_says_otherwise() -> None:
    shipped = Trace.of(ORDERS, [SHIP], given=[PLACED])
    late = Trace.of(ORDERS, [CANCEL], given=[PLACED])
    stale = Trace(shipped.reducer, shipped.start, (shipped[0], late[0]))
    assert "having read before: order-1 is placed" in stale.story()
    assert "had read: order-1 is placed" in stale.to_svg()
    assert "order-1: shipped → cancelled (cannot follow)" in stale.story()


def test_a_domain_without_names_for_states_is_told_by_its_fields() -> None:
    assert "account-1: balance_cents 100 → 30." in RUNS["accounts"].story()


def test_times_are_told_where_they_differ() -> None:
    trace = Trace.of(ORDERS, [TimedCommand(AT, PLACE, "a"), TimedCommand(AT + timedelta(hours=1), CANCEL, "b")])
    assert "2. 2025-01-01 01:00:00: You ask: CancelOrder" in trace.story()
    assert "2025-01-01 01:00:00" in trace._repr_html_()
    assert "2025-01-01" not in life()._repr_html_()


def test_a_long_run_is_shortened_and_says_so() -> None:
    trace = RUNS["sixty commands"]
    assert "… 45 steps left out …" in trace.story()
    assert "… 48 steps left out …" in trace.to_svg()
    assert "41 steps left out" in trace._repr_html_()
    assert len(trace.to_svg()) < 40_000


def test_a_long_id_is_shortened_in_the_picture_and_whole_in_a_title() -> None:
    svg = RUNS["sixty commands"].to_svg()
    assert "an-order…-id-19: placed → cancelled" in svg
    assert "<title>an-order-with-a-rather-long-id-19: placed → cancelled</title>" in svg


def test_a_writer_who_is_called_like_another_participant_is_not_mistaken_for_it() -> None:
    trace = Trace.of(ORDERS, [PLACE, CANCEL], writers=["log", "order decider"])
    assert diagram_of(trace).participants == ("writer log", "writer order decider", "order decider", "log")


def test_markup_in_a_value_stays_a_text() -> None:
    trace = Trace.of(ORDERS, [PlaceOrder("<b>ada</b>", [MUG]), ShipOrder("order-1", "<script>")], title="<i>")
    ElementTree.fromstring(trace.to_svg())
    assert "<script>" not in trace._repr_html_()


class Unshowable:
    """A command of nobody, which cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_no_value_can_stop_a_run_from_being_shown() -> None:
    for trace in (Trace.of(ORDERS, [Unshowable()]), Trace.of(Counter(), [Unshowable()])):
        assert "RuntimeError" in repr(trace) or "TypeError" in repr(trace)
        assert trace.story()
        assert trace._repr_html_()


def test_a_domain_whose_states_have_no_name_is_shown_all_the_same() -> None:
    def unnamed(entity: Any) -> str:
        raise KeyError(entity)

    faulty: Decider[Any] = Decider(
        "order", ORDERS.decide, ORDERS.evolve, ORDERS.key_of, ORDERS.commands, ORDERS.events, ORDERS.rejections
    )
    object.__setattr__(faulty, "state_name", unnamed)
    assert "OrderPlaced" in Trace.of(faulty, [PLACE])._repr_html_()


def test_a_mark_is_told_at_its_step_in_place_of_the_title_at_the_last() -> None:
    told = counterexample().marked(2, "Here\nit is cancelled.").story().splitlines()

    assert told[0] == "A cancelled order is shipped (3 commands)"
    assert [line for line in told if "here it shows" in line] == ["   ^ here it shows: Here it is cancelled."]
    assert told[4].startswith("   ^ here it shows")


def test_the_picture_marks_the_same_step_as_the_story() -> None:
    turns = diagram_of(counterexample().marked(2, "Here it is cancelled.")).turns

    assert [turn.label for turn in turns if turn.remark] == ["2"]
    assert [turn.remark for turn in turns if turn.remark] == ["Here it is cancelled."]


def test_a_run_in_which_no_step_is_marked_keeps_its_title() -> None:
    told = counterexample().marked(0, "").story()

    assert told.startswith("A cancelled order is shipped (3 commands)")
    assert "here it shows" not in told


def test_a_marked_step_is_told_even_where_the_middle_of_a_long_run_is_left_out() -> None:
    trace = RUNS["sixty commands"].marked(30, "In the middle.")
    told = trace.story()

    assert "\n   ^ here it shows: In the middle.\n" in told
    assert ("… 23 steps left out …" in told, "… 21 steps left out …" in told) == (True, True)
    assert "In the middle." in trace.to_svg()


def test_a_mark_is_no_part_of_what_happened() -> None:
    assert counterexample().marked(2, "Look.") == counterexample()


def test_a_mark_stays_at_its_step_where_a_run_is_cut() -> None:
    trace = counterexample().marked(2, "Look.")

    assert "^ here it shows: Look." in trace[1:].story().splitlines()[3]
    assert trace[2:].mark is None
    assert trace[:1].mark is None


def test_a_mark_goes_along_in_a_pickle() -> None:
    trace = counterexample().marked(2, "Look.")
    assert pickle.loads(pickle.dumps(trace)).mark == trace.mark


@pytest.mark.parametrize(
    ("step", "text", "word"), [(4, "x", "0 to 3"), (-1, "x", "0 to 3"), ("2", "x", "step"), (2, None, "text")]
)
def test_only_a_step_of_the_run_can_be_marked(step: Any, text: Any, word: str) -> None:
    with pytest.raises((TypeError, ValueError), match=word):
        counterexample().marked(step, text)


def test_a_run_of_commands_and_events_is_shown_by_its_log() -> None:
    assert counterexample().is_its_log


def test_a_run_in_parts_or_one_that_ends_in_a_refusal_is_not_shown_by_its_log() -> None:
    assert not mixed(check_versions=False).is_its_log
    assert not life().is_its_log
    assert life().marked(2, "Here.").is_its_log


def test_a_run_of_nothing_is_blank_unless_something_was_given() -> None:
    assert Trace.of(ORDERS, []).is_blank
    assert not Trace.of(ORDERS, [], given=[PLACED]).is_blank
    assert not life().is_blank
