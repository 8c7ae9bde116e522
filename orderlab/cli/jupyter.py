"""Run JupyterLab on a folder until it is told to stop: on this machine only, and without asking anything outside.

It runs as a process of its own with the interpreter that runs orderlab, and so do its kernels, whatever kernels of the
same name are installed elsewhere. What is set for it is set for this run alone, and what its user has configured for
other servers (another root, address, token or certificate) is not read, for the link would lead nowhere.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from orderlab.cli.running_lab import HOST, RunningLab, answers
from orderlab.core.errors import OrderlabError

USUAL_PORT = 8888

_PACKAGE = Path(__file__).absolute().parents[1]

_OPTIONS = (
    f"--ip={HOST}",
    "--ServerApp.port_retries=0",
    "--ServerApp.answer_yes=True",  # to stop is to stop: whoever pressed Ctrl-C is not asked again
    "--ServerApp.log_level=ERROR",
    "--LabApp.log_level=ERROR",
    "--KernelManager.transport_encryption=auto",  # others on this machine cannot listen to what a kernel is told
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",  # the other one lists what PyPI has
)
_DEFAULTS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
"""Keeps JupyterLab from asking at the first start whether it may fetch news."""

_CONFIGURING = ("JUPYTER_CONFIG_PATH", "JUPYTER_NO_CONFIG")
"""Environment variables by which Jupyter would look for its configuration elsewhere."""

_LOOK_SECONDS = 0.1


def run_jupyterlab(
    folder: Path, notebook: str, *, port: int | None, browser: bool, started: Callable[[str], object]
) -> None:
    """Run JupyterLab until Ctrl-C or SIGTERM, and come back when it has shut down its kernels.

    Args:
        folder: The folder it shows.
        notebook: The notebook in it that is opened.
        port: Where it listens; None for the usual one or any that is free, 0 for any that is free.
        browser: Whether it opens a browser.
        started: Told the link to the notebook once it can be opened.

    Raises:
        OrderlabError: The port is taken, or JupyterLab cannot run; it has said itself why.
    """
    if find_spec("jupyterlab") is None:
        raise OrderlabError("JupyterLab is not installed: pip install jupyterlab")
    port, token = free_port(port), secrets.token_urlsafe(24)
    with TemporaryDirectory(prefix="orderlab-lab-") as settings, _until_told_to_stop() as stopping:
        environment = _environment(Path(settings), folder, token)
        root = ("--allow-root",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
        options = (*_OPTIONS, *root, f"--port={port}", *(() if browser else ("--no-browser",)))
        options += (f"--ServerApp.root_dir={folder.resolve()}", "--ServerApp.base_url=/")
        with subprocess.Popen(  # noqa: S603 - its arguments are ours and the notebook's name
            # -P: else a file of the folder that is named like a module, such as random.py, would be imported for it.
            [sys.executable, "-P", "-m", "jupyterlab", notebook, *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            # Else the terminal would interrupt it too, which it answers with a traceback while it is starting.
            process_group=None if sys.platform == "win32" else 0,
        ) as process:
            stopping(process)
            if _wait_until_it_answers(process, port):
                stopping.lab = RunningLab(f"http://{HOST}:{port}/", token)
                started(stopping.lab.link(notebook))
            code = process.wait()
            if code and not stopping.asked:
                raise OrderlabError(f"JupyterLab ended with exit code {code}")


def free_port(port: int | None) -> int:
    """Return a port on which nobody listens: the one that is asked for, or the usual one, or any.

    Raises:
        OrderlabError: Somebody listens on the one that is asked for.
    """
    for wanted in (port,) if port is not None else (USUAL_PORT, 0):
        try:
            with closing(socket.create_server((HOST, wanted))) as listening:
                return int(listening.getsockname()[1])
        except (OSError, OverflowError) as error:
            failed = error
    why = failed.strerror if isinstance(failed, OSError) else "a port is a number from 0 to 65535"
    raise OrderlabError(f"port {port} of {HOST} cannot be listened at ({why}): choose another with --port (0: any)")


def import_path(folder: Path) -> str:
    """Return the PYTHONPATH by which what is started in a folder imports this orderlab, wherever it was found.

    Its relative parts would lead elsewhere from there, and a checkout in which `python -m orderlab` is run is in none.
    """
    parts = [os.path.abspath(part) for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    found = subprocess.run(
        [sys.executable, "-P", "-c", "from importlib.util import find_spec; print(find_spec('orderlab').origin)"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(parts)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it complains where there is no other
        text=True,
        check=False,
    )
    is_this_one = found.stdout.strip() == str(_PACKAGE / "__init__.py")
    return os.pathsep.join(parts if is_this_one else [str(_PACKAGE.parent), *parts])


def _environment(settings: Path, folder: Path, token: str) -> dict[str, str]:
    """Return the environment for JupyterLab; what is set in it comes before whatever is installed or configured."""
    from ipykernel.kernelspec import write_kernel_spec  # noqa: PLC0415 - keeps `orderlab --help` quick
    from jupyter_core.paths import jupyter_config_dir  # noqa: PLC0415 - likewise

    write_kernel_spec(settings / "share" / "kernels" / "python3")  # it names this interpreter
    config = settings / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(_DEFAULTS), encoding="utf-8")
    (config / "migrated").touch()  # else the configuration of an IPython of long ago would be copied there
    usual = Path(jupyter_config_dir(), "lab")  # what is chosen in JupyterLab itself, such as its theme, is kept there
    kept = {"JUPYTERLAB_SETTINGS_DIR": usual / "user-settings", "JUPYTERLAB_WORKSPACES_DIR": usual / "workspaces"}
    inherited = {name: value for name, value in os.environ.items() if name not in _CONFIGURING}
    return {
        **{name: str(path) for name, path in kept.items()},
        **inherited,
        "JUPYTER_PATH": os.pathsep.join(filter(None, (str(settings / "share"), os.environ.get("JUPYTER_PATH")))),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_TOKEN": token,
        "PYTHONPATH": import_path(folder),
    }


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Return True once it takes connections, False if it ends before."""
    while process.poll() is None:
        if answers(port):
            return True
        try:
            process.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    return False


class _Stopping:
    """Passes on to a process that it should stop, also if that was said before there was one.

    Once it answers it is asked to, which it does without a word; a signal it would call a critical error, in red. Who
    asks again while it does so sends that signal.
    """

    def __init__(self) -> None:
        self.asked = False
        self._process: subprocess.Popen[bytes] | None = None
        self.lab: RunningLab | None = None

    def __call__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        if self.asked:
            process.terminate()

    def ask(self, number: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        # On Windows the console has told it as well, and terminating it would leave its kernels behind.
        if self._process is None or sys.platform == "win32":
            return
        if again or self.lab is None or not self.lab.shut_down():
            self._process.terminate()


@contextmanager
def _until_told_to_stop() -> Iterator[_Stopping]:
    stopping = _Stopping()
    signals = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
    before: dict[int, Any] = {each: signal.signal(each, stopping.ask) for each in signals}
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
