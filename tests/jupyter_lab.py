"""A real JupyterLab on loopback, and a notebook in it as a reader sees and drives it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from playwright.sync_api import Page

_TOKEN = "a-token-of-this-test-alone"
_PATIENCE_SECONDS = 60
_RUN = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"


def write_notebook(path: Path, cells: Sequence[str]) -> Path:
    """Write a notebook with code cells."""
    new: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    notebook = {
        "cells": [{**new, "id": f"cell-{number}", "source": cell} for number, cell in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook))
    return path


@contextmanager
def jupyter_lab(folder: Path) -> Iterator["Lab"]:
    """Run JupyterLab on a folder, with settings and history of its own; nothing of it asks for anything outside."""
    port = _free_port()
    work, environment = folder / "work", _environment(folder)
    work.mkdir(parents=True, exist_ok=True)
    settings = folder / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with (folder / "lab.log").open("w") as log:
        process = subprocess.Popen(_command(port, work), cwd=work, env=environment, stdout=log, stderr=log)
        try:
            lab = Lab(f"http://127.0.0.1:{port}", work, environment)
            lab.wait(process)
            yield lab
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE_SECONDS)


class Lab:
    """A running JupyterLab.

    Args:
        url: Its address.
        folder: Where its notebooks are.
        environment: The variables that it runs with, for other programs of Jupyter's.
    """

    def __init__(self, url: str, folder: Path, environment: dict[str, str]) -> None:
        self.url, self.folder, self.environment = url, folder, environment

    def wait(self, process: "subprocess.Popen[bytes]") -> None:
        """Wait until it answers."""
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end and process.poll() is None:
            try:
                httpx.get(f"{self.url}/api/status", headers=self._access).raise_for_status()
            except httpx.HTTPError:  # refused, or not found while it still loads
                time.sleep(0.1)  # there is nothing to wait for but an answer
            else:
                return
        raise AssertionError("JupyterLab does not start; its folder has its log")

    def open(self, page: "Page", name: str) -> "OpenNotebook":
        """Open a notebook of the folder in a page."""
        page.goto(f"{self.url}/lab/workspaces/auto-{Path(name).stem}/tree/{name}?token={_TOKEN}&reset")
        page.wait_for_selector(".jp-NotebookPanel:visible .jp-Cell", timeout=1_000 * _PATIENCE_SECONDS)
        return OpenNotebook(self, page, name)

    @property
    def _access(self) -> dict[str, str]:
        return {"Authorization": f"token {_TOKEN}"}


class OpenNotebook:
    """A notebook that is open in a page.

    Args:
        lab: Where.
        page: The page.
        name: The notebook's file.
    """

    def __init__(self, lab: Lab, page: "Page", name: str) -> None:
        self.lab, self.page, self.name = lab, page, name

    def run_all(self) -> None:
        """Start running all cells."""
        self.wait_for_kernel()
        self.page.evaluate(_RUN)

    def run_cell(self, index: int) -> None:
        """Start running one cell."""
        self.wait_for_kernel()
        self.page.evaluate(
            """(index) => {
              const notebook = window.jupyterapp.shell.currentWidget.content;
              notebook.deselectAll();
              notebook.activeCellIndex = index;
              window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            index,
        )

    def run(self, code: str) -> str:
        """Run code in the notebook's kernel, out of the cells, and return what it printed."""
        printed: str = self.page.evaluate(
            """async (code) => {
              const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
              const future = kernel.requestExecute({ code, store_history: false });
              let printed = "";
              future.onIOPub = ({ content }) => { printed += content.text ?? content.evalue ?? ""; };
              await future.done;
              return printed;
            }""",
            code,
        )
        return printed.strip()

    def start(self, code: str) -> None:
        """Start running code in the notebook's kernel, and do not wait for it."""
        self.page.evaluate(
            """(code) => {
              const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
              kernel.requestExecute({ code, store_history: false });
            }""",
            code,
        )

    @property
    def cells(self) -> list[str]:
        """The text of every cell, as the notebook's model has it."""
        texts: list[str] = self.page.evaluate(
            "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.sharedModel.source)"
        )
        return texts

    def save(self) -> dict[str, Any]:
        """Save the notebook and return what is in its file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        saved: dict[str, Any] = json.loads((self.lab.folder / self.name).read_text())
        return saved

    def wait_for_kernel(self) -> None:
        """Wait until the kernel is there and has nothing to do."""
        self.page.wait_for_function(
            """() => {
              const kernel = window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel;
              return kernel?.status === 'idle' && kernel.connectionStatus === 'connected';
            }""",
            timeout=1_000 * _PATIENCE_SECONDS,
        )


def _command(port: int, folder: Path) -> list[str]:
    return [
        sys.executable,
        *("-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"),
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={_TOKEN}",
        "--LabApp.expose_app_in_browser=True",
        "--ServerApp.use_redirect_file=False",
    ]


def _environment(folder: Path) -> dict[str, str]:
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    labs = ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
    places = {name: str(folder / name.lower()) for name in (*names, *labs)}
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent), **places}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
