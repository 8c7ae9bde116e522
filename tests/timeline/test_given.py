"""What a timeline is made from is looked at when it is made, and not when something fails."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from accounts import ACCOUNTS, Deposit
from timeline_logs import account_timeline, minute, order_log, order_timeline, recorded

from orderlab.core.decider import Decider, DeciderReducer
from orderlab.core.script import TimedCommand
from orderlab.logfile import LogFileError
from orderlab.orders.actions import ShipOrder
from orderlab.timeline import Timeline

SHIP = ShipOrder("cem", "TRACK-2")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("commands", "sentence"),
    [
        (5, "commands must be TimedCommands, or the file that they are in, not 5"),
        (None, "commands must be TimedCommands, or the file"),
        (1.5, "commands must be TimedCommands, or the file"),
        ([SHIP], "commands must be TimedCommands, each with its time and key"),
        ([TimedCommand(minute(9), "x", "k")], "commands must be of order, and k is 'x'"),
        ([TimedCommand(minute(9), Deposit("ada", 5), "k")], "commands must be of order, and k is Deposit"),
        ([TimedCommand(datetime(2025, 1, 1), SHIP, "k")], "commands must have aware times, and that of k"),  # noqa: DTZ001
        ([TimedCommand("noon", SHIP, "k")], "commands must have aware times, and that of k is 'noon'"),  # type: ignore[arg-type]
    ],
)
def test_commands_that_are_none_are_refused(commands: Any, sentence: str) -> None:
    with pytest.raises((TypeError, ValueError), match=sentence):
        Timeline(order_log(), commands=commands)


@pytest.mark.parametrize("codec", ["json", object(), 5])
def test_a_codec_that_is_none_is_refused(codec: Any) -> None:
    with pytest.raises(TypeError, match="codec must be a codec of the events, such as a JsonCodec, not"):
        Timeline(order_log(), codec=codec)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recorded_at", "noon"),
        ("recorded_at", None),
        ("version", None),
        ("version", "1"),
        ("version", 1.5),
        ("version", True),
        ("stream_id", 5),
        ("event_type", None),
    ],
)
def test_an_event_with_a_field_of_another_type_is_refused(field: str, value: Any) -> None:
    first, *rest = order_log()
    with pytest.raises(TypeError, match=f"{field} of the event at position 1 must be "):
        Timeline([replace(first, **{field: value}), *rest])


def at_times(*times: datetime) -> Timeline[Any]:
    return Timeline([replace(event, recorded_at=time) for event, time in zip(order_log(), times, strict=False)])


def test_times_rise_as_instants_and_not_as_clocks_show_them() -> None:
    summer, winter = (datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    timeline = at_times(summer, winter.replace(minute=10))

    assert timeline.event(2).recorded_at == datetime(2025, 10, 26, 1, 10, tzinfo=UTC)
    with pytest.raises(ValueError, match="times that never decrease, and that of position 2"):
        at_times(winter, summer.replace(minute=40))


def test_times_are_kept_in_utc_whatever_zone_they_come_in(tmp_path: Path) -> None:
    timeline = at_times(minute(0).astimezone(timezone(timedelta(hours=1))))
    timeline.to_file(tmp_path / "log.jsonl")

    assert '"recorded_at":"2025-01-01T00:00:00Z"' in (tmp_path / "log.jsonl").read_text()
    assert "2025-01-01 00:00:00" in str(timeline.blame("ada", "status"))


def test_the_times_of_commands_are_kept_in_utc() -> None:
    at = minute(9).astimezone(timezone(timedelta(hours=1)))

    assert Timeline(order_log(), commands=[TimedCommand(at, SHIP, "k")]).commands[0].at.tzinfo is UTC


def test_a_time_that_is_none_in_utc_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the time of position 1, 0001-01-01T00:00:00.14:00, is beyond the calendar"):
        at_times(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))))


@dataclass(frozen=True)
class Left:
    account_id: str


@dataclass(frozen=True)
class Right:
    account_id: str


@dataclass(frozen=True)
class Turned:
    account_id: str
    to: Left | Right


@dataclass(frozen=True)
class Forward:
    account_id: str
    to: "Nowhere"  # type: ignore[name-defined] # noqa: F821 - nobody has defined it


@pytest.mark.parametrize("event", [Turned("ada", Left("ada")), Forward("ada", 5)])
def test_events_without_a_json_form_need_none_in_memory(tmp_path: Path, event: Any) -> None:
    decider: Decider[Any] = replace(ACCOUNTS, events=(type(event),), evolve=lambda entity, event: event)
    timeline: Timeline[Any] = Timeline(recorded([event], decider), reducer=DeciderReducer(decider))

    assert timeline.entity("ada") == event
    with pytest.raises(TypeError, match=r"no codec can be made of the events of account, so give .* codec=…: "):
        timeline.to_file(tmp_path / "log.jsonl")


def test_a_path_that_no_file_can_have_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LogFileError, match="cannot be read: File name too long"):
        Timeline.from_file("x" * 5_000 + ".jsonl")
    with pytest.raises(LogFileError, match="has a NUL in it"):
        order_timeline().to_file(tmp_path / "a\0b.jsonl")


@pytest.mark.parametrize("by", [5, [], "state"])
def test_steps_are_named_by_a_function(by: Any) -> None:
    with pytest.raises(TypeError, match="by must be None or a function"):
        order_timeline().steps(by=by)


def test_a_field_that_is_blamed_is_named_by_text() -> None:
    field: Any = []
    with pytest.raises(TypeError, match="field must be the name of a field as text, such as status, not"):
        order_timeline().blame("ada", field)


def test_an_event_type_that_is_searched_for_is_a_type_or_its_name() -> None:
    event_type: Any = []
    with pytest.raises(TypeError, match="event_type must be a type of event, or its name, not"):
        order_timeline().search(event_type=event_type)


def test_numbers_of_numpy_are_numbers() -> None:
    timeline, two = order_timeline(), np.int64(2)

    assert timeline.diff(two, np.int64(4)) == timeline.diff(2, 4)  # type: ignore[arg-type]
    assert timeline.page(5, size=two, offset=np.int64(1)) == timeline.page(5, size=2, offset=1)  # type: ignore[arg-type]
    assert timeline.search(limit=two) == timeline.search(limit=2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "position"), [("2025-01-01 00:02", 2), ("2025-01-01T01:02+01:00", 2), ("2025-01-01", 0), ("2025-01-02", 5)]
)
def test_a_time_may_be_written_as_text(text: str, position: int) -> None:
    timeline = order_timeline()

    assert timeline.position_at(text) == position
    assert timeline.at(text) == timeline[position]
    assert timeline.search(until=text).positions == list(range(1, position + 1))


def test_text_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time must be a time such as 2025-01-01 12:00, not 'yesterday'"):
        account_timeline().at("yesterday")
