import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
from commandline import environment
from small_exercise import counting

from orderlab import workshop
from orderlab.core.errors import OrderlabError
from orderlab.grading.answer import Written
from orderlab.grading.exercise import Exercise
from orderlab.grading.verdict import Result, Verdict
from orderlab.workshop import contents, desk, journal
from orderlab.workshop.contents import NoSuchExercise
from orderlab.workshop.learning import TakeHint
from orderlab.workshop.sheet import Overview, said


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the progress of a test in a file of its own, and let the workshop have one exercise of two."""
    file = tmp_path / "progress.duckdb"
    monkeypatch.setenv(journal.VARIABLE, str(file))
    monkeypatch.setattr(contents, "_of_rooms", lambda *rooms: iter([counting]))
    monkeypatch.setattr(contents, "_added", {"1.2": replace(counting, number="1.2", title="Count again")})
    monkeypatch.setattr(desk, "_hints_taken", {})
    return file


def check(source: str, number: str | float = "1.1") -> Verdict:
    return workshop.check(number, counting.answer_in(source), source=source)


def test_an_exercise_is_shown_with_its_question_its_starter_and_where_one_stands() -> None:
    page = workshop.show("1.1")
    assert page.startswith("### 1.1 Count\n\nWrite `counting(events)`")
    assert "```python\ndef counting(events):\n    return ...\n```" in page
    assert "*Part 1: Events and folding. You have not tried it yet; there are three hints.*" in page
    assert page._repr_markdown_() == repr(page) == page


def test_where_one_stands_follows_what_one_did() -> None:
    check(counting.wrong[0].source)
    workshop.hint("1.1")
    assert "Tried once, 1 of 3 hints taken, last time: counting gives 1, not 2.*" in workshop.show("1.1")
    check(counting.solution)
    assert "Tried twice, 1 of 3 hints taken, solved.*" in workshop.show("1.1")


def test_a_check_is_the_exercises_own_and_is_recorded() -> None:
    assert check(counting.starter).result is Result.NOT_ATTEMPTED
    assert check(counting.wrong[0].source).result is Result.INCORRECT
    assert check(counting.solution, 1.1) == Verdict("1.1", Result.CORRECT, said=counting.remember)
    study = journal.studies()["1.1"]
    assert (study.attempts, study.result, study.source) == (2, Result.CORRECT, counting.solution)


def test_the_source_of_a_function_is_found(tmp_path: Path) -> None:
    def mine(events: Any) -> int:
        return len(events)

    workshop.check("1.1", mine)
    assert journal.studies()["1.1"].source == "def mine(events: Any) -> int:\n    return len(events)\n"
    workshop.check("1.1", 7)
    assert journal.studies()["1.1"].source == "7"


def test_a_source_that_is_checked_is_what_is_recorded() -> None:
    assert workshop.check("1.1", Written("counting = (")).problem is not None
    assert journal.studies()["1.1"].source == "counting = ("


def test_a_source_with_nothing_in_it_is_not_attempted_and_not_recorded() -> None:
    for source in ("", "# 1.1 Count\n#\n"):
        verdict = workshop.check("1.1", Written(source))
        assert str(verdict) == "1.1 not attempted\n  Nothing is written yet but comments."
    assert journal.studies() == {}


def test_ctrl_c_during_a_check_says_that_nothing_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Verdict:
        raise KeyboardInterrupt

    monkeypatch.setattr(Exercise, "check", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"^Stopped; nothing was recorded\.$"):
        workshop.check("1.1", counting.answer_in(counting.solution))
    assert journal.studies() == {}


def test_what_was_solved_stays_so_whatever_is_answered_later() -> None:
    check(counting.solution)
    check(counting.wrong[0].source)
    progress = workshop.progress()
    [row] = progress.as_dicts()
    assert (row["last answer"], row["attempts"]) == ("incorrect", 2)
    assert row["solved"] is not None
    assert progress.sentence.startswith("1 of 2 exercises solved")


def test_hints_come_one_after_the_other_and_then_the_third_again() -> None:
    told = [workshop.hint("1.1") for _ in range(4)]
    assert [each.split("** ")[0][-11:] for each in told] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"]
    assert all(hint in each for hint, each in zip(counting.hints, told[:3], strict=True))
    assert told[3].startswith('All three hints were given, and this is the third again; `workshop.solution("1.1")`')
    assert "Hint 1 of 3" in workshop.hint("1.2")


def test_the_solution_says_that_it_is_recorded() -> None:
    told = workshop.solution("1.1")
    assert counting.solution.strip() in told
    assert "recorded" in told
    assert journal.studies()["1.1"].solution_shown


def test_a_reset_gives_the_starter_and_keeps_the_answer() -> None:
    check(counting.wrong[0].source)
    told = workshop.reset("1.1")
    assert counting.starter.strip() in told
    assert counting.wrong[0].source.strip() in told
    assert workshop.backup("1.1") == counting.wrong[0].source
    assert workshop.backup("1.2") == ""


def test_in_a_notebook_the_starter_comes_in_the_next_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shell:
        kernel = True
        cells: tuple[str, ...] = ()

        def set_next_input(self, text: str) -> None:
            self.cells = (*self.cells, text)

    shell = Shell()
    monkeypatch.setattr(desk, "shell_here", lambda: shell)
    assert "in the cell below" in workshop.reset("1.1")
    assert shell.cells == (counting.starter.strip(),)


def test_the_next_is_the_first_that_is_not_solved() -> None:
    assert workshop.next().startswith("### 1.1 ")
    check(counting.solution)
    assert workshop.next().startswith("### 1.2 ")
    check(counting.solution, "1.2")
    assert workshop.next().startswith("You have solved every exercise there is.")


def test_the_list_says_where_each_stands() -> None:
    check(counting.wrong[0].source)
    listed = workshop.list()
    assert listed.sentence == "0 of 2 exercises solved, 1 tried and not solved yet; the next is 1.1, Count."
    assert [row[::3] for row in listed.rows] == [("1.1", "tried"), ("1.2", "")]


def test_progress_is_a_table_and_a_sentence() -> None:
    check(counting.wrong[0].source)
    check(counting.solution)
    workshop.hint("1.1")
    workshop.solution("1.1")
    progress = workshop.progress()
    assert progress.sentence == "1 of 2 exercises solved; the next is 1.2, Count again."
    [row] = progress.rows
    assert row[:5] == ("1.1", "Count", "correct", 2, "1 + solution")
    assert row[5] < row[6]
    assert list(progress.frame["exercise"]) == ["1.1"]
    assert "Count" in progress._repr_html_()
    assert repr(progress) == f"<Overview: {progress.sentence}>"
    assert str(progress).splitlines()[2].startswith("exercise  title  last answer ")


def test_what_was_not_attempted_is_not_said_to_be_tried_at_any_time() -> None:
    check(counting.starter)
    workshop.hint("1.2")
    assert [(row["attempts"], row["first tried"]) for row in workshop.progress().as_dicts()] == [(0, None), (0, None)]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be changed here")
def test_times_are_those_of_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2025, 1, 1, 3, 30, tzinfo=UTC)
    shown = Overview("", ("solved",), ((moment,),))
    with monkeypatch.context() as there:
        there.setenv("TZ", "America/New_York")
        time.tzset()
        told = said(moment), str(shown).split("\n")[-1], shown._repr_html_()
    time.tzset()
    assert told[:2] == ("2024-12-31 22:30", "2024-12-31 22:30")
    assert "2024-12-31 22:30" in told[2]


def test_a_sentence_that_ends_with_a_question_has_no_other_mark() -> None:
    workshop.add(replace(counting, number="1.2", title="May it be counted?"))
    check(counting.solution)
    assert workshop.list().sentence == "1 of 2 exercises solved; the next is 1.2, May it be counted?"


def test_progress_is_exported_for_an_instructor(tmp_path: Path) -> None:
    check(counting.solution)
    assert workshop.export(tmp_path / "ada.jsonl") == tmp_path / "ada.jsonl"
    assert workshop.classroom(tmp_path / "ada.jsonl").learners.rows[0][:2] == ("ada", "1 of 2")


def test_what_was_added_in_another_session_is_in_the_progress_by_its_number() -> None:
    journal.record(TakeHint("8.1"))
    check(counting.solution)
    assert [row[:3] for row in workshop.progress().rows] == [("1.1", "Count", "correct"), ("8.1", "added", "none yet")]


def test_before_anything_was_done_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(OrderlabError, match=r"there is no progress yet, so .*ada\.jsonl was not written"):
        workshop.export(tmp_path / "ada.jsonl")
    assert not (tmp_path / "ada.jsonl").exists()


def test_in_a_notebook_a_mistake_is_its_sentence_and_no_traceback(kept: Path) -> None:
    source = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell()\n"
        "shell.run_cell('from orderlab import workshop')\n"
        "shell.run_cell('workshop.check(\"1.11\", 5)')\n"
        "shell.run_cell('workshop.export(\"ada.jsonl\")')\n"
        "shell.run_cell('workshop.classroom(\"nowhere.jsonl\")')\n"
    )
    env = {**environment(), journal.VARIABLE: str(kept), "IPYTHONDIR": str(kept.parent)}
    ran = run([sys.executable, "-c", source], env=env, cwd=kept.parent, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "there is no exercise 1.11: is it 1.1 or 1.4 or 1.3?",
        "there is no progress yet, so ada.jsonl was not written: check an answer first",
        "nowhere.jsonl is no learner's progress that can be read: nowhere.jsonl cannot be read: "
        "No such file or directory",
    ]


@pytest.mark.parametrize(
    "asked",
    [workshop.show, workshop.hint, workshop.solution, workshop.reset, workshop.backup, lambda n: workshop.check(n, 1)],
)
def test_an_unknown_number_is_a_sentence_that_proposes_others(asked: Callable[[str], Any]) -> None:
    with pytest.raises(NoSuchExercise, match=r"there is no exercise 1\.3: is it 1\.[12] or 1\.[12]\?"):
        asked("1.3")


def test_a_file_that_cannot_be_used_stops_nothing(kept: Path) -> None:
    kept.write_text("no database")
    verdict = check(counting.solution)
    assert verdict.is_correct
    assert verdict.note.startswith("This was not recorded in your progress: ")
    assert "is not a DuckDB file" in str(verdict)
    assert [workshop.hint("1.1")[:13] for _ in range(4)] == [f"**Hint {level} of 3" for level in (1, 2, 3, 3)]
    assert "was not recorded" in workshop.solution("1.1")
    assert counting.starter.strip() in workshop.reset("1.1")
    assert "Your progress cannot be read" in workshop.show("1.1")
    assert "Your progress cannot be read" in workshop.list().sentence
    assert "Your progress cannot be read" in workshop.progress().sentence
    assert workshop.next().startswith("### 1.1 ")
