"""How every command speaks: help, exit codes, and one sentence for whatever goes wrong."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import duckdb
import pytest
from commandline import COMMAND, done, environment, orderlab, retail_row, widest, write_csv

SUBCOMMANDS = ("lab", "demo", "serve", "import", "simulate", "replay", "export", "copy", "workshop")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a log and with files that are none."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        done("simulate", "--seed", "3", "--orders", "20", "--to", "duckdb:///desk.duckdb", cwd=path)
        (path / "words.csv").write_text("a,b\n1,2\n", encoding="utf-8")
        (path / "words.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
        (path / "words.duckdb").write_text("this is no database", encoding="utf-8")
        (path / "folder.jsonl").mkdir()
        without_price = retail_row(1, 0)
        del without_price["UnitPrice"]
        write_csv(path / "without-price.csv", [without_price])
        yield path


# Help


@pytest.mark.parametrize(("subcommand", "columns"), [*((name, 60) for name in SUBCOMMANDS), ("import", 80)])
def test_the_help_of_every_command_has_an_example_and_fits(subcommand: str, columns: int, folder: Path) -> None:
    said = done(subcommand, "--help", cwd=folder, columns=columns)

    assert f"Example: orderlab {subcommand}" in said
    assert widest(said) <= columns


@pytest.mark.parametrize("columns", [80, 60])
def test_the_help_lists_every_command(columns: int, folder: Path) -> None:
    said = done("--help", cwd=folder, columns=columns)

    assert [line.split()[0] for line in said.partition("Commands:")[2].strip().splitlines()] == list(SUBCOMMANDS)
    assert widest(said) <= columns


@pytest.mark.parametrize("subcommand", ["import", "simulate", "replay", "export"])  # demo asks nothing; serve goes on
def test_the_example_of_every_command_is_a_valid_command(subcommand: str, tmp_path: Path) -> None:
    said = done(subcommand, "--help", cwd=tmp_path)
    _, *arguments = said.partition("Example: ")[2].split()
    ran = orderlab(*arguments, cwd=tmp_path)

    assert ran.returncode != 2, ran.stderr  # what it is about need not be there, but it is asked rightly


def test_orderlab_alone_shows_its_help(tmp_path: Path) -> None:
    ran = orderlab(cwd=tmp_path)

    assert ran.returncode == 2
    assert "Commands:" in ran.stdout + ran.stderr


# Failures that a person can mend: one sentence, and 1

LOG = "duckdb:///desk.duckdb"

CANNOT_BE_DONE = {
    "a URL that is none": (["replay", "desk.duckdb"], "'desk.duckdb' is no address of an event store"),
    "a URL of another kind": (["replay", "mysql://host/orders"], "there is no event store of kind 'mysql'"),
    "no log to replay": (["replay", "duckdb:///absent.duckdb"], "there is no log at "),
    "not a log": (["replay", "duckdb:///words.duckdb"], "is not a DuckDB file; it was left as it is"),
    "a folder as a log": (["replay", "duckdb:///folder.jsonl"], "is a folder; name a file in it"),
    "an order that is not there": (["replay", LOG, "--order", "order-9"], "there is no order order-9 in the log"),
    "no table to import": (["import", "absent.csv", "--to", "duckdb:///new.duckdb"], "absent.csv cannot be read"),
    "no lines to import": (["import", "absent.jsonl", "--to", "duckdb:///new.duckdb"], "absent.jsonl cannot be read"),
    "a table without a column": (
        ["import", "without-price.csv", "--to", "duckdb:///new.duckdb"],
        "without-price.csv has no column UnitPrice",
    ),
    "lines that are no log": (["import", "words.jsonl", "--to", "duckdb:///new.duckdb"], "words.jsonl, line 1: "),
    "a log in a folder that is not there": (
        ["simulate", "--orders", "1", "--to", "duckdb:///absent/new.duckdb"],
        "new.duckdb cannot be made: its folder does not exist",
    ),
    "no log to export": (["export", "duckdb:///absent.duckdb", "--to", "words.jsonl"], "there is no log at "),
    "lines where none can be written": (
        ["export", LOG, "--to", "absent/x.jsonl"],
        "absent/x.jsonl cannot be written: No such file or directory",
    ),
    "Parquet where none can be written": (
        ["export", LOG, "--to", "absent/x.parquet"],
        "absent/x.parquet cannot be written: No such file or directory",
    ),
}


@pytest.mark.parametrize(("arguments", "sentence"), CANNOT_BE_DONE.values(), ids=CANNOT_BE_DONE)
def test_what_cannot_be_done_is_said_in_one_sentence_and_leaves_nothing_behind(
    arguments: list[str], sentence: str, folder: Path
) -> None:
    before = {path.name: path.stat().st_size for path in folder.iterdir()}
    ran = orderlab(*arguments, cwd=folder)

    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.startswith("orderlab: ")
    assert ran.stderr.count("\n") == 1
    assert sentence in ran.stderr
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == before


def test_a_log_that_another_process_has_open_is_said_to_be(folder: Path) -> None:
    with duckdb.connect(str(folder / "desk.duckdb")):
        ran = orderlab("replay", LOG, cwd=folder)

    assert ran.returncode == 1
    assert f"process {os.getpid()}" in ran.stderr
    assert ran.stderr.count("\n") == 1


# Things not asked rightly: the usage and a sentence, and 2

NOT_ASKED_RIGHTLY = {
    "an unknown command": (["paint"], "No such command 'paint'"),
    "an unknown option": (["demo", "--loud"], "No such option: --loud"),
    "no target": (["simulate"], "--to"),
    "no orders": (["simulate", "--orders", "0", "--to", "duckdb:///new.duckdb"], "--orders"),
    "a moment that is none": (
        ["replay", LOG, "--until", "noon"],
        "'noon' is neither a position such as 1200 nor a time",
    ),
    "a negative position": (["replay", LOG, "--until", "-3"], "'-3' is neither a position"),
    "an unknown suffix": (["export", LOG, "--to", "desk.xlsx"], "desk.xlsx must end in .jsonl or .parquet"),
    "an unknown policy": (
        ["import", "words.csv", "--to", "duckdb:///new.duckdb", "--cancellations", "some"],
        "--cancellations",
    ),
    "a policy for a log": (
        ["import", "words.jsonl", "--to", "duckdb:///new.duckdb", "--cancellations", "any"],
        "--cancellations and --shipping-seed are for order data",
    ),
}


@pytest.mark.parametrize(("arguments", "sentence"), NOT_ASKED_RIGHTLY.values(), ids=NOT_ASKED_RIGHTLY)
def test_what_is_not_asked_rightly_is_shown_how_and_changes_nothing(
    arguments: list[str], sentence: str, folder: Path
) -> None:
    before = sorted(folder.iterdir())
    ran = orderlab(*arguments, cwd=folder, columns=200)

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "Usage: " in ran.stderr
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr
    assert sorted(folder.iterdir()) == before


# The output and its reader

TEXT, JSON = ["replay", LOG], ["replay", LOG, "--json"]


@pytest.mark.parametrize("arguments", [TEXT, JSON], ids=" ".join)
def test_a_reader_who_has_seen_enough_after_a_line_causes_no_complaint(arguments: list[str], folder: Path) -> None:
    talking = subprocess.Popen(
        [*COMMAND, *arguments], cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with subprocess.Popen(["head", "-1"], stdin=talking.stdout, stdout=subprocess.PIPE) as reader:
        assert talking.stdout is not None
        talking.stdout.close()  # now only `head` holds it
        line, _ = reader.communicate(timeout=60)
    _, complaint = talking.communicate(timeout=60)

    assert line.count(b"\n") == 1
    assert complaint == b""
    assert talking.returncode in (0, 1)  # 0 if all was said before the reader went


@pytest.mark.parametrize("arguments", [TEXT, JSON], ids=" ".join)
def test_a_reader_who_has_gone_before_the_first_line_causes_no_complaint(arguments: list[str], folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)

    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_is_said_in_one_sentence(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*COMMAND, *JSON], cwd=folder, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert ran.returncode == 1
    assert ran.stderr == b"orderlab: the output cannot be written: No space left on device\n"


def test_text_that_the_terminal_lacks_is_shown_by_its_numbers(tmp_path: Path) -> None:
    description = "漢字 HEART"
    write_csv(tmp_path / "names.csv", [retail_row(1, 0, Description=description)])
    done("import", "names.csv", "--to", "duckdb:///names.duckdb", cwd=tmp_path)
    story = ("replay", "duckdb:///names.duckdb", "--order", "1")
    poor = {"PYTHONIOENCODING": "ascii"}
    told, as_json = (orderlab(*story, *more, cwd=tmp_path, env=poor) for more in ([], ["--json"]))

    assert (told.returncode, as_json.returncode) == (0, 0)
    assert "\\u6f22\\u5b57" in told.stdout
    assert json.loads(as_json.stdout)["order"]["items"][0]["name"] == description


def test_the_version_is_told(tmp_path: Path) -> None:
    assert done("--version", cwd=tmp_path) == f"orderlab {version('orderlab')}\n"


# Passwords


@pytest.mark.parametrize("url", ["postgres:/lab:sesame@db/orders", "redis://lab:sesame@db/0", "a b?password=sesame"])
def test_no_password_of_an_address_is_repeated(url: str, tmp_path: Path) -> None:
    ran = orderlab("replay", url, cwd=tmp_path)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert "sesame" not in ran.stderr
