"""Open an event store by its address."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.codec import ORDER_CODEC

_FORMS = (
    "memory://, duckdb:///file.duckdb (relative), duckdb:////folder/file.duckdb (absolute), or "
    "postgresql://user@host/database"
)


@asynccontextmanager
async def open_event_store(
    url: str,
    *,
    codec: Codec = ORDER_CODEC,
    clock: Clock | None = None,
    ids: IdGenerator | None = None,
    create: bool = True,
) -> AsyncIterator[EventStore]:
    """Open the event store at an address, and close it at the end.

    Args:
        url: `memory://`, `duckdb:///file.duckdb` (relative to the working folder), `duckdb:////var/lib/file.duckdb`
            (absolute), or `duckdb:///C:/file.duckdb` on Windows; `postgresql://user:password@host:port/database`, with
            `?schema=name` for another log in it than that in the schema `orderlab`.
        codec: How events become JSON and back; orders by default.
        clock: What stamps `recorded_at` where the writer does not.
        ids: What draws event ids where the writer does not.
        create: Make a log that is not there. False refuses, for whoever means to read one.

    Raises:
        EventStoreError: The address is of no known form, or what it names cannot be opened.
    """
    if not isinstance(url, str):
        raise TypeError(f"url must be text such as duckdb:///file.duckdb, not {url!r}")
    scheme, separator, rest = url.partition("://")
    if not separator:
        # An address that was written wrongly may have a password anywhere.
        shown = "what was given" if re.search("[@=]|postgres", url) else repr(url)
        raise EventStoreError(f"{shown} is no address of an event store: use {_FORMS}")
    if scheme == "memory":
        if rest:
            raise EventStoreError(f"memory:// takes nothing after it, and {url!r} has {rest!r}")
        if not create:
            raise EventStoreError("a log in memory is gone with the process that wrote it: name a file")
        async with InMemoryEventStore(codec=codec, clock=clock, ids=ids) as in_memory:
            yield in_memory
    elif scheme == "duckdb":
        from orderlab.eventstore.duckdb import DuckDBEventStore  # noqa: PLC0415 - a log in memory needs no duckdb

        path = path_of(rest, url)
        async with DuckDBEventStore(path, codec=codec, clock=clock, ids=ids, create=create) as in_file:
            yield in_file
    elif is_postgres(url):
        try:
            from orderlab.eventstore.postgres import PostgresEventStore  # noqa: PLC0415 - only this log needs its driver
        except ImportError as error:
            raise EventStoreError(str(error)) from error
        try:
            in_database = PostgresEventStore(url, codec=codec, clock=clock, ids=ids, create=create)
        except ValueError as error:
            raise EventStoreError(str(error)) from error
        async with in_database:
            yield in_database
    else:
        raise EventStoreError(f"there is no event store of kind {scheme!r}: use {_FORMS}")


def is_postgres(url: str) -> bool:
    """Tell whether an address is that of a log in PostgreSQL, which several processes may have open at once."""
    return url.startswith(("postgresql://", "postgres://"))


def path_of(rest: str, url: str) -> Path:
    """Return the path in a `duckdb://` address: what follows the third slash.

    >>> path_of("/file.duckdb", "").as_posix(), path_of("//var/lib/file.duckdb", "").as_posix()
    ('file.duckdb', '/var/lib/file.duckdb')
    """
    if not rest.startswith("/") or rest == "/":
        raise EventStoreError(f"{url!r} names no file: a relative one is written duckdb:///file.duckdb")
    if rest == "/:memory:":
        raise EventStoreError(f"{url!r} is no file: the address of a log in memory is memory://")
    if "\0" in unquote(rest):
        raise EventStoreError(f"{url!r} names no file that could be")
    return Path(unquote(rest[1:]))
