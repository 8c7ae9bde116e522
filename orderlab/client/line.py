"""The line to a server: ask it over HTTP, again and again while it is away, and read what it answers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx
import msgspec

from orderlab.client.address import Address
from orderlab.client.errors import UNEXPECTED, ClientClosed, ServerError
from orderlab.client.patience import Away, Patience
from orderlab.client.shapes import EventsPage, EventView

T = TypeVar("T")

PAGE = 1_000
"""Events in one page, the most that the API gives."""

_CONNECTIONS = 4
"""Requests at a time. More would be slower: httpcore polls every connection of its pool for each request."""

_KEPT = 8
_IDLE_SECONDS = 20.0
"""Less than the server keeps an idle connection, so that it is not closed just as it is used."""

_LEAST_SECONDS = 0.05
_AWAY = (502, 503, 504)

_CONNECTING = 0.9
"""The part of the time for an answer in which it must be connected."""

_LATE = "no answer within {:.3g} seconds"
_MOST_SHOWN = 300


class Line:
    """Ask one server.

    Args:
        address: Where it is.
        patience: How many seconds a request may take in all; one attempt gets half of it, so that there is a second.
    """

    def __init__(self, address: Address, patience: float) -> None:
        self.address = address
        self.patience = patience
        self.attempt_seconds = patience / 2
        self.over = asyncio.Event()
        self._http = httpx.AsyncClient(
            headers={"Accept": "application/json", **address.headers},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # the token says who we are, at every request
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_KEPT, keepalive_expiry=_IDLE_SECONDS),
            trust_env=not address.is_here,
        )
        # Requests wait for each other here, and not in the pool, where waiting would count as the server's silence.
        self._room = asyncio.Semaphore(_CONNECTIONS)
        self._loop: asyncio.AbstractEventLoop | None = None

    def require_open(self) -> None:
        """Refuse to go on when the client is closed, or is used in another event loop than before."""
        if self.over.is_set():
            raise ClientClosed(f"the client of {self.address.url} was closed: make a new one with connect(url)")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError("a client is used in an event loop: in an async function or a notebook cell") from None
        if self._loop not in (None, loop):
            raise ClientClosed(
                f"the client of {self.address.url} belongs to another event loop: make a new one with connect(url)"
            )
        self._loop = loop

    async def ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> httpx.Response:
        """Return the answer to a request that may be made more than once.

        Args:
            method: The HTTP method.
            path: The path and query.
            content: The body.
            headers: The headers beside those of every request.
            patience: How many seconds it may take; None for what the line has.

        Raises:
            ServerUnreachable: Nobody answered in time.
            ServerError: The server answered that it cannot be done.
            ClientClosed: The client is closed, or was closed meanwhile.
        """
        room = self._room if patience is None else nullcontext()  # a follower does not queue with senders
        waiting = Patience(self.address.url, self.patience if patience is None else patience)
        while True:
            try:
                async with room:
                    self.require_open()
                    waiting.begin()
                    seconds = max(_LEAST_SECONDS, min(self.attempt_seconds, waiting.left))
                    return await self._attempt(method, path, content, headers, seconds)
            except Away as away:
                await waiting.wait(away, self.over)

    async def ask_once(self, method: str, path: str) -> httpx.Response:
        """Return the answer to a request of a follower, made once and at once.

        Raises:
            Away: It may be asked again.
            ServerError: As `ask` says.
            ClientClosed: As `ask` says.
        """
        self.require_open()
        return await self._attempt(method, path, None, None, self.attempt_seconds)

    async def pages(self, after: int, limit: int | None) -> AsyncIterator[list[EventView]]:
        """Give the log as it is now, page by page."""
        while limit is None or limit > 0:
            wanted = PAGE if limit is None else min(limit, PAGE)
            page = self.page_in(await self.ask("GET", page_path(after, wanted)), after)
            if not page:  # one that is shorter than wanted is not the last: the server gives no more than some bytes
                return
            yield page
            after = page[-1].position
            if limit is not None:
                limit -= len(page)

    def page_in(self, response: httpx.Response, after: int) -> list[EventView]:
        """Return the events in an answer, which follow the position without a gap."""
        page = self.read(response, EventsPage).events
        if [each.position for each in page] != list(range(after + 1, after + 1 + len(page))):
            raise self.unexpected(response.status_code, f"its events after position {after} do not follow one another")
        return page

    def read(self, response: httpx.Response, shape: type[T]) -> T:
        """Return an answer's JSON as a value of `shape`."""
        try:
            return msgspec.json.decode(response.content, type=shape)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise self.unexpected(response.status_code, str(error)) from error

    def judge(self, status: int, headers: Mapping[str, str], content: bytes) -> Away | ServerError:
        """Return what an answer that is no success means."""
        problem = self._problem(status, content)
        if status not in _AWAY:
            return problem
        retry_after = headers.get("retry-after", "")
        seconds = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
        told = None if problem.code == UNEXPECTED else problem  # a gateway, which knows as little as we do
        return Away(f"it answers {status}", in_doubt=problem.in_doubt, retry_after=seconds, problem=told)

    def unexpected(self, status: int, reason: str) -> ServerError:
        """Return what is said of an answer that no server of ours gives."""
        told = f"what answers at {self.address.url} is no orderlab server ({reason[:_MOST_SHOWN]}): check the address"
        return ServerError(UNEXPECTED, status, told)

    async def close(self) -> None:
        """Ask no more; requests that are under way end."""
        self.over.set()
        await self._http.aclose()

    async def _attempt(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str] | None, seconds: float
    ) -> httpx.Response:
        url = f"{self.address.url}{path}"
        # httpx waits for each part of an answer anew, and tells what was not even connected, which did nothing.
        waits = httpx.Timeout(seconds, connect=_CONNECTING * seconds)
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.request(method, url, content=content, headers=headers, timeout=waits)
        except TimeoutError as error:
            raise Away(_LATE.format(seconds), in_doubt=True) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Away(_reason(error, seconds)) from error
        except httpx.RequestError as error:
            raise Away(_reason(error, seconds), in_doubt=True) from error
        if response.is_success:
            return response
        raise self.judge(response.status_code, response.headers, response.content)

    def _problem(self, status: int, content: bytes) -> ServerError:
        try:
            members = msgspec.json.decode(content, type=dict[str, Any])
            code, detail = members.pop("code"), members.pop("detail")
        except (msgspec.DecodeError, UnicodeError, KeyError):
            code = detail = None
        if isinstance(code, str) and isinstance(detail, str):
            return ServerError(code, status, detail, members)
        return self.unexpected(status, f"it answers {status}, without a problem that has a code")


def page_path(after: int, limit: int) -> str:
    """Return where a page of the log is."""
    return f"/api/v1/events?after={after}&limit={limit}"


def _reason(error: httpx.RequestError, seconds: float) -> str:
    if isinstance(error, httpx.TimeoutException):
        return _LATE.format(seconds)
    return str(error).rstrip(".") or type(error).__name__
