"""Every exercise there is keeps what it promises: starters, solutions, wrong answers, and the runs that refute them."""

import re
from dataclasses import replace
from functools import cache

import pytest

from orderlab.exploration.mark import mark_of
from orderlab.grading.exercise import HINTS, WRONG, Exercise, Wrong
from orderlab.grading.verdict import Problem, Result, Verdict
from orderlab.workshop.contents import ROOMS, exercises, place_of

MOST_RUNS = 2_000
LONGEST_STARTER = 12
WIDEST_STARTER = 100

EXERCISES = exercises()
WRONG_ANSWERS = [(each, wrong) for each in EXERCISES for wrong in each.wrong]

each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.number)
each_wrong_answer = pytest.mark.parametrize(
    ("exercise", "wrong"),
    WRONG_ANSWERS,
    ids=[f"{each.number}-{each.wrong.index(wrong) + 1}" for each, wrong in WRONG_ANSWERS],
)


@cache
def told_of(number: str, source: str) -> Verdict:
    """Return what is said of an answer when it is judged for the first time."""
    [exercise] = [each for each in EXERCISES if each.number == number]
    return exercise.judge(exercise.answer_in(source))


def test_the_numbers_are_in_order_without_a_gap() -> None:
    by_part: dict[int, list[int]] = {}
    for each in EXERCISES:
        part, number = place_of(each)
        by_part.setdefault(part, []).append(number)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_part.values()), by_part
    assert set(by_part) == set(range(1, len(ROOMS) + 1))


def test_no_title_is_used_twice() -> None:
    assert len({each.title for each in EXERCISES}) == len(EXERCISES)


def test_no_two_answers_of_a_part_are_called_the_same_so_cells_of_a_notebook_run_in_any_order() -> None:
    called = [(each.part, each.answer) for each in EXERCISES]

    assert sorted(set(called)) == sorted(called)


@each_exercise
def test_it_has_three_hints_and_at_least_three_wrong_answers(exercise: Exercise) -> None:
    assert len(set(exercise.hints)) == HINTS
    assert len({wrong.source.strip() for wrong in exercise.wrong} - {exercise.solution.strip()}) >= WRONG


@each_exercise
def test_a_starter_fits_a_cell_and_the_question_says_what_the_answer_is_called(exercise: Exercise) -> None:
    lines = exercise.starter.strip().splitlines()
    assert len(lines) <= LONGEST_STARTER
    assert max(map(len, lines)) <= WIDEST_STARTER
    assert exercise.answer in exercise.question
    assert "example" in exercise.question.lower()


@each_exercise
def test_what_to_remember_and_what_is_mistaken_are_sentences(exercise: Exercise) -> None:
    assert all(told.endswith(".") for told in (exercise.remember, *(wrong.mistake for wrong in exercise.wrong)))


@each_exercise
def test_its_runs_are_few_come_shortest_first_and_are_the_same_each_time(exercise: Exercise) -> None:
    runs = tuple(exercise.runs())
    lengths = [len(run) for run in runs]
    assert 0 < len(lengths) <= MOST_RUNS
    assert lengths == sorted(lengths)
    assert [run.commands for run in runs] == [run.commands for run in exercise.runs()]


@each_exercise
def test_the_starter_is_not_attempted(exercise: Exercise) -> None:
    assert exercise.judge(exercise.answer_in(exercise.starter)).result is Result.NOT_ATTEMPTED


@each_wrong_answer
def test_a_wrong_answer_is_refused_by_a_run_that_is_a_counterexample(exercise: Exercise, wrong: Wrong) -> None:
    verdict = told_of(exercise.number, wrong.source)
    assert verdict.result is Result.INCORRECT, wrong.mistake
    assert verdict.problem is not None
    assert verdict.problem.what
    assert verdict.problem.where
    on_that_run = replace(exercise, runs=lambda: [verdict.trace])
    assert on_that_run.judge(exercise.answer_in(wrong.source)).result is Result.INCORRECT
    assert on_that_run.judge(exercise.answer_in(exercise.solution)).is_correct


