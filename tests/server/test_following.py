"""One WebSocket client inside the server: what it is sent, and how it ends, without a network between."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from asgi_driving import websocket_scope
from event_loop import in_event_loop
from live_stores import failing
from serving import MUG
from starlette.types import Message
from uvicorn.protocols.utils import ClientDisconnected

from orderlab.core.environment import TestClock
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.orders.actions import CancelOrder, OrderPlaced, PlaceOrder
from orderlab.orders.model import OrderItem
from orderlab.server import backend as backends
from orderlab.server import websocket as websockets
from orderlab.server.access import Access
from orderlab.server.app import create_app
from orderlab.server.backend import Backend
from orderlab.server.hub import Hub
from orderlab.server.websocket import Allowance

PLACE = PlaceOrder("ada", (OrderItem(**MUG),))


class Line:
    """A connection whose other end reads only while it is told to."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.stuck = asyncio.Event()
        self.failure: Exception | None = None
        self.incoming.put_nowait({"type": "websocket.connect"})

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            if not self.reads.is_set():
                self.stuck.set()
            await self.reads.wait()
            if self.failure is not None:
                raise self.failure
        await self.sent.put(message)
        if message["type"] == "websocket.close":
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": message["code"]})

    def say(self, message: Any) -> None:
        self.incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    async def told(self) -> Any:
        """Return the next message of the server as JSON, or how it closed."""
        message = await self.sent.get()
        return json.loads(message["text"]) if "text" in message else (message["code"], message["reason"])

    async def positions(self, count: int) -> list[int]:
        return [(await self.told())["position"] for _ in range(count)]


