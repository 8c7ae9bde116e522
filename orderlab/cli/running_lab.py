"""A JupyterLab that runs: where a notebook is in it, how it is found, and how it is told to end."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

HOST = "127.0.0.1"

_LOOK_SECONDS = 0.1

_LISTINGS = 5
"""How often the running servers are listed while that fails; then one more is started beside them."""

_SHUTDOWN_SECONDS = 10.0
"""How long it may take to end its kernels."""


@dataclass(frozen=True, slots=True)
class RunningLab:
    """A JupyterLab that answers.

    Args:
        url: Its address, with a slash at the end.
        token: What opens it; empty if it asks for a password, or for nothing.
    """

    url: str
    token: str

    def link(self, notebook: str) -> str:
        """Return the link to a notebook."""
        return f"{self.url}lab/tree/{quote(notebook)}{f'?token={self.token}' if self.token else ''}"

    def shut_down(self) -> bool:
        """Ask it to end its kernels and itself; return whether it does."""
        address = urlsplit(self.url)
        connection = HTTPConnection(address.netloc, timeout=_SHUTDOWN_SECONDS)
        try:
            connection.request("POST", f"{address.path}api/shutdown", headers={"Authorization": f"token {self.token}"})
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def running_in(folder: Path, *, port: int | None) -> RunningLab | None:
    """Return the JupyterLab of this user that shows a folder, if there is one.

    Args:
        folder: The folder, which need not be there.
        port: Where it must listen; None for anywhere.
    """
    if not folder.is_dir() or find_spec("jupyter_server") is None:
        return None
    for server in _running_servers():
        shows_it = not server.get("sock") and Path(server["root_dir"]).resolve() == folder.resolve()
        if shows_it and port in (None, server["port"]) and answers(server["port"]):
            return RunningLab(server["url"], server["token"])
    return None


def _running_servers() -> list[dict[str, Any]]:
    """Return what is known of the Jupyter servers of this user; nothing if that cannot be read.

    A server that ends while they are listed takes its entry away, which ends the listing too: it is begun anew.
    """
    from jupyter_server.serverapp import list_running_servers  # noqa: PLC0415 - it takes half a second to load

    for _ in range(_LISTINGS):
        with suppress(OSError):
            return [*list_running_servers()]
    return []


def answers(port: int) -> bool:
    """Return whether somebody takes connections at a port."""
    try:
        with socket.create_connection((HOST, port), timeout=_LOOK_SECONDS):
            return True
    except OSError:
        return False
