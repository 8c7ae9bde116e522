from dataclasses import replace
from typing import Any

import pytest
from small_exercise import counting

from orderlab.exploration.playing import AT
from orderlab.exploration.trace import Trace
from orderlab.grading.telling import sentence
from orderlab.grading.verdict import Problem, Result, Verdict
from orderlab.orders.actions import OrderPlaced
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem

WRONG = counting.judge(counting.answer_in(counting.wrong[0].source))
RIGHT = counting.judge(counting.answer_in(counting.solution))
RAISES = counting.judge(counting.answer_in("def counting(events):\n    return events[7]"))


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __len__(self) -> int:
        raise TypeError("no")

    def story(self) -> str:
        raise RuntimeError("no")

    def _repr_html_(self) -> str:
        raise RuntimeError("no")


def test_a_verdict_tells_what_and_where_and_the_run() -> None:
    lines = str(WRONG).splitlines()
    assert lines[:4] == [
        "1.1 incorrect",
        "  counting gives 1, not 2.",
        "  At the end.",
        "  The shortest run that shows it, of 2 steps. To play it, run next: "
        "from orderlab import TimeTravel; TimeTravel(verdict.trace)",
    ]
    assert any("ShipOrder" in line for line in lines[4:])


def test_a_notebook_is_told_how_to_go_on_by_the_name_that_it_has_for_what_was_shown() -> None:
    html = WRONG._repr_html_()
    assert "To play it, run next: <code>from orderlab import TimeTravel; TimeTravel(_.trace)</code>" in html
    html = RAISES._repr_html_()
    assert "<code>_.traceback()</code> shows all of what was raised." in html
    assert "In line 2: <code>return events[7]</code>" in html


def test_outside_a_notebook_it_does_not_speak_of_widgets() -> None:
    assert "TimeTravel" not in WRONG.as_text(notebook=False)
    assert "verdict.traceback()" in RAISES.as_text()
    assert "verdict.traceback()" not in RAISES.as_text(notebook=False)


def test_a_right_answer_says_what_to_remember_and_nothing_of_others() -> None:
    assert str(RIGHT) == "1.1 correct\n  A log is counted by its events."
    assert "passed" not in str(RIGHT)


def test_its_repr_is_one_line() -> None:
    assert repr(WRONG) == "<Verdict 1.1 incorrect: counting gives 1, not 2. At the end.>"
    assert repr(Verdict("1.1", Result.CORRECT)) == "<Verdict 1.1 correct>"


@pytest.mark.parametrize(
    ("verdict", "word", "sign"),
    [
        (RIGHT, "correct", "✓"),
        (WRONG, "incorrect", "✗"),
        (Verdict("1.1", Result.NOT_ATTEMPTED, said="go on"), "not attempted", "○"),
    ],
)
def test_its_html_says_the_result_in_a_word_and_a_sign_beside_the_colour(
    verdict: Verdict, word: str, sign: str
) -> None:
    html = verdict._repr_html_()
    assert f'<span aria-hidden="true">{sign} </span>{word}</span>' in html
    assert "<svg" not in html


def test_its_html_has_the_run_as_its_own_picture_and_escapes_what_was_said() -> None:
    assert WRONG.trace._repr_html_() in WRONG._repr_html_()
    html = Verdict("1.1", Result.INCORRECT, Problem("<b>bold</b>"))._repr_html_()
    assert "&lt;b&gt;bold" in html
    assert "<b>bold" not in html


def test_names_between_backticks_are_code_in_html() -> None:
    html = Verdict("1.1", Result.INCORRECT, Problem("`f` gives <1>"))._repr_html_()
    assert "<code>f</code> gives &lt;1&gt;." in html


def test_the_traceback_is_there_for_who_asks() -> None:
    assert repr(RAISES.traceback()).startswith("Traceback (most recent call last):\n")
    assert "Traceback" not in str(RAISES)
    assert WRONG.traceback() == "Nothing was raised."
    assert "<pre" in RAISES.traceback()._repr_html_()


def test_what_should_have_been_is_told_as_well() -> None:
    problem = Problem("it is wrong", trace=WRONG.trace, wanted=WRONG.trace)
    verdict = Verdict("1.1", Result.INCORRECT, problem)
    assert "  And as it should be:" in str(verdict).splitlines()
    assert "And as it should be:" in verdict._repr_html_()
    assert "it is wrong" in repr(problem)
    assert "It is wrong" in problem._repr_html_() or "it is wrong" in problem._repr_html_()


def test_what_was_printed_and_noted_is_told() -> None:
    verdict = replace(WRONG, printed="one\ntwo", note="It was not recorded.")
    assert "  It printed:\n  one\n  two\n" in str(verdict)
    assert "  It was not recorded." in str(verdict)
    assert "one\ntwo" in verdict._repr_html_()


@pytest.mark.parametrize("trace", [Unshowable(), 3, None, "text", object()])
def test_nothing_that_an_answer_made_keeps_a_verdict_from_being_told(trace: Any) -> None:
    verdict = Verdict("1.1", Result.INCORRECT, Problem("it is wrong", trace=trace, wanted=trace))
    assert "it is wrong" in str(verdict).lower()
    assert "it is wrong" in verdict._repr_html_().lower()


def test_ipython_shows_all_of_it() -> None:
    from IPython.lib.pretty import pretty  # noqa: PLC0415 - heavy

    assert pretty(WRONG) == str(WRONG)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("at the end", "At the end."),
        ("total gives 3", "total gives 3."),
        ("Is it?", "Is it?"),
        ("in line 2: x = 1", "In line 2: x = 1"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_a_text_is_told_as_a_sentence(text: str, said: str) -> None:
    assert sentence(text) == said


def test_a_run_of_which_the_log_tells_nothing_is_not_offered_to_be_played() -> None:
    assert WRONG.problem is not None
    [placed, shipped] = WRONG.trace
    noted = replace(WRONG.trace, steps=(placed, replace(shipped, part="note")))

    told = str(replace(WRONG, problem=replace(WRONG.problem, trace=noted)))

    assert "The shortest run that shows it, of 2 steps:" in told
    assert "TimeTravel" not in told


def test_an_answer_that_fails_at_once_is_told_without_a_run_of_nothing() -> None:
    problem = Problem("counting raises NameError: no such name", trace=Trace.of(ORDERS, []), detail="Traceback")
    verdict = Verdict("1.1", Result.INCORRECT, problem)

    assert "It shows" not in str(verdict)
    assert "no order yet" not in verdict._repr_html_()


def test_what_was_given_before_any_command_is_told() -> None:
    order = OrderPlaced("order-1", "ada", (OrderItem("mug", "Mug", 1, 950),), 950, AT)
    problem = Problem("it raises CorruptStream", trace=Trace.of(ORDERS, [], given=[order]))

    assert "It shows before any command:" in str(Verdict("7.4", Result.INCORRECT, problem))
