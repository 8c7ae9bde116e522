"""Many clients at once, of one server or of several on one log, quick enough not to be what is measured: HTTP and
WebSocket on bare sockets.

Each places, ships and cancels orders, its own and those of others, over both, and checks that every answer is the
answer to what it asked. Each follows all events from the first on, and checks that they come in order.
"""

import asyncio
import json
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from orderlab.core.log import RecordedEvent
from orderlab.eventstore.rows import RowEventStore
from orderlab.replay import load_state
from orderlab.server.answering import encode
from orderlab.server.hub import frame_of
from orderlab.server.schemas import order_view

ITEM = {"product_id": "mug", "name": "Enamel mug", "quantity": 2, "unit_price_cents": 950}

GONE = (ConnectionError, asyncio.IncompleteReadError)
"""What a client finds out when the server is no more."""

AWAY = "event_store_unavailable"
"""The code of an answer that says nothing of what became of a command."""

_CAUSES = {"place": "OrderPlaced", "ship": "OrderShipped", "cancel": "OrderCancelled"}
_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_PATIENCE_SECONDS = 30.0
_RECENT = 400
"""Orders that are shipped and cancelled are chosen from the newest ones, of which some are still open."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A command that a client sends; `name` is its correlation id and, over HTTP, its idempotency key."""

    name: str
    kind: str
    order_id: str = ""
    over_http: bool = True

    @property
    def body(self) -> Mapping[str, Any]:
        """What it says beside the order's id: always its own name, by which its event is known."""
        if self.kind == "place":
            return {"customer_id": self.name, "items": [ITEM]}
        return {"tracking_number" if self.kind == "ship" else "reason": self.name}

    @property
    def path(self) -> str:
        return "/api/v1/orders" if self.kind == "place" else f"/api/v1/orders/{self.order_id}/{self.kind}"

    @property
    def action(self) -> Mapping[str, Any]:
        if self.kind == "place":
            return {"PlaceOrder": self.body}
        return {f"{self.kind.capitalize()}Order": {"order_id": self.order_id, **self.body}}


@dataclass(frozen=True, slots=True)
class Done:
    """A command that a client was told is done, and where."""

    ask: Ask
    order_id: str
    position: int


class Unanswered(Exception):
    """A server is there, and does not know what became of a command."""


