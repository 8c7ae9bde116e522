import re
from base64 import b64decode
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from timeline_logs import account_timeline, minute, order_timeline, recorded, timelines

from orderlab.core.errors import CorruptStream, OrderlabError
from orderlab.drawing import tables
from orderlab.orders.actions import OrderShipped
from orderlab.timeline import Timeline
from orderlab.timeline.comparison import Change
from orderlab.timeline.lane import Stop, to_svg
from orderlab.timeline.story import Story
from orderlab.timeline.unknown import UnknownKey

SVG = "{http://www.w3.org/2000/svg}"
PRESENTATION = {
    *("x", "y", "x1", "y1", "x2", "y2", "rx", "d", "width", "height", "viewBox", "fill", "stroke", "stroke-width"),
    *("role", "font-family", "font-size", "font-weight", "text-anchor"),
}
STOPS = [Stop("Deposited", f"2025-01-{day:02} 00:00:00", f"state {day}") for day in range(1, 10)]
HOSTILE = "</text><script>alert(1)</script>"


def picture_in(html: str) -> tuple[str, ElementTree.Element]:
    """Return what the picture in some HTML says to those who cannot see it, and the picture."""
    found = re.match(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)">', html)
    assert found is not None
    return found[1], ElementTree.fromstring(b64decode(found[2]))


def from_left(root: ElementTree.Element) -> list[str]:
    """Return the texts in a picture other than times, from left to right."""
    found = sorted(root.iter(f"{SVG}text"), key=lambda element: float(element.attrib["x"]))
    return [element.text or "" for element in found if not (element.text or "").startswith("2025")]


def texts(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


# What happened


def test_a_story_has_a_step_for_each_event_of_its_entity_alone() -> None:
    story = order_timeline().story("ada")

    assert [(step.position, step.event_type, step.recorded_at) for step in story] == [
        (1, "OrderPlaced", minute(1)),
        (3, "OrderShipped", minute(3)),
    ]
    assert story[1].event == OrderShipped("ada", "TRACK-1", minute(3))
    assert story[1].correlation_id == "request-3"


def test_a_step_has_the_entity_before_and_after_and_what_changed() -> None:
    timeline = order_timeline()
    placed, shipped = timeline.story("ada")

    assert (placed.before, placed.after) == (None, timeline.order("ada", at=1))
    assert (shipped.before, shipped.after) == (timeline.order("ada", at=1), timeline.order("ada", at=3))
    assert (shipped.before_name, shipped.after_name) == ("placed", "shipped")
    assert shipped.changes[0] == Change("status", "placed", "shipped")


def test_a_step_says_in_words_what_happened() -> None:
    assert order_timeline().story("ada")[1].sentence == (
        "OrderShipped: status placed → shipped, status.tracking_number TRACK-1, "
        "status.shipped_at 2025-01-01 00:03:00, updated_at 2025-01-01 00:01:00 → 2025-01-01 00:03:00, version 1 → 2"
    )
    assert account_timeline().story("ada")[2].sentence == "Withdrawn: balance_cents 10 → 0"


def test_a_story_is_a_sequence_of_steps() -> None:
    story = order_timeline().story("ada")

    assert (len(story), story[-1], story[:1]) == (2, story.steps[1], story.steps[:1])
    assert story[0] in story


@given(timelines)
def test_the_stories_of_all_entities_are_the_log_and_end_where_it_does(timeline: Timeline[Any]) -> None:
    stories = [timeline.story(key) for key in timeline.keys(len(timeline))]

    assert sorted(step.position for story in stories for step in story) == list(range(1, len(timeline) + 1))
    for story in stories:
        assert story[-1].after == timeline.entity(story.key)
        assert story.names[1:] == tuple(step.after_name for step in story)
        for step, following in pairwise(story):
            assert following.before == step.after


def test_an_event_that_cannot_follow_is_named() -> None:
    broken: Timeline[Any] = Timeline(recorded([OrderShipped("ada", "TRACK-1", minute(1))]))

    with pytest.raises(CorruptStream, match="stream order-ada, version 1: OrderShipped of ada cannot follow"):
        broken.story("ada")


# A key that is not there


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("adah", "there is no order adah in this timeline: did you mean ada?"),
        ("zoe", "there is no order zoe in this timeline: there are ada, bea and cem"),
        ("ADA", "there is no order ADA in this timeline: did you mean ada?"),
        ("", "there is no order  in this timeline: there are ada, bea and cem"),
    ],
)
def test_a_key_that_is_not_there_proposes_others(key: str, sentence: str) -> None:
    with pytest.raises(UnknownKey) as caught:
        order_timeline().story(key)

    assert str(caught.value) == sentence


