"""The PostgreSQL that is measured: the one that `DATABASE_URL` names, else an embedded one of this run's own.

It is taken as it is. The embedded one has the settings that PostgreSQL comes with, so a commit is on disk when it
returns; of another it is said when it is not, for then an append costs next to nothing.

The log of each timing is in a schema of its own, new and empty, which is dropped afterwards.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from postgres_servers import NoServer, embedded, system
from psycopg import sql

from benchmarks.timing import LeftOut, Run

Connection = psycopg.Connection[tuple[object, ...]]

_SCHEMES = ("postgresql://", "postgres://")
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_AS_IT_COMES = {"fsync": "on", "full_page_writes": "on", "max_connections": "100", "shared_buffers": "128MB"}


@dataclass(frozen=True, slots=True)
class Database:
    """A running PostgreSQL: where it is, and what is to be said of it."""

    url: str
    told: str


def running_database(run: Run) -> Database:
    """Find PostgreSQL, or start one.

    Raises:
        LeftOut: There is none, and none that could be started.
    """
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith(_SCHEMES):
        return Database(given, _told(given))
    try:
        own = _own(run.folder)
    except NoServer as why:
        raise LeftOut(f"needs PostgreSQL: name one in DATABASE_URL; {why}") from why
    return Database(own, _told(own))


@contextmanager
def fresh_schema(url: str, folder: Path) -> Iterator[str]:
    """Make the schema that belongs to a timing's folder, and drop it with all that is in it."""
    name = schema_of(folder)
    with connected(url) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    try:
        yield name
    finally:
        with connected(url) as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


def schema_of(folder: Path) -> str:
    """Return a name for a schema that no other folder has."""
    return folder.name.replace("-", "_")


def with_schema(url: str, schema: str) -> str:
    """Return the address of a log as `orderlab serve` takes it."""
    return f"{url}{'&' if '?' in url else '?'}schema={quote(schema)}"


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Connect as the bare driver does: each statement is a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _own(folder: Path) -> str:
    """Start a PostgreSQL in a folder, if a socket's path there is short enough; it is gone when this process is."""
    usual, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        server = embedded()
    except NoServer:
        server = system()
    finally:
        tempfile.tempdir = usual
    for setting, value in _AS_IT_COMES.items():  # it was made for tests, which need nothing on disk
        server.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
    server.restart()
    return server.url


def _told(url: str) -> str:
    """Return the version, and each of the settings for durability that is not as it comes."""
    with connected(url) as connection:
        [version] = connection.execute("SHOW server_version").fetchone() or ("",)
        values = [connection.execute(f"SHOW {name}").fetchone() for name in _DURABLE]
    lax = [f"{name} {value[0]}" for name, value in zip(_DURABLE, values, strict=True) if value and value[0] != "on"]
    return ", ".join([f"PostgreSQL {str(version).partition(' ')[0]}", *lax])
