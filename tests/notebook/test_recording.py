"""Recordings, read again as the browser reads them."""

import gzip
import json
from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import pytest
from accounts import ACCOUNTS, Deposited, Withdrawn, account_reducer
from hypothesis import given
from recorded_logs import desk_log
from timeline_logs import order_timeline, recorded, timelines

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.notebook.columns import KEY, MET, NEW, TIME, VERSION
from orderlab.notebook.recording import Recording, Way, record
from orderlab.orders.actions import OrderPlaced, OrderShipped
from orderlab.orders.model import OrderItem
from orderlab.timeline.fields import fields_of, shown
from orderlab.timeline.live import FULL_EVERY
from orderlab.timeline.timeline import Timeline


class Read(NamedTuple):
    """A recording as the browser has it: the header, and for each event a patch, what comes with it, hidden texts."""

    header: dict[str, Any]
    events: list[tuple[int, str, str, str]]
    patches: list[dict[str, str | None]]
    hidden: list[list[str]]


def read(recording: Recording) -> Read:
    """Do what `Recording.from` does in the browser."""
    raw = gzip.decompress(recording.data)
    start = 4 + int.from_bytes(raw[:4], "little")
    header = json.loads(raw[4:start])
    columns = []
    for width, count in header["columns"]:
        kind = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<f8"}[width]
        columns.append(np.frombuffer(raw, kind, count, start).tolist())
        start += width * count
    assert start == len(raw)
    times, streams, types, states, sets, gaps, codes, *values = columns
    cursors = [iter(column) for column in values]
    fresh = [iter(field["values"]) for field in header["fields"]]
    met: list[list[Any]] = [[] for _ in values]
    time, keys = header["start"], iter(header["keys"])
    versions: dict[str, int] = {}
    order: list[str] = []
    events, patches = [], []
    for delta, stream, kind, state, names in zip(times, streams, types, states, sets, strict=True):
        time += delta
        if stream == NEW:
            order.append(next(keys))
        key = order[-stream] if stream else order[-1]
        versions[key] = versions.get(key, 0) + 1
        patch: dict[str, str | None] = {}
        for field in header["sets"][names]:
            code = next(cursors[field])
            if code == NEW:
                met[field].append(next(fresh[field]))
            derived = {NEW: met[field][-1:], TIME: [_time(time)], VERSION: [f"{versions[key]:,}"], KEY: [key]}
            [text] = derived[code] if code in derived else [header["fields"][field]["values"][code - MET]]
            patch[header["fields"][field]["name"]] = text
        events.append((int(time), key, header["types"][kind], header["states"][state]))
        patches.append(patch)
    hidden: list[list[str]] = [[] for _ in events]
    for event, code in zip(accumulate(gaps), codes, strict=True):
        hidden[event].append(header["hidden"][code])
    return Read(header, events, patches, hidden)


def _time(milliseconds: float) -> str:
    return f"{datetime.fromtimestamp(milliseconds // 1_000, UTC):%Y-%m-%d %H:%M:%S}"


def recording_of(timeline: Timeline[Any]) -> Recording:
    decider = timeline.decider
    return record(timeline.steps(), noun=decider.name, start=decider.state_name(None))


