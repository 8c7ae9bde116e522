"""The routes about orders."""

from starlette.requests import Request
from starlette.responses import Response

from orderlab.orders.actions import CancelOrder, OrderCancelled, OrderPlaced, OrderShipped, PlaceOrder, ShipOrder
from orderlab.orders.decider import problem_with_id
from orderlab.outcome import Outcome
from orderlab.server.answering import Page, json_response, tag_of
from orderlab.server.backend import backend_of, no_order
from orderlab.server.problems import Problem
from orderlab.server.reading import body_of, expected_version_of, has_tag, header_of, query_of
from orderlab.server.schemas import (
    CancelledAnswer,
    CancelOrderBody,
    OrdersQuery,
    PlacedAnswer,
    PlaceOrderBody,
    ShipOrderBody,
    ShippedAnswer,
    Summary,
    order_view,
)


async def place_order(request: Request) -> Response:
    """Place an order."""
    body = await body_of(request, PlaceOrderBody)
    outcome = await backend_of(request).send(request, PlaceOrder(body.customer_id, body.items))
    [placed] = outcome.events
    assert isinstance(placed, OrderPlaced)
    headers = {**_where(outcome), "Location": f"/api/v1/orders/{placed.order_id}"}
    return json_response(PlacedAnswer(placed.order_id, placed.total_cents, placed.timestamp), 201, headers)


async def cancel_order(request: Request) -> Response:
    """Cancel an order that is placed."""
    body = await body_of(request, CancelOrderBody, optional=True)
    order_id = _order_id(request)
    outcome = await backend_of(request).send(
        request, CancelOrder(order_id, body.reason), expected_version=await _expected_version(request, order_id)
    )
    [cancelled] = outcome.events
    assert isinstance(cancelled, OrderCancelled)
    return json_response(
        CancelledAnswer(cancelled.order_id, cancelled.reason, cancelled.timestamp), headers=_where(outcome)
    )


async def ship_order(request: Request) -> Response:
    """Ship an order that is placed."""
    body = await body_of(request, ShipOrderBody)
    order_id = _order_id(request)
    outcome = await backend_of(request).send(
        request, ShipOrder(order_id, body.tracking_number), expected_version=await _expected_version(request, order_id)
    )
    [shipped] = outcome.events
    assert isinstance(shipped, OrderShipped)
    return json_response(
        ShippedAnswer(shipped.order_id, shipped.tracking_number, shipped.timestamp), headers=_where(outcome)
    )


async def get_order(request: Request) -> Response:
    """Show an order; its `ETag` is its version."""
    backend = backend_of(request)
    await backend.catch_up()
    order = backend.order(request.path_params["order_id"])
    tag = tag_of(order.version)
    if has_tag(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return json_response(order_view(order), headers={"ETag": tag})


async def list_orders(request: Request) -> Response:
    """List orders, newest first."""
    query = query_of(request, OrdersQuery)
    backend = backend_of(request)
    await backend.catch_up()
    if query.after is not None and query.after not in backend.listing:
        raise Problem("invalid_request", f"after must be the next of the page before, and there is no {query.after!r}")
    orders, following = backend.listing.page(
        backend.store.state, status=query.status, customer_id=query.customer_id, after=query.after, limit=query.limit
    )
    page = Page()
    for order in orders:
        if not page.take(order_view(order)):
            break
    taken = len(page.values)
    return json_response({"orders": page.values, "next": following if taken == len(orders) else orders[taken - 1].id})


async def summarize(request: Request) -> Response:
    """Count the orders in each status."""
    backend = backend_of(request)
    await backend.catch_up()
    return json_response(Summary(backend.listing.position, backend.listing.counts()))


def _order_id(request: Request) -> str:
    """Return the order id in the address; one that no order can have is one that is not there."""
    order_id: str = request.path_params["order_id"]
    if problem_with_id(order_id) is not None:
        raise no_order(order_id)
    return order_id


async def _expected_version(request: Request, order_id: str) -> int | None:
    backend = backend_of(request)
    if "," in (header_of(request, "if-match") or ""):  # which of several versions it is others may have decided
        await backend.catch_up()
    order = backend.store.state.orders.get(order_id)
    return expected_version_of(request, None if order is None else order.version)


def _where(outcome: Outcome) -> dict[str, str]:
    """Say where the event of a command is: in its order, and in the log."""
    return {"ETag": tag_of(outcome.versions[-1]), "X-Event-Position": str(outcome.positions[-1])}
