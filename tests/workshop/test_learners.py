from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from orderlab.core.errors import OrderlabError
from orderlab.core.log import StoredEvent
from orderlab.grading.verdict import Result
from orderlab.logfile import write_lines
from orderlab.workshop import journal
from orderlab.workshop.learners import classroom
from orderlab.workshop.learning import LEARNING_CODEC, ExerciseAttempted, HintTaken, SolutionShown, TakeHint

NINE = datetime(2025, 1, 1, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def tried(number: str, result: Result, minutes: float) -> ExerciseAttempted:
    return ExerciseAttempted(number, result, "", "", at(minutes))


def handed_in(folder: Path, name: str, events: Sequence[Any]) -> Path:
    versions: dict[str, int] = {}
    rows = []
    for position, event in enumerate(events, 1):
        encoded = LEARNING_CODEC.encode(event)
        stream = f"exercise-{event.number}"
        versions[stream] = versions.get(stream, 0) + 1
        place = (position, stream, versions[stream], UUID(int=position))
        rows.append(StoredEvent(*place, *encoded[:2], event.timestamp, None, None, "{}", encoded.payload))
    folder.mkdir(exist_ok=True)
    write_lines(rows, folder / name)
    return folder / name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with the files of three learners."""
    handed = tmp_path / "handed-in"
    wrong, right = Result.INCORRECT, Result.CORRECT
    handed_in(handed, "ada.jsonl", [tried("1.1", right, 0), tried("1.2", wrong, 4), tried("1.2", right, 6)])
    handed_in(handed, "ben.jsonl", [tried("1.1", wrong, 0), HintTaken("1.1", 1, at(1)), tried("1.1", wrong, 60)])
    handed_in(handed, "eve.jsonl", [tried("1.1", right, 0), SolutionShown("1.2", at(3))])
    (handed / "notes.txt").write_text("not a learner")
    return handed


def test_each_exercise_says_how_many_solved_it_and_how_many_are_stuck(folder: Path) -> None:
    rows = {row[0]: row[2:] for row in classroom(folder).exercises.rows}
    # tried, solved, stuck, attempts, hints, solution shown, minutes
    assert rows["1.1"] == (3, 2, 1, 1.0, 0.0, 0, 0.0)
    assert rows["1.2"] == (1, 1, 1, 2.0, 0.0, 1, 4.5)


def test_each_learner_says_where_they_are(folder: Path) -> None:
    rows = {row[0]: row[1:] for row in classroom(folder).learners.rows}
    of = rows["ada"][0].split(" of ")[1]
    assert rows["ada"] == (f"2 of {of}", 2, "", 3, 0, 6.0, at(6))
    assert rows["ben"][:5] == (f"0 of {of}", 1, "1.1", 2, 1)
    assert rows["eve"][2] == "1.2"


def test_a_break_does_not_count_as_work(folder: Path) -> None:
    [ben] = [row for row in classroom(folder).learners.rows if row[0] == "ben"]
    assert ben[6] == 11.0


def test_the_sentence_names_where_most_are_stuck(folder: Path, tmp_path: Path) -> None:
    handed_in(folder, "zoe.jsonl", [tried("1.2", Result.INCORRECT, 0)])
    assert classroom(folder).sentence.startswith("4 learners; most are stuck at 1.2, ")
    alone = handed_in(tmp_path / "alone", "ada.jsonl", [tried("1.1", Result.CORRECT, 0)])
    assert classroom(alone).sentence == "1 learner; nobody is stuck."


def test_it_shows_itself_and_is_a_frame(folder: Path) -> None:
    room = classroom(folder)
    assert list(room.frame["exercise"]) == ["1.1", "1.2"]
    assert list(room.learners.frame["learner"]) == ["ada", "ben", "eve"]
    assert "learner" in str(room)
    assert "<table>" in room._repr_html_()
    assert repr(room).startswith("<Classroom: 3 learners; ")


def test_files_may_be_named_one_by_one_and_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    files = [handed_in(tmp_path / group, "ada.jsonl", [tried("1.1", Result.CORRECT, 0)]) for group in ("one", "two")]
    assert [row[0] for row in classroom(files).learners.rows] == ["one/ada.jsonl", "two/ada.jsonl"]


def test_a_learners_own_log_is_read_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path / "me.duckdb"))
    journal.record(TakeHint("1.1"))
    [row] = classroom(tmp_path / "me.duckdb").learners.rows
    assert (row[0], row[5]) == ("me", 1)


def test_a_file_of_something_else_is_a_sentence_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "orders.jsonl").write_text("{}\n")
    with pytest.raises(OrderlabError, match=r"orders\.jsonl is no learner's progress that can be read"):
        classroom(tmp_path / "orders.jsonl")
    with pytest.raises(OrderlabError, match=r"nobody\.duckdb is no learner's progress"):
        classroom(tmp_path / "nobody.duckdb")


def test_an_empty_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OrderlabError, match="there is no learner's file"):
        classroom(tmp_path)
