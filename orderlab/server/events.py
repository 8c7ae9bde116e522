"""The routes about the log."""

from starlette.requests import Request
from starlette.responses import Response

from orderlab.core.log import RecordedEvent
from orderlab.orders.decider import ORDERS
from orderlab.server.answering import Page, json_response
from orderlab.server.backend import LOG_TROUBLE, backend_of, unreachable
from orderlab.server.reading import query_of
from orderlab.server.schemas import EventsQuery, Health, StreamPage, event_view


async def list_events(request: Request) -> Response:
    """Give a stretch of the log, in position order."""
    query = query_of(request, EventsQuery)
    event_store = backend_of(request).event_store
    page, last = Page(), query.after
    try:
        async for recorded in event_store.read_all(after=query.after, limit=query.limit):
            if not page.take(event_view(recorded)):
                break
            last = recorded.position
    except LOG_TROUBLE as error:
        raise unreachable(error) from error
    return json_response({"events": page.values, "next_after": last})


async def list_order_events(request: Request) -> Response:
    """Give all events of an order: its story."""
    recorded = await events_of_order(request)
    return json_response(StreamPage([event_view(each) for each in recorded]))


async def health(request: Request) -> Response:
    """Say whether the event store can be reached."""
    await backend_of(request).require_reachable()
    return json_response(Health())


async def events_of_order(request: Request) -> list[RecordedEvent]:
    """Return all events of the order that a request's path names."""
    backend = backend_of(request)
    await backend.catch_up()
    order = backend.order(request.path_params["order_id"])
    try:
        return await backend.event_store.load_events(ORDERS.stream_id(order.id))
    except LOG_TROUBLE as error:
        raise unreachable(error) from error
