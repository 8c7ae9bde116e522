"""What the exercises share: runs that are enumerated, sentences, and the watch over looks at the world."""

import gc
import logging
import os
import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from accounts import ACCOUNTS, Deposit

from orderlab import (
    ORDERS,
    CancelOrder,
    CorruptStream,
    OrderReducer,
    PlaceOrder,
    RandomIds,
    ShipOrder,
    SystemClock,
    decide,
    evolve,
)
from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.workshop.exercises.recording import Recording
from orderlab.workshop.exercises.runs import (
    order_commands,
    other_commands,
    runs_of,
    shop_commands,
    shortest_first,
    states_in,
)
from orderlab.workshop.exercises.shelf import SHELF, Fill, Filled, Take, Taken
from orderlab.workshop.exercises.telling import differs, differs_twice, shown
from orderlab.workshop.exercises.world import handed_on, watched

SHIP = ShipOrder("order-1", "TRACK-1")


def test_every_pair_of_state_and_command_ends_exactly_one_run() -> None:
    runs = runs_of(ORDERS, shop_commands(2), depth=4)

    ends = [(states_in(run.reducer, run.steps[-1].before), run.commands[-1]) for run in runs[1:]]
    assert len(set(ends)) == len(ends)
    assert {len(run) for run in runs} == {0, 1, 2, 3, 4}


def test_all_of_two_orders_is_reached_in_five_commands() -> None:
    runs = runs_of(ORDERS, shop_commands(2), depth=5)

    assert len({states_in(run.reducer, run.state) for run in runs}) == 16
    assert len(runs) == 1 + 16 * 6


def test_only_runs_without_a_refusal_are_given_if_wanted() -> None:
    runs = runs_of(ORDERS, shop_commands(2), depth=4, accepted=True)

    assert all(step.rejection is None for run in runs for step in run.steps)


def test_every_sequence_is_given_if_wanted() -> None:
    assert len(runs_of(ORDERS, order_commands(), depth=3, every=True)) == 1 + 3 + 9 + 27


def test_runs_are_made_of_any_domain() -> None:
    assert [run.outcomes for run in runs_of(ACCOUNTS, [Deposit("acc-1", 5)], depth=1)] == [(), ("Deposited",)]


def test_runs_of_the_order_reducer_are_folded_by_status_too() -> None:
    assert len(runs_of(OrderReducer(), order_commands(), depth=3)) == 13


def test_a_run_is_made_again_at_the_same_times() -> None:
    run = runs_of(ORDERS, order_commands(), depth=2)[-1]

    assert run.replayed(ORDERS) == run


def test_a_difference_names_the_field_and_both_values() -> None:
    found, wanted = ShipOrder("order-1", "TRACK-1"), ShipOrder("order-1", "TRACK-2")

    assert differs([found], [wanted], "list") == "list[0].tracking_number is 'TRACK-1', and should be 'TRACK-2'."


@pytest.mark.parametrize(("found", "wanted"), [(1, True), ("1", 1), ((1,), [1]), (None, 0), ({}, [])])
def test_values_of_another_kind_differ(found: Any, wanted: Any) -> None:
    assert differs(found, wanted)


def test_a_whole_number_and_a_float_of_the_same_size_do_not_differ() -> None:
    assert differs(3600.0, 3600) == ""


def test_what_is_too_much_is_told() -> None:
    assert differs([1, 2], [1], "answer") == "answer[1] is 2, and should not be there."
    assert differs({"a": 1}, {}, "answer") == "answer['a'] is 1, and should not be there."


def test_none_may_be_a_forgotten_return() -> None:
    assert "`return`" in differs(None, 1)
    assert "`return`" not in differs(None, 1, may_be_none=True)


def test_a_value_whose_repr_fails_is_shown_by_its_kind() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert shown(Shy()) == "a Shy"


def test_items_are_left_out_and_long_values_are_cut() -> None:
    assert shown(order_commands()[0]) == "PlaceOrder(customer_id='ada', items=(…), order_id='order-1')"
    assert len(shown("x" * 1_000)) == 160


def test_what_others_look_at_when_garbage_is_collected_is_no_look_of_the_answers() -> None:
    def look_at_the_clock(phase: str, info: Any) -> None:
        time.perf_counter()

    gc.callbacks.append(look_at_the_clock)
    try:
        assert watched(lambda: len([[number] for number in range(100_000)])) == (100_000, None)
    finally:
        gc.callbacks.remove(look_at_the_clock)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("look", "what", "name"),
    [
        (lambda: datetime.now(UTC), "the clock", "datetime.now"),
        (lambda: str(date.today()), "the clock", "date.today"),  # noqa: DTZ011 - as learners do
        (lambda: time.time_ns() > 0, "the clock", "time.time_ns"),
        (lambda: SystemClock().now(), "the clock", "now"),
        (lambda: str(uuid.uuid4()), "chance", "uuid4"),
        (lambda: str(uuid.uuid1()), "chance", "uuid1"),
        (lambda: random.choice([1, 2]), "chance", "choice"),
        (lambda: RandomIds().new_id("order"), "chance", "new_id"),
        (lambda: time.sleep(3_600), "waits", "time.sleep"),
        (lambda: Timer(3_600, print).start(), "waits", "start"),
        (lambda: Path(__file__).read_text(), "a file", "read_text"),
        (lambda: os.open(__file__, os.O_RDONLY), "a file", "posix.open"),
        (lambda: os.environ.get("HOME"), "the environment", "os.environ"),
    ],
)
def test_a_look_at_the_world_is_seen_and_stopped(look: Callable[[], Any], what: str, name: str) -> None:
    answer, seen = watched(look)

    assert answer is None
    assert seen is not None
    assert (seen.what, seen.name) == (what, name)


