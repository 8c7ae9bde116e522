"""`orderlab lab`: what it copies, what it never writes over, and the JupyterLab that it runs."""

import hashlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from commandline import COMMAND, done, environment, orderlab
from lab_process import lab

from orderlab.cli import jupyter, notebook_files
from orderlab.cli.jupyter import import_path
from orderlab.cli.notebook_files import RECORD, Standing, bundled, bundled_files, compare, settle, write
from orderlab.cli.running_lab import RunningLab, running_in
from orderlab.core.errors import OrderlabError

FIRST, *_ = NOTEBOOKS = [name for name in bundled_files() if name.endswith(".ipynb")]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with two notebooks and a log in it."""
    inside = tmp_path / "site-packages" / "orderlab"
    for folder, name in (("notebooks", "00-one.ipynb"), ("notebooks", "01-two.ipynb"), ("data", "small.jsonl")):
        (inside / folder).mkdir(parents=True, exist_ok=True)
        (inside / folder / name).write_text(f"{name}, first version")
    monkeypatch.setattr(notebook_files, "_PACKAGE", inside)
    return inside


@pytest.fixture
def folder(tmp_path: Path, package: Path) -> Path:
    """A working folder into which everything was copied."""
    folder = tmp_path / "mine"
    write(folder, bundled_files())
    return folder


def release(package: Path, name: str = "notebooks/00-one.ipynb", version: str = "second") -> None:
    """Bring out another version of a file."""
    (package / name).write_text(f"{name}, {version} version")


def cell(source: str, execution_count: int | None = None, *outputs: str) -> dict[str, Any]:
    """Return a code cell, as it is saved."""
    shown = [{"output_type": "execute_result", "data": {"text/plain": each}} for each in outputs]
    ran = {"execution_count": execution_count, "outputs": shown, "metadata": {"trusted": True} if shown else {}}
    return {"cell_type": "code", "id": "one", "source": source.splitlines(keepends=True), **ran}


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# Where they are


def test_an_installed_package_has_them_inside(package: Path) -> None:
    (package.parent / "notebooks").mkdir()  # of some other package

    assert bundled("notebooks") == package / "notebooks"


def test_a_checkout_has_them_beside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(notebook_files, "_PACKAGE", tmp_path / "orderlab")

    assert bundled("data") == tmp_path / "data"


def test_an_installation_without_them_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_files, "_PACKAGE", tmp_path / "orderlab")

    with pytest.raises(OrderlabError, match="notebooks is missing"):
        bundled("notebooks")


def test_an_installation_with_an_empty_folder_is_told(package: Path) -> None:
    for path in (package / "notebooks").iterdir():
        path.unlink()

    with pytest.raises(OrderlabError, match="notebooks of this orderlab is empty"):
        bundled_files()


def test_the_notebooks_come_first_and_in_order(package: Path) -> None:
    assert [*bundled_files()] == ["00-one.ipynb", "01-two.ipynb", "data/small.jsonl"]


# What is copied, and what is left


def test_everything_is_copied_as_it_is(folder: Path) -> None:
    assert files_in(folder) == [RECORD, "00-one.ipynb", "01-two.ipynb", "data/small.jsonl"]
    assert all((folder / name).read_bytes() == path.read_bytes() for name, path in bundled_files().items())
    assert set(compare(folder).values()) == {Standing.SAME}


def test_a_folder_that_is_not_there_misses_everything(package: Path, tmp_path: Path) -> None:
    assert set(compare(tmp_path / "nowhere").values()) == {Standing.MISSING}


def test_what_its_owner_changed_is_no_older_version(folder: Path) -> None:
    (folder / "00-one.ipynb").write_text("mine")

    assert compare(folder)["00-one.ipynb"] is Standing.CHANGED


def test_a_new_version_of_what_was_changed_is_one_to_ask_about(folder: Path, package: Path) -> None:
    (folder / "00-one.ipynb").write_text("mine")
    release(package)

    assert compare(folder)["00-one.ipynb"] is Standing.OUTDATED


def test_a_new_version_of_what_nobody_changed_is_not(folder: Path, package: Path) -> None:
    release(package)

    assert compare(folder)["00-one.ipynb"] is Standing.OLDER


def test_to_run_a_notebook_is_not_to_change_it(folder: Path, package: Path) -> None:
    (package / "notebooks" / "00-one.ipynb").write_text(json.dumps({"cells": [cell("1 + 1")]}))
    write(folder, ["00-one.ipynb"])

    has_run = {"cells": [cell("1 + 1", 7, "2"), cell("", 8)], "metadata": {"widgets": {}, "kernelspec": {"name": "x"}}}
    (folder / "00-one.ipynb").write_text(json.dumps(has_run))

    assert compare(folder)["00-one.ipynb"] is Standing.SAME


@pytest.mark.parametrize("cells", [[("1 + 2", "code")], [("1 + 1", "markdown")], [("1 + 1", "code")] * 2, []])
def test_to_write_into_a_notebook_is_to_change_it(cells: list[tuple[str, str]], folder: Path, package: Path) -> None:
    (package / "notebooks" / "00-one.ipynb").write_text(json.dumps({"cells": [cell("1 + 1")]}))
    write(folder, ["00-one.ipynb"])

    mine = [{**cell(source), "cell_type": kind} for source, kind in cells]
    (folder / "00-one.ipynb").write_text(json.dumps({"cells": mine}))

    assert compare(folder)["00-one.ipynb"] is Standing.CHANGED


def test_a_version_that_was_declined_is_not_asked_about_again_and_the_next_one_is(folder: Path, package: Path) -> None:
    release(package)
    settle(folder, ["00-one.ipynb"])
    assert compare(folder)["00-one.ipynb"] is Standing.CHANGED

    release(package, version="third")

    assert compare(folder)["00-one.ipynb"] is Standing.OUTDATED


@pytest.mark.parametrize("spoilt", [None, "no JSON", "[]"])
def test_without_a_record_every_difference_is_asked_about(spoilt: str | None, folder: Path) -> None:
    (folder / "00-one.ipynb").write_text("mine")
    (folder / RECORD).unlink()
    if spoilt is not None:
        (folder / RECORD).write_text(spoilt)

    assert compare(folder)["00-one.ipynb"] is Standing.OUTDATED
    assert compare(folder)["01-two.ipynb"] is Standing.SAME


def test_what_was_changed_is_kept_under_the_next_free_number(folder: Path) -> None:
    for mine in ("once", "twice"):
        (folder / "00-one.ipynb").write_text(mine)
        write(folder, ["00-one.ipynb"])

    assert (folder / "00-one.ipynb").read_text() == "00-one.ipynb, first version"
    assert (folder / "yours-1-00-one.ipynb").read_text() == "once"
    assert (folder / "yours-2-00-one.ipynb").read_text() == "twice"


def test_a_backup_is_named_as_it_is_in_the_folder(folder: Path) -> None:
    (folder / "data" / "small.jsonl").write_text("mine")

    assert write(folder, ["data/small.jsonl", "00-one.ipynb"]) == {"data/small.jsonl": "data/yours-1-small.jsonl"}


def test_what_nobody_changed_needs_no_backup(folder: Path, package: Path) -> None:
    release(package)

    assert write(folder, ["00-one.ipynb"]) == {}
    assert (folder / "00-one.ipynb").read_text() == "notebooks/00-one.ipynb, second version"


def test_what_another_process_has_just_copied_needs_no_backup(folder: Path) -> None:
    (folder / RECORD).unlink()

    assert write(folder, bundled_files()) == {}
    assert files_in(folder) == [RECORD, "00-one.ipynb", "01-two.ipynb", "data/small.jsonl"]


# What it says


def test_it_copies_once_and_says_so(tmp_path: Path) -> None:
    said = done("lab", "--no-start", cwd=tmp_path)

    assert re.match(rf"Copied {len(NOTEBOOKS)} notebooks? and \d files of data into orderlab-notebooks\.\n$", said)
    assert files_in(tmp_path / "orderlab-notebooks") == sorted([RECORD, *bundled_files()])
    assert done("lab", "--no-start", cwd=tmp_path) == "The notebooks are in orderlab-notebooks.\n"


def test_what_was_changed_is_left_and_named(tmp_path: Path) -> None:
    done("lab", "mine", "--no-start", cwd=tmp_path)
    (tmp_path / "mine" / FIRST).write_text("mine")

    said = done("lab", "mine", "--no-start", cwd=tmp_path, columns=200)

    assert said == f"The notebooks are in mine.\nChanged since they were copied, and left so: {FIRST}.\n"
    assert (tmp_path / "mine" / FIRST).read_text() == "mine"


def test_what_is_missing_is_copied_again(tmp_path: Path) -> None:
    done("lab", "--no-start", cwd=tmp_path)
    (tmp_path / "orderlab-notebooks" / FIRST).unlink()

    assert done("lab", "--no-start", cwd=tmp_path) == f"Copied {FIRST} into orderlab-notebooks.\n"


def test_a_newer_version_is_not_written_where_nobody_can_be_asked(tmp_path: Path) -> None:
    (tmp_path / "my notebooks").mkdir()
    (tmp_path / "my notebooks" / FIRST).write_text("of an older orderlab")

    said = done("lab", "my notebooks", "--no-start", cwd=tmp_path, columns=200)

    assert "orderlab lab 'my notebooks' --refresh" in said
    assert FIRST in said
    assert (tmp_path / "my notebooks" / FIRST).read_text() == "of an older orderlab"


def test_a_newer_version_replaces_what_nobody_changed(tmp_path: Path) -> None:
    folder = tmp_path / "orderlab-notebooks"
    done("lab", "--no-start", cwd=tmp_path)
    (folder / FIRST).write_text("of an older orderlab")
    record = json.loads((folder / RECORD).read_text())
    digest = hashlib.sha256(b"of an older orderlab").hexdigest()
    (folder / RECORD).write_text(json.dumps({**record, FIRST: digest}))

    said = done("lab", "--no-start", cwd=tmp_path, columns=200)

    assert said.splitlines()[1:] == [f"A newer version replaces what you had not changed: {FIRST}."]
    assert (folder / FIRST).read_bytes() == bundled_files()[FIRST].read_bytes()
    assert not [*folder.glob("yours-*")]


def test_notebooks_that_were_only_run_are_left_alone(tmp_path: Path) -> None:
    done("lab", "--no-start", cwd=tmp_path)
    notebook = json.loads((tmp_path / "orderlab-notebooks" / FIRST).read_text())
    for each in notebook["cells"]:
        each["metadata"] = {"trusted": True}
    (tmp_path / "orderlab-notebooks" / FIRST).write_text(json.dumps(notebook))

    said = done("lab", "--no-start", "--refresh", cwd=tmp_path)

    assert said == "The notebooks are in orderlab-notebooks.\n"
    assert sorted(files_in(tmp_path / "orderlab-notebooks")) == sorted([RECORD, *bundled_files()])


def test_refreshed_they_are_new_and_what_was_there_is_beside_them(tmp_path: Path) -> None:
    done("lab", "--no-start", cwd=tmp_path)
    (tmp_path / "orderlab-notebooks" / FIRST).write_text("mine")

    said = done("lab", "--no-start", "--refresh", cwd=tmp_path, columns=200)

    backup = f"yours-1-{FIRST}"
    assert said.splitlines()[1:] == [f"Written anew: {FIRST}; yours is now {backup}."]
    assert (tmp_path / "orderlab-notebooks" / FIRST).read_bytes() == bundled_files()[FIRST].read_bytes()
    assert (tmp_path / "orderlab-notebooks" / backup).read_text() == "mine"


@pytest.mark.parametrize(("answer", "backups"), [("y", 1), ("n", 0), ("", 0)])
def test_on_a_terminal_it_asks_about_a_newer_version_once(answer: str, backups: int, tmp_path: Path) -> None:
    (tmp_path / "orderlab-notebooks").mkdir()
    (tmp_path / "orderlab-notebooks" / FIRST).write_text("of an older orderlab")

    said = on_a_terminal("lab", "--no-start", cwd=tmp_path, answer=answer)
    again = on_a_terminal("lab", "--no-start", cwd=tmp_path, answer=answer)

    assert "Write it, and keep yours beside it? [y/N]" in said
    assert "[y/N]" not in again
    assert len([*(tmp_path / "orderlab-notebooks").glob("yours-1-*.ipynb")]) == backups


def on_a_terminal(*arguments: str, cwd: Path, answer: str) -> str:
    """Run `orderlab` on a terminal, with what is typed there, and return what it said."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=environment(columns=200), stdin=its, stdout=its, stderr=its
    ) as process:
        os.close(its)
        os.write(ours, f"{answer}\n".encode())
        said = b""
        try:
            while piece := os.read(ours, 65_536):
                said += piece
        except OSError:  # which is how a terminal says that nobody is there any more
            pass
        os.close(ours)
        assert process.wait(60) == 0, said
    return said.decode()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["file"], 2, "file is a file: name a folder"),
        (["/dev/null/nowhere"], 1, "/dev/null/nowhere cannot be read or written: Not a directory; name another folder"),
        (["--port", "70000"], 1, "a port is a number from 0 to 65535"),
        (["--port", "many"], 2, "Invalid value for '--port'"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    ran = orderlab("lab", *arguments, cwd=tmp_path, columns=200)

    assert (ran.returncode, ran.stdout) == (code, "")
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr
    assert files_in(tmp_path) == ["file"]


def test_a_port_that_is_taken_is_told_before_anything_is_copied(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ran = orderlab("lab", "--port", str(port), cwd=tmp_path, columns=200)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert re.fullmatch(rf"orderlab: port {port} of 127.0.0.1 cannot be listened at \(.*\): choose .*\n", ran.stderr)
    assert files_in(tmp_path) == []


# The JupyterLab that it runs


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_opens_the_first_notebook_until_it_is_told_to_stop(by: int, tmp_path: Path) -> None:
    with lab(cwd=tmp_path) as running:
        assert running.link.path == f"/lab/tree/{FIRST}"
        assert running.get(running.link.path).status_code == 200
        assert running.get(f"/api/contents/{FIRST}").json()["name"] == FIRST
        assert httpx.get(running.link.copy_with(path="/api/contents", query=None), trust_env=False).status_code == 403

        said, logged = running.stop(by)

    assert said == "Stopped.\n"
    assert logged == ""
    with pytest.raises(httpx.ConnectError):
        running.get("/api")


def test_where_one_runs_already_that_one_is_opened(tmp_path: Path) -> None:
    with lab(cwd=tmp_path) as running:
        said = done("lab", "--no-browser", cwd=tmp_path, columns=200)

    assert said.splitlines()[1] == f"JupyterLab runs in this folder already, at {running.link}"


def test_one_that_is_asked_for_at_another_port_runs_beside_it(tmp_path: Path) -> None:
    with lab(cwd=tmp_path) as running, lab(cwd=tmp_path) as another:
        assert running.link.port != another.link.port


def test_one_that_runs_in_another_folder_is_left_alone(tmp_path: Path) -> None:
    with lab("mine", cwd=tmp_path):
        (tmp_path / "yours").mkdir()

        assert running_in(tmp_path / "yours", port=None) is None


def test_one_that_ends_while_they_are_listed_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listings = [FileNotFoundError("jpserver-1.json"), None]

    def listed() -> Iterator[dict[str, Any]]:
        if failure := listings.pop(0):
            raise failure
        yield {"url": f"http://127.0.0.1:{port}/", "port": port, "token": "t", "root_dir": str(tmp_path)}

    monkeypatch.setattr("jupyter_server.serverapp.list_running_servers", listed)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        assert running_in(tmp_path, port=None) == RunningLab(f"http://127.0.0.1:{port}/", "t")


def test_a_jupyterlab_that_cannot_start_is_told(tmp_path: Path) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(
        "import os, sys\nif 'jupyterlab' in sys.orig_argv:\n    os._exit(3)\n"
    )
    path = os.pathsep.join([str(tmp_path / "hook"), environment()["PYTHONPATH"]])

    ran = orderlab("lab", "--no-browser", "--port", "0", cwd=tmp_path, env={"PYTHONPATH": path})

    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == "orderlab: JupyterLab ended with exit code 3"


@pytest.mark.parametrize("name", ["jupyter_server_config.py", "jupyter_lab_config.py"])
def test_what_its_user_configured_for_other_servers_does_not_break_the_link(name: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / name).write_text(
        "c.ServerApp.root_dir = '/'\nc.ServerApp.base_url = '/elsewhere/'\nc.IdentityProvider.token = 'another'\n"
    )
    with lab(cwd=tmp_path) as running:
        assert httpx.get(running.link, trust_env=False, timeout=30).status_code == 200
        assert running.get(f"/api/contents/{FIRST}").status_code == 200


def test_files_named_like_modules_do_not_run_instead_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "orderlab-notebooks"
    folder.mkdir()
    for name in ("random.py", "jupyterlab.py"):
        (folder / name).write_text("raise SystemExit('imported')\n")
    with lab(cwd=tmp_path) as running:
        assert running.get(running.link.path).status_code == 200


def test_it_asks_no_address_outside_and_nobody_whether_it_may(tmp_path: Path) -> None:
    with lab(cwd=tmp_path) as running:
        page = running.get("/lab").text
        [config] = re.findall(r'<script id="jupyter-config-data" type="application/json">(.*?)</script>', page, re.S)
        schema = running.get("/lab/api/settings/@jupyterlab/apputils-extension:notification").json()["schema"]
        update = running.get("/lab/api/update").json()

    known: dict[str, Any] = json.loads(config)
    assert known["news"] == {"disabled": True}
    assert known["extensionManager"]["name"] == "read-only"
    assert update["notification"] is None
    assert schema["properties"]["fetchNews"]["default"] == "false"


def test_a_kernel_is_run_by_the_interpreter_that_runs_orderlab(tmp_path: Path) -> None:
    other = tmp_path / "other" / "kernels" / "python3"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text(json.dumps({"argv": ["another-python"], "display_name": "x", "language": "y"}))
    with lab(cwd=tmp_path, env={"JUPYTER_PATH": str(tmp_path / "other")}) as running:
        spec = running.get("/api/kernelspecs/python3").json()["spec"]

    assert spec["argv"][0] == sys.executable
    assert "ipykernel_launcher" in spec["argv"]


@pytest.mark.parametrize("python_path", ["", "checkout"])
def test_a_kernel_imports_the_orderlab_that_started_it(
    python_path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, folder = tmp_path / "checkout" / "orderlab", tmp_path / "mine"
    package.mkdir(parents=True)
    folder.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", python_path)
    monkeypatch.setattr(jupyter, "_PACKAGE", package)

    assert import_path(folder) == str(package.parent)


def test_a_kernel_that_finds_it_anyway_is_told_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found_at = environment()["PYTHONPATH"]
    path = os.pathsep.join([str(tmp_path), found_at])
    monkeypatch.setenv("PYTHONPATH", path)

    assert import_path(tmp_path) == path
