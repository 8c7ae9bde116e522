"""Serve an application with uvicorn in the test's own event loop, and speak to it byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from orderlab.server.protocols import http_protocol, websocket_protocol

TEXT, CONTINUED, CLOSE, PING = 0x1, 0x0, 0x8, 0x9

UPGRADE = (
    b"Host: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


class Connections(set[Any]):
    """The connections of a server, which tell when one goes."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Event()

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self._changed.set()

    def remove(self, connection: Any) -> None:
        super().remove(connection)
        self._changed.set()

    async def all_gone(self) -> None:
        while self:
            self._changed.clear()
            await self._changed.wait()


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    port: int
    connections: Connections

    @property
    def connection(self) -> Any:
        """The only connection."""
        [connection] = self.connections
        return connection


@asynccontextmanager
async def serving(app: ASGIApp, **options: Any) -> AsyncIterator[Served]:
    """Serve an application at a free port for as long as the context lasts."""
    options = {"http": http_protocol(), "ws": websocket_protocol(), "loop": "asyncio", **options}
    config = uvicorn.Config(app, "127.0.0.1", 0, lifespan="off", log_config=None, proxy_headers=False, **options)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    connections = Connections()
    server.server_state.connections = connections
    await server.startup()
    try:
        yield Served(server.servers[0].sockets[0].getsockname()[1], connections)
    finally:
        await server.shutdown()


class Peer:
    """A client that reads only what it is told to read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            await self._loop.sock_sendall(self._sock, piece)

    async def read(self, until: bytes) -> bytes:
        """Return what comes, up to what is waited for."""
        read = b""
        while until not in read:
            piece = await self._loop.sock_recv(self._sock, 65536)
            assert piece, read
            read += piece
        return read

    async def send_until_cut_off(self, piece: bytes) -> None:
        """Send without an end."""
        while True:
            await self.send(piece)

    async def read_to_the_end(self) -> bytes:
        """Return what comes until the server ends the connection, in whichever way."""
        read = b""
        try:
            while piece := await self._loop.sock_recv(self._sock, 65536):
                read += piece
        except ConnectionError:
            pass
        return read

    async def open_websocket(self) -> bytes:
        """Return what comes with the answer."""
        await self.send(b"GET /ws HTTP/1.1\r\n" + UPGRADE + b"\r\n")
        head, _, more = (await self.read(b"\r\n\r\n")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        return more


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[Peer]:
    """Connect a client, whose buffer is small, so that a server soon feels that it does not read."""
    sock = socket.socket()
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", served.port))
        yield Peer(sock)
    finally:
        sock.close()


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """Return a client's WebSocket frame, masked with zeros."""
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2)
    return bytes([(0x80 if final else 0) | opcode]) + length + bytes(4) + payload
