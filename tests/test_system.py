from datetime import UTC, datetime
from itertools import count
from uuid import RFC_4122, UUID

import pytest

from orderlab import system
from orderlab.system import RandomIds, SystemClock

NEW_YEAR_MS = 1_735_689_600_000


def at(milliseconds: int) -> int:
    return milliseconds * 1_000_000


def test_the_system_clock_tells_the_present() -> None:
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)


def test_the_system_clock_tells_aware_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_random_id_is_its_kind_a_hyphen_and_a_uuid() -> None:
    kind, _, text = RandomIds().new_id("order").partition("-")
    assert (kind, str(UUID(text))) == ("order", text)


@pytest.mark.parametrize("random", [bytes(10), b"\xff" * 10, bytes(range(10)), b"\x55\xaa" * 5], ids=bytes.hex)
def test_a_random_uuid_is_of_version_7_whatever_chance_gives(monkeypatch: pytest.MonkeyPatch, random: bytes) -> None:
    monkeypatch.setattr("os.urandom", lambda size: random[:size])
    uuid = RandomIds().new_uuid()
    assert (uuid.version, uuid.variant) == (7, RFC_4122)


@pytest.mark.parametrize("milliseconds", [0, 1, NEW_YEAR_MS, 2**48 - 1])
def test_a_random_uuid_begins_with_48_bits_of_unix_milliseconds(
    monkeypatch: pytest.MonkeyPatch, milliseconds: int
) -> None:
    monkeypatch.setattr(system, "time_ns", lambda: at(milliseconds) + 999_999)
    assert RandomIds().new_uuid().int >> 80 == milliseconds


def test_all_other_bits_of_a_random_uuid_are_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "time_ns", lambda: at(NEW_YEAR_MS))
    drawn = [RandomIds().new_uuid().int & (1 << 80) - 1 for _ in range(200)]
    ever_set = 0
    ever_clear = 0
    for bits in drawn:
        ever_set |= bits
        ever_clear |= ~bits & (1 << 80) - 1
    fixed = 0xF << 76 | 0b11 << 62
    assert ever_set & ever_clear == ((1 << 80) - 1) & ~fixed


@pytest.mark.parametrize("kind", ["order", "account"])
def test_later_ids_sort_after_earlier_ones(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    ticks = count(NEW_YEAR_MS)
    monkeypatch.setattr(system, "time_ns", lambda: at(next(ticks)))
    ids = [RandomIds().new_id(kind) for _ in range(300)]
    assert ids == sorted(ids)


def test_no_random_id_is_drawn_twice_in_the_same_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "time_ns", lambda: at(NEW_YEAR_MS))
    ids = RandomIds()
    assert len({ids.new_uuid() for _ in range(5000)}) == 5000


@pytest.mark.parametrize("made", [SystemClock(), RandomIds()])
def test_what_reads_the_world_shows_its_name(made: object) -> None:
    assert repr(made) == f"{type(made).__name__}()"
