"""Every event store against a model that is a few lines of lists: whatever is done to both, they agree."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import EventIdReused, VersionConflict
from orderlab.core.log import Appended, NewEvent
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.rows import RowEventStore

T = TypeVar("T")

STREAMS = st.sampled_from(["a", "b", "c"])
COUNTS = st.integers(0, 3)
BELIEFS = st.sampled_from(["nothing", "right", "too low", "too high", "no stream"])
OFF_BY = {"right": 0, "too low": -1, "too high": 1}

Belief = tuple[str, int, str]
"""What a writer means to append: a stream, how many events, and what it believes of the version."""


class Model:
    """A log as a list of streams and numbers, and what each append must be answered."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []

    def stream(self, stream_id: str) -> list[int]:
        return [number for each, number in self.log if each == stream_id]

    def expected_version(self, stream_id: str, belief: str) -> int | None:
        if belief in OFF_BY:
            return len(self.stream(stream_id)) + OFF_BY[belief]
        return None if belief == "nothing" else 0

    def append(self, append: AppendEvents) -> Appended | tuple[int, int]:
        """Append if the expectation is right; else return the versions that the conflict must name."""
        version = len(self.stream(append.stream_id))
        if append.expected_version not in (None, version):
            assert append.expected_version is not None
            return append.expected_version, version
        start = len(self.log)
        self.log += [(append.stream_id, new.event.number) for new in append.events]
        return Appended(version + len(append.events), tuple(range(start + 1, len(self.log) + 1)))


class Agreement(RuleBasedStateMachine):
    """An event store and the model, told the same."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.model = Model()
        self.sent: list[tuple[AppendEvents, Appended]] = []
        self.drawn = 0
        self.event_store = self.opened()

    def opened(self) -> RowEventStore:
        return InMemoryEventStore(codec=CONTRACT_CODEC)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    def make(self, stream_id: str, count: int, belief: str) -> AppendEvents | None:
        expected = self.model.expected_version(stream_id, belief)
        if expected is not None and expected < 0:
            return None
        self.drawn += count
        numbers = range(self.drawn - count + 1, self.drawn + 1)
        return AppendEvents(stream_id, [NewEvent(Noted("x", each), UUID(int=each)) for each in numbers], expected)

    def agree(self, append: AppendEvents, answer: object) -> None:
        wanted = self.model.append(append)
        if isinstance(wanted, Appended):
            assert answer == wanted
            if append.events:
                self.sent.append((append, wanted))
        else:
            assert isinstance(answer, VersionConflict)
            assert (answer.stream_id, answer.expected, answer.actual) == (append.stream_id, *wanted)

    @rule(stream_id=STREAMS, count=COUNTS, belief=BELIEFS)
    def append(self, stream_id: str, count: int, belief: str) -> None:
        append = self.make(stream_id, count, belief)
        if append is None:
            return
        answer: object
        try:
            version = self.run(
                self.event_store.append_events(stream_id, append.events, expected_version=append.expected_version)
            )
        except VersionConflict as conflict:
            answer = conflict
        else:
            answer = Appended(version, tuple(range(len(self.model.log) + 1, len(self.model.log) + 1 + count)))
        self.agree(append, answer)

    @rule(beliefs=st.lists(st.tuples(STREAMS, COUNTS, BELIEFS), max_size=5))
    def append_many(self, beliefs: Sequence[Belief]) -> None:
        batch = [append for belief in beliefs if (append := self.make(*belief)) is not None]
        for append, answer in zip(batch, self.run(self.event_store.append_many(batch)), strict=True):
            self.agree(append, answer)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        append, answer = data.draw(st.sampled_from(self.sent))
        assert self.run(self.event_store.append_many([append])) == [replace(answer, repeated=True)]

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), stream_id=STREAMS)
    def send_known_with_new(self, data: st.DataObject, stream_id: str) -> None:
        append, _ = data.draw(st.sampled_from(self.sent))
        mixed = AppendEvents(stream_id, [*append.events, Noted("new")])
        [answer] = self.run(self.event_store.append_many([mixed]))
        assert isinstance(answer, EventIdReused)

    @rule(stream_id=STREAMS, from_version=st.integers(1, 8))
    def load(self, stream_id: str, from_version: int) -> None:
        loaded = self.run(self.event_store.load_events(stream_id, from_version=from_version))
        wanted = list(enumerate(self.model.stream(stream_id), start=1))[from_version - 1 :]
        assert [(recorded.version, recorded.event.number) for recorded in loaded] == wanted

    @rule(after=st.integers(0, 12), limit=st.none() | st.integers(0, 5))
    def read(self, after: int, limit: int | None) -> None:
        async def read() -> list[tuple[str, int]]:
            events = self.event_store.read_all(after=after, limit=limit)
            return [(recorded.stream_id, recorded.event.number) async for recorded in events]

        assert self.run(read()) == self.model.log[after : None if limit is None else after + limit]

    @rule(after=st.integers(0, 12))
    def follow(self, after: int) -> None:
        async def follow() -> list[int]:
            subscription = self.event_store.subscribe(after=after)
            return [(await anext(subscription)).position for _ in range(len(self.model.log) - after)]

        assert self.run(follow()) == list(range(after + 1, len(self.model.log) + 1))

    @invariant()
    def the_log_is_the_model(self) -> None:
        async def log() -> list[tuple[int, str, int, int]]:
            return [
                (recorded.position, recorded.stream_id, recorded.version, recorded.event.number)
                async for recorded in self.event_store.read_all()
            ]

        versions: dict[str, int] = {}
        wanted = []
        for position, (stream_id, number) in enumerate(self.model.log, start=1):
            versions[stream_id] = versions.get(stream_id, 0) + 1
            wanted.append((position, stream_id, versions[stream_id], number))
        assert self.run(log()) == wanted
        assert self.run(self.event_store.head()) == len(wanted)
        assert self.run(self.event_store.list_streams()) == list(versions)

    def teardown(self) -> None:
        self.run(self.event_store.close())
        self.loop.close()


class DurableAgreement(Agreement):
    """The same with a file, which may be closed and opened again at any time."""

    def opened(self) -> RowEventStore:
        self.folder = TemporaryDirectory()
        return self.open_file()

    def open_file(self) -> RowEventStore:
        return DuckDBEventStore(Path(self.folder.name) / "log.duckdb", codec=CONTRACT_CODEC)

    @rule()
    def reopen(self) -> None:
        self.run(self.event_store.close())
        self.event_store = self.open_file()

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


@pytest.mark.parametrize(("machine", "examples"), [(Agreement, 100), (DurableAgreement, 10)])
def test_an_event_store_agrees_with_a_list(machine: type[Agreement], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
