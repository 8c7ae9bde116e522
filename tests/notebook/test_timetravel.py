import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from re import escape
from typing import Any
from unittest.mock import patch

import pytest
import traitlets
from accounts import ACCOUNTS, Deposited, account_reducer
from timeline_logs import account_timeline, minute, order_log, order_timeline, recorded

from orderlab import InMemoryEventStore, StateMachine
from orderlab.core.decider import DeciderReducer
from orderlab.drawing import files
from orderlab.notebook import cells
from orderlab.notebook.timetravel import TimeTravel
from orderlab.orders.decider import ORDERS
from orderlab.timeline.timeline import Timeline

LIMIT = 40_960
SMALL_LOG = Path(__file__).parents[2] / "data" / "desk-small.jsonl"


@pytest.fixture
def travel() -> TimeTravel:
    return TimeTravel(order_timeline())


def test_script_and_style_are_small() -> None:
    assert len(files.script().encode()) + len(files.style().encode()) <= LIMIT


def test_it_stands_at_the_end_of_the_log_at_first(travel: TimeTravel) -> None:
    assert travel.step == 5
    assert travel.event == travel.timeline.event(5)
    assert travel.state == travel.timeline[5]


@pytest.mark.parametrize(("given", "step"), [(0, 0), (3, 3), (-1, 5), (-6, 0), (minute(2), 2), (minute(0), 0)])
def test_goto_takes_a_position_or_a_time(travel: TimeTravel, given: int | datetime, step: int) -> None:
    travel.goto(given)
    assert travel.step == step
    assert (travel.event is None) == (step == 0)


@pytest.mark.parametrize(
    ("text", "step"), [("2025-01-01 00:03", 3), ("2025-01-01T02:03+02:00", 3), ("2025-01-01", 0), (" 2030-01-01 ", 5)]
)
def test_goto_takes_a_time_as_text_which_is_utc_where_it_names_no_zone(
    travel: TimeTravel, text: str, step: int
) -> None:
    travel.goto(text)
    assert travel.step == step


@pytest.mark.parametrize("text", ["2025-01-01 10:00:44", "2025-01-01 10:00:44 UTC"])
def test_a_time_as_the_view_shows_it_leads_to_its_event(text: str) -> None:
    travel = TimeTravel(SMALL_LOG)
    travel.goto(text)
    assert travel.step == 58


def test_a_cell_that_is_run_again_lets_go_of_the_log_that_it_has_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_MADE", {})
    where = iter([("cell", "first"), ("cell", "first"), ("cell", "second"), ("other", "third")])
    monkeypatch.setattr(cells, "_present", lambda: next(where))
    travels = [TimeTravel(order_timeline()) for _ in range(4)]
    assert [travel.comm is None for travel in travels] == [True, True, False, False]


@pytest.mark.parametrize("wrong", ["3", "tomorrow", "2025-13-01", ""])
def test_a_text_that_is_no_time_is_refused_in_a_sentence(travel: TimeTravel, wrong: str) -> None:
    said = f"{wrong!r} is no time: write it as '2025-01-31 12:00', in UTC; a position is a number without quotes"
    with pytest.raises(ValueError, match=f"^{escape(said)}$"):
        travel.goto(wrong)
    assert travel.step == 5


@pytest.mark.parametrize("wrong", [6, -7])
def test_a_position_that_is_not_there_is_refused_in_a_sentence(travel: TimeTravel, wrong: int) -> None:
    said = f"there is no position {wrong}: this log has 5 events, so it goes from 0 to 5"
    with pytest.raises(IndexError, match=said):
        travel.goto(wrong)
    with pytest.raises(traitlets.TraitError, match=said):
        travel.step = wrong
    with pytest.raises(traitlets.TraitError, match=f"pins: {said}"):
        travel.pins = [wrong]
    assert travel.step == 5


def test_what_is_neither_position_nor_time_is_refused(travel: TimeTravel) -> None:
    with pytest.raises(TypeError, match=r"a position is a whole number, or a time for goto, not 1\.5"):
        travel.goto(1.5)  # type: ignore[arg-type] # what a reader might try
    with pytest.raises(ValueError, match="time"):
        travel.goto(datetime(2025, 1, 1))  # noqa: DTZ001 - which is what is refused


def test_pins_are_kept_in_order_and_once(travel: TimeTravel) -> None:
    travel.pins = [4, -1, 2, 4]
    assert travel.pins == [2, 4, 5]


class Asked:
    """Something that has a timeline of its own."""

    def to_timeline(self) -> Timeline[Any]:
        return order_timeline()


def test_it_takes_whatever_leads_to_a_timeline(tmp_path: Path) -> None:
    timeline = order_timeline()
    path = tmp_path / "log.jsonl"
    timeline.to_file(path)
    for log in (timeline, Asked(), order_log(), iter(order_log()), path, str(path)):
        assert len(TimeTravel(log).timeline) == 5