@given(timelines)
def test_patches_put_on_one_another_give_every_state(timeline: Timeline[Any]) -> None:
    result = read(recording_of(timeline))
    entities: dict[str, dict[str, str | None]] = {}
    for moment, event, patch in zip(timeline.steps(), result.events, result.patches, strict=True):
        milliseconds = (moment.recorded_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        assert event == (milliseconds, moment.key, moment.event_type, moment.after_name)
        entities[moment.key] = entities.get(moment.key, {}) | patch
        there = {name: text for name, text in entities[moment.key].items() if text is not None}
        assert there == {name: shown(value) for name, value in fields_of(moment.after).items()}


def test_every_thirty_second_patch_of_a_stream_is_whole() -> None:
    events = [Deposited("ada", 1) for _ in range(2 * FULL_EVERY + 2)]
    timeline = Timeline(recorded(events, ACCOUNTS), reducer=account_reducer())
    patches = read(recording_of(timeline)).patches
    assert [version for version, patch in enumerate(patches, start=1) if "id" in patch] == [1, 33, 65]


def test_a_hundred_thousand_desk_events_would_be_small() -> None:
    timeline = Timeline(desk_log(2_000))
    data = recording_of(timeline).data
    assert len(b64encode(data)) / len(timeline) < 15


def test_the_same_log_gives_the_same_bytes() -> None:
    assert recording_of(order_timeline()).data == recording_of(order_timeline()).data


@pytest.mark.parametrize("events", [[], [Deposited("ada", 5)]])
def test_logs_of_no_event_and_of_one_are_recorded(events: list[Any]) -> None:
    timeline = Timeline(recorded(events, ACCOUNTS), reducer=account_reducer())
    recording = recording_of(timeline)
    assert len(recording) == len(read(recording).events) == len(events)
    assert recording.taken(0) == dict.fromkeys(recording.ways, 0)


def test_a_recording_counts_how_often_each_way_was_gone() -> None:
    recording = recording_of(order_timeline())
    assert recording.taken(3) == {
        Way("draft", "OrderPlaced", "placed"): 2,
        Way("placed", "OrderShipped", "shipped"): 1,
        Way("placed", "OrderCancelled", "cancelled"): 0,
    }


@dataclass(frozen=True)
class Note:
    """An entity with a part that comes and goes, and values of every sort."""

    text: Any
    part: Any = None


@dataclass(frozen=True)
class Part:
    """A part without fields."""


class Slotted:
    """No dataclass."""

    def __repr__(self) -> str:
        return "slotted"


AT = datetime(2025, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Noted:
    """A note was made of a value."""

    value: Any


NOTES: Decider[Any] = Decider(
    name="note",
    decide=lambda command, note, *, key, at: (),
    evolve=lambda note, event: event.value,
    key_of=lambda event: "n",
    commands=(),
    events=(Noted,),
    rejections=(),
)


@pytest.mark.parametrize(
    "values",
    [
        [Note("a", Part()), Note("a"), Note("a", Part()), Note("a", Note("b", Note("c")))],
        [Note("a", Note("b", Note("c"))), Note("a", Note("b")), Note("a", Note("b", Part()))],
        [Note("a"), {"text": 1, "other": 2}, 7, Slotted(), Note("a")],
        [Note(True), Note(1), Note(1.0), Note(0.0), Note(-0.0), Note(None), Note(float("nan"))],
        [Note(AT), Note(AT.astimezone(timezone(timedelta(hours=2)))), Note(AT + timedelta(microseconds=1))],
        [Note(""), Note(" a  b "), Note("x" * 200), Note("n"), Note("\ud800"), Note("\u00fc\n")],
        [Note((Part(), Part())), Note((Note(1), Note(2))), Note((Note(1), Part())), Note((Note,)), Note((Part(),) * 3)],
        [Note((1, 2)), Note([1, 2]), Note({"a": 1}), Note(()), Note(frozenset({1}))],
    ],
)
def test_values_of_every_sort_are_shown_as_python_shows_them(values: list[Any]) -> None:
    reducer: DeciderReducer[Any, Any] = DeciderReducer(NOTES)
    timeline = Timeline(recorded([Noted(value) for value in values], NOTES), reducer=reducer)
    entity: dict[str, str | None] = {}
    for value, patch in zip(values, read(recording_of(timeline)).patches, strict=True):
        entity |= patch
        there = {name: text for name, text in entity.items() if text is not None}
        assert there == {name: shown(each) for name, each in fields_of(value).items()}


def test_a_value_with_a_slot_that_was_never_set_is_shown_without_it() -> None:
    @dataclass(slots=True)
    class Torn:
        whole: int
        torn: int

    torn = Torn(1, 2)
    del torn.torn
    reducer: DeciderReducer[Any, Any] = DeciderReducer(NOTES)
    timeline = Timeline(recorded([Noted(Torn(1, 2)), Noted(torn)], NOTES), reducer=reducer)
    assert read(recording_of(timeline)).patches[-1] == {"whole": "1", "torn": None}


def test_money_taken_out_and_paid_in_are_two_ways_between_the_same_states() -> None:
    events = [Deposited("ada", 5), Withdrawn("ada", 5)]
    timeline = Timeline(recorded(events, ACCOUNTS), reducer=account_reducer())
    assert recording_of(timeline).ways == (
        Way("none", "Deposited", "Account"),
        Way("Account", "Withdrawn", "Account"),
    )


def hidden_in(*values: Any) -> list[list[str]]:
    """The hidden texts of events that noted these values, and of which nothing is shown."""
    reducer: DeciderReducer[Any, Any] = DeciderReducer(replace(NOTES, evolve=lambda note, event: Note("none")))
    timeline = Timeline(recorded([Noted(value) for value in values], NOTES), reducer=reducer)
    return [[text.replace("\x1f", "|") for text in texts] for texts in read(recording_of(timeline)).hidden]


class Size(Enum):
    """How large it is."""

    SMALL = 1


def test_the_texts_that_no_field_shows_are_recorded_for_the_search() -> None:
    items = (OrderItem("p-1", "Mug", 2, 950), OrderItem("p-2", "Star map", 1, 400))
    events = [OrderPlaced("order-1", "Ada", items, 2300, AT), OrderShipped("order-1", "TRACK-1", AT)]
    assert read(recording_of(Timeline(recorded(events)))).hidden == [["p-1\x1fMug", "p-2\x1fStar map"], []]


def test_each_hidden_text_is_listed_once() -> None:
    items = (OrderItem("p-1", "Mug", 2, 950),)
    events = [OrderPlaced(f"order-{number}", "Ada", items, 1900, AT) for number in range(3)]
    result = read(recording_of(Timeline(recorded(events))))
    assert result.header["hidden"] == ["p-1\x1fMug"]
    assert result.hidden == 3 * [["p-1\x1fMug"]]


def test_texts_are_found_however_they_are_kept_in_an_event() -> None:
    values = [
        "plain",
        Note("a", Note("b")),
        {"size": [Size.SMALL, "b"]},
        frozenset({"y", "x"}),
        (("a", 1), "b"),
        {"n": 1},
    ]
    assert hidden_in(*values) == [["plain"], ["a|b"], ["size|SMALL|b"], ["x|y"], ["a", "b"], ["n"]]
    assert hidden_in(5, None, 1.5, True, AT, "", (), Slotted(), [[]]) == [[]] * 9


def test_a_long_text_is_found_by_its_first_thousand_characters() -> None:
    [[text]] = hidden_in("x" * 2_000)
    assert len(text) == 1_000


def test_a_text_that_is_shown_cut_off_is_hidden_as_well() -> None:
    reducer: DeciderReducer[Any, Any] = DeciderReducer(NOTES)
    timeline = Timeline(recorded([Noted("short"), Noted("long " * 40)], NOTES), reducer=reducer)
    assert read(recording_of(timeline)).hidden == [[], ["long " * 40]]


def test_a_value_that_holds_itself_is_recorded() -> None:
    around: list[Any] = ["around"]
    around.append(around)
    assert hidden_in({"list": around})[0][0].startswith("list|around|around")
