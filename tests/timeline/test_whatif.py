"""What-if in two lanes: what the facts say, what the commands say, and why the two differ."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS, Account, Deposit, Deposited, Withdraw, Withdrawn, account_reducer
from hypothesis import given
from hypothesis import strategies as st
from loans import Buy, GoneMissing, Lend, LendAgain, Reminded, loan_reducer
from made_logs import (
    CANCEL,
    GUESTS,
    MUG,
    NOON,
    PLACE,
    SHIP,
    Enter,
    Entered,
    Greeted,
    Leave,
    guest_reducer,
    log_of,
    minutes,
    with_script,
)

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.errors import CorruptStream
from orderlab.core.log import RecordedEvent
from orderlab.core.script import TimedCommand
from orderlab.exploration.strategies import runs
from orderlab.orders.actions import (
    CancelOrder,
    Command,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
)
from orderlab.orders.decider import ORDERS
from orderlab.orders.reducer import OrderReducer
from orderlab.timeline.timeline import Timeline
from orderlab.timeline.whatif.ending import Ending, ending_told
from orderlab.timeline.whatif.matching import history_of
from orderlab.timeline.whatif.redeciding import OneId, answer_to
from orderlab.timeline.whatif.whatif import WhatIf, what_if

DATA = Path(__file__).parents[2] / "data"

SHIPPED = (PLACE, SHIP, CANCEL)  # the customer cancels too late


@dataclass(frozen=True)
class Turn:
    """Turn a dial."""

    dial: str
    to: int


@dataclass(frozen=True)
class Turned:
    """It was turned."""

    dial: str
    to: int


DIALS: Decider[Any] = Decider(
    "dial",
    lambda command, dial, *, key, at: () if dial == command.to else (Turned(key, command.to),),
    lambda dial, event: event.to,
    lambda action: action.dial,
    (Turn,),
    (Turned,),
    (),
    state_name=str,
)


def told(found: WhatIf, name: str = "commands") -> list[tuple[int | None, str, str]]:
    """Return where each step of a lane is, what it is, and what came of it."""
    [lane] = [lane for lane in found.lanes if lane.name == name]
    return [(step.position, step.what, step.outcome) for step in lane.steps]


def ends(found: WhatIf, key: str = "mug") -> tuple[str, str, str | None]:
    """Return how an entity ends: in the log, by the facts, by the commands."""
    ending = found.endings[key]
    return ending.log_name, ending.facts_name, ending.commands_name


# The lesson


def test_dropping_the_event_and_dropping_the_command_give_two_answers_on_the_bundled_log() -> None:
    timeline = Timeline.from_file(DATA / "desk-small.jsonl", commands=DATA / "desk-small-commands.jsonl")
    shipped = timeline.event(53)
    assert isinstance(shipped.event, OrderShipped)

    found = timeline.what_if(drop=53)

    assert ends(found, shipped.event.order_id) == ("shipped", "placed", "cancelled")
    assert not found.agrees
    assert found.explained == (
        "Without OrderShipped of order-9-000018 at position 53.\n"
        "The facts: every other fact still follows; order-9-000018 ends placed, and not shipped as in the log.\n"
        "The commands: CancelOrder of order-9-000018 is accepted now (was refused: InvalidOrderState, current status "
        "shipped); order-9-000018 ends cancelled, and not shipped as in the log.\n"
        "The two differ. A log keeps what happened and not what was asked for: a refused command left no fact, so the "
        "facts know nothing of it; among the commands it is there, and this time it is accepted.\n"
        "The other 103 events are as they were."
    )


def test_without_the_script_a_refused_command_is_not_known_and_that_is_said() -> None:
    timeline = Timeline.from_file(DATA / "desk-small.jsonl")

    found = what_if(timeline, drop=53)

    assert ends(found, "order-9-000018") == ("shipped", "placed", "placed")
    assert "These commands are read off the events; of one that was refused, a log tells nothing." in found.explained


def test_what_follows_from_a_dropped_event_is_left_out_as_a_fact_and_refused_as_a_command() -> None:
    found = what_if(log_of(PLACE, SHIP), drop=1)

    assert told(found, "facts") == [(1, "OrderPlaced", "dropped"), (2, "OrderShipped", "cannot follow")]
    assert told(found) == [(1, "PlaceOrder", "dropped"), (2, "ShipOrder", "refused")]
    assert found.facts.steps[1].reason == "the order is draft by then"
    assert found.commands is not None
    assert found.commands.steps[1].reason == "OrderNotFound; was accepted"
    assert ends(found) == ("shipped", "draft", "draft")
    assert "The two agree: what cannot follow as a fact is refused as a command." in found.explained


def test_where_a_fact_could_follow_against_the_rules_the_two_lanes_differ() -> None:
    trusting = replace(ACCOUNTS, evolve=lambda account, event: Account("a", 5))
    timeline = log_of(Deposit("a", 5), Withdraw("a", 5), reducer=DeciderReducer(trusting))

    found = what_if(timeline, drop=1)

    assert told(found, "facts") == [(1, "Deposited", "dropped"), (2, "Withdrawn", "follows")]
    assert told(found) == [(1, "Deposit", "dropped"), (2, "Withdraw", "refused")]
    assert "a command is refused now, though its fact could still follow" in found.explained


def test_where_states_have_no_names_of_their_own_the_error_says_why_a_fact_cannot_follow() -> None:
    found = what_if(log_of(Deposit("a", 5), Withdraw("a", 5), reducer=account_reducer()), drop=1)

    assert found.facts.steps[1].reason == "5 cents cannot be taken from 0"


def test_an_evolve_that_was_never_meant_for_a_changed_past_is_told_of() -> None:
    careless: DeciderReducer[Any, Any] = DeciderReducer(replace(ACCOUNTS, evolve=_careless))
    found = what_if(log_of(Deposit("a", 5), Withdraw("a", 5), reducer=careless), drop=1)

    assert found.facts.steps[1].reason.startswith("evolve fails on it with AttributeError: 'NoneType' object")


def _careless(account: Any, event: Any) -> Account:
    return Account("a", 5) if isinstance(event, Deposited) else Account("a", account.balance_cents - event.cents)


# The changes


def test_several_events_are_dropped_at_once() -> None:
    found = what_if(log_of(*SHIPPED), drop=[1, 2])

    assert ends(found) == ("shipped", "draft", "draft")


def test_an_event_that_is_put_in_comes_before_what_was_at_its_place() -> None:
    found = what_if(log_of(PLACE, SHIP), insert={2: OrderCancelled("mug", "early", NOON)})

    assert told(found, "facts") == [
        (1, "OrderPlaced", "follows"),
        (None, "OrderCancelled", "follows"),
        (2, "OrderShipped", "cannot follow"),
    ]
    assert told(found) == [
        (1, "PlaceOrder", "accepted"),
        (None, "CancelOrder", "accepted"),
        (2, "ShipOrder", "refused"),
    ]
    assert ends(found) == ("shipped", "cancelled", "cancelled")


def test_a_command_that_is_put_in_brings_about_the_facts_that_it_leads_to() -> None:
    found = what_if(log_of(PLACE), insert={2: SHIP})

    [_, step] = found.facts.steps
    assert (step.what, step.outcome, step.reason) == ("ShipOrder", "follows", "brings about OrderShipped")
    assert step.events == (OrderShipped("mug", "TRACK-1", minutes(1)),)  # as of the event before
    assert ends(found) == ("placed", "shipped", "shipped")


def test_a_command_that_is_put_in_may_be_refused() -> None:
    found = what_if(log_of(PLACE), insert={1: SHIP})

    assert found.facts.steps[0].outcome == "refused"
    assert found.facts.steps[0].reason == "OrderNotFound"
    assert ends(found) == ("placed", "placed", "placed")


def test_a_timed_command_brings_its_time() -> None:
    late = minutes(30).astimezone(timezone(timedelta(hours=1)))

    found = what_if(log_of(PLACE), insert={2: TimedCommand(late, SHIP, "late")})

    assert found.endings["mug"].commands.updated_at == found.endings["mug"].facts.updated_at == minutes(30)
    assert found.endings["mug"].facts.updated_at.tzinfo is UTC


def test_several_actions_are_put_in_at_one_place_in_their_order() -> None:
    found = what_if(Timeline([]), insert={1: [PLACE, SHIP]})

    assert told(found) == [(None, "PlaceOrder", "accepted"), (None, "ShipOrder", "accepted")]
    assert ends(found) == ("draft", "shipped", "shipped")
    assert "No other order has events." in found.explained


def test_a_command_without_a_key_is_given_one_that_is_not_in_use() -> None:
    unnamed = PlaceOrder("ada", (MUG,))
    found = what_if(log_of(unnamed, unnamed), insert={3: [unnamed, unnamed]})

    assert list(found.endings) == ["order-3", "order-4"]


def test_two_steps_change_places() -> None:
    found = what_if(log_of(PLACE, SHIP), swap=(1, 2))

    assert told(found, "facts") == [(2, "OrderShipped", "cannot follow"), (1, "OrderPlaced", "follows")]
    assert told(found) == [(2, "ShipOrder", "refused"), (1, "PlaceOrder", "accepted")]
    assert ends(found) == ("shipped", "placed", "placed")


def test_events_of_different_orders_change_places_each_among_its_own() -> None:
    other = PlaceOrder("ada", (MUG,), "cup")
    found = what_if(log_of(PLACE, other, SHIP), swap=(2, 3))

    assert [step.key for step in found.facts.steps] == ["mug", "mug", "cup"]
    assert ends(found) == ("shipped", "shipped", "shipped")


def test_a_command_that_moves_keeps_its_own_time() -> None:
    found = what_if(log_of(PLACE, SHIP), swap=(1, 2))

    assert found.endings["mug"].commands.created_at == minutes(1)


def test_an_edited_event_is_another_command_too() -> None:
    dear = (replace(MUG, quantity=4),)
    found = what_if(log_of(PLACE, SHIP), edit={1: OrderPlaced("mug", "bea", dear, 1000, NOON)})

    ending = found.endings["mug"]
    assert ending.facts == ending.commands
    assert (ending.log.customer_id, ending.facts.customer_id) == ("ada", "bea")
    assert [step.change for step in found.facts.steps] == ["edited", ""]
    assert "The two agree: no other command depended on what was changed." in found.explained


def test_an_event_may_be_edited_to_be_about_another_order() -> None:
    found = what_if(log_of(PLACE, SHIP), edit={1: OrderPlaced("cup", "ada", (MUG,), 500, NOON)})

    assert ends(found, "mug") == ("shipped", "draft", "draft")
    assert ends(found, "cup") == ("draft", "placed", "placed")


def test_a_fact_keeps_its_word_where_a_command_leads_to_other_events() -> None:
    wrong = OrderPlaced("mug", "ada", (MUG,), 1, minutes(1))  # a total that decide would not come to
    found = what_if(log_of(PLACE, SHIP), edit={1: wrong})

    assert (found.endings["mug"].facts.total_cents, found.endings["mug"].commands.total_cents) == (1, 500)
    assert not found.agrees


def test_changes_are_combined() -> None:
    found = what_if(log_of(PLACE, SHIP), drop=2, insert={3: CancelOrder("mug")}, edit={1: _cheap()})

    assert told(found) == [
        (1, "PlaceOrder", "accepted"),
        (2, "ShipOrder", "dropped"),
        (None, "CancelOrder", "accepted"),
    ]
    assert found.explained.splitlines()[0] == (
        "Without OrderShipped of mug at position 2; with OrderPlaced instead of OrderPlaced of mug at position 1; "
        "with CancelOrder of mug put in before position 3."
    )


def _cheap() -> OrderPlaced:
    return OrderPlaced("mug", "ada", (replace(MUG, quantity=1),), 250, NOON)


# What is true of it


def test_a_state_of_the_same_name_with_other_fields_is_not_as_in_the_log() -> None:
    found = what_if(log_of(Deposit("a", 5), Deposit("a", 2), reducer=account_reducer()), drop=1)

    assert "a ends Account as in the log, but with balance_cents 2 (7 in the log)" in found.explained


def test_of_many_fields_that_are_others_a_few_are_told() -> None:
    dear = OrderPlaced("mug", "bea", (MUG, replace(MUG, product_id="p-2")), 1000, NOON)

    told = what_if(log_of(PLACE, SHIP), edit={1: dear}).explained.splitlines()[1]

    assert told.endswith(
        "mug ends shipped as in the log, but with customer_id bea (ada in the log), items[1] OrderItem (none in the "
        "log), total_cents 1,000 (500 in the log) and one more field differs."
    )


@pytest.mark.parametrize(
    ("log", "now", "sentence"),
    [
        (Account("a", 1), Account("a", 1), "a ends Account, as in the log"),
        (None, Account("a", 1), "a ends Account as in the log, but with id a (none in the log)"),
        ({"x": 1}, {}, "a ends Account as in the log, but with no x (1 in the log)"),
        (NOON, NOON + timedelta(microseconds=1), "a ends Account as in the log, but with another value"),
        (object(), object(), "a ends Account"),
        (1, "1", "a ends Account as in the log, but with another value"),
    ],
)
def test_an_ending_is_told_only_as_far_as_it_is_known(log: Any, now: Any, sentence: str) -> None:
    assert ending_told("a", log, now, "Account", "Account")[0].startswith(sentence)


def test_entities_that_are_equal_to_nothing_but_themselves_are_not_said_to_differ() -> None:
    assert Ending("a", object(), object(), object(), "in", "in", "in").agrees
    assert not Ending("a", object(), object(), object(), "in", "in", "out").agrees


def test_a_command_that_is_answered_otherwise_is_not_said_to_depend_on_nothing() -> None:
    set_to = [Turn("a", 1), Turn("a", 2), Turn("a", 2), Turn("a", 3)]
    found = what_if(log_of(*set_to, reducer=DeciderReducer(DIALS)), drop=2)

    assert "Turn of a is accepted now (had no event); a ends 3, as in the log." in found.explained
    assert "The two agree in how everything ends." in found.explained


def test_a_command_that_is_refused_for_another_reason_is_told_of() -> None:
    found = what_if(log_of(PLACE, SHIP, CANCEL), edit={2: OrderCancelled("mug", "no", minutes(2))})

    assert (
        "The commands: CancelOrder of mug is refused as before, for another reason (InvalidOrderState, current status "
        "cancelled; was refused: InvalidOrderState, current status shipped);"
    ) in found.explained


def test_a_fact_that_cannot_follow_is_said_to_be_refused_only_where_it_is() -> None:
    careless = replace(ACCOUNTS, evolve=_careless, decide=_trusting)
    found = what_if(log_of(Deposit("a", 5), Withdraw("a", 5), reducer=DeciderReducer(careless)), drop=1)

    assert told(found)[1] == (2, "Withdraw", "fails")
    assert (
        "Withdraw of a at position 2 fails now (deciding it fails with AttributeError: 'NoneType' object has no "
        "attribute 'balance_cents'; was accepted)"
    ) in found.explained
    assert "The two agree in how everything ends." in found.explained


def test_a_command_that_is_put_in_where_deciding_fails_is_told_of_in_both_lanes() -> None:
    strict: DeciderReducer[Any, Any] = DeciderReducer(replace(ACCOUNTS, decide=_strict))

    found = what_if(log_of(Deposit("a", 5), reducer=strict), insert={1: Withdraw("a", 1)})

    assert [lane.steps[0].outcome for lane in found.lanes] == ["fails", "fails"]
    assert found.facts.steps[0].reason.startswith("deciding it fails with AttributeError")


def _trusting(command: Any, account: Any, *, key: str, at: Any) -> Any:
    return (Deposited(key, command.cents) if isinstance(command, Deposit) else Withdrawn(key, command.cents),)


def _strict(command: Any, account: Any, *, key: str, at: Any) -> Any:
    return (Deposited(key, 1),) if isinstance(command, Deposit) else (Withdrawn(key, account.balance_cents),)


@pytest.mark.parametrize("changes", [{"insert": {1: []}}, {"swap": (2, 2)}, {"drop": []}])
def test_what_changes_nothing_is_told_like_no_change(changes: Any) -> None:
    timeline = log_of(PLACE, SHIP)

    assert what_if(timeline, **changes) == what_if(timeline)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {"edit": {3: Reminded("b"), 4: GoneMissing("b")}},
            "LendAgain of b at position 3 led to several events; what answers to the one at 3 stands for it, and what "
            "is changed at 4 is not among the commands.",
        ),
        (
            {"edit": {4: Reminded("b")}},
            "LendAgain of b at position 3 led to several events; what answers to the one at 4 stands for it.",
        ),
        (
            {"drop": 3, "edit": {4: Reminded("b")}},
            "LendAgain of b at position 3 is dropped with all its events, so what is changed at 4 is not among the "
            "commands.",
        ),
    ],
)
def test_what_cannot_be_changed_about_a_command_of_several_events_is_told(changes: Any, note: str) -> None:
    timeline = log_of(Buy(5, "b"), Lend("b", "x"), LendAgain("b", "y"), reducer=loan_reducer())

    assert note in what_if(timeline, **changes).explained.splitlines()


def test_what_no_known_command_answers_to_is_said_without_blaming_the_domain() -> None:
    [_, greeted] = log_of(Enter("ada"), reducer=guest_reducer()).events()
    lenient: DeciderReducer[Any, Any] = DeciderReducer(replace(GUESTS, evolve=_inside))
    alone = Timeline([replace(greeted, position=1, version=1)], reducer=lenient)

    assert (
        "The commands: not known, for there is an event that answers to no command that is known."
        in what_if(alone, drop=1).explained
    )


def _inside(entity: Any, event: Any) -> str:
    return "inside"


# What was asked for


def test_a_refused_command_keeps_its_place_in_the_script_among_commands_about_others() -> None:
    script = [
        TimedCommand(NOON, PlaceOrder("ada", (MUG,), key) if is_placed else ShipOrder(key, "T"), key)
        for key, is_placed in (("mug", True), ("cup", False), ("jug", True))
    ]
    made = log_of(PLACE, PlaceOrder("ada", (MUG,), "jug"))
    keys = {1: "mug", 2: "jug"}
    events = [
        replace(each, recorded_at=NOON, correlation_id=keys[each.position], causation_id=keys[each.position])
        for each in made.events()
    ]

    found = what_if(Timeline(events, commands=script), insert={2: PlaceOrder("ada", (MUG,), "cup")})

    assert told(found) == [(None, "ShipOrder", "refused"), (None, "PlaceOrder", "accepted")]


def test_a_log_without_correlation_ids_is_matched_by_deciding_its_script() -> None:
    made = log_of(*SHIPPED)
    timeline = with_script(made, made.commands, correlation_id=None, causation_id=None)

    assert ends(what_if(timeline, drop=2)) == ("shipped", "placed", "cancelled")


def test_a_script_that_does_not_lead_to_the_log_is_left_out_and_that_is_said() -> None:
    made = log_of(*SHIPPED)
    other = [TimedCommand(minutes(1), PlaceOrder("bea", (MUG,), "mug"), "other"), *made.commands[1:]]
    timeline = with_script(made, other, correlation_id=None, causation_id=None)

    found = what_if(timeline, drop=2)

    assert ends(found) == ("shipped", "placed", "placed")
    assert "The commands that were given about mug do not lead to its events" in found.explained


def test_events_that_answer_to_no_given_command_say_themselves_what_they_answer_to() -> None:
    made = log_of(*SHIPPED)
    timeline = with_script(made, made.commands[2:])  # only what was refused was kept

    assert ends(what_if(timeline, drop=2)) == ("shipped", "placed", "cancelled")


def test_a_log_that_its_commands_do_not_lead_to_is_told_of() -> None:
    made = log_of(PLACE)
    [placed] = made.events()
    timeline = Timeline([replace(placed, event=replace(placed.event, total_cents=1))])

    assert (
        "Decided again without any change, the commands about mug lead to other events"
        in what_if(timeline, insert={2: SHIP}).explained
    )


def test_what_a_delayed_action_led_to_is_a_step_of_its_own() -> None:
    made = log_of(PLACE, SHIP)
    placed, shipped = made.events()
    by_delay = replace(shipped, correlation_id=placed.correlation_id, causation_id=f"{placed.event_id}")
    timeline = Timeline([placed, by_delay], commands=made.commands[:1])

    assert told(what_if(timeline, drop=2)) == [(1, "PlaceOrder", "accepted"), (2, "ShipOrder", "dropped")]


def test_commands_given_at_one_instant_keep_the_order_of_the_script() -> None:
    script = [TimedCommand(NOON, SHIP, "1"), TimedCommand(NOON, PLACE, "2"), TimedCommand(NOON, SHIP, "3")]
    [placed, shipped] = log_of(PLACE, SHIP).events()
    events = [
        replace(placed, event=replace(placed.event, timestamp=NOON), recorded_at=NOON, correlation_id="2"),
        replace(shipped, event=replace(shipped.event, timestamp=NOON), recorded_at=NOON, correlation_id="3"),
    ]
    timeline = Timeline([replace(each, causation_id=each.correlation_id) for each in events], commands=script)

    assert told(what_if(timeline, drop=2)) == [
        (None, "ShipOrder", "refused"),
        (1, "PlaceOrder", "accepted"),
        (2, "ShipOrder", "dropped"),
    ]


def test_an_order_id_that_was_drawn_is_drawn_again() -> None:
    unnamed = PlaceOrder("ada", (MUG,))
    timeline = log_of(unnamed, unnamed, ShipOrder("order-2", "TRACK-1"))

    assert ends(what_if(timeline, drop=3), "order-2") == ("shipped", "placed", "placed")


def test_one_command_may_have_caused_several_events() -> None:
    timeline = log_of(Enter("ada"), Enter("ada"), Leave("ada"), reducer=guest_reducer())

    found = what_if(timeline, drop=2)

    assert told(found, "facts") == [(1, "Entered", "follows"), (2, "Greeted", "dropped"), (3, "Left", "follows")]
    assert told(found) == [(1, "Enter", "dropped"), (None, "Enter", "accepted"), (3, "Leave", "accepted")]


@pytest.mark.parametrize("keeps_script", [True, False], ids=["with its script", "from its events"])
def test_an_event_beside_another_of_one_command_cannot_be_rewritten_as_a_command(keeps_script: bool) -> None:
    made = log_of(Enter("ada"), reducer=guest_reducer())
    timeline = with_script(made, made.commands if keeps_script else ())

    found = what_if(timeline, edit={2: Greeted("ada")})

    assert told(found) == [(1, "Enter", "accepted")]
    assert "No command is known for Greeted, so the one at 2 stays as it was." in found.explained


def test_a_log_that_begins_in_the_middle_of_a_command_has_no_commands() -> None:
    [_, greeted] = log_of(Enter("ada"), reducer=guest_reducer()).events()
    alone = Timeline([replace(greeted, position=1, version=1)], reducer=guest_reducer())

    assert history_of(alone, "ada") is None


def test_no_command_is_put_in_for_an_event_that_answers_to_none() -> None:
    found = what_if(log_of(Enter("ada"), reducer=guest_reducer()), insert={3: Greeted("ada")})

    assert found.facts.steps[-1].outcome == "follows"
    assert told(found) == [(1, "Enter", "accepted")]
    assert "No command is known for Greeted, so none is put in." in found.explained


def test_a_domain_that_cannot_name_commands_has_no_lane_of_them_and_says_so() -> None:
    made = log_of(Deposit("a", 5), Withdraw("a", 5), reducer=account_reducer())
    timeline = with_script(made, ())

    found = what_if(timeline, drop=1)

    assert found.commands is None
    assert found.lanes == (found.facts,)
    assert "the decider of account has no `command_of`" in found.explained
    assert found.as_dict()["commands"] is None
    assert "Lane of facts" in repr(found.lanes)


def test_with_its_script_it_has_one() -> None:
    made = log_of(Deposit("a", 5), Withdraw("a", 9), Withdraw("a", 4), Deposit("a", 0), reducer=account_reducer())

    found = what_if(made, edit={1: Deposited("a", 9)}, drop=2)

    assert told(found) == [
        (1, "Deposit", "accepted"),
        (None, "Withdraw", "refused"),
        (2, "Withdraw", "dropped"),
        (None, "Deposit", "no event"),
    ]
    assert "No command is known for Deposited, so the one at 1 stays as it was." in found.explained


def test_a_command_of_a_wrong_kind_of_key_is_refused_and_about_nobody() -> None:
    found = what_if(log_of(PLACE), insert={2: ShipOrder(7, "TRACK-1")})  # type: ignore[arg-type] # the point

    assert told(found) == [(None, "ShipOrder", "refused")]


# What is said no to

_NOBODY_S: Any = OrderShipped(None, "T", NOON)  # type: ignore[arg-type] # the point


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"drop": 0}, "drop names position 0, and the positions are from 1 to 2"),
        ({"drop": [1, 3]}, "drop names position 3, and the positions are from 1 to 2"),
        ({"drop": "1"}, "drop must name positions, which are whole numbers, and 1 is none"),
        ({"drop": True}, "drop must name positions, which are whole numbers, and True is none"),
        ({"insert": {4: SHIP}}, "insert names position 4, and the positions are from 1 to 3"),
        ({"insert": SHIP}, "insert must be a dictionary of positions and an event or a command, such as {3: …}"),
        ({"insert": {1: OrderNotFound("mug")}}, "insert takes events and commands, and OrderNotFound is a rejection"),
        ({"insert": {1: "ship"}}, "insert takes events and commands of order, not ship"),
        ({"insert": {1: TimedCommand(NOON, "ship", "k")}}, "insert takes a TimedCommand with a command of order"),
        (
            {"insert": {1: TimedCommand(NOON.replace(tzinfo=None), SHIP, "k")}},
            "insert: the time of a TimedCommand must be a timezone-aware datetime",
        ),
        (
            {"insert": {1: TimedCommand("noon", SHIP, "k")}},  # type: ignore[arg-type] # the point
            "insert: the time of a TimedCommand must be a datetime, not 'noon'",
        ),
        ({"insert": {1: _NOBODY_S}}, "insert: OrderShipped must say which order it is about"),
        ({"swap": 1}, "swap must be two positions, such as (3, 4), not 1"),
        ({"swap": (1, 3)}, "swap names position 3, and the positions are from 1 to 2"),
        ({"edit": {1: SHIP}}, "edit takes events of order, not ShipOrder"),
        ({"edit": [1]}, "edit must be a dictionary of positions and the event that is to stand there"),
        ({"drop": 1, "edit": {1: _cheap()}}, "the event at 1 is to be changed in two ways: name a position in one of"),
        ({"drop": 1, "swap": (1, 2)}, "the event at 1 is to be changed in two ways"),
    ],
)
def test_a_change_that_cannot_be_is_refused_in_a_sentence_that_names_it(changes: Any, sentence: str) -> None:
    with pytest.raises((IndexError, TypeError, ValueError)) as caught:
        what_if(log_of(PLACE, SHIP), **changes)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_nothing_can_be_dropped_of_nothing() -> None:
    with pytest.raises(IndexError, match="drop names position 1, and this timeline has no events"):
        what_if(Timeline([]), drop=1)


# Showing


class _Depth(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables, self.deepest, self._open = 0, 0, 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "table":
            self.tables, self._open = self.tables + 1, self._open + 1
            self.deepest = max(self.deepest, self._open)

    def handle_endtag(self, tag: str) -> None:
        self._open -= tag == "table"


def test_a_notebook_shows_the_lanes_side_by_side() -> None:
    shown = _Depth(what_if(log_of(*SHIPPED), drop=2)._repr_html_())

    assert (shown.tables, shown.deepest) == (3, 2)


def test_a_notebook_shows_names_of_the_code_as_code() -> None:
    shown = what_if(with_script(log_of(Deposit("a", 1), reducer=account_reducer()), ()), drop=1)._repr_html_()

    assert "has no <code>command_of</code> that" in shown
    assert "`" not in shown


def test_what_if_is_a_value() -> None:
    one, other = (what_if(log_of(*SHIPPED), drop=2, insert={3: SHIP}) for _ in range(2))

    assert one == other
    assert hash(one) == hash(other)
    assert len({one.changes, other.changes, *one.lanes, *other.lanes}) == 3
    for mapping in (one.endings, one.facts.entities, one.changes.insert):
        with pytest.raises(TypeError):
            mapping["mug"] = None  # type: ignore[index] # the point


@pytest.mark.parametrize(("most", "error"), [("x", TypeError), (True, TypeError), (-1, ValueError)])
def test_how_many_steps_a_page_is_given_is_a_number(most: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="most must be a"):
        what_if(log_of(PLACE)).as_dict(most=most)


def test_text_shows_every_step() -> None:
    found = what_if(log_of(*SHIPPED), drop=2)

    assert repr(found) == "<WhatIf mug shipped → placed by the facts, cancelled by the commands>"
    assert str(found).splitlines()[-4:] == [
        "commands:",
        "  1 PlaceOrder accepted draft → placed",
        "  2 ShipOrder dropped placed",
        "  CancelOrder accepted placed → cancelled was refused: InvalidOrderState, current status shipped",
    ]
    assert repr(found.facts.steps[0]) == "<#1 OrderPlaced mug follows, draft → placed>"


def test_a_page_is_given_short_texts() -> None:
    found = what_if(log_of(*SHIPPED), drop=2)

    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()
    assert found.as_dict()["commands"]["steps"][2] == {
        "position": None,
        "key": "mug",
        "what": "CancelOrder",
        "outcome": "accepted",
        "reason": "was refused: InvalidOrderState, current status shipped",
        "before": "placed",
        "after": "cancelled",
        "change": "",
        "was": "refused",
        "differs": True,
    }
    assert found.as_dict()["endings"] == [
        {"key": "mug", "log": "shipped", "facts": "placed", "commands": "cancelled", "agrees": False}
    ]


def test_of_many_steps_a_page_is_given_those_that_tell_something() -> None:
    timeline = log_of(*[Deposit("a", 1)] * 50, Withdraw("a", 50), *[Deposit("a", 1)] * 50, reducer=account_reducer())

    lane = what_if(timeline, drop=30).as_dict(most=3)["facts"]

    assert [step["position"] for step in lane["steps"]] == [1, 30, 51]
    assert lane["left_out"] == 98


def test_markup_in_a_reason_is_not_taken_for_markup() -> None:
    found = what_if(log_of(PLACE), insert={2: CancelOrder("<b>", "x")})

    assert "<b>" not in found._repr_html_()


def test_the_steps_of_several_orders_are_told_apart() -> None:
    timeline = log_of(PLACE, PlaceOrder("ada", (MUG,), "cup"))

    assert "1 OrderPlaced mug dropped draft" in str(what_if(timeline, drop=[1, 2]))


def test_nothing_at_all_shows_itself() -> None:
    found = what_if(Timeline([]))

    assert repr(found) == "<WhatIf nothing is touched>"
    assert found.explained.splitlines()[1:] == ["The facts: there are none.", "The commands: there are none."]
    assert "<table>" in found._repr_html_()
    assert found.as_dict()["facts"]["steps"] == []


def test_of_many_orders_only_those_that_end_otherwise_are_named() -> None:
    timeline = Timeline.from_file(DATA / "desk-small.jsonl")

    assert "The facts: every other fact still follows; all 60 end as in the log." in what_if(timeline).explained
    found = what_if(timeline, drop=[10, 11, 12, 13, 14], insert={1: CancelOrder("order-9-000001", "early")})
    assert "and 2 more" in found.explained
    assert "the other one ends as in the log" in found.explained


# Cost


def test_only_the_streams_that_are_touched_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = Timeline.from_file(DATA / "desk-week.jsonl")
    key = timeline.decider.key_in(timeline.event(2_900).stream_id)
    read: list[int] = []
    recorded = timeline._source.recorded

    def noted(positions: Sequence[int]) -> list[RecordedEvent]:
        read.extend(positions)
        return recorded(positions)

    monkeypatch.setattr(timeline._source, "recorded", noted)

    found = what_if(timeline, drop=2_900)

    assert set(read) == set(timeline.positions(key))
    assert found.untouched == len(timeline) - len(timeline.positions(key))


# Laws


@given(runs(max_size=12))
def test_without_a_change_both_lanes_are_the_log(run: list[Command]) -> None:
    timeline = log_of(*run)
    for each in (timeline, with_script(timeline, ())):
        found = what_if(each)

        assert found.commands is not None
        assert not found.facts.different
        assert not found.commands.different
        assert all(ending.log == ending.facts == ending.commands for ending in found.endings.values())
        assert [step.position for step in found.facts.steps] == list(range(1, len(timeline) + 1))


@given(runs(max_size=12), st.data())
def test_the_facts_lane_is_a_plain_fold_that_leaves_out_what_cannot_follow(run: list[Command], data: Any) -> None:
    timeline = log_of(*run)
    changed = [each.event for each in timeline.events()]
    drop = data.draw(_some_of(timeline))
    place = data.draw(st.integers(1, len(timeline) + 1))
    new = OrderPlaced("ada", "new", (MUG,), 500, NOON)
    orders: dict[str, Any] = {}
    for position, event in enumerate([*changed, None], start=1):
        for each in [*([new] if position == place else []), *([] if position in drop or event is None else [event])]:
            orders[each.order_id] = _evolved(orders.get(each.order_id), each)

    found = what_if(timeline, drop=drop, insert={place: new})

    assert {key: found.facts.entities[key] for key in found.endings} == {key: orders.get(key) for key in found.endings}


def _evolved(order: Any, event: Any) -> Any:
    try:
        return ORDERS.evolve(order, event)
    except CorruptStream:
        return order


@given(runs(max_size=12), st.data())
def test_the_commands_lane_is_the_commands_sent_to_a_fresh_reducer(run: list[Command], data: Any) -> None:
    timeline = log_of(*run)
    drop = data.draw(_some_of(timeline))
    answered = {str(each.correlation_id): each for each in timeline.events()}
    state = OrderReducer().initial_state()
    for timed in timeline.commands:
        event = answered.get(timed.key)
        if event is None or event.position not in drop:
            key = "unused" if event is None else event.event.order_id
            state = answer_to(OrderReducer(), state, timed.command, at=timed.at, ids=OneId(key)).state

    found = what_if(timeline, drop=drop)

    assert found.commands is not None
    keys = found.endings if drop else {}
    assert {key: found.commands.entities[key] for key in keys} == {key: state.orders.get(key) for key in keys}


def _some_of(timeline: Timeline[Any]) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(1, len(timeline))) if len(timeline) else st.just(set())


@pytest.mark.parametrize("reducer", [OrderReducer, account_reducer, guest_reducer])
def test_the_past_is_never_changed(reducer: Callable[[], DeciderReducer[Any, Any]]) -> None:
    commands = {
        "order": SHIPPED,
        "account": (Deposit("a", 5), Withdraw("a", 5)),
        "guest": (Enter("ada"), Leave("ada")),
    }[reducer().decider.name]
    timeline = log_of(*commands, reducer=reducer())
    before = list(timeline.events()), timeline[-1], timeline.commands

    what_if(timeline, drop=1, swap=(2, 2))

    assert before == (list(timeline.events()), timeline[-1], timeline.commands)


def test_the_domain_of_guests_answers_as_its_events_say() -> None:
    assert GUESTS.command_of is not None
    assert GUESTS.command_of(Entered("ada")) == Enter("ada")