@pytest.mark.parametrize("wrong", [7, [7], None])
def test_what_is_no_log_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="TimeTravel shows a Timeline, recorded events, or the path of an exported log"):
        TimeTravel(wrong)


def test_an_event_store_is_to_be_loaded_first() -> None:
    with pytest.raises(TypeError, match=r"an event store is loaded first: TimeTravel\(await Timeline.load"):
        TimeTravel(InMemoryEventStore())


def test_its_repr_is_one_line(travel: TimeTravel) -> None:
    travel.goto(3)
    assert repr(travel) == "<TimeTravel at 3 of 5 events: <#3 OrderShipped order-ada v2 2025-01-01 00:03:00>>"
    travel.goto(0)
    assert repr(travel) == "<TimeTravel at 0 of 5 events>"


def test_its_html_is_a_picture_of_the_machine_and_a_plain_table(travel: TimeTravel) -> None:
    travel.goto(3)
    data, _ = travel._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    html = data["text/html"]
    assert "2 placed" not in html
    assert 'alt="State machine: ' in html
    assert "now shipped; 1 placed, 1 shipped, 0 cancelled" in html
    assert "data:image/svg+xml;base64," in html
    assert "<svg" not in html
    assert "TRACK-1" in html
    assert "3 of 5" in html


@pytest.mark.parametrize("log", [Timeline([]), account_timeline(), Timeline(order_log()[:1])])
def test_every_log_has_a_picture_at_every_position(log: Timeline[Any]) -> None:
    travel = TimeTravel(log)
    for step in range(len(log) + 1):
        travel.goto(step)
        assert "<img" in travel._repr_mimebundle_()[0]["text/html"]


def test_a_domain_with_too_many_states_has_a_table_alone() -> None:
    decider = replace(ACCOUNTS, state_name=lambda account: "none" if account is None else f"{account.balance_cents}")
    reducer = account_reducer()
    reducer.decider = decider
    events = recorded([Deposited("ada", 1) for _ in range(30)], decider)
    travel = TimeTravel(Timeline(events, reducer=reducer))
    html = travel._repr_mimebundle_()[0]["text/html"]
    assert "<img" not in html
    assert "balance_cents" in html


def test_the_log_of_a_decider_that_does_not_work_opens() -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise KeyError("no such order")

    decider = replace(ORDERS, decide=fails)
    travel = TimeTravel(Timeline(order_log(), reducer=DeciderReducer(decider)))
    assert 'data-state="shipped"' in travel._machine
    assert "<img" in travel._repr_html_()


def test_a_machine_can_be_given() -> None:
    travel = TimeTravel(order_timeline(), machine=StateMachine.of(ORDERS), title="Mugs")
    assert 'data-state="shipped"' in travel._machine
    assert travel.title == "Mugs"


def test_a_notebook_gets_the_picture_and_the_view_as_two_outputs(travel: TimeTravel) -> None:
    shown = displayed(travel, kernel=True)
    assert [sorted(each) for each in shown] == [
        ["text/html", "text/plain"],
        ["application/vnd.jupyter.widget-view+json", "text/html", "text/plain"],
    ]
    picture, view = shown
    assert 'class="orderlab-still"' in picture["text/html"]
    assert view["text/html"] == view["text/plain"] == ""


def test_a_terminal_gets_one_line(travel: TimeTravel) -> None:
    assert displayed(travel, kernel=False) == [{"text/plain": repr(travel)}]


def displayed(travel: TimeTravel, *, kernel: bool) -> list[dict[str, str]]:
    shell = type("Shell", (), {"kernel": object()} if kernel else {})()
    shown: list[dict[str, str]] = []
    with (
        patch("orderlab.notebook.showing.get_ipython", return_value=shell),
        patch("orderlab.notebook.showing.display", side_effect=lambda data, *_, **__: shown.append(data)),
    ):
        travel._ipython_display_()
    return shown


def test_what_the_view_asks_is_answered(travel: TimeTravel) -> None:
    with patch.object(travel, "send") as send:
        travel._handle_custom_msg({"what_if": 3}, [])
    [answer] = send.call_args.args
    assert answer["what_if"] == 3
    assert answer["nodes"][0] == ["p", ["b", "What if OrderShipped at 3 had not happened?"]]


def test_a_timeline_that_was_loaded_is_shown() -> None:
    timeline = asyncio.run(Timeline.load(InMemoryEventStore()))
    assert len(TimeTravel(timeline).timeline) == 0


def test_times_are_those_of_the_log(travel: TimeTravel) -> None:
    travel.goto(1)
    assert travel.event is not None
    assert travel.event.recorded_at == datetime(2025, 1, 1, 0, 1, tzinfo=UTC)