def test_a_key_that_is_not_there_is_a_key_error_of_this_package() -> None:
    assert issubclass(UnknownKey, KeyError)
    assert issubclass(UnknownKey, OrderlabError)


def test_a_log_without_events_has_no_other_key_to_propose() -> None:
    with pytest.raises(UnknownKey, match=r"^there is no order ada in this timeline$"):
        Timeline([]).story("ada")


# As text


def test_a_story_is_told_in_a_line() -> None:
    assert repr(order_timeline().story("ada")) == "<Story of order ada: 2 events, draft → placed → shipped>"
    assert repr(order_timeline().story("cem")) == "<Story of order cem: 1 event, draft → placed>"


def test_the_line_of_a_long_story_leaves_out_its_middle() -> None:
    assert repr(long_story(100)) == (
        "<Story of account ada: 100 events, none → … → Account → Account → Account → Account>"
    )


def long_story(length: int) -> Story:
    [step] = account_timeline().story("bea")
    return Story("ada", "account", (step, *[account_timeline().story("ada")[1]] * (length - 1)))


def test_the_text_of_a_story_has_a_line_for_each_event() -> None:
    assert str(account_timeline().story("ada")).splitlines() == [
        "account ada: 3 events, none → Account → Account → Account",
        "#1 2025-01-01 00:01:00 Deposited: id ada, balance_cents 5",
        "#3 2025-01-01 00:03:00 Deposited: balance_cents 5 → 10",
        "#4 2025-01-01 00:04:00 Withdrawn: balance_cents 10 → 0",
    ]


def test_a_long_story_is_cut_in_text_and_table() -> None:
    story = long_story(100)

    assert str(story).splitlines()[-1] == "... and 80 events more"
    html = story._repr_html_()
    assert html.count("<tr>") == 1 + tables.ROWS
    assert "and 80 more" in html


# As a picture


def test_the_picture_of_a_story_has_its_states_and_events_in_order() -> None:
    alt, root = picture_in(order_timeline().story("ada")._repr_html_())

    assert alt == (
        "The life of order ada: draft, OrderPlaced at 2025-01-01 00:01:00 to placed, "
        "OrderShipped at 2025-01-01 00:03:00 to shipped"
    )
    assert from_left(root) == ["draft", "OrderPlaced", "placed", "OrderShipped", "shipped"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_the_last_state_alone_is_lit(count: int) -> None:
    root = ElementTree.fromstring(to_svg("an account", "none", STOPS[:count]))
    fills = [box.get("fill") for box in root.findall(f"{SVG}rect")[1:]]

    assert fills.count("#0b6e4f") == 1
    assert fills[-1] == "#0b6e4f"


def test_the_picture_of_a_long_life_counts_the_events_that_it_leaves_out() -> None:
    root = ElementTree.fromstring(to_svg("an account", "none", STOPS))

    assert [text for text in texts(root) if text.startswith(("state", "none"))] == [
        *("none", "state 6", "state 7", "state 8", "state 9"),
    ]
    assert "6 more" in texts(root)
    assert (root.findtext(f"{SVG}title") or "").startswith("The life of an account: none, 6 events to state 6,")


@pytest.mark.parametrize(
    "stops", [STOPS[:1], STOPS, [Stop(HOSTILE, HOSTILE, HOSTILE)] * 5], ids=["one", "many", "hostile"]
)
def test_a_picture_has_presentation_attributes_only_on_an_opaque_background(stops: list[Stop]) -> None:
    root = ElementTree.fromstring(to_svg(HOSTILE, HOSTILE, stops))

    assert {name for element in root.iter() for name in element.attrib} <= PRESENTATION
    background = root.find(f"{SVG}rect")
    assert background is not None
    assert background.attrib == {"width": root.get("width"), "height": root.get("height"), "fill": "#ffffff"}


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_everything_in_a_picture_is_inside_it(count: int) -> None:
    root = ElementTree.fromstring(to_svg("an account", "none", STOPS[:count]))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])

    for box in root.findall(f"{SVG}rect"):
        assert float(box.get("x", 0)) + float(box.attrib["width"]) <= width
    for text in root.findall(f"{SVG}text"):
        assert 0 < float(text.attrib["x"]) < width
        assert 0 < float(text.attrib["y"]) < height


@given(timelines)
def test_every_story_has_a_text_a_picture_and_a_table(timeline: Timeline[Any]) -> None:
    for key in timeline.keys(len(timeline)):
        story = timeline.story(key)
        assert "\n" not in repr(story)
        assert len(str(story).splitlines()) == len(story) + 1
        alt, _ = picture_in(story._repr_html_())
        assert key in alt
