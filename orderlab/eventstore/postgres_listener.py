"""Hear of what others append to a log in PostgreSQL.

A notification only wakes: whoever is woken reads by position. One that is lost delays, for the log is looked at from
time to time all the same, and nothing can be missed or come twice.
"""

import logging
import selectors
import socket
import threading

import psycopg

from orderlab.eventstore.bell import Bell
from orderlab.eventstore.postgres_database import Database
from orderlab.eventstore.postgres_schema import Connection

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
"""After so long without a notification the log is looked at, for one may be lost."""

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
        """The last position known of; the log may be longer, and is never shorter."""

    def start(self) -> None:
        """Begin to listen, unless that was done."""
        with self._lock:
            if self._thread is None and not self._stopped.is_set():
                self._waking, woken = socket.socketpair()
                self._thread = threading.Thread(target=self._run, args=[woken], name="orderlab listener", daemon=True)
                self._thread.start()

    def learn(self, position: int) -> None:
        """Hear of a position, and wake who waits if it is news."""
        with self._lock:
            if position <= self.position:
                return
            self.position = position
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
                    connection.execute(f'LISTEN "{self._database.schema}"'.encode())
                    self._look(connection)
                    if pause:
                        logger.info("%s is reached again", self._database.called)
                    pause = 0.0
                    self._listen(connection, woken)
            except psycopg.Error as error:
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
                    due = not selector.select(_LOOK_SECONDS)
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
        [(head,)] = connection.execute("SELECT coalesce(max(position), 0) FROM events", prepare=True).fetchall()
        assert isinstance(head, int)
        self.learn(head)


def _told(connection: Connection) -> list[str]:
    """Return what was notified of."""
    return [notice.payload for notice in connection.notifies(timeout=0)]
