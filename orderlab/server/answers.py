"""The way of an answer from the application to the client, on which the headers are added that every answer has."""

from collections.abc import Awaitable, Iterable, Mapping

from starlette.responses import Response
from starlette.types import Message, Send

from orderlab.server.bodies import BoundedBody
from orderlab.server.problems import problem_response

Headers = Iterable[tuple[bytes, bytes]]

_SECURITY = {
    b"x-content-type-options": b"nosniff",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_PAGE_POLICY = b"; ".join(
    (
        b"default-src 'none'",
        b"script-src 'self'",
        b"style-src 'self'",
        b"img-src 'self' data:",
        b"connect-src 'self'",
        b"font-src 'self'",
        b"base-uri 'none'",
        b"form-action 'self'",
        b"frame-ancestors 'none'",
    )
)
_OF_PAGES = {
    b"content-security-policy": _PAGE_POLICY,
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"x-frame-options": b"DENY",
}
"""These mean something for a page alone, and uvicorn takes almost a microsecond for each header that it sends."""

_VARY = b"vary"
_POLICY_VIOLATION, _INTERNAL_ERROR = 1008, 1011


def headers_of_answers(correlation_id: bytes, *, welcome: bytes | None, varied: bool) -> dict[bytes, bytes]:
    """Return the headers that an answer has unless the application set them itself.

    Args:
        correlation_id: The request's correlation id.
        welcome: The origin of the page that asks, if it is a foreign one that was let in.
        varied: Whether there is any such origin, so that no cache may give the answer for one page to another.
    """
    headers = {**_SECURITY, b"x-correlation-id": correlation_id}
    if varied:
        headers[_VARY] = b"Origin"
    if welcome is not None:
        headers[b"cross-origin-resource-policy"] = b"cross-origin"
        # Without Allow-Credentials: a foreign page brings the token, and never acts by a cookie it cannot see.
        headers[b"access-control-allow-origin"] = welcome
        headers[b"access-control-expose-headers"] = b"ETag, Location, Retry-After, X-Correlation-ID, X-Event-Position"
    return headers


def completed(headers: Headers, defaults: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return headers and the defaults that are not among them; a page has some more."""
    complete = list(headers)  # a new one: a response that is sent twice must not have them twice
    present = dict(complete)  # ASGI has the names in lower case
    complete += [each for each in defaults.items() if each[0] not in present]
    if _VARY in present and _VARY in defaults:
        complete.append((_VARY, defaults[_VARY]))
    if present.get(b"content-type", b"").startswith(b"text/html"):
        complete += [each for each in _OF_PAGES.items() if each[0] not in present]
    return complete


class HttpAnswer:
    """Send an answer with its headers, and know how far it got.

    Args:
        send: Where messages go.
        defaults: The headers that it has unless the application sets them.
        body: The request's body, if it may have one: what is wrong with it overrules what the application makes of it.
    """

    __slots__ = ("_body", "_defaults", "_overruled", "_send", "status")

    def __init__(self, send: Send, defaults: Mapping[bytes, bytes], body: BoundedBody | None) -> None:
        self._send = send
        self._defaults = defaults
        self._body = body
        self._overruled = False
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send a message of the application."""
        if self._overruled:
            return
        if message["type"] == "http.response.start":
            if self._body is not None and self._body.problem is not None:
                await self.respond(problem_response(self._body.problem))
                self._overruled = True
                return
            await self._start(message)
        else:
            await self._send(message)

    async def respond(self, response: Response) -> None:
        """Send a whole answer instead of the application's, or nothing if that has begun."""
        if not self.status:
            start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
            await self._start(start)
            await self._send({"type": "http.response.body", "body": response.body})

    async def fail(self, response: Response) -> None:
        """Tell the client that the application failed; what has begun is left incomplete, which the server cuts off."""
        await self.respond(response)

    def _start(self, message: Message) -> Awaitable[None]:
        self.status = message["status"]
        return self._send({**message, "headers": completed(message.get("headers", ()), self._defaults)})


class WebSocketAnswer:
    """Answer the request for a WebSocket, with the headers of every answer; what comes later is passed on.

    Args:
        send: Where messages go.
        defaults: The headers of the answer.
        can_respond: Whether the server can refuse a WebSocket with a whole HTTP answer.
    """

    __slots__ = ("_can_respond", "_closed", "_defaults", "_send", "status")

    def __init__(self, send: Send, defaults: Mapping[bytes, bytes], can_respond: bool) -> None:
        self._send = send
        self._defaults = defaults
        self._can_respond = can_respond
        self._closed = False
        self.status = 0

    def send(self, message: Message) -> Awaitable[None]:  # no coroutine: a broadcast passes here a thousand times
        """Send a message of the application."""
        kind = message["type"]
        if kind == "websocket.close":
            self._closed = True
            self.status = self.status or 403
        elif not self.status:
            return self._send(self._first(message))
        return self._send(message)

    def _first(self, message: Message) -> Message:
        """Add the headers to the message that says whether there will be a WebSocket."""
        defaults = self._defaults
        if message["type"] == "websocket.accept":
            self.status = 101
            defaults = {b"x-correlation-id": defaults[b"x-correlation-id"]}
        elif message["type"] == "websocket.http.response.start":
            self.status = message["status"]
        return {**message, "headers": completed(message.get("headers", ()), defaults)}

    async def respond(self, response: Response) -> None:
        """Refuse the WebSocket, unless it is open."""
        if self.status:
            return
        if self._can_respond:
            start = {"type": "websocket.http.response.start", "status": response.status_code}
            await self.send({**start, "headers": response.raw_headers})
            await self._send({"type": "websocket.http.response.body", "body": response.body})
        else:
            await self.send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            self.status = response.status_code

    async def fail(self, response: Response) -> None:
        """Tell the client that the application failed: as an answer, or by the code with which it closes."""
        if self.status == 101 and not self._closed:  # noqa: PLR2004 - switching protocols
            await self.send({"type": "websocket.close", "code": _INTERNAL_ERROR})
        await self.respond(response)
