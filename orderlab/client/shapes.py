"""What the server answers, read strictly, and the domain values that it says."""

from uuid import UUID

import msgspec

from orderlab.core.errors import UnreadableEvent
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import Columns
from orderlab.eventstore.stored import unreadable
from orderlab.orders.actions import EVENTS, Instant
from orderlab.orders.codec import ORDER_CODEC, InvalidAction, decode_action
from orderlab.orders.decider import PLACED
from orderlab.orders.model import Cancelled, Order, OrderItem, Shipped, Status


class EventView(msgspec.Struct, frozen=True):
    """An event as the API shows it, the action undecoded."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    recorded_at: Instant
    correlation_id: str | None
    causation_id: str | None
    action: msgspec.Raw


class EventsPage(msgspec.Struct, frozen=True):
    """Some events in order."""

    events: list[EventView]


class Summary(msgspec.Struct, frozen=True):
    """How far the server's state has come."""

    position: int


class PlacedAnswer(msgspec.Struct, frozen=True):
    """An order was placed."""

    order_id: str
    total_cents: int
    placed_at: Instant


class CancelledAnswer(msgspec.Struct, frozen=True):
    """An order was cancelled."""

    cancelled_at: Instant


class ShippedAnswer(msgspec.Struct, frozen=True):
    """An order was shipped."""

    shipped_at: Instant


class _OrderView(msgspec.Struct, frozen=True, tag_field="status"):
    order_id: str
    customer_id: str
    items: tuple[OrderItem, ...]
    total_cents: int
    created_at: Instant
    updated_at: Instant
    version: int


class PlacedView(_OrderView, frozen=True, tag="placed"):
    """An order that waits."""


class ShippedView(_OrderView, frozen=True, tag="shipped"):
    """An order that is on its way."""

    tracking_number: str
    shipped_at: Instant


class CancelledView(_OrderView, frozen=True, tag="cancelled"):
    """An order that was called off."""

    reason: str
    cancelled_at: Instant


OrderView = PlacedView | ShippedView | CancelledView


class OrdersPage(msgspec.Struct, frozen=True):
    """Some orders, newest first, and where it goes on."""

    orders: list[OrderView]
    next: str | None


def order_of(view: OrderView) -> Order:
    """Return the order that was shown."""
    status: Status = PLACED
    if isinstance(view, ShippedView):
        status = Shipped(view.tracking_number, view.shipped_at)
    elif isinstance(view, CancelledView):
        status = Cancelled(view.reason, view.cancelled_at)
    return Order(
        view.order_id,
        view.customer_id,
        view.items,
        status,
        view.total_cents,
        view.created_at,
        view.updated_at,
        view.version,
    )


def recorded_event(view: EventView) -> RecordedEvent:
    """Return the event that was shown, as it is in the log but for `metadata`, which the API does not show.

    Raises:
        UnreadableEvent: It is no event that this program knows.
    """
    try:
        event = decode_action(bytes(view.action))
    except InvalidAction as error:
        raise unreadable(view.position, view.stream_id, view.version, error) from error
    if not isinstance(event, EVENTS):
        raise _no_event(view, type(event).__name__)
    event_type = type(event).__name__
    return RecordedEvent(
        view.event_id,
        view.stream_id,
        view.version,
        view.position,
        event_type,
        _schema_version(event_type),
        event,
        view.recorded_at,
        view.correlation_id,
        view.causation_id,
        {},
    )


def columns_of(views: list[EventView]) -> Columns:
    """Return events as a stretch of the log by column, undecoded, for a table."""
    tagged = [_tagged(view) for view in views]
    return {
        "position": [view.position for view in views],
        "stream_id": [view.stream_id for view in views],
        "version": [view.version for view in views],
        "event_id": [view.event_id for view in views],
        "event_type": [name for name, _ in tagged],
        "schema_version": [_schema_version(name) for name, _ in tagged],
        "recorded_at": [view.recorded_at for view in views],
        "correlation_id": [view.correlation_id for view in views],
        "causation_id": [view.causation_id for view in views],
        "payload": [payload for _, payload in tagged],
    }


def _tagged(view: EventView) -> tuple[str, msgspec.Raw]:
    try:
        [(name, payload)] = msgspec.json.decode(view.action, type=dict[str, msgspec.Raw]).items()
    except (msgspec.DecodeError, ValueError) as error:
        raise _no_event(view, "something else") from error
    return name, payload


def _no_event(view: EventView, what: str) -> UnreadableEvent:
    return unreadable(view.position, view.stream_id, view.version, f"an event was expected, and not {what}")


def _schema_version(event_type: str) -> int:
    """Return the version of the shape in which the server shows events: it upcasts them first, as every reader."""
    return ORDER_CODEC.schema_versions.get(event_type, 1)
