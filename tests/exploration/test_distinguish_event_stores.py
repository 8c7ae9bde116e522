import threading
from asyncio import Event, sleep
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import broken_event_stores as broken
import pytest
from event_loop import in_event_loop
from postgres_servers import PostgresServer

from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, RecordedEvent
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.eventstore.stored import EncodedAppend
from orderlab.exploration.differing.operations import (
    Append,
    AppendAtOnce,
    AppendMany,
    Head,
    ListStreams,
    Load,
    ReadAll,
    Reopen,
)
from orderlab.exploration.differing.storeanswers import Accepted, Refused
from orderlab.exploration.distinguish import distinguish
from orderlab.orders.decider import ORDERS
from orderlab.workshop.zoo.eventstores import LosesTimesWhenOpenedAgain, Reopenable, SortsItsStreams


def test_two_equal_event_stores_are_the_same_up_to_the_bound_and_no_further() -> None:
    distinction = distinguish(InMemoryEventStore, broken.Unhurried, depth=2)
    assert not distinction.differs
    assert not distinction.exhaustive
    assert str(distinction).startswith("no difference: 118 scripts of up to 2 writes were done, each with every look")


def test_event_stores_of_two_kinds_are_compared(tmp_path: Path) -> None:
    numbers = iter(range(1_000))

    def in_a_file(**options: Any) -> DuckDBEventStore:
        return DuckDBEventStore(tmp_path / f"{next(numbers)}.duckdb", **options)

    operations = [Append("a", (1,), 0), Append("a", (2,), 1), ReadAll(), ListStreams()]
    assert not distinguish(in_a_file, InMemoryEventStore, operations, depth=1).differs


def test_an_event_store_in_postgresql_is_compared(postgres: PostgresServer) -> None:
    def in_a_database(**options: Any) -> PostgresEventStore:
        return PostgresEventStore(postgres.url, schema=postgres.fresh_schema(), **options)

    assert not distinguish(in_a_database, InMemoryEventStore, depth=1).differs
    what = distinguish(in_a_database, broken.NeverConflicts, [Append("a", (1,)), Append("a", (2,), 0)]).what
    assert what.startswith("the first answers VersionConflict")


@pytest.mark.parametrize(
    ("faulty", "kinds"),
    [
        (broken.NeverConflicts, [Append]),
        (broken.AnswersOneTooFew, [Append]),
        (broken.ABatchDiesOfOneConflict, [AppendMany]),
        (broken.WritesEventByEvent, [Append, Append]),
        (broken.LetsTimesDecrease, [Append, Append, ReadAll]),
        (broken.IsReadFromACopyThatLags, [Append, Load]),
    ],
)
def test_the_shortest_script_is_found(faulty: Any, kinds: list[type]) -> None:
    distinction = distinguish(faulty, InMemoryEventStore)
    assert distinction.trace is not None
    assert [type(each) for each in distinction.trace.commands] == kinds


def test_writers_at_once_are_tried_too() -> None:
    class Checks(InMemoryEventStore):
        async def append_events(
            self, stream_id: str, events: Sequence[Any], *, expected_version: int | None = None
        ) -> int:
            if expected_version == len(await self.load_events(stream_id)):
                await sleep(0)
                expected_version = None
            return await super().append_events(stream_id, events, expected_version=expected_version)

    distinction = distinguish(Checks, InMemoryEventStore)
    assert distinction.trace is not None
    assert isinstance(distinction.trace.commands[-1], AppendAtOnce)


def test_the_log_is_opened_again_where_both_can() -> None:
    assert not distinguish(LosesTimesWhenOpenedAgain, InMemoryEventStore, depth=1).differs
    distinction = distinguish(LosesTimesWhenOpenedAgain, Reopenable)
    assert distinction.trace is not None
    assert Reopen() in distinction.trace.commands


def test_a_script_and_its_answers_stand_side_by_side() -> None:
    assert str(distinguish(SortsItsStreams, Reopenable, labels=("mine", "yours"))).splitlines() == [
        "they differ in step 3, ListStreams: streams[0] is order-1 in mine and order-2 in yours",
        "",
        "     command                                         mine              yours",
        "  1  append event 1 to order-2, expecting version 0  version 1         version 1",
        "  2  append event 2 to order-1, expecting version 0  version 1         version 1",
        "> 3  list the streams                                order-1, order-2  order-2, order-1",
        "       streams[0]                                    order-1           order-2",
        "",
        "> ListStreams()",
    ]


def test_an_error_is_told_by_its_kind_and_fields() -> None:
    what = distinguish(broken.ExpectsOneTooMany, InMemoryEventStore).what
    assert what == (
        "the first answers VersionConflict(actual 0, expected 2) "
        "where the second answers VersionConflict(actual 0, expected 1)"
    )


def test_a_script_is_a_trace_that_can_be_played_again() -> None:
    distinction = distinguish(broken.NeverConflicts, InMemoryEventStore)
    assert distinction.trace is not None
    assert distinction.other is not None
    assert distinction.trace.events == (Accepted(1),)
    assert isinstance(distinction.other.steps[-1].rejection, Refused)
    assert distinction.trace.replayed(distinction.other.reducer).outcomes == distinction.other.outcomes
    assert "position" not in distinction.trace.story()
    assert distinction._repr_html_()


