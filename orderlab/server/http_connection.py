"""One HTTP connection: uvicorn's, on httptools, with bounds on what a client may send and how long it may take."""

import asyncio
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from orderlab.server.bodies import ARRIVED
from orderlab.server.limits import HEAD_BYTES
from orderlab.server.problems import MEDIA_TYPE, Problem

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

_OF_THE_LINE, _OF_A_HEADER = len("  HTTP/1.1\r\n\r\n"), len(": \r\n")
"""What stands in a head beside the method and the target, and beside each name and value."""


class HttpConnection(HttpToolsProtocol):
    """Speak HTTP/1.1 with a client that may be slow, endless, or gone.

    The bounds are attributes of the class: `head_bytes` and `head_seconds` for a request line and its headers,
    `request_bytes` for all of a request as it comes over the wire (the guard bounds its body more tightly), and
    `stalled_seconds` for how long a client may read nothing of what it is sent.
    """

    head_bytes = HEAD_BYTES
    head_seconds = 10.0
    request_bytes = 8 * 1024 * 1024
    stalled_seconds = 30.0

    _in_head = False
    _received = 0  # of the present request, before the present piece of data
    _piece = 0  # the present piece of data
    _belonging = 0  # how much of it may belong to the present request
    _too_large = False
    _running: RequestResponseCycle | None = None
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Give the client some time: uvicorn waits for its first request for ever."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what waits for the connection; of several requests at once uvicorn looks at the latest alone."""
        self.pipeline.clear()
        if self._running is not None:
            self._running.disconnected = True
        self._expect_nothing()
        self._trust()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes: uvicorn gathers a header until it ends, and takes a body after its answer, of any size."""
        self._piece = self._belonging = len(data)
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:  # it is a WebSocket now
            return
        self._received += self._belonging
        if self._in_head and self._received > self.head_bytes:
            self._refuse_head()
        elif self._received > self.request_bytes:
            self.transport.abort()
        elif self.cycle is None or self.cycle.response_complete:
            # uvicorn gives up its keep-alive timer for any byte, and sets it again only after the next answer.
            self._expect_head()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        """Know which of the requests that came at once is being answered."""
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._in_head, self._received = True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Drop what comes after the body: uvicorn adds it to the headers, which have been judged by then."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Refuse a head that came in one piece and is too large, and one that uvicorn fails on."""
        self._in_head = False
        self._expect_nothing()
        if self._received + self._piece > self.head_bytes and self._head_size() > self.head_bytes:
            self._too_large = True
        if self._too_large or not self.url.isascii():  # an address like that is no WebSocket's, or there is a traceback
            raise ValueError  # stops the parser, and makes uvicorn call send_400_response
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Say that the body is there; and count what follows in the same piece of data for the next request."""
        super().on_message_complete()
        self._belonging = 0
        if self.cycle is not None:
            self.scope["extensions"] = {ARRIVED: {"bytes": len(self.cycle.body)}}

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be read, or whose head is too large, with the problem that it is."""
        problem = Problem("malformed_request", "this is no HTTP request that can be understood")
        if self._too_large:
            most = f"the head of a request may have {self.head_bytes:,} bytes at the most"
            problem = Problem("headers_too_large", most)
        body = problem.encoded()
        headers = {**problem.headers, "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[problem.status] + head.encode("ascii") + b"\r\n" + body)
        self._close()

    def on_response_complete(self) -> None:
        """Have the connection end where uvicorn closes it: it waits for ever for a client to read the rest."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._close()

    def timeout_keep_alive_handler(self) -> None:
        """Have an idle connection end."""
        self._close()

    def shutdown(self) -> None:
        """Have a connection end when the server does."""
        super().shutdown()
        if self.transport.is_closing():
            self._close()

    def pause_writing(self) -> None:
        """Watch whether a client reads: uvicorn lets the application wait for it without an end."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """Trust a client that reads again."""
        super().resume_writing()
        self._trust()

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._close)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_size(self) -> int:
        line = len(self.parser.get_method()) + len(self.url) + _OF_THE_LINE
        return line + sum(len(name) + len(value) + _OF_A_HEADER for name, value in self.headers)

    def _refuse_head(self) -> None:
        self._too_large = True
        self.send_400_response("")

    def _close(self) -> None:
        """Close the connection, with some time for a client to read what it was sent."""
        self.transport.close()
        self._watch()

    def _watch(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and self._stalled is None:
            self._stalled = self.loop.call_later(self.stalled_seconds, self._abort_unless_less_than, left)

    def _trust(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _abort_unless_less_than(self, before: int) -> None:
        self._stalled = None
        if self.transport.get_write_buffer_size() < before:
            self._watch()
        else:
            self.transport.abort()
