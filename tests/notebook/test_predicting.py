from pathlib import Path
from typing import Any

import loans
import pytest
from accounts import ACCOUNTS, Deposit, Withdraw
from event_loop import in_event_loop
from timeline_logs import account_timeline, order_log, order_timeline

from orderlab.core.decider import Step
from orderlab.core.effects import Emit
from orderlab.exploration.interleavings import interleavings
from orderlab.exploration.trace import Trace
from orderlab.notebook import cells
from orderlab.notebook.guessing import Score
from orderlab.notebook.predicting import Predict
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem
from orderlab.timeline.timeline import Timeline

PLACE = PlaceOrder("ada", [OrderItem("p-1", "Mug", 2, 250)], "mug")
TRACE = Trace.of(ORDERS, [PLACE, ShipOrder("mug", "TRACK-1"), CancelOrder("mug")])


@pytest.fixture
def predict() -> Predict:
    return Predict(TRACE)


# Asking


def test_it_asks_about_each_step_before_it_shows_what_comes_of_it(predict: Predict) -> None:
    asked = predict.question
    assert asked is not None
    assert (asked.about, asked.asked) == (
        "There is no order mug yet: it is draft.",
        "Next comes PlaceOrder mug, ada, 1 × OrderItem",
    )
    view = predict._view
    assert (view["phase"], view["lit"], view["said"], view["right"], view["way"]) == ("asks", "draft", "", None, None)


def test_the_answer_is_not_in_the_page_before_it_is_asked(predict: Predict) -> None:
    assert "leads from" not in str(predict._view)


def test_the_states_of_the_decider_can_be_guessed_and_a_refusal_where_there_is_one() -> None:
    assert Predict(TRACE).options == ("draft", "placed", "shipped", "cancelled", "refused")
    assert Predict(TRACE[:2]).options == ("draft", "placed", "shipped", "cancelled")


def test_states_without_a_list_of_names_are_those_that_are_met() -> None:
    assert Predict(account_timeline()).options == ("none", "Account")


def test_a_log_asks_by_the_commands_that_its_events_answer_to() -> None:
    asked = Predict(order_timeline()).question
    assert asked is not None
    assert asked.asked.startswith("Next comes PlaceOrder ada")


def test_a_log_whose_events_do_not_tell_that_asks_by_the_events() -> None:
    asked = Predict(account_timeline()).question
    assert asked is not None
    assert asked.asked == "Next happens Deposited ada, 5"


# Guessing


def test_a_right_guess_is_told_why(predict: Predict) -> None:
    guess = predict.guess("placed")
    assert guess.is_right
    assert str(guess) == "Right: OrderPlaced leads from draft to placed."
    assert predict.score == Score(1, 1, 3)


def test_a_wrong_guess_is_told_why(predict: Predict) -> None:
    guess = predict.guess("shipped")
    assert not guess.is_right
    assert guess.right == "placed"
    assert str(guess) == "No, not shipped: OrderPlaced leads from draft to placed."
    assert str(predict.score) == "0 of 1 right"


def test_a_refusal_is_told_with_its_reason(predict: Predict) -> None:
    said = [str(predict.guess(name)) for name in ("placed", "shipped", "refused")]
    assert said[-1] == "Right: it is refused (InvalidOrderState mug, shipped), so it stays shipped."


def test_who_says_that_it_stays_has_not_said_that_it_is_refused(predict: Predict) -> None:
    for name in ("placed", "shipped"):
        predict.guess(name)
    guess = predict.guess("shipped")
    assert not guess.is_right
    assert str(guess).startswith("Not quite, for it is not accepted: it is refused (InvalidOrderState mug, shipped)")


def test_then_it_moves(predict: Predict) -> None:
    predict.guess("placed")
    view = predict._view
    assert (view["phase"], view["lit"], view["way"]) == ("tells", "placed", ["draft", "OrderPlaced", "placed"])
    predict.next()
    assert (predict._view["phase"], predict._view["about"]) == ("asks", "Order mug is placed.")


def test_at_the_end_it_shows_the_score_and_what_was_missed(predict: Predict) -> None:
    for name in ("placed", "cancelled", "refused"):
        predict.guess(name)
    predict.next()
    view = predict._view
    assert (view["phase"], view["said"]) == ("over", "2 of 3 right. You missed:")
    assert [row[:4] for row in view["missed"]] == [
        ["2", "Order mug is placed. Next comes ShipOrder mug, TRACK-1", "cancelled", "shipped"]
    ]
    assert [guess.number for guess in predict.missed] == [2]
    assert "cancelled" in predict._repr_html_()


def test_nothing_more_can_be_guessed_at_the_end(predict: Predict) -> None:
    for _ in range(3):
        predict.guess("placed")
    assert predict.question is None
    with pytest.raises(ValueError, match=r"nothing more to be guessed \(1 of 3 right\): reset\(\) begins again"):
        predict.guess("placed")


def test_it_begins_again(predict: Predict) -> None:
    before = predict._view
    predict.guess("placed")
    predict.reset()
    assert predict._view == before
    assert predict.score == Score(0, 0, 3)


def test_what_is_no_state_is_refused_in_a_sentence(predict: Predict) -> None:
    with pytest.raises(ValueError, match="'sent' cannot be guessed: choose one of draft, placed, shipped, cancel"):
        predict.guess("sent")
    assert predict.score.guessed == 0


# Buttons


def press(predict: Predict, **message: Any) -> None:
    predict._pressed(None, {"at": predict._view["at"], **message}, None)


