import asyncio
import logging
import re
from pathlib import Path

import pytest
from event_loop import in_event_loop
from postgres_logs import notes, numbers_in, opened
from postgres_servers import PostgresServer

from orderlab.eventstore import postgres_schema
from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.postgres import PostgresEventStore

PASSWORD = "hunter2hunter2"


@in_event_loop
async def test_many_processes_make_the_same_log_at_once(postgres: PostgresServer) -> None:
    schema = postgres.fresh_schema()
    event_stores = [opened(postgres, schema) for _ in range(6)]
    await asyncio.gather(
        *(event_store.append_events("a", notes(number)) for number, event_store in enumerate(event_stores))
    )
    assert sorted(await numbers_in(event_stores[0])) == list(range(6))
    for event_store in event_stores:
        await event_store.close()


@in_event_loop
async def test_a_log_that_is_only_to_be_read_is_not_made(postgres: PostgresServer) -> None:
    event_store = opened(postgres, create=False)
    with pytest.raises(EventStoreError, match=rf"^there is no log in schema {event_store.schema} of "):
        await event_store.head()
    assert postgres.execute("SELECT to_regnamespace(%s)", event_store.schema) == [(None,)]
    await event_store.close()


@in_event_loop
async def test_the_log_of_a_newer_orderlab_is_left_alone(postgres: PostgresServer) -> None:
    async with opened(postgres) as event_store:
        schema = event_store.schema
    postgres.execute(f"INSERT INTO {schema}.migrations VALUES (99)")
    event_store = opened(postgres, schema)
    with pytest.raises(
        EventStoreError, match=r"has log format 99, and this orderlab knows up to 1: use a newer orderlab$"
    ):
        await event_store.head()
    await event_store.close()


@in_event_loop
async def test_tables_of_others_are_left_as_they_are(postgres: PostgresServer) -> None:
    schema = postgres.fresh_schema()
    postgres.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.events (what text)")
    event_store = opened(postgres, schema)
    with pytest.raises(EventStoreError, match=r"has tables that orderlab did not make; they were left as they are$"):
        await event_store.head()
    assert postgres.execute(f"SELECT what FROM {schema}.events") == []
    await event_store.close()


@in_event_loop
async def test_an_older_log_is_brought_up_to_date_and_keeps_its_events(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1, 2))
        schema = event_store.schema
    newer = (*postgres_schema._MIGRATIONS, 'CREATE INDEX by_type ON "{schema}".events (event_type);')
    monkeypatch.setattr(postgres_schema, "_MIGRATIONS", newer)
    event_stores = [opened(postgres, schema) for _ in range(3)]
    for numbers in await asyncio.gather(*map(numbers_in, event_stores)):
        assert numbers == [1, 2]
    assert postgres.execute(f"SELECT version FROM {schema}.migrations ORDER BY 1") == [(1,), (2,)]
    assert postgres.execute(
        "SELECT count(*) FROM pg_indexes WHERE schemaname = %s AND indexname = 'by_type'", schema
    ) == [(1,)]
    for event_store in event_stores:
        await event_store.close()


