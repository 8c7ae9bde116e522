"""`orderlab lab` in a real browser: a notebook is run from top to bottom, and nothing outside is asked for anything."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsing import chromium
from commandline import environment
from lab_process import lab
from notebook_running import NOTEBOOKS

if TYPE_CHECKING:
    from playwright.sync_api import Page

EAVESDROPPER = """
import os, sys

def hear(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open(os.environ["HEARD"], "a") as file:
            print(event, arguments[0 if event == "socket.getaddrinfo" else 1], file=file)

sys.addaudithook(hear)
"""
"""Is imported by each Python process that finds it: the command, JupyterLab, and the kernels."""

[FOLDING] = [path.name for path in NOTEBOOKS if path.name.startswith("01-")]


def playwright_timeout() -> type[Exception]:
    """Return what Playwright raises when nothing came of waiting."""
    from playwright.sync_api import TimeoutError as PlaywrightTimeoutError  # noqa: PLC0415 - it may not be installed

    return PlaywrightTimeoutError


#: The widths of the notebook's pictures, when there are more than three and all are loaded.
PICTURES = """() => {
  const images = [...document.querySelectorAll(".jp-OutputArea img")];
  return images.length > 3 && images.every((image) => image.complete) && images.map((image) => image.naturalWidth);
}"""


def run_all(page: "Page") -> None:
    """Run all cells of the notebook that is open, and wait until each has its number."""
    started = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].some(each => each.textContent !== '[ ]:')"
    for _ in range(5):  # JupyterLab forgets what it is told while it still restores its windows
        page.locator(".jp-Notebook .jp-Cell").first.click()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with suppress(playwright_timeout()):
            page.wait_for_function(started, timeout=5_000)
            break
    page.wait_for_function(
        """() => {
          const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
          return prompts.length > 10 && prompts.every((prompt) => /[0-9]/.test(prompt.textContent));
        }"""
    )


@pytest.fixture
def heard(tmp_path: Path) -> Path:
    """Where it is written to whom the processes speak that find the eavesdropper, which is beside it."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(EAVESDROPPER)
    return tmp_path / "heard.txt"


def test_a_notebook_runs_and_nobody_outside_is_asked_for_anything(tmp_path: Path, heard: Path) -> None:
    path = os.pathsep.join([str(tmp_path / "hook"), environment()["PYTHONPATH"]])
    with lab(cwd=tmp_path, env={"PYTHONPATH": path, "HEARD": str(heard)}) as running, chromium() as browser:
        page = browser.new_page(viewport={"width": 1400, "height": 12_000})  # cells out of sight are not drawn
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda opened: asked.append(opened.url))
        page.goto(str(running.link.copy_with(path=f"/lab/tree/{FOLDING}")))
        page.wait_for_selector("#jupyterlab-splash", state="detached")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status=idle]")
        run_all(page)
        pictures = page.wait_for_function(PICTURES).json_value()  # a cell has its number before its picture is drawn

        assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
        assert page.get_by_role("dialog").count() == 0
        assert all(width > 100 for width in pictures)
        ours = re.compile(rf"(http|ws)://127\.0\.0\.1:{running.link.port}/|data:|blob:")
        assert [url for url in asked if not ours.match(url)] == []
    lines = heard.read_text().splitlines()
    assert lines
    assert [line for line in lines if "127.0.0.1" not in line and "socket.getaddrinfo localhost" not in line] == []
