import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from typing import Any

import pytest
import uvicorn
from asgi_driving import reading, replying
from event_loop import in_event_loop
from served import CLOSE, CONTINUED, PING, TEXT, UPGRADE, Peer, Served, connected, frame, serving
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState
from websockets.frames import Frame

from orderlab.server.http_connection import HttpConnection
from orderlab.server.limits import HEAD_BYTES
from orderlab.server.protocols import http_protocol, websocket_protocol
from orderlab.server.websocket_connection import WebSocketConnection

GET = b"GET / HTTP/1.1\r\nHost: lab\r\n"
LONG = 1000.0
LARGE = 16 * 1024 * 1024
"""More than the buffers on both sides of a connection hold."""


class SmallHeads(HttpConnection):
    head_bytes = 200
    request_bytes = 2000
    head_seconds = LONG


class Impatient(HttpConnection):
    head_seconds = 0.02
    stalled_seconds = 0.02


class Roomy(Impatient):
    """Has so much room that the application never waits for the client, only the end of the connection does."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        transport.set_write_buffer_limits(2 * LARGE)
        super().connection_made(transport)


class SoonClosed(WebSocketConnection):
    """Ends soon, and tells what it feels."""

    close_seconds = 0.02

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.stuck, self.told_to_close = asyncio.Event(), asyncio.Event()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.stuck.set()

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self.told_to_close.set()


async def naming_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the names of the request's headers, once its body is there."""
    while (await receive())["more_body"]:
        pass
    await replying(body=b" ".join(name for name, _ in scope["headers"]) + b";")(scope, receive, send)


def head_of(size: int) -> bytes:
    """Return the head of a request that has so many bytes."""
    return GET + b"X: " + b"x" * (size - len(GET) - len("X: \r\n\r\n")) + b"\r\n\r\n"


# What is to be used


def test_where_there_is_httptools_its_protocol_is_used() -> None:
    assert http_protocol() is HttpConnection
    assert websocket_protocol() is WebSocketConnection
    assert HttpConnection.head_bytes == HEAD_BYTES == 32 * 1024


def test_where_there_is_none_h11_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "orderlab.server.protocols.find_spec", lambda name: None if name == "httptools" else find_spec(name)
    )

    assert http_protocol() == "h11"


@in_event_loop
async def test_h11_has_a_limit_of_its_own() -> None:
    async with (
        serving(replying(), http="h11", h11_max_incomplete_event_size=HEAD_BYTES) as served,
        connected(served) as peer,
    ):
        await peer.send(GET + b"X: " + b"x" * HEAD_BYTES)
        assert (await peer.read_to_the_end()).startswith(b"HTTP/1.1 400 ")


# The head of a request


@in_event_loop
async def test_requests_are_answered_one_after_the_other_on_one_connection() -> None:
    async with serving(reading(), http=SmallHeads) as served, connected(served) as peer:
        post = b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 6\r\n\r\n"
        await peer.send(post + b"first;" + post + b"second"[:6] + post + b"third;")
        read = b""
        for body in (b"first;", b"second", b"third;"):
            if body not in read:
                read += await peer.read(body)


