"""Run notebooks from top to bottom, each in a fresh IPython shell, in this process; for `notebook_running`.

A program, not a module: it reads what to run from standard input as JSON, and writes a line of JSON for each notebook.
Nothing of a notebook is shown; all that it would show is in the answer.
"""

import asyncio
import gc
import io
import json
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from orderlab import system

_WIDGET = "application/vnd.jupyter.widget-view+json"
"""Holds a number that is drawn anew for each widget, and says no more than that there is one."""


class _Stream(io.TextIOBase):
    """Puts what is printed among the outputs; what comes together is one."""

    def __init__(self, name: str, outputs: list[dict[str, str]]) -> None:
        self._name, self._outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._outputs and self._name in self._outputs[-1]:
            self._outputs[-1][self._name] += text
        elif text:
            self._outputs.append({self._name: text})
        return len(text)


class _Shown:
    """Puts what is shown among the outputs: its texts by media type."""

    outputs: list[dict[str, str]]

    def keep(self, data: dict[str, Any]) -> None:
        texts = {kind: text if isinstance(text, str) else json.dumps(text) for kind, text in data.items()}
        self.outputs.append({**texts, **({_WIDGET: "a widget"} if _WIDGET in texts else {})})


class _Values(_Shown, DisplayHook):
    """Keeps the value of a cell's last line."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self.keep(format_dict)

    def start_displayhook(self) -> None:
        pass

    def finish_displayhook(self) -> None:
        pass


class _Displays(_Shown, DisplayPublisher):
    """Keeps what a cell displays."""

    def publish(self, data: dict[str, Any], *_: object, **__: object) -> None:
        self.keep(data)


def shift_time(days: int) -> None:
    """Have the world's clock, which is read in one module alone, be so many days fast."""
    by = timedelta(days=days)
    later = SimpleNamespace(now=lambda zone: datetime.now(zone) + by)
    vars(system).update(datetime=later, time_ns=lambda: time.time_ns() + by // timedelta(microseconds=1) * 1_000)


def new_shell(outputs: list[dict[str, str]]) -> InteractiveShell:
    """Return a shell that writes no history, and puts what is shown among the outputs."""
    InteractiveShell.clear_instance()
    _Shown.outputs = outputs
    shell: InteractiveShell = InteractiveShell.instance(
        config=Config({"HistoryManager": {"enabled": False}}),
        displayhook_class=_Values,
        display_pub_class=_Displays,
    )
    return shell


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Gather what goes wrong where nobody can be told, and make warnings errors."""
    gathered: list[str] = []
    before = sys.unraisablehook
    sys.unraisablehook = lambda found: gathered.append(f"{found.err_msg}: {found.exc_value!r} in {found.object!r}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            yield gathered
        finally:
            gc.collect()
            sys.unraisablehook = before


def what_is_run(cells: list[dict[str, Any]], sources: dict[str, str | list[str]]) -> Iterator[tuple[str, str]]:
    """Yield the id and the source of each cell that is run.

    A cell for which several sources are given is run with each, every time with the cell after it, and the two have the
    number of the source behind their ids.
    """
    code = iter([cell for cell in cells if cell["cell_type"] == "code"])
    for cell in code:
        source = sources.get(cell["id"], "".join(cell["source"]))
        if isinstance(source, str):
            yield cell["id"], source
            continue
        following = next(code)
        for number, each in enumerate(source, start=1):
            yield f"{cell['id']} {number}", each
            yield f"{following['id']} {number}", "".join(following["source"])


async def run(
    cells: list[dict[str, Any]], sources: dict[str, str | list[str]], *, past_assertions: bool
) -> dict[str, Any]:
    """Run a notebook, and return what each cell showed.

    Args:
        cells: Its cells.
        sources: By the id of a cell, what is run in its place; if that is several, one after the other.
        past_assertions: Go on after a cell whose assertion fails; any other error ends the run.
    """
    outputs: list[dict[str, str]] = []
    ran: list[dict[str, Any]] = []
    with complaints() as gathered:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: gathered.append(repr(context)))
        shell = new_shell(outputs)
        for cell_id, source in what_is_run(cells, sources):
            outputs.clear()
            with redirect_stdout(_Stream("stdout", outputs)), redirect_stderr(_Stream("stderr", outputs)):
                shell.showtraceback = lambda *_, **__: None  # type: ignore[method-assign] # the error is in the answer
                result = await shell.run_cell_async(source, transformed_cell=shell.transform_cell(source))  # type: ignore[no-untyped-call]
            error = result.error_before_exec or result.error_in_exec
            told = None if error is None else f"{type(error).__name__}: {error}"
            ran.append({"id": cell_id, "outputs": list(outputs), "error": told})
            if error is not None and not (past_assertions and isinstance(error, AssertionError)):
                break
        left = [repr(task) for task in asyncio.all_tasks() - {asyncio.current_task()}]
        left += [thread.name for thread in threading.enumerate() if thread.name.startswith("orderlab")]
        shell.reset()  # type: ignore[no-untyped-call]
    return {"cells": ran, "complaints": gathered, "left_running": left}


def main() -> None:
    """Run what standard input says."""
    asked, answers = json.load(sys.stdin), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a notebook's own processes print is no answer
    shift_time(asked["days"])
    for name in asked["notebooks"]:
        os.chdir(asked["folder"])
        started = time.perf_counter()
        cells = json.loads(Path(name).read_text(encoding="utf-8"))["cells"]
        sources = asked["sources"].get(name, {})
        result = asyncio.run(run(cells, sources, past_assertions=asked["past_assertions"]))
        told = {"notebook": name, **result, "seconds": time.perf_counter() - started}
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
