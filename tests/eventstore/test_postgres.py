import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from event_loop import in_event_loop
from postgres_logs import notes, numbers_in, opened
from postgres_servers import PostgresServer

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SeededIds, SequentialIds, TestClock
from orderlab.core.errors import VersionConflict
from orderlab.core.log import Appended, NewEvent, StoredEvent
from orderlab.eventstore import postgres_listener, postgres_statements
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.eventstore.postgres_schema import Connection


async def rows_of(event_store: EventStore) -> list[tuple[Any, ...]]:
    return [
        row
        async for columns in event_store.read_columns(*StoredEvent._fields)
        for row in zip(*columns.values(), strict=True)
    ]


# The database


@in_event_loop
async def test_it_shows_where_its_log_is_and_no_password(postgres: PostgresServer) -> None:
    event_store = PostgresEventStore("postgresql://ada:secret@example.org:5433/lab?sslmode=require", schema="group_1")
    assert repr(event_store) == "<PostgresEventStore schema group_1 of lab at example.org:5433>"
    assert "secret" not in event_store._repr_html_()


@in_event_loop
async def test_it_is_opened_at_the_first_use(postgres: PostgresServer) -> None:
    event_store = opened(postgres)
    there = "SELECT count(*) FROM pg_namespace WHERE nspname = %s"
    assert postgres.execute(there, event_store.schema) == [(0,)]
    assert await event_store.head() == 0
    assert postgres.execute(there, event_store.schema) == [(1,)]
    await event_store.close()


@in_event_loop
async def test_it_leaves_no_connection_when_it_is_closed(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    async with opened(postgres, url=url) as event_store:
        subscription = event_store.subscribe()
        await event_store.append_events("a", notes(1))
        assert (await anext(subscription)).position == 1
    with pytest.raises(EventStoreError, match=r"^<PostgresEventStore schema .* is closed$"):
        await event_store.head()
    assert _connections(postgres, url) == 0


def test_one_that_is_dropped_lets_go_of_its_connections(postgres: PostgresServer) -> None:
    url = postgres.new_database()

    async def drop() -> None:
        event_store = opened(postgres, url=url)
        await event_store.append_events("a", notes(1))
        assert await event_store.wait_past(0) == 1

    asyncio.run(drop())
    gc.collect()
    assert _connections(postgres, url) == 0


@in_event_loop
async def test_one_that_is_dropped_in_its_own_listeners_thread_lets_go_of_everything(postgres: PostgresServer) -> None:
    event_store = opened(postgres)
    await event_store.append_events("a", notes(1))
    await event_store.wait_past(0)
    finalizer, listener = event_store._finalizer, event_store._listener
    dropped = threading.Event()

    def drop() -> list[str]:
        if not dropped.is_set():
            finalizer()
            dropped.set()
        return []

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(postgres_listener, "_told", lambda connection: drop())
        postgres.execute("SELECT pg_notify(%s, '')", event_store.schema)
        await asyncio.to_thread(dropped.wait, 60)
        await asyncio.to_thread(listener.join)
    assert dropped.is_set()
    await event_store.close()


@in_event_loop
async def test_a_log_that_cannot_be_opened_is_not_listened_to(postgres: PostgresServer) -> None:
    event_store = opened(postgres, create=False)
    with pytest.raises(EventStoreError, match="there is no log"):
        await event_store.wait_past(0)
    assert event_store._listener._thread is None
    await event_store.close()


def _connections(server: PostgresServer, url: str) -> int:
    """Return how many connections to a database there are, once those that were closed are gone."""
    server.execute(
        "DO $$ BEGIN FOR turn IN 1..500 LOOP PERFORM pg_stat_clear_snapshot();"
        f" EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '{_name_of(url)}');"
        " PERFORM pg_sleep(0.01); END LOOP; END $$"
    )
    [(count,)] = server.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", _name_of(url))
    return int(count)


def _name_of(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])


