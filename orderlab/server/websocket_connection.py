"""One WebSocket: uvicorn's, with an end also where the client does not read, and bounds to what it makes us keep."""

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

_NO_TEXT = 1007
_MOST_FRAGMENTS = 1_000
_NO_HANDSHAKE = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class WebSocketConnection(WebSocketsSansIOProtocol):
    """Speak WebSocket with a client that may have stopped reading.

    However a WebSocket ends, uvicorn calls `transport.close()`, which first writes what is buffered: to a client that
    does not read, for ever. Here it is given `close_seconds`, an attribute of the class, and then cut off.
    How large a message may be, in one piece or in fragments, uvicorn bounds itself by its option `ws_max_size`.
    """

    close_seconds = 10.0

    _end: asyncio.TimerHandle | None = None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.close_timeout = self.close_seconds

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what waits for the connection."""
        super().connection_lost(exc)
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def data_received(self, data: bytes) -> None:
        """Answer a head that is no handshake, such as a POST's: uvicorn keeps its connection and waits for more."""
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():  # the whole head comes in one piece
            self.transport.write(b"".join(self.conn.data_to_send()) or _NO_HANDSHAKE)
            self.transport.close()
            self._end_in_time()

    def send(self, message: "ASGISendEvent") -> Coroutine[Any, Any, None]:  # as uvicorn's, without a frame of its own
        """Write a close at once, and have it be done in time.

        uvicorn first waits for room to write it, which a client that is closed for not reading never makes.
        """
        if message["type"] == "websocket.close":
            self.writable.set()
            self._end_in_time()
        elif message["type"] == "websocket.http.response.body":
            return self._refuse(message)
        return super().send(message)

    async def _refuse(self, message: "ASGISendEvent") -> None:
        """Know that a refusal answers the handshake: uvicorn logs an error for each, which would fill the log."""
        await super().send(message)
        self.handshake_complete = self.close_sent

    async def run_asgi(self) -> None:
        """Have the connection end after the application has."""
        await super().run_asgi()
        self._end_in_time()

    def keepalive_timeout(self) -> None:
        """Have the connection end of a client that does not answer pings."""
        super().keepalive_timeout()
        self._end_in_time()

    def handle_close(self, event: Frame) -> None:
        """Have the connection end that the client closes."""
        super().handle_close(event)
        self._end_in_time()

    def handle_parser_exception(self) -> None:
        """Have the connection end of a client that breaks the protocol."""
        super().handle_parser_exception()
        self._end_in_time()

    def shutdown(self) -> None:
        """Have the connection end when the server does; one that is ending already would stop uvicorn's shutdown."""
        if self.transport.is_closing():
            self.stop_keepalive()
        else:
            super().shutdown()
        self._end_in_time()

    def handle_ping(self) -> None:
        """Leave pings unanswered while the client reads nothing: uvicorn buffers an answer to each, without an end."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the pongs, dropped; RFC 6455 lets us answer the latest ping alone

    def handle_cont(self, event: Frame) -> None:
        """Drop empty fragments, which are within every size and which uvicorn gathers all the same.

        And put the others together now and then: a million of one byte would take fifty times their size.
        """
        if event.data or event.fin:
            super().handle_cont(event)
        if len(self.frames) > _MOST_FRAGMENTS:
            self.frames = [b"".join(self.frames)]

    def send_receive_event_to_app(self) -> None:
        """Close the connection of a client whose text is no UTF-8: uvicorn does too, and logs it as its own error."""
        try:
            if self.curr_msg_data_type == "text":
                b"".join(self.frames).decode()
        except UnicodeDecodeError:
            self.frames = []
            self.conn.send_close(_NO_TEXT)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def _end_in_time(self) -> None:
        if self._end is None and not self.disconnected:
            self._end = self.loop.call_later(self.close_seconds, self.transport.abort)
