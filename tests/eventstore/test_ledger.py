from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import repeat
from typing import Any
from uuid import UUID

import pytest

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds
from orderlab.core.errors import EventIdReused, VersionConflict
from orderlab.core.log import Appended, NewEvent, StoredEvent
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.ledger import Ledger, Place, Plan
from orderlab.eventstore.stored import EncodedAppend, encode_append

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


class Ids:
    """The ids of a log, of which some are only suspected."""

    def __init__(self, *suspects: int) -> None:
        self.places: dict[UUID, Place] = {}
        self._suspects = set(map(UUID, (f"{number:032x}" for number in suspects)))

    def __contains__(self, event_id: UUID) -> bool:
        return event_id in self.places or event_id in self._suspects

    def locate(self, event_ids: Sequence[UUID]) -> dict[UUID, Place]:
        return {event_id: self.places[event_id] for event_id in event_ids if event_id in self.places}

    def add(self, rows: Sequence[StoredEvent]) -> None:
        self.places.update({row.event_id: Place(row.stream_id, row.version, row.position) for row in rows})


class Drawing(SequentialIds):
    """An id generator that gives these."""

    def __init__(self, numbers: Iterator[int]) -> None:
        super().__init__()
        self._numbers = numbers

    def new_uuid(self) -> UUID:
        return UUID(int=next(self._numbers))


def append(stream_id: str, *events: Any, expected: int | None = None) -> EncodedAppend:
    given = [Noted("x", event) if isinstance(event, int) else event for event in events]
    return encode_append(AppendEvents(stream_id, given, expected), CONTRACT_CODEC)


def brought(number: int) -> NewEvent:
    return NewEvent(Noted("x", number), event_id=UUID(int=number))


def planned(ledger: Ledger, *appends: EncodedAppend, ids: SequentialIds | None = None) -> Plan:
    return ledger.plan(appends, NOON, ids or SequentialIds())


def accepted(ledger: Ledger, *appends: EncodedAppend, ids: SequentialIds | None = None) -> Plan:
    plan = planned(ledger, *appends, ids=ids)
    ledger.accept(plan)
    return plan


def test_a_plan_has_a_row_for_each_event_and_an_answer_for_each_append() -> None:
    plan = planned(Ledger(Ids()), append("a", 1, 2), append("b", 3))
    assert [(row.position, row.stream_id, row.version, row.payload) for row in plan.rows] == [
        (1, "a", 1, '{"text":"x","number":1}'),
        (2, "a", 2, '{"text":"x","number":2}'),
        (3, "b", 1, '{"text":"x","number":3}'),
    ]
    assert plan.answers == [Appended(2, (1, 2)), Appended(1, (3,))]


def test_a_plan_changes_nothing_until_it_is_accepted() -> None:
    ids = Ids()
    ledger = Ledger(ids)
    first = planned(ledger, append("a", brought(1), expected=0))
    assert (ledger.position, ids.places) == (0, {})
    assert planned(ledger, append("a", brought(1), expected=0)).answers == first.answers
    ledger.accept(first)
    assert (ledger.position, list(ids.places)) == (1, [UUID(int=1)])
    assert planned(ledger, append("a", brought(1), expected=0)).rows == []


def test_a_failed_write_is_simply_not_accepted() -> None:
    ledger = Ledger(Ids())
    accepted(ledger, append("a", 1))
    planned(ledger, append("a", 2, 3), append("b", 4))
    plan = accepted(ledger, append("a", 5, expected=1), append("b", 6, expected=0))
    assert plan.answers == [Appended(2, (2,)), Appended(1, (3,))]


def test_a_plan_of_refusals_only_leaves_the_ledger_as_it_was() -> None:
    ledger = Ledger(Ids())
    plan = accepted(ledger, append("a", 1, expected=5))
    assert plan.rows == []
    assert ledger.position == 0


def test_a_ledger_goes_on_from_what_the_log_holds() -> None:
    ledger = Ledger(Ids(), heads={"a": 4}, position=9, recorded_at=NOON + timedelta(hours=1))
    [row] = planned(ledger, append("a", 1, expected=4)).rows
    assert (row.position, row.version, row.recorded_at) == (10, 5, NOON + timedelta(hours=1))


def test_the_version_in_a_conflict_counts_the_accepted_appends_of_the_batch() -> None:
    [first, second] = planned(Ledger(Ids()), append("a", 1, 2, expected=0), append("a", 3, expected=0)).answers
    assert first == Appended(2, (1, 2))
    assert isinstance(second, VersionConflict)
    assert (second.expected, second.actual) == (0, 2)