@in_event_loop
async def test_the_log_is_open_to_sql(postgres: PostgresServer) -> None:
    async with opened(postgres, clock=TestClock()) as event_store:
        await event_store.append_events("a", notes(1, 2))
    found = postgres.execute(
        f"SELECT position, version, payload->>'number', recorded_at AT TIME ZONE 'UTC' FROM {event_store.schema}.events"
    )
    assert [(*row[:3], str(row[3])) for row in found] == [
        (1, 1, "1", "2025-01-01 00:00:00"),
        (2, 2, "2", "2025-01-01 00:00:00"),
    ]


@in_event_loop
async def test_two_logs_of_one_database_know_nothing_of_each_other(postgres: PostgresServer) -> None:
    async with opened(postgres) as one, opened(postgres) as other:
        await one.append_events("a", notes(1))
        await other.append_events("a", notes(2), expected_version=0)
        assert await numbers_in(one) == [1]
        assert await numbers_in(other) == [2]


@pytest.mark.parametrize("schema", ["", "Lab", "1st", "a-b", 'a"b', "pg_log", "x" * 64, 1])
def test_a_schema_is_named_plainly(schema: Any) -> None:
    with pytest.raises(ValueError, match="schema must be up to 63 lower-case letters, digits and _"):
        PostgresEventStore("postgresql://localhost/lab", schema=schema)


@in_event_loop
async def test_what_a_database_does_by_default_does_not_matter(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    name = _name_of(url)
    for setting in (
        "default_transaction_isolation = serializable",
        "synchronous_commit = off",
        "timezone = 'Asia/Tokyo'",
    ):
        postgres.execute(f"ALTER DATABASE {name} SET {setting}")

    def settings(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
        return connection.execute(
            "SELECT current_setting('transaction_isolation'), current_setting('synchronous_commit')"
        ).fetchall()

    async with opened(postgres, url=url, clock=TestClock()) as one, opened(postgres, one.schema, url=url) as other:
        for number in range(3):
            await one.append_events("a", notes(number))
            await other.append_events("a", notes(number))
        assert (await one.load_events("a"))[0].recorded_at.isoformat() == "2025-01-01T00:00:00+00:00"
        assert await one._read(settings) == [("read committed", "on")]
    postgres.drop(url)


@in_event_loop
async def test_no_statement_reads_the_whole_log_because_it_was_small_at_first(postgres: PostgresServer) -> None:
    def plan(connection: Connection) -> str:
        connection.execute(connection.about_log("ANALYZE {log}.events"))
        page = connection.execute(
            connection.about_log("EXPLAIN SELECT * FROM {log}.events WHERE position > 1 AND position <= 2 ORDER BY 1")
        )
        return "\n".join(str(line) for (line,) in page)

    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1, 2, 3))
        assert "Index Scan" in await event_store._read(plan)


# Several writers


@in_event_loop
async def test_positions_go_on_after_those_that_others_wrote(postgres: PostgresServer) -> None:
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        for number in range(4):
            await (one, other)[number % 2].append_events(f"s{number}", notes(number, number))
        assert await one.head() == 8
        assert [recorded.position async for recorded in other.read_all()] == list(range(1, 9))


@in_event_loop
async def test_a_version_that_another_wrote_is_a_conflict_that_says_it(postgres: PostgresServer) -> None:
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        await one.append_events("a", notes(1, 2, 3))
        with pytest.raises(VersionConflict) as caught:
            await other.append_events("a", notes(4), expected_version=1)
        assert (caught.value.expected, caught.value.actual) == (1, 3)
        with pytest.raises(VersionConflict) as caught:
            await other.append_events("a", notes(4), expected_version=5)
        assert (caught.value.expected, caught.value.actual) == (5, 3)
        assert await other.append_events("a", notes(4), expected_version=3) == 4


