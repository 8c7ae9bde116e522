"""`orderlab lab`: the notebooks in a folder of one's own, in JupyterLab."""

import shlex
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from orderlab.cli.console import OUT, show_text
from orderlab.cli.jupyter import free_port, run_jupyterlab
from orderlab.cli.notebook_files import Standing, compare, settle, write
from orderlab.cli.running_lab import running_in
from orderlab.core.errors import OrderlabError

FOLDER = Path("orderlab-notebooks")

_NAMED = 3
"""How many files are named in one sentence; the others are counted."""


def lab(
    folder: Annotated[Path, typer.Argument(help="Where the notebooks are copied to.")] = FOLDER,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Write the files that differ anew, and keep yours beside them.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(help="The port of JupyterLab (8888, or any that is free); 0 for any.", show_default=False),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Open no browser; the link is printed.")] = False,
    no_start: Annotated[bool, typer.Option("--no-start", help="Copy the notebooks, and do no more.")] = False,
) -> None:
    """Copy the notebooks and small logs to a folder, once, and open the first in JupyterLab; no internet is needed.

    What you change there is yours: it is never written over without asking, and then kept beside the new version.
    Where JupyterLab runs in that folder already, it is that one that is opened.
    """
    if folder.is_file():
        raise typer.BadParameter(f"{folder} is a file: name a folder", param_hint="FOLDER")
    running = None if no_start else running_in(folder, port=port)
    if port is not None and running is None and not no_start:
        port = free_port(port)  # told before anything is copied
    try:
        first = _copy(folder, refresh=refresh)
    except OSError as error:
        what = f"{error.filename or folder} cannot be read or written: {error.strerror}"
        raise OrderlabError(f"{what}; name another folder, such as: orderlab lab my-notebooks") from error
    if running is not None:
        _open_running(running.link(first), browser=not no_browser)
    elif not no_start:
        run_jupyterlab(folder, first, port=port, browser=not no_browser, started=_tell_where)
        OUT.print("Stopped.")


def _copy(folder: Path, *, refresh: bool) -> str:
    """Bring the folder up to date as far as that is wanted, say what was done, and return the first notebook's name."""
    standings = compare(folder)
    new, same, older, changed, outdated = (
        [name for name, standing in standings.items() if standing is wanted]
        for wanted in (Standing.MISSING, Standing.SAME, Standing.OLDER, Standing.CHANGED, Standing.OUTDATED)
    )
    write(folder, new + older)
    settle(folder, same)
    show_text(f"Copied {_listed(new)} into {folder}." if new else f"The notebooks are in {folder}.")
    if older:
        show_text(f"A newer version replaces what you had not changed: {_listed(older)}.")
    if refresh:
        _renew(folder, changed + outdated)
    elif outdated and sys.stdin.isatty() and sys.stdout.isatty():
        if typer.confirm(f"{_listed(outdated)} came in a newer version. Write it, and keep yours beside it?"):
            _renew(folder, outdated)
        else:
            settle(folder, outdated)  # this version is not offered again
    elif outdated:
        again = shlex.join(["orderlab", "lab", *([] if folder == FOLDER else [str(folder)]), "--refresh"])
        show_text(
            f"{_listed(outdated)}: not as in this version of orderlab, and left as found. Written anew by: {again}"
        )
    if changed and not refresh:
        show_text(f"Changed since they were copied, and left so: {_listed(changed)}.")
    return next(name for name in standings if name.endswith(".ipynb"))


def _renew(folder: Path, names: Sequence[str]) -> None:
    backups = write(folder, names)
    for name in names:
        show_text(f"Written anew: {name}{f'; yours is now {backups[name]}' if name in backups else ''}.")


def _listed(names: Sequence[str]) -> str:
    """Name a few files, and count more than that."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    notebooks = sum(name.endswith(".ipynb") for name in names)
    counted = {"notebook": notebooks, "file of data": len(names) - notebooks}
    words = {"notebook": "notebooks", "file of data": "files of data"}
    return " and ".join(f"{count} {words[one] if count > 1 else one}" for one, count in counted.items() if count)


def _open_running(link: str, *, browser: bool) -> None:
    OUT.print(Text(f"JupyterLab runs in this folder already, at {link}", style="bold"), soft_wrap=True)
    show_text("It ends where it was started, by Ctrl-C. (For another one beside it: --port 0.)")
    if browser:
        webbrowser.open(link)


def _tell_where(link: str) -> None:
    OUT.print(Text(f"JupyterLab is at {link}", style="bold"), soft_wrap=True)
    show_text("Ctrl-C stops it.")
