"""The connections to a log in PostgreSQL, regained when they are lost; and its failures in words."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from orderlab.eventstore.base import EventStoreError, Unreachable
from orderlab.eventstore.postgres_address import Address
from orderlab.eventstore.postgres_schema import Connection, prepare_schema

T = TypeVar("T")

logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())  # it warns of what our errors say, on any terminal

_SETTINGS = {
    "timezone": "UTC",
    "default_transaction_isolation": "read committed",  # who waits for a turn must see what was written meanwhile
    "idle_in_transaction_session_timeout": "10s",  # who has the turn to append and is gone does not keep it
    "lock_timeout": "15s",  # the turn to append is waited for, and not for ever: who has it may stand still
    # A client that is gone without a word is noticed by the server as the server is by a client (`postgres_address`).
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "datestyle": "ISO",
    "jit": "off",  # compiling a statement takes longer than any of ours
    # A statement may be planned while the log is small, when to read all of it is best, and used when it is large.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

_READY = "SELECT " + ", ".join(["set_config(%s, %s, false)"] * len(_SETTINGS))
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"

_PATIENCE_SECONDS = 5.0
"""How long a lost connection is tried to be regained before whoever asks is told."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0

_PASSING = {
    "57P01": "it is being shut down",
    "57P02": "it crashed",
    "57P03": "it is starting or stopping",
    "57P05": "the session was idle for too long",
    "25P03": "a transaction was idle for too long",
    "53300": "it has too many connections",
    "55P03": "another process has the turn to append, and keeps it",
    "40001": "a transaction could not be put in line",
    "40P01": "two transactions waited for each other",
}
"""Errors after which to ask again may succeed, beside those of the connection itself."""

_LOST = "08"

_COMING_OR_GOING = re.compile(
    r"starting up|shutting down|terminating connection|too many|accepting|remaining connection slots"
)
"""What a server says, in words alone, that takes no connection for the moment; other words of it are its last."""


class Database:
    """Connect to a log in PostgreSQL as often as needed, from any thread.

    Args:
        address: Where the log is.
        readers: How many threads may read at once, beside the one that writes.
    """

    def __init__(self, address: Address, readers: int) -> None:
        self._address = address
        self.schema, self.called = address.schema, address.called
        self._was_open = False
        self._closing = threading.Event()
        self._reading_ends = threading.Event()
        self._pool = ConnectionPool(
            address.conninfo,
            connection_class=Connection,
            kwargs={"autocommit": True},
            configure=self._configure,
            min_size=0,
            max_size=readers + 1,
            open=False,
            # Whoever needs a connection asks again, at moments of its own.
            reconnect_timeout=0,
            num_workers=1,
        )

    def open(self, *, create: bool) -> None:
        """Make sure that there is a log, and that it can be read.

        Raises:
            EventStoreError: It cannot; one sentence says why and what to do.
        """
        try:
            with self.connected() as connection:
                [(encoding,)] = connection.execute("SHOW server_encoding").fetchall()
                if encoding != "UTF8":
                    raise EventStoreError(f"{self.called} is encoded as {encoding}: a log needs a database in UTF8")
                prepare_schema(connection, self.schema, self.called, create=create)
        except psycopg.Error as error:
            raise self.failure(error) from error
        self._was_open = True
        self._pool.open()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Give a connection that is not one of the pool's."""
        with Connection.connect(self._address.conninfo, autocommit=True) as connection:
            self._configure(connection)
            yield connection

    def ask(self, query: Callable[[Connection], T], *, reading: bool = False) -> T:
        """Run something on a connection; if that is lost, again on another, for some seconds.

        Args:
            query: What is run, maybe more than once.
            reading: Whether it may be given up when the event store is closed.

        Raises:
            Unreachable: There was none for too long.
            EventStoreError: It failed in another way.
        """
        deadline, pause = float("inf"), _FIRST_PAUSE
        given_up = self._reading_ends if reading else self._closing
        while True:
            try:
                with self._pool.connection(timeout=_LONGEST_PAUSE) as connection:
                    return query(connection)
            except psycopg.Error as error:
                # Counted from here: that a peer is gone may take longer to be noticed than there is patience.
                now = time.monotonic()
                deadline = min(deadline, now + _PATIENCE_SECONDS)
                if not self._is_passing(error) or now > deadline or given_up.wait(pause):
                    raise self.failure(error) from error
                if pause == _FIRST_PAUSE:
                    self._pool.drain()  # what ended this connection has ended the others, or soon tells that it has
            pause = min(2 * pause, _LONGEST_PAUSE)

    def end_reading(self) -> None:
        """Have nobody who reads wait for a lost connection any more."""
        self._reading_ends.set()

    def close(self) -> None:
        """Let go of every connection."""
        self._closing.set()
        self._pool.close()

    def failure(self, error: psycopg.Error) -> EventStoreError:
        """Return a database error as one sentence for a person."""
        failure = self._told(error)
        failure.where = self.called
        return failure

    def _told(self, error: psycopg.Error) -> EventStoreError:
        if isinstance(error, PoolTimeout):
            error = self._why_not() or error
        text = _text_of(error)
        if self._is_passing(error):
            return Unreachable(f"{self.called} cannot be reached now: {_PASSING.get(error.sqlstate or '', text)}")
        if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
            return EventStoreError(f"{self.called} cannot be opened: {text}")
        return EventStoreError(f"{self.called} {_SENTENCES.get(error.sqlstate or '', 'failed')}: {text}")

    def _is_passing(self, error: psycopg.Error) -> bool:
        """Tell whether to ask again may succeed.

        A server may speak any language when it takes no connection. What let one in before may do so again.
        """
        refused = error.sqlstate is None and isinstance(error, psycopg.OperationalError)
        return is_passing(error) or (self._was_open and refused and not _FINAL.search(str(error)))

    def _configure(self, connection: Connection) -> None:
        connection.log = f'"{self.schema}"'
        connection.execute(_READY, [part for setting in _SETTINGS.items() for part in setting])
        connection.execute(_DURABLE)

    def _why_not(self) -> psycopg.Error | None:
        """Say why no connection can be had, which the pool does not."""
        try:
            with self.connected():
                return None
        except psycopg.Error as error:
            return error


_FINAL = re.compile(
    "does not support SSL|certificate|no password supplied|connection is bad: invalid|private key|channel binding"
    "|authentication method requirement|definition of service|sslnegotiation"
)
"""What is said by the driver itself when to ask again is of no use."""

_SENTENCES = {
    "42501": "may not be used so by this user",
    "3D000": "is not there",
    "53100": "has no room left; nothing of this append is in the log",
    "25006": "can be read only, as a replica can",
    **dict.fromkeys(("26000", "42P05"), "seems to be behind a pooler of transactions; have it pool sessions"),
}


def is_passing(error: psycopg.Error) -> bool:
    """Tell whether to ask again may succeed: the connection was lost, or the server is on its way down or up."""
    if error.sqlstate is None:
        text = str(error)
        final = _FINAL.search(text) or ("FATAL:" in text and not _COMING_OR_GOING.search(text))
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not final
    return error.sqlstate in _PASSING or error.sqlstate.startswith(_LOST)


def _text_of(error: psycopg.Error) -> str:
    """Return the first line of what the database or the driver says: what follows shows statements, or guesses."""
    said = error.diag.message_primary or str(error)
    text = " ".join(said.partition("\n")[0].split()).removesuffix(".")
    hint = "; give one in PGPASSWORD, in ~/.pgpass, or in the address"
    return text + hint if "no password supplied" in said else text
