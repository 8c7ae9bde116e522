import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accounts import ACCOUNT_CODEC, Deposit, account_reducer
from event_loop import in_event_loop
from timelines import ACCOUNT_LOGS, NEW_YEAR, ORDER_LOGS, appends, recorded

from orderlab.core.errors import CorruptStream, UnreadableEvent
from orderlab.core.log import EncodedEvent, NewEvent, RecordedEvent
from orderlab.core.script import TimedCommand
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.logfile import LogFileError, import_lines
from orderlab.orders.actions import CancelOrder, PlaceOrder, ShipOrder
from orderlab.orders.model import OrderItem
from orderlab.replay import load_state
from orderlab.timeline import Timeline
from orderlab.timeline.asof import loading

MUG = OrderItem("p-1", "<Mug>", 2, 250)


def order_log() -> list[RecordedEvent]:
    """Return a log of six events, recorded at the seconds 10, 20, 20, 20, 30 and 40."""
    return recorded(
        ORDER_LOGS,
        [
            (PlaceOrder("customer-1", (MUG,), "ada"), 10),
            (PlaceOrder("customer-2", (MUG, MUG), "bea"), 10),
            (ShipOrder("ada", "TRACK-1"), 0),
            (PlaceOrder("customer-1", (MUG,), "cem"), 0),
            (CancelOrder("bea", "changed my mind"), 10),
            (ShipOrder("cem", "TRACK-2"), 10),
        ],
    )


def account_log() -> list[RecordedEvent]:
    return recorded(ACCOUNT_LOGS, [(Deposit("ada", 5), 0), (Deposit("ada", 5), 1), (Deposit("bea", 1), 1)])


@pytest.fixture
def timeline() -> Timeline[Any]:
    return Timeline(order_log())


def seconds(count: float) -> datetime:
    return NEW_YEAR + timedelta(seconds=count)


# Where a timeline comes from


@pytest.mark.parametrize("in_memory", [None, True, False])
@in_event_loop
async def test_a_timeline_of_a_duckdb_log_has_its_states(tmp_path: Path, in_memory: bool | None) -> None:
    async with DuckDBEventStore(tmp_path / "log.duckdb") as event_store:
        await event_store.append_many(appends(order_log()))
        timeline = await Timeline.load(event_store, in_memory=in_memory)
        assert timeline[-1] == await load_state(event_store)
        assert list(timeline.events()) == [each async for each in event_store.read_all()]


@pytest.mark.parametrize("in_memory", [None, True])
@in_event_loop
async def test_a_timeline_in_memory_outlives_its_event_store(tmp_path: Path, in_memory: bool | None) -> None:
    async with DuckDBEventStore(tmp_path / "log.duckdb") as event_store:
        await event_store.append_many(appends(order_log()))
        timeline = await Timeline.load(event_store, in_memory=in_memory)
    assert timeline[-1] == Timeline(order_log())[-1]


@in_event_loop
async def test_a_large_log_stays_in_its_file_and_needs_its_event_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "LARGEST_IN_MEMORY", 5)
    async with DuckDBEventStore(tmp_path / "log.duckdb") as event_store:
        await event_store.append_many(appends(order_log()))
        timeline = await Timeline.load(event_store)
        assert timeline.order("ada").version == 2
    assert timeline.counts(2) == {"OrderPlaced": 2}
    with pytest.raises(EventStoreError, match="is closed, and a timeline of its log reads from it: keep it open"):
        timeline.order("ada")


@pytest.mark.parametrize("in_memory", [None, False])
@in_event_loop
async def test_a_timeline_does_not_see_what_comes_later(tmp_path: Path, in_memory: bool | None) -> None:
    async with DuckDBEventStore(tmp_path / "log.duckdb") as event_store:
        await event_store.append_many(appends(order_log()[:5]))
        timeline = await Timeline.load(event_store, in_memory=in_memory)
        await event_store.append_many(appends(order_log()[5:]))
        assert (len(timeline), timeline.order("cem").version) == (5, 1)
        assert timeline.keys() == ["ada", "bea", "cem"]
        assert [each.position for each in timeline.events()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["log.jsonl", "log.parquet", "LOG.JSONL"])
