import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from commandline import digest_of, environment, events_of, orderlab
from postgres_servers import PostgresServer
from typer.testing import CliRunner, Result

from orderlab.cli import app, copying

LOG = "duckdb:///desk.duckdb"


@pytest.fixture(scope="module")
def desk() -> Iterator[Path]:
    """A folder with a log."""
    with TemporaryDirectory() as name:
        run("simulate", "--seed", "3", "--orders", "200", "--to", f"duckdb:///{name}/desk.duckdb")
        yield Path(name)


@pytest.fixture
def folder(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own with that log."""
    (tmp_path / "desk.duckdb").write_bytes((desk / "desk.duckdb").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def copy(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["copy", *arguments], env={"COLUMNS": "100"})


def run(*arguments: str) -> str:
    """Run a command that has nothing to complain of, and return what it said."""
    said = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
    assert (said.exit_code, said.stderr) == (0, ""), said
    return said.stdout


def test_a_copy_says_how_many_events_and_which_digest_both_logs_have(folder: Path) -> None:
    said = run("copy", LOG, "duckdb:///copy.duckdb")
    again = json.loads(run("copy", LOG, "duckdb:///copy.duckdb", "--json"))
    count = len(events_of(folder / "desk.duckdb"))

    assert said.splitlines()[0] == "Both logs are the same"
    assert [line.split()[-1] for line in said.splitlines()[1:3]] == [str(count), str(count)]
    assert said.split()[-1] == again["digest"]
    assert again == {"events": count, "added": 0, "digest": again["digest"], "newer": 0}
    assert digest_of(folder / "copy.duckdb") == digest_of(folder / "desk.duckdb")


def test_each_stage_has_a_bar_in_place_of_the_one_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    @contextmanager
    def progress_of(what: str, total: int) -> Iterator[Callable[[int], None]]:
        seen.append(f"{what} of {total}")
        yield lambda done: None
        seen.append(f"{what} is done")

    run("copy", LOG, "duckdb:///copy.duckdb")
    monkeypatch.setattr(copying, "progress_of", progress_of)
    run("copy", LOG, "duckdb:///copy.duckdb")
    count = len(events_of(folder / "desk.duckdb"))

    assert seen == [f"Comparing of {count}", "Comparing is done", f"Verifying of {count}", "Verifying is done"]


# What is not asked rightly, and what cannot be done


def test_a_log_is_not_copied_to_itself(folder: Path) -> None:
    for other in (LOG, f"duckdb:///{folder}/desk.duckdb", "duckdb:///./desk.duckdb"):
        said = copy(LOG, other)

        assert said.exit_code == 2
        assert "TO is the log that FROM is" in said.output


def test_a_log_in_memory_is_nothing_to_copy_from_or_to(folder: Path) -> None:
    for arguments, name in ((("memory://", LOG), "FROM"), ((LOG, "memory://"), "TO")):
        said = copy(*arguments)

        assert said.exit_code == 2
        assert f"Invalid value for {name}: a log in memory is gone with its process: name one that stays" in said.output


def test_where_there_is_no_log_to_copy_none_is_made(folder: Path) -> None:
    said = copy("duckdb:///absent.duckdb", "duckdb:///copy.duckdb")

    assert str(said.exception) == f"there is no log at {folder / 'absent.duckdb'}"
    assert [path.name for path in folder.iterdir()] == ["desk.duckdb"]


def test_a_target_that_another_process_has_open_is_said_to_be(folder: Path) -> None:
    run("copy", LOG, "duckdb:///copy.duckdb")
    with duckdb.connect(str(folder / "copy.duckdb")):
        ran = orderlab("copy", LOG, "duckdb:///copy.duckdb", cwd=folder)

    assert ran.returncode == 1
    assert "copy.duckdb is open in another process" in ran.stderr
    assert f"process {os.getpid()}" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_another_log_is_left_as_it_is_and_the_position_named(folder: Path) -> None:
    run("simulate", "--seed", "4", "--orders", "2", "--to", "duckdb:///other.duckdb")
    before = digest_of(folder / "other.duckdb")
    said = copy(LOG, "duckdb:///other.duckdb")

    assert str(said.exception).startswith("the target holds another event than the source at position 1: ")
    assert digest_of(folder / "other.duckdb") == before


# Interrupted

INTERRUPTED = """
import os, signal, sys
from contextlib import contextmanager
from orderlab import logcopy
from orderlab.cli import copying, main

@contextmanager
def progress_of(what, total):
    yield lambda done: os.kill(os.getpid(), signal.SIGINT) if what == "Copying" and 100 <= done < total else None

copying.progress_of, logcopy._TOGETHER = progress_of, 50
sys.argv[0] = "orderlab"
main()
"""
"""The command line, with a user who presses Ctrl-C as soon as a hundred events are copied."""


def interrupted(target: str, folder: Path) -> None:
    """Begin a copy that is interrupted in the middle."""
    command = [sys.executable, "-c", INTERRUPTED, "copy", LOG, target]
    ran = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stdout) == (130, "")
    assert ran.stderr == (
        "orderlab: interrupted; the log is whole, and the same command goes on where this one stopped\n"
    )


def test_ctrl_c_leaves_a_beginning_and_the_same_command_completes_it(folder: Path) -> None:
    interrupted("duckdb:///copy.duckdb", folder)
    events, there = events_of(folder / "desk.duckdb"), events_of(folder / "copy.duckdb")
    completed = json.loads(run("copy", LOG, "duckdb:///copy.duckdb", "--json"))

    assert 100 <= len(there) < len(events)
    assert there == events[: len(there)]
    assert completed["added"] == len(events) - len(there)
    assert digest_of(folder / "copy.duckdb") == digest_of(folder / "desk.duckdb")


def test_a_log_that_was_interrupted_on_its_way_to_postgresql_comes_back_as_the_same_file(
    folder: Path, postgres: PostgresServer
) -> None:
    url = postgres.fresh_url()
    interrupted(url, folder)
    for source, target in ((LOG, url), (url, "duckdb:///back.duckdb")):
        assert copy(source, target).exit_code == 0
    for name in ("desk", "back"):
        run("export", f"duckdb:///{name}.duckdb", "--to", f"{name}.jsonl")

    assert (folder / "back.jsonl").read_bytes() == (folder / "desk.jsonl").read_bytes()
