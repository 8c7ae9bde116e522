import asyncio
import gc
import html
import logging
import pickle
import random
import re
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pandas as pd
import pytest
from commandline import COMMAND, environment
from event_loop import in_event_loop
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websocket_serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from orderlab.client import (
    Client,
    ClientClosed,
    LogReplaced,
    ServerError,
    ServerUnreachable,
    Subscription,
    connect,
)
from orderlab.client.address import address_of
from orderlab.client.bell import Bell
from orderlab.client.patience import Away, Patience
from orderlab.core.errors import OrderlabError, UnreadableEvent, VersionConflict
from orderlab.core.log import EncodedEvent, RecordedEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.idempotency import IdempotencyKeyReused
from orderlab.logtable import frame_of
from orderlab.orders.actions import (
    CancelOrder,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    PlaceOrder,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.model import OrderItem, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.outcome import Outcome
from orderlab.replay import load_state
from orderlab.runtime import Store
from orderlab.server.background import RunningServer, serve
from orderlab.system import RandomIds, SystemClock

TOKEN = "open-sesame-7"
MUG = OrderItem("p-1", "Mug 🍵", 2, 250)
PLACE = PlaceOrder("ada", [MUG])
SHORT = 1.0
"""Patience, in seconds, with what is meant to be lost."""


@asynccontextmanager
async def serving(event_store: EventStore | None = None, **options: Any) -> AsyncIterator[RunningServer]:
    """Serve a log for as long as the context lasts."""
    server = await asyncio.to_thread(lambda: serve(event_store, **options))
    try:
        yield server
    finally:
        await asyncio.to_thread(server.stop)  # it says goodbye to clients that live in this thread


def port_of(server: RunningServer) -> int:
    return int(server.url.rpartition(":")[2])


class Wire:
    """A TCP proxy between client and server, at which things go wrong when they are told to.

    `lose_answers` is how many of the next answers to a POST are lost, after the server gave them: the connection is
    cut, or with `in_silence` nothing ever comes. `lose_rings` is how many of the next WebSocket messages are lost.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.lose_answers = 0
        self.lose_rings = 0
        self.in_silence = False
        self.requests: list[str] = []
        self.websockets = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> "Wire":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        await self.until(lambda: not self._writers)

    def cut(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(holds)

    def count(self, start: str) -> int:
        return sum(request.startswith(start) for request in self.requests)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            self._writers.discard(writer)
            writer.transport.abort()
            await self._tell()
            return
        self._writers.add(back)
        asked: list[str] = []
        ways = [
            asyncio.ensure_future(self._forth(reader, back, asked)),
            asyncio.ensure_future(self._back(there, writer, asked)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for each in (writer, back):
                each.transport.abort()
                self._writers.discard(each)
            self.websockets -= asked[:1] == ["GET /ws"]
            await self._tell()

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[str]) -> None:
        while data := await reader.read(65536):
            if found := re.match(rb"(GET|POST) (\S+) HTTP", data):
                asked.append(f"{found[1].decode()} {found[2].decode()}")
                self.requests.append(asked[-1])
                self.websockets += asked[-1] == "GET /ws"
                await self._tell()
            writer.write(data)
            await writer.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[str]) -> None:
        while data := await reader.read(65536):
            if asked[-1].startswith("POST") and self.lose_answers:
                self.lose_answers -= 1
                if self.in_silence:
                    await asyncio.get_running_loop().create_future()
                return
            if asked[-1] == "GET /ws" and data.startswith(b"\x81") and self.lose_rings:
                self.lose_rings -= 1
                await self._tell()
                continue
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def saying(*answers: bytes) -> AsyncIterator[str]:
    """Answer requests with these, one after the other and the last one for ever; give the address."""
    left = list(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def response(status: int, body: str, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status} Told", "Connection: close", f"Content-Length: {len(body.encode())}", *headers]
    return "\r\n".join([*head, "", body]).encode()


def problem(status: int, code: str, *headers: str) -> bytes:
    return response(status, f'{{"code":"{code}","detail":"as it was told","status":{status}}}', *headers)


async def log_of(event_store: EventStore) -> list[RecordedEvent]:
    return [recorded async for recorded in event_store.read_all()]


def as_shown(log: list[RecordedEvent]) -> list[RecordedEvent]:
    """Return events as the API shows them: the metadata stay with the server."""
    return [replace(recorded, metadata={}) for recorded in log]


async def next_of(subscription: Subscription, count: int) -> list[RecordedEvent]:
    return [await anext(subscription) for _ in range(count)]


async def placed(client: Client, command: PlaceOrder = PLACE) -> OrderPlaced:
    [event] = (await client.send(command)).events
    assert isinstance(event, OrderPlaced)
    return event


async def error_of(attempt: Awaitable[object]) -> Exception:
    [error] = await asyncio.gather(attempt, return_exceptions=True)
    assert isinstance(error, Exception), error
    return error


# Where a server is


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:3000",
        "http://127.0.0.1:3000/",
        " http://127.0.0.1:3000/?token=open-sesame-7 ",
        "http://127.0.0.1:3000/?theme=dark&token=open-sesame-7#orders",
    ],
)
def test_a_client_is_shown_by_the_address_alone(url: str) -> None:
    client = connect(url)

    assert repr(client) == "<orderlab client of http://127.0.0.1:3000>"
    assert re.findall('href="(.*?)"', client._repr_html_()) == ["http://127.0.0.1:3000"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:3000/?token=open-sesame-7",
        "localhost:3000/?token=open-sesame-7",
        "ftp://lab/?token=open-sesame-7",
        "http:///?token=open-sesame-7",
        "http://[::1/?token=open-sesame-7",
        "http://lab:port/?token=open-sesame-7",
        "http://lab:99999/?token=open-sesame-7",
        "http://ada:open-sesame-7@lab:3000",
        "http://la b/?token=open-sesame-7",
    ],
)
def test_a_wrong_url_is_one_sentence_without_the_token(url: str) -> None:
    with pytest.raises(
        ValueError, match=r"^url must be the address of a server, such as http://127.0.0.1:3000"
    ) as told:
        connect(url)
    assert TOKEN not in "".join(traceback.format_exception(told.value))


@pytest.mark.parametrize("token", ["", "open sesame 7", "öpen-sesame-7", "open-sesame-7\r\nX: y"])
def test_a_token_that_cannot_be_one_is_not_repeated(token: str) -> None:
    with pytest.raises(ValueError, match=r"^token must be visible ASCII characters without spaces") as told:
        connect("http://127.0.0.1:3000", token=token)
    assert "sesame" not in str(told.value)


def test_what_is_no_text_is_no_url() -> None:
    with pytest.raises(TypeError, match=r"^url must be text such as http://127.0.0.1:3000, not int$"):
        connect(3000)  # type: ignore[arg-type] # the mistake
    with pytest.raises(TypeError, match=r"^token must be None or text, not int$"):
        connect("http://127.0.0.1:3000", token=7)  # type: ignore[arg-type] # the mistake


@pytest.mark.parametrize("patience", [0, -1, float("nan"), True, "10", timedelta(0)])
def test_a_patience_is_a_time(patience: Any) -> None:
    with pytest.raises(ValueError, match=r"^patience must be a number of seconds above 0, or a timedelta, not "):
        connect("http://127.0.0.1:3000", patience=patience)


def test_a_name_that_could_be_html_is_escaped() -> None:
    client = connect("http://lab/it's&so")

    assert html.unescape(re.findall('href="(.*?)"', client._repr_html_())[0]) == "http://lab/it's&so"


# Sending


@in_event_loop
async def test_the_events_of_an_outcome_are_exactly_those_in_the_log() -> None:
    async with serving() as server, connect(server.url) as client:
        first = await client.send(PLACE, correlation_id="request-1")
        second = await client.send(PlaceOrder("Łukasz", (MUG, replace(MUG, quantity=1))))
        shipped = await client.send(ShipOrder(first.events[0].order_id, "TRACK-1"))
        cancelled = await client.send(CancelOrder(second.events[0].order_id, "it's late ☂"), expected_version=1)

        log = await log_of(server.event_store)
        assert [
            Outcome(
                str(each.correlation_id), (each.event,), None, each.stream_id, (each.version,), (each.position,), False
            )
            for each in log
        ] == [first, second, shipped, cancelled]
        assert first.correlation_id == "request-1"
        assert all(each.causation_id == each.correlation_id for each in log)


@in_event_loop
async def test_a_refusal_is_the_value_that_the_store_gives() -> None:
    async with serving() as server, connect(server.url) as client:
        order_id = (await placed(client)).order_id
        await client.send(ShipOrder(order_id, "TRACK-1"))
        commands: list[Any] = [
            ShipOrder(order_id, "TRACK-2"),
            CancelOrder(order_id),
            CancelOrder("nobody"),
            CancelOrder("."),
            CancelOrder(".."),
            CancelOrder("a/b"),
            CancelOrder(""),
            CancelOrder("nobody", " "),
            ShipOrder(order_id, "T" * 201),
            ShipOrder(order_id, "\ud800"),
            PlaceOrder("ada", []),
            PlaceOrder("ada", [replace(MUG, quantity=0)]),
            PlaceOrder("ada", [replace(MUG, quantity="2")]),  # type: ignore[arg-type] # the mistake
            PlaceOrder("ada", "mug"),  # type: ignore[arg-type] # the mistake
        ]
        env = OrderEnvironment(SystemClock(), RandomIds())
        async with Store(OrderReducer(), OrderState(), env, server.event_store) as store:
            for command in commands:
                wanted = await store.send(command, correlation_id="request-1")
                assert wanted.rejection is not None
                assert await client.send(command, correlation_id="request-1") == wanted


@in_event_loop
async def test_refusals_come_from_the_server() -> None:
    async with (
        saying(
            problem(400, "validation_failed"),
            problem(404, "order_not_found"),
            response(400, '{"code":"invalid_order_state","detail":"no","current_status":"lost"}'),
        ) as url,
        connect(url) as client,
    ):
        assert (await client.send(PLACE)).rejection == ValidationFailed("as it was told", None)
        assert (await client.send(CancelOrder("order-1"))).rejection == OrderNotFound("order-1")
        assert (await client.send(CancelOrder("order-1"))).rejection == InvalidOrderState("order-1", "lost")


@in_event_loop
async def test_an_order_that_has_moved_on_is_a_version_conflict() -> None:
    async with serving() as server, connect(server.url) as client:
        order_id = (await placed(client)).order_id
        for expected in (0, 2, -1, 10**20):
            with pytest.raises(VersionConflict) as conflict:
                await client.send(CancelOrder(order_id), expected_version=expected)
            assert (conflict.value.stream_id, conflict.value.expected, conflict.value.actual) == (
                f"order-{order_id}",
                expected,
                1,
            )
        assert (await client.send(CancelOrder(order_id), expected_version=1)).versions == (2,)
        assert (await client.send(CancelOrder("nobody"), expected_version=1)).rejection == OrderNotFound("nobody")
        assert (await client.send(PLACE, expected_version=0)).versions == (1,)


@in_event_loop
async def test_what_cannot_be_said_over_http_is_one_sentence() -> None:
    async with connect("http://127.0.0.1:1") as client:
        for attempt, told in [
            (client.send(PlaceOrder("ada", [MUG], "order-1")), "^order_id of a PlaceOrder cannot be chosen over HTTP"),
            (client.send(PLACE, expected_version=3), "^expected_version of a PlaceOrder must be None or 0"),
            (client.send(PLACE, correlation_id="a b"), "^correlation_id must be 1 to 128 visible ASCII characters"),
            (client.send(PLACE, idempotency_key="ключ"), "^idempotency_key must be 1 to 200 visible ASCII characters"),
            (client.send(PLACE, idempotency_key=""), "^idempotency_key must be 1 to 200 visible ASCII characters"),
            (client.order("a/b"), "^order_id must be 1 to 100 letters"),
            (client.story("a b"), "^order_id must be 1 to 100 letters"),
            (client.orders(limit=-1), "^limit must be None or at least 0, not -1"),
        ]:
            with pytest.raises(ValueError, match=told):
                await attempt
        for wrong, told in [
            (client.send(OrderNotFound("order-1")), "is no command of order, and only commands are sent$"),  # type: ignore[arg-type] # the mistake
            (client.send(PLACE, expected_version="1"), "^expected_version must be None or a whole number"),  # type: ignore[arg-type] # the mistake
            (client.send(PLACE, idempotency_key=7), "^idempotency_key must be text, not 7$"),  # type: ignore[arg-type] # the mistake
        ]:
            with pytest.raises(TypeError, match=told):
                await wrong


# Sending again


@in_event_loop
async def test_a_command_whose_answers_are_lost_is_done_once() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        wire.lose_answers = 3
        outcome = await client.send(PLACE)

        [recorded] = await log_of(server.event_store)
        assert (outcome.events, outcome.versions, outcome.positions) == ((recorded.event,), (1,), (1,))
        assert outcome.correlation_id == recorded.correlation_id
        assert wire.count("POST") == 4


@in_event_loop
async def test_a_command_whose_answer_never_comes_is_sent_again() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url, patience=SHORT) as client:
        wire.lose_answers, wire.in_silence = 1, True
        outcome = await client.send(PLACE)

        [recorded] = await log_of(server.event_store)
        assert outcome.events == (recorded.event,)


@in_event_loop
async def test_what_has_moved_an_order_on_itself_is_no_conflict_when_it_is_sent_again() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        order_id = (await placed(client)).order_id
        wire.lose_answers = 1
        outcome = await client.send(ShipOrder(order_id, "TRACK-1"), expected_version=1)

        assert (outcome.versions, outcome.rejection, outcome.repeated) == ((2,), None, False)


@in_event_loop
async def test_a_retry_under_the_same_key_has_the_same_outcome_and_says_that_it_is_one() -> None:
    async with serving() as server, connect(server.url) as client:
        first = await client.send(PLACE, idempotency_key="key-1")
        await client.send(PLACE)
        again = await client.send(PLACE, idempotency_key="key-1")

        assert not first.repeated
        assert again == replace(first, repeated=True)
        assert len(await log_of(server.event_store)) == 2
        with pytest.raises(IdempotencyKeyReused, match=r"^idempotency key 'key-1' was used for another command"):
            await client.send(PlaceOrder("bob", [MUG]), idempotency_key="key-1")


@in_event_loop
async def test_an_attempt_of_its_own_is_no_repetition() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        wire.lose_answers = 1

        assert not (await client.send(PLACE, idempotency_key="key-1")).repeated


@in_event_loop
async def test_a_command_in_doubt_can_be_sent_again_under_the_key_that_the_error_tells() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url, patience=SHORT) as client:
        wire.lose_answers = 1_000
        with pytest.raises(ServerUnreachable) as error:
            await client.send(PLACE)
        wire.lose_answers = 0
        [note] = error.value.__notes__
        [key] = re.findall("idempotency_key='(.*?)'", note)
        outcome = await client.send(PLACE, idempotency_key=key)

        assert outcome.repeated
        assert [recorded.event for recorded in await log_of(server.event_store)] == list(outcome.events)


@in_event_loop
async def test_a_server_that_is_not_there_is_one_sentence_without_the_token() -> None:
    async with serving() as server:
        url = server.url
    async with connect(f"{url}/?token={TOKEN}", patience=0.1) as client:
        for attempt in (client.send(PLACE), client.orders(), anext(client.subscribe(after=0, patience=0.1))):
            with pytest.raises(
                ServerUnreachable, match=rf"^the server at {url} cannot be reached: .*; see that it runs"
            ):
                await attempt


@in_event_loop
async def test_what_was_not_sent_is_not_in_doubt() -> None:
    async with serving() as server:
        url = server.url
    async with connect(url, patience=0.1) as client:
        error = await error_of(client.send(PLACE))

    assert isinstance(error, ServerUnreachable)
    assert not error.in_doubt
    assert not hasattr(error, "__notes__")


@in_event_loop
async def test_those_who_ask_at_once_give_up_at_once() -> None:
    async with serving() as server:
        url = server.url
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with connect(url, patience=0.5) as client:
        errors = await asyncio.gather(*(error_of(client.send(PLACE)) for _ in range(40)))

    assert {type(each) for each in errors} == {ServerUnreachable}
    assert loop.time() - began < 4  # and not the sum of what each of them waits


@in_event_loop
async def test_a_server_that_is_busy_is_asked_again() -> None:
    busy = problem(503, "overloaded", "Retry-After: 0")
    order = '{"order_id":"order-1","total_cents":500,"placed_at":"2025-01-01T00:00:00Z","status":"placed"}'
    async with (
        saying(busy, busy, response(201, order, 'ETag: "1"', "X-Event-Position: 7")) as url,
        connect(url) as client,
    ):
        outcome = await client.send(PLACE)

    at = datetime(2025, 1, 1, tzinfo=UTC)
    assert (outcome.events, outcome.positions) == ((OrderPlaced("order-1", "ada", (MUG,), 500, at),), (7,))


@in_event_loop
async def test_a_server_that_is_busy_for_longer_than_there_is_patience_is_not_waited_for() -> None:
    async with saying(problem(503, "overloaded", "Retry-After: 5")) as url, connect(url, patience=SHORT) as client:
        with pytest.raises(ServerError, match=r"^as it was told$") as error:
            await client.send(PLACE)

    assert (error.value.code, error.value.status, error.value.in_doubt) == ("overloaded", 503, False)


@in_event_loop
async def test_an_answer_that_comes_drop_by_drop_is_not_waited_for_longer_than_there_is_patience() -> None:
    dripping = list[asyncio.Task[None] | None]()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dripping.append(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with connect(url, patience=0.2) as client:
            error = await error_of(client.send(PLACE))
        await asyncio.gather(*filter(None, dripping))

    assert isinstance(error, ServerUnreachable)
    assert error.reason.startswith("no answer within ")
    assert error.in_doubt


@in_event_loop
async def test_a_gateway_without_a_server_behind_it_is_a_server_that_cannot_be_reached() -> None:
    async with saying(response(502, "<html>")) as url, connect(url, patience=0.1) as client:
        with pytest.raises(ServerUnreachable, match="it answers 502"):
            await client.orders()


@in_event_loop
async def test_what_else_goes_wrong_is_the_servers_own_sentence() -> None:
    async with serving(token=TOKEN) as server, connect(server.url) as stranger, connect(server.link) as client:
        with pytest.raises(ServerError, match=r"^open the link with a token that the server printed") as unknown:
            await stranger.send(PLACE)
        with pytest.raises(ServerError, match=r"^there is no order nobody$") as absent:
            await client.order("nobody")
        with pytest.raises(ServerError, match=r"^the query has the wrong shape: status: ") as wrong:
            await client.orders(status="lost")
        too_large = PlaceOrder("ada", [replace(MUG, name="茶" * 200, product_id="茶" * 200)] * 1_000)
        with pytest.raises(ServerError, match=r"^a body may have 1,048,576 bytes at the most$") as large:
            await client.send(too_large)

    assert [(each.value.code, each.value.status) for each in (unknown, absent, wrong, large)] == [
        ("unauthorized", 401),
        ("order_not_found", 404),
        ("invalid_request", 422),
        ("payload_too_large", 413),
    ]


@in_event_loop
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(200, "<html>"), "JSON is malformed"),
        (response(404, "<html>"), "it answers 404"),
        (response(404, '{"code":404,"detail":"gone"}'), "it answers 404"),
        (response(303, "", "Location: http://127.0.0.1:1/"), "it answers 303"),
        (response(200, '{"orders":[{"status":"lost"}],"next":null}'), "Invalid value 'lost'"),
    ],
    ids=["a page", "not found", "another API", "a redirect", "another shape"],
)
async def test_what_is_no_orderlab_server_is_said_to_be_none(answer: bytes, reason: str) -> None:
    async with saying(answer) as url, connect(url) as client:
        with pytest.raises(
            ServerError, match=rf"^what answers at {url} is no orderlab server \({reason}.*check"
        ) as told:
            await client.orders()
    assert told.value.code == "unexpected_answer"


@in_event_loop
async def test_an_answer_that_does_not_say_where_the_event_is_is_unexpected() -> None:
    async with saying(response(201, "{}")) as url, connect(url) as client:
        with pytest.raises(ServerError, match="it does not say where the event is"):
            await client.send(PLACE)


@in_event_loop
async def test_a_server_error_says_that_the_command_may_have_been_done() -> None:
    async with saying(problem(500, "internal_error")) as url, connect(url) as client:
        error = await error_of(client.send(PLACE, idempotency_key="key-1"))

    assert isinstance(error, ServerError)
    assert error.__notes__ == [
        "The command may have been done, or not; sent again with idempotency_key='key-1' it is done once in any case."
    ]


@in_event_loop
async def test_many_commands_at_once_are_all_done() -> None:
    async with serving() as server, connect(server.url) as client:
        outcomes = await asyncio.gather(*(client.send(PlaceOrder(f"c-{n}", [MUG])) for n in range(100)))

        log = await log_of(server.event_store)
        assert {outcome.positions[0]: outcome.events[0] for outcome in outcomes} == {
            each.position: each.event for each in log
        }


# Reading


@in_event_loop
async def test_the_log_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.client.line.PAGE", 3)
    async with serving() as server, connect(server.url) as client:
        for number in range(7):
            order_id = (await placed(client, PlaceOrder(f"c-{number}", [MUG]))).order_id
        await client.send(ShipOrder(order_id, "TRACK-1"), correlation_id="request-1")
        log = as_shown(await log_of(server.event_store))

        assert [recorded async for recorded in client.events()] == log
        assert [recorded async for recorded in client.events(after=2, limit=4)] == log[2:6]
        assert [recorded async for recorded in client.events(limit=0)] == []
        assert [recorded async for recorded in client.events(after=8)] == []
        assert [recorded async for recorded in client.events(after=99)] == []
        assert await client.story(order_id) == log[-2:]
        with pytest.raises(ValueError, match=r"^after must be at least 0, not -1"):
            await anext(client.events(after=-1))


@in_event_loop
async def test_an_event_without_causes_and_one_of_an_old_shape_are_read_too() -> None:
    event_store = InMemoryEventStore()
    at = datetime(2025, 1, 1, tzinfo=UTC)
    await event_store.append_events("order-o-1", [OrderPlaced("o-1", "ada", (MUG,), 500, at)])
    await event_store.append_events("order-o-1", [EncodedEvent("OrderCancelled", 1, '{"order_id":"o-1","reason":"x"}')])
    async with serving(event_store) as server, connect(server.url) as client:
        first, second = [recorded async for recorded in client.events()]

        assert [first] == (await log_of(event_store))[:1]
        assert second.event == OrderCancelled("o-1", "x", second.recorded_at)
        assert second.schema_version == 2  # the server has read it into the present shape


@in_event_loop
async def test_orders_are_the_values_that_the_log_replays_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.client.client.PAGE", 2)
    async with serving() as server, connect(server.url) as client:
        ids = [(await placed(client, PlaceOrder(f"c-{n % 2}", [MUG] * (n + 1)))).order_id for n in range(5)]
        await client.send(ShipOrder(ids[1], "TRACK-1"))
        await client.send(CancelOrder(ids[2], "late"))
        state = await load_state(server.event_store)
        newest_first = [state.orders[order_id] for order_id in reversed(ids)]

        assert [await client.order(order_id) for order_id in reversed(ids)] == newest_first
        assert await client.orders() == await client.orders(limit=None) == newest_first
        assert await client.orders(limit=3) == newest_first[:3]
        assert await client.orders(limit=0) == []
        assert await client.orders("shipped") == [state.orders[ids[1]]]
        assert await client.orders(customer_id="c-1") == [state.orders[ids[3]], state.orders[ids[1]]]
        assert await client.orders("placed", "c-0 & c-1") == []


@in_event_loop
async def test_the_log_as_a_table_is_the_table_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.client.line.PAGE", 2)
    async with serving() as server, connect(server.url) as client:
        pd.testing.assert_frame_equal(await client.frame(), await frame_of(server.event_store))

        ids = [(await placed(client, PlaceOrder("ada", [MUG] * (n + 1)))).order_id for n in range(3)]
        await client.send(ShipOrder(ids[1], "TRACK-1"))
        await client.send(CancelOrder(ids[2], "late"))
        pd.testing.assert_frame_equal(await client.frame(), await frame_of(server.event_store))
        pd.testing.assert_frame_equal(
            await client.frame(after=1, until=4), await frame_of(server.event_store, after=1, until=4)
        )


@in_event_loop
async def test_an_event_that_this_program_does_not_know_is_one_sentence() -> None:
    event = (
        '{"position":1,"stream_id":"order-o-1","version":1,"event_id":"00000000-0000-0000-0000-000000000001",'
        '"recorded_at":"2025-01-01T00:00:00Z","correlation_id":null,"causation_id":null,"action":%s}'
    )
    for action, reason in {
        '{"OrderLost":{"order_id":"o-1"}}': "one action is wanted, tagged .* not OrderLost",
        '{"OrderNotFound":{"order_id":"o-1"}}': "an event was expected, and not OrderNotFound",
        '{"OrderShipped":{"order_id":"o-1"}}': "OrderShipped.tracking_number: Field required",
    }.items():
        async with saying(response(200, f'{{"events":[{event % action}]}}')) as url, connect(url) as client:
            with pytest.raises(
                UnreadableEvent, match=rf"^event at position 1 \(stream order-o-1, version 1\): {reason}"
            ):
                await anext(client.events())
    async with saying(response(200, f'{{"events":[{event % "[]"}]}}')) as url, connect(url) as client:
        with pytest.raises(UnreadableEvent, match="an event was expected, and not something else"):
            await client.frame()


@in_event_loop
async def test_a_page_with_a_gap_is_not_taken_for_the_log() -> None:
    event = (
        '{"position":2,"stream_id":"s","version":1,"event_id":"00000000-0000-0000-0000-000000000001",'
        '"recorded_at":"2025-01-01T00:00:00Z","correlation_id":null,"causation_id":null,"action":{}}'
    )
    async with saying(response(200, f'{{"events":[{event}]}}')) as url, connect(url) as client:
        with pytest.raises(ServerError, match="its events after position 0 do not follow one another"):
            await anext(client.events())


# Following


@in_event_loop
async def test_a_subscription_gives_the_log_and_then_what_comes() -> None:
    async with serving() as server, connect(server.url) as client:
        await placed(client)
        await placed(client)
        subscription = client.subscribe(after=1)
        [old] = await next_of(subscription, 1)
        await placed(client)
        [new] = await next_of(subscription, 1)

        assert [old, new] == as_shown(await log_of(server.event_store))[1:]
        assert repr(subscription) == f"<Subscription to {server.url}, read to position 3>"


@in_event_loop
async def test_a_subscription_from_now_on_begins_with_what_its_client_sends_next() -> None:
    async with serving() as server, connect(server.url) as client:
        await placed(client)
        subscription = client.subscribe()
        event = await placed(client)

        assert (await anext(subscription)).event == event


@in_event_loop
async def test_what_others_write_to_the_log_is_followed_too() -> None:
    async with serving() as server, connect(server.url) as client:
        subscription = client.subscribe(after=0)
        waiting = asyncio.ensure_future(anext(subscription))
        event = OrderPlaced("o-1", "ada", (MUG,), 500, datetime(2025, 1, 1, tzinfo=UTC))
        await server.event_store.append_events("order-o-1", [event])

        assert (await waiting).event == event


@in_event_loop
async def test_several_follow_each_at_its_own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.client.following.PAGE", 2)
    async with serving() as server, connect(server.url) as client:
        subscriptions = [client.subscribe(after=after) for after in (0, 3, 0)]
        for _ in range(5):
            await placed(client)
        log = as_shown(await log_of(server.event_store))

        assert [await next_of(each, count) for each, count in zip(subscriptions, (5, 2, 5), strict=True)] == [
            log,
            log[3:],
            log,
        ]


@in_event_loop
async def test_a_subscription_goes_on_through_lost_connections() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        subscription = client.subscribe(after=0)
        followed = []
        for _ in range(3):
            waiting = asyncio.ensure_future(anext(subscription))
            await wire.until(lambda: wire.websockets == 1)
            wire.cut()
            await placed(client)
            followed.append(await waiting)

        assert followed == as_shown(await log_of(server.event_store))


@in_event_loop
async def test_a_lost_message_delays_and_does_not_lose() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        subscription = client.subscribe(after=0)
        await placed(client)
        followed = await next_of(subscription, 1)
        waiting = asyncio.ensure_future(anext(subscription))
        wire.lose_rings = 1
        await placed(client)
        await wire.until(lambda: wire.lose_rings == 0)
        await placed(client)
        followed += [await waiting, await anext(subscription)]

        assert followed == as_shown(await log_of(server.event_store))


@in_event_loop
async def test_a_message_of_another_kind_has_the_client_look_as_well() -> None:
    event = OrderPlaced("o-1", "ada", (MUG,), 500, datetime(2025, 1, 1, tzinfo=UTC))
    event_store = InMemoryEventStore()

    async def hello(websocket: ServerConnection) -> None:
        await asked.wait()
        await event_store.append_events("order-o-1", [event])
        await websocket.send("hello")
        await websocket.wait_closed()

    async def page(websocket: ServerConnection, request: Request) -> Response | None:
        if request.path == "/ws":
            return None
        async with serving(event_store) as server, httpx.AsyncClient() as http:
            body = (await http.get(server.url + request.path)).content
        asked.set()
        return Response(200, "OK", Headers({"Content-Length": str(len(body)), "Connection": "close"}), body)

    asked = asyncio.Event()
    fake = await websocket_serve(hello, "127.0.0.1", 0, process_request=page)
    async with fake, connect(f"http://127.0.0.1:{fake.sockets[0].getsockname()[1]}") as client:
        assert (await anext(client.subscribe(after=0))).event == event


@in_event_loop
async def test_a_subscription_goes_on_when_its_server_is_restarted_over_the_same_log() -> None:
    event_store = InMemoryEventStore()
    async with serving(event_store) as first, Wire(port_of(first)) as wire, connect(wire.url) as client:
        subscription = client.subscribe(after=0)
        await placed(client)
        followed = await next_of(subscription, 1)
        waiting = asyncio.ensure_future(anext(subscription))
        await asyncio.to_thread(first.stop)
        async with serving(event_store) as second:
            wire.port = port_of(second)
            await placed(client)
            followed.append(await waiting)
            await placed(client)
            followed.append(await anext(subscription))
            await client.close()

    assert followed == as_shown(await log_of(event_store))


@asynccontextmanager
async def server_process(folder: Path) -> AsyncIterator[int]:
    """Have a server in a process of its own over a log in a file, give its port when it answers, and kill it."""
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "serve", "duckdb:///log.duckdb", "--port", "0"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert process.stdout is not None
        said = (await process.stdout.readuntil(b"Ctrl-C")).decode()
        yield int(re.findall(r"^orderlab is at http://127\.0\.0\.1:([0-9]+)/", said, re.MULTILINE)[0])
    finally:
        process.kill()
        await process.communicate()


@in_event_loop
async def test_a_server_in_another_process_that_is_killed_loses_and_repeats_nothing(tmp_path: Path) -> None:
    async with Wire(0) as wire, connect(wire.url, patience=20) as client:
        async with server_process(tmp_path) as wire.port:
            subscription = client.subscribe()
            sent = [await placed(client) for _ in range(3)]
            followed = await next_of(subscription, 3)
            waiting = asyncio.ensure_future(anext(subscription))
        sending = asyncio.ensure_future(placed(client))
        async with server_process(tmp_path) as wire.port:
            sent.append(await sending)
            followed.append(await waiting)

            assert [each.event for each in followed] == sent
            assert [each async for each in client.events()] == followed


@pytest.mark.parametrize("seed", [1, 2, 3])
@in_event_loop
async def test_whatever_is_cut_every_command_is_done_once_and_every_event_followed_once(seed: int) -> None:
    chance = random.Random(seed)
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url, patience=20) as client:
        subscription = client.subscribe(after=0)
        following = asyncio.ensure_future(next_of(subscription, 40))
        outcomes: list[Outcome] = []

        async def send(number: int) -> None:
            for part in range(10):
                misfortune = chance.randrange(4)
                wire.lose_answers += misfortune == 0
                wire.lose_rings += misfortune == 1
                if misfortune == 2:
                    wire.cut()
                outcomes.append(await client.send(PlaceOrder(f"c-{number}-{part}", [MUG])))

        await asyncio.gather(*map(send, range(4)))
        wire.lose_rings = 0
        wire.cut()  # the last message may have been lost, and nothing comes that would tell
        log = await log_of(server.event_store)

        assert len(log) == 40
        assert sorted((each.positions[0], each.events[0].customer_id) for each in outcomes) == [
            (each.position, each.event.customer_id) for each in log
        ]
        assert await following == as_shown(log)


@in_event_loop
async def test_a_server_that_stays_away_is_given_up_and_can_be_asked_again() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        subscription = client.subscribe(after=0, patience=timedelta(seconds=0.2))
        await placed(client)
        followed = await next_of(subscription, 1)
        wire.port = 0
        wire.cut()
        with pytest.raises(ServerUnreachable, match=rf"^the server at {wire.url} cannot be reached"):
            await anext(subscription)
        wire.port = port_of(server)
        await placed(client)
        followed.append(await anext(subscription))

        assert followed == as_shown(await log_of(server.event_store))


@in_event_loop
async def test_a_log_that_is_shorter_than_where_to_go_on_is_one_sentence() -> None:
    async with serving() as server, connect(server.url) as client:
        await placed(client)
        for _ in range(2):  # asked again it says the same
            with pytest.raises(
                LogReplaced,
                match=rf"^the log at {server.url} ends before position 2, after which it was to go on",
            ):
                await anext(client.subscribe(after=2))


@pytest.mark.parametrize(
    ("orders", "told"), [(0, "ends before position 2"), (3, "is another one now, with another event at position 2")]
)
@in_event_loop
async def test_another_log_at_the_same_address_is_not_taken_for_the_one_that_was_followed(
    orders: int, told: str
) -> None:
    async with serving() as first, Wire(port_of(first)) as wire, connect(wire.url) as client:
        subscription = client.subscribe(after=0)
        await placed(client)
        await placed(client)
        await next_of(subscription, 2)
        waiting = asyncio.ensure_future(anext(subscription))
        async with serving() as second, connect(second.url) as other:
            for _ in range(orders):
                await placed(other)
            wire.port = port_of(second)
            wire.cut()
            with pytest.raises(LogReplaced, match=rf"^the log at {wire.url} {told}"):
                await waiting


@in_event_loop
async def test_an_iteration_that_is_given_up_goes_on_where_it_was() -> None:
    async with serving() as server, connect(server.url) as client:
        subscription = client.subscribe(after=0)
        await placed(client)
        followed = await next_of(subscription, 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(subscription), 0.05)
        await placed(client)
        followed += await next_of(subscription, 1)

        assert followed == as_shown(await log_of(server.event_store))


@in_event_loop
async def test_two_who_iterate_over_one_subscription_share_its_events() -> None:
    async with serving() as server, connect(server.url) as client:
        subscription = client.subscribe(after=0)
        both = [asyncio.ensure_future(anext(subscription)) for _ in range(2)]
        await placed(client)
        await placed(client)

        assert [await each for each in both] == as_shown(await log_of(server.event_store))


@in_event_loop
async def test_an_event_that_cannot_be_read_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as server, connect(server.url) as client:
        for number in (1, 2):
            await placed(client, PlaceOrder(f"c-{number}", [MUG]))
        subscription = client.subscribe(after=0)
        await next_of(subscription, 1)

        def unread(view: Any) -> RecordedEvent:
            raise UnreadableEvent(f"event at position {view.position}")

        with monkeypatch.context() as patch:
            patch.setattr("orderlab.client.following.recorded_event", unread)
            for _ in range(2):
                with pytest.raises(UnreadableEvent, match=r"^event at position 2$"):
                    await anext(subscription)
        assert (await anext(subscription)).position == 2


@in_event_loop
async def test_a_subscription_that_is_dropped_lets_go_of_its_connection() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        await placed(client)
        async for _ in client.subscribe(after=0):
            assert wire.websockets == 1
            break
        gc.collect()
        await wire.until(lambda: wire.websockets == 0)


@in_event_loop
async def test_a_subscription_that_is_closed_ends() -> None:
    async with serving() as server, Wire(port_of(server)) as wire, connect(wire.url) as client:
        await placed(client)
        async with aclosing(client.subscribe(after=0)) as subscription:
            await next_of(subscription, 1)
            waiting = asyncio.ensure_future(anext(subscription, None))
        assert await waiting is None
        assert await anext(subscription, None) is None
        assert repr(subscription).endswith(", read to position 1, ended>")
        await wire.until(lambda: wire.websockets == 0)
        await placed(client)  # the client goes on


@in_event_loop
async def test_a_wrong_place_to_begin_is_one_sentence() -> None:
    async with connect("http://127.0.0.1:1") as client:
        for wrong in (-1, True, "1"):
            with pytest.raises(ValueError, match=r"^after must be None or a position from 0, not "):
                client.subscribe(after=wrong)  # type: ignore[arg-type] # the mistake
        with pytest.raises(ValueError, match=r"^patience must be a number of seconds above 0"):
            client.subscribe(patience=0)


@in_event_loop
async def test_a_subscription_that_nobody_lets_in_says_why() -> None:
    async with serving(token=TOKEN) as server, connect(server.url) as client:
        for subscription in (client.subscribe(), client.subscribe(after=0)):
            with pytest.raises(ServerError, match=r"^open the link with a token") as error:
                await anext(subscription)
            assert error.value.code == "unauthorized"


@in_event_loop
async def test_who_follows_an_overloaded_server_comes_back() -> None:
    async with saying(problem(503, "overloaded", "Retry-After: 0")) as url, connect(url) as client:
        with pytest.raises(ServerError, match=r"^as it was told$"):
            await anext(client.subscribe(after=0, patience=0.2))


@in_event_loop
async def test_a_command_does_not_wait_for_a_subscription_that_cannot_begin() -> None:
    async with serving() as server:
        url = server.url
    async with connect(url, patience=0.1) as client:
        subscription = client.subscribe()
        with pytest.raises(ServerUnreachable):
            await client.send(PLACE)
    assert await anext(subscription, None) is None


# The token


@in_event_loop
async def test_the_token_lets_in_and_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(token=TOKEN) as server:
        shown: list[object] = []
        for client in (connect(server.link), connect(server.url, token=TOKEN)):
            subscription = client.subscribe()
            await placed(client)
            await next_of(subscription, 1)
            shown += [client, client._repr_html_(), vars(client), vars(client._line), subscription]
            await client.close()
        await asyncio.to_thread(server.stop)
        lost = connect(server.link, patience=0.1)
        for attempt in (lost.send(PLACE), lost.orders(), anext(lost.subscribe(after=0, patience=0.1))):
            error = await error_of(attempt)
            shown += traceback.format_exception(error)
        await lost.close()

    assert not [each for each in shown if TOKEN in str(each)]
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    # What uvicorn logs when it is told to log all is the server's matter.
    assert not [each for each in caplog.records if TOKEN in each.getMessage() and each.name != "uvicorn.error"]


@in_event_loop
async def test_a_token_of_its_own_wins_over_that_in_the_link() -> None:
    async with serving(token=TOKEN) as server, connect(f"{server.url}/?token=wrong-one", token=TOKEN) as client:
        assert await client.orders() == []


@in_event_loop
async def test_a_token_is_read_from_a_link_as_the_server_writes_it() -> None:
    token = "a+b&c=d%20#/?e"
    async with serving(token=token) as server, connect(server.link) as client:
        assert await client.orders() == []


@in_event_loop
async def test_no_cookie_is_kept() -> None:
    empty = response(200, '{"orders":[],"next":null}', "Set-Cookie: who=ada; Path=/")
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(empty)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, connect(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
        await client.orders()
        await client.orders()

    assert len(asked) == 2
    assert b"cookie" not in b"".join(asked).lower()


@in_event_loop
async def test_no_proxy_of_the_environment_stands_before_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with serving() as server, connect(server.url) as client:
        subscription = client.subscribe(after=0)
        await placed(client)

        assert len(await next_of(subscription, 1)) == 1


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:3000", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:3000", True),
        ("http://0.0.0.0:3000", True),
        ("http://LOCALHOST:3000", True),
        ("http://lab.localhost", True),
        ("http://localhost.example", False),
        ("http://192.168.0.7", False),
        ("https://lab.example", False),
    ],
)
def test_a_proxy_is_for_servers_elsewhere(url: str, is_here: bool) -> None:
    assert address_of(url).is_here is is_here


def test_a_safe_connection_has_a_safe_bell() -> None:
    assert address_of("https://lab.example/orders/").bell_url == "wss://lab.example/orders/ws"
    assert address_of("http://[::1]:3000").bell_url == "ws://[::1]:3000/ws"


# Closing


@in_event_loop
async def test_a_closed_client_asks_no_more() -> None:
    async with serving() as server:
        client = connect(server.url)
        await placed(client)
        await client.close()
        await client.close()

        for attempt in (client.send(PLACE), client.orders(), anext(client.events()), client.__aenter__()):
            with pytest.raises(ClientClosed, match=rf"^the client of {server.url} was closed: make a new one"):
                await attempt
        with pytest.raises(ClientClosed):
            client.subscribe()
        assert repr(client) == f"<orderlab client, closed, of {server.url}>"
        assert "closed" in client._repr_html_()


@in_event_loop
async def test_closing_ends_whatever_is_followed() -> None:
    async with serving() as server, Wire(port_of(server)) as wire:
        client = connect(wire.url)
        subscriptions = [client.subscribe(after=0) for _ in range(3)] + [client.subscribe()]
        waiting = [asyncio.ensure_future(anext(each, None)) for each in subscriptions]
        await wire.until(lambda: wire.websockets == 4)
        await client.close()

        assert await asyncio.gather(*waiting) == [None] * 4


@in_event_loop
async def test_closing_ends_who_waits_for_a_server_that_is_away() -> None:
    async with serving() as server:
        url = server.url
    client = connect(url, patience=300)
    following = [asyncio.ensure_future(anext(client.subscribe(after=after), None)) for after in (0, None)]
    sending = asyncio.ensure_future(client.orders())
    await asyncio.sleep(0)
    await client.close()

    assert await asyncio.gather(*following) == [None, None]
    with pytest.raises(ClientClosed):
        await sending


@in_event_loop
async def test_closing_ends_a_command_that_is_under_way() -> None:
    async with serving() as server, Wire(port_of(server)) as wire:
        wire.lose_answers, wire.in_silence = 1, True
        client = connect(wire.url)
        sending = asyncio.ensure_future(client.send(PLACE))
        await wire.until(lambda: wire.lose_answers == 0 or wire.count("POST") > 0)
        await client.close()

        assert isinstance(await error_of(sending), ClientClosed)


def test_a_client_belongs_to_one_event_loop() -> None:
    with serve() as server:
        client = connect(server.url)

        async def first() -> Subscription:
            assert await client.orders() == []
            await client._line._http.aclose()  # nothing of the first loop is left open
            return client.subscribe(after=0)

        async def second(subscription: Subscription) -> None:
            for attempt in (client.orders(), anext(subscription)):
                with pytest.raises(ClientClosed, match=rf"^the client of {server.url} belongs to another event loop"):
                    await attempt
            subscription._take_down()

        subscription = asyncio.run(first())
        asyncio.run(second(subscription))


def test_a_bell_can_be_dropped_when_its_event_loop_is_gone() -> None:
    async def hung() -> Bell:
        return Bell(SimpleNamespace(transport=SimpleNamespace(abort=None)))  # type: ignore[arg-type] # all it needs

    asyncio.run(hung()).drop()


# The rest


@in_event_loop
async def test_waiting_grows_and_comes_to_an_end() -> None:
    patience, over = Patience("http://lab", 0.5), asyncio.Event()
    waits: list[float] = []
    loop = asyncio.get_running_loop()

    async def wait_for_ever() -> None:
        while True:
            began = loop.time()
            await patience.wait(Away("nobody", in_doubt=not waits), over)
            waits.append(loop.time() - began)

    with pytest.raises(ServerUnreachable, match=r"^the server at http://lab cannot be reached: nobody; see") as told:
        await wait_for_ever()

    assert len(waits) >= 2
    assert sum(waits) < 1.0
    assert told.value.in_doubt  # as the first attempt was
    await patience.wait(Away("nobody"), over)  # who asks again all the same has patience anew


@pytest.mark.parametrize(
    "error",
    [
        ServerUnreachable("http://lab", "nobody", True),
        ServerError("unauthorized", 401, "a token is needed", {"title": "A token is needed"}),
        LogReplaced("another one"),
        ClientClosed("closed"),
    ],
)
def test_errors_can_be_pickled(error: OrderlabError) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_nothing_of_the_server_and_no_pandas_is_loaded_with_a_client() -> None:
    program = (
        "import orderlab.client, sys; print({'pandas', 'duckdb', 'starlette', 'orderlab.server'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True)

    assert ran.stdout == "set()\n"


def test_httpx_speaks_as_the_tests_need_it() -> None:
    assert httpx.URL("http://lab/api/v1/orders/%2E%2E/cancel").raw_path == b"/api/v1/orders/%2E%2E/cancel"


@in_event_loop
async def test_pages_that_the_server_cuts_short_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderlab.server.answering.Page.__init__.__defaults__", (500,))
    with serve() as server:
        async with connect(server.url) as client:
            for number in range(5):
                await client.send(PlaceOrder(f"customer-{number}", (MUG,)))
            live = client.subscribe(after=0)

            assert [recorded.position async for recorded in client.events()] == [1, 2, 3, 4, 5]
            assert [(await anext(live)).position for _ in range(5)] == [1, 2, 3, 4, 5]
            assert len(await client.orders()) == 5


@pytest.mark.parametrize("after", [None, 0])
def test_a_subscription_outside_an_event_loop_is_refused_in_a_sentence(after: int | None) -> None:
    sentence = "a client is used in an event loop: in an async function or a notebook cell"
    with pytest.raises(RuntimeError, match=sentence):
        connect("http://127.0.0.1:9").subscribe(after=after)
