"""What the server speaks on its connections: uvicorn's protocols, with the bounds that they lack.

A client that is never done with its request, or never reads its answer, costs memory and a connection for ever. The
classes are made for uvicorn 0.54; each override names what it mends.
"""

import asyncio
from importlib.util import find_spec
from typing import Literal


def http_protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    """Return what uvicorn is to speak HTTP with, as its option `http`.

    Without httptools, which only CPython has, it is uvicorn's own protocol on h11: slower, and with a limit of its own
    on the head of a request, but with no deadline for it.
    """
    if find_spec("httptools") is None:
        return "h11"
    from orderlab.server.http_connection import HttpConnection  # noqa: PLC0415 - it needs httptools

    return HttpConnection


def websocket_protocol() -> type[asyncio.Protocol]:
    """Return what uvicorn is to speak WebSocket with, as its option `ws`."""
    from orderlab.server.websocket_connection import WebSocketConnection  # noqa: PLC0415 - only a server needs it

    return WebSocketConnection