@pytest.mark.parametrize("pieces", [1, 2, 50])
@in_event_loop
async def test_a_head_of_the_largest_size_is_read(pieces: int) -> None:
    head = head_of(SmallHeads.head_bytes)
    async with serving(replying(), http=SmallHeads) as served, connected(served) as peer:
        for start in range(0, len(head), len(head) // pieces + 1):
            await peer.send(head[start : start + len(head) // pieces + 1])
            await asyncio.sleep(0)
        assert (await peer.read(b"done")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "head",
    [
        head_of(SmallHeads.head_bytes + 1),
        GET + b"a: b\r\n" * 100 + b"\r\n",
        b"GET /" + b"x" * 300 + b" HTTP/1.1\r\n\r\n",
        head_of(60)[:-4] + b"\r\nY: " + b"y" * 300,
        GET + b"x" * 300,
        b"GET /" + b"x" * 300,
    ],
    ids=["one byte", "many headers", "target", "endless value", "endless name", "endless target"],
)
@in_event_loop
async def test_a_larger_head_is_refused_complete_or_not(head: bytes) -> None:
    async with serving(replying(), http=SmallHeads) as served, connected(served) as peer:
        await peer.send(head)
        top, _, body = (await peer.read_to_the_end()).partition(b"\r\n\r\n")

    assert top.startswith(b"HTTP/1.1 431 ")
    assert b"Content-Type: application/problem+json" in top
    assert json.loads(body)["code"] == "headers_too_large"


@in_event_loop
async def test_a_larger_head_is_refused_behind_another_request() -> None:
    async with serving(replying(), http=SmallHeads) as served, connected(served) as peer:
        await peer.send(GET + b"\r\n")
        await peer.read(b"done")
        await peer.send(head_of(SmallHeads.head_bytes + 1))
        assert (await peer.read_to_the_end()).startswith(b"HTTP/1.1 431 ")


@in_event_loop
async def test_a_body_does_not_count_as_head() -> None:
    async with serving(reading(), http=SmallHeads) as served, connected(served) as peer:
        post = b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 1000\r\n\r\n"
        await peer.send(post + b"x" * 1000 + GET + b"Content-Length: 4\r\n")
        await peer.read(b"x" * 1000)
        await peer.send(b"\r\nmore")
        await peer.read(b"more")


@in_event_loop
async def test_what_cannot_be_read_is_still_refused_by_uvicorn() -> None:
    async with serving(replying(), http=SmallHeads) as served, connected(served) as peer:
        await peer.send(b"what is this?\r\n\r\n")
        assert (await peer.read_to_the_end()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("more", [b"\r\n", UPGRADE + b"\r\n"], ids=["http", "websocket"])
@in_event_loop
async def test_an_address_that_is_not_ascii_is_refused(more: bytes) -> None:
    async with serving(replying()) as served, connected(served) as peer:
        await peer.send(b"GET /z\xc3\xbcrich HTTP/1.1\r\n" + more)
        assert (await peer.read_to_the_end()).startswith(b"HTTP/1.1 400 ")


@in_event_loop
async def test_trailers_are_no_headers() -> None:
    async with serving(naming_headers) as served, connected(served) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nIf-Match: 1\r\n\r\n")
        assert b"\nhost transfer-encoding;" in await peer.read(b";")


# Clients that are never done


@pytest.mark.parametrize("begin", [b"", b"G", GET, b"\r\n"], ids=["nothing", "a letter", "most of it", "a blank line"])
@in_event_loop
async def test_a_connection_that_asks_for_nothing_ends(begin: bytes) -> None:
    async with serving(replying(), http=Impatient) as served, connected(served) as peer:
        await peer.send(begin)
        assert await peer.read_to_the_end() == b""


@pytest.mark.parametrize("begin", [b"G", GET, b"\r\n"], ids=["a letter", "most of it", "a blank line"])
@in_event_loop
async def test_a_connection_that_asks_for_no_second_thing_ends(begin: bytes) -> None:
    async with serving(replying(), http=Impatient, timeout_keep_alive=LONG) as served, connected(served) as peer:
        await peer.send(GET + b"\r\n")
        await peer.read(b"done")
        await peer.send(begin)
        assert await peer.read_to_the_end() == b""


@in_event_loop
async def test_an_idle_connection_is_kept_as_long_as_uvicorn_is_told() -> None:
    async with serving(replying(), http=Impatient, timeout_keep_alive=0.01) as served, connected(served) as peer:
        await peer.send(GET + b"\r\n")
        assert b"done" in await peer.read_to_the_end()


@in_event_loop
async def test_an_application_has_all_the_time_it_takes() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(Impatient.head_seconds * 2)
        await replying()(scope, receive, send)

    async with serving(slow, http=Impatient) as served, connected(served) as peer:
        await peer.send(GET + b"\r\n")
        await peer.read(b"done")


@in_event_loop
async def test_a_body_has_all_the_time_that_the_application_gives_it() -> None:
    async with serving(reading(), http=Impatient) as served, connected(served) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 4\r\n\r\n12")
        await asyncio.sleep(Impatient.head_seconds * 2)
        await peer.send(b"34")
        await peer.read(b"1234")


@in_event_loop
async def test_a_body_that_nobody_waits_for_any_more_has_not() -> None:
    async with serving(replying(), http=Impatient, timeout_keep_alive=LONG) as served, connected(served) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 4\r\n\r\n1")
        await peer.read(b"done")
        await peer.send(b"2")
        assert await peer.read_to_the_end() == b""


@in_event_loop
async def test_a_request_without_an_end_is_cut_off() -> None:
    async with serving(replying(), http=SmallHeads) as served, connected(served) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n")
        await peer.read(b"done")
        with pytest.raises(ConnectionError):
            await peer.send_until_cut_off(b"1\r\nx\r\n" * 100)


@in_event_loop
async def test_trailers_without_an_end_are_cut_off() -> None:
    async with serving(reading(), http=SmallHeads) as served, connected(served) as peer:
        await peer.send(b"POST / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ")
        with pytest.raises(ConnectionError):
            await peer.send_until_cut_off(b"x" * 500)


# Clients that do not read


@in_event_loop
async def test_an_application_does_not_wait_for_ever_for_a_client_to_read() -> None:
    finished = asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        gone = asyncio.create_task(_type_of(receive()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            await asyncio.sleep(0)
        assert gone.result() == "http.disconnect"
        finished.set()

    async with serving(endless, http=Impatient) as served, connected(served) as peer:
        await peer.send(GET + b"\r\n")
        await finished.wait()


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"], ids=["idle", "closed"])
@in_event_loop
async def test_a_connection_does_not_wait_for_ever_for_a_client_to_read(more: bytes) -> None:
    app = replying(body=b"x" * LARGE)
    async with serving(app, http=Roomy, timeout_keep_alive=0.01) as served, connected(served) as peer:
        await peer.send(GET + more + b"\r\n")
        await peer.read(b"x")
        await served.connections.all_gone()


@in_event_loop
async def test_a_server_that_stops_does_not_wait_for_ever_for_a_client_to_read() -> None:
    app = replying(body=b"x" * LARGE)
    async with connected_to(app, http=Roomy, timeout_keep_alive=LONG) as (_, peer):
        await peer.send(GET + b"\r\n")
        await peer.read(b"x")


# Timers


class Timer:
    """Stands for what an event loop will call later."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.fire = callback
        self.waits = True

    def cancel(self) -> None:
        self.waits = False


class Clock:
    """Stands for an event loop: what is to be called later is called by the test."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []

    def call_later(self, seconds: float, callback: Callable[..., None], *args: Any) -> Timer:
        self.timers.append(Timer(lambda: callback(*args)))
        return self.timers[-1]

    @property
    def waits(self) -> bool:
        return any(timer.waits for timer in self.timers)


class Pipe:
    """Stands for a connection with so much in its buffer."""

    def __init__(self) -> None:
        self.left = 1000
        self.aborted = False

    def get_extra_info(self, name: str) -> None:
        return None

    def get_write_buffer_size(self) -> int:
        return self.left

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.left += len(data)

    def close(self) -> None:
        pass

    def abort(self) -> None:
        self.aborted = True


def test_a_client_that_reads_slowly_is_waited_for() -> None:
    clock, pipe = Clock(), Pipe()
    connection = HttpConnection(a_config(), ServerState(), {}, clock)  # type: ignore[arg-type] # it stands for one
    connection.connection_made(pipe)  # type: ignore[arg-type] # it stands for one
    connection.pause_writing()
    for left in (999, 1, 1):
        assert not pipe.aborted
        pipe.left = left
        clock.timers[-1].fire()
    assert pipe.aborted


def test_a_client_that_reads_again_is_not_cut_off() -> None:
    clock, pipe = Clock(), Pipe()
    connection = HttpConnection(a_config(), ServerState(), {}, clock)  # type: ignore[arg-type] # it stands for one
    connection.connection_made(pipe)  # type: ignore[arg-type] # it stands for one
    clock.timers.clear()
    connection.pause_writing()
    assert clock.waits
    connection.resume_writing()
    assert not clock.waits


def test_nothing_waits_for_a_connection_that_is_lost() -> None:
    clock, pipe = Clock(), Pipe()
    connection = HttpConnection(a_config(), ServerState(), {}, clock)  # type: ignore[arg-type] # it stands for one
    connection.connection_made(pipe)  # type: ignore[arg-type] # it stands for one
    connection.pause_writing()
    assert clock.waits
    connection.connection_lost(OSError())
    assert not clock.waits


@in_event_loop
async def test_nothing_waits_for_a_websocket_that_is_lost() -> None:
    clock, pipe = Clock(), Pipe()
    connection = WebSocketConnection(a_config(), ServerState(), {}, clock)  # type: ignore[arg-type] # it stands for one
    connection.connection_made(pipe)  # type: ignore[arg-type] # it stands for one
    connection.shutdown()
    assert clock.waits
    connection.connection_lost(OSError())
    assert not clock.waits


def a_config() -> uvicorn.Config:
    return uvicorn.Config(replying(), http=HttpConnection, ws=WebSocketConnection, log_config=None)


# WebSockets


@pytest.mark.parametrize(
    "asked",
    [
        b"POST /ws HTTP/1.1\r\n" + UPGRADE + b"\r\n",
        b"GET /ws HTTP/1.1\r\n" + UPGRADE + b"X: " + b"x" * 10_000 + b"\r\n\r\n",
        b"GET /ws?" + b"x" * 10_000 + b" HTTP/1.1\r\n" + UPGRADE + b"\r\n",
        b"GET /ws HTTP/1.1\r\n" + UPGRADE.replace(b"Version: 13", b"Version: 1") + b"\r\n",
    ],
    ids=["post", "long header", "long target", "old version"],
)
@in_event_loop
async def test_what_is_no_handshake_is_answered(asked: bytes) -> None:
    async with serving(unreached) as served, connected(served) as peer:
        await peer.send(asked)
        assert (await peer.read_to_the_end()).startswith(b"HTTP/1.1 4")


@in_event_loop
async def test_a_refused_websocket_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"a token ", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"is needed"})

    async with serving(refusing) as served, connected(served) as peer:
        await peer.send(b"GET /ws HTTP/1.1\r\n" + UPGRADE + b"\r\n")
        read = await peer.read_to_the_end()

    assert read.startswith(b"HTTP/1.1 401 ")
    assert read.endswith(b"\r\n\r\na token is needed")
    assert caplog.records == []


@in_event_loop
async def test_a_websocket_is_served_for_longer_than_a_head_may_take() -> None:
    async with serving(echo, http=Impatient) as served, connected(served) as peer:
        await peer.open_websocket()
        await asyncio.sleep(Impatient.head_seconds * 2)
        await peer.send(frame(TEXT, b"hello"))
        await peer.read(b"hello")


@in_event_loop
async def test_a_client_that_does_not_read_is_cut_off_after_a_close() -> None:
    closed = asyncio.Event()

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        await flood(served, send)
        try:
            await send({"type": "websocket.close", "code": 1013, "reason": "too slow"})
        finally:
            closed.set()

    async with serving(closing, ws=SoonClosed) as served, connected(served) as peer:
        await peer.open_websocket()
        await closed.wait()
        await served.connections.all_gone()


@in_event_loop
async def test_a_client_that_reads_is_told_why_it_is_closed() -> None:
    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1013, "reason": "too slow"})

    async with serving(closing, ws=SoonClosed) as served, connected(served) as peer:
        read = await peer.open_websocket() + await peer.read_to_the_end()
    assert read == b"\x88\x0a" + (1013).to_bytes(2) + b"too slow"


@in_event_loop
async def test_a_client_that_does_not_read_is_cut_off_after_the_application_ended() -> None:
    async def ending(scope: Scope, receive: Receive, send: Send) -> None:
        await flood(served, send)

    async with serving(ending, ws=SoonClosed) as served, connected(served) as peer:
        await peer.open_websocket()
        await served.connections.all_gone()


@in_event_loop
async def test_a_client_that_does_not_read_is_cut_off_when_it_answers_no_ping() -> None:
    options = {"ws_ping_interval": 0.01, "ws_ping_timeout": 0.01}
    async with serving(flooding_for_ever, ws=SoonClosed, **options) as served, connected(served) as peer:
        await peer.open_websocket()
        await served.connections.all_gone()


@pytest.mark.parametrize("last", [frame(CLOSE), b"\xff\xff"], ids=["a close", "nonsense"])
@in_event_loop
async def test_a_client_that_does_not_read_is_cut_off_after_its_own_end(last: bytes) -> None:
    async with serving(flooding_for_ever, ws=SoonClosed) as served, connected(served) as peer:
        await peer.open_websocket()
        await served.connection.stuck.wait()
        await peer.send(last)
        await served.connections.all_gone()


@pytest.mark.parametrize("last", [b"", frame(CLOSE)], ids=["open", "closing"])
@in_event_loop
async def test_a_server_that_stops_does_not_wait_for_ever_for_a_websocket_to_read(last: bytes) -> None:
    async with connected_to(flooding_for_ever, ws=SoonClosed) as (served, peer):
        await peer.open_websocket()
        await served.connection.stuck.wait()
        await peer.send(last)
        if last:
            await served.connection.told_to_close.wait()


@in_event_loop
async def test_a_message_in_fragments_may_be_no_larger_than_one_in_one_piece() -> None:
    async with serving(echo, ws_max_size=100) as served, connected(served) as peer:
        await peer.open_websocket()
        await peer.send(frame(TEXT, b"x" * 50, final=False), frame(CONTINUED, b"x" * 50))
        await peer.read(b"x" * 100)
        await peer.send(frame(TEXT, b"x" * 50, final=False), *[frame(CONTINUED, b"x" * 10, final=False)] * 6)
        assert (1009).to_bytes(2) in await peer.read_to_the_end()


@in_event_loop
async def test_empty_fragments_are_not_gathered() -> None:
    async with serving(echo) as served, connected(served) as peer:
        await peer.open_websocket()
        await peer.send(frame(TEXT, b"a", final=False), frame(CONTINUED, final=False) * 1000)
        await peer.send(frame(PING, b"are you there?"))
        await peer.read(b"are you there?")
        assert served.connection.frames == [b"a"]
        await peer.send(frame(CONTINUED, b"b", final=False), frame(CONTINUED))
        await peer.read(b"ab")


@in_event_loop
async def test_pings_of_a_client_that_does_not_read_are_not_answered_without_an_end() -> None:
    heard = asyncio.Event()

    async def hearing(scope: Scope, receive: Receive, send: Send) -> None:
        await flood(served, send)
        while (await receive())["type"] != "websocket.receive":
            pass
        heard.set()
        await receive()

    async with serving(hearing, ws=SoonClosed) as served, connected(served) as peer:
        await peer.open_websocket()
        await served.connection.stuck.wait()
        connection = served.connection
        before = connection.transport.get_write_buffer_size()
        await peer.send(*[frame(PING, b"x" * 125) * 100] * 100, frame(TEXT, b"done"))
        await heard.wait()
        assert connection.transport.get_write_buffer_size() == before


@in_event_loop
async def test_pings_of_a_client_that_reads_are_answered() -> None:
    async with serving(echo) as served, connected(served) as peer:
        await peer.open_websocket()
        for number in range(3):
            await peer.send(frame(PING, b"ping %d" % number))
            await peer.read(b"ping %d" % number)


@asynccontextmanager
async def connected_to(app: ASGIApp, **options: Any) -> AsyncIterator[tuple[Served, Peer]]:
    """Connect a client that stays while the server stops."""
    async with AsyncExitStack() as stack:
        server = serving(app, **options)
        served = await server.__aenter__()
        peer = await stack.enter_async_context(connected(served))
        yield served, peer
        await server.__aexit__(None, None, None)


async def unreached(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})


async def flood(served: Served, send: Send) -> None:
    """Send to the only client until it feels that it does not read."""
    await send({"type": "websocket.accept"})
    while not served.connection.stuck.is_set():
        await send({"type": "websocket.send", "bytes": b"x" * 65536})


async def flooding_for_ever(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    while True:
        await send({"type": "websocket.send", "bytes": b"x" * 65536})


async def _type_of(message: Awaitable[Message]) -> str:
    return str((await message)["type"])
