"""Parts 6 and 7 of the workshop: right answers of other shapes are right, and what is said of some wrong ones."""

import sys

import pytest

from orderlab.exploration.explore import explore
from orderlab.grading.verdict import Verdict
from orderlab.workshop import zoo
from orderlab.workshop.contents import find
from orderlab.workshop.exercises.bugs.counter import COMMANDS, COUNTER, pair_of, state_of
from orderlab.workshop.exercises.bugs.tills import ENOUGH, TILLS
from orderlab.workshop.exercises.runs import shop_commands


def verdict_of(number: str, source: str) -> Verdict:
    exercise = find(number)
    return exercise.judge(exercise.answer_in(source))


def test_a_way_may_be_searched_level_by_level_and_given_as_a_tuple() -> None:
    source = """\
def shortest_run(start, commands, step, is_bad):
    level, seen = {start: ()}, set()
    while level:
        for state, run in level.items():
            if is_bad(state):
                return run
        seen |= set(level)
        level = {
            step(state, command): (*run, command)
            for state, run in level.items() for command in commands if step(state, command) not in seen
        }
"""
    assert str(verdict_of("6.4", source)).startswith("6.4 correct")


def test_the_counter_has_thirty_six_states() -> None:
    found = explore(COUNTER, COMMANDS, symmetry=pair_of)
    assert found.exhaustive
    assert found.states == 36
    assert pair_of(state_of((5, 2))) == (5, 2)


def test_the_property_of_the_solution_is_broken_by_the_faulty_till_and_not_by_the_right_one() -> None:
    exercise, faulty = find("6.2"), zoo.specimen("ships-a-cancelled-order")
    stays_ended = exercise.answer_in(exercise.solution)
    assert explore(faulty.healthy, shop_commands(2), every_step=stays_ended).holds
    broken = explore(faulty.faulty, shop_commands(2), every_step=stays_ended).counterexample
    assert broken is not None
    assert broken.outcomes == ("OrderPlaced", "OrderCancelled", "OrderShipped")


def test_the_question_names_as_many_tills_as_there_are() -> None:
    assert len(TILLS) == 14
    assert f"at least {ENOUGH} of the fourteen" in find("6.3").question


def test_a_test_that_catches_enough_may_let_some_get_away() -> None:
    exercise = find("6.3")
    test = exercise.answer_in(exercise.solution)
    assert ENOUGH <= zoo.hunt(test).score < len(TILLS)
    assert exercise.judge(test).is_correct


def test_a_test_that_never_ends_on_a_right_till_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[find("6.3").examine.__module__], "SECONDS", 0.05)
    said = verdict_of("6.3", "def test_till(decider):\n    while True:\n        pass\n").problem
    assert said is not None
    assert "takes longer than" in said.what


@pytest.mark.parametrize("kept", ["dict(left=event.cents)", "Voucher(event.cents)"])
def test_a_voucher_may_be_kept_in_any_way(kept: str) -> None:
    source = f"""\
from dataclasses import dataclass
from orderlab import Decider
from orderlab.workshop.exercises.extending.voucher import RedeemVoucher, SellVoucher
from orderlab.workshop.exercises.extending.voucher import VoucherRedeemed, VoucherRefused, VoucherSold

@dataclass(frozen=True)
class Voucher:
    left: int

    def __getitem__(self, name):
        return getattr(self, name)

def decide(command, voucher, *, key, at):
    if command.cents < 1:
        return VoucherRefused(key, "no amount")
    match command, voucher:
        case SellVoucher(), None:
            return (VoucherSold(key, command.cents),)
        case SellVoucher(), _:
            return VoucherRefused(key, "sold already")
        case _, None:
            return VoucherRefused(key, "unknown")
    enough = command.cents <= voucher["left"]
    return (VoucherRedeemed(key, command.cents),) if enough else VoucherRefused(key, "too little left")

def evolve(voucher, event):
    if isinstance(event, VoucherSold):
        return {kept}
    return {kept.replace("event.cents", 'voucher["left"] - event.cents')}

VOUCHERS = Decider("voucher", decide, evolve, lambda action: action.code, (SellVoucher, RedeemVoucher),
                   (VoucherSold, VoucherRedeemed), (VoucherRefused,))
"""
    assert str(verdict_of("7.3", source)).startswith("7.3 correct")


def test_what_is_no_decider_is_told_so() -> None:
    said = verdict_of("7.4", "TODAY = 7\n").problem
    assert said is not None
    assert "Decider" in said.what


def test_an_evolve_of_ones_own_that_does_the_same_is_right() -> None:
    source = find("7.4").solution.replace("evolve=evolve)", "evolve=lambda order, event: evolve(order, event))")
    assert str(verdict_of("7.4", source)).startswith("7.4 correct")