@pytest.mark.parametrize("expected", [2**30, 2**31 - 1, 2**31, 2**70])
@in_event_loop
async def test_a_version_that_no_stream_has_is_a_conflict_and_harms_no_other(
    postgres: PostgresServer, expected: int
) -> None:
    async with opened(postgres) as event_store:
        answers = await event_store.append_many([AppendEvents("a", notes(1)), AppendEvents("b", notes(2), expected)])
        assert answers[0] == Appended(1, (1,))
        assert str(answers[1]) == f"stream b is at version 0, not at {expected} as expected"
        assert await numbers_in(event_store) == [1]


@in_event_loop
async def test_one_that_was_made_before_a_fork_is_not_used_after_it(postgres: PostgresServer) -> None:
    event_store = opened(postgres)
    await event_store.append_events("a", notes(1))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(event_store, "_process", -1)
        for use in (event_store.head, lambda: event_store.append_events("a", notes(2))):
            with pytest.raises(EventStoreError, match="was made in another process, of which this is a fork: make one"):
                await use()
    assert await numbers_in(event_store) == [1]
    await event_store.close()


@in_event_loop
async def test_an_unchecked_append_goes_behind_what_others_wrote(postgres: PostgresServer) -> None:
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        for number in range(6):
            await (one, other)[number % 2].append_events("a", notes(number))
        assert [recorded.version for recorded in await one.load_events("a")] == list(range(1, 7))


@in_event_loop
async def test_one_conflict_harms_no_other_append_of_its_batch(postgres: PostgresServer) -> None:
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        await one.append_events("taken", notes(1))
        answers = await other.append_many(
            [AppendEvents("a", notes(2), 0), AppendEvents("taken", notes(3), 0), AppendEvents("b", notes(4), None)]
        )
        assert answers[::2] == [Appended(1, (2,)), Appended(1, (3,))]
        assert isinstance(answers[1], VersionConflict)
        assert [row.position for answer in answers if isinstance(answer, Appended) for row in answer.rows] == [2, 3]


@in_event_loop
async def test_times_do_not_decrease_where_clocks_differ(postgres: PostgresServer) -> None:
    ahead, behind = TestClock(), TestClock()
    ahead.advance(60)
    async with opened(postgres, clock=ahead) as one, opened(postgres, one.schema, clock=behind) as other:
        await one.append_events("a", notes(1))
        [answer] = await other.append_many([AppendEvents("b", notes(2), 0)])
        assert isinstance(answer, Appended)
        assert [row.recorded_at for row in answer.rows] == [ahead.now()]
        assert [recorded.recorded_at async for recorded in other.read_all()] == [ahead.now()] * 2


@in_event_loop
async def test_ids_are_drawn_as_in_memory_whatever_has_to_be_planned_again(postgres: PostgresServer) -> None:
    async with (
        opened(postgres, ids=SeededIds(7), clock=TestClock()) as tried,
        opened(postgres, tried.schema, ids=SeededIds(8), clock=TestClock()) as other,
        InMemoryEventStore(codec=CONTRACT_CODEC, ids=SeededIds(7), clock=TestClock()) as model,
        InMemoryEventStore(codec=CONTRACT_CODEC, ids=SeededIds(8), clock=TestClock()) as ids,
    ):
        brought = NewEvent(Noted("other"), event_id=SeededIds(8).new_uuid())
        await other.append_events("a", notes(1))
        await model.append_events("a", [NewEvent(Noted("x", 1), event_id=brought.event_id)])
        for event_store in (tried, model):
            batch = [AppendEvents(stream, notes(number), 0) for number, stream in enumerate("bacab")]
            await event_store.append_many([*batch, AppendEvents("a", notes(9), None)])
            await event_store.append_events("d", notes(10))
        assert await rows_of(tried) == await rows_of(model)
        assert await ids.head() == 0


@in_event_loop
async def test_ids_that_count_go_on_where_they_were_in_another_process(postgres: PostgresServer) -> None:
    async with opened(postgres, ids=SequentialIds()) as one:
        await one.append_events("a", notes(*range(5)))
    async with opened(postgres, one.schema, ids=SequentialIds()) as again:
        await again.append_events("a", notes(*range(5)))
        assert len({recorded.event_id for recorded in await again.load_events("a")}) == 10


