from dataclasses import replace
from pickle import dumps
from typing import Any

import pytest
from small_exercise import counting, right

from orderlab.exploration.trace import Trace
from orderlab.grading.answer import Written
from orderlab.grading.exercise import Exercise
from orderlab.grading.verdict import Problem, Result, Verdict

LATER = "counting is `async def`, and should be `def`: what it gives is wanted at once"


def judged(source: str, exercise: Exercise = counting) -> Verdict:
    return exercise.judge(exercise.answer_in(source))


def problem_of(source: str, exercise: Exercise = counting) -> Problem:
    verdict = judged(source, exercise)
    assert verdict.result is Result.INCORRECT
    assert verdict.problem is not None
    return verdict.problem


def test_a_right_answer_is_correct_and_says_what_to_remember() -> None:
    assert judged(counting.solution) == Verdict("1.1", Result.CORRECT, said=counting.remember)


@pytest.mark.parametrize(
    "source",
    [
        counting.starter,
        'def counting(events):\n    """Count."""\n\n    return ...  # what goes here?\n',
        "counting = ...",
        "def counting(events):\n    raise NotImplementedError",
        "def counting(events):\n    raise NotImplementedError('later')",
        "def counting(whatever, they, are):\n    return ...",
        right("raise NotImplementedError"),
        "def counting(events):\n    return len(events) if len(events) < 2 else helped(events)\n\n\n"
        "def helped(events):\n    raise NotImplementedError",
    ],
)
def test_what_was_not_written_yet_is_not_attempted(source: str) -> None:
    assert judged(source).result is Result.NOT_ATTEMPTED


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (counting.starter, "counting is as it was given: write your answer, and check it again"),
        ("counting = [1, ...]", "counting has a `...` left where your answer goes"),
        (right("raise NotImplementedError"), "counting says itself that it is not done: it raises NotImplementedError"),
    ],
)
def test_why_it_is_not_attempted_is_said(source: str, said: str) -> None:
    assert judged(source).said == said


def test_a_wrong_answer_is_refused_by_the_shortest_run_that_shows_it() -> None:
    one, two = problem_of(counting.wrong[1].source), problem_of(counting.wrong[0].source)
    assert (one.what, len(one.trace)) == ("counting gives 0, not 1", 1)
    assert (two.what, len(two.trace)) == ("counting gives 1, not 2", 2)


def test_what_an_answer_raises_is_told_with_its_line_and_no_traceback() -> None:
    verdict = judged("def counting(events):\n    seen = []\n    return seen[3]\n")
    assert verdict.problem is not None
    assert verdict.problem.what == "counting raises IndexError: list index out of range"
    assert verdict.problem.where == "in line 3: return seen[3]"
    assert len(verdict.trace) == 1
    assert "Traceback" not in str(verdict)
    assert verdict.traceback().endswith("IndexError: list index out of range\n")
    assert "judging.py" not in verdict.traceback()


def test_the_line_is_the_learners_own_also_when_a_library_raises() -> None:
    assert problem_of(right("import json\njson.loads('{')")).where == "in line 3: json.loads('{')"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (
            "raise 7",
            "counting raises TypeError: exceptions must derive from BaseException; a refusal is returned, not raised",
        ),
        (
            "from orderlab import OrderItem\nOrderItem('mug', 'Mug', 1, 950).quantity = 2",
            "counting raises FrozenInstanceError: cannot assign to field 'quantity'; a value stays as it is, and "
            "`replace(value, …)` of dataclasses makes another",
        ),
        (
            "raise TypeError('decide must return a tuple of events or one rejection, not 7')",
            "counting raises TypeError: decide must return a tuple of events or one rejection, not 7; "
            "a tuple of one has a comma: `(event,)`",
        ),
    ],
)
def test_a_mistake_that_many_make_is_told_with_what_to_do(body: str, what: str) -> None:
    assert problem_of(right(body)).what == what


def test_what_only_the_check_stumbles_over_is_told_as_what_the_answer_gives() -> None:
    strict = replace(counting, examine=lambda answer, trace: answer(trace.events).bit_length() and None)
    problem = problem_of("def counting(events):\n    return 'many'\n", strict)
    assert problem.what.startswith("what counting gives cannot be used: AttributeError")


def test_what_cannot_be_copied_is_told_so() -> None:
    def copies(answer: Any, trace: Trace) -> None:
        dumps(answer.__globals__["lock"])

    problem = problem_of(
        "import threading\nlock = threading.Lock()\n" + counting.solution, replace(counting, examine=copies)
    )
    assert problem.what.startswith("counting uses something that cannot be copied, and the check begins anew")


