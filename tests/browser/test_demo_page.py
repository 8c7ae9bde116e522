"""The live page in a real browser, on the real server."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from browsing import Visitors, Window, chromium

import orderlab
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.server.background import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route, WebSocketRoute

SCRIPT = "<img src=x onerror=alert(1)>"

NewWindow = Callable[..., Window]
Carry = Callable[[int, str, Callable[[str], None]], None]
"""Passes a message on, or does not: the number of its connection, the message, and where to."""


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as running:
        yield running


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with orderlab.serve() as running:
        yield running


@pytest.fixture
def others(server: RunningServer) -> Visitors:
    return Visitors(server.url)


@pytest.fixture
def new_window(browser: "Browser", server: RunningServer) -> Iterator[NewWindow]:
    windows: list[Window] = []

    def make(address: str = server.url, **options: Any) -> Window:
        windows.append(Window(browser, address, **options))
        return windows[-1]

    yield make
    for window in windows:
        window.context.close()


@pytest.fixture
def opened(new_window: NewWindow) -> NewWindow:
    return lambda *address, **options: new_window(*address, **options).open()


def port_of(server: RunningServer) -> int:
    port = urlsplit(server.url).port
    assert port is not None
    return port


# What a visitor does.


def test_one_click_places_an_order(opened: NewWindow) -> None:
    window = opened()
    window.page.get_by_role("button", name="Place order").click()
    window.wait_for_event(1)
    window.wait_for_counts(placed=1, shipped=0, cancelled=0)
    window.page.wait_for_selector("#orders li")
    [order_id] = window.order_ids
    total = window.page.locator("#orders b").inner_text()
    assert window.page.locator("#notice").inner_text() == f"Order …{order_id[-6:]} is placed, for {total}."


def test_what_was_typed_is_what_is_ordered(opened: NewWindow, server: RunningServer) -> None:
    page = opened().page
    page.get_by_role("button", name="Remove item 1").click()
    page.get_by_label("Customer").fill("Zoë")
    for name, quantity, price in (("Thé vert!", "3", "1.15"), ("Pen", "1", "12,5")):
        page.get_by_role("button", name="Add item").click()
        for field, value in (("Item", name), ("Quantity", quantity), ("Price each", price)):
            page.get_by_role("textbox", name=field).last.fill(value)
    page.get_by_role("button", name="Place order").click()
    page.wait_for_selector("#orders li")
    [order] = page.evaluate("async () => (await (await fetch('/api/v1/orders')).json()).orders")
    assert order["customer_id"] == "Zoë"
    assert order["items"] == [
        {"product_id": "thé-vert", "name": "Thé vert!", "quantity": 3, "unit_price_cents": 115},
        {"product_id": "pen", "name": "Pen", "quantity": 1, "unit_price_cents": 1250},
    ]


def test_orders_are_placed_shipped_and_cancelled_by_the_keyboard_alone(opened: NewWindow) -> None:
    window = opened()
    for position, does, status in ((1, "Ship order", "shipped"), (3, "Cancel order", "cancelled")):
        window.tab_to("Place order")
        window.press("Enter")
        window.wait_for_event(position)
        window.page.wait_for_selector(".chip.placed")
        window.tab_to(does)
        window.press("Enter")
        assert window.focused in ("Tracking number", "Reason")
        window.press("Enter")
        window.wait_for_event(position + 1)
        window.page.wait_for_selector(f".chip.{status}")
        window.page.wait_for_selector("#asking", state="hidden")
    window.wait_for_counts(placed=0, shipped=1, cancelled=1)
    assert [event.split("\n")[1] for event in window.events] == [
        "OrderCancelled",
        "OrderPlaced",
        "OrderShipped",
        "OrderPlaced",
    ]


def test_the_focus_stays_at_an_order_whose_button_is_gone(opened: NewWindow, others: Visitors) -> None:
    [order_id] = others.place(customer_id="Grace")
    window = opened()
    window.page.get_by_role("button", name="Ship order").click()
    window.press("Enter")
    window.wait_for_order(order_id, "shipped")
    window.wait_for("() => document.activeElement.matches('#orders .link')")
    assert window.focused == f"Grace …{order_id[-6:]}, the story of this order"


def test_the_focus_stays_where_it_is_while_orders_come(opened: NewWindow, others: Visitors) -> None:
    others.place(3)
    window = opened()
    window.page.wait_for_selector("#orders li")
    window.tab_to("Cancel order")
    before = window.focused
    [order_id] = others.place()
    window.wait_for_order(order_id, "placed")
    assert window.focused == before


def test_refusals_are_told_in_the_words_of_the_form_and_what_was_typed_is_kept(opened: NewWindow) -> None:
    page = opened().page
    for field, value, told in (
        ("Quantity", "1000000", "Items must cost at most 90,071,992,547,409.91 in all."),
        ("Quantity", "0", "Quantity of item 1 must be from 1 to 1,000,000."),
        ("Price each", "9" * 30, "Price of item 1 must be from 0.01 to 1,000,000,000.00."),
        ("Price each", "-1", "Price of item 1 must be from 0.01 to 1,000,000,000.00."),
        ("Price each", "1.005", "The price must have two decimals at most, such as 9.50."),
        ("Price each", "a lot", "The price must be an amount, such as 9.50."),
        ("Item", "x" * 201, "Name of item 1 must have at most 200 characters, not 201."),
        ("Customer", " ", "Customer must not be blank."),
    ):
        for usual in (("Item", "Pen"), ("Quantity", "1"), ("Price each", "1000000000"), (field, value)):
            page.get_by_role("textbox", name=usual[0]).fill(usual[1])
        page.get_by_role("button", name="Place order").click()
        page.locator("#place").get_by_role("alert").get_by_text(told, exact=True).wait_for()
        assert page.get_by_role("textbox", name=field).input_value() == value


def test_a_field_that_is_corrected_is_not_marked_any_more(opened: NewWindow) -> None:
    window = opened()
    price = window.page.get_by_role("textbox", name="Price each")
    price.fill("a lot")
    window.page.get_by_role("button", name="Place order").click()
    window.page.wait_for_selector("[name=price][aria-invalid]")
    assert window.focused == "Price each"
    price.fill("9")
    assert window.page.locator("[aria-invalid]").count() == 0
    assert window.page.locator("#place").get_by_role("alert").inner_text() == ""


def test_who_ships_what_another_has_cancelled_is_told_so_and_goes_back(opened: NewWindow, others: Visitors) -> None:
    [_, order_id] = others.place(2)
    window = opened()
    ship = window.page.locator("#asking .main")
    trouble = window.page.locator("#asking").get_by_role("alert")
    window.page.get_by_role("button", name="Ship order").first.click()
    others.cancel(order_id)
    window.wait_for_event(3)
    ship.click()
    told = f"ShipOrder refused: order …{order_id[-6:]} is cancelled already (InvalidOrderState)."
    trouble.get_by_text(told, exact=True).wait_for()
    window.wait_for_order(order_id, "cancelled")
    assert ship.is_disabled()
    assert window.focused == "Back"
    window.press("Enter")
    window.page.wait_for_selector("#asking", state="hidden")
    window.wait_for("() => document.activeElement.matches('#orders .link')")
    window.page.get_by_role("button", name="Ship order").click()
    assert ship.is_enabled()
    assert trouble.inner_text() == ""


def test_the_list_shows_one_status_and_older_orders_on_demand(opened: NewWindow, others: Visitors) -> None:
    order_ids = others.place(45)[::-1]
    others.ship(*order_ids[40:42])
    window = opened()
    window.wait_for("() => document.querySelectorAll('#orders li').length === 20")
    assert window.order_ids == order_ids[:20]
    older = window.page.get_by_role("button", name="Load older orders")
    older.click()
    window.wait_for("() => document.querySelectorAll('#orders li').length === 40")
    older.click()
    older.wait_for(state="hidden")
    assert window.order_ids == order_ids
    window.page.get_by_role("radio", name="shipped").check(force=True)
    window.wait_for("() => document.querySelectorAll('#orders li').length === 2")
    assert window.order_ids == order_ids[40:42]


# What a visitor sees.


def test_two_windows_see_the_same_events_in_the_same_order(opened: NewWindow) -> None:
    one, other = opened(), opened()
    for number in range(1, 7):
        window = (one, other)[number % 2]
        window.page.get_by_role("button", name="Place order").click()
        window.wait_for_event(number)
    one.wait_for_event(6)
    other.wait_for_event(6)
    assert one.positions == [6, 5, 4, 3, 2, 1]
    assert one.events == other.events


def test_a_window_begins_with_the_latest_events_their_facts_and_the_counts(opened: NewWindow, others: Visitors) -> None:
    order_ids = others.place(57)
    others.ship(*order_ids[:2])
    others.cancel(order_ids[2])
    window = opened()
    window.wait_for_counts(placed=54, shipped=2, cancelled=1)
    assert window.positions == list(range(60, 10, -1))
    facts = ["reason: Found it cheaper", "tracking TRACK-1", "tracking TRACK-1", "Ada · 19.00"]
    assert window.page.locator("#events span").all_inner_texts()[:4] == facts


def test_the_machine_counts_along_and_lights_the_arrow_that_was_gone(opened: NewWindow, others: Visitors) -> None:
    window = opened()
    order_ids = others.place(3)
    window.page.wait_for_selector('[data-edge="PlaceOrder"].lit')
    window.wait_for_counts(placed=3, shipped=0, cancelled=0)
    others.ship(order_ids[0])
    window.page.wait_for_selector('[data-edge="ShipOrder"].lit')
    others.cancel(order_ids[1])
    window.page.wait_for_selector('[data-edge="CancelOrder"].lit')
    window.wait_for_counts(placed=1, shipped=1, cancelled=1)
    window.page.get_by_role("img", name="; 1 placed, 1 shipped, 1 cancelled").wait_for()
    window.page.wait_for_selector(".lit", state="detached")


def test_an_order_tells_its_story_and_goes_on_telling(opened: NewWindow, others: Visitors) -> None:
    [order_id] = others.place(customer_id="Grace")
    window = opened()
    story = window.page.get_by_role("dialog", name=f"The story of order …{order_id[-6:]}")
    window.page.locator("#orders").get_by_role("button", name="Grace").click()
    story.get_by_text(f"Grace placed order …{order_id[-6:]} for 19.00.").wait_for()
    story.get_by_role("paragraph").get_by_text("Enamel mug").wait_for()
    others.cancel(order_id)
    story.get_by_text("was cancelled: Found it cheaper.").wait_for()
    assert story.locator("ol > li").count() == 2


def test_an_order_is_stepped_through_and_each_step_shows_what_it_changed(opened: NewWindow, others: Visitors) -> None:
    [_, order_id] = others.place(2, customer_id="Grace")
    others.ship(order_id)
    window = opened()
    story = window.page.get_by_role("dialog")
    window.page.locator("#orders").get_by_role("button", name="Grace").first.click()
    story.get_by_text("2 of 2: placed → shipped").wait_for()
    assert changes_in(window) == [
        ["status", "±", "placed", "shipped"],
        ["status.tracking_number", "+", "—", "TRACK-1"],
        ["status.shipped_at", "+", "—"],
        ["version", "±", "1", "2"],
    ]
    story.get_by_role("button", name="Back").click()
    story.get_by_text("1 of 2: draft → placed").wait_for()
    assert ["customer_id", "+", "—", "Grace"] in changes_in(window)
    assert window.focused == "#2 OrderPlaced"  # for there is nothing before it to go back to
    story.get_by_role("button", name="#3 OrderShipped").click()
    story.get_by_text("2 of 2").wait_for()


def test_who_looks_at_an_earlier_step_is_left_there_when_something_happens(opened: NewWindow, others: Visitors) -> None:
    [order_id] = others.place(customer_id="Grace")
    window = opened()
    story = window.page.get_by_role("dialog")
    window.page.locator("#orders").get_by_role("button", name="Grace").click()
    story.get_by_text("1 of 1").wait_for()
    others.ship(order_id)
    story.get_by_text("2 of 2").wait_for()
    story.get_by_role("button", name="Back").click()
    window.page.evaluate("document.querySelector('#story output').textContent = ''")
    others.place()  # what happens to another order is no part of this story
    window.wait_for_event(3)
    assert story.locator("output").inner_text() == ""


def changes_in(window: Window) -> list[list[str]]:
    """The fields that the story shows as changed, without when that was."""
    rows = "rows => rows.map((row) => [...row.cells].map((cell) => cell.innerText.replaceAll('\\u200b', '')))"
    changed = '#story tr[data-kind]:not([data-kind="same"], [hidden])'
    shown: list[list[str]] = window.page.eval_on_selector_all(changed, rows)
    return [[cell for cell in row if not cell.startswith("20")] for row in shown if row[0] != "updated_at"]


# The whole log.


def test_the_log_so_far_is_dragged_through(opened: NewWindow, others: Visitors) -> None:
    order_ids = others.place(3)
    others.ship(order_ids[0])
    page = opened().page
    page.get_by_role("link", name="Time travel").click()
    page.get_by_role("heading", name="The log of every order").wait_for()
    counts = [page.locator(f"[data-state={state}] [data-count]") for state in ("placed", "shipped")]
    assert [each.text_content() for each in counts] == ["2", "1"]
    page.get_by_role("slider", name="Position").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("img", name="; 3 placed, 0 shipped, 0 cancelled").wait_for()
    assert [each.text_content() for each in counts] == ["3", "0"]


def test_a_log_without_events_can_be_looked_at(opened: NewWindow, server: RunningServer) -> None:
    window = opened()
    window.page.goto(f"{server.url}/timetravel")
    window.page.get_by_text("0 events", exact=True).wait_for()
    assert window.complaints == []


def test_of_a_long_log_the_page_says_which_part_it_shows(
    opened: NewWindow, server: RunningServer, others: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderlab.server.stories.MOST_EVENTS", 2)
    others.place(3)
    page = opened().page
    page.goto(f"{server.url}/timetravel")
    page.get_by_text("The first 2 of 3 events: a notebook shows all, by TimeTravel.").wait_for()


@pytest.mark.parametrize("where", ["#orders", "#events"])
def test_escape_closes_the_story_and_gives_the_focus_back(opened: NewWindow, others: Visitors, where: str) -> None:
    others.place()
    window = opened()
    window.page.locator(where).get_by_role("button", name="the story of this order").focus()
    before = window.focused
    window.press("Enter")
    window.page.wait_for_selector("#story[open] li")
    assert window.focused == "Close"
    window.press("Escape")
    window.page.wait_for_selector("#story", state="hidden")
    assert window.focused == before


def test_two_hundred_events_leave_the_page_as_small_as_it_was(opened: NewWindow, others: Visitors) -> None:
    window = opened()
    others.ship(*others.place(100))
    window.wait_for_event(200)
    window.wait_for_counts(placed=0, shipped=100, cancelled=0)
    assert window.positions == list(range(200, 100, -1))
    window.wait_for("() => document.querySelectorAll('#orders li').length === 20")
    assert window.page.locator("*").count() < 1_500
    assert len([url for url in window.requests if "/api/v1/orders" in url]) < 40


def test_names_that_look_like_markup_are_shown_as_they_are(opened: NewWindow, others: Visitors) -> None:
    [order_id] = others.place(customer_id=SCRIPT, name=SCRIPT)
    window = opened()
    others.cancel(order_id, reason=SCRIPT)
    window.wait_for_event(2)
    window.wait_for_order(order_id, "cancelled")
    window.page.locator("#orders .link").click()
    window.page.locator("#story").get_by_text(f"was cancelled: {SCRIPT}").wait_for()
    window.page.locator("#story").get_by_role("button", name="Back").click()
    window.page.locator("#story").get_by_text(f"{SCRIPT} placed order").wait_for()
    window.page.locator("#heard").get_by_text(f"was cancelled: {SCRIPT}").wait_for()
    assert window.page.locator("#orders li").inner_text().count(SCRIPT) == 3
    assert window.page.locator("#events span").all_inner_texts() == [f"reason: {SCRIPT}", f"{SCRIPT} · 19.00"]
    assert window.page.locator("img").count() == 0
    assert window.complaints == []


# What happens to the connection.


def test_no_event_is_lost_while_the_server_is_away(opened: NewWindow, server: RunningServer, others: Visitors) -> None:
    others.place(3)
    window = opened()
    server.stop()
    window.wait_for_state("lost")
    window.page.get_by_role("status").get_by_text("connection lost, trying again").wait_for()
    with orderlab.serve(server.event_store) as elsewhere:
        Visitors(elsewhere.url).place(20)
    with orderlab.serve(server.event_store, port=port_of(server)):
        others.place(20)
        window.wait_for_event(43)
        window.wait_for_state("live")
        window.wait_for_counts(placed=43, shipped=0, cancelled=0)
        assert window.positions == list(range(43, 0, -1))


@pytest.mark.parametrize("orders", [0, 9], ids=["shorter", "longer"])
def test_the_page_begins_anew_when_the_server_has_a_new_log(
    opened: NewWindow, server: RunningServer, others: Visitors, orders: int
) -> None:
    others.place(5)
    window = opened()
    window.page.wait_for_selector("#orders li")
    window.page.locator("#events .link").first.click()
    server.stop()
    window.wait_for_state("lost")
    event_store = InMemoryEventStore()
    with orderlab.serve(event_store) as elsewhere:
        Visitors(elsewhere.url).place(orders)
    with orderlab.serve(event_store, port=port_of(server)):
        window.page.get_by_role("status").get_by_text("The server has begun a new log.").wait_for()
        window.page.wait_for_selector("#story", state="hidden")
        window.wait_for_state("live")
        window.wait_for_counts(placed=orders, shipped=0, cancelled=0)
        assert window.positions == list(range(orders, 0, -1))
        others.place()
        window.wait_for_event(orders + 1)


def test_what_is_typed_while_the_server_is_away_is_kept(opened: NewWindow, server: RunningServer) -> None:
    window = opened()
    alert = window.page.locator("#place").get_by_role("alert")
    server.stop()
    window.page.get_by_label("Customer").fill("Katherine")
    window.page.get_by_role("button", name="Place order").click()
    alert.get_by_text("The server cannot be reached.").wait_for()
    assert window.page.get_by_label("Customer").input_value() == "Katherine"
    with orderlab.serve(server.event_store, port=port_of(server)):
        window.page.evaluate("window.dispatchEvent(new Event('online'))")  # the page need not wait any longer
        window.wait_for_state("live")
        assert alert.inner_text() == ""  # it can be reached, and what was typed is still there
        window.page.get_by_role("button", name="Place order").click()
        window.page.locator("#notice").get_by_text("is placed").wait_for()
        window.page.locator("#orders").get_by_role("button", name="Katherine").wait_for()


@pytest.mark.parametrize("lost", [1, 3], ids=["asked again by the page", "asked again by the visitor"])
def test_an_order_whose_answer_is_lost_is_placed_once(opened: NewWindow, lost: int) -> None:
    window = opened()
    place = window.page.get_by_role("button", name="Place order")
    answers_to_lose = [True] * lost

    def lose_answer(route: "Route") -> None:
        if route.request.method != "POST" or not answers_to_lose:
            route.continue_()
            return
        answers_to_lose.pop()
        route.fetch()  # it is done, but nobody is told
        route.abort()

    window.page.route("**/api/v1/orders", lose_answer)
    place.click()
    if lost == 3:
        window.page.locator("#place").get_by_role("alert").get_by_text("The server cannot be reached.").wait_for()
        place.click()
    window.page.locator("#notice").get_by_text("is placed").wait_for()
    window.page.unroute_all()
    window.wait_for_counts(placed=1, shipped=0, cancelled=0)
    place.click()
    window.wait_for_event(2)
    window.wait_for_counts(placed=2, shipped=0, cancelled=0)


def test_an_order_just_like_another_is_an_order_of_its_own(opened: NewWindow) -> None:
    window = opened()
    for position in (1, 2):
        for field, value in (("Item", "Pen"), ("Quantity", "1"), ("Price each", "2")):
            window.page.get_by_role("textbox", name=field).fill(value)
        window.page.get_by_role("button", name="Place order").click()
        window.wait_for_event(position)
        window.wait_for("() => document.querySelector('[name=name]').value !== 'Pen'")


def test_buttons_cannot_be_pressed_while_an_order_is_under_way(opened: NewWindow) -> None:
    window = opened()
    held: list[Route] = []
    window.page.route("**/api/v1/orders", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    button = window.page.get_by_role("button", name="Place order")
    button.click()
    window.wait_for("() => document.querySelector('#place .main').disabled")
    window.press("Enter")
    for route in held:
        route.continue_()
    window.page.unroute_all()
    window.wait_for_event(1)
    window.wait_for("() => !document.querySelector('#place .main').disabled")
    assert window.focused == "Place order"
    assert window.positions == [1]


class Wires:
    """The connections of a page, whose ends the test holds.

    Args:
        window: The window in which the page will be opened.
        carry: Passes what the server says to the page, on a connection of a number from 0 on.
        ask: Passes what the page says to the server.
    """

    def __init__(self, window: Window, *, carry: Carry | None = None, ask: Carry | None = None) -> None:
        self.ends: list[WebSocketRoute] = []
        self._carry, self._ask = carry, ask
        window.page.route_web_socket("**/ws*", self._connect)

    def _connect(self, page: "WebSocketRoute") -> None:
        server, number = page.connect_to_server(), len(self.ends)
        carry, ask = self._carry, self._ask
        self.ends.append(page)
        if carry is not None:
            server.on_message(lambda message: carry(number, str(message), page.send))
        if ask is not None:
            page.on_message(lambda message: ask(number, str(message), server.send))


@pytest.mark.parametrize("times", [0, 2])
def test_an_event_that_comes_twice_or_not_at_all_is_shown_once(
    new_window: NewWindow, others: Visitors, times: int
) -> None:
    def carry(number: int, message: str, send: Callable[[str], None]) -> None:
        is_disturbed = number == 0 and '"position":2,' in message
        for _ in range(times if is_disturbed else 1):
            send(message)

    window = new_window()
    wires = Wires(window, carry=carry)
    window.open()
    others.place(3)
    window.wait_for_event(3)
    assert window.positions == [3, 2, 1]
    assert len(wires.ends) == (1 if times else 2)


@pytest.mark.parametrize("code", [1012, 1013])
def test_the_page_comes_back_at_once_when_it_is_asked_to(new_window: NewWindow, others: Visitors, code: int) -> None:
    window = new_window()
    wires = live_for_a_while_and_then_for_ever_at_one_moment(window)
    wires.ends[0].close(code=code)
    others.place()
    window.wait_for_event(1)


def test_the_page_comes_back_after_a_while_when_its_connection_breaks(new_window: NewWindow, others: Visitors) -> None:
    window = new_window()
    wires = live_for_a_while_and_then_for_ever_at_one_moment(window)
    wires.ends[0].close(code=1011)
    window.wait_for_state("lost")
    others.place()
    assert len(wires.ends) == 1
    window.page.clock.run_for(1_000)
    window.wait_for_event(1)


def live_for_a_while_and_then_for_ever_at_one_moment(window: Window) -> Wires:
    wires = Wires(window)
    window.page.clock.install()
    window.open()
    window.page.clock.fast_forward(5_000)
    window.page.clock.pause_at(window.page.evaluate("Date.now() + 60_000"))  # whoever waits now, waits for ever
    return wires


def test_a_connection_on_which_nothing_is_answered_is_given_up(new_window: NewWindow, others: Visitors) -> None:
    def ask(number: int, message: str, send: Callable[[str], None]) -> None:
        if number > 0:
            send(message)

    window = new_window()
    wires = Wires(window, ask=ask)
    window.page.clock.install()
    window.open()
    window.page.clock.fast_forward(16_000)
    window.page.clock.fast_forward(16_000)
    window.wait_for_state("lost")
    window.wait_for_state("live")
    assert len(wires.ends) == 2


def test_a_link_with_a_token_opens_the_page_and_without_its_cookie_it_says_so(opened: NewWindow) -> None:
    with orderlab.serve(token="open-sesame-open-sesame") as server:
        window = opened(server.link)
        assert "token" not in window.page.url
        window.page.get_by_role("button", name="Place order").click()
        window.wait_for_event(1)
        window.context.clear_cookies()
        window.page.get_by_role("button", name="Place order").click()
        told = "Open the link with the token again: the server asks for it."
        window.page.locator("#place").get_by_role("alert").get_by_text(told).wait_for()
        window.page.get_by_role("radio", name="shipped").check(force=True)
        window.page.locator("#alarm").get_by_text(told).wait_for()


# What a browser, or those who see it in another way, might complain of.


def test_the_browser_complains_of_nothing_and_nothing_outside_is_asked(
    opened: NewWindow, server: RunningServer, others: Visitors
) -> None:
    window = opened()
    page = window.page
    page.get_by_role("button", name="Add item").click()
    page.get_by_role("button", name="Place order").click()
    window.wait_for_event(1)
    page.locator("#orders .link").click()
    page.locator("#story summary").click()
    page.wait_for_selector("#story .difference")
    window.press("Escape")
    page.get_by_role("button", name="Ship order").click()
    window.press("Enter")
    window.wait_for_event(2)
    page.get_by_role("radio", name="placed").check(force=True)
    page.wait_for_selector("#no-orders:visible")
    page.reload()
    window.wait_for_state("live")
    page.get_by_role("link", name="Time travel").click()
    page.get_by_role("button", name="Play").click()
    page.get_by_role("link", name="The API").click()
    page.wait_for_selector("main section")
    assert window.complaints == []
    assert {urlsplit(url).netloc for url in window.requests} == {urlsplit(server.url).netloc}


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: NewWindow, others: Visitors, color_scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    order_ids = others.place(4)
    others.ship(order_ids[0])
    others.cancel(order_ids[1])
    window = opened(color_scheme=color_scheme, reduced_motion="reduce")
    page = window.page
    page.get_by_role("textbox", name="Quantity").fill("two")
    page.get_by_role("button", name="Place order").click()
    page.wait_for_selector("#orders li")
    assert axe.run(page).generate_report() == NOTHING_FOUND
    page.get_by_role("button", name="Ship order").first.click()
    page.get_by_label("Tracking number").fill("")
    window.press("Enter")
    page.locator("#asking").get_by_text("Tracking number must not be blank.", exact=True).wait_for()
    assert axe.run(page).generate_report() == NOTHING_FOUND
    window.press("Escape")
    page.locator("#orders .link").first.click()
    page.locator("#story summary").first.click()
    assert axe.run(page).generate_report() == NOTHING_FOUND
    window.press("Escape")
    page.get_by_role("link", name="Time travel").click()
    page.get_by_role("heading", name="The log of every order").wait_for()
    assert axe.run(page).generate_report() == NOTHING_FOUND


NOTHING_FOUND = "Found 0 accessibility violations:\n"


def test_nothing_is_wider_than_the_window(opened: NewWindow, others: Visitors) -> None:
    others.place(customer_id="x" * 200, name="y" * 200)
    window = opened()
    window.page.wait_for_selector("#orders li")
    for width, height in ((360, 740), (640, 400), (800, 600), (1280, 800)):
        window.page.set_viewport_size({"width": width, "height": height})
        wider = window.page.evaluate(
            """() => [...document.querySelectorAll("html, section, .scroll")]
            .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.outerHTML.slice(0, 80))"""
        )
        assert (width, wider) == (width, [])


@pytest.mark.parametrize("path", ["", "/timetravel"])
def test_what_is_written_in_the_machine_can_be_read_on_a_telephone(
    opened: NewWindow, server: RunningServer, others: Visitors, path: str
) -> None:
    others.place()
    page = opened(viewport={"width": 360, "height": 740}).page
    page.goto(server.url + path)
    page.wait_for_selector("svg [data-state]")
    pixels = page.evaluate(
        """() => [...document.querySelectorAll("svg text")].filter((text) => text.textContent).map((text) =>
        parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"""
    )
    assert min(pixels) > 10.5


def test_types_ids_times_and_buttons_stay_on_one_line(new_window: NewWindow, others: Visitors) -> None:
    others.cancel(*others.place(3, customer_id="x" * 200), reason="y" * 200)
    window = new_window()
    window.page.clock.set_fixed_time("2099-12-31")  # so that times have a day, as those of a log from another day
    window.open()
    for _ in range(2):
        window.page.get_by_role("button", name="Add item").click()
    for width, height in ((360, 740), (700, 800), (1080, 800), (1280, 800)):
        window.page.set_viewport_size({"width": width, "height": height})
        broken = window.page.evaluate(
            """() => [...document.querySelectorAll("#events li > *, #events time, #place button")].filter((each) => {
              const words = document.createRange();
              words.selectNodeContents(each.querySelector("span") ?? each);
              const lines = new Set([...words.getClientRects()].map((line) => line.top));
              const around = each.closest("li, fieldset, form");
              return lines.size !== 1 || each.getBoundingClientRect().right > around.getBoundingClientRect().right + 1;
            }).map((each) => each.textContent)"""
        )
        assert (width, broken) == (width, [])
