"""The time-travel widget in a real JupyterLab: how many pictures a second while dragging, how soon after each input.

A hand that drags is played twice. In the browser itself, which moves the slider once before each picture: that tells
how many pictures there can be. And by a mouse of the browser's own, whose events have the time at which they came: that
tells how long it takes until what they ask for is painted. Both again while a cell of the notebook sleeps, and with the
processor slowed down to a fourth, by the browser's own means.

Ready is the view that a cell ends with, from when the cell begins: the log is a timeline already, as after `load`.

Aimed at are 58 pictures a second and 25 ms from input to picture in 95 of 100 cases, also while a cell sleeps; 30 a
second when slowed; and to be ready within a second with 10,000 events, within three with 100,000.
"""

import shutil
from collections.abc import Iterator
from math import cos
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.live import Figures, Line
from benchmarks.timing import LeftOut, Run

if TYPE_CHECKING:
    from jupyter_lab import OpenNotebook
    from playwright.sync_api import Page

_SLOWED = 4
_LOAD = """
from recorded_logs import desk_log
from orderlab.notebook.timetravel import TimeTravel
from orderlab.timeline.timeline import Timeline
timeline = Timeline(desk_log({orders})[:{events}])
TimeTravel(Timeline(desk_log(2)))._repr_mimebundle_()
"""
_SHOW = "travel = TimeTravel(timeline)\ntravel"

_DRAG_BY_SCRIPT = """async (seconds) => {
  const slider = document.querySelector(".orderlab-timetravel input[type=range]");
  const shown = document.querySelector(".orderlab-timetravel .at");
  const end = performance.now() + 1_000 * seconds;
  const start = performance.now();
  let [frames, pictures, before] = [0, 0, ""];
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    if (shown.textContent !== before) pictures += 1;
    before = shown.textContent;
    frames += 1;
    slider.value = Math.round((0.5 - 0.5 * Math.cos(frames / 50)) * slider.max);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
  return pictures / (performance.now() - start) * 1_000;
}"""
_LISTEN = """() => {
  const slider = document.querySelector(".orderlab-timetravel input[type=range]");
  const { port1, port2 } = new MessageChannel();
  window.seconds = [];
  let came = [];
  port1.onmessage = () => {
    window.seconds.push(...came.map((time) => (performance.now() - time) / 1_000));
    came = [];
  };
  slider.addEventListener("input", ({ timeStamp }) => {
    came.push(timeStamp);
    requestAnimationFrame(() => port2.postMessage(null)); // which is heard once the picture is painted
  });
}"""


def lines(run: Run) -> list[Line]:
    """Open logs of two sizes in JupyterLab, and drag through them."""
    try:
        from browsing import chromium  # noqa: PLC0415 - its libraries are not there for every run
        from jupyter_lab import jupyter_lab, write_notebook  # noqa: PLC0415
    except ImportError as error:
        raise LeftOut(f"needs {error.name}") from error
    if shutil.which("chromium") is None:
        raise LeftOut("needs a browser: apt-get install chromium")
    found: list[Line] = []
    sizes = (400,) if run.quick else (10_000, 100_000)
    with run.fresh_folder() as folder, jupyter_lab(folder) as lab, chromium() as browser:
        for events in sizes:
            run.progress(f"widget, {events:,} events")
            name = f"log-{events}.ipynb"
            write_notebook(lab.folder / name, [_LOAD.format(orders=events // 2 + 100, events=events), _SHOW])
            page = browser.new_context(viewport={"width": 1280, "height": 1100}).new_page()
            page.set_default_timeout(120_000)
            found += _measured(lab.open(page, name), page, events, 0.3 if run.quick else 4.0)
            page.context.close()
    return found


def _measured(notebook: "OpenNotebook", page: "Page", events: int, seconds: float) -> Iterator[Line]:
    ready = _ready(notebook, page)
    page.evaluate(_LISTEN)
    measure = f"widget, {events:,} events"
    yield _dragged(page, seconds, measure, "dragged", f"ready in {ready:.2f} s, ")
    notebook.start(f"import time; time.sleep({4 * seconds})")
    yield _dragged(page, seconds, measure, "while a cell sleeps")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWED})
    yield _dragged(page, seconds, measure, f"slowed {_SLOWED} times")
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})


def _ready(notebook: "OpenNotebook", page: "Page") -> float:
    """Run the cells, and return the seconds from when the last begins until its view is there."""
    notebook.run_cell(0)
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.executionCount === 1")
    page.wait_for_timeout(500)  # for what the notebook does after a cell
    start = perf_counter()
    notebook.run_cell(1)
    page.wait_for_selector(".orderlab-timetravel .row")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return perf_counter() - start


def _dragged(page: "Page", seconds: float, measure: str, contender: str, told: str = "") -> Line:
    page.locator(".orderlab-timetravel").scroll_into_view_if_needed()
    rate: float = page.evaluate(_DRAG_BY_SCRIPT, seconds)
    slider: Any = page.locator(".orderlab-timetravel input[type=range]").bounding_box()
    y, left, width = slider["y"] + slider["height"] / 2, slider["x"] + 8, slider["width"] - 16
    page.mouse.move(left, y)
    page.mouse.down()
    page.evaluate("() => { window.seconds = []; }")
    end, moves = perf_counter() + seconds, 0
    while perf_counter() < end:
        moves += 1
        page.mouse.move(left + width * (0.5 - 0.5 * cos(moves / 60)), y)
    page.mouse.up()
    taken: list[float] = sorted(page.evaluate("() => window.seconds"))
    p95 = taken[len(taken) * 95 // 100] * 1_000
    told += f"{rate:.0f} pictures a second, an input painted within {p95:.1f} ms in 95 of 100 cases"
    return Line(measure, contender, Figures.of_seconds(taken, rate=rate), told=told)
