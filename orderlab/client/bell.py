"""The bell: a WebSocket that only says that events were committed; which ones, is read from the log."""

import asyncio
import logging
from typing import Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from orderlab.client.line import Line
from orderlab.client.patience import Away

_PING_SECONDS = 10.0
_CLOSE_SECONDS = 1.0


class _WithoutHeaders(logging.LoggerAdapter[logging.Logger]):
    """Keep websockets from logging what it sends, for the token is in its first headers."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - as logging has it
        return level > logging.DEBUG and super().isEnabledFor(level)


class _Rung(msgspec.Struct):
    position: int


class Bell:
    """A bell that hangs at a server; made by `hang`.

    Args:
        connection: The WebSocket.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def hang(cls, line: Line) -> Self:
        """Have the server ring for what it commits from now on.

        Raises:
            Away: It may be tried again.
            ServerError: The server does not want it.
        """
        address = line.address
        try:
            connection = await connect(
                address.bell_url,
                additional_headers=address.headers,
                proxy=None if address.is_here else True,
                compression=None,
                open_timeout=line.attempt_seconds,
                ping_interval=_PING_SECONDS,
                ping_timeout=_PING_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                max_size=None,  # an order may have a thousand items
                logger=_WithoutHeaders(logging.getLogger("websockets.client")),
            )
        except InvalidStatus as error:
            response = error.response
            headers = {name.lower(): value for name, value in response.headers.raw_items()}
            raise line.judge(response.status_code, headers, bytes(response.body or b"")) from error
        except (OSError, WebSocketException) as error:
            raise Away(str(error).rstrip(".") or type(error).__name__) from error
        return cls(connection)

    async def rings(self, after: int) -> None:
        """Wait until something after this position was committed; giving up waiting loses nothing.

        Raises:
            Away: The connection was lost.
        """
        while True:
            try:
                message = await self._connection.recv()
            except ConnectionClosed as error:
                raise Away(f"the connection was lost ({error})") from error
            try:
                if msgspec.json.decode(message, type=_Rung).position > after:
                    return
            except (msgspec.DecodeError, UnicodeError):
                return  # whatever it says, looking does no harm

    async def take_down(self) -> None:
        """Say goodbye to the server."""
        await self._connection.close()

    def drop(self) -> None:
        """Cut the connection; may be called in any thread."""
        try:
            self._loop.call_soon_threadsafe(self._connection.transport.abort)
        except RuntimeError:  # its event loop was closed under it, and the connection with that
            return
