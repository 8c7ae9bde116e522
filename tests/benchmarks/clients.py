"""WebSocket clients that cost next to nothing, all in one event loop, and who tells the server to send them something.

They are the same for our server and for the bare one, and written on bare sockets: a library's client takes longer to
read a message than a server takes to send it, and would be what is measured.
"""

import asyncio
import base64
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from time import perf_counter

from benchmarks.servers import HOST, Served
from benchmarks.serving import BODY, PATH

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_LENGTH = 0x7F
_LONGER = {126: 2, 127: 8}
_FINAL, _MASKED = 0x80, 0x80
_NO_MASK = b"\0\0\0\0"

_CONTENT_LENGTH = re.compile(rb"\ncontent-length: *([0-9]+)", re.IGNORECASE)
_SECONDS_TO_HEAR = 60


class Audience:
    """Some clients that are all sent the same messages; knows when the last of them had each."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.latest = b""
        """The message that a client has had most recently."""
        self.times: list[float] = []
        """For each message, when the last client had it."""
        self._counts: list[int] = []
        self._woken = asyncio.Event()

    def hear(self, number: int, message: bytes) -> None:
        """Count that another client has had a message; they are numbered from 0, for each client."""
        if number == len(self._counts):
            self._counts.append(0)
        self._counts[number] += 1
        self.latest = message
        if self._counts[number] == self.size:
            self.times.append(perf_counter())
            self._woken.set()

    async def wait_for(self, count: int) -> None:
        """Wait until all clients have had so many messages."""
        async with asyncio.timeout(_SECONDS_TO_HEAR):
            while len(self.times) < count:
                self._woken.clear()
                await self._woken.wait()


class Client(asyncio.Protocol):
    """A WebSocket client.

    Args:
        port: The server's.
        hear: Told of each message: its number, from 0, and its text.
    """

    transport: asyncio.Transport

    def __init__(self, port: int, hear: Callable[[int, bytes], object]) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[str] = loop.create_future()
        """How it ended, as far as it was told."""
        self.heard = 0
        self._port = port
        self._hear = hear
        self._rest = b""
        self._farewell = "cut off"

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvloop's is of no such class
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        head = f"GET /ws HTTP/1.1\r\nHost: {HOST}:{self._port}\r\n{upgrade}Sec-WebSocket-Key: {key}\r\n\r\n"
        transport.write(head.encode())

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self.opened.done():
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.opened.set_exception(ConnectionError(f"the server opens no WebSocket: {self._rest!r}"))
                return
            self._rest = rest
            self.opened.set_result(None)
        for opcode, payload in self._frames():
            if opcode == _TEXT:
                self.heard += 1
                self._hear(self.heard - 1, payload)
            elif opcode == _PING:  # who does not answer is taken for gone
                self.transport.write(bytes((_FINAL | _PONG, _MASKED | len(payload))) + _NO_MASK + payload)
            elif opcode == _CLOSE:
                self._farewell = f"closed with {int.from_bytes(payload[:2])} {payload[2:].decode()!r}"
                self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the server closed the connection before it was a WebSocket"))
        self.ended.set_result(self._farewell)

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        """Take the complete frames out of what was received."""
        data, start = self._rest, 0
        while len(data) >= start + 2:
            length, begin = data[start + 1] & _LENGTH, start + 2
            if length in _LONGER:
                begin += _LONGER[length]
                length = int.from_bytes(data[start + 2 : begin])
            if len(data) < begin + length:
                break
            yield data[start] & 0xF, data[begin : begin + length]
            start = begin + length
        self._rest = data[start:]


class Orders:
    """Place orders, each when the one before was answered, over one connection; use it by `ordering`."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        head = f"POST {PATH} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        self._request = f"{head}Content-Length: {len(BODY)}\r\n\r\n{BODY}".encode()

    async def place(self) -> None:
        """Place an order, and wait for the answer."""
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        found = _CONTENT_LENGTH.search(head)
        assert found is not None, head
        assert head.startswith(b"HTTP/1.1 20"), head
        await self._reader.readexactly(int(found[1]))


@asynccontextmanager
async def ordering(served: Served) -> AsyncIterator[Orders]:
    """Connect to a server, to place orders."""
    reader, writer = await asyncio.open_connection(HOST, served.port)
    try:
        yield Orders(served.port, reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def listening(served: Served, audience: Audience) -> AsyncIterator[None]:
    """Let an audience be sent what a server sends."""
    clients = [await connected(served, audience.hear) for _ in range(audience.size)]
    try:
        yield
    finally:
        for client in clients:
            client.transport.abort()
        await asyncio.wait([client.ended for client in clients])


async def connected(served: Served, hear: Callable[[int, bytes], object], *, buffer: int | None = None) -> Client:
    """Return a client that is connected; `buffer` is how much its kernel may hold of what it has not read."""
    own = socket.socket()
    own.setblocking(False)
    if buffer is not None:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(own, (HOST, served.port))
    _, client = await loop.create_connection(lambda: Client(served.port, hear), sock=own)
    async with asyncio.timeout(_SECONDS_TO_HEAR):
        await client.opened
    return client
