import asyncio
import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from accounts import ACCOUNT_CODEC, Deposited
from event_loop import in_event_loop
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres_servers import PostgresServer

from orderlab import logcopy
from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, EncodedEvent, NewEvent, StoredEvent
from orderlab.eventstore import verbatim
from orderlab.eventstore.base import Columns, EventStore, EventStoreError
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.urls import open_event_store
from orderlab.logcopy import Copied, LogCopyError, Stage, copy_log, digest_of
from orderlab.logfile import export_lines

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
CURIOUS = (
    '{"size":123456789012345678901234567890,"share":1.10,"far":1E+5,"none":-0,"nul":"\\u0000",'
    '"name":"\\u00e9\\/é \\uD83C\\uDF75","z":[1, 2],"a":{"y":1,\t"x":2}}'
)
"""JSON that is another text once it was read and written."""


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have logs read and written two events at a time."""
    monkeypatch.setattr(logcopy, "_TOGETHER", 2)


def in_memory() -> InMemoryEventStore:
    return InMemoryEventStore(clock=TestClock(), ids=SequentialIds())


async def sample(event_store: EventStore) -> EventStore:
    """Fill an event store with five events that have a bit of everything."""
    await event_store.append_events("a", [noted("1")])
    caused = NewEvent(noted(CURIOUS), UUID(int=2**127 + 5), None, "request 🍵", "cause")
    await event_store.append_events("b", [caused])
    later = datetime(2025, 1, 1, 12, 30, 15, 123456, UTC)
    metadata = msgspec.json.decode(CURIOUS, type=dict[str, msgspec.Raw])
    await event_store.append_events("a", [NewEvent(noted("[]"), None, later, metadata=metadata)])
    await event_store.append_events("b", [EncodedEvent("Other", 7, '{"over":\n"several lines"}'), noted("null")])
    return event_store


def noted(payload: str) -> EncodedEvent:
    return EncodedEvent("Noted", 1, payload)


async def rows(event_store: EventStore) -> list[StoredEvent]:
    """Return the whole log as it lies there."""
    found: list[StoredEvent] = []
    async for columns in event_store.read_columns(*StoredEvent._fields):
        found += map(StoredEvent._make, zip(*(columns[name] for name in StoredEvent._fields), strict=True))
    return found


class Changed(InMemoryEventStore):
    """An event store that gives some rows otherwise than they were written, as somebody's hand left them.

    Args:
        changes: What is changed, by position.
        when: Whether it is, each time that something is read.
    """

    def __init__(self, changes: dict[int, dict[str, Any]], when: Callable[[], bool] = lambda: True) -> None:
        super().__init__(clock=TestClock(), ids=SequentialIds())
        self.changes = changes
        self.when = when

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        changes = self.changes if self.when() else {}
        async for columns in super().read_columns(*names, after=after, until=until):
            for position, change in changes.items():
                if after < position <= after + len(columns[names[0]]):
                    for name, value in change.items():
                        columns[name][position - after - 1] = value
            yield columns


# The same log, anywhere


@pytest.mark.parametrize("kind", ["memory://", "duckdb:///{}/from.duckdb"])
@pytest.mark.parametrize("to_kind", ["memory://", "duckdb:///{}/to.duckdb"])
@in_event_loop
async def test_a_copy_is_the_same_log(kind: str, to_kind: str, tmp_path: Path) -> None:
    async with open_event_store(kind.format(tmp_path)) as source, open_event_store(to_kind.format(tmp_path)) as target:
        copied = await copy_log(await sample(source), target)

        assert await rows(target) == await rows(source)
        assert copied == Copied(5, 5, await digest_of(source), 0)
        assert (await rows(target))[1].payload == (await rows(target))[2].metadata == CURIOUS


@in_event_loop
async def test_an_empty_log_is_copied_to_an_empty_log() -> None:
    assert await copy_log(in_memory(), in_memory()) == Copied(0, 0, hashlib.sha256().hexdigest(), 0)


@in_event_loop
async def test_a_copy_needs_to_know_nothing_of_what_the_events_mean() -> None:
    source, target = InMemoryEventStore(codec=ACCOUNT_CODEC), in_memory()
    await source.append_events("account-ada", [Deposited("ada", 5), Deposited("ada", 5)])
    await copy_log(source, target)

    assert await rows(target) == await rows(source)


@in_event_loop
async def test_the_digest_is_one_that_anybody_can_take() -> None:
    event_store = await sample(in_memory())
    digest = hashlib.sha256()
    for row in await rows(event_store):
        time = row.recorded_at.isoformat().replace("+00:00", "Z")
        fields = row._replace(event_id=str(row.event_id), recorded_at=time)  # type: ignore[arg-type]
        digest.update(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")

    assert await digest_of(event_store) == digest.hexdigest()


@pytest.mark.parametrize("name", StoredEvent._fields[1:])
@in_event_loop
async def test_the_digest_differs_for_any_difference(name: str) -> None:
    other: dict[str, Any] = {"event_id": UUID(int=9), "recorded_at": NEW_YEAR, "version": 9, "schema_version": 9}
    event_store = await sample(Changed({4: {name: other.get(name, '"other"')}}))

    assert await digest_of(event_store) != await digest_of(await sample(in_memory()))
    assert await digest_of(event_store, until=3) == await digest_of(await sample(in_memory()), until=3)


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_every_stage_tells_how_far_it_is() -> None:
    source, target = await sample(in_memory()), in_memory()
    told: list[tuple[Stage, int]] = []

    def call_off(stage: Stage, position: int) -> None:
        if stage is Stage.COPYING and position == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy_log(source, target, progress=call_off)
    await copy_log(source, target, progress=lambda stage, position: told.append((stage, position)))

    assert told == [
        (Stage.COMPARING, 2),
        *((Stage.COPYING, position) for position in (4, 5)),
        *((Stage.VERIFYING, position) for position in (2, 4, 5)),
    ]


# Text stays the text that it is

spaces = st.sampled_from(["", "", " ", "\t", "\n "])
numbers = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
strings = st.from_regex(r'"([a-z🍵é ]|\\["\\/bfnrt]|\\u00[0-9a-fA-F]{2}|\\uD83C\\uDF75){0,8}"', fullmatch=True)


def containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    member = st.tuples(spaces, strings, spaces, st.just(":"), spaces, inner, spaces).map("".join)
    element = st.tuples(spaces, inner, spaces).map("".join)
    return st.lists(member, max_size=3).map(lambda parts: f"{{{','.join(parts)}}}") | st.lists(element, max_size=3).map(
        lambda parts: f"[{','.join(parts)}]"
    )


json_texts = st.recursive(st.sampled_from(["null", "true", "false"]) | numbers | strings, containers, max_leaves=8)


@settings(max_examples=60, deadline=None)
@given(json_texts, st.dictionaries(st.text(max_size=4), json_texts, max_size=4))
def test_any_payload_and_any_part_of_metadata_is_copied_as_the_text_it_is(
    payload: str, metadata: dict[str, str]
) -> None:
    async def copy() -> None:
        source, target = in_memory(), in_memory()
        parts = {name: msgspec.Raw(text.encode()) for name, text in metadata.items()}
        await source.append_events("a", [NewEvent(noted(payload), metadata=parts)])
        await copy_log(source, target)

        assert await rows(target) == await rows(source)
        assert (await rows(target))[0].payload == payload

    asyncio.run(copy())


@settings(max_examples=60, deadline=None)
@given(json_texts)
def test_metadata_of_another_hand_is_copied_as_it_is_or_refused_with_its_position(metadata: str) -> None:
    async def copy() -> None:
        source, target = Changed({3: {"metadata": metadata}}), in_memory()
        await sample(source)
        problem = ""
        try:
            await copy_log(source, target)
        except LogCopyError as error:
            problem = str(error)

        assert await rows(target) == ([] if problem else await rows(source))
        assert "position 3 is not as an event store writes it" in problem or not problem

    asyncio.run(copy())


@pytest.mark.parametrize("metadata", ['{"a": 1}', '{"a":1,"a":2}', '{"\\u00e9":1}', "[]", "null", "{", '{"a":01}'])
@in_event_loop
async def test_metadata_that_would_be_another_text_in_the_copy_is_refused(metadata: str) -> None:
    target = in_memory()
    with pytest.raises(LogCopyError, match="position 3 is not as an event store writes it: the metadata"):
        await copy_log(await sample(Changed({3: {"metadata": metadata}})), target)

    assert await target.head() == 0


# Interrupted, and gone on with


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("there", [0, 1, 2, 3, 5])
@in_event_loop
async def test_a_copy_goes_on_where_an_earlier_one_stopped(there: int) -> None:
    source, target = await sample(in_memory()), in_memory()
    for row in (await rows(source))[:there]:
        await target.append_many([verbatim.append_of(row, target.codec)])
    copied = await copy_log(source, target)
    again = await copy_log(source, target)

    assert (copied.events, copied.added, again.added) == (5, 5 - there, 0)
    assert await rows(target) == await rows(source)


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_a_copy_that_is_called_off_leaves_a_beginning() -> None:
    source, target = await sample(in_memory()), in_memory()

    def call_off(stage: Stage, position: int) -> None:
        if stage is Stage.COPYING:
            task.cancel()

    task = asyncio.create_task(copy_log(source, target, progress=call_off))
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await rows(target) == (await rows(source))[:2]
    assert (await copy_log(source, target)).added == 3


KILLED = """
import asyncio, os, signal, sys
from orderlab import logcopy
from orderlab.eventstore.urls import open_event_store

