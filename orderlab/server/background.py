"""The server from a notebook: `orderlab.serve(event_store)`, in a thread that a busy cell does not hold up."""

import asyncio
import socket
import threading
import weakref
from concurrent.futures import Future
from html import escape
from types import TracebackType
from typing import Self
from urllib.parse import quote

from orderlab.core.errors import OrderlabError
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.server.backend import Backend
from orderlab.server.running import Server, addresses_of, listen, new_event_loop, serve_orders
from orderlab.server.settings import ServerSettings, given_settings

_PATIENCE_SECONDS = 60.0


def serve(
    event_store: EventStore | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    token: str | None = None,
) -> "RunningServer":
    """Serve the orders in a log over HTTP and WebSocket, and come back at once.

    The server has a thread, an event loop and a `Store` of its own. What others append to the event store meanwhile, a
    notebook's own store among them, it takes in and shows.

    Args:
        event_store: The log; a new one in memory if None. It may be in use here as well, and is not closed.
        host: Where to listen. Other than a loopback address it needs a token.
        port: The port; 0 for any that is free.
        token: What visitors must know; None lets in everyone on this machine.

    Returns:
        A handle; the server stops when that is stopped, left as a context manager, or dropped.

    Raises:
        CannotListen: The port is taken, or the host is none of this machine's.
        SettingsError: The host, port or token cannot be.
        EventStoreError: The log cannot be read.

    >>> with serve() as server:
    ...     print(server.url.startswith("http://127.0.0.1:"))
    True
    """
    if event_store is not None and not callable(getattr(event_store, "append_many", None)):
        raise TypeError(f"event_store must be an event store, such as DuckDBEventStore(path), not {event_store!r}")
    settings = given_settings(host=host, port=port, token=token)
    listening = listen(settings.host, settings.port)
    return RunningServer(InMemoryEventStore() if event_store is None else event_store, settings, listening)


class RunningServer:
    """A server that runs in a thread; made by `serve`.

    Args:
        event_store: The log.
        settings: Who may use it.
        listening: Where it listens.
    """

    def __init__(self, event_store: EventStore, settings: ServerSettings, listening: socket.socket) -> None:
        self.url, *_ = addresses_of(listening, settings.host)
        """Where the server is, for `orderlab.connect` and other programs."""
        self.event_store = event_store
        self._token = None if settings.token is None else settings.token.get_secret_value()
        started: Future[Server] = Future()
        thread = threading.Thread(
            target=_run,
            args=(event_store, settings, listening, started),
            name=f"orderlab server {self.url}",
            daemon=True,
        )
        thread.start()
        self._server = self._once_started(started)
        # A cell that is run again drops the handle of its last run, whose server should not go on beside the new one.
        self._finalizer = weakref.finalize(self, _stop, self._server, thread)

    def _once_started(self, started: "Future[Server]") -> Server:
        try:
            return started.result(_PATIENCE_SECONDS)
        except TimeoutError:
            if not started.cancel():  # it has started, or has failed, in this very moment
                return started.result()
        raise OrderlabError(
            f"the server has not started within {_PATIENCE_SECONDS:.0f} seconds, and ends: it replays the log of "
            f"{self.event_store!r} first, and may wait for others; try again, or look whether that can be reached"
        )

    @property
    def link(self) -> str:
        """What to open in a browser; it lets in whoever opens it."""
        return self.url if self._token is None else f"{self.url}/?token={quote(self._token, safe='')}"

    @property
    def is_running(self) -> bool:
        """Whether requests are taken."""
        return self._finalizer.alive and not self._server.should_exit

    def stop(self) -> None:
        """Do what was accepted, and stop; stopping twice is harmless."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<orderlab server {'at' if self.is_running else 'stopped, was at'} {self.url}>"

    def _repr_html_(self) -> str:
        if not self.is_running:
            return f"<p>orderlab server, stopped (was at {escape(self.url)})</p>"
        link = escape(self.link)
        return f'<p>orderlab server: <a href="{link}" target="_blank" rel="noopener">{escape(self.url)}</a></p>'


def _run(
    event_store: EventStore, settings: ServerSettings, listening: socket.socket, started: "Future[Server]"
) -> None:
    async def run() -> None:
        await serve_orders(event_store, settings, listening, has_started)

    def has_started(server: Server, backend: Backend) -> None:
        if started.set_running_or_notify_cancel():
            started.set_result(server)
        else:  # nobody has waited for so long, and nobody else could stop it
            server.should_exit = True

    try:
        with listening, asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(run())
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)
        return
    if not started.done():
        started.set_exception(OrderlabError("the server ended before it had started"))


def _stop(server: Server, thread: threading.Thread) -> None:
    server.should_exit = True
    if thread is not threading.current_thread():  # the collector may drop a handle in any thread, so also in this one
        thread.join(_PATIENCE_SECONDS)
