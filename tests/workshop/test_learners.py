from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from small_exercise import counting

from orderlab import workshop
from orderlab.core.errors import OrderlabError
from orderlab.core.log import StoredEvent
from orderlab.grading.verdict import Result
from orderlab.logfile import write_lines
from orderlab.workshop import contents, journal
from orderlab.workshop.contents import NoSuchExercise
from orderlab.workshop.learners import classroom
from orderlab.workshop.learning import LEARNING_CODEC, ExerciseAttempted, HintTaken, SolutionShown, TakeHint

NINE = datetime(2025, 1, 1, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def tried(number: str, result: Result, minutes: float, what: str = "", source: str = "") -> ExerciseAttempted:
    return ExerciseAttempted(number, result, what, source, at(minutes))


def handed_in(folder: Path, name: str, events: Sequence[Any], learner: str = "") -> Path:
    versions: dict[str, int] = {}
    learner = learner or str(folder / name)
    rows = []
    for position, event in enumerate(events, 1):
        encoded = LEARNING_CODEC.encode(event)
        stream = f"exercise-{event.number}"
        versions[stream] = versions.get(stream, 0) + 1
        place = (position, stream, versions[stream], uuid5(NAMESPACE_URL, f"{learner} {position}"))
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
    assert rows["1.2"] == (1, 1, 0, 2.0, 0.0, 1, 4.5)


def test_each_learner_says_where_they_are(folder: Path) -> None:
    rows = {row[0]: row[1:] for row in classroom(folder).learners.rows}
    of = rows["ada"][0].split(" of ")[1]
    assert rows["ada"] == (f"2 of {of}", 2, "", "", 3, 0, 6.0, at(6))
    assert rows["ben"][:6] == (f"0 of {of}", 1, "1.1", "", 2, 1)


def test_who_only_looked_at_a_solution_is_not_stuck_and_the_table_says_what_they_saw(folder: Path) -> None:
    room = classroom(folder)
    [eve] = [row for row in room.learners.as_dicts() if row["learner"] == "eve"]
    assert (eve["tried"], eve["stuck at"], eve["solution seen"]) == (1, "", "1.2")
    assert room.sentence.endswith(" is stuck at 1.1 (Count by folding). Solution seen, and nothing tried: eve (1.2).")


def test_a_break_does_not_count_as_work(folder: Path) -> None:
    [ben] = [row for row in classroom(folder).learners.rows if row[0] == "ben"]
    assert ben[7] == 11.0


def test_the_sentence_names_where_people_are_stuck_and_ties_as_such(folder: Path, tmp_path: Path) -> None:
    (folder / "eve.jsonl").unlink()
    handed_in(folder, "zoe.jsonl", [tried("1.2", Result.INCORRECT, 0)])
    assert classroom(folder).sentence == "3 learners; 1 of 3 is stuck at each of 1.1 and 1.2."
    handed_in(folder, "zac.jsonl", [tried("1.2", Result.INCORRECT, 0)])
    assert classroom(folder).sentence == "4 learners; 2 of 4 are stuck at 1.2 (The order after an event)."
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
    assert (row[0], row[6]) == ("me", 1)


def test_a_file_that_cannot_be_read_is_left_out_and_named(folder: Path) -> None:
    (folder / "stray.jsonl").write_text("my shopping list\n")
    (folder / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    (folder / "broken.duckdb").write_text("no database")
    (folder / "folder.jsonl").mkdir()
    handed_in(folder, "cut.jsonl", [HintTaken("1.1", 2, at(0))])
    room = classroom(folder)
    assert [row[0] for row in room.learners.rows] == ["ada", "ben", "eve"]
    assert [note.split(" is no learner's progress that can be read: ")[0] for note in room.notes] == [
        "broken.duckdb",
        "bytes.jsonl",
        "cut.jsonl",
        "folder.jsonl",
        "stray.jsonl",
    ]
    assert all(note.endswith("; it is left out.") for note in room.notes)
    assert all(note in str(room) for note in room.notes)
    assert "stray.jsonl" in room._repr_html_()


def test_where_no_file_can_be_read_it_is_a_sentence_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "orders.jsonl").write_text("{}\n")
    with pytest.raises(OrderlabError, match=r"orders\.jsonl is no learner's progress that can be read"):
        classroom(tmp_path / "orders.jsonl")
    with pytest.raises(OrderlabError, match=r"nobody\.duckdb is no learner's progress"):
        classroom([tmp_path / "orders.jsonl", tmp_path / "nobody.duckdb"])


def test_who_hands_in_twice_counts_once_with_the_longer_log(folder: Path) -> None:
    wrong = tried("2.1", Result.INCORRECT, 0)
    handed_in(folder, "zoe.jsonl", [wrong], "zoe")
    handed_in(folder, "zoe (1).jsonl", [wrong, HintTaken("2.1", 1, at(2))], "zoe")
    room = classroom(folder)
    assert [row[0] for row in room.learners.rows] == ["ada", "ben", "eve", "zoe"]
    assert room.learners.rows[-1][6] == 1
    assert room.notes == (
        "zoe.jsonl and zoe (1).jsonl are one learner: zoe (1).jsonl holds all of the other and more, and counts.",
    )


def test_a_log_and_what_was_exported_of_it_are_one_learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path / "in" / "ada.duckdb"))
    journal.record(TakeHint("1.1"))
    journal.export(tmp_path / "in" / "ada.jsonl")
    room = classroom(tmp_path / "in")
    assert [row[0] for row in room.learners.rows] == ["ada"]
    assert room.notes == ("ada.jsonl and ada.duckdb are one learner: they hold the same.",)