def test_a_timeline_that_is_written_to_a_file_is_the_same_when_read(
    timeline: Timeline[Any], tmp_path: Path, name: str
) -> None:
    assert timeline.to_file(tmp_path / name) == 6
    again = Timeline.from_file(tmp_path / name)
    assert list(again.events()) == list(timeline.events())
    assert again[-1] == timeline[-1]


@pytest.mark.parametrize("name", ["log.jsonl", "log.parquet"])
def test_a_timeline_without_events_is_the_same_when_read(tmp_path: Path, name: str) -> None:
    assert Timeline([]).to_file(str(tmp_path / name)) == 0
    assert len(Timeline.from_file(str(tmp_path / name))) == 0


@in_event_loop
async def test_a_written_timeline_is_imported_as_the_same_log(timeline: Timeline[Any], tmp_path: Path) -> None:
    timeline.to_file(tmp_path / "log.jsonl")
    event_store = InMemoryEventStore()
    await import_lines(tmp_path / "log.jsonl", event_store)
    assert [each async for each in event_store.read_all()] == order_log()


@pytest.mark.parametrize("largest", [5, 6])
def test_a_timeline_reads_the_file_of_a_duckdb_event_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr(loading, "LARGEST_IN_MEMORY", largest)
    write(tmp_path / "log.duckdb", order_log())
    timeline = Timeline.from_file(tmp_path / "log.duckdb")
    assert list(timeline.events()) == order_log()
    assert timeline[4] == Timeline(order_log())[4]


def test_a_duckdb_file_can_be_written_again_when_no_timeline_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "LARGEST_IN_MEMORY", 0)
    write(tmp_path / "log.duckdb", order_log()[:5])
    timeline = Timeline.from_file(tmp_path / "log.duckdb")
    with pytest.raises(EventStoreError, match="open in this process already"):
        write(tmp_path / "log.duckdb", order_log()[5:])
    del timeline
    write(tmp_path / "log.duckdb", order_log()[5:])
    assert len(Timeline.from_file(tmp_path / "log.duckdb")) == 6


def test_a_domain_of_ones_own_needs_no_codec(tmp_path: Path) -> None:
    timeline = Timeline(account_log(), reducer=account_reducer())
    timeline.to_file(tmp_path / "log.jsonl")
    again = Timeline.from_file(tmp_path / "log.jsonl", reducer=account_reducer())
    assert again.entity("ada").balance_cents == 10
    assert repr(again) == "<Timeline of 3 events, 2 accounts, 2025-01-01>"


@in_event_loop
async def test_the_codec_is_that_of_the_event_store() -> None:
    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
    timeline = await Timeline.load(event_store, reducer=account_reducer())
    assert timeline.codec is ACCOUNT_CODEC


@in_event_loop
async def test_an_event_of_an_old_shape_is_read_as_it_is_today() -> None:
    event_store = InMemoryEventStore()
    old = EncodedEvent("OrderCancelled", 1, '{"order_id":"ada","reason":"r"}')
    await event_store.append_many(appends(order_log()[:1]))
    await event_store.append_events("order-ada", [NewEvent(old, recorded_at=seconds(90))])
    timeline = await Timeline.load(event_store)
    assert timeline.order("ada").status.cancelled_at == seconds(90)
    assert [each.after.version for each in timeline.steps()] == [1, 2]


@in_event_loop
async def test_one_can_stand_before_an_event_that_cannot_be_read() -> None:
    event_store = InMemoryEventStore()
    await event_store.append_many(appends(order_log()[:2]))
    await event_store.append_events("order-ada", [EncodedEvent("OrderShipped", 2, '{"order_id":"ada"}')])
    timeline = await Timeline.load(event_store)
    assert len(timeline[2].orders) == 2
    assert timeline.order("bea").version == 1
    for ask in (lambda: timeline[3], lambda: timeline.order("ada"), lambda: list(timeline.steps())):
        with pytest.raises(UnreadableEvent, match=r"position 3 \(stream order-ada, version 2\)"):
            ask()


