"""The door: who a request comes from, whether it may, and what is kept of it in the log.

One plain ASGI middleware, outside of everything else, so that no route can forget it. In this order: correlation id,
Host, Origin, token, size and time of the body; each has a module of its own, and here is the order.
"""

import logging
import re
from collections.abc import Callable, Iterable
from time import perf_counter
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected

from orderlab.server.access import Access
from orderlab.server.answers import HttpAnswer, WebSocketAnswer, headers_of_answers
from orderlab.server.bodies import BoundedBody, announces_too_much, has_arrived, too_large
from orderlab.server.hosts import Hosts
from orderlab.server.logs import CORRELATION_ID
from orderlab.server.problems import Problem, problem_response
from orderlab.server.signs import door, is_for_person
from orderlab.server.tokens import Token, address_without_token

logger = logging.getLogger(__name__)
access_logger = logging.getLogger("orderlab.server.access")

_WATCHED = frozenset(
    b"host origin sec-fetch-site authorization cookie x-correlation-id content-length transfer-encoding "
    b"access-control-request-method accept expect".split()
)
_CORRELATION_ID = re.compile(rb"[!-~]{1,128}")
_OWN_SITE = (b"same-origin", b"none")  # none: the address was typed, or opened from a bookmark
_ONLY_READ = ("GET", "HEAD")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-Match, X-Correlation-ID",
    "Access-Control-Max-Age": "600",
}
_GONE = (ClientDisconnected, ClientDisconnect, WebSocketDisconnect)
_TOO_LARGE = 413
_CLIENT_GONE = 499
"""What nginx logs for a client that did not wait for its answer; nobody is sent this."""

Said = dict[bytes, bytes]
"""The headers of a request that matter here."""


class Guard:
    """Let requests through to an application that may have them, and answer the others with a problem.

    Args:
        app: The application.
        access: What is let through.
        new_id: Draws a correlation id for a request that brings none.
    """

    def __init__(self, app: ASGIApp, *, access: Access, new_id: Callable[[], str]) -> None:
        self._app = app
        self._access = access
        self._new_id = new_id
        self._hosts = Hosts(access.names, access.origins)
        self._token = Token(access.token, access.port) if access.token is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, or one WebSocket from its opening to its end."""
        if scope["type"] not in ("http", "websocket"):  # the lifespan
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        said = _said_in(scope["headers"])
        correlation_id = self._identify(scope, said)
        body = self._body(scope, said, receive)
        answer = self._answer(scope, said, correlation_id, send, body)
        try:
            refusal = self._refusal(scope, said)
            if refusal is None:
                await self._app(scope, receive if body is None else body.receive, answer.send)
                if body is not None and body.problem is not None:  # and the application passed over it in silence
                    await answer.respond(problem_response(body.problem))
            else:
                if refusal.status_code == _TOO_LARGE and body is not None and b"expect" not in said:
                    await body.drain()
                await answer.respond(refusal)
        except _GONE:
            answer.status = answer.status or _CLIENT_GONE
        except Exception as error:
            problem = body.problem if body is not None and body.problem is not None else error
            if not isinstance(problem, Problem):
                logger.error("a request failed", exc_info=error, extra={"correlation_id": correlation_id})
                problem = Problem("internal_error", f"a fault of the server, found in its log by {correlation_id}")
            await answer.fail(problem_response(problem))
        _log(scope, answer.status, began, correlation_id)

    def _identify(self, scope: Scope, said: Said) -> str:
        """Take over a request's correlation id if it can be written down safely, else draw one; and make it known."""
        brought = said.get(b"x-correlation-id", b"")
        correlation_id = brought.decode("ascii") if _CORRELATION_ID.fullmatch(brought) else self._new_id()
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        CORRELATION_ID.set(correlation_id)
        return correlation_id

    def _body(self, scope: Scope, said: Said, receive: Receive) -> BoundedBody | None:
        """Bound the body of a request that may have one."""
        if scope["type"] != "http":
            return None
        if scope["method"] in _ONLY_READ and not (b"content-length" in said or b"transfer-encoding" in said):
            return None
        if has_arrived(scope, self._access.body_bytes):
            return None
        return BoundedBody(receive, self._access.body_bytes, self._access.body_seconds)

    def _answer(
        self, scope: Scope, said: Said, correlation_id: str, send: Send, body: BoundedBody | None
    ) -> HttpAnswer | WebSocketAnswer:
        origin = said.get(b"origin")
        welcome = origin if origin is not None and self._hosts.is_welcome(origin) else None
        varied = self._hosts.welcomes
        defaults = headers_of_answers(correlation_id.encode("ascii"), welcome=welcome, varied=varied)
        if scope["type"] == "http":
            return HttpAnswer(send, defaults, body)
        return WebSocketAnswer(send, defaults, "websocket.http.response" in (scope.get("extensions") or {}))

    def _refusal(self, scope: Scope, said: Said) -> Response | None:
        """Return what is answered instead of letting the application answer; None if it may."""
        host = said.get(b"host", b"")
        if not self._hosts.is_own(host, scope.get("server")):
            named = f"the server is not called {host.decode('latin-1')!r}" if host else "no Host is named"
            detail = f"{named}: other names it should answer to go in ORDERLAB_ALLOWED_HOSTS"
            return problem_response(Problem("misdirected_host", detail))
        if scope["path"].endswith("\n"):  # which the end of a pattern passes over, so that a route would take it
            return problem_response(Problem("not_found", f"there is nothing at {scope['path']!r}"))
        refusal = self._refusal_of_page(scope, said, host)
        if refusal is None and self._token is not None and scope["path"] != "/health":
            refusal = _without_token(self._token, scope, said)
        if refusal is None and announces_too_much(said.get(b"content-length", b""), self._access.body_bytes):
            refusal = problem_response(too_large(self._access.body_bytes))
        return refusal

    def _refusal_of_page(self, scope: Scope, said: Said, host: bytes) -> Response | None:
        """Return what is answered to the page of a foreign site; None if the page may ask, or no page does."""
        origin, method = said.get(b"origin"), scope.get("method")
        if origin is None:
            # Some browsers send no Origin with some requests, but say truthfully in this header where they come from.
            if method not in _ONLY_READ and said.get(b"sec-fetch-site", b"none") not in _OWN_SITE:
                return _forbidden("a page of another site")
        elif not self._hosts.is_same_origin(origin, scope["scheme"], host):
            if not self._hosts.is_welcome(origin):
                return _forbidden(f"a page of {origin.decode('latin-1')!r}")
            if method == "OPTIONS" and b"access-control-request-method" in said:
                return Response(status_code=204, headers=_PREFLIGHT)  # which by its nature brings no token
        return None


