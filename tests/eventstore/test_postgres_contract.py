"""PostgreSQL held to what every event store must do, on each server that there is."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from postgres_servers import PostgresServer

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract import DurableEventStoreContract
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.exploration.profiles import profile_of
from orderlab.exploration.stateful import event_store_machine


class TestPostgresEventStore(DurableEventStoreContract):
    server: PostgresServer

    @pytest.fixture(autouse=True)
    def _on_a_server(self, every_postgres: PostgresServer) -> None:
        self.server = every_postgres

    def open_event_store(
        self, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        schema = self.server.fresh_schema()
        return PostgresEventStore(self.server.url, schema=schema, codec=codec, clock=clock, ids=ids)

    def reopen_event_store(
        self, closed: EventStore, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        assert isinstance(closed, PostgresEventStore)
        return PostgresEventStore(self.server.url, schema=closed.schema, codec=codec, clock=clock, ids=ids)


def test_an_event_store_in_postgresql_agrees_with_a_list(every_postgres: PostgresServer) -> None:
    def opened(**options: Any) -> PostgresEventStore:
        return PostgresEventStore(every_postgres.url, schema=every_postgres.fresh_schema(), **options)

    def opened_again(closed: Any, **options: Any) -> PostgresEventStore:
        return PostgresEventStore(every_postgres.url, schema=closed.schema, **options)

    run_state_machine_as_test(
        event_store_machine(opened, reopen_event_store=opened_again),
        settings=settings(profile_of("quick"), max_examples=5, stateful_step_count=25),
    )
