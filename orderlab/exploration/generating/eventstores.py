"""An event store under random use, against a model of a few lines: whatever is done to both, they agree."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SeededIds, TestClock
from orderlab.core.errors import EventIdReused, VersionConflict
from orderlab.core.log import Appended, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted, OpenEventStore, ReopenEventStore
from orderlab.eventstore.contract.kit import expect, let_go
from orderlab.exploration.generating.logmodel import BELIEFS, LogModel
from orderlab.exploration.profiles import profile_of

T = TypeVar("T")

_STREAMS = st.sampled_from(["a", "b", "c"])
_COUNTS = st.integers(0, 3)
_BELIEFS = st.sampled_from(BELIEFS)
_PATIENCE_SECONDS = 60.0

Belief = tuple[str, int, str]
"""What a writer means to append: a stream, how many events, and what it believes of the version."""


class EventStoreMachine(RuleBasedStateMachine):
    """An event store and a model, told the same; made by `event_store_machine`, and open to rules of your own.

    Attributes:
        model: What the log must be.
        event_store: The event store, as it was opened last.
    """

    open_event_store: ClassVar[OpenEventStore]

    def __init__(self) -> None:
        super().__init__()
        self.model = LogModel()
        self.clock, self.ids = TestClock(), SeededIds(1)
        self._sent: list[tuple[AppendEvents, Appended]] = []
        self._drawn = 0
        self._loop = asyncio.Runner()
        opening = type(self).open_event_store(codec=CONTRACT_CODEC, clock=self.clock, ids=self.ids)
        try:
            self.enter(opening)
        except BaseException:
            self._loop.close()
            raise

    def enter(self, opening: AbstractAsyncContextManager[EventStore, bool | None]) -> None:
        """Begin to use the event store that a context manager gives."""
        self._opened = opening
        self.event_store = self.run(opening.__aenter__())

    def leave(self) -> None:
        """Let go of the event store."""
        self.run(self._opened.__aexit__(None, None, None))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the machine's event loop, and not for ever."""

        async def patiently() -> T:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await work

        return self._loop.run(patiently())

    @rule(stream_id=_STREAMS, count=_COUNTS, belief=_BELIEFS)
    def append(self, stream_id: str, count: int, belief: str) -> None:
        """Append to one stream, believing something of its version."""
        append = self._make(stream_id, count, belief)
        if append is None:
            return
        answer: object
        try:
            answer = self.run(
                self.event_store.append_events(stream_id, append.events, expected_version=append.expected_version)
            )
        except VersionConflict as conflict:
            answer = conflict
        wanted = self._agreed(append, answer)
        if wanted is not None:
            expect(answer, wanted.version, "append_events returns the stream's new version")

    @rule(beliefs=st.lists(st.tuples(_STREAMS, _COUNTS, _BELIEFS), max_size=5))
    def append_many(self, beliefs: Sequence[Belief]) -> None:
        """Append to several streams at once; the same one may come twice."""
        batch = [append for belief in beliefs if (append := self._make(*belief)) is not None]
        answers = self.run(self.event_store.append_many(batch))
        expect(len(answers), len(batch), "append_many answers each append")
        for append, answer in zip(batch, answers, strict=True):
            wanted = self._agreed(append, answer)
            if wanted is not None:
                expect(answer, wanted, "append_many says where each append went")

    @precondition(lambda self: self._sent)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """Send what was sent before."""
        append, answer = data.draw(st.sampled_from(self._sent))
        answers = self.run(self.event_store.append_many([append]))
        expect(answers, [replace(answer, repeated=True)], "what is sent again changes nothing")

    @precondition(lambda self: self._sent)
    @rule(data=st.data(), stream_id=_STREAMS)
    def send_known_with_new(self, data: st.DataObject, stream_id: str) -> None:
        """Send what was sent before, and one more event with it."""
        append, _ = data.draw(st.sampled_from(self._sent))
        mixed = AppendEvents(stream_id, [*append.events, Noted("new")])
        [answer] = self.run(self.event_store.append_many([mixed]))
        expect(type(answer), EventIdReused, "events of which some are known are refused")

    @rule(stream_id=_STREAMS, from_version=st.integers(1, 8))
    def load(self, stream_id: str, from_version: int) -> None:
        """Load a stream from a version on."""
        loaded = self.run(self.event_store.load_events(stream_id, from_version=from_version))
        wanted = list(enumerate(self.model.stream(stream_id), start=1))[from_version - 1 :]
        found = [(recorded.version, recorded.event.number) for recorded in loaded]
        expect(found, wanted, "load_events gives a stream from a version on")

    @rule(after=st.integers(0, 12), limit=st.none() | st.integers(0, 5))
    def read(self, after: int, limit: int | None) -> None:
        """Read a stretch of the log."""

        async def read() -> list[tuple[str, int]]:
            events = self.event_store.read_all(after=after, limit=limit)
            return [(recorded.stream_id, recorded.event.number) async for recorded in events]

        wanted = self.model.log[after : None if limit is None else after + limit]
        expect(self.run(read()), wanted, "read_all gives what comes after a position, and no more than the limit")

    @rule(after=st.integers(0, 12))
    def follow(self, after: int) -> None:
        """Subscribe, and take what is there already."""

        async def follow() -> list[int]:
            subscription = self.event_store.subscribe(after=after)
            found = [(await anext(subscription)).position for _ in range(len(self.model.log) - after)]
            await let_go(subscription)
            return found

        expect(self.run(follow()), list(range(after + 1, len(self.model.log) + 1)), "subscribe leaves out nothing")

    @invariant()
    def the_log_is_the_model(self) -> None:
        """Compare the whole log with the model."""

        async def log() -> list[tuple[int, str, int, int]]:
            return [
                (recorded.position, recorded.stream_id, recorded.version, recorded.event.number)
                async for recorded in self.event_store.read_all()
            ]

        expect(self.run(log()), self.model.rows(), "the log holds what was appended, and nothing else")
        expect(self.run(self.event_store.head()), len(self.model.log), "head is the last position")
        streams = self.run(self.event_store.list_streams())
        expect(streams, self.model.streams(), "list_streams gives each stream once, in the order of the first events")

    def teardown(self) -> None:
        """Let go of the event store and the event loop."""
        try:
            self.leave()
        finally:
            self._loop.close()

    def _make(self, stream_id: str, count: int, belief: str) -> AppendEvents | None:
        """Return an append of new events; None for a belief in a version below zero."""
        expected = self.model.expected_version(stream_id, belief)
        if expected is not None and expected < 0:
            return None
        self._drawn += count
        numbers = range(self._drawn - count + 1, self._drawn + 1)
        return AppendEvents(stream_id, [NewEvent(Noted("x", each), UUID(int=each)) for each in numbers], expected)

    def _agreed(self, append: AppendEvents, answer: object) -> Appended | None:
        """Tell the model what was appended, and return where it went; None if it is right that it was refused."""
        wanted = self.model.append(append)
        if isinstance(wanted, Appended):
            if append.events:
                self._sent.append((append, wanted))
            if isinstance(answer, VersionConflict):
                raise AssertionError(f"an append with the right expectation is refused: {answer}") from answer
            return wanted
        if not isinstance(answer, VersionConflict):
            raise AssertionError(
                f"an append that expects version {wanted[0]} of {wanted[1]} is not refused: {answer!r}"
            )
        named = (answer.stream_id, answer.expected, answer.actual)
        expect(named, (append.stream_id, *wanted), "a VersionConflict names the stream and both versions")
        return None


