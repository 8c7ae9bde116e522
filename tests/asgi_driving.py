"""Drive an ASGI application by hand: what it is asked, what it answers, and no network between."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = b"127.0.0.1:3000"

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Every message that an application sent."""

    messages: Sequence[Message]

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        pairs = [(name.decode(), value.decode("latin-1")) for name, value in self.messages[0]["headers"]]
        assert len({name for name, _ in pairs}) == len(pairs), pairs
        return dict(pairs)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        body = json.loads(self.body)
        assert isinstance(body, dict)
        assert body["status"] == self.status
        return body


def http_scope(method: str = "GET", path: str = "/", headers: Headers = (), *, host: bytes | None = HOST) -> Scope:
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode("latin-1"),
        "headers": [*([(b"host", host)] if host is not None else []), *headers],
        "server": ("127.0.0.1", 3000),
        "client": ("127.0.0.1", 50_000),
        "state": {},
    }


def websocket_scope(path: str = "/ws", headers: Headers = (), *, host: bytes | None = HOST) -> Scope:
    scope = http_scope("GET", path, headers, host=host)
    del scope["method"]
    return {**scope, "type": "websocket", "scheme": "ws", "extensions": {"websocket.http.response": {}}}


def giving(*messages: Message) -> Receive:
    """Return a `receive` that gives messages one by one, and then none for ever."""
    left = iter(messages)

    async def receive() -> Message:
        for message in left:
            return message
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    return receive


def body_in_pieces(*pieces: bytes) -> Receive:
    return giving(*({"type": "http.request", "body": piece, "more_body": True} for piece in pieces), END)


END: Message = {"type": "http.request", "body": b"", "more_body": False}


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive | None = None) -> Answer:
    """Ask an application, and return what it answers."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive or giving(END), send)
    return Answer(messages)


def replying(status: int = 200, headers: Headers = (), body: bytes = b"done") -> ASGIApp:
    """Return the smallest application: it reads nothing, and answers always the same."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return app


def reading(then: Callable[[bytes], Awaitable[None]] | None = None) -> ASGIApp:
    """Return an application that reads the body and gives it back."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        await replying(body=body)(scope, receive, send)

    return app
