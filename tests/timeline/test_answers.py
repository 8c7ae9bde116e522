"""Every answer of a timeline is that of a plain fold, wherever the events come from."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres_servers import PostgresServer
from timelines import ACCOUNT_LOGS, DOMAINS, ORDER_LOGS, Domain, Plain, appends, logs

from orderlab.core.log import RecordedEvent
from orderlab.eventstore import postgres_reader
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.timeline import Timeline
from orderlab.timeline.asof import as_of, counting, entities, index, states, walking
from orderlab.timeline.fields import fields_of

KEYS = ["ada", "bea", "cem", "account-1", "order-1", "nobody"]


@pytest.fixture(autouse=True, scope="module")
def _small_parts() -> Iterator[None]:
    """Let the seams between parts, blocks and chunks come up in logs of a few events."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entities, "_EVERY", 3)
        patch.setattr(entities, "_KEPT_STREAMS", 2)
        patch.setattr(entities, "_KEPT_ENTITIES", 3)
        patch.setattr(entities, "_TOGETHER", 4)
        patch.setattr(index, "_FIRST_CHUNK", 2)
        patch.setattr(counting, "_BLOCK", 4)
        patch.setattr(counting, "_BLOCKS_TOGETHER", 2)
        patch.setattr(states, "_SMALLEST_PART", 5)
        patch.setattr(states, "_RECENT", 3)
        patch.setattr(states, "_TOGETHER", 3)
        patch.setattr(walking, "_STRETCH", 4)
        patch.setattr(as_of, "_FIRST_PAGE", 2)
        patch.setattr(postgres_reader, "_STRETCH", 7)
        yield


def require_equal(
    timeline: Timeline[Any], domain: Domain, events: Sequence[RecordedEvent], places: Sequence[int]
) -> None:
    """Compare all answers at these positions."""
    assert len(timeline) == len(events)
    assert list(timeline.events()) == list(events)
    for n in places:
        plain = Plain(domain, events[:n])
        entities_then = plain.latest
        assert timeline[n] == plain.state
        assert timeline.keys(n) == list(plain.last)
        assert timeline.page(n, size=len(events)) == tuple(entities_then)
        assert timeline.page(n, size=2, offset=1) == tuple(entities_then[1:3])
        assert timeline.counts(n) == Counter(each.event_type for each in plain.last.values())
        decider = domain.reducer.decider
        by_state = {**dict.fromkeys(decider.states[1:], 0), **Counter(map(decider.state_name, entities_then))}
        assert timeline.counts(n, by="state") == by_state
        assert timeline.counts(n, by=domain.by) == Counter(map(domain.by, entities_then))
        assert timeline.time_of(n) == (events[n - 1].recorded_at if n else None)
        for key in KEYS:
            assert timeline.entity(key, at=n) == plain.entity(key)
            assert timeline.positions(key, at=n) == plain.positions(key)
        if n:
            assert timeline.event(n) == events[n - 1]
            last = [each.position for each in events if each.recorded_at <= events[n - 1].recorded_at][-1]
            assert timeline.position_at(events[n - 1].recorded_at) == last
            assert timeline.at(events[n - 1].recorded_at) == Plain(domain, events[:last]).state


def require_equal_frame(timeline: Timeline[Any], domain: Domain, events: Sequence[RecordedEvent], n: int) -> None:
    plain, frame = Plain(domain, events[:n]), timeline.frame(n)
    assert frame.index.name == domain.reducer.decider.name
    assert list(frame.index) == list(plain.last)
    for key, row in frame.iterrows():
        fields = fields_of(plain.entity(str(key)))
        assert {name: value for name, value in row.items() if not _missing(value)} == fields


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and isnan(value))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Domain, list[RecordedEvent], list[int]]:
    """Draw a domain, a log of it, and positions in some order, some of them twice."""
    domain = draw(st.sampled_from(DOMAINS))
    events = draw(logs(domain))
    return domain, events, draw(st.lists(st.integers(0, len(events)), max_size=12))


@given(cases())
@settings(max_examples=150, deadline=None)
def test_every_answer_is_that_of_a_plain_fold(case: tuple[Domain, list[RecordedEvent], list[int]]) -> None:
    domain, events, places = case
    require_equal(Timeline(events, reducer=domain.reducer, codec=domain.codec), domain, events, places)


