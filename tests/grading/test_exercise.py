from dataclasses import replace
from typing import Any

import pytest
from small_exercise import counting

from orderlab.grading.answer import AnswerError
from orderlab.grading.exercise import Exercise


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("number", 1.1, "number must be a part and a number in it"),
        ("number", "1", "number must be a part and a number in it"),
        ("title", " ", "title of exercise 1.1 must be a text"),
        ("question", None, "question of exercise 1.1 must be a text"),
        ("starter", "", "starter of exercise 1.1 must be a text"),
        ("answer", "not a name", "answer of exercise 1.1 must be the name of a value"),
        ("hints", ("one", "two"), "exercise 1.1 must have 3 hints, not 2"),
        ("hints", "abc", "hints of exercise 1.1 must be a tuple of texts"),
        ("wrong", counting.wrong[:2], "exercise 1.1 must have at least 3 wrong answers, not 2"),
        ("wrong", ("a", "b", "c"), r"wrong of exercise 1.1 must be a tuple of Wrong\(mistake, source\)"),
        ("runs", [], "runs of exercise 1.1 must be a function"),
        ("examine", None, "examine of exercise 1.1 must be a function"),
    ],
)
def test_an_exercise_checks_its_own_fields(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        replace(counting, **{field: value})


def test_the_decorator_makes_an_exercise_that_knows_its_part() -> None:
    assert isinstance(counting, Exercise)
    assert (counting.part, repr(counting)) == (1, "<Exercise 1.1: Count>")
    assert "Count" in counting._repr_html_()


def test_lists_are_kept_as_tuples() -> None:
    assert replace(counting, hints=list(counting.hints)).hints == counting.hints  # type: ignore[arg-type]


def test_an_answer_is_found_in_a_source_of_its_own() -> None:
    one = counting.answer_in("n = 1\ndef counting(events): return n\n")
    two = counting.answer_in("n = 2\ndef counting(events): return n\n")
    assert (one(()), two(())) == (1, 2)


def test_a_source_is_what_is_run_and_not_what_is_imported() -> None:
    assert counting.answer_in("counting = __name__") == "__main__"
    annotated = "from dataclasses import dataclass\n@dataclass\nclass Own:\n    n: 'int' = 1\ncounting = Own"
    assert counting.answer_in(annotated)().n == 1


@pytest.mark.parametrize(
    ("source", "sentence", "where"),
    [
        (
            "if True:\ncounting = 1",
            "it is not Python yet: expected an indented block",
            "In line 2:\n    counting = 1\n    ^",
        ),
        ("\nraise KeyError('x')", "running it raises KeyError: 'x'", "In line 2:\n    raise KeyError('x')"),
        ("pass", "there is no counting in it", ""),
    ],
)
def test_a_source_without_an_answer_says_what_is_wrong(source: str, sentence: str, where: str) -> None:
    with pytest.raises(AnswerError, match=sentence) as raised:
        counting.answer_in(source)
    assert raised.value.where == where


def test_a_source_is_text() -> None:
    with pytest.raises(TypeError, match="source must be Python as text, not int"):
        counting.answer_in(1)  # type: ignore[arg-type]
