import gc
import re
import weakref
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from orderlab.core.environment import AlarmClock, FixedClock, IdGenerator, SeededIds, SequentialIds, TestClock
from orderlab.system import SystemClock

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
IN_ROME = datetime(2025, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
NAIVE = datetime(2025, 1, 1)  # noqa: DTZ001 - what is refused


# Clocks


def test_a_test_clock_starts_at_new_year_2025() -> None:
    assert TestClock().now() == NEW_YEAR


def test_a_test_clock_starts_where_it_is_told_to() -> None:
    assert TestClock(datetime(2030, 6, 1, tzinfo=UTC)).now() == datetime(2030, 6, 1, tzinfo=UTC)


def test_a_test_clock_stands_still_by_itself() -> None:
    clock = TestClock()
    assert clock.now() == clock.now()


@pytest.mark.parametrize("by", [1.5, timedelta(seconds=1.5)])
def test_a_test_clock_is_moved_by_seconds_or_a_timedelta(by: float | timedelta) -> None:
    clock = TestClock()
    clock.advance(by)
    assert clock.now() == NEW_YEAR + timedelta(milliseconds=1500)


def test_moving_a_test_clock_returns_the_new_instant() -> None:
    clock = TestClock()
    assert clock.advance(90) == clock.now()


def test_a_test_clock_may_be_moved_by_nothing() -> None:
    assert TestClock().advance(0) == NEW_YEAR


@pytest.mark.parametrize("by", [-0.001, -1, timedelta(microseconds=-1)])
def test_a_test_clock_never_runs_backwards(by: float | timedelta) -> None:
    with pytest.raises(ValueError, match="by must not be negative"):
        TestClock().advance(by)


def test_a_test_clock_that_refused_to_move_stands_where_it_stood() -> None:
    clock = TestClock()
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)
    assert clock.now() == NEW_YEAR


def test_a_test_clock_shows_its_instant() -> None:
    assert repr(TestClock()) == "TestClock(2025-01-01T00:00:00+00:00)"


def test_a_test_clock_is_not_collected_as_a_test() -> None:
    assert TestClock.__test__ is False


def test_a_fixed_clock_stands_still() -> None:
    assert FixedClock(NEW_YEAR).now() == NEW_YEAR


def test_a_fixed_clock_cannot_be_moved() -> None:
    name = "at"
    with pytest.raises(FrozenInstanceError):
        setattr(FixedClock(NEW_YEAR), name, IN_ROME)


def test_a_test_clock_tells_its_instant_in_utc() -> None:
    assert TestClock(IN_ROME).now().tzinfo is UTC


def test_a_fixed_clock_tells_its_instant_in_utc() -> None:
    assert FixedClock(IN_ROME).now().tzinfo is UTC


def test_a_test_clock_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="start must be a timezone-aware datetime"):
        TestClock(NAIVE)


def test_a_fixed_clock_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="at must be a timezone-aware datetime"):
        FixedClock(NAIVE)


# Alarms


class Bells:
    """Write down which alarm rang, and at what time."""

    def __init__(self, clock: TestClock) -> None:
        self._clock = clock
        self.rung: list[tuple[str, float]] = []

    def set(self, name: str, seconds: float) -> Callable[[], None]:
        return self._clock.call_at(NEW_YEAR + timedelta(seconds=seconds), lambda: self.ring(name))

    def ring(self, name: str) -> None:
        self.rung.append((name, (self._clock.now() - NEW_YEAR).total_seconds()))


def test_an_alarm_rings_when_the_clock_comes_to_its_instant_and_not_before() -> None:
    bells = Bells(clock := TestClock())
    bells.set("wake up", 60)
    clock.advance(59.999999)
    assert bells.rung == []
    clock.advance(0.000001)
    assert bells.rung == [("wake up", 60)]


def test_an_alarm_rings_once() -> None:
    bells = Bells(clock := TestClock())
    bells.set("wake up", 60)
    clock.advance(60)
    clock.advance(60)
    assert bells.rung == [("wake up", 60)]


def test_alarms_that_the_clock_passes_ring_in_order_each_at_its_own_instant() -> None:
    bells = Bells(clock := TestClock())
    for name, seconds in (("third", 60), ("first", 20), ("second", 30), ("not yet", 7_200)):
        bells.set(name, seconds)
    assert clock.advance(3_600) == clock.now() == NEW_YEAR + timedelta(hours=1)
    assert bells.rung == [("first", 20), ("second", 30), ("third", 60)]


def test_of_alarms_at_one_instant_the_one_set_first_rings_first() -> None:
    bells = Bells(clock := TestClock())
    for number in range(10):
        bells.set(str(number), 60)
    clock.advance(60)
    assert [name for name, _ in bells.rung] == list("0123456789")


def test_an_alarm_that_another_sets_rings_in_the_same_step() -> None:
    bells = Bells(clock := TestClock())
    clock.call_at(NEW_YEAR + timedelta(seconds=20), lambda: bells.set("set at 20", 40))
    bells.set("set before", 30)
    clock.advance(60)
    assert bells.rung == [("set before", 30), ("set at 20", 40)]


