from typing import Any

import broken_event_stores as broken
import pytest

from orderlab.core.errors import OrderlabError
from orderlab.eventstore.contract import (
    DurableEventStoreContract,
    EventStoreContract,
    OpenEventStore,
    event_store_contract,
    violations,
)
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.workshop.zoo import eventstores as zoo

RUNS = 20

CAUGHT_BY: dict[type[InMemoryEventStore], tuple[str, ...]] = {
    zoo.NeverConflicts: (
        "test_expecting_any_other_version_is_a_conflict",
        "test_expecting_no_stream_makes_a_stream_once",
        "test_of_many_who_expect_the_same_version_exactly_one_wins",
    ),
    zoo.ChecksAndThenWrites: ("test_of_many_who_expect_the_same_version_exactly_one_wins",),
    broken.ExpectsOneTooMany: ("test_expecting_the_exact_version_succeeds_at_every_version",),
    broken.AnswersOneTooFew: ("test_an_append_answers_with_the_new_version_of_its_stream",),
    broken.LosesAnInsert: (
        "test_what_was_appended_is_there_in_the_order_it_was_given",
        "test_many_appends_at_once_are_all_there",
    ),
    zoo.StoresARetryTwice: (
        "test_sending_again_succeeds_and_changes_nothing",
        "test_a_retry_is_recognised_before_its_expected_version_is_checked",
        "test_many_retries_at_once_are_written_once",
        "test_known_and_new_events_in_one_append_are_refused",
    ),
    broken.HidesARetry: ("test_a_retry_is_answered_as_the_first_attempt_was",),
    zoo.LeavesAGap: (
        "test_a_refused_append_leaves_nothing_behind",
        "test_a_conflict_in_a_batch_harms_no_other_append",
    ),
    broken.WritesEventByEvent: (
        "test_an_append_whose_writer_gives_up_is_there_entirely_or_not_at_all",
        "test_one_unwritable_event_keeps_out_its_whole_append",
    ),
    broken.LetsTimesDecrease: (
        "test_times_never_decrease_though_the_clock_goes_backwards",
        "test_a_time_before_that_of_the_last_event_is_raised_to_it",
    ),
    broken.ForgetsTheZone: ("test_a_time_from_another_zone_is_kept_as_the_same_instant_in_utc",),
    broken.DrawsForTheRefused: ("test_the_same_appends_give_the_same_log_on_every_event_store",),
    broken.ABatchDiesOfOneConflict: ("test_a_conflict_in_a_batch_harms_no_other_append",),
    broken.TheSecondDoesNotSeeTheFirst: (
        "test_the_same_stream_twice_in_a_batch_conflicts_at_the_version_of_the_first",
    ),
    broken.NumbersTheSecondLikeTheFirst: ("test_the_same_stream_twice_in_a_batch_goes_on_where_the_first_ended",),
    broken.ShowsABatchInPieces: ("test_a_batch_becomes_visible_all_at_once",),
    zoo.LoadingSkipsOne: ("test_a_stream_is_loaded_from_any_version_on",),
    broken.LoadingRepeatsOne: ("test_a_stream_is_loaded_from_any_version_on",),
    broken.RepeatsTheEndOfAPage: ("test_the_log_is_read_from_any_position_to_any_limit",),
    broken.ShowsLateCommitsLate: ("test_a_position_is_never_visible_before_all_lower_ones",),
    broken.IsReadFromACopyThatLags: (
        "test_an_append_is_visible_to_every_read_once_it_has_returned",
        "test_what_was_appended_is_there_in_the_order_it_was_given",
    ),
    broken.MissesWhatComesAtTheSwitch: ("test_nothing_is_missed_or_repeated_between_history_and_live",),
    broken.RepeatsWhatComesAtTheSwitch: ("test_nothing_is_missed_or_repeated_between_history_and_live",),
    broken.AnswersWithoutRows: ("test_an_answer_holds_its_events_as_the_rows_of_the_log",),
    broken.AnswersWithWhatWasHandedIn: ("test_an_answer_holds_its_events_as_the_rows_of_the_log",),
    broken.WaitsForTheNextAppend: ("test_who_waits_for_what_is_there_is_told_at_once",),
    broken.IsWokenByAnything: ("test_who_waits_is_not_sent_away_with_less",),
    broken.AnswersWithTheNextPosition: (
        "test_who_waits_is_told_the_head_once_there_is_more",
        "test_who_waits_for_what_is_there_is_told_at_once",
    ),
    broken.AnswersAtOnce: (
        "test_who_waits_is_told_the_head_once_there_is_more",
        "test_who_waits_is_not_sent_away_with_less",
    ),
    broken.WakesOnlyItsOwnEventLoop: ("test_who_waits_is_woken_by_a_writer_in_another_thread",),
    broken.EndsTheWaitingAtClosing: (
        "test_who_waits_at_closing_is_told_so",
        "test_whoever_uses_a_closed_event_store_is_told_so",
    ),
    broken.LeavesThemWaitingAtClosing: ("test_who_waits_at_closing_is_told_so",),
    broken.StopsWakingWhenOneGivesUp: ("test_who_gives_up_waiting_harms_no_other",),
    broken.SharesEventsWithTheWriter: ("test_changing_what_was_handed_in_does_not_change_the_log",),
    broken.SharesEventsAmongReaders: ("test_changing_what_was_read_does_not_change_the_log",),
    broken.SharesMetadata: (
        "test_changing_what_was_handed_in_does_not_change_the_log",
        "test_changing_what_was_read_does_not_change_the_log",
    ),
    broken.SharesItsList: ("test_changing_what_was_read_does_not_change_the_log",),
    zoo.AnswersARetryWithAConflict: ("test_a_retry_is_recognised_before_its_expected_version_is_checked",),
    zoo.StopsAtAConflict: ("test_a_conflict_in_a_batch_harms_no_other_append",),
    zoo.SortsItsStreams: ("test_streams_are_listed_by_their_first_events",),
    zoo.ReadsFromInsteadOfAfter: ("test_the_log_is_read_from_any_position_to_any_limit",),
}