def _said_in(headers: Iterable[tuple[bytes, bytes]]) -> Said:
    """Return the headers that matter; those that come twice joined, which no single value of theirs looks like."""
    said: Said = {}
    for name, value in headers:
        if name in _WATCHED:
            separator = b"; " if name == b"cookie" else b", "
            said[name] = said[name] + separator + value if name in said else value
    return said


def _forbidden(whose: str) -> Response:
    detail = f"{whose} may not use this server; if it should, add its origin to ORDERLAB_ORIGINS"
    return problem_response(Problem("forbidden_origin", detail))


def _without_token(token: Token, scope: Scope, said: Said) -> Response | None:
    """Return what is answered to who does not know the token, or to who comes by a link with it."""
    query, path = scope.get("query_string", b""), scope["path"]
    if token.is_in_query(query):
        if scope.get("method") != "GET" or path.startswith(("/api/", "/ws")):
            return None
        # Out of the address bar, the history and what is copied from them; the cookie does from here on.
        headers = {
            "Location": address_without_token(path, query).decode("ascii"),
            "Set-Cookie": token.cookie.decode("ascii"),
            "Referrer-Policy": "no-referrer",
        }
        return Response(status_code=303, headers=headers)
    if token.is_in_authorization(said.get(b"authorization", b"")) or token.is_in_cookies(said.get(b"cookie", b"")):
        return None
    wrong = b"authorization" in said or b"token=" in query
    if scope.get("method") == "GET" and is_for_person(path, said.get(b"accept", b"").decode("latin-1")):
        return door(wrong=wrong)
    detail = "that is not the token: open" if wrong else "open"
    detail += " the link with a token that the server printed, or send the header `Authorization: Bearer TOKEN`"
    return problem_response(Problem("unauthorized", detail))


def _log(scope: Scope, status: int, began: float, correlation_id: str) -> None:
    level = logging.ERROR if status >= 500 else logging.DEBUG  # noqa: PLR2004 - from there on it is the server's fault
    if access_logger.isEnabledFor(level):
        extra = {"status": status, "ms": round((perf_counter() - began) * 1000, 1), "correlation_id": correlation_id}
        # Without the query, in which the token may be; and quoted, as not every formatter keeps to one line.
        path = quote(scope["path"], errors="replace")
        access_logger.log(level, "%s %s", scope.get("method", "WEBSOCKET"), path, extra=extra)
