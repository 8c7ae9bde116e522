"""Connections to PostgreSQL are lost at every moment: nothing acknowledged is lost, and nothing is there twice."""

import asyncio
import re
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import psycopg
import pytest
from event_loop import in_event_loop
from postgres_logs import notes, numbers_in, opened
from postgres_servers import PostgresServer

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SeededIds
from orderlab.core.errors import VersionConflict
from orderlab.core.log import Appended, NewEvent, StoredEvent
from orderlab.eventstore import postgres_database, postgres_statements, postgres_writer
from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.contract import Noted

BEFORE, AFTER = "before it is sent", "after it is committed"


class Losing:
    """Loses the connection at some of the appends that a writer sends, before or after they are done."""

    def __init__(self, *moments: str | None) -> None:
        self._moments = list(moments)

    def __call__(self, connection: Any, rows: Sequence[StoredEvent]) -> Any:
        moment = self._moments.pop(0) if self._moments else None
        if moment == BEFORE:
            self._lose(connection)
        last = postgres_statements.append_rows(connection, rows)
        if moment == AFTER:
            if connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                connection.pgconn.exec_(b"COMMIT")  # psycopg would not, within its own block
            self._lose(connection)
        return last

    @staticmethod
    def _lose(connection: Any) -> None:
        connection.close()
        raise psycopg.OperationalError("the connection was lost")


@pytest.mark.parametrize("moments", [(BEFORE,), (AFTER,), (BEFORE, BEFORE), (BEFORE, AFTER)], ids=str)
@pytest.mark.parametrize("expected", [0, None])
@in_event_loop
async def test_an_append_whose_answer_is_lost_happens_once(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, moments: tuple[str, ...], expected: int | None
) -> None:
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        await other.append_events("other", notes(1))
        monkeypatch.setattr(postgres_writer, "append_rows", Losing(*moments))
        [answer] = await one.append_many([AppendEvents("a", notes(2, 3), expected)])
        assert answer == Appended(2, (2, 3), repeated=False)
        assert isinstance(answer, Appended)
        assert [row.event_id for row in answer.rows] == [each.event_id for each in await one.load_events("a")]
        assert await numbers_in(one) == [1, 2, 3]
        assert await one.append_events("a", notes(4), expected_version=2) == 3


@in_event_loop
async def test_an_append_that_was_planned_again_and_lost_happens_once(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        await other.append_events("a", notes(1))
        monkeypatch.setattr(postgres_writer, "append_rows", Losing(None, AFTER))
        assert await one.append_events("a", notes(2)) == 2
        assert await numbers_in(one) == [1, 2]


def lost(connection: Any) -> Any:
    """Lose the connection instead of taking the turn to append."""
    connection.close()
    raise psycopg.OperationalError("the connection was lost")


def read_only(connection: Any) -> Any:
    """Find instead of the turn to append that another server has taken over, which can only be read."""
    connection.execute("SET LOCAL transaction_read_only = on")
    return connection.execute("CREATE TABLE anything ()")


@pytest.mark.parametrize(("turn", "why"), [(lost, "the connection was lost"), (read_only, "read-only transaction")])
@in_event_loop
async def test_what_is_not_known_to_be_written_is_told_so_and_not_written_again_nor_taken_for_another(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, turn: Callable[[Any], Any], why: str
) -> None:
    monkeypatch.setattr(postgres_database, "_PATIENCE_SECONDS", 0.1)
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1))
        with monkeypatch.context() as patched:
            patched.setattr(postgres_writer, "append_rows", Losing(AFTER))
            patched.setattr(postgres_writer, "take_turn", turn)
            together = [event_store.append_events(stream, notes(2)) for stream in ("b", "c")]
            for error in await asyncio.gather(*together, return_exceptions=True):
                assert isinstance(error, Unreachable)
                assert re.search(f"{why}.*; whether this append was written is not known$", str(error))
        monkeypatch.setattr(postgres_writer, "append_rows", Losing(BEFORE))
        [answer] = await event_store.append_many([AppendEvents("d", notes(3))])
        assert answer == Appended(1, (4,), repeated=False)
        assert await numbers_in(event_store) == [1, 2, 2, 3]


