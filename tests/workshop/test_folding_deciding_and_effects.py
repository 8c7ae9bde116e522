"""Parts 1 to 3 of the workshop: right answers of other shapes are right, and what is said of some wrong ones."""

import pytest

from orderlab.grading.verdict import Verdict
from orderlab.workshop.contents import find


def verdict_of(number: str, source: str) -> Verdict:
    exercise = find(number)
    return exercise.judge(exercise.answer_in(source))


def said_of(number: str, old: str, new: str) -> str:
    """Return what is said of a solution in which something is replaced."""
    solution = find(number).solution
    assert old in solution
    verdict = verdict_of(number, solution.replace(old, new))
    assert verdict.problem is not None
    return verdict.problem.what


def test_a_broken_log_is_told_as_what_the_log_says_and_not_as_what_was_asked_and_answered() -> None:
    verdict = verdict_of("1.4", "def first_impossible(events):\n    return None\n")

    lines = verdict.trace.story().splitlines()
    assert lines[-1] == "1. The log says: OrderShipped order-1, TRACK-1. order-1: OrderShipped cannot follow."
    assert len(verdict.trace.to_timeline()) == 1


def test_a_log_may_say_the_same_twice() -> None:
    assert any(len(set(run.events)) < len(run.events) for run in find("1.4").runs())


@pytest.mark.parametrize("number", ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.4", "2.5", "3.1", "3.2", "3.4"])
def test_an_answer_that_knows_the_orders_of_the_examples_by_heart_is_found_out(number: str) -> None:
    asked = {each.order_id for run in find(number).runs() for each in run.events}

    assert asked - {"order-1", "order-2", "order-3"}


@pytest.mark.parametrize(
    ("number", "own"), [("1.2", "evolve"), ("2.1", "decide"), ("2.2", "decide"), ("2.3", "decide"), ("2.4", "decide")]
)
def test_the_question_says_what_is_not_to_be_handed_on(number: str, own: str) -> None:
    assert f"without orderlab's own `{own}`" in " ".join(find(number).question.split())


def test_orderlabs_own_function_itself_is_no_answer() -> None:
    verdict = verdict_of("1.2", "from orderlab import evolve as order_after\n")

    assert verdict.problem is not None
    assert verdict.problem.what == "You handed on orderlab's own evolve: now write it yourself."


def test_an_answer_that_is_wrong_is_told_so_although_it_hands_on_the_rest() -> None:
    source = """\
from orderlab import ValidationFailed, decide


def decide_cancelling(command, order, *, at):
    if not command.reason.strip():
        return ValidationFailed("no reason", command.order_id)
    return decide(command, order, order_id=command.order_id, at=at)
"""
    verdict = verdict_of("2.3", source)
    assert verdict.problem is not None
    assert verdict.problem.what.startswith("You handed on")

    assert "should be 'reason must not be blank'" in said_of("2.3", '"reason must not be blank"', '"no reason"')


def test_the_versions_of_the_examples_are_not_enough() -> None:
    assert said_of("1.2", "version=order.version + 1", "version=2").startswith("Of an order at version 7, ")
    assert said_of("3.1", "decision, version)", "decision, 0)").startswith("Of 6 events, decided at version 6, ")


def test_an_order_that_is_changed_by_force_is_seen_where_one_decides() -> None:
    said = said_of("2.1", "    return (Order", '    object.__setattr__(order, "version", 9)\n    return (Order')

    assert said == "decide_shipping changes the order that it was given: order.version is 9, and should be 1."


def test_a_shop_that_is_restarted_is_asked_to_go_on() -> None:
    said = [wrong for wrong in find("3.2").wrong if "handle alone" in wrong.mistake]
    verdict = verdict_of("3.2", said[0].source)

    assert verdict.problem is not None
    assert verdict.problem.what.startswith("After a restart, handle(…) raises CorruptStream: OrderPlaced of order-1")


def test_a_shop_without_an_attribute_is_told_which_it_lacks() -> None:
    said = said_of("3.2", "self.orders, self.spent = {}, {}", "self.orders = {}")

    assert said == "Shop has no `spent`"


def test_whatever_append_raises_passes_and_nothing_is_tried_again() -> None:
    commit = "        if isinstance(effect, AppendEvents):\n            append(effect)\n"
    tried = "        if isinstance(effect, AppendEvents):\n            %s\n            except %s:\n                %s\n"

    again = said_of("3.3", commit, tried % ("try:\n                append(effect)", "Exception", "append(effect)"))
    full = said_of("3.3", commit, tried % ("try:\n                append(effect)", "OSError", "pass"))

    assert again.startswith("When append raises VersionConflict, it is tried again")
    assert full.startswith("When append raises OSError, the new state is set all the same")


def test_the_shop_gets_the_state_and_no_step() -> None:
    said = said_of("3.3", "shop.state = step.state", "shop.state = None")

    assert said.startswith("The new state is set, but to None")


def test_a_shop_that_returns_no_events_is_told_by_the_call() -> None:
    solution = find("3.2").solution
    [returned] = [line for line in solution.splitlines() if line.strip().startswith("return ") and line != "return"][
        -1:
    ]
    verdict = verdict_of("3.2", solution.replace(returned, f"{returned.partition('return')[0]}return ()"))

    assert verdict.problem is not None
    assert verdict.problem.what.startswith("handle(…)[0] is missing, and should be OrderPlaced(order_id='order-1'")


def test_effects_in_the_wrong_order_are_told_by_their_kinds() -> None:
    [wrong, *_] = find("3.1").wrong

    assert "effects_of(…)[0] is an Emit, and should be an AppendEvents." in str(verdict_of("3.1", wrong.source))
