"""Light and dark in a real browser: pictures in a real JupyterLab, and the signs of the server."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from browsing import Window, chromium
from jupyter_lab import OpenNotebook, jupyter_lab, write_notebook

import orderlab
from orderlab.server.background import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CELL = "from orderlab.orders.model import OrderState\nOrderState()"
PICTURE = ".jp-NotebookPanel:visible .jp-OutputArea img"
DARKENED = "invert(0.933) hue-rotate(180deg)"
TOKEN = "sesame-open"
NOTHING_FOUND = "Found 0 accessibility violations:\n"


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def notebook(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenNotebook]:
    with jupyter_lab(tmp_path_factory.mktemp("jupyter")) as lab:
        write_notebook(lab.folder / "picture.ipynb", [CELL])
        # The system is dark, which a notebook does not have to be.
        opened = lab.open(browser.new_context(color_scheme="dark").new_page(), "picture.ipynb")
        opened.run_all()
        opened.page.wait_for_selector(PICTURE, timeout=20_000)
        yield opened


@pytest.fixture(scope="module")
def locked() -> Iterator[RunningServer]:
    with orderlab.serve(token=TOKEN) as server:
        yield server


def change_theme(page: "Page", name: str) -> None:
    page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
    page.wait_for_function("(name) => document.body.dataset.jpThemeName === name", arg=name)


def filter_of(page: "Page") -> str:
    shown: str = page.locator(PICTURE).evaluate("(picture) => getComputedStyle(picture).filter")
    return shown


def test_a_picture_is_as_light_or_dark_as_jupyterlab_is(notebook: OpenNotebook) -> None:
    for theme, expected in (("JupyterLab Dark", DARKENED), ("JupyterLab Light", "none")):
        change_theme(notebook.page, theme)
        assert filter_of(notebook.page) == expected


def test_a_picture_in_a_notebook_that_is_not_trusted_stays_light_and_nothing_of_the_rule_is_shown(
    notebook: OpenNotebook,
) -> None:
    saved = notebook.save()
    saved["cells"][0]["source"] = "'changed by somebody else'"  # so that its signature does not hold
    (notebook.lab.folder / "untrusted.ipynb").write_text(json.dumps(saved))
    page = notebook.page.context.new_page()
    notebook.lab.open(page, "untrusted.ipynb")
    change_theme(page, "JupyterLab Dark")
    page.wait_for_selector(PICTURE)
    assert filter_of(page) == "none"
    assert "theme" not in page.locator(".jp-NotebookPanel:visible .jp-OutputArea").inner_text()


@pytest.mark.parametrize(("scheme", "ground"), [("light", "rgb(246, 247, 245)"), ("dark", "rgb(16, 22, 19)")])
@pytest.mark.parametrize("address", ["/?token=wrong", f"/nope?token={TOKEN}"], ids=["the door", "nothing here"])
def test_a_sign_is_light_or_dark_as_the_live_page_is(
    browser: "Browser", locked: RunningServer, scheme: str, ground: str, address: str
) -> None:
    window = Window(browser, locked.url + address, color_scheme=scheme)
    window.page.goto(locked.url + address)
    assert window.page.evaluate("() => getComputedStyle(document.body).backgroundColor") == ground
    assert [
        each for each in window.complaints if "Failed to load resource" not in each
    ] == []  # its status, which is so
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
    assert axe.run(window.page).generate_report() == NOTHING_FOUND
    window.context.close()


def test_the_door_opens_to_who_types_the_token(browser: "Browser", locked: RunningServer) -> None:
    window = Window(browser, locked.url)
    window.page.goto(f"{locked.url}/?token=wrong")
    window.page.get_by_label("Token").fill(TOKEN)
    window.press("Enter")
    window.wait_for_state("live")
    window.context.close()


def test_who_came_to_nothing_is_led_home(browser: "Browser", locked: RunningServer) -> None:
    window = Window(browser, locked.url)
    window.page.goto(f"{locked.url}/nope?token={TOKEN}")
    window.page.get_by_role("link", name="Live orders").click()
    window.wait_for_state("live")
    window.context.close()