class HttpLine:
    """One HTTP connection, kept open, with one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "HttpLine":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Ask, and return status, headers in lower case, and JSON."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *pairs = head.split("\r\n")[:-2]
        answered = {name.lower(): value for name, value in (pair.split(": ", 1) for pair in pairs)}
        answer = await self._reader.readexactly(int(answered["content-length"]))
        return int(status.split()[1]), answered, json.loads(answer)

    async def hang_up(self) -> None:
        self._writer.transport.abort()
        with suppress(*GONE):
            await self._writer.wait_closed()


class Follower(asyncio.Protocol):
    """One WebSocket, that tells a client of each text."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._buffer = b""
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self.open = False

    @classmethod
    async def follow(cls, port: int, client: "Client") -> "Follower":
        _, follower = await asyncio.get_running_loop().create_connection(lambda: cls(client), "127.0.0.1", port)
        await follower._opened
        return follower

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(
            f"GET /ws?after={self._client.position} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
            + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
            + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        start = 0
        if not self.open:
            head, found, _ = buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.startswith(b"HTTP/1.1 101 "), head
            self.open = True
            self._opened.set_result(None)
            start = len(head) + len(found)
        while len(buffer) - start >= 2:
            length, begin = buffer[start + 1], start + 2
            if length > 125:
                begin += 2 if length == 126 else 8
                length = int.from_bytes(buffer[start + 2 : begin])
            if len(buffer) < begin + length:
                break
            self._take(buffer[start] & 0xF, buffer[begin : begin + length])
            start = begin + length
        self._buffer = buffer[start:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == _TEXT:
            self._client.take(payload)
        elif opcode == _PING:
            self._send(_PONG, payload)
        elif opcode == _CLOSE:
            self._client.closed = int.from_bytes(payload[:2]), payload[2:].decode()

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if not self._opened.done():
            self._opened.set_exception(ConnectionResetError())
        self._client.lost()
        self._ended.set_result(None)

    def say(self, message: Mapping[str, Any]) -> None:
        self._send(_TEXT, json.dumps(message).encode())

    def _send(self, opcode: int, payload: bytes) -> None:
        """Send a frame, masked with zeros."""
        assert self._transport is not None
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2)
        self._transport.write(bytes([0x80 | opcode]) + length + bytes(4) + payload)

    async def hang_up(self) -> None:
        assert self._transport is not None
        self._transport.abort()
        await self._ended


class Client:
    """One of the crowd.

    `position` and `seen` are the position of the last event that it was told of, and a checksum of all of them;
    `faults` is what was wrong with their order. `done` and `refused` are the commands whose answers it had, `unknown`
    those whose answers it lost.
    """

    def __init__(self, crowd: "Crowd", number: int) -> None:
        self._crowd = crowd
        self._number = number
        self._random = Random(f"{crowd.seed}/{number}")
        self._asked = 0
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._told = asyncio.Event()
        self._http: HttpLine | None = None
        self._follower: Follower | None = None
        self.position = 0
        self.seen = 0
        self.closed: tuple[int, str] | None = None
        self.faults: list[str] = []
        self.done: list[Done] = []
        self.refused: list[Ask] = []
        self.unknown: list[Ask] = []

    async def connect(self, http_port: int, ws_port: int) -> None:
        """Come, or come back from where it was."""
        self._http = await HttpLine.open(http_port)
        self._follower = await Follower.follow(ws_port, self)

    async def hang_up(self) -> None:
        for line in (self._http, self._follower):
            if line is not None:
                await line.hang_up()

    # What it is told.

    def take(self, payload: bytes) -> None:
        """Take a text: an event, or an error."""
        if not payload.startswith(b'{"type":"event"'):
            self._answer(json.loads(payload)["id"], payload)
            return
        at = payload.rindex(b'"position":')
        position, _, name = payload[at + 11 : -2].partition(b',"correlation_id":"')
        if int(position) != self.position + 1:
            self.faults.append(f"after {self.position} came {position.decode()}")
        self.position = int(position)
        self.seen = zlib.crc32(payload, self.seen)
        self._told.set()
        self._answer(name.decode(), payload)

    def _answer(self, name: str, payload: bytes) -> None:
        waiting = self._waiting.pop(name, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(json.loads(payload))

    def lost(self) -> None:
        """Know that its WebSocket is no more."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError())
        self._waiting.clear()
        self._told.set()

    async def told_up_to(self, position: int) -> None:
        """Wait until it was told of the event at a position."""
        while self.position < position:
            assert self._follower is not None
            assert self._follower.open, f"closed at {self.position} of {position}: {self.closed}"
            self._told.clear()
            await self._told.wait()

    # What it does.

    async def act(self) -> None:
        """Do one thing after the other for as long as the crowd acts, or until the server is gone."""
        try:
            while asyncio.get_running_loop().time() < self._crowd.until:
                await self._step()
        except GONE:
            self._crowd.lost += 1

    async def _step(self) -> None:
        self._asked += 1
        name, order_ids = f"{self._number}-{self._asked}", self._crowd.order_ids
        over_http = self._random.random() < 0.5
        [kind] = self._random.choices(["place", "ship", "cancel", "look"], [5, 3, 2, 1])
        if kind == "place" or not order_ids:
            ask = Ask(name, "place", over_http=over_http)
        else:
            at = self._random.randrange(max(0, len(order_ids) - _RECENT), len(order_ids))
            ask = Ask(name, kind, order_ids[at], over_http)
        if ask.kind == "look":
            await self._look(ask)
            return
        try:
            self._note(ask, await (self.ask_over_http(ask) if over_http else self._ask_over_websocket(ask)))
        except Unanswered:
            self.unknown.append(ask)
        except GONE:
            self.unknown.append(ask)
            raise

    def _note(self, ask: Ask, done: Done | None) -> None:
        if done is None:
            self.refused.append(ask)
            return
        self.done.append(done)
        if ask.kind == "place":
            self._crowd.order_ids.append(done.order_id)
        self._crowd.acknowledged += 1
        self._crowd.moved.set()

    async def ask_again(self) -> None:
        """Ask again for what may have been done without its knowing; over HTTP alone, where a retry changes nothing."""
        again = [ask for ask in self.unknown if ask.over_http]
        self.unknown = [ask for ask in self.unknown if not ask.over_http]
        for ask in again:
            self._note(ask, await self.ask_over_http(ask))

    async def _look(self, ask: Ask) -> None:
        path = f"/api/v1/orders/{ask.order_id}"
        status, headers, answer = await self._answered("GET", path, {"X-Correlation-ID": ask.name})
        assert (status, headers["x-correlation-id"], answer["order_id"]) == (200, ask.name, ask.order_id)
        assert headers["etag"] == f'"{answer["version"]}"'

    async def ask_over_http(self, ask: Ask) -> Done | None:
        """Send a command over HTTP; return where its event is, or None if it was refused."""
        headers = {"X-Correlation-ID": ask.name, "Idempotency-Key": ask.name}
        status, headers, answer = await self._answered("POST", ask.path, headers, ask.body)
        assert headers["x-correlation-id"] == ask.name
        if status == 400:
            assert answer["code"] == "invalid_order_state"
            assert answer["detail"].startswith(f"order {ask.order_id} is {answer['current_status']}")
            return None
        assert status == (201 if ask.kind == "place" else 200), (ask, answer)
        assert ask.kind == "place" or answer["order_id"] == ask.order_id
        assert ask.kind == "place" or ask.name in (answer.get("tracking_number"), answer.get("reason"))
        return Done(ask, answer["order_id"], int(headers["x-event-position"]))

    async def _answered(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Ask over HTTP, and again for as long as the server cannot know; which it takes its time to find out."""
        assert self._http is not None
        while True:
            status, answered, answer = await self._http.ask(method, path, headers, body)
            if status != 503:
                return status, answered, answer
            assert answer["code"] == AWAY, answer
            self._crowd.away += 1
            self._crowd.turned_away.set()

    async def _ask_over_websocket(self, ask: Ask) -> Done | None:
        assert self._follower is not None
        if not self._follower.open:
            raise ConnectionResetError
        answer = self._waiting[ask.name] = asyncio.get_running_loop().create_future()
        self._follower.say({"type": "command", "action": ask.action, "id": ask.name})
        told = await answer
        if told["type"] == "error" and told["code"] == AWAY:
            raise Unanswered
        if told["type"] == "error":
            assert (told["id"], told["code"]) == (ask.name, "invalid_order_state")
            assert told["message"].startswith(f"order {ask.order_id} is ")
            return None
        [(event_type, event)] = told["action"].items()
        assert (told["correlation_id"], event_type) == (ask.name, _CAUSES[ask.kind])
        assert ask.kind == "place" or event["order_id"] == ask.order_id
        assert ask.name in event.values()
        return Done(ask, event["order_id"], told["position"])


@dataclass
class Crowd:
    """All of them.

    `acknowledged` counts the commands that are done, `lost` the clients whose server went while they acted, and `away`
    the requests whose answer was that the log cannot be reached.

    Args:
        size: How many.
        seed: What they do is drawn from this; when they do it is not.
    """

    size: int
    seed: int
    order_ids: list[str] = field(default_factory=list)
    lost: int = 0
    away: int = 0
    acknowledged: int = 0
    until: float = 0.0
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    turned_away: threading.Event = field(default_factory=threading.Event)
    clients: list[Client] = field(init=False)

    def __post_init__(self) -> None:
        self.clients = [Client(self, number) for number in range(self.size)]

    async def connect(self, *ports: int) -> None:
        """Have all of them come to some servers; with several, many follow another than the one that they ask."""
        pairs = [(http, ws) for http in ports for ws in ports]
        await asyncio.gather(*(client.connect(*pairs[n % len(pairs)]) for n, client in enumerate(self.clients)))

    async def act(self, seconds: float) -> None:
        """Have all of them act for so long, or until `rest`, or until their server is gone."""
        self.until = asyncio.get_running_loop().time() + seconds
        await asyncio.gather(*(client.act() for client in self.clients))

    def rest(self) -> None:
        """Have all of them stop after what they are doing."""
        self.until = 0.0

    async def has_done(self, more: int) -> None:
        """Wait until so many more commands are acknowledged."""
        enough = self.acknowledged + more
        while self.acknowledged < enough:
            self.moved.clear()
            await asyncio.wait_for(self.moved.wait(), _PATIENCE_SECONDS)

    async def told_up_to(self, position: int) -> None:
        await asyncio.gather(*(client.told_up_to(position) for client in self.clients))

    async def hang_up(self) -> None:
        for client in self.clients:
            await client.hang_up()

    @property
    def done(self) -> list[Done]:
        """Every command that a client was told is done."""
        return [done for client in self.clients for done in client.done]

    @property
    def refused(self) -> int:
        return sum(len(client.refused) for client in self.clients)

    def require_all_of(self, log: list[RecordedEvent]) -> None:
        """Make sure that a log has what each client was told, once, and that all of them saw exactly that log."""
        assert [fault for client in self.clients for fault in client.faults] == []
        by_name = {recorded.correlation_id: recorded for recorded in log}
        assert len(by_name) == len(log), "no command has caused two events"
        for done in self.done:
            recorded = by_name[done.ask.name]
            assert recorded.position == done.position
            assert (recorded.event_type, recorded.event.order_id) == (_CAUSES[done.ask.kind], done.order_id)
        for refused in (ask for client in self.clients for ask in client.refused):
            assert refused.name not in by_name
        seen = 0
        for recorded in log:
            seen = zlib.crc32(frame_of(recorded).encode(), seen)
        assert {(client.position, client.seen) for client in self.clients} == {(len(log), seen)}


def head_of(url: str) -> int:
    """Return the position of the last event that a server shows."""
    position = httpx.get(f"{url}/api/v1/summary", trust_env=False, verify=False).json()["position"]
    assert isinstance(position, int)
    return position


def orders_of(url: str) -> dict[str, Any]:
    """Return every order that a server lists, as it shows it."""
    listed: list[Any] = []
    with httpx.Client(base_url=url, trust_env=False, verify=False, timeout=60) as client:
        page: dict[str, Any] = {"next": ""}
        while page["next"] is not None:
            after = {"after": page["next"]} if page["next"] else {}
            page = client.get("/api/v1/orders", params={"limit": "1000", **after}).json()
            listed += page["orders"]
    orders = {order["order_id"]: order for order in listed}
    assert len(orders) == len(listed)
    return orders


async def replayed(event_store: RowEventStore) -> tuple[list[RecordedEvent], dict[str, Any]]:
    """Open a log; return its events, and every order as they make it, as a server would show it."""
    async with event_store:
        log = [recorded async for recorded in event_store.read_all()]
        state = await load_state(event_store)
    return log, {order_id: json.loads(encode(order_view(order))) for order_id, order in state.orders.items()}