def test_commands_are_kept_for_what_if() -> None:
    commands = [TimedCommand(NEW_YEAR, ShipOrder("ada", "T"), "1")]
    assert Timeline([], commands=iter(commands)).commands == tuple(commands)


def write(path: Path, events: Sequence[RecordedEvent]) -> None:
    async def append() -> None:
        async with DuckDBEventStore(path) as event_store:
            await event_store.append_many(appends(events))

    asyncio.run(append())


# What is refused


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (
            order_log()[1:],
            r"events must be a whole log from position 1 without gaps, and it begins at position 2: make",
        ),
        ([*order_log()[:2], order_log()[3]], r"and 4 comes after it where 3 is next"),
        (order_log()[::-1], r"begins at position 6"),
        ([order_log()[0], order_log()[0]], r"1 comes after it where 2 is next"),
        ([replace(order_log()[0], recorded_at=datetime(2025, 1, 1))], r"events must have aware times"),  # noqa: DTZ001
        ([order_log()[0], replace(order_log()[1], recorded_at=NEW_YEAR)], r"never decrease, and that of position 2"),
    ],
)
def test_events_that_are_no_whole_log_are_refused(events: list[RecordedEvent], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Timeline(events)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (InMemoryEventStore(), r"events must be recorded events in position order, not <InMemory.*Timeline\.load"),
        ("log.jsonl", r"a file by `Timeline\.from_file\(path\)`"),
        (5, "events must be recorded events"),
        ([order_log()[0].event], "number 1 is OrderPlaced"),
    ],
)
def test_what_is_no_list_of_recorded_events_is_refused(events: Any, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        Timeline(events)


@pytest.mark.parametrize("version", [0, 2, 4, -1])
def test_versions_that_do_not_count_up_are_a_corrupt_stream(version: int) -> None:
    events = order_log()
    events[2] = replace(events[2], version=version if version != 2 else 3)
    with pytest.raises(
        CorruptStream, match=rf"stream order-ada goes from version 1 to {events[2].version} at position 3"
    ):
        Timeline(events)


def test_a_log_of_another_domain_is_refused() -> None:
    with pytest.raises(CorruptStream, match="stream account-ada is none of kind order"):
        Timeline(account_log())


@in_event_loop
async def test_a_codec_that_does_not_know_the_events_is_refused() -> None:
    event_store = InMemoryEventStore()
    await event_store.append_events("order-ada", [EncodedEvent("OrderReturned", 1, "{}")])
    with pytest.raises(UnreadableEvent, match=r"unknown event type OrderReturned .* give the codec of the log's own"):
        await Timeline.load(event_store)


@pytest.mark.parametrize("reducer", [5, ORDER_LOGS.reducer.decider, "orders"])
def test_a_reducer_that_is_none_is_refused(reducer: Any) -> None:
    with pytest.raises(TypeError, match="reducer must be a DeciderReducer, such as OrderReducer"):
        Timeline([], reducer=reducer)


def test_commands_without_their_times_are_refused() -> None:
    commands: Any = [ShipOrder("ada", "T")]
    with pytest.raises(TypeError, match="commands must be TimedCommands"):
        Timeline([], commands=commands)


@in_event_loop
async def test_what_is_no_event_store_is_refused() -> None:
    wrong: Any = order_log()
    with pytest.raises(TypeError, match="event_store must be an event store, such as open_event_store gives"):
        await Timeline.load(wrong)


@in_event_loop
async def test_only_a_log_that_can_be_read_at_any_place_can_stay_where_it_is() -> None:
    with pytest.raises(ValueError, match="in_memory=False needs an event store that can be read at any place"):
        await Timeline.load(InMemoryEventStore(), in_memory=False)
    wrong: Any = "yes"
    with pytest.raises(TypeError, match="in_memory must be True, False, or None"):
        await Timeline.load(InMemoryEventStore(), in_memory=wrong)


def test_a_file_that_is_not_there_or_of_another_kind_is_refused(timeline: Timeline[Any], tmp_path: Path) -> None:
    for name in ("log.jsonl", "log.parquet", "log.duckdb", "log.csv"):
        with pytest.raises(LogFileError, match=f"there is no file .*{name}"):
            Timeline.from_file(tmp_path / name)
    with pytest.raises(LogFileError, match=r"this is an address: use open_event_store and Timeline\.load"):
        Timeline.from_file("postgresql://ada@localhost/shop")
    (tmp_path / "log.csv").touch()
    with pytest.raises(LogFileError, match=r"path must name a log as \.jsonl, \.parquet or \.duckdb, and log\.csv is"):
        Timeline.from_file(tmp_path / "log.csv")
    with pytest.raises(LogFileError, match=r"path must name a file as \.jsonl or \.parquet, and log\.csv is neither"):
        timeline.to_file(tmp_path / "log.csv")
    wrong: Any = 5
    with pytest.raises(TypeError, match="path must be the path of a file, not 5"):
        Timeline.from_file(wrong)


# Positions


def test_negative_positions_count_from_the_end(timeline: Timeline[Any]) -> None:
    assert timeline[-1] == timeline[6]
    assert timeline[-7] == timeline[0]
    assert timeline.event(-1) == timeline.event(6)
    assert timeline.counts(-2) == timeline.counts(5)


def test_a_position_may_be_a_number_of_numpys(timeline: Timeline[Any]) -> None:
    place: Any = np.int64(3)
    assert timeline[place] == timeline[3]


@pytest.mark.parametrize("n", [7, -8, 100])
def test_a_position_outside_of_the_log_is_an_index_error(timeline: Timeline[Any], n: int) -> None:
    for ask in (timeline.__getitem__, timeline.counts, timeline.page, timeline.keys, timeline.time_of, timeline.frame):
        with pytest.raises(IndexError, match=f"n must be a position from 0 to 6, the end of this timeline, not {n}"):
            ask(n)
    with pytest.raises(IndexError, match="at must be a position from 0 to 6"):
        timeline.order("ada", at=n)


@pytest.mark.parametrize("n", [True, 1.0, "1", None])
def test_a_position_that_is_no_whole_number_is_a_type_error(timeline: Timeline[Any], n: Any) -> None:
    with pytest.raises(TypeError, match=f"n must be a position, a whole number, not {n!r}"):
        timeline[n]


@pytest.mark.parametrize("position", [0, 7, -7])
def test_events_are_counted_from_one(timeline: Timeline[Any], position: int) -> None:
    with pytest.raises(IndexError, match="position must be a position from 1 to 6"):
        timeline.event(position)


def test_a_log_without_events_has_none_to_give() -> None:
    with pytest.raises(IndexError, match="position must be the position of an event, and this timeline has none"):
        Timeline([]).event(1)


def test_a_slice_is_refused_with_what_to_use(timeline: Timeline[Any]) -> None:
    wrong: Any = slice(1, 3)
    with pytest.raises(TypeError, match=r"use timeline\[n\], or timeline\.events\(start, stop\)"):
        timeline[wrong]


def test_a_timeline_is_not_read_backwards_for_that_would_leave_out_its_end(timeline: Timeline[Any]) -> None:
    wrong: Any = timeline
    with pytest.raises(TypeError, match="reversible"):
        reversed(wrong)


@pytest.mark.parametrize(
    ("start", "stop", "positions"),
    [(1, None, [1, 2, 3, 4, 5, 6]), (2, 4, [2, 3, 4]), (6, 6, [6]), (5, 4, []), (1, 0, []), (-2, None, [5, 6])],
)
def test_events_of_a_stretch_include_both_ends(
    timeline: Timeline[Any], start: int, stop: int | None, positions: list[int]
) -> None:
    assert [each.position for each in timeline.events(start, stop)] == positions


# Times


@pytest.mark.parametrize(
    ("time", "position"),
    [(seconds(9), 0), (seconds(10), 1), (seconds(19.999999), 1), (seconds(20), 4), (seconds(99), 6)],
)
def test_a_time_means_the_last_position_recorded_not_later(
    timeline: Timeline[Any], time: datetime, position: int
) -> None:
    assert timeline.position_at(time) == position
    assert timeline.position_at(time.astimezone(timezone(timedelta(hours=5)))) == position
    assert timeline.at(time) == timeline[position]


def test_the_time_of_a_position_is_that_of_its_last_event(timeline: Timeline[Any]) -> None:
    assert [timeline.time_of(n) for n in (0, 1, 4)] == [None, seconds(10), seconds(20)]


def test_a_time_must_be_one_with_a_zone(timeline: Timeline[Any]) -> None:
    with pytest.raises(ValueError, match="time must be a timezone-aware datetime, and 2025-01-01T00:00:00 has no zone"):
        timeline.at(datetime(2025, 1, 1))  # noqa: DTZ001
    wrong: Any = 20250101
    with pytest.raises(TypeError, match=r"time must be an aware datetime, or text .*, not 20250101"):
        timeline.position_at(wrong)


def test_the_calendars_ends_are_times_like_others(timeline: Timeline[Any]) -> None:
    assert timeline.position_at(datetime.min.replace(tzinfo=UTC)) == 0
    assert timeline.position_at(datetime.max.replace(tzinfo=UTC)) == 6


# Entities


def test_an_entity_that_is_not_there_is_none(timeline: Timeline[Any]) -> None:
    assert timeline.order("nobody") is None
    assert timeline.order("cem", at=3) is None
    assert timeline.positions("nobody") == []
    assert timeline.positions("cem", at=3) == []


def test_a_key_must_be_text(timeline: Timeline[Any]) -> None:
    wrong: Any = 5
    with pytest.raises(TypeError, match="key must be the key of order as text, not 5"):
        timeline.order(wrong)


def test_the_entities_of_a_page_are_those_that_changed_last(timeline: Timeline[Any]) -> None:
    assert [order.id for order in timeline.page(5)] == ["bea", "cem", "ada"]
    assert [order.id for order in timeline.page(5, size=1, offset=1)] == ["cem"]
    assert timeline.page(5, offset=3) == timeline.page(5, size=0) == timeline.page(0) == ()


@pytest.mark.parametrize(("name", "value"), [("size", -1), ("offset", -1), ("size", True), ("offset", 1.0)])
def test_a_page_has_a_size_and_an_offset_from_0(timeline: Timeline[Any], name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a whole number from 0, not {value}"):
        timeline.page(1, **{name: value})


def test_an_event_that_cannot_follow_names_its_stream_wherever_it_is_met() -> None:
    events = order_log()
    events[4] = replace(events[4], event=events[1].event, event_type="OrderPlaced")
    timeline = Timeline(events)
    assert len(timeline[4].orders) == 3
    for ask in (lambda: timeline[5], lambda: timeline.order("bea"), lambda: list(timeline.steps())):
        with pytest.raises(CorruptStream, match="stream order-bea, version 2: OrderPlaced of bea cannot follow"):
            ask()


def test_a_stream_that_holds_another_ones_event_is_corrupt() -> None:
    events = order_log()
    events[3] = replace(events[3], stream_id="order-dan")
    events[5] = replace(events[5], stream_id="order-dan")
    timeline = Timeline(events)
    for ask in (lambda: timeline[4], lambda: timeline.order("dan"), lambda: list(timeline.steps())):
        with pytest.raises(CorruptStream, match=r"stream order-dan holds .* which is about another"):
            ask()


# Looks


def test_a_timeline_shows_itself_in_one_line() -> None:
    late = [*order_log()[:5], replace(order_log()[5], recorded_at=NEW_YEAR + timedelta(days=3))]
    assert repr(Timeline(order_log())) == "<Timeline of 6 events, 3 orders, 2025-01-01>"
    assert repr(Timeline(late)) == "<Timeline of 6 events, 3 orders, 2025-01-01 to 2025-01-04>"
    assert repr(Timeline(order_log()[:1])) == "<Timeline of 1 event, 1 order, 2025-01-01>"
    assert repr(Timeline([])) == "<Timeline of 0 events, 0 orders>"


def test_a_timeline_shows_counts_and_its_last_events_as_html(timeline: Timeline[Any]) -> None:
    shown = timeline._repr_html_()
    assert "&lt;Timeline of 6 events" in shown
    assert "OrderCancelled" in shown
    assert "<Mug>" not in shown


@pytest.mark.parametrize("count", [0, 1, 6])
def test_a_timeline_of_any_length_shows_itself_as_html(count: int) -> None:
    assert "<table>" in Timeline(order_log()[:count])._repr_html_()


def test_a_timeline_with_an_event_that_cannot_be_read_shows_itself_all_the_same() -> None:
    async def load() -> Timeline[Any]:
        event_store = InMemoryEventStore()
        await event_store.append_many(appends(order_log()))
        unreadable = EncodedEvent("OrderShipped", 2, '{"order_id":"ada"}')
        await event_store.append_events("order-cem", [NewEvent(unreadable, recorded_at=seconds(50))])
        return await Timeline.load(event_store)

    timeline = asyncio.run(load())
    assert repr(timeline) == "<Timeline of 7 events, 3 orders, 2025-01-01>"
    assert "cannot be read: event at position 7 (stream order-cem, version 3)" in timeline._repr_html_()


def test_a_step_shows_what_it_changed(timeline: Timeline[Any]) -> None:
    moment = list(timeline.steps())[2]
    assert repr(moment) == "<Moment #3 OrderShipped ada: placed to shipped>"
    assert "OrderShipped" in moment._repr_html_()


def test_a_step_may_name_states_in_another_way(timeline: Timeline[Any]) -> None:
    names = [(each.before_name, each.after_name) for each in timeline.steps(by=lambda order: f"v{order.version}")]
    assert names[:3] == [("draft", "v1"), ("draft", "v1"), ("v1", "v2")]


def test_two_timelines_are_equal_only_if_they_are_one(timeline: Timeline[Any]) -> None:
    assert timeline == timeline  # noqa: PLR0124 - that is what is asked
    assert timeline != Timeline(order_log())
    assert len({timeline, timeline}) == 1


def test_a_cell_that_reads_a_file_may_be_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "LARGEST_IN_MEMORY", 0)
    write(tmp_path / "log.duckdb", order_log())
    first = Timeline.from_file(tmp_path / "log.duckdb")
    second = Timeline.from_file(tmp_path / "log.duckdb")

    assert first[-1] == second[-1]


def test_a_timeline_that_is_closed_lets_go_of_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "LARGEST_IN_MEMORY", 0)
    write(tmp_path / "log.duckdb", order_log()[:5])
    with Timeline.from_file(tmp_path / "log.duckdb") as timeline:
        assert len(timeline) == 5
    write(tmp_path / "log.duckdb", order_log()[5:])
    with pytest.raises(EventStoreError, match="was closed here"):
        timeline.event(1)


def test_closing_a_timeline_in_memory_changes_nothing(timeline: Timeline[Any]) -> None:
    timeline.close()

    assert timeline.event(1).position == 1


@in_event_loop
async def test_closing_a_timeline_does_not_close_its_event_store(tmp_path: Path) -> None:
    async with DuckDBEventStore(tmp_path / "log.duckdb") as event_store:
        await event_store.append_many(appends(order_log()))
        (await Timeline.load(event_store, in_memory=False)).close()
        assert await event_store.head() == 6
