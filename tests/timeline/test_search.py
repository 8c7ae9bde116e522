import pickle
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from accounts import Withdrawn
from hypothesis import given
from hypothesis import strategies as st
from timeline_logs import MUG, account_timeline, minute, order_log, order_timeline, recorded, timelines

from orderlab.drawing import tables
from orderlab.orders.actions import OrderPlaced, OrderShipped, ShipOrder
from orderlab.timeline import Timeline
from orderlab.timeline.probe import ProbeFailed
from orderlab.timeline.unknown import UnknownEventType, UnknownKey

# By a text


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("TRACK-1", [3]),
        ("track", [3]),
        ("plate", [2]),
        ("1250", [2]),
        ("customer-1", [1, 4]),
        ("bea", [2, 5]),
        ("request-4", [4]),
        ("00000000-0000-0000-0000-000000000005", [5]),
        ("OrderShipped", [3]),
        ("2025-01-01T00:03", [3]),
        ("2025-01-01 00:03:00", [3]),
        ("OrderItem", []),
        ("quantity", []),
        ("no such text", []),
        ("", [1, 2, 3, 4, 5]),
    ],
)
def test_a_text_is_found_in_the_values_the_type_the_stream_and_the_ids_of_an_event(
    text: str, positions: list[int]
) -> None:
    assert order_timeline().search(text).positions == positions


class Size(Enum):
    LARGE = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"colour": ("red", {"shade": 5.5})}, "RED"),
        ({"colour": 1}, "colour"),
        ([frozenset({"deep"})], "deep"),
        (Size.LARGE, "large"),
        ("Straße", "STRASSE"),
    ],
)
def test_a_text_is_found_in_values_of_any_kind(value: Any, text: str) -> None:
    timeline: Timeline[Any] = Timeline(recorded([OrderPlaced("ada", value, (MUG,), 500, minute(1))]))

    assert timeline.search(text).positions == [1]
    assert timeline.search(text + "?").positions == []


def test_an_event_without_ids_is_searched_all_the_same() -> None:
    log = [replace(each, correlation_id=None, causation_id=None) for each in order_log()]
    assert Timeline(log).search("none").positions == []


# By type, entity, state, place


def test_a_type_of_which_the_log_has_no_event_finds_none() -> None:
    assert not Timeline([]).search(event_type="OrderPlaced")


@pytest.mark.parametrize("event_type", ["OrderPlaced", OrderPlaced])
def test_events_of_a_type_are_found(event_type: str | type) -> None:
    assert order_timeline().search(event_type=event_type).positions == [1, 2, 4]


def test_events_about_an_entity_are_found() -> None:
    assert order_timeline().search(key="bea").positions == [2, 5]


def test_events_are_found_by_what_their_entity_is_like_after_them() -> None:
    assert order_timeline().search(where=lambda order: order.status.name == "placed").positions == [1, 2, 4]
    assert account_timeline().search(where=lambda account: account.balance_cents == 0).positions == [4]


@pytest.mark.parametrize(
    ("place", "positions"),
    [
        ({"after": 3}, [4, 5]),
        ({"until": 2}, [1, 2]),
        ({"after": 1, "until": 3}, [2, 3]),
        ({"after": 3, "until": 1}, []),
        ({"after": -2}, [5]),
        ({"after": minute(3)}, [4, 5]),
        ({"until": minute(3)}, [1, 2, 3]),
        ({"until": minute(3) - timedelta(seconds=1)}, [1, 2]),
    ],
)
def test_events_are_found_in_a_stretch(place: dict[str, Any], positions: list[int]) -> None:
    assert order_timeline().search(**place).positions == positions


def test_what_is_asked_for_together_must_all_be_so() -> None:
    found = order_timeline().search(
        "customer", event_type="OrderPlaced", where=lambda order: order.total_cents == 500, after=1
    )
    assert found.positions == [4]
    assert order_timeline().search("mug", key="bea").positions == [2]


def test_the_state_is_asked_for_last() -> None:
    asked: list[Any] = []
    order_timeline().search("TRACK", event_type=OrderShipped, where=asked.append)

    assert asked == [order_timeline().order("ada")]


def test_nothing_asked_for_is_the_whole_log() -> None:
    assert list(order_timeline().search()) == order_log()


# How many


def test_a_limit_keeps_the_first_and_says_that_there_are_more() -> None:
    found = order_timeline().search(event_type=OrderPlaced, limit=2)

    assert (found.positions, found.more) == ([1, 2], True)
    assert (
        repr(found)
        == "<Found the first 2 events, and there are more: #1 OrderPlaced order-ada, #2 OrderPlaced order-bea>"
    )


def test_a_limit_that_leaves_nothing_out_says_nothing() -> None:
    found = order_timeline().search(event_type=OrderPlaced, limit=3)

    assert (found.positions, found.more) == ([1, 2, 4], False)