def test_an_alarm_that_was_called_off_does_not_ring() -> None:
    bells = Bells(clock := TestClock())
    call_off = bells.set("called off", 20)
    bells.set("kept", 30)
    call_off()
    call_off()
    clock.advance(60)
    assert bells.rung == [("kept", 30)]


def test_a_clock_does_not_hold_on_to_what_was_called_off() -> None:
    bells = Bells(clock := TestClock())
    kept = weakref.ref(bells)
    call_off = clock.call_at(NEW_YEAR + timedelta(days=1), partial(bells.ring, "far away"))
    call_off()
    del bells
    gc.collect()
    assert kept() is None


def test_an_alarm_that_has_rung_may_be_called_off() -> None:
    bells = Bells(clock := TestClock())
    call_off = bells.set("wake up", 20)
    clock.advance(60)
    call_off()
    assert bells.rung == [("wake up", 20)]


def test_one_alarm_may_call_off_another() -> None:
    bells = Bells(clock := TestClock())
    clock.call_at(NEW_YEAR + timedelta(seconds=20), bells.set("called off", 30))
    clock.advance(60)
    assert bells.rung == []


def test_an_alarm_for_an_instant_that_has_passed_rings_with_the_next_move_and_takes_no_time_back() -> None:
    bells = Bells(clock := TestClock())
    clock.advance(60)
    bells.set("late", 20)
    clock.advance(0)
    assert bells.rung == [("late", 60)]


def test_an_alarm_from_another_zone_rings_at_the_same_instant() -> None:
    bells = Bells(clock := TestClock(NEW_YEAR - timedelta(seconds=30)))
    clock.call_at(IN_ROME, lambda: bells.ring("in Rome"))
    clock.advance(60)
    assert bells.rung == [("in Rome", 0)]


def test_a_bell_that_fails_stops_the_clock_and_takes_no_alarm_with_it() -> None:
    bells = Bells(clock := TestClock())
    clock.call_at(NEW_YEAR + timedelta(seconds=20), lambda: 1 / 0)
    bells.set("after it", 30)
    with pytest.raises(ZeroDivisionError):
        clock.advance(60)
    assert clock.now() == NEW_YEAR + timedelta(seconds=20)
    clock.advance(40)
    assert bells.rung == [("after it", 30)]


def test_an_alarm_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="instant must be a timezone-aware datetime"):
        TestClock().call_at(NAIVE, print)


def test_only_a_clock_that_is_moved_by_hand_rings_alarms() -> None:
    rings = [isinstance(clock, AlarmClock) for clock in (TestClock(), FixedClock(NEW_YEAR), SystemClock())]
    assert rings == [True, False, False]


# Ids


def test_sequential_ids_count_from_one() -> None:
    ids = SequentialIds()
    assert [ids.new_id("order") for _ in range(3)] == ["order-1", "order-2", "order-3"]


def test_sequential_ids_count_each_kind_by_itself() -> None:
    ids = SequentialIds()
    assert [ids.new_id("order"), ids.new_id("account"), ids.new_id("order")] == ["order-1", "account-1", "order-2"]


def test_sequential_uuids_count_from_one_whatever_ids_were_drawn() -> None:
    ids = SequentialIds()
    ids.new_id("order")
    assert [ids.new_uuid().int for _ in range(3)] == [1, 2, 3]


def drawn(ids: IdGenerator) -> list[str]:
    return [text for _ in range(20) for text in (ids.new_id("order"), str(ids.new_uuid()))]


def test_seeded_ids_are_the_same_at_every_run() -> None:
    assert drawn(SeededIds(7)) == drawn(SeededIds(7))


def test_a_seeded_id_has_16_hexadecimal_digits() -> None:
    assert all(re.fullmatch("order-[0-9a-f]{16}", SeededIds(seed).new_id("order")) for seed in range(100))


def test_seeded_ids_differ_by_seed() -> None:
    assert not set(drawn(SeededIds(7))) & set(drawn(SeededIds(8)))


def test_a_seeded_uuid_is_one_of_version_4() -> None:
    assert {SeededIds(seed).new_uuid().version for seed in range(20)} == {4}


@pytest.mark.parametrize("ids", [SequentialIds(), SeededIds(7)], ids=lambda ids: type(ids).__name__)
def test_an_id_begins_with_its_kind_and_a_hyphen(ids: IdGenerator) -> None:
    assert ids.new_id("order").startswith("order-")


@pytest.mark.parametrize("ids", [SequentialIds(), SeededIds(7)], ids=lambda ids: type(ids).__name__)
def test_no_id_is_drawn_twice(ids: IdGenerator) -> None:
    texts = [text for _ in range(500) for text in drawn(ids)]
    assert len(set(texts)) == len(texts)


def test_the_generators_show_how_to_make_them_again() -> None:
    assert (repr(SequentialIds()), repr(SeededIds(7))) == ("SequentialIds()", "SeededIds(7)")


@pytest.mark.parametrize("make", [TestClock, FixedClock])
def test_a_text_is_no_instant(make: Any) -> None:
    with pytest.raises(TypeError, match="must be a datetime, not '2025-01-01'"):
        make("2025-01-01")


def test_an_instant_of_a_subclass_becomes_a_plain_one() -> None:
    class Stamp(datetime):
        """As pandas has one."""

    assert type(FixedClock(Stamp(2025, 1, 1, tzinfo=UTC)).now()) is datetime
