from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from timeline_logs import account_timeline, minute, order_log, order_timeline, recorded, timelines

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.orders.actions import OrderShipped
from orderlab.timeline import Timeline
from orderlab.timeline.fields import ABSENT, fields_of
from orderlab.timeline.unknown import UnknownField, UnknownKey

# The event behind a value


def test_the_event_that_shipped_an_order_is_to_blame_for_its_status() -> None:
    blame = order_timeline().blame("ada", "status")

    assert (blame.field, blame.before, blame.after) == ("status", "placed", "shipped")
    assert blame.position == 3
    assert blame.recorded == order_log()[2]
    assert blame.event == OrderShipped("ada", "TRACK-1", minute(3))
    assert (blame.recorded_at, blame.correlation_id, blame.causation_id) == (minute(3), "request-3", "request-3")


def test_a_field_that_never_changed_is_the_doing_of_the_event_that_it_began_with() -> None:
    blame = order_timeline().blame("ada", "customer_id")

    assert (blame.position, blame.before, blame.after) == (1, ABSENT, "customer-1")


def test_an_earlier_position_has_an_earlier_event_to_blame() -> None:
    assert order_timeline().blame("ada", "status", at=2).position == 1
    assert order_timeline().blame("ada", "status", at=-1).position == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [("items[1].quantity", 1), ("items[0]", "OrderItem"), ("items[1].name", "Plate")],
)
def test_what_is_inside_a_field_can_be_blamed(field: str, value: object) -> None:
    blame = order_timeline().blame("bea", field)

    assert (blame.position, blame.after) == (2, value)


def test_a_whole_sequence_can_be_blamed_as_well_as_what_is_in_it() -> None:
    timeline = order_timeline()
    assert timeline.blame("bea", "items").after == timeline.order("bea").items


def test_a_value_that_was_taken_and_given_again_is_the_doing_of_the_last_event() -> None:
    assert account_timeline().blame("ada", "balance_cents").position == 4
    assert account_timeline().blame("ada", "balance_cents", at=3).after == 10


@dataclass(frozen=True)
class Put:
    """A note was put on a board, or taken away: an empty text."""

    board: str
    text: str


BOARDS: Decider[dict[str, str]] = Decider(
    name="board",
    decide=lambda command, entity, *, key, at: (),
    evolve=lambda board, put: {"note": put.text} if put.text else {},
    key_of=lambda action: action.board,
    commands=(),
    events=(Put,),
    rejections=(),
)


def boards(*texts: str) -> Timeline[Any]:
    return Timeline(recorded([Put("hall", text) for text in texts], BOARDS), reducer=DeciderReducer(BOARDS))


def test_the_event_that_took_a_field_away_is_to_blame_for_its_absence() -> None:
    blame = boards("hello", "").blame("hall", "note")

    assert (blame.position, blame.before, blame.after) == (2, "hello", ABSENT)
    assert str(blame).startswith("board hall: no note (was hello), by Put at position 2")


def test_an_event_that_gives_the_same_value_again_is_not_to_blame() -> None:
    assert boards("hello", "hello", "hello").blame("hall", "note").position == 1


@given(timelines, st.data())
def test_the_event_to_blame_left_the_present_value_and_no_later_one_changed_it(
    timeline: Timeline[Any], data: st.DataObject
) -> None:
    n = data.draw(st.integers(0, len(timeline)))
    for key in timeline.keys(n):
        entity = timeline.entity(key, at=n)
        for field, value in {**fields_of(entity, deep=True), **fields_of(entity)}.items():
            blame = timeline.blame(key, field, at=n)
            positions = timeline.positions(key, at=n)
            values = [own_or_deep(timeline.entity(key, at=position), field) for position in positions]
            place = positions.index(blame.position)
            assert blame.after == value
            assert values[place:] == [value] * len(values[place:])
            assert blame.before == (values[place - 1] if place else ABSENT) != value


def own_or_deep(entity: Any, field: str) -> Any:
    return {**fields_of(entity, deep=True), **fields_of(entity)}.get(field, ABSENT)


# What is not there


def test_a_field_that_is_not_there_proposes_others() -> None:
    with pytest.raises(UnknownField) as caught:
        order_timeline().blame("ada", "statuss")

    assert str(caught.value).startswith("order ada has no field statuss: did you mean status")


def test_a_field_that_is_like_no_other_lists_those_there_are() -> None:
    with pytest.raises(UnknownField, match=r"^account ada has no field x: its fields are id and balance_cents$"):
        account_timeline().blame("ada", "x")


def test_a_field_that_comes_only_later_is_not_there_yet() -> None:
    with pytest.raises(UnknownField, match=r"no field status\.tracking_number"):
        order_timeline().blame("ada", "status.tracking_number", at=2)


def test_an_entity_that_comes_only_later_is_not_there_yet() -> None:
    with pytest.raises(UnknownKey, match=r"^order cem does not exist yet at position 2: its first event is at 4$"):
        order_timeline().blame("cem", "status", at=-4)


def test_a_key_that_is_not_there_proposes_others() -> None:
    with pytest.raises(UnknownKey, match=r"did you mean ada\?"):
        order_timeline().blame("adah", "status")


# As text


def test_a_blame_is_told_in_a_line() -> None:
    blame = order_timeline().blame("ada", "status")

    assert repr(blame) == "<Blame ada: status placed → shipped by OrderShipped at 3>"
    assert str(blame) == (
        "order ada: status placed → shipped, by OrderShipped at position 3, "
        "2025-01-01 00:03:00, correlation id request-3"
    )


def test_a_blame_is_a_table() -> None:
    html = order_timeline().blame("ada", "status.shipped_at")._repr_html_()

    for text in ("status.shipped_at", "—", "2025-01-01 00:03:00", "OrderShipped", "request-3"):
        assert text in html


def test_a_position_is_never_a_time() -> None:
    with pytest.raises(TypeError):
        order_timeline().blame("ada", "status", at=datetime.now)  # type: ignore[arg-type]