@in_event_loop
async def test_an_append_is_not_taken_for_one_of_another_process_that_has_drawn_the_same_id(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(postgres, ids=SeededIds(1)) as one, opened(postgres, one.schema, ids=SeededIds(1)) as other:
        await other.append_events("a", notes(1))
        monkeypatch.setattr(postgres_writer, "append_rows", Losing(BEFORE))
        assert await one.append_events("b", notes(2), expected_version=0) == 1
        monkeypatch.setattr(postgres_writer, "append_rows", Losing(BEFORE))
        with pytest.raises(VersionConflict):
            await one.append_events("a", notes(3), expected_version=0)
        assert await numbers_in(one) == [1, 2]


@in_event_loop
async def test_brought_events_whose_answer_is_lost_are_a_retry(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = SeededIds(3)
    async with opened(postgres) as event_store:
        monkeypatch.setattr(postgres_writer, "append_rows", Losing(AFTER))
        brought = [NewEvent(Noted("x", number), event_id=ids.new_uuid()) for number in (1, 2)]
        [answer] = await event_store.append_many([AppendEvents("a", brought, 0)])
        assert answer == Appended(2, (1, 2), repeated=True)
        assert await numbers_in(event_store) == [1, 2]


@in_event_loop
async def test_every_connection_is_regained_and_a_subscription_goes_on_where_it_was(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    async with opened(postgres, url=url) as event_store:
        subscription = event_store.subscribe()
        for number in range(6):
            await event_store.append_events("a", notes(number), expected_version=number)
            assert (await anext(subscription)).event == Noted("x", number)
            postgres.terminate_connections("orderlab")
        assert await numbers_in(event_store) == list(range(6))
    postgres.drop(url)


@in_event_loop
async def test_appends_and_subscriptions_outlive_a_crash_of_the_server(postgres: PostgresServer) -> None:
    if not postgres.can_restart:
        pytest.skip("the server of DATABASE_URL is not this process's to stop")
    async with opened(postgres) as event_store:
        subscription = event_store.subscribe()
        await event_store.append_events("a", notes(0))
        crash = asyncio.ensure_future(asyncio.to_thread(postgres.restart, "immediate"))
        versions = [await event_store.append_events("a", notes(number)) for number in range(1, 100)]
        await crash
        assert versions == list(range(2, 101))
        assert [(await anext(subscription)).event.number for _ in range(100)] == list(range(100))


@in_event_loop
async def test_a_server_that_stays_away_is_told_of_in_a_sentence_and_used_again_when_it_is_back(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not postgres.can_restart:
        pytest.skip("the server of DATABASE_URL is not this process's to stop")
    monkeypatch.setattr(postgres_database, "_PATIENCE_SECONDS", 0.1)
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1))
        await asyncio.to_thread(postgres.stop)
        try:
            for asked in (event_store.append_events("a", notes(2)), event_store.head()):
                with pytest.raises(Unreachable, match=r"cannot be reached now: "):
                    await asked
        finally:
            await asyncio.to_thread(postgres.start)
        monkeypatch.undo()
        assert await event_store.append_events("a", notes(3)) == 2
        assert await numbers_in(event_store) == [1, 3]


@in_event_loop
async def test_an_append_that_fails_leaves_the_next_alone(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(connection: Any, rows: Sequence[StoredEvent]) -> Any:
        return connection.execute("SELECT 1/0").fetchone()

    async with opened(postgres) as event_store:
        with monkeypatch.context() as patched:
            patched.setattr(postgres_writer, "append_rows", failing)
            for expected in (0, None):
                with pytest.raises(EventStoreError, match="division by zero"):
                    await event_store.append_events("a", notes(1), expected_version=expected)
        assert await event_store.append_events("a", notes(2), expected_version=0) == 1
        assert await numbers_in(event_store) == [2]


@in_event_loop
async def test_a_large_append_keeps_no_turn_while_it_is_sent_also_if_it_was_planned_again(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []

    def watched(connection: Any, rows: Sequence[StoredEvent]) -> Any:
        sent.append(len(rows))
        if len(sent) == 2:  # the one that was planned on facts
            postgres.execute(f"SET lock_timeout = '5s'; SELECT {one.schema}.take_turn()")
        return postgres_statements.append_rows(connection, rows)

    monkeypatch.setattr(postgres_statements, "_MANY_ROWS", 3)
    async with opened(postgres) as one, opened(postgres, one.schema) as other:
        await other.append_events("a", notes(1))
        monkeypatch.setattr(postgres_writer, "append_rows", watched)
        assert await one.append_events("a", notes(*range(2, 7))) == 6
        assert sent == [5, 5]
        assert await numbers_in(one) == [1, 2, 3, 4, 5, 6]


@in_event_loop
async def test_a_large_append_that_others_always_come_before_is_written_in_the_end(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(connection: Any, rows: Sequence[StoredEvent]) -> Any:
        if len(rows) == 5 and connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            asyncio.run(come_before())
        return postgres_statements.append_rows(connection, rows)

    async def come_before() -> None:
        async with opened(postgres, one.schema) as other:
            await other.append_events("a", notes(0))

    monkeypatch.setattr(postgres_statements, "_MANY_ROWS", 3)
    async with opened(postgres) as one:
        monkeypatch.setattr(postgres_writer, "append_rows", overtaken)
        assert await one.append_events("a", notes(*range(1, 6))) == 9
        assert await numbers_in(one) == [0, 0, 0, 0, 1, 2, 3, 4, 5]


@in_event_loop
async def test_a_turn_that_another_keeps_is_not_waited_for_without_an_end(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_database._SETTINGS, "lock_timeout", "50ms")
    monkeypatch.setattr(postgres_database, "_PATIENCE_SECONDS", 0.1)
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1))
        with psycopg.connect(postgres.url) as keeping:
            keeping.execute(f'SELECT "{event_store.schema}".take_turn()'.encode())
            with pytest.raises(Unreachable, match=r"another process has the turn to append, and keeps it$"):
                await event_store.append_events("a", notes(2))
        assert await event_store.append_events("a", notes(3)) == 2


@in_event_loop
async def test_a_connection_that_is_found_to_be_lost_late_is_tried_again(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_database, "_PATIENCE_SECONDS", 0.5)
    late = iter([True])

    def read(connection: Any) -> Any:
        if next(late, False):
            Event().wait(0.6)  # as long as the network takes to tell of it
            raise psycopg.OperationalError("Connection timed out")
        return connection.execute("SELECT 1").fetchone()

    async with opened(postgres) as event_store:
        assert await event_store._read(read) == (1,)