@given(cases())
@settings(max_examples=40, deadline=None)
def test_every_answer_is_the_same_from_rows_in_memory(
    case: tuple[Domain, list[RecordedEvent], list[int]],
) -> None:
    domain, events, places = case
    require_equal(asyncio.run(_from_memory(domain, events)), domain, events, places)


@given(cases())
@settings(max_examples=10, deadline=None)
def test_every_answer_is_the_same_from_a_file_that_is_read_as_asked(
    case: tuple[Domain, list[RecordedEvent], list[int]],
) -> None:
    domain, events, places = case

    async def compare(path: Path) -> None:
        async with DuckDBEventStore(path, codec=domain.codec) as event_store:
            await event_store.append_many(appends(events))
            timeline = await Timeline.load(event_store, reducer=domain.reducer, in_memory=False)
            require_equal(timeline, domain, events, places)

    with TemporaryDirectory() as folder:
        asyncio.run(compare(Path(folder) / "log.duckdb"))


@given(cases())
@settings(max_examples=10, deadline=None)
def test_every_answer_is_the_same_from_a_database_that_is_read_as_asked(
    postgres: PostgresServer, case: tuple[Domain, list[RecordedEvent], list[int]]
) -> None:
    domain, events, places = case

    async def compare() -> None:
        async with PostgresEventStore(postgres.url, schema=postgres.fresh_schema(), codec=domain.codec) as event_store:
            await event_store.append_many(appends(events))
            timeline = await Timeline.load(event_store, reducer=domain.reducer, in_memory=False)
            require_equal(timeline, domain, events, places)

    asyncio.run(compare())


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_frame_has_the_fields_of_every_entity(domain: Domain, data: st.DataObject) -> None:
    events = data.draw(logs(domain))
    timeline = Timeline(events, reducer=domain.reducer)
    require_equal_frame(timeline, domain, events, data.draw(st.integers(0, len(events))))


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_the_states_one_after_another_are_those_of_plain_folds(domain: Domain, data: st.DataObject) -> None:
    events = data.draw(logs(domain))
    timeline = Timeline(events, reducer=domain.reducer)
    assert list(timeline) == [Plain(domain, events[:n]).state for n in range(len(events) + 1)]


@pytest.mark.parametrize("domain", DOMAINS, ids=repr)
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_each_step_has_its_entity_before_and_after(domain: Domain, data: st.DataObject) -> None:
    events = data.draw(logs(domain))
    decider = domain.reducer.decider
    steps = list(Timeline(events, reducer=domain.reducer).steps())
    assert [each.position for each in steps] == [each.position for each in events]
    for moment, event in zip(steps, events, strict=True):
        assert (moment.recorded_at, moment.event_type, moment.event) == (
            event.recorded_at,
            event.event_type,
            event.event,
        )
        assert moment.key == decider.key_in(event.stream_id)
        assert moment.before == Plain(domain, events[: event.position - 1]).entity(moment.key)
        assert moment.after == Plain(domain, events[: event.position]).entity(moment.key)
        names = (decider.state_name(moment.before), decider.state_name(moment.after))
        assert (moment.before_name, moment.after_name) == names


async def _from_memory(domain: Domain, events: Sequence[RecordedEvent]) -> Timeline[Any]:
    event_store = InMemoryEventStore(codec=domain.codec)
    await event_store.append_many(appends(events))
    return await Timeline.load(event_store, reducer=domain.reducer)


def test_the_random_logs_have_streams_of_many_events_and_many_streams() -> None:
    """What the properties above are worth: without this they might be about nothing."""
    found: list[tuple[int, int]] = []

    @given(st.sampled_from([ORDER_LOGS, ACCOUNT_LOGS]).flatmap(logs))
    @settings(max_examples=300, deadline=None, derandomize=True)
    def look(events: list[RecordedEvent]) -> None:
        found.append((max((each.version for each in events), default=0), len({each.stream_id for each in events})))

    look()
    assert max(version for version, _ in found) > 6
    assert max(streams for _, streams in found) > 4
