"""Every exercise there is keeps what it promises: starters, solutions, wrong answers, and the runs that refute them."""

from dataclasses import replace

import pytest

from orderlab.grading.exercise import HINTS, WRONG, Exercise, Wrong
from orderlab.grading.verdict import Result
from orderlab.workshop.contents import ROOMS, exercises, place_of

EXERCISES = exercises()
WRONG_ANSWERS = [(each, wrong) for each in EXERCISES for wrong in each.wrong]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.number)
each_wrong_answer = pytest.mark.parametrize(
    ("exercise", "wrong"),
    WRONG_ANSWERS,
    ids=[f"{each.number}-{each.wrong.index(wrong) + 1}" for each, wrong in WRONG_ANSWERS],
)


def test_the_numbers_are_in_order_without_a_gap() -> None:
    by_part: dict[int, list[int]] = {}
    for each in EXERCISES:
        part, number = place_of(each)
        by_part.setdefault(part, []).append(number)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_part.values()), by_part
    assert set(by_part) <= set(range(1, len(ROOMS) + 1))


def test_no_title_is_used_twice() -> None:
    assert len({each.title for each in EXERCISES}) == len(EXERCISES)


@each_exercise
def test_it_has_three_hints_and_at_least_three_wrong_answers(exercise: Exercise) -> None:
    assert len(set(exercise.hints)) == HINTS
    assert len({wrong.source for wrong in exercise.wrong}) >= WRONG
    assert exercise.answer in exercise.question


@each_exercise
def test_the_starter_is_not_attempted(exercise: Exercise) -> None:
    assert exercise.judge(exercise.answer_in(exercise.starter)).result is Result.NOT_ATTEMPTED


@each_exercise
def test_the_solution_is_correct(exercise: Exercise) -> None:
    verdict = exercise.judge(exercise.answer_in(exercise.solution))
    assert verdict.result is Result.CORRECT, str(verdict)
    assert verdict.said == exercise.remember


@each_wrong_answer
def test_a_wrong_answer_is_refused_by_a_run_that_is_a_counterexample(exercise: Exercise, wrong: Wrong) -> None:
    verdict = exercise.judge(exercise.answer_in(wrong.source))
    assert verdict.result is Result.INCORRECT, wrong.mistake
    assert verdict.problem is not None
    assert verdict.problem.what
    assert verdict.problem.where
    assert verdict.trace is not None
    assert_shows(exercise, wrong.source, verdict.trace)
    assert exercise.examine(exercise.answer_in(exercise.solution), verdict.trace) is None


@each_wrong_answer
def test_what_is_said_of_a_wrong_answer_is_of_the_first_run_that_shows_it(exercise: Exercise, wrong: Wrong) -> None:
    first = next(run for run in exercise.runs() if shows(exercise, wrong.source, run))
    found = exercise.judge(exercise.answer_in(wrong.source)).problem
    only = replace(exercise, runs=lambda: [first]).judge(exercise.answer_in(wrong.source)).problem
    assert found is not None
    assert only is not None
    assert (found.what, found.where) == (only.what, only.where)


@each_exercise
def test_its_runs_come_shortest_first_and_are_the_same_each_time(exercise: Exercise) -> None:
    lengths = [len(run) for run in exercise.runs()]
    assert lengths == sorted(lengths)
    assert [run.commands for run in exercise.runs()] == [run.commands for run in exercise.runs()]


@each_exercise
def test_wrong_answers_that_were_judged_before_do_not_hurt_the_solution(exercise: Exercise) -> None:
    for wrong in exercise.wrong:
        exercise.judge(exercise.answer_in(wrong.source))
    assert exercise.judge(exercise.answer_in(exercise.solution)).is_correct


def test_in_the_judge_process_the_first_exercise_of_each_part_says_the_same() -> None:
    for exercise in {each.part: each for each in reversed(EXERCISES)}.values():
        wrong = exercise.answer_in(exercise.wrong[0].source)
        here, there = exercise.judge(wrong), exercise.check(wrong)
        assert (there.result, there.problem and there.problem.what) == (here.result, here.problem and here.problem.what)
        assert len(there.trace) == len(here.trace)
        assert exercise.check(exercise.answer_in(exercise.solution)).is_correct


def assert_shows(exercise: Exercise, source: str, run: object) -> None:
    assert shows(exercise, source, run), "the run that was shown does not show that the answer is wrong"


def shows(exercise: Exercise, source: str, run: object) -> bool:
    """Tell whether an answer goes wrong on a run: by what it gives, or by what it raises."""
    try:
        return exercise.examine(exercise.answer_in(source), run) is not None
    except Exception:  # noqa: BLE001 - an answer that raises is wrong, too
        return True