def test_a_button_guesses_and_goes_on_and_begins_again(predict: Predict) -> None:
    press(predict, do="guess", name="placed")
    assert predict.score == Score(1, 1, 3)
    press(predict, do="next")
    assert predict._view["phase"] == "asks"
    press(predict, do="reset")
    assert predict.score.guessed == 0


def test_a_button_that_is_pressed_twice_guesses_once(predict: Predict) -> None:
    at = predict._view["at"]
    for _ in range(2):
        predict._pressed(None, {"at": at, "do": "guess", "name": "placed"}, None)
    assert predict.score.guessed == 1


@pytest.mark.parametrize("message", [{}, {"do": "guess"}, {"do": "guess", "name": "sent"}, {"do": "leave"}])
def test_a_message_that_says_nothing_changes_nothing(predict: Predict, message: dict[str, Any]) -> None:
    press(predict, **message)
    assert predict.score.guessed == 0


# What it takes


def test_it_takes_whatever_leads_to_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    order_timeline().to_file(path)
    for log in (order_timeline(), order_log(), iter(order_log()), path, str(path)):
        assert Predict(log).score.of == 5


@pytest.mark.parametrize("wrong", [7, [7], None])
def test_what_is_no_log_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="Predict asks about a Trace, a Timeline, recorded events, or an exported log"):
        Predict(wrong)


def test_a_command_with_several_events_is_one_question() -> None:
    trace = Trace.of(loans.LOANS, [loans.Buy(100, "b"), loans.Lend("b", "ada"), loans.LendAgain("b", "bea")])
    predict = Predict(trace)
    for name in ("shelved", "lent"):
        predict.guess(name)
    assert str(predict.guess("lent")) == "Right: Returned and Lent, and it stays lent."


def test_a_command_of_which_nothing_comes_leaves_the_state() -> None:
    predict = Predict(Trace.of(ACCOUNTS, [Deposit("a", 0), Withdraw("a", 1)]))
    assert str(predict.guess("none")) == "Right: it is accepted and nothing comes of it, so it stays none."
    assert predict.guess("refused").is_right


@in_event_loop
async def test_writers_that_mix_are_asked_about_when_they_append() -> None:
    writers = {"shop": ShipOrder("mug", "TRACK-1"), "customer": CancelOrder("mug")}
    unchecked, checked = [
        await interleavings(writers, given=[PLACE], check_versions=check_versions) for check_versions in (False, True)
    ]
    lost, told, refused = Predict(unchecked[1].trace), Predict(checked[1].trace), Predict(checked[0].trace)
    assert [lost.guess(name).is_right for name in ("shipped", "cancelled")] == [True, True]
    assert [told.guess(name).is_right for name in ("shipped", "refused")] == [True, True]
    assert "VersionConflict" in told.guesses[-1].said
    assert [refused.guess(name).is_right for name in ("shipped", "refused")] == [True, True]
    assert refused.guesses[-1].asked == "Order mug is shipped. customer appends what came of CancelOrder mug"


class Counting:
    """A reducer that was not lifted from a decider."""

    def initial_state(self) -> int:
        return 0

    def reduce(self, state: int, action: Any, env: Any) -> Step[int]:
        return Step(state + 1, (Emit(action),))


def test_a_reducer_without_a_decider_has_no_machine() -> None:
    predict = Predict(Trace.of(Counting(), ["one", "two"]))
    assert predict._machine == ""
    assert predict._repr_html_()


# How it shows itself


def test_it_shows_itself_in_one_line_and_as_a_picture(predict: Predict) -> None:
    assert repr(predict) == "<Predict: 0 of 3 guessed, 0 right; Next comes PlaceOrder mug, ada, 1 × OrderItem>"
    html = predict._repr_html_()
    assert html.count("<img ") == 1
    assert "draft, placed, shipped, cancelled, refused" in html
    predict.guess("placed")
    assert "Right: OrderPlaced leads from draft to placed." in predict._repr_html_()


def test_an_empty_log_can_be_shown() -> None:
    predict = Predict(Timeline([]))
    assert predict._view["said"] == "This log is empty."
    assert repr(predict) == "<Predict: 0 of 0 guessed, 0 right>"
    assert predict._repr_html_()


def test_hostile_texts_stay_texts() -> None:
    hostile = "<script>alert(1)</script>"
    predict = Predict(Trace.of(ORDERS, [ShipOrder(hostile, hostile)]), title=hostile)
    assert "<script>" not in predict._repr_html_()


def test_of_a_long_log_the_first_steps_are_asked() -> None:
    predict = Predict(Trace.of(ACCOUNTS, [Deposit("a", 1)] * 201))
    assert predict.score.of == 200
    for _ in range(200):
        predict.guess("Account")
    predict.next()
    assert predict._view["said"] == "200 of 200 right. Nothing missed. Nobody asks about the 1 after that."


def test_a_cell_that_is_run_again_ends_what_it_has_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_MADE", {})
    where = iter([("cell", "first"), ("cell", "second")])
    monkeypatch.setattr(cells, "_present", lambda: next(where))
    first, second = Predict(TRACE), Predict(TRACE)
    assert (first.comm is None, second.comm is None) == (True, False)


def test_its_picture_and_its_view_are_there_for_a_notebook(predict: Predict) -> None:
    data, _ = predict._repr_mimebundle_()
    assert data["text/plain"] == repr(predict)
    assert data["text/html"] == predict._repr_html_()
    assert "application/vnd.jupyter.widget-view+json" in data
