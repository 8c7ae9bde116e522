"""The bare servers, each run as a process: `python -m benchmarks.bare orders`.

They run on the same libraries as ours, chosen in the same way, and do the least that there is to do.

`orders` is Starlette with two routes on plain uvicorn. One reads the body of an order to be placed, has the same
pydantic type check it as ours has, and throws it away; both answer a constant, which has the size of our answer.

`broadcast` is an ASGI function on plain uvicorn, with uvicorn's quickest WebSocket protocol and without compression.
When it is told to, it sends one piece of text, of the size of ours, to each client in turn.
"""

import socket
import sys
from datetime import UTC, datetime

import msgspec
import uvicorn
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.sample import CUSTOMER, ITEMS, TOTAL_CENTS
from benchmarks.servers import HOST
from orderlab.core.log import RecordedEvent
from orderlab.orders.actions import OrderPlaced
from orderlab.orders.decider import ORDERS, evolve
from orderlab.server.hub import frame_of
from orderlab.server.schemas import PlacedAnswer, PlaceOrderBody, order_view
from orderlab.system import RandomIds

_BACKLOG = 2_048

_IDS = RandomIds()
_EVENT = OrderPlaced(_IDS.new_id("order"), CUSTOMER, ITEMS, TOTAL_CENTS, datetime.now(UTC))


def orders() -> ASGIApp:
    """Return the application that checks and answers."""
    adapter = TypeAdapter(PlaceOrderBody)
    placed = msgspec.json.encode(PlacedAnswer(_EVENT.order_id, _EVENT.total_cents, _EVENT.timestamp))
    order = msgspec.json.encode(order_view(evolve(None, _EVENT)))
    location = {"Location": f"/api/v1/orders/{_EVENT.order_id}"}

    async def place(request: Request) -> Response:
        adapter.validate_json(await request.body())
        return Response(placed, 201, location, "application/json")

    async def show(request: Request) -> Response:
        return Response(order, media_type="application/json")

    return Starlette(
        routes=[
            Route("/api/v1/orders", place, methods=["POST"]),
            Route("/api/v1/orders/{order_id}", show, methods=["GET"]),
        ]
    )


def broadcast() -> ASGIApp:
    """Return the application that sends a text to all of its clients, before it answers who told it to."""
    clients: set[Send] = set()
    message = {"type": "websocket.send", "text": _text()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            clients.add(send)
            while (await receive())["type"] != "websocket.disconnect":
                pass
            clients.discard(send)
        else:
            for client in clients:
                await client(message)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

    return app


def _text() -> str:
    """Return an event as our clients are sent it."""
    event_id, position, kind, correlation_id = _IDS.new_uuid(), 1_000, type(_EVENT).__name__, str(_IDS.new_uuid())
    where = (event_id, ORDERS.stream_id(_EVENT.order_id), 1, position)
    return frame_of(RecordedEvent(*where, kind, 2, _EVENT, _EVENT.timestamp, correlation_id, correlation_id, {}))


def main(name: str) -> None:
    """Serve an application until told to stop; say first where."""
    app = {"orders": orders, "broadcast": broadcast}[name]()
    listening = socket.create_server((HOST, 0), backlog=_BACKLOG)
    sys.stdout.write(f"{name} is at http://{HOST}:{listening.getsockname()[1]}/\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
        access_log=False,
        backlog=_BACKLOG,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1])