@pytest.mark.parametrize(("bound", "value"), [("_MANY_ROWS", 3), ("_MANY_CHARACTERS", 100)])
@in_event_loop
async def test_a_large_append_is_the_same_log_as_many_small_ones(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    events = [NewEvent(Noted('é\n"\\', number), correlation_id=None if number % 2 else "c") for number in range(8)]
    async with (
        opened(postgres, ids=SeededIds(1), clock=TestClock()) as small,
        opened(postgres, ids=SeededIds(1), clock=TestClock()) as large,
    ):
        for start in range(0, 8, 2):
            await small.append_many([AppendEvents("a", events[start : start + 2], start)])
        monkeypatch.setattr(postgres_statements, bound, value)
        await large.append_events("a", events[:4], expected_version=0)
        with pytest.raises(VersionConflict):
            await large.append_events("a", events[4:], expected_version=3)
        await large.append_events("a", events[4:], expected_version=None)
        assert await rows_of(large) == await rows_of(small)


def test_it_is_used_from_two_event_loops_at_once(postgres: PostgresServer) -> None:
    event_store, start = opened(postgres), threading.Barrier(2)

    async def use(own: str) -> list[int]:
        start.wait()
        subscription = event_store.subscribe()
        for number in range(20):
            await event_store.append_events(own, notes(number), expected_version=number)
            with suppress(VersionConflict):
                both = len(await event_store.load_events("both"))
                await event_store.append_events("both", notes(number), expected_version=both)
        return [(await anext(subscription)).position for _ in range(40)]

    with ThreadPoolExecutor(2) as threads:
        for positions in threads.map(lambda own: asyncio.run(use(own)), ("one", "other")):
            assert positions == list(range(1, 41))
    asyncio.run(event_store.close())


# Hearing of others


@in_event_loop
async def test_a_subscription_hears_what_another_process_writes(postgres: PostgresServer) -> None:
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        subscription = one.subscribe()
        for number in range(3):
            coming = asyncio.ensure_future(anext(subscription))
            await other.append_events("a", notes(number))
            assert (await coming).event == Noted("x", number)


@in_event_loop
async def test_an_event_that_nothing_told_of_is_found_all_the_same(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_listener, "LOOK_SECONDS", 0.05)
    async with opened(postgres) as event_store:
        coming = asyncio.ensure_future(anext(event_store.subscribe()))
        await event_store.wait_past(-1)
        postgres.execute(
            f"INSERT INTO {event_store.schema}.events VALUES (1, 'a', 1, gen_random_uuid(), 'Noted', 1, now(), NULL,"
            """ NULL, '{}', '{"text": "x", "number": 1}')"""
        )
        assert (await coming).event == Noted("x", 1)


@in_event_loop
async def test_where_nobody_can_listen_the_log_is_looked_at_all_the_same(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def replica() -> Iterator[Connection]:
        raise psycopg.errors.ReadOnlySqlTransaction("cannot execute LISTEN during recovery")

    monkeypatch.setattr("orderlab.eventstore.postgres.LOOK_SECONDS", 0.05)
    async with opened(postgres) as event_store, opened(postgres, event_store.schema) as other:
        await event_store.head()
        monkeypatch.setattr(event_store._database, "connected", replica)
        waiting = asyncio.ensure_future(event_store.wait_past(0))
        await asyncio.sleep(0)
        await other.append_events("a", notes(1))
        assert await waiting == 1


@pytest.mark.parametrize(
    "change", ["DELETE FROM {log} WHERE position = 2", "UPDATE {log} SET event_id = gen_random_uuid()"]
)
@in_event_loop
async def test_a_log_that_has_lost_its_end_meanwhile_is_told_to_be_another(
    postgres: PostgresServer, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1, 2))
        waiting = asyncio.ensure_future(event_store.wait_past(2))
        await event_store.wait_past(1)
        log = f"{event_store.schema}.events"
        postgres.execute(change.format(log=log))
        postgres.terminate_connections("orderlab")
        with pytest.raises(EventStoreError, match="is not the log that it was: the event at position 2 is gone"):
            await waiting
        for asked in (event_store.head(), event_store.append_events("a", notes(3))):
            with pytest.raises(EventStoreError, match="open it again"):
                await asked
    assert "is not the log that it was" in caplog.text


@in_event_loop
async def test_a_session_that_forgets_what_it_was_told_writes_to_no_other_log(postgres: PostgresServer) -> None:
    async with opened(postgres) as one, opened(postgres) as other:
        await other.head()
        await one.append_events("a", notes(1))
        one._database.ask(lambda connection: connection.execute(f'SET search_path TO "{other.schema}"'.encode()))
        await one.append_events("a", notes(2))
        await one.append_events("a", notes(*range(3, 6)), expected_version=2)
        assert len(await one.load_events("a")) == await one.head() == 5
        assert await one.list_streams() == ["a"]
        assert await other.head() == 0


@in_event_loop
async def test_what_others_notify_of_on_the_same_channel_is_harmless(postgres: PostgresServer) -> None:
    async with opened(postgres) as event_store:
        coming = asyncio.ensure_future(anext(event_store.subscribe()))
        await event_store.wait_past(-1)
        for payload in ("", "-1", "nonsense", "1e9", "²", "٣", "7", "9" * 25, "9" * 5_000):
            postgres.execute("SELECT pg_notify(%s, %s)", event_store.schema, payload)
        await event_store.append_events("a", notes(1))
        assert (await coming).position == 1
        assert await event_store.wait_past(0) == 1
        waiting = asyncio.ensure_future(event_store.wait_past(1))
        async with opened(postgres, event_store.schema) as other:
            await other.append_events("a", notes(2))
        assert await waiting == 2


class HeardMeanwhile:
    """A connection to which a notification comes together with the answer to a question, once."""

    def __init__(self, connection: Any, meanwhile: Callable[[], object]) -> None:
        self._connection = connection
        self._meanwhile = [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, query: Any, *args: Any, **options: Any) -> Any:
        answer = self._connection.execute(query, *args, **options)
        if "SELECT position, event_id" in str(query) and self._meanwhile:
            self._meanwhile.pop()()
            self._connection.execute("SELECT 1")  # with whose answer it comes
        return answer


@in_event_loop
async def test_a_notification_that_comes_with_the_answer_to_a_question_is_heard_at_once(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_listener, "LOOK_SECONDS", 600)
    async with opened(postgres) as event_store:
        await event_store.head()
        connected = event_store._database.connected

        @contextmanager
        def hearing() -> Iterator[HeardMeanwhile]:
            with connected() as connection:
                yield HeardMeanwhile(connection, lambda: postgres.execute(written))

        written = (
            f"INSERT INTO {event_store.schema}.events VALUES (1, 'a', 1, gen_random_uuid(), 'Noted', 1, now(), NULL,"
            f""" NULL, '{{}}', '{{"text": "x", "number": 1}}'); SELECT pg_notify('{event_store.schema}', '1')"""
        )
        monkeypatch.setattr(event_store._database, "connected", hearing)
        assert await event_store.wait_past(0) == 1


@in_event_loop
async def test_columns_too_large_for_one_answer_come_in_two(postgres: PostgresServer) -> None:
    class Limited:
        """A connection whose answers hold no more than two events."""

        def __init__(self, connection: Any) -> None:
            self._connection = connection
            self.about_log = connection.about_log

        def execute(self, query: Any, parameters: list[int], **options: Any) -> Any:
            if parameters[1] - parameters[0] > 2:
                raise psycopg.errors.ProgramLimitExceeded
            return self._connection.execute(query, parameters, **options)

    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(*range(7)))

        def read(connection: Any) -> Any:
            return event_store._stretch(Limited(connection), ("version",), 1, 7)  # type: ignore[arg-type] # a double

        assert await event_store._read(read) == {"version": [2, 3, 4, 5, 6, 7]}