def test_ids_are_drawn_for_what_is_accepted_only() -> None:
    plan = planned(Ledger(Ids()), append("a", 1, expected=7), append("a", 2), append("a"), append("a", 3))
    assert [row.event_id.int for row in plan.rows] == [1, 2]


def test_an_id_that_is_taken_is_not_drawn() -> None:
    ledger = Ledger(Ids())
    accepted(ledger, append("a", brought(1), brought(3)))
    plan = planned(ledger, append("a", brought(4), 1, 1, 1))
    assert [row.event_id.int for row in plan.rows] == [4, 2, 5, 6]


def test_a_plan_that_is_moved_takes_the_retries_of_its_own_events_along_and_no_others() -> None:
    ledger = Ledger(Ids())
    accepted(ledger, append("b", brought(101)))
    batch = append("a", brought(1), brought(2)), append("a", brought(1), brought(2)), append("b", brought(101))
    plan = planned(ledger, *batch).moved(7, NOON)
    assert [(answer.positions, answer.repeated) for answer in plan.answers if isinstance(answer, Appended)] == [
        ((8, 9), False),
        ((8, 9), True),
        ((1,), True),
    ]


def test_no_id_is_drawn_twice_for_one_batch() -> None:
    drawn = iter([1, 1, 2, 2, 3])
    plan = Ledger(Ids()).plan([append("a", 7, 7), append("b", 7)], NOON, Drawing(drawn))
    assert [row.event_id.int for row in plan.rows] == [1, 2, 3]


def test_a_generator_that_gives_an_id_in_use_for_ever_is_told() -> None:
    with pytest.raises(ValueError, match=r"the id generator gives .* again and again, which is in use"):
        Ledger(Ids()).plan([append("a", 7, 7)], NOON, Drawing(repeat(1)))


def test_an_id_that_is_only_suspected_may_be_brought_and_is_not_drawn() -> None:
    plan = planned(Ledger(Ids(1, 2)), append("a", brought(1)), append("a", 7))
    assert [row.event_id.int for row in plan.rows] == [1, 3]


def test_a_retry_is_answered_from_the_log() -> None:
    ledger = Ledger(Ids())
    accepted(ledger, append("b", 9), append("a", brought(101), brought(102), expected=0))
    accepted(ledger, append("a", 8))
    plan = planned(ledger, append("a", brought(101), brought(102), expected=0))
    assert (plan.rows, plan.answers) == ([], [Appended(2, (2, 3), repeated=True)])


def test_a_retry_is_answered_from_the_same_batch() -> None:
    plan = planned(Ledger(Ids()), append("a", brought(101), expected=0), append("a", brought(101), expected=0))
    assert plan.answers == [Appended(1, (1,)), Appended(1, (1,), repeated=True)]
    assert len(plan.rows) == 1


def test_what_is_no_retry_of_the_same_append_names_where_the_id_is() -> None:
    ledger = Ledger(Ids())
    accepted(ledger, append("a", brought(101), brought(102)))
    for events in ([brought(102), brought(101)], [brought(101), 7], [7, brought(101)], [brought(102), brought(103)]):
        [refused] = planned(ledger, append("a", *events)).answers
        assert isinstance(refused, EventIdReused)
        assert "is in the log already, at position " in str(refused)


def test_a_clock_in_another_zone_is_recorded_in_utc() -> None:
    [row] = Ledger(Ids()).plan([append("a", 1)], NOON.astimezone(timezone(timedelta(hours=9))), SequentialIds()).rows
    assert (row.recorded_at, row.recorded_at.tzinfo) == (NOON, UTC)


def test_one_transaction_is_recorded_at_one_time() -> None:
    plan = Ledger(Ids()).plan([append("a", 1, 2), append("b", 3)], NOON, SequentialIds())
    assert [row.recorded_at for row in plan.rows] == [NOON] * 3


def test_a_brought_time_holds_for_what_comes_after_it() -> None:
    later = NewEvent(Noted("x"), recorded_at=NOON + timedelta(hours=1))
    ledger = Ledger(Ids())
    plan = accepted(ledger, append("a", 1, later, 2), append("b", 3))
    hours = [(row.recorded_at - NOON) // timedelta(hours=1) for row in plan.rows]
    [next_row] = planned(ledger, append("c", 4)).rows
    assert (hours, next_row.recorded_at) == ([0, 1, 1, 1], NOON + timedelta(hours=1))
