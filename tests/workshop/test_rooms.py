"""Every exercise of the workshop, held against its own starter, solution and wrong answers."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from orderlab.grading.exercise import Exercise, Wrong
from orderlab.grading.verdict import Result
from orderlab.workshop import exercises as package
from orderlab.workshop.contents import ROOMS

MOST_RUNS = 2_000
LONGEST_STARTER = 12
WIDEST_STARTER = 100

ROOMS_THERE = [room for room in ROOMS if (Path(package.__path__[0]) / room / "__init__.py").is_file()]


def exercises_of(room: str) -> tuple[Exercise, ...]:
    exercises: tuple[Exercise, ...] = import_module(f"{package.__name__}.{room}").EXERCISES
    return exercises


def every_wrong_answer() -> Iterator[tuple[Exercise, Wrong]]:
    for exercise in EXERCISES:
        for wrong in exercise.wrong:
            yield exercise, wrong


EXERCISES = [exercise for room in ROOMS_THERE for exercise in exercises_of(room)]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.number)
each_wrong_answer = pytest.mark.parametrize(
    ("exercise", "wrong"), [*every_wrong_answer()], ids=lambda each: getattr(each, "number", None) or each.mistake[:40]
)


@pytest.mark.parametrize("room", ROOMS_THERE)
def test_the_exercises_of_a_room_are_numbered_in_order(room: str) -> None:
    part = [*ROOMS].index(room) + 1

    numbers = [exercise.number for exercise in exercises_of(room)]

    assert numbers == [f"{part}.{number}" for number in range(1, len(numbers) + 1)]


@each_exercise
def test_a_starter_is_not_attempted(exercise: Exercise) -> None:
    assert exercise.judge(exercise.answer_in(exercise.starter)).result is Result.NOT_ATTEMPTED


@each_exercise
def test_a_solution_is_correct(exercise: Exercise) -> None:
    verdict = exercise.judge(exercise.answer_in(exercise.solution))

    assert verdict.is_correct, verdict


@each_wrong_answer
def test_a_wrong_answer_is_refused_with_a_run_that_really_shows_it(exercise: Exercise, wrong: Wrong) -> None:
    verdict = exercise.judge(exercise.answer_in(wrong.source))
    assert verdict.result is Result.INCORRECT

    on_that_run = replace(exercise, runs=lambda: [verdict.trace])

    assert on_that_run.judge(exercise.answer_in(wrong.source)).result is Result.INCORRECT
    assert on_that_run.judge(exercise.answer_in(exercise.solution)).is_correct


@each_wrong_answer
def test_the_run_that_is_shown_opens_as_a_timeline_and_as_a_picture(exercise: Exercise, wrong: Wrong) -> None:
    verdict = exercise.judge(exercise.answer_in(wrong.source))

    assert verdict.trace.to_timeline() is not None
    assert "<img " in verdict.trace._repr_html_()


@each_wrong_answer
def test_a_wrong_answer_is_told_alike_each_time_and_alike_on_all_machines(exercise: Exercise, wrong: Wrong) -> None:
    told, again = (str(exercise.judge(exercise.answer_in(wrong.source))) for _ in range(2))

    assert told == again
    assert " at 0x" not in told
    assert "…(" not in told


@each_wrong_answer
def test_a_wrong_answer_is_told_in_one_sentence_and_is_not_the_solution(exercise: Exercise, wrong: Wrong) -> None:
    assert wrong.mistake.endswith(".")
    assert wrong.source.strip() != exercise.solution.strip()


@each_exercise
def test_the_runs_are_few_and_the_shortest_come_first(exercise: Exercise) -> None:
    lengths = [len(run) for run in exercise.runs()]

    assert 0 < len(lengths) <= MOST_RUNS
    assert lengths == sorted(lengths)


@each_exercise
def test_a_starter_fits_a_cell_and_the_question_says_what_the_answer_is_called(exercise: Exercise) -> None:
    lines = exercise.starter.strip().splitlines()

    assert len(lines) <= LONGEST_STARTER
    assert max(map(len, lines)) <= WIDEST_STARTER
    assert exercise.answer in exercise.question
    assert "example" in exercise.question.lower()


@each_exercise
def test_the_hints_do_not_repeat_each_other_and_what_to_remember_is_a_sentence(exercise: Exercise) -> None:
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert exercise.remember.endswith(".")
