"""Time travel in a real browser: an exported page, and the widget in a real JupyterLab."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from accounts import ACCOUNTS, Deposited, Withdrawn, account_reducer
from browsing import chromium
from jupyter_lab import Lab, OpenNotebook, jupyter_lab, write_notebook
from recorded_logs import desk_log
from timeline_logs import MUG, START, recorded

from orderlab.notebook.timetravel import TimeTravel
from orderlab.orders.actions import OrderPlaced
from orderlab.timeline.fields import fields_of
from orderlab.timeline.fields import shown as text_of
from orderlab.timeline.timeline import Timeline

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

SMALL_LOG = Path(__file__).parents[2] / "data" / "desk-small.jsonl"
SCRIPT = "<img src=x onerror=alert(1)>"
NOTHING_FOUND = "Found 0 accessibility violations:\n"
_PATIENCE_MS = 20_000


class Shown:
    """A view of time travel, as a reader sees and drives it.

    Args:
        page: The page that it is in.
    """

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.view = page.locator(".orderlab-timetravel")
        self.slider = self.view.get_by_role("slider")

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is, and wait for the next picture."""
        for key in keys:
            self.page.keyboard.press(key)
        self.painted()

    def painted(self) -> None:
        """Wait until what is to be painted is."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self, part: str) -> str:
        """The text of a part of the view."""
        return self.view.locator(f".{part}").first.inner_text()

    @property
    def position(self) -> int:
        """The position that it shows."""
        return int(self.text("at").removeprefix("#").replace(",", ""))

    @property
    def present(self) -> list[str]:
        """The cells of the row that is marked as the present one."""
        return self.view.locator(".row[aria-selected=true] span").all_text_contents()

    @property
    def counts(self) -> dict[str, str]:
        """How many there are in each state, as the machine says."""
        shown: dict[str, str] = self.page.evaluate(
            """() => Object.fromEntries([...document.querySelectorAll("[data-state]")]
            .map((group) => [group.dataset.state, group.querySelector("[data-count]")?.textContent ?? ""]))"""
        )
        return shown

    @property
    def lit(self) -> list[str]:
        """The state and the arrow that are lit."""
        names: list[str] = self.page.eval_on_selector_all(
            ".orderlab-machine .lit", "groups => groups.map(({ dataset }) => dataset.state ?? dataset.edge)"
        )
        return sorted(names)

    @property
    def difference(self) -> dict[str, tuple[str, str, str]]:
        """By field the sign, the text before and the text after."""
        rows = self.view.locator(".difference tbody tr:not([data-kind=none])").all()
        cells = [row.locator("th, td").all_text_contents() for row in rows]
        return {name.replace("\u200b", ""): (sign, before, after) for name, sign, before, after in cells}

    @property
    def images(self) -> list[tuple[int, int]]:
        """The width of every image that can be seen, as it is and as it is shown."""
        sizes: list[tuple[int, int]] = self.page.evaluate(
            """() => [...document.querySelectorAll("img[alt^='State machine']")].filter(each => each.checkVisibility())
            .map((each) => [each.naturalWidth, Math.round(each.getBoundingClientRect().width)])"""
        )
        return [(width, seen) for width, seen in sizes]


Opened = Callable[..., Shown]


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def desk() -> Timeline[Any]:
    return Timeline(desk_log())


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def opened(browser: "Browser", tmp_path: Path, complaints: list[str], desk: Timeline[Any]) -> Iterator[Opened]:
    contexts: list[BrowserContext] = []

    def dismiss(dialog: "Dialog") -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    def make(log: Any = None, *, step: int | None = None, pins: tuple[int, ...] = (), **options: Any) -> Shown:
        travel = TimeTravel(desk if log is None else log, title="The desk")
        travel.goto(len(travel.timeline) if step is None else step)
        travel.pins = list(pins)
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options}))
        page = contexts[-1].new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if "file:" not in request.url else None)
        page.on("dialog", dismiss)
        page.goto(travel.export_html(tmp_path / "travel.html").as_uri())
        page.wait_for_function("() => window.view !== undefined")
        shown = Shown(page)
        shown.painted()
        return shown

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def _nobody_complains(complaints: list[str]) -> Iterator[None]:
    yield
    assert complaints == []


# What an exported page shows, and does.


def test_every_position_shows_what_python_says_of_it(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened()
    machine_states = ("placed", "shipped", "cancelled")
    for n in (0, 1, 2, 255, 256, 257, 700, len(desk)):
        shown.page.evaluate("n => view.go(n)", n)
        shown.painted()
        assert shown.position == n
        counts = desk.counts(n, by="state")
        assert {state: shown.counts[state] for state in machine_states} == {
            state: f"{counts.get(state, 0):,}" for state in machine_states
        }


def test_every_event_shows_the_fields_that_it_changed(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened()
    for moment in list(desk.steps())[::37]:
        found = shown.page.evaluate("event => view.log.changesOf(event)", moment.position - 1)
        before, after = fields_of(moment.before), fields_of(moment.after)
        assert {name: (old, new) for name, old, new in found} == {
            name: tuple(text_of(each[name]) if name in each else None for each in (before, after))
            for name in {**before, **after}
        }


def test_the_present_event_is_marked_in_the_list_and_on_the_machine(opened: Opened, desk: Timeline[Any]) -> None:
    position = next(moment.position for moment in desk.steps() if moment.event_type == "OrderShipped")
    event = desk.event(position)
    shown = opened(step=position)
    key = event.event.order_id
    assert shown.lit == ["ShipOrder", "shipped"]
    assert shown.present[:1] == [f"#{position}"]
    assert shown.present[2:] == ["OrderShipped", key, "placed → shipped"]
    assert shown.text("what") == f"OrderShipped of {key}"
    difference = shown.difference
    assert difference["status"] == ("±", "placed", "shipped")
    assert difference["status.tracking_number"] == ("+", "—", event.event.tracking_number)
    assert difference["customer_id"][0] == ""
    said = shown.slider.get_attribute("aria-valuetext")
    assert said == (f"{position} of {len(desk):,}, {event.recorded_at:%Y-%m-%d %H:%M:%S} UTC, OrderShipped of {key}")


def test_keys_go_through_the_log(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened(step=10)
    shown.slider.focus()
    for key, position in (
        ("ArrowRight", 11),
        ("ArrowLeft", 10),
        ("ArrowUp", 11),
        ("ArrowDown", 10),
        ("PageDown", 110),
        ("PageUp", 10),
        ("End", len(desk)),
        ("ArrowRight", len(desk)),
        ("Home", 0),
        ("ArrowLeft", 0),
    ):
        shown.press(key)
        assert (key, shown.position) == (key, position)
    shown.view.get_by_role("listbox").focus()
    shown.press("ArrowDown", "ArrowDown", "PageDown", "ArrowUp")
    assert shown.position == 101


# A selector, and where in it is clicked: the diagram, the table, the title, what is empty, and what is in a list.
PLACES = [
    (".orderlab-machine svg", 0.5),
    (".difference tbody tr:nth-child(3) td:last-child", 0.5),
    (".title", 0.5),
    (".what", 0.9),
    (".panes", 0.99),
    (".row:nth-child(2)", 0.5),
    (".story li:first-child p:last-child", 0.8),
]


@pytest.mark.parametrize(("part", "where"), PLACES, ids=[part for part, _ in PLACES])
def test_a_click_anywhere_in_the_view_gives_it_the_keys(opened: Opened, part: str, where: float) -> None:
    shown = opened(step=400)
    shown.page.evaluate(
        "() => { view.follow(view.log.stream[399]); document.body.append(document.createElement('input')); }"
    )
    shown.painted()
    shown.page.locator("body > input").focus()
    box = shown.view.locator(part).first.bounding_box()
    assert box is not None
    shown.page.mouse.click(box["x"] + where * box["width"], box["y"] + where * box["height"])
    shown.press("Home")
    assert shown.position == 0


def test_a_page_that_is_only_the_view_takes_the_keys_from_the_start(opened: Opened) -> None:
    shown = opened(step=400)
    assert shown.page.evaluate("() => document.activeElement === document.body")
    shown.press("ArrowLeft", "?")
    assert shown.position == 399
    assert shown.view.locator(".keys").is_visible()


def test_keys_go_on_when_what_had_the_focus_is_gone(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened(step=400, pins=(3, 9))
    shown.view.get_by_role("button", name="Unpin #9").click()
    shown.press("ArrowLeft")
    assert shown.position == 399
    shown.press("f")
    shown.view.locator(".story button").first.click()
    shown.painted()
    shown.press("f", "Home")
    assert shown.position == 0
    assert shown.page.evaluate("() => document.activeElement.className") == "orderlab-timetravel"


def test_brackets_go_along_one_order(opened: Opened, desk: Timeline[Any]) -> None:
    position = next(moment.position for moment in desk.steps() if moment.event_type == "OrderShipped")
    first, *_ = desk.positions(desk.event(position).event.order_id)
    shown = opened(step=position)
    shown.slider.focus()
    shown.press("[")
    assert shown.position == first
    shown.press("[")
    assert shown.position == first
    assert shown.text("said") == "The same order has no event before this one."
    shown.press("]")
    assert shown.position == position


def test_playing_goes_on_to_the_end_and_stops(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened(step=3)
    shown.view.get_by_label("Speed").select_option("250")
    shown.slider.focus()
    shown.press("Space")
    shown.page.wait_for_function("() => view.position > 20")
    shown.press("Space")
    stopped = shown.position
    assert stopped < len(desk)
    shown.view.get_by_label("Speed").select_option("5000")
    shown.view.get_by_role("button", name="Play").click()
    shown.view.get_by_role("button", name="Play").wait_for()
    shown.page.wait_for_function("n => view.position === n", arg=len(desk))


def test_buttons_do_what_keys_do(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened(step=3)
    for name, position in (
        ("One event on", 4),
        ("One event back", 3),
        ("Before the first event", 0),
        ("After the last event", len(desk)),
    ):
        shown.view.get_by_role("button", name=name).click()
        shown.painted()
        assert (name, shown.position) == (name, position)


def test_a_time_can_be_typed_as_it_is_shown(opened: Opened) -> None:
    shown = opened(Timeline.from_file(SMALL_LOG), step=58)
    box = shown.view.get_by_label("Position or time")
    box.fill(shown.text("time"))
    shown.page.evaluate("() => view.go(1)")
    box.press("Enter")
    shown.painted()
    assert shown.position == 58


@pytest.mark.parametrize("typed", ["300", "#300", "at the time of 300"])
def test_a_position_or_a_time_can_be_typed(opened: Opened, desk: Timeline[Any], typed: str) -> None:
    shown = opened(step=0)
    time = desk.time_of(300)
    assert time is not None
    box = shown.view.get_by_label("Position or time")
    box.fill(f"{time:%Y-%m-%d %H:%M:%S.%f}" if typed.startswith("at") else typed)
    box.press("Enter")
    shown.painted()
    assert shown.position == 300


def test_what_is_no_position_is_told(opened: Opened) -> None:
    shown = opened(step=5)
    box = shown.view.get_by_label("Position or time")
    box.fill("tomorrow")
    box.press("Enter")
    assert shown.text("said") == "Write a position, 1234, or a time in UTC, 2025-01-31 12:00."
    assert shown.position == 5
    box.fill("7")
    box.press("Enter")
    shown.painted()
    assert shown.text("said") == ""
    assert shown.position == 7


def test_a_position_beyond_the_end_is_refused_and_a_time_is_the_end(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened(step=5)
    box = shown.view.get_by_label("Position or time")
    box.fill("9,999")
    box.press("Enter")
    shown.painted()
    assert (shown.text("said"), shown.position) == (f"There are {len(desk):,} events.", 5)
    box.fill("2130-01-01")
    box.press("Enter")
    shown.painted()
    assert (shown.text("said"), shown.position) == ("The log ends here.", len(desk))
    box.press("Escape")
    shown.press("ArrowLeft")
    assert shown.text("said") == ""


def test_a_time_may_name_its_zone(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened(step=0)
    time = desk.time_of(300)
    assert time is not None
    box = shown.view.get_by_label("Position or time")
    box.fill(time.astimezone(timezone(timedelta(hours=2))).isoformat())
    box.press("Enter")
    shown.painted()
    assert shown.position == 300


def test_search_counts_what_it_finds_and_goes_there(opened: Opened, desk: Timeline[Any]) -> None:
    moments = list(desk.steps())
    key = moments[400].key
    expected = desk.positions(key)
    shown = opened(step=0)
    shown.slider.focus()
    shown.press("/")
    shown.page.keyboard.type(key.upper())
    shown.painted()
    assert shown.text("matches") == f"{len(expected)} found"
    shown.press("Enter")
    assert shown.position == expected[0]
    assert shown.text("matches") == f"1 of {len(expected)} found"
    shown.press("Shift+Enter")
    assert shown.position == expected[-1]
    shown.press("Escape", "n")
    assert shown.position == expected[0]
    assert shown.view.locator(".row[data-hit] .key").first.text_content() == key


def test_a_search_finds_what_an_event_changed(opened: Opened, desk: Timeline[Any]) -> None:
    shipped = next(moment for moment in desk.steps() if moment.event_type == "OrderShipped")
    found = opened().page.evaluate("words => view.log.search(words)", shipped.event.tracking_number)
    assert found == [shipped.position]


WORDS = [
    *(
        "star map",
        "Enamel",
        "p-07",
        "P-0",
        "graph-paper notebook",
        "tea, 100",
        "order-9-000018",
        "9-00004",
        "customer-3",
    ),
    *(
        "KESTREL-0000",
        "heron",
        "changed my mind",
        "at home",
        "OrderPlaced",
        "shipped",
        "no such words",
        "2 × OrderItem",
    ),
]


def test_a_search_finds_the_events_that_python_finds(opened: Opened) -> None:
    small = Timeline.from_file(SMALL_LOG)
    shown = opened(small)
    found = {word: shown.page.evaluate("word => view.log.search(word)", word) for word in WORDS}
    shows_it_only_here = {
        "2 × OrderItem": [n for n in range(1, 106) if len(getattr(small.event(n).event, "items", ())) == 2]
    }
    assert found == {word: small.search(word).positions for word in WORDS} | shows_it_only_here
    assert len(found["star map"]) == 10


def test_pins_are_kept_listed_and_removed(opened: Opened) -> None:
    shown = opened(step=7, pins=(3,))
    pins = shown.view.get_by_role("list", name="Pinned positions")
    shown.slider.focus()
    shown.press("p", "ArrowRight")
    assert [each.split(" ")[0] for each in pins.get_by_role("listitem").all_inner_texts()] == ["#3", "#7"]
    pins.get_by_role("button", name=re.compile("^#3 ")).click()
    shown.painted()
    assert shown.position == 3
    assert shown.view.get_by_role("button", name="Pin", exact=True).get_attribute("aria-pressed") == "true"
    pins.get_by_role("button", name=re.compile("^Unpin #7 ")).click()
    shown.painted()
    assert [each.split(" ")[0] for each in pins.get_by_role("listitem").all_inner_texts()] == ["#3"]


def test_one_order_is_followed_through_its_own_events_only(opened: Opened, desk: Timeline[Any]) -> None:
    position = next(moment.position for moment in desk.steps() if moment.event_type == "OrderShipped")
    key = desk.event(position).event.order_id
    positions = desk.positions(key)
    shown = opened(step=position)
    shown.view.get_by_role("button", name="Follow this order").click()
    shown.painted()
    assert shown.text("size") == f"{len(positions)} of {len(desk):,} events: those of {key}"
    assert shown.view.locator(".row:not([hidden]) .position").all_text_contents() == [f"#{each}" for each in positions]
    assert shown.view.locator(".story li").count() == len(positions)
    assert "status placed → shipped" in shown.view.locator(".story [aria-current]").inner_text()
    shown.slider.focus()
    shown.press("Home", "ArrowRight")
    assert shown.position == positions[0]
    shown.view.locator(".story button").last.click()
    shown.painted()
    assert shown.position == positions[-1]
    shown.page.evaluate("n => view.go(n)", positions[0] + 1)  # which is another order's
    shown.painted()
    assert shown.text("size") == f"{len(desk):,} events"


def test_a_click_in_the_list_goes_to_that_event(opened: Opened) -> None:
    shown = opened(step=500)
    row = shown.view.locator(".row:not([aria-selected=true])").nth(4)
    position = row.locator(".position").inner_text()
    row.click()
    shown.painted()
    assert shown.text("at") == position


def test_the_list_is_scrolled_to_any_event(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened(step=1)
    shown.view.get_by_role("listbox").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    shown.painted()
    shown.view.get_by_text(f"#{len(desk):,}", exact=True).wait_for()
    assert shown.position == 1
    assert shown.view.locator(".row").count() < 40


def test_a_list_that_no_browser_could_scroll_still_has_its_first_and_last_event(opened: Opened) -> None:
    shown = opened(step=1)
    last = shown.page.evaluate(
        """() => {
          const { time, types, keys, states } = view.log;
          const event = { key: keys[0], type: types[0], state: states[1], time: time[0], fields: {} };
          view.append(Array(400_000).fill(event));
          return view.log.length;
        }"""
    )
    for key, position in (("End", last), ("Home", 0), ("ArrowRight", 1)):
        shown.slider.focus()
        shown.press(key)
        if position:
            assert shown.present[0] == f"#{position:,}"
            box, row = (shown.view.locator(each).bounding_box() for each in (".list", ".row[aria-selected=true]"))
            assert box is not None
            assert row is not None
            assert box["y"] <= row["y"] <= box["y"] + box["height"] - row["height"] + 1


def test_without_python_a_what_if_is_answered_with_where_to_ask(opened: Opened) -> None:
    shown = opened(step=12)
    shown.view.get_by_role("button", name="What if this had not happened?").click()
    assert shown.text("answer") == "No Python is behind this page. In a notebook, ask timeline.what_if(drop=12)."


def test_a_what_if_that_is_not_answered_says_so_and_an_answer_is_shown_as_text(opened: Opened) -> None:
    shown = opened(step=12)
    shown.page.clock.install()
    shown.page.evaluate("() => { view.options.ask = () => new Promise((resolve) => { window.tell = resolve; }); }")
    shown.slider.focus()
    shown.page.keyboard.press("w")
    assert shown.text("answer") == "Asking Python…"
    shown.page.clock.run_for(5_100)
    assert shown.text("answer") == "No answer yet: the kernel is busy, or there is none."
    shown.page.evaluate("script => tell({ nodes: [['p', script], ['table', ['tr', ['td', script]]]] })", SCRIPT)
    shown.view.locator(".answer td").wait_for()
    assert shown.text("answer").split() == 2 * SCRIPT.split()


def test_a_what_if_is_opened_and_closed(opened: Opened) -> None:
    shown = opened(step=12)
    button = shown.view.get_by_role("button", name="What if this had not happened?")
    for closing in ("w", "Escape", "ArrowLeft"):
        shown.press("w")
        assert button.get_attribute("aria-expanded") == "true"
        assert shown.text("answer") != ""
        shown.press(closing)
        assert button.get_attribute("aria-expanded") == "false"
        assert shown.text("answer") == ""


def test_an_answer_that_comes_after_it_was_closed_is_not_shown(opened: Opened) -> None:
    shown = opened(step=12)
    shown.page.clock.install()
    shown.page.evaluate("() => { view.options.ask = () => new Promise((resolve) => { window.tell = resolve; }); }")
    shown.page.keyboard.press("w")
    shown.page.keyboard.press("Escape")
    shown.page.clock.run_for(5_100)
    assert shown.text("answer") == ""
    shown.page.evaluate("() => tell({ nodes: [['p', 'too late']] })")
    shown.page.clock.run_for(100)
    assert shown.text("answer") == ""


def test_an_answer_is_shown_where_it_is_seen(opened: Opened) -> None:
    shown = opened(step=400, viewport={"width": 1000, "height": 400})
    shown.press("w")
    top, bottom = shown.view.locator(".answer").evaluate(
        "(answer) => { const { top, bottom } = answer.getBoundingClientRect(); return [top, bottom]; }"
    )
    assert 0 <= top < bottom <= 400


def test_the_keys_are_told(opened: Opened) -> None:
    shown = opened()
    shown.slider.focus()
    for closing in ("?", "Escape"):
        shown.press("?")
        assert "previous, next event of the same order" in shown.text("keys")
        assert "100 events earlier, later" in shown.text("keys")
        shown.press(closing)
        assert not shown.view.locator(".keys").is_visible()


def test_letters_do_nothing_where_text_is_typed(opened: Opened) -> None:
    shown = opened(step=9)
    shown.slider.focus()
    shown.press("/")
    shown.page.keyboard.type("p [f] ? w")
    shown.painted()
    assert shown.view.get_by_label("Search events").input_value() == "p [f] ? w"
    assert shown.view.locator(".pinned li").count() == 0
    assert shown.position == 9


def test_no_key_reaches_what_is_around_the_view(opened: Opened) -> None:
    shown = opened()
    shown.page.evaluate(
        "() => { window.heard = []; document.addEventListener('keydown', ({ key }) => heard.push(key)); }"
    )
    shown.slider.focus()
    shown.press("d", "d", "a", "x", "Enter", "Escape", "0", "p", "p", "/", "b", "Control+s")
    assert shown.page.evaluate("() => heard") == ["Control", "s"]


def test_events_that_come_later_are_shown_and_the_end_stays_the_end(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened()
    event = {"key": "order-new", "type": "OrderPlaced", "state": "placed", "time": 1_900_000_000_000}
    shown.page.evaluate(
        "event => view.append([event])", {**event, "fields": {"customer_id": "Ada", "status": "placed"}}
    )
    shown.painted()
    assert shown.position == len(desk) + 1
    assert shown.difference == {"customer_id": ("+", "—", "Ada"), "status": ("+", "—", "placed")}
    shown.slider.focus()
    shown.press("ArrowLeft")
    shown.page.evaluate("event => view.append([event])", {**event, "fields": {"customer_id": "Bob"}})
    shown.painted()
    assert shown.position == len(desk)
    assert shown.text("size") == f"{len(desk) + 2:,} events"
    shown.press("End")
    assert shown.difference == {"customer_id": ("±", "Ada", "Bob"), "status": ("", "placed", "placed")}


def test_who_follows_one_order_at_its_end_goes_on_following_it(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened()
    key = desk.keys()[-1]
    event = {"type": "OrderShipped", "state": "shipped", "time": 1_900_000_000_000, "fields": {}}
    shown.page.evaluate("key => view.follow(view.log.keys.indexOf(key))", key)
    shown.press("End")
    there = shown.position
    shown.page.evaluate("event => view.append([event])", {**event, "key": "another"})
    shown.painted()
    assert shown.position == there
    assert key in shown.text("size")
    shown.page.evaluate("event => view.append([event])", {**event, "key": key})
    shown.painted()
    assert shown.position == len(desk) + 2
    assert key in shown.text("size")


def test_a_search_goes_on_with_the_events_that_come(opened: Opened) -> None:
    shown = opened()
    shown.view.get_by_label("Search events").fill("teapot")
    event = {"key": "teapot", "type": "OrderPlaced", "state": "placed", "time": 1_900_000_000_000, "fields": {}}
    shown.page.evaluate("event => view.append([event])", event)
    shown.painted()
    assert shown.text("matches") == "1 of 1 found"


def test_a_machine_that_is_drawn_anew_leaves_the_reader_where_he_is(opened: Opened) -> None:
    shown = opened(step=400)
    machine = shown.page.evaluate("() => view.options.machine")
    before = shown.counts
    shown.page.evaluate("machine => view.draw(machine)", machine)
    shown.press("ArrowRight", "ArrowLeft")
    assert (shown.position, shown.counts) == (400, before)


def test_a_view_that_is_gone_keeps_nothing(opened: Opened) -> None:
    shown = opened(step=400)
    shown.page.evaluate("() => view.destroy()")
    assert shown.view.inner_html() == ""
    assert shown.page.evaluate("() => view.log") is None


def test_hidden_texts_of_later_events_are_found(opened: Opened, desk: Timeline[Any]) -> None:
    shown = opened()
    event = {"key": "order-new", "type": "OrderPlaced", "state": "placed", "time": 1_900_000_000_000, "fields": {}}
    shown.page.evaluate(
        "event => view.append([event, { ...event, hidden: [] }])", {**event, "hidden": ["p-0\x1fTeapot"]}
    )
    assert shown.page.evaluate("() => view.log.search('teapot')") == [len(desk) + 1]


def test_a_state_that_nothing_is_in_yet_has_none(opened: Opened) -> None:
    shown = opened(Timeline([]))
    assert shown.counts == {"draft": "", "placed": "0", "shipped": "0", "cancelled": "0"}


def test_a_name_breaks_after_dots_and_underscores_and_not_in_a_word(opened: Opened, desk: Timeline[Any]) -> None:
    position = next(moment.position for moment in desk.steps() if moment.event_type == "OrderShipped")
    shown = opened(step=position)
    names = shown.view.locator(".difference tbody th").all_text_contents()
    assert "status.\u200btracking_\u200bnumber" in names


def test_rows_that_are_kept_for_longer_tables_have_no_lines(opened: Opened, desk: Timeline[Any]) -> None:
    first, second = (
        next(moment.position for moment in desk.steps() if moment.event_type == event_type)
        for event_type in ("OrderShipped", "OrderPlaced")
    )
    shown = opened(step=first)
    shown.page.evaluate("n => view.go(n)", second)
    shown.painted()
    colours = shown.page.eval_on_selector_all(
        ".difference [data-kind=none] > *", "cells => cells.map((cell) => getComputedStyle(cell).borderBottomColor)"
    )
    assert set(colours) == {"rgba(0, 0, 0, 0)"}


def test_a_log_without_events_is_shown(opened: Opened) -> None:
    shown = opened(Timeline([]))
    assert (shown.position, shown.text("size"), shown.lit) == (0, "0 events", ["draft"])
    shown.slider.focus()
    shown.press("End", "ArrowRight", "[", "f", "w", "Space", "n")
    assert shown.position == 0


def test_a_long_life_of_another_domain_is_shown_at_any_point(opened: Opened) -> None:
    events = [Deposited("acc-1", 5) if number % 3 else Withdrawn("acc-1", 1) for number in range(1, 101)]
    timeline = Timeline(recorded(events, ACCOUNTS), reducer=account_reducer())
    shown = opened(timeline, step=0)
    for position in (1, 31, 32, 33, 64, 65, 100):
        shown.page.evaluate("n => view.go(n)", position)
        shown.painted()
        balance = timeline.entity("acc-1", at=position).balance_cents
        assert shown.difference["balance_cents"][2] == f"{balance:,}"
    shown.slider.focus()
    shown.press("f")
    assert shown.view.locator(".story li").count() == 40


def test_names_that_look_like_markup_are_shown_as_they_are(opened: Opened) -> None:
    shown = opened(recorded([OrderPlaced("order-1", SCRIPT, (MUG,), 500, START)]))
    assert shown.difference["customer_id"] == ("+", "—", SCRIPT)
    shown.slider.focus()
    shown.press("f", "p")
    assert shown.view.locator("img").count() == 0


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: Opened, color_scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    shown = opened(step=400, pins=(3, 400), color_scheme=color_scheme, reduced_motion="reduce")
    shown.slider.focus()
    shown.press("?", "w")
    shown.view.get_by_label("Search events").fill("order")
    shown.painted()
    assert axe.run(shown.page).generate_report() == NOTHING_FOUND
    shown.slider.focus()
    shown.press("f")
    assert axe.run(shown.page).generate_report() == NOTHING_FOUND
    shown.press("f", "Home")
    assert axe.run(shown.page).generate_report() == NOTHING_FOUND


def test_nothing_is_wider_than_the_window(opened: Opened) -> None:
    shown = opened(step=400, pins=(3, 400))
    shown.slider.focus()
    shown.press("?", "f")
    for width, height in ((360, 740), (700, 900), (1200, 900)):
        shown.page.set_viewport_size({"width": width, "height": height})
        shown.painted()
        wider = shown.page.evaluate(
            """() => [...document.querySelectorAll("html, main, section, .head, .bar, .now, .difference, .story")]
            .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.outerHTML.slice(0, 80))"""
        )
        assert (width, wider) == (width, [])


def test_contrast_forced_by_the_system_still_marks_what_is_lit(opened: Opened) -> None:
    shown = opened(forced_colors="active")
    fills = shown.page.evaluate(
        """() => ["[data-state].lit rect", "[data-state]:not(.lit) rect"]
        .map((each) => getComputedStyle(document.querySelector(each)).fill)"""
    )
    assert fills[0] != fills[1]


# The widget in JupyterLab, with a kernel and without: one session for all of it, whose tests leave it as they find it.

CELLS = [
    "from recorded_logs import desk_log\nfrom orderlab.notebook.timetravel import TimeTravel",
    "travel = TimeTravel(desk_log(), title='The desk')\ntravel.goto(400)\ntravel",
    "'the cell below'",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("jupyter")
    with jupyter_lab(folder) as running:
        write_notebook(running.folder / "live.ipynb", CELLS)
        yield running


@pytest.fixture(scope="module")
def in_lab(browser: "Browser", lab: Lab) -> "Iterator[BrowserContext]":
    context = browser.new_context(viewport={"width": 1200, "height": 1000})
    context.set_default_timeout(_PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture(scope="module")
def live(in_lab: "BrowserContext", lab: Lab) -> OpenNotebook:
    page = in_lab.new_page()
    notebook = lab.open(page, "live.ipynb")
    notebook.run_all()
    page.wait_for_selector(".orderlab-timetravel .row")
    return notebook


@pytest.fixture
def at_400(live: OpenNotebook) -> Shown:
    shown = Shown(live.page)
    live.run("travel.goto(400)")
    shown.page.wait_for_selector(".at >> text='#400'")
    return shown


def test_the_notebook_shows_the_widget_and_not_the_picture_too(at_400: Shown) -> None:
    assert at_400.view.count() == 1
    assert at_400.images == []
    assert "placed" in at_400.counts


def test_python_moves_the_view_and_the_view_moves_python(live: OpenNotebook, at_400: Shown) -> None:
    live.run("travel.step = 77")
    at_400.page.wait_for_selector(".at >> text='#77'")
    box = at_400.slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    at_400.page.mouse.move(box["x"] + 60, middle)
    at_400.page.mouse.down()
    for x in range(60, 400, 20):
        at_400.page.mouse.move(box["x"] + x, middle)
    at_400.page.mouse.up()
    dragged = at_400.position
    assert dragged > 100
    at_400.page.wait_for_timeout(300)  # it tells ten times a second at the most
    assert live.run("print(travel.step, travel.event.position)") == f"{dragged} {dragged}"


def test_pins_are_shared(live: OpenNotebook, at_400: Shown) -> None:
    at_400.slider.focus()
    at_400.press("p")
    at_400.view.get_by_role("button", name="Unpin #400").wait_for()
    at_400.page.wait_for_timeout(300)
    assert live.run("print(travel.pins)") == "[400]"
    live.run("travel.pins = []")
    at_400.page.wait_for_selector(".pinned li", state="detached")


def test_letters_typed_on_the_slider_leave_the_cells_alone(live: OpenNotebook, at_400: Shown) -> None:
    before = live.cells
    at_400.slider.focus()
    for key in "abcdhjklmrvxyz0123/":
        at_400.press(key)
        at_400.slider.focus()
    at_400.press("d", "d", "x", "Enter", "Escape", "a", "b", "m", "y")
    assert live.cells == before
    assert at_400.position == 400


def test_a_what_if_is_answered_by_the_kernel(live: OpenNotebook, at_400: Shown) -> None:
    at_400.slider.focus()
    at_400.press("w")
    at_400.view.locator(".answer table").first.wait_for()
    answer = at_400.text("answer")
    assert "at 400 had not happened?" in answer
    assert "The events, folded without it" in answer
    assert "The commands, decided again without it" in answer


def test_the_names_of_keys_are_in_one_piece(at_400: Shown) -> None:
    at_400.slider.focus()
    at_400.press("?")
    heights = at_400.view.locator(".keys dt").evaluate_all("names => names.map((name) => name.clientHeight)")
    at_400.press("?")
    assert max(heights) < 30


def test_a_click_in_the_view_gives_it_the_keys_and_the_notebook_gets_none(live: OpenNotebook, at_400: Shown) -> None:
    before = live.cells
    live.page.locator(".jp-Cell").last.locator(".cm-content").click()
    at_400.view.locator(".orderlab-machine svg").click()
    at_400.press("d", "d", "ArrowLeft")
    assert at_400.position == 399
    assert live.cells == before
    at_400.page.wait_for_timeout(300)  # it tells ten times a second at the most
    assert live.run("print(travel.step)") == "399"


def test_the_view_moves_while_the_kernel_works(live: OpenNotebook, at_400: Shown) -> None:
    live.start("import time; time.sleep(2)")
    at_400.slider.focus()
    at_400.press("ArrowRight", "ArrowRight")
    assert at_400.position == 402
    at_400.page.wait_for_timeout(300)  # it tells ten times a second at the most
    assert live.run("print(travel.step)") == "402"


def test_a_notebook_that_is_not_trusted_shows_the_picture(
    in_lab: "BrowserContext", lab: Lab, live: OpenNotebook, at_400: Shown
) -> None:
    saved = live.save()
    saved["cells"][2]["source"] = "'changed by somebody else'"  # so that its signature does not hold
    (lab.folder / "untrusted.ipynb").write_text(json.dumps(saved))
    page = in_lab.new_page()
    lab.open(page, "untrusted.ipynb")
    page.wait_for_selector("img[alt^='State machine']")
    [(width, shown_width)] = Shown(page).images
    assert width == shown_width > 300  # a picture that cannot be drawn has no width of its own
    assert "400 of" in page.locator(".jp-RenderedHTMLCommon table").first.inner_text()
    assert page.locator(".orderlab-timetravel").count() == 0
    page.close()


def test_nothing_outside_is_asked(in_lab: "BrowserContext", lab: Lab) -> None:
    page = in_lab.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    notebook = lab.open(page, "live.ipynb")
    notebook.run_all()
    page.wait_for_selector(".orderlab-timetravel .row")
    outside = [url for url in asked if not url.startswith((lab.url, "data:", "blob:"))]
    assert outside == []
    page.close()


@pytest.mark.parametrize("executed", [False, True], ids=["saved without state", "executed"])
def test_a_notebook_made_a_page_shows_the_picture_without_internet(
    browser: "Browser", live: OpenNotebook, lab: Lab, tmp_path: Path, executed: bool
) -> None:
    notebook = tmp_path / "page.ipynb"
    if executed:
        write_notebook(notebook, CELLS)
    else:
        shutil.copy(lab.folder / "live.ipynb", notebook)
        live.save()
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR", *["--execute"] * executed]
    subprocess.run([*command, str(notebook)], check=True, cwd=tmp_path, env=lab.environment)
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(notebook.with_suffix(".html").as_uri())
    page.wait_for_selector("img[alt^='State machine']")
    [(width, _)] = Shown(page).images
    assert width > 300
    context.close()


def test_a_static_view_moves_inside_its_frame_and_hides_the_picture(
    browser: "Browser", desk: Timeline[Any], tmp_path: Path
) -> None:
    static = TimeTravel(desk).as_static()
    (tmp_path / "around.html").write_text(f"<!doctype html><meta charset=utf-8>{static._repr_html_()}")
    page = browser.new_page()
    page.goto((tmp_path / "around.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.locator(".row[aria-selected=true]").wait_for()
    frame.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    frame.locator(".at", has_text=f"#{len(desk) - 1:,}").wait_for()
    frame.get_by_label("Position or time").fill("12")
    page.keyboard.press("Enter")
    frame.locator(".at", has_text=re.compile("^#12$")).wait_for()
    assert Shown(page).images == []
    page.close()