class Lab:
    """A backend, and clients of it."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.app = create_app(backend, Access())

    @asynccontextmanager
    async def line(self, query: str = "") -> AsyncIterator[Line]:
        """Open a line, and hang up at the end; the server has to be done with it then."""
        line = Line()
        serving = asyncio.ensure_future(self.app(websocket_scope(f"/ws{query}"), line.incoming.get, line.send))
        assert (await line.sent.get())["type"] == "websocket.accept"
        try:
            yield line
        finally:
            line.reads.set()
            line.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
            await serving

    async def place(self, count: int) -> None:
        """Place orders, all of them in one commit."""
        await asyncio.gather(*(self.backend.perform(PLACE, None) for _ in range(count)))


@asynccontextmanager
async def lab(monkeypatch: pytest.MonkeyPatch, *, frames: int) -> AsyncIterator[Lab]:
    """Open a backend whose hub keeps only so many frames."""
    monkeypatch.setattr(backends, "Hub", partial(Hub, frames=frames))
    async with Backend(InMemoryEventStore()) as backend:
        yield Lab(backend)


@in_event_loop
async def test_who_was_waiting_when_more_came_than_is_kept_is_not_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    async with lab(monkeypatch, frames=2) as here, here.line() as line:
        await here.place(1)
        assert await line.positions(1) == [1]

        await here.place(10)

        assert await line.positions(10) == list(range(2, 12))
        await here.place(1)
        assert await line.positions(1) == [12]


@in_event_loop
async def test_who_does_not_read_what_is_kept_no_more_is_sent_away_from_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with lab(monkeypatch, frames=2) as here, here.line() as slow, here.line() as quick:
        await here.place(1)
        assert await slow.positions(1) == [1]
        slow.reads.clear()
        await here.place(1)
        await slow.stuck.wait()

        await here.place(3)

        assert await slow.told() == (1013, "too slow: come back with after=1")
        assert await quick.positions(5) == [1, 2, 3, 4, 5]


@in_event_loop
async def test_who_reads_on_before_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async with lab(monkeypatch, frames=2) as here, here.line() as line:
        line.reads.clear()
        await here.place(1)
        await line.stuck.wait()
        await here.place(1)
        line.reads.set()

        assert await line.positions(2) == [1, 2]


@in_event_loop
async def test_who_reads_the_log_slowly_is_not_sent_away_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with lab(monkeypatch, frames=2) as here:
        await here.place(9)
        async with here.line("?after=0") as line:
            line.reads.clear()
            await line.stuck.wait()
            await here.place(9)
            line.reads.set()

            assert await line.positions(18) == list(range(1, 19))


@pytest.mark.parametrize(("query", "then"), [("?after=1", [2]), ("", [2]), ("?after=0", [1, 2])])
@in_event_loop
async def test_who_comes_from_another_server_goes_on_where_that_had_come(query: str, then: list[int]) -> None:
    event_store = InMemoryEventStore()
    async with Backend(event_store) as backend:
        here = Lab(backend)
        placed = OrderPlaced("a", "ada", tuple(PLACE.items), 1_900, TestClock().now())
        await event_store.append_events("order-a", [placed])
        assert backend.hub.position == 0
        async with here.line(query) as line:
            await here.place(1)

            assert await line.positions(len(then)) == then


@pytest.mark.parametrize("error", [EventStoreError("the disk is gone"), ZeroDivisionError("a fault")])
@in_event_loop
async def test_who_cannot_be_sent_the_log_is_told_where_to_go_on(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with lab(monkeypatch, frames=2) as here:
        await here.place(3)
        event_store = here.backend.event_store
        monkeypatch.setattr(event_store, "read_all", failing(error, times=1, act=event_store.read_all))
        async with here.line("?after=0") as line:
            assert await line.told() == (1011, "the log cannot be read now: come back with after=0")

        [record] = [each for each in caplog.records if each.name == websockets.__name__]
        assert record.getMessage() == f"a client cannot be sent events: {error}"
        assert bool(record.exc_info) is isinstance(error, ZeroDivisionError)


@pytest.mark.parametrize("failure", [ClientDisconnected(), RuntimeError("it is being closed")])
@in_event_loop
async def test_who_is_gone_when_it_is_to_be_told_something_is_no_fault(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with lab(monkeypatch, frames=2) as here:
        async with here.line() as line, here.line() as other:
            line.failure = failure
            line.say({"type": "command", "action": {"CancelOrder": {"order_id": "nobody"}}})
            await here.place(1)

            assert await other.positions(1) == [1]
        assert len(here.backend.hub.followers) == 0
    assert [each for each in caplog.records if each.levelno > logging.DEBUG] == []


@in_event_loop
async def test_a_client_does_not_have_more_than_some_commands_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async with lab(monkeypatch, frames=2) as here, here.line() as line:
        line.reads.clear()
        for _ in range(200):
            line.say({"type": "command", "action": {"CancelOrder": {"order_id": "nobody"}}})
        await line.stuck.wait()
        await here.backend.perform(CancelOrder("nobody"), None)  # decided after all that were read

        unread = line.incoming.qsize()
        line.reads.set()
        codes = [(await line.told())["code"] for _ in range(200)]

        assert unread > 100
        assert codes == ["order_not_found"] * 200


@in_event_loop
async def test_more_clients_than_there_is_room_for_are_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websockets, "MOST_CLIENTS", 1)
    async with lab(monkeypatch, frames=2) as here, here.line():
        one_too_many = Line()
        await here.app(websocket_scope("/ws"), one_too_many.incoming.get, one_too_many.send)

        answer = await one_too_many.sent.get()
        assert (answer["type"], answer["status"]) == ("websocket.http.response.start", 503)
        assert (b"retry-after", b"1") in answer["headers"]


@in_event_loop
async def test_an_allowance_lets_some_pass_at_once_and_then_so_many_a_second() -> None:
    allowance = Allowance(a_second=1_000, most=50)
    clock = asyncio.get_running_loop().time

    begun = clock()
    for _ in range(50):
        await allowance.take()
    at_once = clock() - begun
    for _ in range(100):
        await allowance.take()

    assert clock() - begun >= 0.09
    assert at_once < clock() - begun