def event_store_machine(
    open_event_store: OpenEventStore, *, reopen_event_store: ReopenEventStore | None = None, profile: str = "quick"
) -> type[EventStoreMachine]:
    """Return a state machine of Hypothesis that uses an event store at random and compares it with a list.

    `TestMyEventStore = event_store_machine(MyEventStore).TestCase` is a test for unittest and pytest. It finds what
    comes of many operations together; `event_store_contract` says the rules one by one.

    Args:
        open_event_store: Called with `codec`, `clock` and `ids`, returns an async context manager that gives a
            fresh, empty event store opened with these; the class itself often does.
        reopen_event_store: Called with a closed event store and `codec`, `clock` and `ids`, returns an async context
            manager that gives a new one over the same log, which is then closed and opened again at any time. None
            for a log that ends with its event store.
        profile: How hard its `TestCase` tries: `quick`, `thorough` or `exhaustive`.

    Raises:
        TypeError: What opens an event store cannot be called.
        ValueError: There is no such profile.

    >>> from orderlab.eventstore.memory import InMemoryEventStore
    >>> TestInMemoryEventStore = event_store_machine(InMemoryEventStore).TestCase
    """
    for name, opens in (("open_event_store", open_event_store), ("reopen_event_store", reopen_event_store)):
        if not callable(opens) and (opens is not None or name == "open_event_store"):
            raise TypeError(f"{name} must be what opens an event store, such as InMemoryEventStore, not {opens!r}")
    opening = {"__doc__": "An event store under random use.", "open_event_store": staticmethod(open_event_store)}
    machine: type[EventStoreMachine] = type("EventStoreMachine", (EventStoreMachine,), opening)
    if reopen_event_store is not None:
        machine = _durable(machine, reopen_event_store)
    machine.TestCase.settings = profile_of(profile)
    return machine


def _durable(base: type[EventStoreMachine], reopen_event_store: ReopenEventStore) -> type[EventStoreMachine]:
    class DurableEventStoreMachine(base):  # type: ignore[misc, valid-type] # a class that is made
        """The same for a log that outlives its event store."""

        @rule()
        def reopen(self) -> None:
            """Close the event store, and open its log again."""
            closed = self.event_store
            self.leave()
            self.enter(reopen_event_store(closed, codec=CONTRACT_CODEC, clock=self.clock, ids=self.ids))

    return DurableEventStoreMachine