def test_a_look_is_seen_although_the_function_catches_what_it_can() -> None:
    def careful() -> Any:
        try:
            return datetime.now(UTC)
        except Exception:  # noqa: BLE001 - as learners do
            return "never"

    assert watched(careful)[1] is not None


def test_a_function_that_looks_at_nothing_is_answered() -> None:
    command = PlaceOrder("ada", [])

    assert watched(replace_customer, command) == (CancelOrder("ada"), None)


def replace_customer(command: PlaceOrder) -> CancelOrder:
    return CancelOrder(command.customer_id)


def test_what_a_watched_function_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        watched(lambda: 1 // 0)


def test_a_log_line_is_a_look_at_the_clock_and_is_said_to_be_one() -> None:
    _, seen = watched(lambda: logging.getLogger("shop").warning("placed"))

    assert seen is not None
    assert (seen.what, seen.name, seen.is_logging) == ("the clock", "warning", True)
    assert str(seen).endswith("(a log line has the time in it: leave it out)")


@pytest.mark.parametrize(
    ("found", "wanted", "said"),
    [
        (SHIP, (SHIP,), "it is one ShipOrder, and should be a tuple of one, which has a comma: `(ShipOrder(…),)`."),
        ([SHIP], (SHIP,), "it is a list, and should be a tuple."),
        ([], (), "it is a list, and should be a tuple."),
        ((SHIP,), [SHIP], "it is a tuple, and should be a list."),
        (
            (SHIP,),
            SHIP,
            "it is a tuple of one, and should be that ShipOrder itself, without brackets and a comma.",
        ),
    ],
)
def test_where_only_the_brackets_are_wrong_that_is_said(found: Any, wanted: Any, said: str) -> None:
    assert differs(found, wanted, "it") == f"it is {shown(found)}: {said}"


def test_a_text_is_shown_with_all_its_spaces() -> None:
    assert shown(CancelOrder("order-1", "  late  ")) == "CancelOrder(order_id='order-1', reason='  late  ')"


def test_what_is_right_the_first_time_only_is_told() -> None:
    seen: list[int] = []

    def corrupt() -> int:
        seen.append(1)
        if len(seen) > 1:
            raise CorruptStream("it was placed before")
        return 1

    assert differs_twice(lambda: 1, 1) == ""
    assert differs_twice(corrupt, 1, does="Read") == (
        "Read a second time, it raises CorruptStream: it was placed before. Does it begin where the first time ended?"
    )


def test_what_is_handed_on_to_the_rules_of_orders_is_seen_however_it_is_called() -> None:
    placing = order_commands()[0]
    reduced = handed_on(Trace.of, ORDERS, [placing])
    (placed,) = reduced[0].events

    assert reduced[1] == "You handed on orderlab's own decide: now write it yourself."
    assert handed_on(lambda: decide(placing, None, order_id="order-1", at=AT))[1] == reduced[1]
    assert handed_on(evolve, None, placed)[1] == "You handed on orderlab's own evolve: now write it yourself."
    assert handed_on(replace_customer, placing) == (CancelOrder("ada"), "")


def test_runs_of_several_kinds_come_the_shortest_first() -> None:
    runs = shortest_first(runs_of(ORDERS, order_commands(), depth=3), runs_of(ORDERS, other_commands(3), depth=2))

    assert [*map(len, runs)] == sorted(map(len, runs))
    assert {command.order_id for run in runs for command in run.commands} == {"order-1", "7f3c", "order-12", "by-hand"}


def test_long_values_of_two_kinds_are_told_apart_by_their_kinds() -> None:
    events = tuple(PlaceOrder(f"a customer with a long name, number {number}", ()) for number in range(4))
    told = differs({"a": (*events,)}, {"a": CancelOrder("order-1", "long " * 40)}, "answer")

    assert told == ("answer['a'] is a tuple of 4 (PlaceOrder, PlaceOrder, PlaceOrder, …), and should be a CancelOrder.")


def test_short_values_of_two_kinds_are_told_whole() -> None:
    told = differs(ShipOrder("order-1", "T"), CancelOrder("order-1", "r"), "answer")

    assert told.startswith("answer is ShipOrder(order_id='order-1'")


def test_a_long_text_is_cut_at_the_difference() -> None:
    told = differs("a" * 300 + "left", "a" * 300 + "right", "text")

    assert "left'" in told
    assert "right'" in told


def test_who_decides_does_so_on_what_they_have_read_and_not_on_what_the_log_has_by_then() -> None:
    recording = Recording(SHELF)
    recording.tell("shop", Fill("mugs", 2), (Filled("mugs", 2),))
    recording.tell("you", Take("mugs", 2), key="mugs", part="read")
    recording.tell("ben", Take("mugs", 1), (Taken("mugs", 1),))
    recording.tell("you", Take("mugs", 2), key="mugs", part="decide")

    assert "4. you asks: Take mugs, 2, having read before: mugs: pieces 2." in recording.trace().story()
