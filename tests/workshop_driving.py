"""A learner at the workshop's notebooks in a real JupyterLab: writes into cells, runs them, and reads what comes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browsing import Window, chromium
from commandline import done
from jupyter_lab import Lab, OpenNotebook, jupyter_lab

if TYPE_CHECKING:
    from playwright.sync_api import Locator

_PATIENCE_MS = 60_000
_PANEL = "const panel = window.jupyterapp.shell.currentWidget; const notebook = panel.content;"
_RUN = f"""async (index) => {{
  {_PANEL}
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  await window.jupyterapp.commands.execute("notebook:run-cell");
  return notebook.widgets[index].model.outputs.toJSON();
}}"""
_ALL = f"() => {{ {_PANEL} return [...notebook.model.cells].map(cell => cell.outputs?.toJSON() ?? []); }}"
_IDS = f"() => {{ {_PANEL} return [...notebook.model.cells].map(cell => cell.id); }}"
_WRITE = f"([index, source]) => {{ {_PANEL} notebook.model.cells.get(index).sharedModel.setSource(source); }}"
_INSERT = f"""([index, id, source]) => {{
  {_PANEL}
  notebook.model.sharedModel.insertCell(index, {{ cell_type: "code", id, metadata: {{}}, outputs: [], source }});
}}"""
_COUNT = f"(index) => {{ {_PANEL} return notebook.model.cells.get(index).executionCount; }}"
_HAS_RUN = f"""([index, before]) => {{
  {_PANEL}
  const {{ executionCount, executionState }} = notebook.model.cells.get(index);
  return executionCount !== null && executionCount !== before && executionState === "idle";
}}"""
_IS_WRITTEN = f"""([index, source]) => {{
  {_PANEL}
  return notebook.model.cells.get(index).sharedModel.getSource().trimEnd() === source;
}}"""
_SCROLL = f"async (index) => {{ {_PANEL} await notebook.scrollToItem(index, 'start'); }}"


@dataclass(frozen=True)
class Shown:
    """What a cell shows under it.

    Args:
        outputs: Its outputs, as in a notebook's file.
    """

    outputs: Sequence[Mapping[str, Any]]

    @property
    def text(self) -> str:
        """What it shows as text."""
        return "\n".join(
            "".join(each["text"] if each["output_type"] == "stream" else each.get("data", {}).get("text/plain", ""))
            for each in self.outputs
        )

    @property
    def html(self) -> str:
        """What it shows as HTML."""
        return "\n".join("".join(each.get("data", {}).get("text/html", "")) for each in self.outputs)

    @property
    def result(self) -> str:
        """The verdict's first line, such as `1.1 correct`."""
        return self.text.partition("\n")[0]

    @property
    def complaints(self) -> list[str]:
        """The errors, and what was written to stderr."""
        return [
            "\n".join(each.get("traceback", ())) or str(each.get("text"))
            for each in self.outputs
            if each["output_type"] == "error" or each.get("name") == "stderr"
        ]