def test_operations_may_be_given() -> None:
    operations = [Append("a", (1,)), Head()]
    distinction = distinguish(SortsItsStreams, Reopenable, operations)
    assert (distinction.differs, distinction.states) == (False, 4)


@in_event_loop
async def test_event_stores_are_compared_where_an_event_loop_runs() -> None:
    assert distinguish(broken.NeverConflicts, InMemoryEventStore).differs


def test_an_event_store_may_be_opened_by_a_coroutine() -> None:
    async def opened() -> InMemoryEventStore:
        return InMemoryEventStore()

    assert not distinguish(opened, InMemoryEventStore, depth=1).differs


def test_an_event_store_may_be_opened_by_a_context_manager() -> None:
    closed: list[InMemoryEventStore] = []

    @asynccontextmanager
    async def opened() -> AsyncIterator[InMemoryEventStore]:
        async with InMemoryEventStore() as event_store:
            yield event_store
        closed.append(event_store)

    assert not distinguish(opened, InMemoryEventStore, depth=1).differs
    assert closed


def test_what_never_answers_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs(InMemoryEventStore):
        async def head(self) -> int:
            if self._rows:
                await Event().wait()
            return len(self._rows)

    monkeypatch.setattr("orderlab.exploration.differing.scripts.PATIENCE_SECONDS", 0.05)
    what = distinguish(Hangs, InMemoryEventStore, [Append("a", (1,)), Head()]).what
    assert what == "the first answers an answer that never comes where the second answers position 1"


class NeverAnswers(InMemoryEventStore):
    async def append_events(self, *arguments: Any, **others: Any) -> int:
        await Event().wait()
        return 0


def test_what_neither_answers_ends_the_search_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.exploration.differing.scripts.PATIENCE_SECONDS", 0.05)
    distinction = distinguish(NeverAnswers, NeverAnswers)
    assert not distinction.differs
    assert not distinction.exhaustive
    assert "neither answers append event 1 to order-1, expecting version 0 within" in distinction.bound


def test_the_search_ends_with_what_one_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.exploration.differing.scripts.PATIENCE_SECONDS", 0.05)
    distinction = distinguish(InMemoryEventStore, NeverAnswers)
    assert distinction.what == "the first answers version 1 where the second answers an answer that never comes"
    assert distinction.states == 2


def test_what_holds_up_the_event_loop_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    class Blocks(InMemoryEventStore):
        async def append_events(self, *arguments: Any, **others: Any) -> int:
            gate.wait()
            return 0

    monkeypatch.setattr("orderlab.exploration.differing.scripts.HELD_UP_SECONDS", 0.1)
    with pytest.raises(TimeoutError, match=r"an operation on the event store takes more than .* s without await"):
        distinguish(Blocks, InMemoryEventStore)
    gate.set()


@pytest.mark.parametrize(
    ("method", "text"),
    [("head", "did not open an event store within"), ("close", "event store of Hangs did not close within")],
)
def test_what_does_not_open_or_close_is_told_of(method: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(self: Any) -> None:
        await Event().wait()

    monkeypatch.setattr("orderlab.exploration.differing.scripts.PATIENCE_SECONDS", 0.05)
    hanging: Any = type("Hangs", (InMemoryEventStore,), {method: hang})
    with pytest.raises(TimeoutError, match=text):
        distinguish(hanging, InMemoryEventStore)


def test_a_look_that_changes_the_log_is_shown_with_the_looks_before_it() -> None:
    class BurnsByLooking(InMemoryEventStore):
        async def list_streams(self) -> list[str]:
            self._rows.clear()
            return await super().list_streams()

    looks = [Append("a", (1,)), ListStreams(), Head()]
    distinction = distinguish(BurnsByLooking, InMemoryEventStore, looks)
    assert distinction.trace is not None
    assert distinction.trace.commands == tuple(looks)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (
            {"a": InMemoryEventStore()},
            TypeError,
            "hand over what opens a fresh event store, such as InMemoryEventStore",
        ),
        ({"a": ORDERS}, TypeError, "two of a kind"),
        ({"a": lambda: 3}, TypeError, "must give an event store when it is called"),
        ({"a": lambda path: InMemoryEventStore()}, TypeError, "must open a fresh event store when it is called"),
        ({"commands": ["append"]}, TypeError, "must be operations"),
    ],
)
def test_what_is_no_event_store_is_refused(arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        distinguish(**{"a": InMemoryEventStore, "b": InMemoryEventStore, **arguments})


def test_an_event_store_that_is_not_empty_is_refused() -> None:
    only = InMemoryEventStore()

    class Shared(InMemoryEventStore):
        async def _write(self, batch: Sequence[EncodedAppend]) -> list[Appended | AppendRefused]:
            return await only._write(batch)

        async def head(self) -> int:
            return await only.head()

        async def read_all(self, *, after: int = 0, limit: int | None = None) -> AsyncIterator[RecordedEvent]:
            async for recorded in only.read_all(after=after, limit=limit):
                yield recorded

    with pytest.raises(ValueError, match=r"Shared must open a fresh, empty event store each time, and this one has"):
        distinguish(Shared, InMemoryEventStore)
