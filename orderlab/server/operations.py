"""What can be asked of the API, one operation a line: the routes and the OpenAPI document are both made from these."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from orderlab.server.events import health, list_events, list_order_events
from orderlab.server.orders import cancel_order, get_order, list_orders, place_order, ship_order, summarize
from orderlab.server.schemas import (
    CancelledAnswer,
    CancelOrderBody,
    EventsPage,
    EventsQuery,
    Health,
    OrdersPage,
    OrdersQuery,
    OrderView,
    PlacedAnswer,
    PlaceOrderBody,
    ShipOrderBody,
    ShippedAnswer,
    StreamPage,
    Summary,
)

EVERYWHERE = ("forbidden_origin", "misdirected_host", "internal_error")
"""Problems that any request may meet."""

_BEHIND_TOKEN = ("unauthorized",)
_WITH_BODY = ("malformed_json", "invalid_request", "payload_too_large", "unsupported_media_type", "request_timeout")
_WRITING = ("validation_failed", "idempotency_key_reused", "version_conflict", "overloaded", "event_store_unavailable")
_READING = ("overloaded", "event_store_unavailable")
_ABOUT_ONE = ("order_not_found", "invalid_order_state", "version_mismatch")


@dataclass(frozen=True, slots=True)
class Operation:
    """One request that the API takes.

    Args:
        method: The HTTP method.
        path: The path, as Starlette and OpenAPI both write it.
        endpoint: What answers it; its docstring is the summary.
        answer: The type of the answer.
        status: The status of success.
        body: The type of the body, if it takes one.
        body_needed: Whether the body may be left out.
        query: The type of the query, if it takes one.
        takes: Request headers beside those that every request may have.
        gives: Answer headers beside those that every answer has.
        problems: The codes of the problems it may answer beside those of `EVERYWHERE`.
    """

    method: str
    path: str
    endpoint: Callable[[Request], Awaitable[Response]]
    answer: Any
    status: int = 200
    body: Any = None
    body_needed: bool = True
    query: Any = None
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    problems: tuple[str, ...] = _BEHIND_TOKEN

    @property
    def name(self) -> str:
        """The operation's id in the document."""
        return self.endpoint.__name__

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.endpoint.__doc__ or "").partition("\n")[0].rstrip(".")


_ORDER = "/api/v1/orders/{order_id}"
_WHERE = ("ETag", "X-Event-Position")

OPERATIONS = (
    Operation(
        "POST",
        "/api/v1/orders",
        place_order,
        PlacedAnswer,
        201,
        body=PlaceOrderBody,
        takes=("Idempotency-Key",),
        gives=("Location", *_WHERE),
        problems=(*_BEHIND_TOKEN, *_WITH_BODY, *_WRITING),
    ),
    Operation(
        "GET",
        "/api/v1/orders",
        list_orders,
        OrdersPage,
        query=OrdersQuery,
        problems=(*_BEHIND_TOKEN, *_READING, "invalid_request"),
    ),
    Operation(
        "GET",
        _ORDER,
        get_order,
        OrderView,
        takes=("If-None-Match",),
        gives=("ETag",),
        problems=(*_BEHIND_TOKEN, *_READING, "order_not_found"),
    ),
    Operation(
        "POST",
        f"{_ORDER}/cancel",
        cancel_order,
        CancelledAnswer,
        body=CancelOrderBody,
        body_needed=False,
        takes=("Idempotency-Key", "If-Match"),
        gives=_WHERE,
        problems=(*_BEHIND_TOKEN, *_WITH_BODY, *_WRITING, *_ABOUT_ONE),
    ),
    Operation(
        "POST",
        f"{_ORDER}/ship",
        ship_order,
        ShippedAnswer,
        body=ShipOrderBody,
        takes=("Idempotency-Key", "If-Match"),
        gives=_WHERE,
        problems=(*_BEHIND_TOKEN, *_WITH_BODY, *_WRITING, *_ABOUT_ONE),
    ),
    Operation(
        "GET",
        f"{_ORDER}/events",
        list_order_events,
        StreamPage,
        problems=(*_BEHIND_TOKEN, *_READING, "order_not_found"),
    ),
    Operation(
        "GET",
        "/api/v1/events",
        list_events,
        EventsPage,
        query=EventsQuery,
        problems=(*_BEHIND_TOKEN, "invalid_request", "event_store_unavailable"),
    ),
    Operation("GET", "/api/v1/summary", summarize, Summary, problems=(*_BEHIND_TOKEN, *_READING)),
    Operation("GET", "/health", health, Health, problems=_READING),
)
