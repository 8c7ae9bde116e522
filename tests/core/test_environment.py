import re
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from orderlab.core.environment import FixedClock, IdGenerator, SeededIds, SequentialIds, TestClock

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
