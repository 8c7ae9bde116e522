"""The notebooks are run from top to bottom: as delivered on two unlike machines, with right answers, and wrong ones."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from notebook_running import (
    ELSEWHERE,
    HERE,
    LESSONS,
    NOTEBOOKS,
    WORKSHOP,
    Ran,
    answers,
    exercises_of,
    run_notebooks,
    solutions_of,
    workshop_exercises,
)

from orderlab.cli.notebook_files import bundled_files, write

NAMES = [path.name for path in NOTEBOOKS]

RUNS: Mapping[str, dict[str, Any]] = {
    "delivered": {"machine": HERE},
    "elsewhere": {"machine": ELSEWHERE},
    "right": {"sources": answers("RIGHT")},
    "wrong": {"sources": answers("WRONG"), "past_assertions": True},
}

Runs = Mapping[str, Mapping[str, Ran]]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
each_of_the_workshop = pytest.mark.parametrize("path", WORKSHOP, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Every run of all notebooks, each in a working folder of its own, two at a time."""

    def run(which: str) -> dict[str, Ran]:
        write(folders[which], bundled_files())
        return run_notebooks(folders[which], NAMES, **RUNS[which])

    folders = {which: tmp_path_factory.mktemp(which) for which in RUNS}
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(RUNS, pool.map(run, RUNS), strict=True))


@each_notebook
def test_it_runs_without_an_error_or_a_warning(path: Path, runs: Runs) -> None:
    ran = runs["delivered"][path.name]

    assert ran.errors == {}
    assert ran.warned == ""
    assert ran.complaints == []


@each_notebook
def test_it_shows_the_same_on_another_machine_at_another_time(path: Path, runs: Runs) -> None:
    here, elsewhere = (runs[which][path.name].outputs for which in ("delivered", "elsewhere"))

    assert here == elsewhere
    assert any(here.values())


@each_notebook
def test_it_ends_what_it_started(path: Path, runs: Runs) -> None:
    assert runs["delivered"][path.name].left_running == []


@each_notebook
def test_it_draws(path: Path, runs: Runs) -> None:
    shown = [each for outputs in runs["delivered"][path.name].outputs.values() for each in outputs]

    assert any("<img " in each.get("text/html", "") for each in shown)


@each_lesson
def test_an_exercise_that_nobody_did_is_told_kindly(path: Path, runs: Runs) -> None:
    ran = runs["delivered"][path.name]

    assert {each: "Not attempted yet" in ran.printed(f"{each}-check") for each in exercises_of(path)} == dict.fromkeys(
        exercises_of(path), True
    )


@each_lesson
def test_a_right_answer_is_accepted(path: Path, runs: Runs) -> None:
    ran = runs["right"][path.name]

    assert ran.errors == {}
    assert [each for each in exercises_of(path) if "Not attempted yet" in ran.printed(f"{each}-check")] == []


@each_lesson
def test_a_wrong_answer_fails_its_check_alone_with_a_hint(path: Path, runs: Runs) -> None:
    errors, wrong = runs["wrong"][path.name].errors, solutions_of(path)["WRONG"]

    checks = [f"{each}-check {number}" for each in exercises_of(path) for number, _ in enumerate(wrong[each], start=1)]
    assert [*errors.items()][-1][1].startswith("AssertionError: "), errors
    assert [*errors] == checks
    for error in errors.values():
        assert error.startswith("AssertionError: ")
        assert len(error.removeprefix("AssertionError: ").split()) > 3
        assert "\n" not in error


def verdicts_in(ran: Ran) -> dict[str, str]:
    """Return the first line of what each check of the workshop said, by the id of its cell."""
    checks = [each for each in ran.outputs if each.removesuffix("-check") != each or "-check " in each]
    said = {each: [output["text/plain"] for output in ran.outputs[each] if "text/plain" in output] for each in checks}
    return {each: texts[0].splitlines()[0] for each, texts in said.items() if texts}


@each_of_the_workshop
def test_an_exercise_of_the_workshop_is_not_attempted_as_delivered(path: Path, runs: Runs) -> None:
    expected = {f"{cell}-check": f"{each.number} not attempted" for cell, each in workshop_exercises(path).items()}

    assert verdicts_in(runs["delivered"][path.name]) == expected


@each_of_the_workshop
def test_the_solutions_of_the_workshop_are_correct(path: Path, runs: Runs) -> None:
    expected = {f"{cell}-check": f"{each.number} correct" for cell, each in workshop_exercises(path).items()}

    assert runs["right"][path.name].errors == {}
    assert verdicts_in(runs["right"][path.name]) == expected


@each_of_the_workshop
def test_every_wrong_answer_to_the_workshop_is_incorrect(path: Path, runs: Runs) -> None:
    expected = {
        f"{cell}-check {number}": f"{each.number} incorrect"
        for cell, each in workshop_exercises(path).items()
        for number, _ in enumerate(each.wrong, start=1)
    }

    assert runs["wrong"][path.name].errors == {}
    assert verdicts_in(runs["wrong"][path.name]) == expected