@pytest.mark.parametrize("limit", [-1, 1.5, True, "2"])
def test_a_limit_is_a_whole_number(limit: Any) -> None:
    with pytest.raises(ValueError, match="limit must be a whole number from 0"):
        order_timeline().search(limit=limit)


def test_after_the_limit_nothing_more_is_asked() -> None:
    asked: list[Any] = []
    order_timeline().search(where=lambda order: asked.append(order) or True, limit=1)  # type: ignore[func-returns-value]

    assert len(asked) == 2


# What is not there


def test_an_event_type_that_is_not_there_proposes_others() -> None:
    with pytest.raises(UnknownEventType) as caught:
        order_timeline().search(event_type="OrderShiped")

    assert str(caught.value) == "order has no event OrderShiped: did you mean OrderShipped or OrderPlaced?"


@pytest.mark.parametrize("event_type", [ShipOrder, Withdrawn])
def test_a_type_that_is_no_event_of_the_domain_is_refused(event_type: type) -> None:
    with pytest.raises(UnknownEventType, match=f"order has no event {event_type.__name__}"):
        order_timeline().search(event_type=event_type)


def test_an_entity_that_is_not_there_proposes_others() -> None:
    with pytest.raises(UnknownKey, match=r"did you mean bea\?"):
        order_timeline().search(key="beat")


def test_a_state_that_cannot_be_asked_about_names_the_event() -> None:
    with pytest.raises(ProbeFailed, match="failed after position 1, OrderPlaced of order-ada: AttributeError"):
        order_timeline().search(where=lambda order: order.colour)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"text": 5}, "text must be text, not 5"),
        ({"where": "placed"}, "where must be a function"),
        ({"after": 1.5}, "whole number"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        order_timeline().search(**wrong)


def test_a_time_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        order_timeline().search(after=datetime(2025, 1, 1))  # noqa: DTZ001 - the mistake


# Laws


def test_a_log_in_a_file_is_searched_like_any_other() -> None:
    timeline = Timeline.from_file(Path(__file__).parents[2] / "data" / "desk-small.jsonl")
    shipped = timeline.search(event_type="OrderShipped")

    assert shipped
    assert timeline.search(where=lambda order: order.status.name == "shipped") == shipped
    assert timeline.search("ordershipped") == shipped


@given(timelines)
def test_a_condition_that_always_holds_finds_everything(timeline: Timeline[Any]) -> None:
    assert timeline.search(where=lambda entity: True).positions == list(range(1, len(timeline) + 1))
    assert timeline.search(where=lambda entity: False).positions == []


@given(timelines, st.data())
def test_a_search_finds_what_a_look_at_every_step_does(timeline: Timeline[Any], data: st.DataObject) -> None:
    letter = data.draw(st.sampled_from(["a", "b", "5", "C"]))
    after, until = (data.draw(st.integers(0, len(timeline))) for _ in "mn")

    found = timeline.search(
        where=lambda entity: letter.lower() in repr(entity).lower(), after=after, until=until
    ).positions

    assert found == [
        step.position
        for step in timeline.steps()
        if after < step.position <= until and letter.lower() in repr(step.after).lower()
    ]


# As a sequence, as text, as a table


def test_what_was_found_is_a_sequence_of_recorded_events() -> None:
    found = order_timeline().search(key="ada")

    assert (len(found), found[0], found[-1:], bool(found)) == (2, order_log()[0], (order_log()[2],), True)
    assert not order_timeline().search("no such text")


def test_what_was_found_is_told_in_a_line() -> None:
    assert repr(order_timeline().search("no such text")) == "<Found 0 events>"
    assert repr(order_timeline().search(key="cem")) == "<Found 1 event: #4 OrderPlaced order-cem>"
    assert repr(order_timeline().search()).endswith(", #3 OrderShipped order-ada, …>")


def test_the_text_of_what_was_found_has_a_line_for_each_event() -> None:
    assert str(order_timeline().search(key="cem")).splitlines() == [
        "1 event",
        "<#4 OrderPlaced order-cem v1 2025-01-01 00:04:00>",
    ]


def test_the_table_of_what_was_found_has_the_fields_of_each_event() -> None:
    html = order_timeline().search()._repr_html_()

    for text in ("5 events", "tracking_number TRACK-1", "items 2 × OrderItem", "request-5"):
        assert text in html


def test_a_long_list_is_cut_in_text_and_table() -> None:
    events = [OrderPlaced(f"order-{number}", "ada", (MUG,), 500, minute(1)) for number in range(100)]
    found = Timeline(recorded(events)).search()

    assert str(found).splitlines()[-1] == "... and 80 more"
    assert found._repr_html_().count("<tr>") == 1 + tables.ROWS
    assert "and 80 more" in found._repr_html_()


def test_what_was_found_can_be_pickled() -> None:
    found = order_timeline().search()
    assert pickle.loads(pickle.dumps(found)) == found
