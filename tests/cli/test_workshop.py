import json
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import pytest
from commandline import environment, orderlab
from small_exercise import counting
from typer.testing import CliRunner, Result

from orderlab.cli import app
from orderlab.cli.exercise_files import number_in, text_of
from orderlab.core.errors import OrderlabError
from orderlab.grading.exercise import Exercise
from orderlab.workshop import contents, journal

FILE = Path("orderlab-workshop") / "1.1.py"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own, with one exercise."""
    monkeypatch.setenv(journal.VARIABLE, str(tmp_path / "progress.duckdb"))
    monkeypatch.setattr(contents, "_of_rooms", lambda *rooms: iter([counting]))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def workshop(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["workshop", *arguments], env={"COLUMNS": "100"})


def check(source: str, *options: str) -> Result:
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(source)
    return workshop("check", str(FILE), *options)


def test_next_writes_a_file_with_the_question_and_the_starter() -> None:
    said = workshop("next")
    assert said.exit_code == 0
    assert "1.1 Count" in said.output
    assert said.output.endswith(f"Your file: {FILE}\nCheck it: orderlab workshop check 1.1\n")
    assert FILE.read_text() == (
        "# 1.1 Count\n#\n# Write `counting(events)`, which returns how many there are.\n#\n"
        "# Check it: orderlab workshop check 1.1\n\n"
        "def counting(events):\n    return ...\n"
    )


def test_next_with_a_number_writes_and_shows_that_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    later = replace(counting, number="2.3", title="Count later")
    monkeypatch.setattr(contents, "_of_rooms", lambda *rooms: iter([counting, later]))
    said = workshop("next", "2.3")
    assert said.exit_code == 0
    assert said.output.startswith("2.3 Count later\n\nWrite `counting(events)`")
    assert FILE.with_name("2.3.py").read_text() == text_of(later)
    assert not FILE.exists()
    said = workshop("next", "2.4")
    assert said.exit_code == 2
    assert "there is no exercise 2.4: is it 2.3?" in " ".join(said.output.split())


def test_next_never_writes_over_what_a_learner_wrote() -> None:
    workshop("next")
    FILE.write_text("# 1.1 mine")
    assert "left as it is" in workshop("next").output
    assert FILE.read_text() == "# 1.1 mine"


def test_next_says_so_when_progress_cannot_be_read(folder: Path) -> None:
    (folder / "progress.duckdb").write_text("no database")
    assert "Your progress cannot be read: " in " ".join(workshop("next").output.split())


def test_next_ends_when_all_is_solved() -> None:
    assert check(counting.solution).exit_code == 0
    assert workshop("next").output == "You have solved every exercise there is.\n"


def test_the_file_as_it_is_written_is_not_attempted() -> None:
    workshop("next")
    said = workshop("check", str(FILE))
    assert (said.exit_code, said.output.splitlines()[0]) == (2, "1.1 not attempted")


def test_a_right_answer_is_exit_code_0() -> None:
    said = check(counting.solution)
    assert (said.exit_code, said.output) == (0, "1.1 correct\n  A log is counted by its events.\n")


def test_a_wrong_answer_is_exit_code_1_and_shows_the_run() -> None:
    said = check(counting.wrong[0].source)
    assert said.exit_code == 1
    assert said.output.startswith("1.1 incorrect\n  counting gives 1, not 2.\n")
    assert "The shortest run that shows it, of 2 steps:" in said.output
    assert "TimeTravel" not in said.output


def test_a_syntax_error_is_its_line_and_a_caret() -> None:
    said = check("# 1.1\ndef counting(events):\n    return len(events\n")
    assert said.exit_code == 1
    assert "It is not Python yet: '(' was never closed." in said.output
    assert "  In line 3:\n      return len(events\n                ^\n" in said.output
    assert "Traceback" not in said.output


def test_a_number_stands_for_the_file_that_next_wrote(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = workshop("check", "1.1")
    assert said.exit_code == 2
    assert said.stderr == (
        f"orderlab: 1.1 has no file yet, neither {FILE} nor 1.1.py in {folder}: "
        "`orderlab workshop next 1.1` writes it, or go to the folder where yours is\n"
    )
    workshop("next", "1.1")
    assert workshop("check", "1.1").output.startswith("1.1 not attempted")
    check(counting.solution)
    assert workshop("check", "1.1").exit_code == 0
    monkeypatch.chdir(FILE.parent)
    assert workshop("check", "1.1").exit_code == 0
    assert "there is no exercise 1.7" in " ".join(workshop("check", "1.7").output.split())


def test_who_stands_in_the_workshops_folder_works_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    workshop("next")
    monkeypatch.chdir(FILE.parent)
    here = Path(FILE.name)
    here.unlink()
    assert workshop("next").output.endswith("\nYour file: 1.1.py\nCheck it: orderlab workshop check 1.1\n")
    assert not FILE.parent.exists()
    here.write_text(counting.solution)
    assert workshop("check", "1.1").exit_code == 0
    assert "What you wrote is kept: 1.1.kept-1.py" in workshop("reset", "1.1").output
    assert workshop("check", "1.1").output.startswith("1.1 not attempted")


def test_a_copy_that_was_once_made_below_the_workshops_folder_does_not_hide_what_is_in_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workshop("next")
    monkeypatch.chdir(FILE.parent)
    Path(FILE.name).write_text(counting.solution)
    FILE.parent.mkdir()
    FILE.write_text(counting.starter)
    assert workshop("check", "1.1").exit_code == 0


def test_a_name_and_a_first_line_that_contradict_each_other_are_told_and_nothing_is_recorded() -> None:
    said = check("# 1.2 Another\n" + counting.solution)
    assert said.exit_code == 2
    assert "is called 1.1, and its first line says 1.2: change one of them" in " ".join(said.output.split())
    assert journal.studies() == {}


@pytest.mark.parametrize("source", ["", "# 1.1 Count\n#\n# Write it.\n"])
def test_a_file_with_nothing_in_it_is_not_attempted(source: str) -> None:
    said = check(source)
    assert (said.exit_code, said.output) == (2, "1.1 not attempted\n  Nothing is written yet but comments.\n")


def test_a_misspelt_name_is_told_what_there_is() -> None:
    said = check(counting.solution.replace("counting", "countin"))
    assert "There is no counting in it, and counting is what the answer is called. There is countin." in said.output


def test_ctrl_c_says_that_nothing_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exercise, "check", partialmethod(_interrupted))
    said = check(counting.solution)
    assert (said.exit_code, said.output) == (130, "Stopped; nothing was recorded.\n")


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_traceback_is_there_for_who_asks() -> None:
    wrong = "def counting(events):\n    return events[7]\n"
    assert "--traceback shows all of what was raised" in check(wrong).output
    assert "IndexError: tuple index out of range\n" in check(wrong, "--traceback").output
    assert "Traceback (most recent call last)" in check(wrong, "--traceback").output
    assert "in line 2 of 1.1.py: return events[7]" in check(wrong).output.replace("In line", "in line")


def test_what_is_beside_the_file_can_be_imported() -> None:
    FILE.parent.mkdir()
    (FILE.parent / "beside.py").write_text("def count(events):\n    return len(events)\n")
    assert check("from beside import count as counting\n").exit_code == 0


def test_an_endless_loop_in_the_file_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exercise, "check", partialmethod(Exercise.check, seconds=0.2))
    said = check("while True:\n    pass\n")
    assert said.exit_code == 1
    assert "It does not come to an end: it was stopped after 0.2 s." in said.output


@pytest.mark.parametrize(
    ("name", "source", "number"),
    [
        ("1.1.py", "", "1.1"),
        ("2.10-second-try.py", "", "2.10"),
        ("mine.py", "# 1.1 Count\n", "1.1"),
        ("mine.py", "\ufeff#Exercise 3.2: x", "3.2"),
    ],
)
def test_a_file_says_which_exercise_it_answers(name: str, source: str, number: str) -> None:
    assert number_in(Path(name), source) == number


def test_a_file_that_does_not_say_so_is_told_how() -> None:
    with pytest.raises(OrderlabError, match=r"mine\.py does not say which exercise it answers: call it 2\.1\.py"):
        number_in(Path("mine.py"), "x = 1\n# 1.1")


def test_a_number_that_no_exercise_has_is_a_wrong_usage() -> None:
    for asked in (("hint", "1.7"), ("solution", "1.7"), ("reset", "1.7")):
        said = workshop(*asked)
        assert said.exit_code == 2
        assert said.stderr == "orderlab: there is no exercise 1.7: is it 1.1?\n"


def test_hints_and_the_solution_are_told_without_marks() -> None:
    assert workshop("hint", "1.1").output == "Hint 1 of 3 Think.\n"
    for _ in range(2):
        workshop("hint", "1.1")
    assert "`orderlab workshop solution 1.1` shows the solution." in " ".join(workshop("hint", "1.1").output.split())
    said = workshop("solution", "1.1").output
    assert "\ndef counting(events):\n    return len(events)\n" in said
    assert "```" not in said
    assert "**" not in said


def test_a_reset_brings_the_starter_back_and_keeps_what_was_written() -> None:
    workshop("next")
    FILE.write_text("mine")
    said = workshop("reset", "1.1").output
    assert FILE.read_text() == text_of(counting)
    assert FILE.with_name("1.1.kept-1.py").read_text() == "mine"
    assert "What you wrote is kept: orderlab-workshop/1.1.kept-1.py" in said
    FILE.write_text("mine again")
    workshop("reset", "1.1")
    assert FILE.with_name("1.1.kept-2.py").read_text() == "mine again"
    assert journal.studies()["1.1"].backup == "mine again"


def test_a_reset_of_what_was_not_touched_keeps_nothing() -> None:
    workshop("next")
    workshop("reset", "1.1")
    assert [each.name for each in FILE.parent.iterdir()] == ["1.1.py"]


def test_progress_and_the_list_are_tables_or_json() -> None:
    check(counting.wrong[0].source)
    assert "0 of 1 exercises solved, 1 tried and not solved yet; the next is 1.1, Count." in workshop("list").output
    assert "incorrect" in workshop("progress").output
    [row] = json.loads(workshop("progress", "--json").output)
    assert (row["exercise"], row["last answer"], row["attempts"]) == ("1.1", "incorrect", 1)
    assert json.loads(workshop("list", "--json").output)[0]["state"] == "tried"


def test_an_instructor_sees_many_learners(folder: Path) -> None:
    check(counting.wrong[0].source)
    assert workshop("export", "ada.jsonl").exit_code == 0
    said = workshop("classroom", "ada.jsonl").output
    assert "1 learner; 1 of 1 is stuck at 1.1 (Count)." in said
    assert "ada" in said
    rows = json.loads(workshop("classroom", str(folder / "ada.jsonl"), "--json").output)
    assert rows["learners"][0]["stuck at"] == "1.1"


def test_who_only_looked_at_the_solution_is_not_stuck() -> None:
    workshop("solution", "1.1")
    workshop("export", "ada.jsonl")
    said = workshop("classroom", "ada.jsonl").output
    assert said.startswith("1 learner; nobody is stuck. Solution seen, and nothing tried: ada (1.1).\n")
    [row] = json.loads(workshop("classroom", "ada.jsonl", "--json").output)["learners"]
    assert (row["stuck at"], row["solution seen"]) == ("", "1.1")


def test_an_instructor_sees_what_people_wrote(folder: Path) -> None:
    check(counting.wrong[0].source)
    workshop("export", "ada.jsonl")
    said = workshop("classroom", "ada.jsonl", "--answers", "1.1")
    assert (said.exit_code, said.output) == (
        0,
        "1.1 (Count): 1 answer of 1 learner, 1 wrong.\n\n"
        "1 learner: ada\nincorrect, still stuck: counting gives 1, not 2.\n\n"
        "    def counting(events):\n        return 1\n",
    )
    told = json.loads(workshop("classroom", "ada.jsonl", "--answers", "1.1", "--json").output)
    assert (told["answers"][0]["learner"], told["notes"]) == ("ada", [])
    said = workshop("classroom", "ada.jsonl", "--answers", "8.8")
    assert (said.exit_code, said.output) == (2, "orderlab: there is no exercise 8.8: they go from 1.1 to 1.1\n")


def test_one_bad_file_of_many_does_not_end_the_table(folder: Path) -> None:
    check(counting.wrong[0].source)
    workshop("export", "ada.jsonl")
    Path("stray.jsonl").write_text("a shopping list")
    said = workshop("classroom", ".")
    assert said.exit_code == 0
    assert said.output.startswith("stray.jsonl is no learner's progress that can be read")
    assert "1 of 2 is stuck" not in said.output
    assert "1.1 (Count)" in said.output
    assert workshop("classroom", "stray.jsonl").exit_code == 1


def test_export_writes_nothing_before_anything_was_done() -> None:
    said = workshop("export", "ada.jsonl")
    assert said.exit_code == 1
    assert "there is no progress yet" in str(said.exception)
    assert not Path("ada.jsonl").exists()


def test_as_a_real_process_it_ends_with_the_exit_code_and_no_traceback(folder: Path) -> None:
    (folder / "1.1.py").write_text("count_open = print(1) or 1/0\n")
    ran = orderlab("workshop", "check", "1.1.py", cwd=folder, env={"ORDERLAB_WORKSHOP": str(folder / "p.duckdb")})
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "Running it raises ZeroDivisionError: division by zero." in ran.stdout
    ran = orderlab("workshop", "check", "none.py", cwd=folder, env=environment())
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"orderlab: there is no none.py in {folder}\n"