async def copy(source, target, enough):
    async with open_event_store(source) as there, open_event_store(target) as here:
        def progress(stage, position):
            if stage is logcopy.Stage.COPYING and position >= enough:
                os.kill(os.getpid(), signal.SIGKILL)
        await logcopy.copy_log(there, here, progress=progress)

logcopy._TOGETHER = 100
asyncio.run(copy(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def kill_in_the_middle(source: str, target: str, *, at: int) -> None:
    """Copy a log in a process of its own, which is killed once it has come so far."""
    command = [sys.executable, "-c", KILLED, source, target, str(at)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (-signal.SIGKILL, "")


async def fill(url: str, events: int) -> None:
    """Make a log of so many events in streams that are written in turn."""
    async with open_event_store(url) as event_store:
        news = [
            NewEvent(noted(f'{{"number":{n}}}'), recorded_at=NEW_YEAR + timedelta(microseconds=n), metadata={"n": n})
            for n in range(events)
        ]
        await event_store.append_many([AppendEvents(f"s-{n % 7}", [new], n // 7) for n, new in enumerate(news)])


@in_event_loop
async def test_a_copy_that_was_killed_goes_on(tmp_path: Path) -> None:
    await require_that_it_goes_on(*(f"duckdb:///{tmp_path}/{name}.duckdb" for name in ("from", "to")))


async def require_that_it_goes_on(source: str, target: str) -> None:
    """Kill a copy in the middle, and make sure that the next one adds what is missing."""
    await fill(source, 1_000)
    await asyncio.to_thread(kill_in_the_middle, source, target, at=400)
    async with open_event_store(source) as there, open_event_store(target) as here:
        held = await here.head()
        copied = await copy_log(there, here)

        assert 400 <= held < 1_000
        assert copied.added == 1_000 - held
        assert await rows(here) == await rows(there)


# What does not belong together


@pytest.mark.parametrize("name", StoredEvent._fields[1:])
@in_event_loop
async def test_a_log_that_differs_in_any_field_is_another_log(name: str) -> None:
    other: dict[str, Any] = {"event_id": UUID(int=9), "recorded_at": NEW_YEAR, "version": 9, "schema_version": 9}
    target = Changed({3: {name: other.get(name, '"other"')}})
    source = await sample(in_memory())
    for row in (await rows(source))[:4]:
        await target.append_many([verbatim.append_of(row, target.codec)])

    with pytest.raises(LogCopyError, match="the target holds another event than the source at position 3: "):
        await copy_log(source, target)
    assert await target.head() == 4


@in_event_loop
async def test_a_log_of_something_else_is_left_alone() -> None:
    target = in_memory()
    await target.append_events("mine", [noted("1")])
    with pytest.raises(LogCopyError, match="another event than the source at position 1: a log is copied to an empty"):
        await copy_log(await sample(in_memory()), target)

    assert await target.list_streams() == ["mine"]


@in_event_loop
async def test_a_log_that_has_gone_on_by_itself_is_left_alone() -> None:
    source, target = await sample(in_memory()), in_memory()
    await copy_log(source, target)
    await target.append_events("mine", [noted("1")])

    with pytest.raises(LogCopyError, match="holds 6 events and the source 5, so that position 6 is the first that"):
        await copy_log(source, target)
    assert await target.head() == 6


# Others write meanwhile


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_what_comes_into_the_source_meanwhile_is_said_and_copied_the_next_time() -> None:
    source, target = await sample(in_memory()), in_memory()
    tasks: list[asyncio.Task[int]] = []

    def grow(stage: Stage, position: int) -> None:
        if stage is Stage.COPYING:
            tasks.append(asyncio.create_task(source.append_events("c", [noted("1")])))

    first = await copy_log(source, target, progress=grow)
    await asyncio.gather(*tasks)
    second = await copy_log(source, target)

    assert (first.events, first.added, first.newer) == (5, 5, 3)
    assert (second.events, second.added, second.newer) == (8, 3, 0)
    assert await rows(target) == await rows(source)


def someone_writes_in_between(target: EventStore) -> Callable[[Stage, int], object]:
    tasks: list[asyncio.Task[int]] = []

    def write(stage: Stage, position: int) -> None:
        if stage is Stage.COPYING and position == 2:
            tasks.append(asyncio.create_task(target.append_events("mine", [noted("1")])))

    return write


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_who_writes_to_the_target_meanwhile_is_noticed_before_more_is_written() -> None:
    target = in_memory()
    with pytest.raises(LogCopyError, match="the target holds another event than the source at position 3: "):
        await copy_log(await sample(in_memory()), target, progress=someone_writes_in_between(target))

    assert await target.head() == 3


def someone_writes_at_the_last_moment(patch: pytest.MonkeyPatch, target: EventStore, by: EventStore) -> None:
    """Have someone write by another event store, or the same, just as a second batch comes to a target."""
    append_many, others_append, batches = target.append_many, by.append_many, iter(["first", "second"])

    async def late(appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        if next(batches, "") == "second":
            await others_append([AppendEvents("mine", [noted("1")])])
        return await append_many(appends)

    patch.setattr(target, "append_many", late)


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_who_writes_to_the_target_at_the_last_moment_is_noticed_and_nothing_is_there_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, target = await sample(in_memory()), InMemoryEventStore()
    someone_writes_at_the_last_moment(monkeypatch, target, target)
    with pytest.raises(LogCopyError, match="position 3 of the source did not come to that place in the target"):
        await copy_log(source, target)
    with pytest.raises(LogCopyError, match="the target holds another event than the source at position 3: "):
        await copy_log(source, target)

    ids = [row.event_id for row in await rows(target)]
    assert len(ids) == len(set(ids)) == 5


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_who_writes_to_the_target_at_the_end_is_noticed() -> None:
    target = in_memory()
    tasks: list[asyncio.Task[int]] = []

    def write(stage: Stage, position: int) -> None:
        if (stage, position) == (Stage.VERIFYING, 2):
            tasks.append(asyncio.create_task(target.append_events("mine", [noted("1")])))

    with pytest.raises(LogCopyError, match="holds 6 events and the source 5, so that position 6 is the first that"):
        await copy_log(await sample(in_memory()), target, progress=write)


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_two_who_copy_the_same_log_at_once_make_one_copy() -> None:
    source, target = await sample(in_memory()), in_memory()
    one, other = await asyncio.gather(copy_log(source, target), copy_log(source, target))

    assert one.digest == other.digest
    assert one.added + other.added == 5
    assert await rows(target) == await rows(source)


# A source that no event store has written

DAMAGES: dict[str, tuple[dict[str, Any], str]] = {
    "a time that goes back": ({"recorded_at": NEW_YEAR - timedelta(1)}, "it was recorded before the one before it"),
    "no stream": ({"stream_id": ""}, "stream_id must be text that is not empty"),
    "an empty cause": ({"causation_id": ""}, "causation_id must be None or text that is not empty"),
    "no event type": ({"event_type": ""}, "event_type must be text that is not empty"),
    "no JSON": ({"payload": "{"}, "the payload of Noted is not JSON"),
    "no schema version": ({"schema_version": 0}, "schema_version of Noted must be a whole number from 1"),
    "no version": ({"version": 0}, "of the source was refused by the target, which is no copy now: "),
    "an event twice": ({"event_id": UUID(int=1)}, "of the source did not come to that place in the target"),
}


@pytest.mark.parametrize("together", [2, 5])
@pytest.mark.parametrize(("change", "problem"), DAMAGES.values(), ids=DAMAGES)
@in_event_loop
async def test_a_source_that_is_damaged_is_refused_with_the_position(
    change: dict[str, Any], problem: str, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logcopy, "_TOGETHER", together)
    source = await sample(Changed({3: change}))
    with pytest.raises(LogCopyError, match=f"position 3 .*{problem}"):
        await copy_log(source, in_memory())


@pytest.mark.parametrize("together", [2, 5])
@in_event_loop
async def test_a_source_with_a_gap_is_refused_with_the_position(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logcopy, "_TOGETHER", together)
    source = await sample(Changed({3: {"position": 5}}))
    with pytest.raises(EventStoreError, match=r"^<InMem.*> is damaged: it holds no position 3, and goes on behind"):
        await copy_log(source, in_memory())


# Verified


@in_event_loop
async def test_a_target_that_keeps_something_else_than_it_was_given_is_found_out() -> None:
    source, target = await sample(in_memory()), Changed({4: {"payload": '{"over":"several lines"}'}})
    with pytest.raises(LogCopyError, match="the target holds another event than the source at position 4: "):
        await copy_log(source, target)


@in_event_loop
async def test_a_target_that_gives_something_else_only_once_is_found_out() -> None:
    answers = iter([True])
    target = Changed({4: {"payload": "4"}}, when=lambda: next(answers, False))
    with pytest.raises(LogCopyError, match="the logs differed when they were read again: "):
        await copy_log(await sample(in_memory()), target)


class Gone(InMemoryEventStore):
    """An event store that can no longer be read once something was written to it."""

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        raise EventStoreError("gone")
        yield {}


class Hanging(InMemoryEventStore):
    """An event store that can be read once, and then keeps whoever reads it waiting."""

    read = False

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        if self.read:
            await asyncio.Event().wait()
        self.read = True
        async for columns in super().read_columns(*names, after=after, until=until):
            yield columns


@in_event_loop
async def test_a_target_that_cannot_be_read_again_ends_the_copy_and_all_reading() -> None:
    before = asyncio.all_tasks()
    with pytest.raises(EventStoreError, match="gone"):
        await copy_log(await sample(Hanging()), Gone())

    assert asyncio.all_tasks() == before


class Watched(InMemoryEventStore):
    """An event store that tells when something beyond its second event is read."""

    def __init__(self) -> None:
        super().__init__(clock=TestClock(), ids=SequentialIds())
        self.beyond = asyncio.Event()

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        if after >= 2:
            self.beyond.set()
        async for columns in super().read_columns(*names, after=after, until=until):
            yield columns


class Waiting(InMemoryEventStore):
    """An event store that writes once something has happened."""

    def __init__(self, happened: asyncio.Event) -> None:
        super().__init__()
        self.happened = happened

    async def append_many(self, appends: Sequence[AppendEvents]) -> list[Appended | AppendRefused]:
        await self.happened.wait()
        return await super().append_many(appends)


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_the_next_events_are_read_while_some_are_written() -> None:
    source = Watched()
    await sample(source)

    assert (await copy_log(source, Waiting(source.beyond))).added == 5


# PostgreSQL


@in_event_loop
async def test_a_log_goes_to_postgresql_and_back_as_the_same_file(postgres: PostgresServer, tmp_path: Path) -> None:
    urls = [f"duckdb:///{tmp_path}/there.duckdb", postgres.fresh_url(), f"duckdb:///{tmp_path}/back.duckdb"]
    async with AsyncExitStack() as opened:
        there, between, back = [await opened.enter_async_context(open_event_store(url)) for url in urls]
        await sample(there)
        to, fro = await copy_log(there, between), await copy_log(between, back)
        for event_store, name in ((there, "there"), (between, "between"), (back, "back")):
            await export_lines(event_store, tmp_path / f"{name}.jsonl")

        assert to == fro == Copied(5, 5, await digest_of(there), 0)
        assert await rows(there) == await rows(between) == await rows(back)
    there_file = (tmp_path / "there.jsonl").read_bytes()
    assert there_file == (tmp_path / "between.jsonl").read_bytes() == (tmp_path / "back.jsonl").read_bytes()


@in_event_loop
async def test_a_copy_to_postgresql_that_was_killed_goes_on(postgres: PostgresServer, tmp_path: Path) -> None:
    await require_that_it_goes_on(f"duckdb:///{tmp_path}/from.duckdb", postgres.fresh_url())


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_who_writes_to_postgresql_meanwhile_is_noticed(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.fresh_url()
    async with open_event_store(url) as target, open_event_store(url) as same:
        someone_writes_at_the_last_moment(monkeypatch, target, same)
        with pytest.raises(LogCopyError, match="position 3 of the source did not come to that place in the target"):
            await copy_log(await sample(in_memory()), target)
        found = await rows(target)

    assert [row.stream_id for row in found] == ["a", "b", "mine", "a", "b"]
    assert len({row.event_id for row in found}) == len(found)


@pytest.mark.usefixtures("few")
@in_event_loop
async def test_two_who_copy_to_postgresql_at_once_make_one_copy(postgres: PostgresServer) -> None:
    source, url = await sample(in_memory()), postgres.fresh_url()
    async with open_event_store(url) as one, open_event_store(url) as other:
        made = await asyncio.gather(copy_log(source, one), copy_log(source, other))

        assert sum(copied.added for copied in made) == 5
        assert await rows(one) == await rows(source)


@in_event_loop
async def test_another_log_in_postgresql_and_one_that_went_on_are_left_alone(postgres: PostgresServer) -> None:
    source = await sample(in_memory())
    async with open_event_store(postgres.fresh_url()) as other, open_event_store(postgres.fresh_url()) as ahead:
        await other.append_events("mine", [noted("1")])
        await copy_log(source, ahead)
        await ahead.append_events("mine", [noted("1")])
        with pytest.raises(LogCopyError, match="another event than the source at position 1: "):
            await copy_log(source, other)
        with pytest.raises(LogCopyError, match="so that position 6 is the first that differs: "):
            await copy_log(source, ahead)

        assert (await other.head(), await ahead.head()) == (1, 6)