@each_wrong_answer
def test_what_is_said_of_a_wrong_answer_is_of_the_first_run_that_shows_it(exercise: Exercise, wrong: Wrong) -> None:
    answer = exercise.answer_in(wrong.source)
    first = next(run for run in exercise.runs() if shows(exercise, answer, run))
    found = told_of(exercise.number, wrong.source).problem
    only = replace(exercise, runs=lambda: [first]).judge(exercise.answer_in(wrong.source)).problem
    assert found is not None
    assert only is not None
    assert (found.what, found.where) == (only.what, only.where)


@each_wrong_answer
def test_the_run_that_is_shown_opens_as_a_timeline_and_as_a_picture(exercise: Exercise, wrong: Wrong) -> None:
    trace = told_of(exercise.number, wrong.source).trace
    assert trace.to_timeline() is not None
    assert "<img " in trace._repr_html_()


@each_wrong_answer
def test_a_wrong_answer_is_told_alike_each_time_and_alike_on_all_machines(exercise: Exercise, wrong: Wrong) -> None:
    told = str(told_of(exercise.number, wrong.source))
    assert str(exercise.judge(exercise.answer_in(wrong.source))) == told
    assert " at 0x" not in told
    assert "…(" not in told


@each_exercise
def test_the_solution_is_correct_also_after_the_wrong_answers(exercise: Exercise) -> None:
    for wrong in exercise.wrong:
        told_of(exercise.number, wrong.source)
    verdict = exercise.judge(exercise.answer_in(exercise.solution))
    assert verdict.is_correct, str(verdict)
    assert verdict.said == exercise.remember


def test_in_the_judge_process_the_first_exercise_of_each_part_says_the_same() -> None:
    for exercise in {each.part: each for each in reversed(EXERCISES)}.values():
        wrong = exercise.answer_in(exercise.wrong[0].source)
        here, there = exercise.judge(wrong), exercise.check(wrong)
        assert (there.result, there.problem and there.problem.what) == (here.result, here.problem and here.problem.what)
        assert len(there.trace) == len(here.trace)
        assert exercise.check(exercise.answer_in(exercise.solution)).is_correct


def shows(exercise: Exercise, answer: object, run: object) -> bool:
    """Tell whether an answer goes wrong on a run: by what it gives, or by what it raises."""
    try:
        return exercise.examine(answer, run) is not None
    except Exception:  # noqa: BLE001 - an answer that raises is wrong, too
        return True


def problems_of(exercise: Exercise) -> list[Problem]:
    problems = [told_of(exercise.number, wrong.source).problem for wrong in exercise.wrong]
    return [each for each in problems if each is not None]


@each_exercise
def test_the_step_that_a_verdict_names_is_the_one_that_its_run_marks(exercise: Exercise) -> None:
    for problem in problems_of(exercise):
        named = re.match(r"(?:At step|Step) (\d+)", problem.where)
        if named is not None:
            # A run without a mark and without a title marks none, and one looks at its end.
            assert mark_of(problem.trace).step == int(named[1]), problem.where


@each_exercise
def test_the_mark_in_a_run_says_what_is_wrong_and_not_what_the_run_is_called(exercise: Exercise) -> None:
    for problem in problems_of(exercise):
        mark = mark_of(problem.trace)
        assert not (mark.step and mark.text) or mark.text != problem.trace.title
        assert problem.wanted is None or not mark_of(problem.wanted).text


@pytest.mark.parametrize("number", ["4.1", "4.2", "4.3", "4.4", "4.5", "5.2", "5.3", "5.4", "5.5"])
def test_what_happens_between_events_is_not_offered_as_a_log_to_be_played(number: str) -> None:
    [exercise] = [each for each in EXERCISES if each.number == number]

    assert not any("TimeTravel" in str(told_of(number, wrong.source)) for wrong in exercise.wrong)
