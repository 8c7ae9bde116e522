"""The whole workshop, done in a real JupyterLab: every wrong answer first, then the hints, then the solution."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from jupyter_lab import OpenNotebook
from notebook_running import WORKSHOP
from workshop_driving import Learner, Shown, cell_of, complaints, workshop_lab

from orderlab.grading.exercise import HINTS, Exercise
from orderlab.workshop.contents import exercises


class Day:
    """What a learner finds wrong with the workshop itself, and how long the checks took."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.seconds: list[float] = []

    def expect(self, where: str, expected: object, found: object) -> None:
        """Note what is not as it should be."""
        if found != expected:
            self.findings.append(f"{where}: {found!r} instead of {expected!r}")

    def check(self, learner: Learner, exercise: Exercise, source: str, result: str) -> Shown:
        """Try an answer, and note what is wrong with what is said to it."""
        began = time.monotonic()
        shown = learner.try_answer(exercise.number, source)
        self.seconds.append(time.monotonic() - began)
        self.expect(exercise.number, f"{exercise.number} {result}", shown.result)
        self.expect(f"{exercise.number} {result}", [], shown.complaints)
        return shown


def do(exercise: Exercise, learner: Learner, day: Day) -> None:
    """Do an exercise as one who learns: wrong in every way, with each hint, and at last rightly."""
    number = exercise.number
    for wrong in exercise.wrong:
        day.check(learner, exercise, wrong.source, "incorrect")
        widths = learner.widths(f"{cell_of(number)}-check")
        day.expect(f"{number}, the picture of: {wrong.mistake}", True, bool(widths) and min(widths) > 100)
    for level in range(1, HINTS + 1):
        hint = learner.ask(f'workshop.hint("{number}")')
        day.expect(number, f"**Hint {level} of {HINTS}** {exercise.hints[level - 1]}", hint.text.strip())
    day.expect(number, True, exercise.solution.strip() in learner.ask(f'workshop.solution("{number}")').text)
    right = day.check(learner, exercise, exercise.solution, "correct")
    day.expect(number, True, exercise.remember in right.text)


def do_in_another_order(part: Sequence[Exercise], learner: Learner, day: Day) -> None:
    """Begin again with another kernel and the last exercise, and go back to the first by a copy of its cell."""
    first, last = part[0], part[-1]
    learner.restart()
    learner.run("imports")
    day.check(learner, last, last.solution, "correct")
    copy = learner.insert("copy", first.wrong[0].source, after=f"{cell_of(last.number)}-check")
    for cell, result in ((copy, "incorrect"), (cell_of(first.number), "correct")):
        day.expect(f"{cell} of {first.number}", [], list(learner.run(cell).outputs))
        verdict = learner.run(f"{cell_of(first.number)}-check")
        day.expect(f"{first.number} by its {cell}", f"{first.number} {result}", verdict.result)


def do_notebook(notebook: OpenNotebook, part: Sequence[Exercise], day: Day) -> None:
    """Do a notebook's part of the workshop."""
    learner = Learner(notebook)
    for cell, shown in learner.run_all().items():
        day.expect(f"{notebook.name}, {cell}", [], shown.complaints)
        if cell.endswith("-check"):
            day.expect(f"{notebook.name}, {cell}", "not attempted", shown.result.partition(" ")[2])
    for exercise in part:
        do(exercise, learner, day)
    do_in_another_order(part, learner, day)
    told = learner.ask("workshop.progress()").text
    solved = sum(each.part <= part[0].part for each in exercises())
    day.expect(notebook.name, f"{solved} of {len(exercises())} exercises solved", told[: told.index(" solved") + 7])
    day.expect(notebook.name, 0, learner.page.locator(".jp-Dialog").count())
    learner.leave()


def parts() -> Iterator[tuple[str, list[Exercise]]]:
    """Give each notebook of the workshop with its exercises."""
    for path in WORKSHOP:
        yield path.name, [each for each in exercises() if each.part == int(path.name[:2]) - 9]


@pytest.mark.soak
def test_the_whole_workshop_is_done_with_wrong_answers_first(tmp_path: Path) -> None:
    day = Day()
    with workshop_lab(tmp_path) as (lab, window):
        for name, part in parts():
            began = time.monotonic()
            do_notebook(lab.open(window.page, name), part, day)
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
        day.findings += complaints(window)
    print(f"{len(day.seconds)} answers checked, the slowest in {max(day.seconds):.1f} s", end="; ")
    assert day.findings == []