LEAVE_SOMEBODY_WAITING = {
    broken.WaitsForTheNextAppend,
    broken.WakesOnlyItsOwnEventLoop,
    broken.LeavesThemWaitingAtClosing,
    broken.StopsWakingWhenOneGivesUp,
}
"""Those whose defect shows in nothing else than that the patience of the contract comes to an end."""


@pytest.mark.parametrize(
    ("event_store", "rule"),
    [
        pytest.param(event_store, rule, id=f"{event_store.__name__}-{rule}")
        for event_store, rules in CAUGHT_BY.items()
        for rule in rules
    ],
)
def test_a_broken_event_store_fails_the_rule_that_it_breaks_every_time(event_store: OpenEventStore, rule: str) -> None:
    contract = event_store_contract(event_store)
    if event_store in LEAVE_SOMEBODY_WAITING:
        contract.patience_seconds = 0.1
    for _ in range(RUNS):
        with pytest.raises((AssertionError, OrderlabError)):
            getattr(contract(), rule)()


def test_every_broken_event_store_is_among_those_caught() -> None:
    defined = {
        each
        for module in (broken, zoo)
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__
    }
    event_stores = {each for each in defined if issubclass(each, InMemoryEventStore)}
    elsewhere: set[type] = {broken.Unhurried, zoo.Reopenable, zoo.LosesTimesWhenOpenedAgain}
    assert event_stores - elsewhere == set(CAUGHT_BY)


def test_an_event_store_that_loses_its_times_fails_the_rules_of_durability() -> None:
    healthy = event_store_contract(zoo.Reopenable, reopen_event_store=zoo.Reopenable.reopen)
    faulty = event_store_contract(
        zoo.LosesTimesWhenOpenedAgain, reopen_event_store=zoo.LosesTimesWhenOpenedAgain.reopen
    )
    assert violations(healthy) == {}
    assert "test_the_log_is_the_same_after_opening_it_again" in violations(faulty)


@pytest.mark.parametrize("event_store", [InMemoryEventStore, broken.Unhurried])
def test_an_event_store_without_a_defect_fails_no_rule(event_store: OpenEventStore) -> None:
    assert violations(event_store_contract(event_store)) == {}


def test_an_event_store_that_forgets_its_log_fails_the_rules_of_durability() -> None:
    def forget(closed: object, **options: Any) -> InMemoryEventStore:
        return InMemoryEventStore(**options)

    assert violations(event_store_contract(InMemoryEventStore, reopen_event_store=forget)).keys() == {
        "test_a_retry_after_opening_again_changes_nothing",
        "test_an_append_under_way_at_closing_is_there_if_it_was_accepted",
        "test_an_id_generator_that_begins_anew_repeats_no_event_id",
        "test_the_log_is_the_same_after_opening_it_again",
        "test_times_do_not_decrease_after_opening_again",
        "test_versions_and_positions_go_on_after_opening_again",
    }


def test_a_broken_rule_says_what_it_wanted_and_what_it_got() -> None:
    contract = event_store_contract(zoo.LoadingSkipsOne)
    [(rule, error)] = violations(contract).items()
    assert rule == "test_a_stream_is_loaded_from_any_version_on"
    assert str(error) == "stream a from version 2 on: expected ('a', 2, 2) at index 0, found ('a', 3, 3)"


def test_an_event_that_never_comes_breaks_its_rule_in_the_end() -> None:
    contract = event_store_contract(broken.LosesAnInsert)
    contract.patience_seconds = 0.1
    with pytest.raises(AssertionError, match=r"was not done after 0\.1 s: something is awaited that never comes$"):
        contract().test_every_subscriber_gets_every_event()


def test_an_event_stores_own_time_out_is_not_taken_for_the_contracts() -> None:
    class TimesOut(InMemoryEventStore):
        async def head(self) -> int:
            raise TimeoutError("the database does not answer")

    with pytest.raises(TimeoutError, match="the database does not answer"):
        event_store_contract(TimesOut)().test_the_head_is_the_position_of_the_last_event()


def test_a_contract_for_no_event_store_says_how_to_give_one() -> None:
    with pytest.raises(NotImplementedError, match="override open_event_store"):
        EventStoreContract().test_closing_twice_is_harmless()
    durable = DurableEventStoreContract()
    with pytest.raises(NotImplementedError, match="override reopen_event_store"):
        durable.again(InMemoryEventStore())
