"""Logs in PostgreSQL, opened for the contract's events in one line each."""

from typing import Any

from postgres_servers import PostgresServer

from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.postgres import PostgresEventStore


def opened(server: PostgresServer, schema: str | None = None, **options: Any) -> PostgresEventStore:
    """Return an event store for the contract's events; in a schema of its own, if none is named."""
    options = {"codec": CONTRACT_CODEC, "schema": schema or server.fresh_schema(), **options}
    return PostgresEventStore(options.pop("url", server.url), **options)


def notes(*numbers: int) -> list[Noted]:
    """Return an event for each number."""
    return [Noted("x", number) for number in numbers]


async def numbers_in(event_store: PostgresEventStore) -> list[int]:
    """Return the numbers of a log's events."""
    return [recorded.event.number async for recorded in event_store.read_all()]