class Learner:
    """A learner at a notebook of the workshop.

    Args:
        notebook: The notebook, open in a page.
    """

    def __init__(self, notebook: OpenNotebook) -> None:
        self.notebook, self.page = notebook, notebook.page

    def run_all(self) -> dict[str, Shown]:
        """Run all cells, wait for the last, and return what each shows, by its id."""
        self.notebook.wait_for_kernel()
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        shown = self.page.evaluate(_ALL)
        return dict(zip(self.ids, map(Shown, shown), strict=True))

    def run(self, cell: str) -> Shown:
        """Run a cell, and return what it shows."""
        self.notebook.wait_for_kernel()
        return Shown(self.page.evaluate(_RUN, self.place(cell)))

    def write(self, cell: str, source: str) -> None:
        """Write a source into a cell."""
        self.page.evaluate(_WRITE, [self.place(cell), source])

    def insert(self, cell: str, source: str, *, after: str | None = None) -> str:
        """Insert a cell below another, or at the end, and return its id."""
        place = len(self.ids) if after is None else self.place(after) + 1
        self.page.evaluate(_INSERT, [place, cell, source])
        return cell

    def ask(self, code: str) -> Shown:
        """Run something in a cell of its own, the last of the notebook."""
        if "scratch" not in self.ids:
            self.insert("scratch", "")
        self.write("scratch", code)
        return self.run("scratch")

    def try_answer(self, number: str, source: str) -> Shown:
        """Write an answer into an exercise's cell, run it and the check, and return what that shows."""
        cell = cell_of(number)
        self.write(cell, source)
        assert self.run(cell).outputs == []
        return self.run(f"{cell}-check")

    def type(self, cell: str, source: str) -> None:
        """Put a source into a cell by the keyboard."""
        self.look_at(cell).locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        for number, line in enumerate(source.splitlines()):
            if number:
                self.page.keyboard.press("Enter")
                self.page.keyboard.press("Shift+Home")  # what the editor has indented by itself is typed over
            self.page.keyboard.type(line)
        self.page.wait_for_function(_IS_WRITTEN, arg=[self.place(cell), source.rstrip()])

    def press_run(self, *cells: str) -> None:
        """Run cells that follow one another, the first being edited, by Shift+Enter, and wait for what they show."""
        self.notebook.wait_for_kernel()
        for cell in cells:
            before = self.page.evaluate(_COUNT, self.place(cell))
            self.page.keyboard.press("Shift+Enter")
            self.page.wait_for_function(_HAS_RUN, arg=[self.place(cell), before])

    def shown(self, cell: str) -> Shown:
        """Return what a cell shows."""
        return Shown(self.page.evaluate(_ALL)[self.place(cell)])

    def restart(self) -> None:
        """Start another kernel, as the toolbar's button does when it was confirmed."""
        self.page.evaluate(f"async () => {{ {_PANEL} await panel.sessionContext.restartKernel(); }}")
        self.notebook.wait_for_kernel()

    def leave(self) -> None:
        """Save the notebook and end its kernel."""
        self.notebook.save()
        self.page.evaluate(f"async () => {{ {_PANEL} await panel.sessionContext.shutdown(); }}")

    def look_at(self, cell: str) -> "Locator":
        """Scroll to a cell, and return it as it is drawn, when its pictures are."""
        place = self.place(cell)
        self.page.evaluate(_SCROLL, place)
        drawn = self.page.locator(f".jp-NotebookPanel:visible .jp-Cell[data-windowed-list-index='{place}']")
        drawn.wait_for()
        self.page.wait_for_function(
            "cell => [...cell.querySelectorAll('img')].every(image => image.complete)", arg=drawn.element_handle()
        )
        return drawn

    def widths(self, cell: str) -> list[int]:
        """Return the widths of the pictures that a cell shows."""
        found: list[int] = (
            self.look_at(cell)
            .locator(".jp-OutputArea img")
            .evaluate_all("images => images.map(image => image.naturalWidth)")
        )
        return found

    def place(self, cell: str) -> int:
        """Return the place of a cell in the notebook, from 0."""
        return self.ids.index(cell)

    @property
    def ids(self) -> list[str]:
        """The ids of the cells, in their order."""
        ids: list[str] = self.page.evaluate(_IDS)
        return ids


def cell_of(number: str) -> str:
    """Return the id of an exercise's cell.

    >>> cell_of("1.2")
    'exercise-1-2'
    """
    return f"exercise-{number.replace('.', '-')}"


def complaints(window: Window) -> list[str]:
    """Return what the browser complained of that has to do with orderlab or with Python, not with JupyterLab alone."""
    return [said for said in window.complaints if re.search("orderlab|anywidget|a script said", said)]


@contextmanager
def workshop_lab(folder: Path) -> "Iterator[tuple[Lab, Window]]":
    """Copy the notebooks as `orderlab lab` does, open JupyterLab on them, and keep the progress beside them."""
    done("lab", "work", "--no-start", cwd=folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("ORDERLAB_WORKSHOP", str(folder / "progress.duckdb"))
        with chromium() as browser, jupyter_lab(folder) as lab:
            window = Window(browser, lab.url, viewport={"width": 1400, "height": 1000})
            window.page.set_default_timeout(_PATIENCE_MS)
            yield lab, window
