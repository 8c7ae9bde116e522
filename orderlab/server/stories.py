"""What time travel shows on a page: events with what each changed, folded here, for no rule is known to a browser."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orderlab.core.log import RecordedEvent
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import MACHINE
from orderlab.server.answering import json_response
from orderlab.server.backend import LOG_TROUBLE, backend_of, unreachable
from orderlab.server.events import events_of_order
from orderlab.server.schemas import event_view
from orderlab.timeline.live import LiveFold, message_of

MOST_EVENTS = 10_000
"""Events of the log that a page shows; a notebook shows more."""

_TURN = 100
"""Events that are folded before others have their turn."""


async def order_story(request: Request) -> Response:
    """Give all events of an order as they are in the log, and what each changed."""
    recorded = await events_of_order(request)
    return _answer(events=[event_view(each) for each in recorded], changes=_changes(recorded))


async def whole_log(request: Request) -> Response:
    """Give what each event of the log changed, up to as many events as a page shows, and how many there are."""
    event_store = backend_of(request).event_store
    try:
        changes = [each async for each in _changes_one_by_one(event_store.read_all(limit=MOST_EVENTS))]
        head = await event_store.head()
    except LOG_TROUBLE as error:
        raise unreachable(error) from error
    return _answer(length=head, machine=MACHINE.to_svg(findable=True), changes=changes)


def _answer(**members: Any) -> Response:
    return json_response({"noun": ORDERS.name, "states": ORDERS.states, **members})


def _changes(events: Iterable[RecordedEvent]) -> list[dict[str, Any]]:
    fold = LiveFold(ORDERS)
    return [message_of(fold.take(recorded), recorded.version) for recorded in events]


async def _changes_one_by_one(events: AsyncIterator[RecordedEvent]) -> AsyncIterator[dict[str, Any]]:
    fold = LiveFold(ORDERS)
    async for recorded in events:
        if recorded.position % _TURN == 0:
            await asyncio.sleep(0)
        yield message_of(fold.take(recorded), recorded.version)


STORIES = (
    Route("/story/{order_id}", order_story, methods=["GET"]),
    Route("/timetravel/log", whole_log, methods=["GET"]),
)