@in_event_loop
async def test_a_migration_that_fails_changes_nothing(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(postgres) as event_store:
        await event_store.append_events("a", notes(1))
        schema = event_store.schema
    broken = 'ALTER TABLE "{schema}".events ADD COLUMN more text; SELECT 1/0;'
    with monkeypatch.context() as patched:
        patched.setattr(postgres_schema, "_MIGRATIONS", (*postgres_schema._MIGRATIONS, broken))
        event_store = opened(postgres, schema)
        with pytest.raises(EventStoreError, match=r"division by zero"):
            await event_store.head()
        await event_store.close()
    async with opened(postgres, schema) as event_store:
        assert await numbers_in(event_store) == [1]


# Who may do what


def _url_of(postgres: PostgresServer, url: str, user: str) -> str:
    """Return an address for another user of a server, who can come in: by a password, or without one."""
    scheme, _, rest = url.partition("://")
    _, _, where = rest.rpartition("@")
    return f"{scheme}://{user}:{PASSWORD}@{where}"


def _user(postgres: PostgresServer, name: str) -> None:
    postgres.execute(f"DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")


def _append_only(schema: str, user: str) -> str:
    """Return what the README grants to who only appends and reads."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    [grants] = re.findall(r"```sql\n(GRANT .*?)```", readme, re.DOTALL)
    return re.sub(r"\borderlab\b", schema, grants).replace("clerk", user)


@in_event_loop
async def test_to_append_one_needs_to_select_and_insert_and_may_then_change_nothing(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    _user(postgres, "orderlab_test_clerk")
    async with opened(postgres, url=url) as owners:
        postgres.execute(_append_only(owners.schema, "orderlab_test_clerk"), url=url)
        clerks_url = _url_of(postgres, url, "orderlab_test_clerk")
        async with opened(postgres, owners.schema, url=clerks_url) as clerks:
            await clerks.append_events("a", notes(1))
            await clerks.append_events("a", notes(*range(6_000)))
            assert (await anext(clerks.subscribe())).position == 1
        for statement in ("UPDATE events SET version = 7", "DELETE FROM events", "TRUNCATE events"):
            with pytest.raises(Exception, match=r"permission denied for table events"):
                postgres.execute(
                    statement, url=f"{clerks_url}{'&' if '?' in clerks_url else '?'}schema={owners.schema}"
                )
    postgres.drop(url)
    postgres.execute("DROP ROLE orderlab_test_clerk")


@in_event_loop
async def test_one_who_may_only_read_is_told_so_when_appending(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    _user(postgres, "orderlab_test_reader")
    async with opened(postgres, url=url) as owners:
        await owners.append_events("a", notes(1))
        grants = _append_only(owners.schema, "orderlab_test_reader").replace("INSERT", "SELECT")
        postgres.execute(grants, url=url)
        async with opened(postgres, owners.schema, url=_url_of(postgres, url, "orderlab_test_reader")) as readers:
            assert await numbers_in(readers) == [1]
            with pytest.raises(
                EventStoreError, match=r"may not be used so by this user: permission denied for table events$"
            ):
                await readers.append_events("a", notes(2))
            assert await numbers_in(readers) == [1]
    postgres.drop(url)
    postgres.execute("DROP ROLE orderlab_test_reader")


@in_event_loop
async def test_one_who_may_make_no_tables_is_told_so(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    _user(postgres, "orderlab_test_guest")
    event_store = opened(postgres, url=_url_of(postgres, url, "orderlab_test_guest"))
    with pytest.raises(EventStoreError, match=r"may not be used so by this user: permission denied for database"):
        await event_store.head()
    await event_store.close()
    postgres.drop(url)
    postgres.execute("DROP ROLE orderlab_test_guest")


@in_event_loop
async def test_one_who_was_granted_nothing_is_told_so(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    _user(postgres, "orderlab_test_stranger")
    async with opened(postgres, url=url) as owners:
        await owners.append_events("a", notes(1))
        strangers = opened(postgres, owners.schema, url=_url_of(postgres, url, "orderlab_test_stranger"))
        with pytest.raises(EventStoreError, match=r"may not be used so by this user: permission denied for schema"):
            await strangers.head()
        await strangers.close()
    postgres.drop(url)
    postgres.execute("DROP ROLE orderlab_test_stranger")


@in_event_loop
async def test_a_schema_that_was_made_for_a_user_is_enough(postgres: PostgresServer) -> None:
    url, schema = postgres.new_database(), postgres.fresh_schema()
    _user(postgres, "orderlab_test_tenant")
    postgres.execute(f"CREATE SCHEMA {schema} AUTHORIZATION orderlab_test_tenant", url=url)
    async with opened(postgres, schema, url=_url_of(postgres, url, "orderlab_test_tenant")) as tenants:
        await tenants.append_events("a", notes(1))
        assert await numbers_in(tenants) == [1]
    postgres.drop(url)
    postgres.execute("DROP ROLE orderlab_test_tenant")


# What cannot be opened


@in_event_loop
async def test_a_database_that_is_not_there_is_one_sentence(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    postgres.drop(url)
    event_store = opened(postgres, url=url)
    with pytest.raises(
        EventStoreError, match=r'cannot be opened: .*database "orderlab_test_.*" does not exist$'
    ) as caught:
        await event_store.head()
    assert "\n" not in str(caught.value)
    await event_store.close()


@in_event_loop
async def test_no_server_is_one_sentence_without_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    event_store = PostgresEventStore(f"postgresql://ada:{PASSWORD}@127.0.0.1:1/lab")
    with pytest.raises(
        Unreachable, match=r"^schema orderlab of lab at 127.0.0.1:1 cannot be reached now: .*refused"
    ) as caught:
        await event_store.head()
    await event_store.close()
    assert "\n" not in str(caught.value)
    assert PASSWORD not in f"{caught.value} {event_store!r} {caplog.text}"


@in_event_loop
async def test_what_is_being_logged_holds_no_password(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = postgres.new_database()
    name = "orderlab_test_secretive"
    _user(postgres, name)
    event_store = opened(postgres, url=_url_of(postgres, url, name))
    with pytest.raises(EventStoreError):
        await event_store.head()
    await event_store.close()
    postgres.drop(url)
    postgres.execute(f"DROP ROLE {name}")
    assert PASSWORD not in caplog.text


@in_event_loop
async def test_a_database_that_cannot_hold_every_text_is_refused(postgres: PostgresServer) -> None:
    url = postgres.new_database("ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    event_store = opened(postgres, url=url)
    with pytest.raises(EventStoreError, match=r"is encoded as LATIN1: a log needs a database in UTF8$"):
        await event_store.head()
    await event_store.close()
    postgres.drop(url)
