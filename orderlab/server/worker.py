"""One of several processes that serve one log: it shares the port, and has everything else to itself.

The process that began it is at the other end of its standard input and output. From there come its settings, and later
the word to stop; where that end is gone, so is whoever would say it, and the worker stops as well. It says there when
it takes requests, or what kept it from that.
"""

import asyncio
import base64
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from io import RawIOBase

import msgspec

from orderlab.core.errors import OrderlabError
from orderlab.eventstore.urls import open_event_store
from orderlab.masking import masked
from orderlab.server.backend import Backend
from orderlab.server.logs import configure_logging, parse_levels
from orderlab.server.running import Server, collecting_seldom, new_event_loop, serve_orders
from orderlab.server.settings import Given, ServerSettings, given_settings

logger = logging.getLogger(__name__)

FAILED = 1


class Order(msgspec.Struct, frozen=True):
    """What a worker is told first: its settings, and how it comes by the socket."""

    settings: Given
    socket: str
    """The number of the file, or on Windows what makes a socket of this process, in Base64."""


class Said(msgspec.Struct, frozen=True, tag=True):
    """What a worker says."""


class Ready(Said, frozen=True):
    """It takes requests; its state shows the log up to a position."""

    position: int


class Failed(Said, frozen=True):
    """It cannot serve; why, in a sentence."""

    why: str


def main() -> None:
    """Be a worker: the program that `workers` starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever began this, who then says so
    # Unbuffered: a thread that waits for a buffer would keep the interpreter from its end.
    line = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115 - it lasts as long as the process
    order = msgspec.json.decode(line.readline(), type=Order)
    settings = given_settings(**order.settings)
    configure_logging(parse_levels(settings.log))
    try:
        with _socket_of(order.socket) as listening, asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(Worker(settings, listening, line).work())
    except OrderlabError as error:
        _say(Failed(masked(str(error))))
        sys.exit(FAILED)
    except Exception:
        logger.exception("a worker failed")
        _say(Failed("a worker failed, and its log says where"))
        sys.exit(FAILED)


class Worker:
    """Serve the orders in a log until told to stop.

    Args:
        settings: Which log, and who may use the server.
        listening: Where it listens.
        line: Has a line, or its end, when it is to stop.
    """

    def __init__(self, settings: ServerSettings, listening: socket.socket, line: RawIOBase) -> None:
        self._settings = settings
        self._listening = listening
        self._line = line
        self._server: Server | None = None
        self._told = 0

    async def work(self) -> None:
        """Serve; what was accepted when the word to stop came is done."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def told() -> None:
            self._told += 1
            self._stop(task)

        threading.Thread(target=_listen, args=(self._line, loop, told), daemon=True).start()
        try:
            with ExitStack() as while_serving:

                def started(server: Server, backend: Backend) -> None:
                    while_serving.enter_context(collecting_seldom())
                    self._server = server
                    _say(Ready(backend.store.position))

                async with open_event_store(self._settings.database_url) as event_store:
                    await serve_orders(event_store, self._settings, self._listening, started, (signal.SIGTERM,))
        except asyncio.CancelledError:
            if not self._told:
                raise

    def _stop(self, task: "asyncio.Task[None]") -> None:
        if self._server is None:  # it is still reading the log, and has promised nobody anything
            task.cancel()
        else:
            self._server.should_exit = True
            self._server.force_exit = self._told > 1


def _listen(line: RawIOBase, loop: asyncio.AbstractEventLoop, told: Callable[[], None]) -> None:
    """Call `told` for each line that comes, and at the end, which comes also by the death of who writes them."""
    more = True
    while more:
        more = bool(line.readline())
        try:
            loop.call_soon_threadsafe(told)
        except RuntimeError:  # the loop is closed: it has stopped
            return


def _socket_of(told: str) -> socket.socket:
    if sys.platform == "win32":
        return socket.fromshare(base64.b64decode(told))
    return socket.socket(fileno=int(told))


def _say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()
