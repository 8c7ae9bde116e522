"""Predict first in a real JupyterLab: asked, guessed with keys and mouse, told, counted."""

from collections.abc import Iterator

import pytest
from browsing import chromium
from jupyter_lab import OpenNotebook, jupyter_lab, write_notebook
from playwright.sync_api import expect

CELLS = (
    "from orderlab import ORDERS, CancelOrder, OrderItem, PlaceOrder, ShipOrder\n"
    "from orderlab.exploration.trace import Trace\nfrom orderlab.notebook.predicting import Predict",
    "mug = PlaceOrder('ada', [OrderItem('p-1', 'Mug', 2, 250)], 'mug')\n"
    "predict = Predict(Trace.of(ORDERS, [mug, ShipOrder('mug', 'T'), CancelOrder('mug')]))\npredict",
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenNotebook]:
    with chromium() as browser, jupyter_lab(tmp_path_factory.mktemp("jupyter")) as lab:
        write_notebook(lab.folder / "predict.ipynb", CELLS)
        opened = lab.open(browser.new_page(), "predict.ipynb")
        opened.run_all()
        opened.page.wait_for_selector(".orderlab-predict .options button", timeout=20_000)
        yield opened


def lit(notebook: OpenNotebook) -> list[str]:
    found = notebook.page.locator(".orderlab-predict .lit[data-state]")
    states: list[str] = found.evaluate_all("groups => groups.map(group => group.dataset.state)")
    return states


def test_a_reader_guesses_by_mouse_and_by_keys_is_told_why_and_sees_the_score(notebook: OpenNotebook) -> None:
    page, cells = notebook.page, notebook.cells
    view = page.locator(".orderlab-predict")
    expect(view.locator(".asked")).to_have_text("Next comes PlaceOrder mug, ada, 1 × OrderItem.")
    assert lit(notebook) == ["draft"]

    view.get_by_role("button", name="placed").click()
    expect(view.locator(".said")).to_have_text("✓ Right: OrderPlaced leads from draft to placed.")
    assert lit(notebook) == ["placed"]
    expect(view.locator(".next")).to_be_focused()

    page.keyboard.press("Enter")
    expect(view.locator(".about")).to_have_text("Order mug is placed.")
    expect(view.locator(".options button").first).to_be_focused()
    page.keyboard.press("4")
    expect(view.locator(".said")).to_have_text("✗ No, not cancelled: OrderShipped leads from placed to shipped.")
    expect(view.locator("[data-is=right]")).to_have_text("3shipped✓")
    page.keyboard.press("Enter")
    expect(view.locator(".count")).to_have_text("Step 3 of 3; 1 of 2 right so far")
    page.keyboard.press("5")
    expect(view.locator(".said")).to_contain_text("Right: it is refused (InvalidOrderState mug, shipped)")
    assert notebook.run("print(predict.score)") == "2 of 3 right"

    page.keyboard.press("Enter")
    expect(view.locator(".said")).to_have_text("2 of 3 right. You missed:")
    expect(view.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(view.locator(".count")).to_have_text("Step 1 of 3")
    assert notebook.cells == cells


def test_a_guess_from_code_shows_in_the_view(notebook: OpenNotebook) -> None:
    notebook.run("predict.reset(); predict.guess('shipped')")
    expect(notebook.page.locator(".orderlab-predict .said")).to_contain_text("No, not shipped")
    assert [image.is_visible() for image in notebook.page.locator(".orderlab-still img").all()] == [False]
