import pickle
from typing import Any

import cloudpickle
import pytest
from traces import CANCEL, PLACE, SHIP, counterexample, life, mixed, runs

from orderlab.exploration.trace import Trace
from orderlab.grading.exercise import Exercise
from orderlab.grading.verdict import Problem
from orderlab.orders.actions import InvalidOrderState, OrderCancelled, OrderPlaced
from orderlab.orders.decider import ORDERS

RUNS = runs()


def answer_in(source: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace["answer"]


def problem_with(exercise: Exercise, answer: Any) -> Problem | None:
    return next(filter(None, (exercise.examine(answer, run) for run in exercise.runs())), None)


@pytest.mark.parametrize("name", RUNS)
def test_every_minted_exercise_can_be_solved_and_refuses_what_is_wrong(name: str) -> None:
    exercise = RUNS[name].to_exercise("2.1")
    assert problem_with(exercise, answer_in(exercise.solution)) is None
    assert problem_with(exercise, answer_in(exercise.starter)) is not None
    assert len(exercise.hints) == 3
    assert all(exercise.hints)
    assert len(exercise.wrong) >= 3
    assert (
        len({wrong.source for wrong in exercise.wrong} | {exercise.solution, exercise.starter})
        == len(exercise.wrong) + 2
    )
    for wrong in exercise.wrong:
        answer = answer_in(wrong.source)
        problem = problem_with(exercise, answer)
        assert problem is not None, wrong.mistake
        assert exercise.examine(answer, problem.trace) is not None
        assert exercise.examine(answer_in(exercise.solution), problem.trace) is None


def test_nothing_is_filled_in_at_first() -> None:
    assert life().to_exercise("2.1").starter.splitlines() == [
        "answer = [",
        "    ...,  # PlaceOrder",
        "    ...,  # CancelOrder",
        "    ...,  # ShipOrder",
        "]",
    ]


def test_the_shortest_run_that_shows_the_mistake_ends_with_it() -> None:
    exercise = life().to_exercise("2.1")
    problem = problem_with(exercise, ["OrderPlaced", "OrderShipped", "InvalidOrderState"])
    assert problem is not None
    assert problem.trace == life()[:2]
    assert problem.what == "Command 2, CancelOrder order-1, does not lead to OrderShipped: it causes OrderCancelled."
    assert problem.where == "Step 2: the command meets this: order-1 is placed."


def test_runs_are_given_the_shortest_first() -> None:
    assert [len(run) for run in life().to_exercise("2.1").runs()] == [1, 2, 3]


def test_types_do_as_well_as_their_names() -> None:
    assert problem_with(life().to_exercise("2.1"), (OrderPlaced, OrderCancelled, InvalidOrderState)) is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("OrderPlaced", "answer must be a list of names, one for each command, not str."),
        (None, "answer must be a list of names, one for each command, not NoneType."),
        (["OrderPlaced"], "answer has 1 name for 3 commands, and a refused one counts too."),
        (["OrderPlaced", ..., "x"], "Command 2, CancelOrder order-1, is not answered yet."),
        ([7, 7, 7], "Command 1, PlaceOrder ada, 1 × OrderItem, does not lead to 7: it causes OrderPlaced."),
    ],
)
def test_an_answer_of_another_shape_is_told_so(answer: Any, said: str) -> None:
    problem = problem_with(life().to_exercise("2.1"), answer)
    assert problem is not None
    assert problem.what == said


def test_several_events_are_named_in_one_text() -> None:
    exercise = RUNS["loans"].to_exercise("2.2")
    assert problem_with(exercise, ["Bought", "Lent", "Returned,Lent", "nothing"]) is None
    assert problem_with(exercise, ["Bought", "Lent", ["Returned", "Lent"], []]) is None


def test_the_title_does_not_give_away_what_is_asked() -> None:
    exercise = counterexample().to_exercise("6.1")
    assert exercise.title == "What comes of 3 commands?"
    assert "shipped" not in exercise.question
    assert counterexample().to_exercise("6.1", title="A strange shop").title == "A strange shop"


def test_of_mixed_writers_it_is_asked_what_became_of_each_in_the_end() -> None:
    lost, checked = (mixed(check_versions=check).to_exercise("4.1") for check in (False, True))
    assert "A reads, B reads, A decides, B decides, A appends, B appends. Appending expects no version" in lost.question
    assert problem_with(lost, ["OrderShipped", "OrderCancelled"]) is None
    assert "Appending expects the version that was read" in checked.question
    assert problem_with(checked, ["OrderShipped", "VersionConflict"]) is None
    mistakes = {wrong.mistake for wrong in checked.wrong}
    assert {"They are handled one after the other.", "What is decided is written."} <= mistakes


def test_a_refused_command_is_believed_accepted_by_some() -> None:
    [wrong] = [each for each in life().to_exercise("2.1").wrong if each.mistake == "Every command is accepted."]
    assert answer_in(wrong.source) == ["OrderPlaced", "OrderCancelled", "OrderShipped"]


def test_it_can_be_sent_to_another_process() -> None:
    exercise = pickle.loads(cloudpickle.dumps(life().to_exercise("2.1")))
    assert problem_with(exercise, answer_in(exercise.solution)) is None


def test_a_run_without_commands_asks_nothing() -> None:
    with pytest.raises(ValueError, match="this run has no commands, so there is nothing to ask"):
        Trace.of(ORDERS, []).to_exercise("1.1")


def test_the_same_run_makes_the_same_exercise() -> None:
    one, other = (Trace.of(ORDERS, [PLACE, CANCEL, SHIP]).to_exercise("2.1") for _ in range(2))
    assert (one.question, one.hints, one.wrong) == (other.question, other.hints, other.wrong)
