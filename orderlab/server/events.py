"""The routes about the log."""

from starlette.requests import Request
from starlette.responses import Response

from orderlab.eventstore.base import EventStoreError
from orderlab.orders.decider import ORDERS
from orderlab.server.answering import json_response
from orderlab.server.backend import backend_of, unreachable
from orderlab.server.reading import query_of
from orderlab.server.schemas import EventsPage, EventsQuery, Health, StreamPage, event_view


async def list_events(request: Request) -> Response:
    """Give a stretch of the log, in position order."""
    query = query_of(request, EventsQuery)
    event_store = backend_of(request).event_store
    try:
        events = [event_view(each) async for each in event_store.read_all(after=query.after, limit=query.limit)]
    except EventStoreError as error:
        raise unreachable(error) from error
    return json_response(EventsPage(events, events[-1].position if events else query.after))


async def list_order_events(request: Request) -> Response:
    """Give all events of an order: its story."""
    backend = backend_of(request)
    order = backend.order(request.path_params["order_id"])
    try:
        recorded = await backend.event_store.load_events(ORDERS.stream_id(order.id))
    except EventStoreError as error:
        raise unreachable(error) from error
    return json_response(StreamPage([event_view(each) for each in recorded]))


async def health(request: Request) -> Response:
    """Say whether the event store can be reached."""
    await backend_of(request).require_reachable()
    return json_response(Health())
