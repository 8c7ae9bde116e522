"""Hear of what others append to a log in PostgreSQL.

A notification only wakes: whoever is woken reads by position. One that is lost delays, for the log is looked at from
time to time all the same, and nothing can be missed or come twice.
"""

import logging
import selectors
import socket
import threading
from typing import Any
from uuid import UUID

import psycopg

from orderlab.eventstore.bell import Bell
from orderlab.eventstore.postgres_database import Database
from orderlab.eventstore.postgres_schema import Connection

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""After so long without a notification the log is looked at, for one may be lost."""

_LAST = "SELECT position, event_id FROM {log}.events ORDER BY position DESC LIMIT 1"
# A replica may lack it for the moment, and be sent it yet.
_IS_THERE = """
SELECT pg_is_in_recovery() OR EXISTS (SELECT FROM {log}.events WHERE position = %b AND event_id = %b)
"""

_DIGITS = 19
"""No position has more."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
"""Between attempts to connect again."""


class Listener:
    """Ring a bell when the log has grown, from a thread of its own; lost connections are regained.

    Args:
        database: Where the log is.
        bell: What is rung.
    """

    def __init__(self, database: Database, bell: Bell) -> None:
        self._database = database
        self._bell = bell
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._waking: socket.socket | None = None
        self.position = 0
        """The last position known of; the log may be longer."""
        self.is_listening = False
        """Whether notifications are heard; if not, whoever waits has to look."""
        self.replaced = ""
        """Why nobody can go on, if the log is not the one that was known."""
        self._last: UUID | None = None

    def start(self) -> None:
        """Begin to listen, unless that was done."""
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._waking, woken = socket.socketpair()
                self._thread = threading.Thread(target=self._run, args=[woken], name="orderlab listener", daemon=True)
                self._thread.start()

    def learn(self, position: int, event_id: UUID | None) -> None:
        """Hear of the last event of the log, and wake who waits if it is news."""
        with self._lock:
            if position <= self.position:
                return
            self.position, self._last = position, event_id
        self._bell.ring()

    def stop(self) -> None:
        """Tell it to stop."""
        with self._lock:
            self._stopped.set()
            waking, self._waking = self._waking, None
        if waking is not None:
            waking.close()  # which the other end hears

    def join(self) -> None:
        """Wait until it has stopped; not in its own thread, in which the collector may drop an event store."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self, woken: socket.socket) -> None:
        with woken:
            self._keep_listening(woken)

    def _keep_listening(self, woken: socket.socket) -> None:
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                with self._database.connected() as connection:
                    self._require_same_log(connection)
                    connection.execute(f'LISTEN "{self._database.schema}"'.encode())
                    self._look(connection)
                    self.is_listening = True
                    if pause:
                        logger.info("%s is reached again", self._database.called)
                    pause = 0.0
                    self._listen(connection, woken)
            except psycopg.Error as error:
                self.is_listening = False
                self._bell.ring()  # who waits looks by itself meanwhile
                if not pause:
                    logger.warning("%s; it is tried again until it can be", self._database.failure(error))
                pause = min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE)

    def _listen(self, connection: Connection, woken: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while not self._stopped.is_set():
                # One that came together with the answer to the last question is not in the socket any more.
                told, due = _told(connection), False
                if not told:
                    due = not selector.select(LOOK_SECONDS)
                    told = _told(connection)
                if due or any(map(self._is_news, told)):
                    self._look(connection)

    def _is_news(self, payload: str) -> bool:
        """Tell whether to look because of a notification; anybody may notify of anything, so it is not believed."""
        return (
            not (payload.isascii() and payload.isdecimal() and len(payload) < _DIGITS) or int(payload) > self.position
        )

    def _look(self, connection: Connection) -> None:
        """Ask how far the log goes."""
        self.learn(*last_event(connection))

    def _require_same_log(self, connection: Connection) -> None:
        """See that the last event known of is there: after a failover, or a restored backup, it may not be."""
        with self._lock:
            position, known = self.position, self._last
        if known is None or self.replaced:
            return
        if connection.execute(connection.about_log(_IS_THERE), [position, known]).fetchone() != (True,):
            called = self._database.called
            self.replaced = (
                f"{called} is not the log that it was: the event at position {position} is gone, as after a "
                "failover or in a backup; open it again, for what is shown may rest on what was lost"
            )
            logger.error(self.replaced)
            self._bell.ring()


def last_event(connection: Connection) -> tuple[int, UUID | None]:
    """Return the position and the id of the last event of a log; 0 and None if it is empty."""
    found: Any = connection.execute(connection.about_log(_LAST), prepare=True, binary=True).fetchone()
    return found or (0, None)


def _told(connection: Connection) -> list[str]:
    """Return what was notified of."""
    return [notice.payload for notice in connection.notifies(timeout=0)]
