"""The live board in a real JupyterLab, on a real server."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from browsing import Visitors, chromium
from jupyter_lab import OpenNotebook, jupyter_lab, write_notebook

import orderlab
from orderlab.server.background import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Page

CELLS = (
    "import asyncio, orderlab\nfrom orderlab.notebook.liveboard import LiveBoard\nclient = orderlab.connect({url!r})",
    "board = LiveBoard(client)\nboard",
)
FOLLOWING = "print(sum('live board' in task.get_name() for task in asyncio.all_tasks()))"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with orderlab.serve() as running:
        yield running


@pytest.fixture(scope="module")
def others(server: RunningServer) -> Visitors:
    return Visitors(server.url)


@pytest.fixture(scope="module")
def board(server: RunningServer, tmp_path_factory: pytest.TempPathFactory, others: Visitors) -> Iterator[OpenNotebook]:
    """A notebook with a board of a server that has three orders."""
    others.place(3)
    with chromium() as browser, jupyter_lab(tmp_path_factory.mktemp("jupyter")) as lab:
        write_notebook(lab.folder / "board.ipynb", [cell.format(url=server.url) for cell in CELLS])
        page = browser.new_page()
        notebook = lab.open(page, "board.ipynb")
        notebook.run_all()
        stands_at(page, 3)
        yield notebook


def stands_at(page: "Page", position: int) -> None:
    page.locator(".orderlab-timetravel .at").get_by_text(f"#{position}", exact=True).wait_for(timeout=20_000)


def end_of(server: RunningServer) -> int:
    position: int = httpx.get(f"{server.url}/api/v1/summary").json()["position"]
    return position


def test_who_stands_at_the_end_stays_there_and_who_has_gone_back_is_left_there(
    board: OpenNotebook, server: RunningServer, others: Visitors
) -> None:
    page, end = board.page, end_of(server)
    others.ship(*others.place(2))
    stands_at(page, end + 4)
    assert page.locator(".orderlab-timetravel [data-state=shipped] [data-count]").text_content() == "2"
    page.locator(".orderlab-timetravel input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    stands_at(page, end + 3)
    others.place()
    page.locator(".size").get_by_text(f"{end + 5} events").wait_for()
    stands_at(page, end + 3)
    page.keyboard.press("End")
    others.place()
    stands_at(page, end + 6)


def test_a_page_that_is_loaded_again_has_all_of_the_log(
    board: OpenNotebook, server: RunningServer, others: Visitors
) -> None:
    others.place()
    end = end_of(server)
    board.save()
    board.page.reload()
    stands_at(board.page, end)
    others.place()
    stands_at(board.page, end + 1)


def test_a_cell_that_is_run_again_has_one_board(board: OpenNotebook, server: RunningServer, others: Visitors) -> None:
    board.run_cell(1)
    board.page.wait_for_selector(".orderlab-timetravel .at")
    others.place()
    stands_at(board.page, end_of(server))
    assert board.run(FOLLOWING) == "1"


def test_a_server_that_is_gone_is_told_of(board: OpenNotebook, server: RunningServer) -> None:
    server.stop()
    board.page.locator(".said").get_by_text("cannot be reached").wait_for(timeout=20_000)
