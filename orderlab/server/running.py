"""Run the server: a socket, uvicorn with the limits and protocols chosen here, and an orderly end."""

import asyncio
import errno
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from orderlab.core.errors import OrderlabError
from orderlab.eventstore.base import EventStore
from orderlab.server.access import Access
from orderlab.server.app import create_app
from orderlab.server.backend import Backend
from orderlab.server.hosts import addresses_of_machine
from orderlab.server.limits import HEAD_BYTES, MOST_MESSAGE_BYTES
from orderlab.server.protocols import http_protocol, websocket_protocol
from orderlab.server.settings import ServerSettings

uvicorn_logger = logging.getLogger("uvicorn.error")

STOPS = (signal.SIGINT, signal.SIGTERM)
"""What tells a server to stop: Ctrl-C, and whoever looks after services."""

_BACKLOG = 2_048
_MOST_CONNECTIONS = 10_000
_KEEP_ALIVE_SECONDS = 30
_GRACE_SECONDS = 5
_PING_SECONDS = 20.0
_COLLECTING = (5_000, 10, 1_000_000)
_TAKEN = (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE))


class CannotListen(OrderlabError):
    """The address cannot be listened at; the text says why, and what to do."""


def listen(host: str, port: int, *, workers: bool = False) -> socket.socket:
    """Return a socket that listens; or one that has the place for sockets of workers, as `for_worker` makes them.

    Args:
        host: A name or an address of this machine.
        port: The port; 0 for any that is free.
        workers: Whether it is for several processes.

    Raises:
        CannotListen: The port is taken, or the address is none of this machine's.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        if not (workers and sys.platform == "linux"):
            return listening
        with listening:  # which nobody else listens at, also who would share it
            place = listening.getsockname()
        return _sharing(family, place)
    except PermissionError as error:
        raise CannotListen(f"port {port} needs more rights than you have: choose one from 1024 on") from error
    except socket.gaierror as error:
        raise CannotListen(f"there is no host {host!r}: {error.strerror}") from error
    except OSError as error:
        if error.errno in _TAKEN:
            what = f"port {port} of {host} is taken: stop the program that has it, or choose another port (0: any)"
        else:
            what = f"{host} port {port} cannot be listened at: {error.strerror}"
        raise CannotListen(what) from error


def for_worker(listening: socket.socket) -> socket.socket:
    """Return a socket for one more worker, which is to be closed here once the worker has it.

    Where several processes wait at one socket, who comes next is often taken by the same one again: of 200 connections
    that came in turn to four processes one had 192. Linux shares them out evenly among sockets at one port.
    """
    if sys.platform == "linux" and listening.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT):
        return _sharing(listening.family, listening.getsockname())
    return listening.dup()


def _sharing(family: int, address: Any) -> socket.socket:
    """Return a socket at an address that others of the same user may have as well; it does not listen yet."""
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # as Python's own do
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made


def addresses_of(listening: socket.socket, host: str) -> list[str]:
    """Return the address to open in a browser on this machine, and then those for other machines, if they can."""
    hosts = [host]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - it is compared with, not listened at
        hosts = ["127.0.0.1" if host == "0.0.0.0" else "::1", *addresses_of_machine()]  # noqa: S104 - as above
    port = listening.getsockname()[1]
    return [f"http://[{each}]:{port}" if ":" in each else f"http://{each}:{port}" for each in hosts]


class Server(uvicorn.Server):
    """Serve an application until told to stop.

    Args:
        app: The application.
        started: Called when requests are taken.
        stops: The signals that tell it to stop.
    """

    def __init__(
        self, app: ASGIApp, *, started: Callable[[], object] = lambda: None, stops: Sequence[signal.Signals] = STOPS
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=http_protocol(),
                ws=websocket_protocol(),
                ws_max_size=MOST_MESSAGE_BYTES,
                ws_ping_interval=_PING_SECONDS,
                ws_ping_timeout=_PING_SECONDS,
                # Compressing a broadcast for each client apart takes longer than everything else together.
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # Whoever connects is who it says: the server trusts no header that a proxy may have set.
                proxy_headers=False,
                limit_concurrency=_MOST_CONNECTIONS,
                h11_max_incomplete_event_size=HEAD_BYTES,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._started_callback = started
        self._stops = stops
        # At INFO uvicorn writes the address of each WebSocket with its query, at DEBUG the headers: both have tokens.
        if uvicorn_logger.getEffectiveLevel() < logging.WARNING:
            uvicorn_logger.setLevel(logging.WARNING)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests, and say so."""
        await super().startup(sockets)
        if self.started:
            self._started_callback()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in an orderly way at the signals that tell so, and come back to the caller.

        uvicorn raises the signal again once it has stopped, which would end the process before the log is closed.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in self._stops}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


async def serve_orders(
    event_store: EventStore,
    settings: ServerSettings,
    listening: socket.socket,
    started: Callable[[Server, Backend], object],
    stops: Sequence[signal.Signals] = STOPS,
) -> None:
    """Serve the orders in a log until the server is told to stop; then do what was accepted, and come back.

    Args:
        event_store: The log; whoever opened it closes it.
        settings: Who may use the server.
        listening: Where it listens.
        started: Called once, when the log is replayed and requests are taken.
        stops: The signals that tell it to stop.
    """
    async with Backend(event_store) as backend:
        access = Access.of(settings, listening.getsockname()[1])
        server = Server(create_app(backend, access), started=lambda: started(server, backend), stops=stops)
        await server.serve(sockets=[listening])


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's event loop where there is one, for it is quicker; else Python's own."""
    try:
        import uvloop  # noqa: PLC0415 - it is not everywhere
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """Keep the garbage collector from going through all orders again and again, in a process that does nothing else.

    With its usual thresholds it stops the server for tens of milliseconds at a time. What replay made is set aside;
    what comes later is gone through often while it is young and few, and as good as never once it is old: orders stay.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTING)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