def test_a_class_is_told_what_it_lacks_and_an_object_is_told_to_be_none() -> None:
    shop = replace(
        counting,
        solution="class counting:\n    spent = 1\n",
        starter="class counting: ...\n",
        examine=lambda answer, trace: answer().spent and None,
    )
    assert problem_of("class counting:\n    paid = 1", shop).what == "counting has no `spent`"
    found = problem_of("class Shop:\n    spent = 1\ncounting = Shop()", shop)
    assert (found.what, found.where) == (
        "counting must be a class, and it is an object of one",
        "leave out the `()` after the class",
    )


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("import sys\nsys.exit()", "counting ends the program, and should return its answer instead"),
        ("return counting(events)", "counting calls itself without end"),
        ("raise MemoryError", "counting uses more memory than an answer is given"),
    ],
)
def test_what_ends_a_program_is_told_in_a_sentence_of_its_own(body: str, what: str) -> None:
    assert problem_of(right(body)).what == what


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("class counting: pass", "counting must be a function, and it is a class"),
        ("counting = 3", "counting must be a function, and it is a number"),
        ("counting = None", "counting must be a function, and it is None"),
        ("from orderlab import ORDERS as counting", "counting must be a function, and it is a Decider"),
        (
            "def counting(events, more): return 1",
            "counting must be a function that can be called with (events), and it takes (events, more)",
        ),
        ("async def counting(events): return 1", LATER),
        ("async def counting(events): yield 1", LATER),
        ("def counting(): return 1", "counting must be a function that can be called with (events), and it takes ()"),
    ],
)
def test_a_wrong_kind_of_answer_is_told_what_kind_is_wanted(source: str, what: str) -> None:
    assert problem_of(source).what == what


@pytest.mark.parametrize(
    "source",
    [
        "counting = len",
        "counting = lambda anything: len(anything)",
        "def counting(events, *, quick=True): return len(events)",
        "class Counter:\n    def __call__(self, events): return len(events)\ncounting = Counter()",
        "from functools import partial\ncounting = partial(lambda step, events: step * len(events), 1)",
    ],
)
def test_whatever_can_be_called_so_is_a_function(source: str) -> None:
    assert judged(source).is_correct


def test_an_answer_that_is_another_the_second_time_is_told_so() -> None:
    problem = problem_of("seen = []\ndef counting(events):\n    seen.append(0)\n    return len(seen) - 1")
    assert "does not give the same for the same run" in problem.what


def test_a_source_is_run_where_it_is_judged() -> None:
    assert counting.judge(Written(counting.solution)).is_correct


@pytest.mark.parametrize(
    ("source", "what", "where"),
    [
        (
            "def counting(events):\n    return len(events",
            "it is not Python yet: '(' was never closed",
            "In line 2:\n    return len(events\n              ^",
        ),
        ("x = 1\n1 / 0", "running it raises ZeroDivisionError: division by zero", "In line 2:\n    1 / 0"),
        ("count = 1", "there is no counting in it, and counting is what the answer is called. There is count", ""),
        ("import math\nx = 1", "there is no counting in it, and counting is what the answer is called", ""),
        (
            "from orderlab import evolve\ndef mine(): pass",
            "there is no counting in it, and counting is what the answer is called. There is mine",
            "",
        ),
        (
            "import sys\nsys.exit(3)",
            "it ends the program, and should return its answer instead",
            "In line 2:\n    sys.exit(3)",
        ),
        ("x = '\0'", "running it raises", ""),
    ],
)
def test_a_source_without_an_answer_is_told_what_is_wrong_with_it(source: str, what: str, where: str) -> None:
    problem = counting.judge(Written(source)).problem
    assert problem is not None
    assert problem.what.startswith(what) or "null bytes" in problem.what
    assert problem.where.startswith(where)


def test_an_exercise_without_a_run_or_with_too_many_is_a_mistake_of_its_author() -> None:
    with pytest.raises(ValueError, match=r"exercise 1\.1 gives no run"):
        judged(counting.solution, replace(counting, runs=list))
    [run, *_] = counting.runs()
    endless = replace(counting, runs=lambda: [run] * 10_001, examine=lambda answer, trace: None)
    with pytest.raises(ValueError, match="more than 10,000 runs"):
        judged(counting.solution, endless)


def test_a_check_that_gives_anything_but_a_problem_is_a_mistake_of_its_author() -> None:
    with pytest.raises(TypeError, match="must return a Problem or None, not False"):
        judged(counting.solution, replace(counting, examine=lambda answer, trace: False))  # type: ignore[arg-type,return-value]


def test_ctrl_c_is_not_an_answers_mistake() -> None:
    with pytest.raises(KeyboardInterrupt):
        judged(right("raise KeyboardInterrupt"))


def test_wrong_answers_leave_the_runs_as_they_are() -> None:
    for wrong in counting.wrong:
        judged(wrong.source)
    assert judged(counting.solution).is_correct
    assert all(isinstance(run, Trace) for run in counting.runs())