def test_two_who_have_done_nothing_are_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ada.duckdb", "ben.duckdb"):
        monkeypatch.setenv(journal.VARIABLE, str(tmp_path / name))
        assert journal.studies() == {}
    room = classroom(tmp_path)
    assert (room.sentence, room.notes) == ("2 learners; nobody is stuck.", ())


def test_a_file_that_is_named_twice_is_read_once(folder: Path) -> None:
    room = classroom([folder, folder / "ada.jsonl"])
    assert (len(room.learners), room.notes) == (3, ())


def test_an_empty_file_is_left_out_and_no_learner(folder: Path) -> None:
    (folder / "empty.jsonl").touch()
    (folder / "hollow.duckdb").touch()
    room = classroom(folder)
    assert [row[0] for row in room.learners.rows] == ["ada", "ben", "eve"]
    assert room.notes == ("empty.jsonl is empty; it is left out.", "hollow.duckdb is empty; it is left out.")
    with pytest.raises(OrderlabError, match=r"^empty\.jsonl is empty$"):
        classroom(folder / "empty.jsonl")


def test_learners_come_in_the_order_of_the_numbers_in_their_names(tmp_path: Path) -> None:
    names = [f"ada{number}.jsonl" for number in (10, 2, 1)]
    files = [handed_in(tmp_path / "in", name, [tried("1.1", Result.CORRECT, 0)]) for name in names]
    for given in (tmp_path / "in", files):
        assert [row[0] for row in classroom(given).learners.rows] == ["ada1", "ada2", "ada10"]


def test_what_several_wrote_alike_is_shown_once_and_what_those_wrote_who_are_stuck_first(tmp_path: Path) -> None:
    one, two = [tried("1.1", Result.INCORRECT, 0, f"it is {n}", f"x = {n}\n") for n in (1, 2)]
    again = tried("1.1", Result.INCORRECT, 1, "it is 1", "\nx = 1   ")
    right = tried("1.1", Result.CORRECT, 2, "", "x = 3")
    for name, events in {
        "ada10": [two, one],
        "ada9": [again],
        "ada1": [one, right],
        "ben": [tried("1.1", Result.INCORRECT, 0, "is it 4?", "x = 4"), right],
    }.items():
        handed_in(tmp_path / "in", f"{name}.jsonl", events)
    answers = classroom(tmp_path / "in").answers("1.1")
    assert answers.sentence == "1.1 (Count by folding): 7 answers of 4 learners, 5 wrong."
    assert str(answers).split("\n\n")[1:] == [
        "3 learners: ada1, ada9, ada10\nincorrect, 2 still stuck: it is 1.",
        "    x = 1",
        "1 learner: ada10\nincorrect, still stuck: it is 2.",
        "    x = 2",
        "1 learner: ben\nincorrect, solved since: is it 4?",
        "    x = 4",
        "2 learners: ada1, ben\ncorrect.",
        "    x = 3",
    ]
    assert answers._repr_html_().count("x = 1") == 1


def test_what_people_wrote_is_shown_wrong_answers_first(folder: Path) -> None:
    handed_in(
        folder,
        "zoe.jsonl",
        [
            tried("2.1", Result.NOT_ATTEMPTED, 0, "", "def f(): ..."),
            tried("2.1", Result.CORRECT, 1, "", "right = <1>\n"),
        ],
    )
    wrong = [tried("2.1", Result.INCORRECT, minute, "it is no tuple", "def f():\n    return 1\n") for minute in (0, 5)]
    handed_in(folder, "zzz.jsonl", wrong)
    answers = classroom(folder).answers("2.1")
    assert [(each.learner, each.result, each.at) for each in answers] == [
        ("zzz", "incorrect", at(5)),
        ("zoe", "correct", at(1)),
    ]
    assert answers.sentence == "2.1 (May it be shipped?): 2 answers of 2 learners, 1 wrong."
    assert str(answers).endswith(
        "1 learner: zzz\nincorrect, still stuck: it is no tuple.\n\n    def f():\n        return 1\n\n"
        "1 learner: zoe\ncorrect.\n\n    right = <1>"
    )
    assert "right = &lt;1&gt;" in answers._repr_html_()
    assert list(answers.frame.columns) == ["learner", "result", "what", "source", "at", "stuck"]
    assert repr(answers) == f"<Answers: {answers.sentence}>"


def test_what_nobody_answered_has_no_answers(folder: Path) -> None:
    answers = classroom(folder).answers(2.1)
    assert (len(answers), str(answers)) == (0, "Nobody has answered 2.1 (May it be shipped?).")
    assert "Nobody" in answers._repr_html_()


def test_answers_of_an_exercise_that_there_is_not_are_a_mistake(folder: Path) -> None:
    with pytest.raises(NoSuchExercise, match=r"^there is no exercise 9\.9: they go from 1\.1 to "):
        classroom(folder).answers(9.9)


def test_an_exercise_that_is_not_known_here_is_shown_as_added(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handed_in(folder, "zoe.jsonl", [tried("9.10", Result.CORRECT, 0), tried("9.9", Result.INCORRECT, 0)])
    room = classroom(folder)
    assert [row[:2] for row in room.exercises.rows[-2:]] == [
        ("9.9", "added by a learner"),
        ("9.10", "added by a learner"),
    ]
    assert room.learners.rows[-1][1:4] == ("0 of 31 and 1 added", 2, "9.9")
    assert room.answers("9.9").sentence == "9.9: 1 answer of 1 learner, 1 wrong."
    monkeypatch.setattr(contents, "_added", {})
    workshop.add(replace(counting, number="9.9", title="Mine"))
    assert classroom(folder).exercises.rows[-2][:2] == ("9.9", "Mine")


def test_an_empty_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OrderlabError, match="there is no learner's file"):
        classroom(tmp_path)
