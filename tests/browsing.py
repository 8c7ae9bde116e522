"""A real Chromium on the live page: what a visitor sees, presses and hears, and what the browser complains of."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

_SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
_PATIENCE_MS = 10_000


@contextmanager
def chromium() -> "Iterator[Browser]":
    """Start a browser, or skip the test where there is none.

    While it runs, Playwright keeps an event loop in this thread: tests that make one of their own come before or after.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=_SWITCHES.split())
        yield browser
        browser.close()


class Window:
    """A window of its own in which the live page is opened.

    Args:
        browser: The browser.
        address: The page's address.
        options: Playwright's options of the window, such as `color_scheme`.
    """

    def __init__(self, browser: "Browser", address: str, **options: Any) -> None:
        self._address = address
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(_PATIENCE_MS)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type != "log" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda opened: self.requests.append(opened.url))
        self.page.on("dialog", self._dismiss)

    def _dismiss(self, dialog: "Dialog") -> None:
        self.complaints.append(f"a script said {dialog.message}")
        dialog.dismiss()

    def open(self) -> "Window":
        """Open the page, and wait until it is live."""
        self.page.goto(self._address)
        self.wait_for_state("live")
        return self

    def wait_for_state(self, state: str) -> None:
        """Wait until the page says that its connection is "live" or "lost"."""
        self.page.wait_for_selector(f'#connection[data-state="{state}"]')

    def wait_for(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript expression is true."""
        self.page.wait_for_function(condition, arg=argument)

    def wait_for_event(self, position: int) -> None:
        """Wait until the newest event that is shown has a position."""
        self.wait_for("position => document.querySelector('#events li')?.dataset.position === position", str(position))

    def wait_for_counts(self, placed: int, shipped: int, cancelled: int) -> None:
        """Wait until the machine shows how many orders are in each state."""
        self.wait_for(
            """counts => Object.entries(counts).every(([state, count]) =>
            document.querySelector(`[data-state=${state}] text:last-child`).textContent === String(count))""",
            {"placed": placed, "shipped": shipped, "cancelled": cancelled},
        )

    def wait_for_order(self, order_id: str, status: str) -> None:
        """Wait until an order is listed in a status."""
        self.page.wait_for_selector(f'[data-order="{order_id}"] .chip.{status}')

    @property
    def positions(self) -> list[int]:
        """The positions of the events that are shown, from the top."""
        shown: list[str] = self.page.eval_on_selector_all("#events li", "rows => rows.map(row => row.dataset.position)")
        return [int(each) for each in shown]

    @property
    def events(self) -> list[str]:
        """The events that are shown, from the top, as they are read."""
        return self.page.locator("#events li").all_inner_texts()

    @property
    def order_ids(self) -> list[str]:
        """The orders that are listed, from the top."""
        shown: list[str] = self.page.eval_on_selector_all("#orders li", "rows => rows.map(row => row.dataset.order)")
        return shown

    @property
    def focused(self) -> str:
        """The name of what has the focus, as a screen reader would say it."""
        name: str = self.page.evaluate(
            """() => {
              const focused = document.activeElement;
              const labels = [...(focused.labels ?? [])].map((label) => label.textContent.trim());
              return focused.getAttribute("aria-label") ?? (labels.join(" ") || focused.textContent.trim());
            }"""
        )
        return re.sub(r"\s+", " ", name)

    def tab_to(self, beginning: str) -> None:
        """Press Tab until what has the focus has a name that begins so."""
        for _ in range(100):
            if self.focused.startswith(beginning):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab leads to nothing that is called {beginning!r}")

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)


class Visitors:
    """Others who place, ship and cancel orders meanwhile, over HTTP.

    Args:
        url: The server's.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def place(self, number: int = 1, *, customer_id: str = "Ada", name: str = "Enamel mug") -> list[str]:
        """Place some orders; return their ids."""
        item = {"product_id": "p-1", "name": name, "quantity": 2, "unit_price_cents": 950}
        with httpx.Client(base_url=self._url) as client:
            body = {"customer_id": customer_id, "items": [item]}
            answers = [client.post("/api/v1/orders", json=body) for _ in range(number)]
        assert {answer.status_code for answer in answers} <= {201}
        return [answer.json()["order_id"] for answer in answers]

    def ship(self, *order_ids: str) -> None:
        """Ship orders."""
        self._post("ship", order_ids, {"tracking_number": "TRACK-1"})

    def cancel(self, *order_ids: str, reason: str = "Found it cheaper") -> None:
        """Cancel orders."""
        self._post("cancel", order_ids, {"reason": reason})

    def _post(self, what: str, order_ids: tuple[str, ...], body: dict[str, str]) -> None:
        with httpx.Client(base_url=self._url) as client:
            for order_id in order_ids:
                client.post(f"/api/v1/orders/{order_id}/{what}", json=body).raise_for_status()
