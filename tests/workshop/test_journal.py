import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from commandline import environment
from event_loop import in_event_loop
from postgres_servers import PostgresServer

from orderlab.core.errors import OrderlabError
from orderlab.grading.verdict import Result
from orderlab.logfile import read_lines
from orderlab.workshop import journal
from orderlab.workshop.learning import RecordAttempt, TakeHint


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the progress of a test in a file of its own."""
    file = tmp_path / "progress.duckdb"
    monkeypatch.setenv(journal.VARIABLE, str(file))
    return file


def test_what_is_recorded_is_there_at_the_next_start(kept: Path) -> None:
    outcome, study = journal.record(TakeHint("1.1"))
    assert len(outcome.events) == 1
    assert study is not None
    assert journal.studies() == {"1.1": study}
    assert kept.exists()


def test_before_the_first_thing_nothing_was_done() -> None:
    assert journal.studies() == {}


@in_event_loop
async def test_it_is_recorded_inside_a_running_event_loop_too() -> None:
    journal.record(TakeHint("1.1"))
    assert journal.studies()["1.1"].hints == 1


def test_threads_of_one_kernel_lose_nothing() -> None:
    threads = [threading.Thread(target=journal.record, args=(TakeHint(f"1.{n}"),)) for n in range(1, 6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(journal.studies()) == ["1.1", "1.2", "1.3", "1.4", "1.5"]


def test_several_processes_at_once_lose_nothing(kept: Path) -> None:
    source = (
        "import sys\nfrom orderlab.grading.verdict import Result\nfrom orderlab.workshop import journal\n"
        "from orderlab.workshop.learning import RecordAttempt\n"
        "for _ in range(5):\n    journal.record(RecordAttempt('1.1', Result.INCORRECT, sys.argv[1]))\n"
    )
    env = {**environment(), journal.VARIABLE: str(kept)}
    started = [subprocess.Popen([sys.executable, "-c", source, str(number)], env=env) for number in range(2)]
    for _ in range(5):
        journal.record(RecordAttempt("1.1", Result.INCORRECT, "here"))
    assert [each.wait(60) for each in started] == [0, 0]
    assert journal.studies()["1.1"].attempts == 15


def test_an_address_is_taken_as_well_as_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(journal.VARIABLE, f"duckdb:///{(tmp_path / 'other.duckdb').as_posix()}")
    journal.record(TakeHint("1.1"))
    assert (tmp_path / "other.duckdb").exists()


def test_learners_may_have_schemas_of_their_own_in_a_database(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in (1, 2):
        monkeypatch.setenv(journal.VARIABLE, postgres.fresh_url())
        assert journal.studies() == {}
        journal.record(TakeHint(f"1.{number}"))
    assert list(journal.studies()) == ["1.2"]
    assert journal.export(tmp_path / "progress.jsonl") == 1


def test_in_a_folder_it_is_a_file_and_folders_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path))
    assert journal.address().endswith("/workshop.duckdb")
    odd = tmp_path / "a" / "100% mine" / "ü.duckdb"
    monkeypatch.setenv(journal.VARIABLE, str(odd))
    journal.record(TakeHint("1.1"))
    assert odd.exists()


def test_without_a_word_it_is_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(journal.VARIABLE)
    monkeypatch.setattr(journal, "user_data_dir", lambda *names, **options: str(tmp_path / "data"))
    assert Path(journal.address().removeprefix("duckdb:///")) == tmp_path / "data" / "workshop.duckdb"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("memory://", "ORDERLAB_WORKSHOP=memory:// would keep nothing: name a file"),
        ("ftp://somewhere", "ORDERLAB_WORKSHOP names no file: name one"),
    ],
)
def test_what_could_keep_nothing_is_a_sentence(said: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(journal.VARIABLE, said)
    with pytest.raises(OrderlabError, match=sentence):
        journal.studies()


def test_a_file_that_is_no_log_is_a_sentence_and_left_as_it_is(kept: Path) -> None:
    kept.write_text("my diary, and nothing to do with databases")
    with pytest.raises(OrderlabError, match="is not a DuckDB file; it was left as it is"):
        journal.record(TakeHint("1.1"))
    assert kept.read_text().startswith("my diary")


def test_a_database_of_something_else_is_left_as_it_is(kept: Path) -> None:
    with duckdb.connect(str(kept)) as database:
        database.execute("CREATE TABLE birds (name TEXT)")
    with pytest.raises(OrderlabError, match="which is a database of something else"):
        journal.record(TakeHint("1.1"))
    with duckdb.connect(str(kept)) as database:
        assert database.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("birds",)]


def test_a_folder_that_cannot_be_made_is_a_sentence(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.write_text("a file, not a folder")
    monkeypatch.setenv(journal.VARIABLE, str(kept / "in" / "it.duckdb"))
    with pytest.raises(OrderlabError, match=r"progress cannot be kept in .*progress\.duckdb"):
        journal.studies()


def test_a_file_that_another_holds_for_long_is_a_sentence(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_PATIENCE", 0.1)
    journal.record(TakeHint("1.1"))
    source = "import duckdb, sys\nheld = duckdb.connect(sys.argv[1])\nprint('held', flush=True)\nsys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", source, str(kept)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(OrderlabError, match="is open in another process"):
            journal.record(TakeHint("1.1"))
        holder.communicate("")
    assert journal.record(TakeHint("1.1"))[0].events


def test_it_is_exported_as_any_log_is(tmp_path: Path) -> None:
    journal.record(TakeHint("1.1"))
    journal.record(RecordAttempt("1.2", Result.CORRECT))
    assert journal.export(tmp_path / "ada.jsonl") == 2
    assert [row.event_type for row in read_lines(tmp_path / "ada.jsonl")] == ["HintTaken", "ExerciseAttempted"]
