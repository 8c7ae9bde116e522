"""Every message of the contract's `/ws`, exchanged with a running `orderlab serve` by a client of its own kind."""

import asyncio
import json
import re
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
import pytest
from event_loop import in_event_loop
from serving import MUG, Serving, order_of, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from orderlab.server.limits import MOST_MESSAGE_BYTES

PLACE = {"PlaceOrder": {"customer_id": "ada", "items": [MUG]}}
AT = "2025-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Serving]:
    with serving("duckdb:///orders.duckdb", cwd=folder) as server:
        yield server


class Client:
    """A WebSocket client that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def command(self, action: Mapping[str, Any], message_id: str | None = None) -> None:
        await self.send({"type": "command", "action": action, **({} if message_id is None else {"id": message_id})})

    async def receive(self) -> dict[str, Any]:
        text = await self.connection.recv()
        assert isinstance(text, str)
        message = json.loads(text)
        assert isinstance(message, dict)
        return message

    async def event(self) -> dict[str, Any]:
        message = await self.receive()
        assert message["type"] == "event", message
        return message

    async def error(self) -> dict[str, Any]:
        message = await self.receive()
        assert message["type"] == "error", message
        return message

    async def is_served(self) -> bool:
        """Tell whether the very next that comes is the answer to a ping, and so nothing else was sent before."""
        await self.send({"type": "ping"})
        return await self.receive() == {"type": "pong"}

    async def rest(self) -> tuple[list[dict[str, Any]], tuple[int, str]]:
        """Return what comes until the end, and that."""
        received: list[dict[str, Any]] = []
        while True:
            try:
                received.append(await self.receive())
            except ConnectionClosed:
                return received, await self.closed()

    async def closed(self) -> tuple[int, str]:
        """Wait for the end, and return the code and the reason that the server gave."""
        with pytest.raises(ConnectionClosed) as caught:
            await self.receive()
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code, caught.value.rcvd.reason


@asynccontextmanager
async def client(server: Serving, query: str = "", **options: Any) -> AsyncIterator[Client]:
    async with connect(f"{server.ws_url}{query}", proxy=None, max_size=None, **options) as connection:
        yield Client(connection)


def http(server: Serving) -> httpx.AsyncClient:
    # Nothing is encrypted here, and to read the certificates of the world takes longer than to ask.
    return httpx.AsyncClient(base_url=server.url, trust_env=False, verify=False, timeout=60)


async def placed(client: Client, **fields: Any) -> tuple[str, int]:
    """Place an order, and return its id and the position of its event."""
    await client.command({"PlaceOrder": {"customer_id": "ada", "items": [MUG], **fields}})
    event = await client.event()
    order_id = event["action"]["OrderPlaced"]["order_id"]
    assert isinstance(order_id, str)
    return order_id, event["position"]


async def head(server: Serving) -> int:
    async with http(server) as asking:
        position = (await asking.get("/api/v1/summary")).json()["position"]
    assert isinstance(position, int)
    return position


# Commands and events


@in_event_loop
async def test_a_command_becomes_an_event_for_every_client_under_the_id_that_it_had(server: Serving) -> None:
    async with client(server) as sender, client(server) as other:
        before = await head(server)
        await sender.command(PLACE, "lab-1")

        event = await sender.event()

        timestamp = event["action"]["OrderPlaced"]["timestamp"]
        order_id = event["action"]["OrderPlaced"]["order_id"]
        assert timestamp.endswith("Z")
        assert event == {
            "type": "event",
            "action": {
                "OrderPlaced": {
                    "order_id": order_id,
                    "customer_id": "ada",
                    "items": [MUG],
                    "total_cents": 1_900,
                    "timestamp": timestamp,
                }
            },
            "position": before + 1,
            "correlation_id": "lab-1",
        }
        assert await other.event() == event


@in_event_loop
async def test_a_command_without_an_id_is_given_one(server: Serving) -> None:
    async with client(server) as sender, client(server) as other:
        await sender.command(PLACE)

        event = await sender.event()

        assert str(UUID(event["correlation_id"])) == event["correlation_id"]
        assert await other.event() == event


@in_event_loop
async def test_an_order_goes_through_its_life(server: Serving) -> None:
    async with client(server) as lab:
        order_id, position = await placed(lab, order_id="lab-life-1")
        await lab.command({"ShipOrder": {"order_id": order_id, "tracking_number": "TRACK-1"}}, "ship")
        shipped = await lab.event()
        other_id, _ = await placed(lab)
        await lab.command({"CancelOrder": {"order_id": other_id}}, "cancel")
        cancelled = await lab.event()

        assert order_id == "lab-life-1"
        assert shipped["position"] == position + 1
        assert shipped["correlation_id"] == "ship"
        assert shipped["action"]["OrderShipped"]["tracking_number"] == "TRACK-1"
        assert cancelled["action"]["OrderCancelled"]["reason"] == "Cancelled by customer"


@in_event_loop
async def test_what_is_done_over_http_comes_under_the_correlation_id_of_the_request(server: Serving) -> None:
    async with client(server) as lab, http(server) as asking:
        answer = await asking.post("/api/v1/orders", json=order_of(), headers={"X-Correlation-ID": "by-http"})

        event = await lab.event()

        assert event["action"]["OrderPlaced"]["order_id"] == answer.json()["order_id"]
        assert event["position"] == int(answer.headers["x-event-position"])
        assert event["correlation_id"] == "by-http"


@in_event_loop
async def test_commands_that_are_sent_at_once_are_done_in_their_order(server: Serving) -> None:
    async with client(server) as lab:
        for number in range(200):
            await lab.command(PLACE, f"many-{number}")

        events = [await lab.event() for _ in range(200)]

        assert [event["correlation_id"] for event in events] == [f"many-{number}" for number in range(200)]
        first = events[0]["position"]
        assert [event["position"] for event in events] == list(range(first, first + 200))


@in_event_loop
async def test_what_a_client_asked_for_before_it_went_is_done(server: Serving) -> None:
    async with client(server) as other:
        async with client(server) as lab:
            await lab.command(PLACE, "and-gone")
            lab.connection.transport.abort()

        assert (await other.event())["correlation_id"] == "and-gone"


# Refusals


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        ({"ShipOrder": {"order_id": "nobody", "tracking_number": "T"}}, "order_not_found", "there is no order nobody"),
        ({"CancelOrder": {"order_id": "nobody"}}, "order_not_found", "there is no order nobody"),
        ({"CancelOrder": {"order_id": "gone"}}, "invalid_order_state", "order gone is cancelled"),
        ({"PlaceOrder": {"customer_id": "a", "items": [MUG], "order_id": "gone"}}, "invalid_order_state", "cancelled"),
        ({"PlaceOrder": {"customer_id": "a", "items": []}}, "validation_failed", "items must hold 1 to 1000"),
        ({"ShipOrder": {"order_id": "%", "tracking_number": "T"}}, "validation_failed", "order_id must be"),
    ],
)
@in_event_loop
async def test_a_refusal_is_told_to_its_sender_alone(
    action: Mapping[str, Any], code: str, words: str, server: Serving
) -> None:
    async with client(server) as sender, client(server) as other:
        await sender.command({"PlaceOrder": {"customer_id": "a", "items": [MUG], "order_id": "gone"}})
        if (await sender.receive())["type"] == "event":  # it is placed by the first test, and is there for the others
            await other.event()
            await sender.command({"CancelOrder": {"order_id": "gone"}})
            assert await sender.event() == await other.event()

        await sender.command(action, "refused-1")

        error = await sender.error()
        assert error == {"type": "error", "message": error["message"], "code": code, "id": "refused-1"}
        assert words in error["message"]
        assert await other.is_served()


@in_event_loop
async def test_a_refusal_of_a_command_without_an_id_has_none(server: Serving) -> None:
    async with client(server) as lab:
        await lab.command({"CancelOrder": {"order_id": "nobody"}})

        assert set(await lab.error()) == {"type", "message", "code"}


BAD_MESSAGES = [
    ("", "malformed_json"),
    ("hello", "malformed_json"),
    ('{"type":"ping"', "malformed_json"),
    ('{"type":"ping"} {}', "malformed_json"),
    ('{"id":' + "[" * 60_000, "malformed_json"),
    ('{"type":' * 8_000, "malformed_json"),
    ("null", "invalid_request"),
    ("[]", "invalid_request"),
    ("7", "invalid_request"),
    ("{}", "invalid_request"),
    ('{"type":null}', "invalid_request"),
    ('{"type":["ping"]}', "invalid_request"),
    ('{"type":"PING"}', "invalid_request"),
    ('{"type":"pong"}', "invalid_request"),
    ('{"type":"error","message":"no"}', "invalid_request"),
    ('{"type":"ping","id":7}', "invalid_request"),
    ('{"type":"ping","id":""}', "invalid_request"),
    (json.dumps({"type": "ping", "id": "x" * 129}), "invalid_request"),
    (json.dumps({"type": "ping", "id": "a\nb"}), "invalid_request"),
    ('{"type":"command"}', "invalid_request"),
    ('{"type":"command","action":null}', "invalid_request"),
    ('{"type":"command","action":{}}', "invalid_request"),
    ('{"type":"command","action":"PlaceOrder"}', "invalid_request"),
    ('{"type":"command","action":{"Launch":{}}}', "invalid_request"),
    ('{"type":"command","action":{"CancelOrder":{},"ShipOrder":{}}}', "invalid_request"),
    ('{"type":"command","action":{"CancelOrder":{}}}', "invalid_request"),
    ('{"type":"command","action":{"CancelOrder":{"order_id":7}}}', "invalid_request"),
    ('{"type":"command","action":{"CancelOrder":{"order_id":"a","why":"b"}}}', "invalid_request"),
    ('{"type":"command","action":{"CancelOrder":' + "[" * 30_000 + "}}", "malformed_json"),
    (
        '{"type":"command","action":{"PlaceOrder":{"customer_id":"a","items":[' + "1," * 30_000 + "1]}}}",
        "invalid_request",
    ),
    (json.dumps({"type": "event", "action": PLACE, "position": 1}), "invalid_request"),
    *(
        (json.dumps({"type": "command", "action": action}), "invalid_request")
        for action in (
            {"OrderPlaced": {"order_id": "a", "customer_id": "b", "items": [], "total_cents": 1, "timestamp": AT}},
            {"OrderShipped": {"order_id": "a", "tracking_number": "b", "timestamp": AT}},
            {"OrderCancelled": {"order_id": "a", "reason": "b", "timestamp": AT}},
            {"OrderNotFound": {"order_id": "a"}},
            {"InvalidOrderState": {"order_id": "a", "current_status": "placed"}},
            {"ValidationFailed": {"error": "a", "order_id": None}},
        )
    ),
]


@pytest.mark.parametrize(("text", "code"), BAD_MESSAGES, ids=lambda text: text[:40])
@in_event_loop
async def test_a_bad_message_is_answered_with_an_error_and_changes_nothing(
    text: str, code: str, server: Serving
) -> None:
    before = await head(server)
    async with client(server) as sender, client(server) as other:
        await sender.connection.send(text)

        error = await sender.error()

        assert error["code"] == code
        assert 0 < len(error["message"]) < 500
        assert await sender.is_served()
        assert await other.is_served()
    assert await head(server) == before


@in_event_loop
async def test_an_event_that_a_client_makes_up_is_refused_by_its_name(server: Serving) -> None:
    async with client(server) as lab:
        forged = {"OrderShipped": {"order_id": "a", "tracking_number": "b", "timestamp": AT}}
        await lab.command(forged, "forged-1")

        error = await lab.error()

        assert error["id"] == "forged-1"
        assert (
            error["message"]
            == "only commands are taken, and OrderShipped is an event, and events are what commands cause"
        )


@in_event_loop
async def test_a_binary_message_is_answered_with_an_error(server: Serving) -> None:
    async with client(server) as lab:
        await lab.connection.send(b'{"type":"ping"}')

        assert (await lab.error())["message"] == "a message is text, and this one is binary"
        assert await lab.is_served()


# Pings


@in_event_loop
async def test_a_ping_is_answered_with_a_pong_and_nothing_else(server: Serving) -> None:
    async with client(server) as lab, client(server) as other:
        await lab.send({"type": "ping"})

        assert await lab.receive() == {"type": "pong"}
        await (await lab.connection.ping())
        assert await other.is_served()


@in_event_loop
async def test_who_sends_very_much_is_read_more_slowly_and_loses_nothing(server: Serving) -> None:
    async with client(server) as lab, client(server) as other:
        begun = monotonic()
        for _ in range(1_200):
            await lab.send({"type": "ping"})

        for _ in range(1_200):
            assert await lab.receive() == {"type": "pong"}

        assert monotonic() - begun > 0.3  # a thousand at once, and then five hundred a second
        assert await other.is_served()


# Clients that are no good


@pytest.mark.parametrize(
    "large", [" " * (MOST_MESSAGE_BYTES + 1), "é" * (MOST_MESSAGE_BYTES // 2 + 1)], ids=["a little", "in bytes"]
)
@in_event_loop
async def test_a_message_that_is_too_large_closes_its_connection_alone(large: str, server: Serving) -> None:
    async with client(server) as lab, client(server) as other:
        await lab.connection.send(large)

        assert (await lab.closed())[0] == 1009
        assert await other.is_served()


@in_event_loop
async def test_a_message_as_large_as_may_be_is_read(server: Serving) -> None:
    async with client(server) as lab:
        await lab.connection.send('{"type":"ping"}'.ljust(MOST_MESSAGE_BYTES))

        assert await lab.receive() == {"type": "pong"}


@in_event_loop
async def test_a_message_in_many_pieces_is_one(server: Serving) -> None:
    async with client(server) as lab:
        await lab.connection.send(list('{"type":"ping"}'))

        assert await lab.receive() == {"type": "pong"}


@in_event_loop
async def test_an_order_as_large_as_may_be_is_placed(server: Serving) -> None:
    items = [{**MUG, "name": f"Mug {number} {'é' * 150}"} for number in range(1_000)]
    async with client(server) as lab:
        await lab.command({"PlaceOrder": {"customer_id": "ada", "items": items}}, "large")

        assert (await lab.event())["correlation_id"] == "large"


@in_event_loop
async def test_a_message_in_thousands_of_pieces_is_one(server: Serving) -> None:
    async with client(server) as lab:
        await lab.connection.send(list('{"type":"ping"}'.ljust(5_000)))

        assert await lab.receive() == {"type": "pong"}


@in_event_loop
async def test_pieces_that_are_too_large_together_close_the_connection(server: Serving) -> None:
    async with client(server) as lab, client(server) as other:
        pieces = -(-MOST_MESSAGE_BYTES // 1_000)  # the last is too much: a socket closed on what is still sent is reset
        with suppress(ConnectionClosed):
            await lab.connection.send([" " * 1_000] * pieces)

        assert (await lab.closed())[0] == 1009
        assert await other.is_served()


HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PING_FRAME = b"\x81\x8f\x00\x00\x00\x00" + b'{"type":"ping"}'
PONG_FRAME = b"\x81\x0f" + b'{"type":"pong"}'


@asynccontextmanager
async def raw(server: Serving) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


@in_event_loop
async def test_who_sends_byte_by_byte_is_understood(server: Serving) -> None:
    async with raw(server) as (reader, writer):
        for byte in HANDSHAKE:
            writer.write(bytes([byte]))
            await writer.drain()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        for byte in PING_FRAME:
            writer.write(bytes([byte]))
            await writer.drain()

        assert await reader.readexactly(len(PONG_FRAME)) == PONG_FRAME


@pytest.mark.parametrize(
    "sent",
    [b"", HANDSHAKE[:50], HANDSHAKE, HANDSHAKE + PING_FRAME[:4], HANDSHAKE + b"\x01\x85\x00\x00\x00\x00hello"],
    ids=["nothing", "half a handshake", "no message", "half a message", "the first of two pieces"],
)
@pytest.mark.parametrize("end", ["reset", "half open", "left open"])
@in_event_loop
async def test_who_stops_in_the_middle_disturbs_nobody(sent: bytes, end: str, server: Serving) -> None:
    async with client(server) as other, raw(server) as (_, writer):
        writer.write(sent)
        await writer.drain()
        if end == "reset":
            writer.transport.abort()
        elif end == "half open":
            writer.write_eof()

        await other.command(PLACE, "undisturbed")

        assert (await other.event())["correlation_id"] == "undisturbed"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x81\x83\x00\x00\x00\x00\xff\xfe\xfd", 1007),  # text that is not UTF-8
        (b"\x81\x05hello", 1002),  # without a mask
        (b"\xf1\x80\x00\x00\x00\x00", 1002),  # bits that mean nothing
        (b"\x80\x80\x00\x00\x00\x00", 1002),  # the rest of nothing
        (b"\x83\x80\x00\x00\x00\x00", 1002),  # an opcode that there is not
        (b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 1009),  # nine exabytes, it says
    ],
)
@in_event_loop
async def test_what_is_no_message_at_all_closes_its_connection_with_a_reason(
    frame: bytes, code: int, server: Serving
) -> None:
    async with client(server) as other, raw(server) as (reader, writer):
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame)

        opcode, length = await reader.readexactly(2)
        payload = await reader.readexactly(length)

        assert opcode == 0x88
        assert int.from_bytes(payload[:2]) == code
        assert await reader.read() == b""
        assert await other.is_served()


# Coming back


@in_event_loop
async def test_who_comes_back_has_what_was_missed_and_then_what_comes(server: Serving) -> None:
    async with client(server) as lab:
        missed = [await placed(lab) for _ in range(3)]
        _, seen = missed[0]

        async with client(server, f"?after={seen}") as back:
            history = [await back.event() for _ in range(2)]
            later = await placed(lab)
            live = await back.event()

    assert [event["position"] for event in (*history, live)] == [missed[1][1], missed[2][1], later[1]]


@pytest.mark.parametrize("query", ["?after=0", ""])
@in_event_loop
async def test_who_begins_at_the_beginning_has_the_log_as_http_gives_it(query: str, tmp_path: Path) -> None:
    with serving("--sample", cwd=tmp_path) as server:
        end = await head(server)
        async with http(server) as asking, client(server, query) as lab:
            log = (await asking.get("/api/v1/events?limit=1000")).json()["events"]
            if not query:
                assert await lab.is_served()  # live alone
                return
            events = [await lab.event() for _ in range(end)]

            assert await lab.is_served()
    assert events == [
        {
            "type": "event",
            "action": recorded["action"],
            "position": recorded["position"],
            "correlation_id": recorded["correlation_id"],
        }
        for recorded in log
    ]


@in_event_loop
async def test_who_comes_while_others_write_has_everything_once(server: Serving) -> None:
    start = await head(server)
    count = 1_000

    async def write(writer: Client) -> None:
        for _ in range(count // 2):
            await writer.command(PLACE)

    async def follow(after: int) -> list[int]:
        async with client(server, f"?after={after}") as follower:
            positions = [after]
            while positions[-1] < start + count:
                positions.append((await follower.event())["position"])
            return positions

    async with client(server) as one, client(server, max_queue=None) as two:
        writing = asyncio.gather(write(one), write(two))
        following = [asyncio.create_task(follow(start))]
        for seen in range(1, count + 1):
            await one.event()
            if seen % 50 == 0:
                following.append(asyncio.create_task(follow(start + seen - 25)))
        await writing

        for positions in await asyncio.gather(*following):
            assert positions == list(range(positions[0], start + count + 1))


@in_event_loop
async def test_who_claims_to_have_seen_what_is_not_there_is_told_so(server: Serving) -> None:
    async with client(server, f"?after={10**9}") as lab:
        code, reason = await lab.closed()

    assert code == 1008
    assert reason == f"after is beyond the log, which ends at {await head(server)}"


@pytest.mark.parametrize(
    "query",
    ["?after=", "?after=-1", "?after=x", "?after=1.5", "?after=9007199254740992", "?after=1&after=1", "?from=1"],
)
@in_event_loop
async def test_a_place_that_is_none_is_refused_before_there_is_a_websocket(query: str, server: Serving) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with client(server, query):
            pass

    response = caught.value.response
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    assert json.loads(response.body or b"")["code"] == "invalid_request"


@in_event_loop
async def test_a_websocket_has_the_correlation_id_that_its_request_brought(server: Serving) -> None:
    async with client(server, additional_headers={"X-Correlation-ID": "opening"}) as lab:
        assert lab.connection.response is not None
        assert lab.connection.response.headers["X-Correlation-ID"] == "opening"


# Ends


@in_event_loop
async def test_who_does_not_keep_up_is_sent_away_and_can_come_back(tmp_path: Path) -> None:
    large = {**MUG, "product_id": "p" * 200, "name": "n" * 200}
    count = 110  # of 480 kB each: more than is kept for clients, and more than the system's buffers hold beside it
    with serving("--fresh", cwd=tmp_path) as server, socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        sock.connect(("127.0.0.1", server.port))
        async with client(server, sock=sock, max_queue=1) as slow, client(server) as other, http(server) as asking:
            for _ in range(count):
                await asking.post("/api/v1/orders", json=order_of("ada", *[large] * 1_000))
                await other.event()

            received, (code, reason) = await slow.rest()

        seen = len(received)
        assert 0 < seen < count
        assert [event["position"] for event in received] == list(range(1, seen + 1))
        assert (code, reason) == (1013, f"too slow: come back with after={seen}")
        async with client(server, f"?after={seen}") as back:
            assert [(await back.event())["position"] for _ in range(count - seen)] == list(range(seen + 1, count + 1))
            assert await back.is_served()


@in_event_loop
async def test_a_server_that_stops_tells_its_clients_that_it_will_be_back(tmp_path: Path) -> None:
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        async with client(server) as lab, client(server) as other:
            await lab.command(PLACE)
            await lab.event()
            await other.event()

            server.process.send_signal(signal.SIGTERM)

            assert (await lab.closed())[0] == 1012
            assert (await other.closed())[0] == 1012
        assert server.process.wait(30) == 0
        assert server.logged() == ""


@in_event_loop
async def test_commands_that_a_server_has_when_it_is_told_to_stop_are_done_or_not_begun(tmp_path: Path) -> None:
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        async with client(server) as lab:
            for number in range(300):
                await lab.command(PLACE, f"stop-{number}")
            first = await lab.event()
            server.process.send_signal(signal.SIGTERM)
            rest, (code, _) = await lab.rest()
        assert code == 1012
        assert server.process.wait(30) == 0
    with serving("duckdb:///orders.duckdb", cwd=tmp_path) as server:
        async with client(server, "?after=0") as lab:
            log = [await lab.event() for _ in range(await head(server))]

    events = [message for message in (first, *rest) if message["type"] == "event"]
    assert log[: len(events)] == events
    assert [event["correlation_id"] for event in log] == [f"stop-{number}" for number in range(len(log))]


def test_none_of_this_was_a_fault_of_the_server(server: Serving) -> None:
    assert [line for line in server.logged().splitlines() if not re.search(r"WARNING uvicorn\.error", line)] == []
