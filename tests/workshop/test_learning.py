from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderlab.core.environment import FixedClock, SequentialIds
from orderlab.core.errors import CorruptStream
from orderlab.exploration.trace import Trace
from orderlab.grading.verdict import Result
from orderlab.orders.reducer import OrderEnvironment
from orderlab.workshop.learning import (
    LEARNING,
    LEARNING_CODEC,
    HintTaken,
    NoMoreHints,
    NotAnExercise,
    RecordAttempt,
    ResetAnswer,
    ShowSolution,
    Study,
    TakeHint,
    evolve,
    learning_reducer,
)

AT = datetime(2025, 1, 1, tzinfo=UTC)


def study_after(*commands: Any) -> Study:
    """Return what was done with exercise 1.1, a minute for each thing."""
    reducer, state = learning_reducer(), learning_reducer().initial_state()
    for number, command in enumerate(commands):
        env = OrderEnvironment(FixedClock(AT + timedelta(minutes=number)), SequentialIds())
        state = reducer.reduce(state, command, env).state
    return state.entities["1.1"]


def tried(result: Result, what: str = "", source: str = "") -> RecordAttempt:
    return RecordAttempt("1.1", result, what, source)


def test_attempts_are_counted_and_the_starter_is_none() -> None:
    study = study_after(tried(Result.NOT_ATTEMPTED), tried(Result.INCORRECT, "off by one", "x = 1"))
    assert (study.attempts, study.result, study.what, study.source) == (1, Result.INCORRECT, "off by one", "x = 1")
    assert (study.first_at, study.last_at, study.solved_at) == (AT, AT + timedelta(minutes=1), None)
    assert study.state == "tried"
    assert study.tried_at == AT + timedelta(minutes=1)


def test_what_was_not_attempted_was_never_tried() -> None:
    assert study_after(tried(Result.NOT_ATTEMPTED), TakeHint("1.1"), ShowSolution("1.1")).tried_at is None


def test_it_was_first_tried_at_the_first_attempt() -> None:
    assert study_after(tried(Result.INCORRECT), tried(Result.CORRECT)).tried_at == AT


def test_what_is_solved_stays_solved() -> None:
    study = study_after(tried(Result.CORRECT), tried(Result.INCORRECT))
    assert study.solved_at == AT
    assert (study.state, study.result) == ("solved", Result.INCORRECT)


def test_hints_come_in_levels_and_a_fourth_is_refused() -> None:
    trace = Trace.of(LEARNING, [TakeHint("1.1")] * 4)
    assert [event.level for event in trace.events] == [1, 2, 3]
    assert trace.steps[3].rejection == NoMoreHints("1.1")


def test_a_reset_keeps_the_answer_that_was_there() -> None:
    study = study_after(tried(Result.INCORRECT, source="first"), ResetAnswer("1.1"))
    assert (study.backup, study.resets) == ("first", 1)
    assert study_after(tried(Result.INCORRECT, source="first"), ResetAnswer("1.1", "newer")).backup == "newer"


def test_a_second_reset_with_nothing_to_keep_keeps_what_was_kept() -> None:
    assert study_after(ResetAnswer("1.1", "mine"), ResetAnswer("1.1")).backup == "mine"


def test_that_the_solution_was_shown_is_known() -> None:
    study = study_after(ShowSolution("1.1"))
    assert study.solution_shown
    assert study.state == "looked at"


@pytest.mark.parametrize("number", ["", "1", "one", "1.1.1", "1.x"])
def test_what_is_no_number_is_refused(number: str) -> None:
    assert Trace.of(LEARNING, [TakeHint(number)]).steps[0].rejection == NotAnExercise(number)


def test_an_answer_as_long_as_a_book_is_kept_in_part() -> None:
    assert len(study_after(tried(Result.INCORRECT, source="x" * 100_000)).source) == 20_000


def test_a_hint_that_cannot_follow_is_a_corrupt_stream() -> None:
    with pytest.raises(CorruptStream, match=r"hint 3 of exercise 1\.1 cannot follow hint 0"):
        evolve(None, HintTaken("1.1", 3, AT))


def test_every_event_can_be_written_and_read_again() -> None:
    commands = [tried(Result.CORRECT, "what", "source"), TakeHint("1.1"), ShowSolution("1.1"), ResetAnswer("1.1")]
    events = Trace.of(LEARNING, commands).events
    assert {type(event) for event in events} == set(LEARNING.events)
    for event in events:
        assert LEARNING_CODEC.decode(LEARNING_CODEC.encode(event), AT) == event
