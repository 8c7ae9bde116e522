"""The rules of an order. Read this first: it is the whole domain.

    Draft --PlaceOrder--> Placed --ShipOrder----> Shipped
                                 --CancelOrder--> Cancelled

`decide` takes a command and the order as it stands (None while it is a draft, before its first event) and answers
with the events that the command causes, or with one rejection. `evolve` takes an order and an event and gives the
order after it.
Both are pure: the id for a new order and the time are handed in, nothing is read and nothing is written.
"""

from collections.abc import Sequence
from datetime import datetime
from re import fullmatch

from orderlab.core.decider import Decider
from orderlab.core.errors import CorruptStream
from orderlab.orders.actions import (
    COMMANDS,
    EVENTS,
    REJECTIONS,
    CancelOrder,
    Command,
    Event,
    InvalidOrderState,
    OrderCancelled,
    OrderNotFound,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    Rejection,
    ShipOrder,
    ValidationFailed,
)
from orderlab.orders.model import Cancelled, Draft, Order, OrderItem, Placed, Shipped

PLACED = Placed()

MAX_ITEMS = 1_000
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE_CENTS = 100_000_000_000
MAX_TOTAL_CENTS = 2**53 - 1  # the largest whole number that every JSON reader keeps exact
MAX_TEXT = 200
MAX_ORDER_ID = 100


def decide(command: Command, order: Order | None, *, order_id: str, at: datetime) -> tuple[Event, ...] | Rejection:
    """Answer a command with the events it causes, or with a rejection.

    Args:
        command: What is wanted.
        order: The order it is about, as it stands; None if there is none.
        order_id: The command's own order id, or the one drawn for a new order.
        at: The time to be written into the events, aware UTC.

    >>> from datetime import UTC
    >>> noon = datetime(2025, 1, 1, 12, tzinfo=UTC)
    >>> decide(ShipOrder("order-1", "TRACK-1"), None, order_id="order-1", at=noon)
    OrderNotFound(order_id='order-1')
    """
    problem = problem_with(command)
    if problem is not None:
        return ValidationFailed(problem, command.order_id)
    match command:
        case PlaceOrder():
            if order is not None:
                return InvalidOrderState(order_id, order.status.name)
            items = tuple(command.items)
            return (OrderPlaced(order_id, command.customer_id, items, total_of(items), at),)
        case CancelOrder():
            return unless_placed(order, order_id) or (OrderCancelled(order_id, command.reason, at),)
        case ShipOrder():
            return unless_placed(order, order_id) or (OrderShipped(order_id, command.tracking_number, at),)
    raise TypeError(f"{command!r} is no command")


def evolve(order: Order | None, event: Event) -> Order:
    """Return the order after an event; never refuses, for what has happened has happened.

    Raises:
        CorruptStream: The event cannot follow; `decide` would never have caused it.
    """
    if isinstance(event, OrderPlaced):
        if order is None:
            return Order(
                event.order_id,
                event.customer_id,
                event.items,
                PLACED,
                event.total_cents,
                created_at=event.timestamp,
                updated_at=event.timestamp,
                version=1,
            )
    elif order is not None and order.id == event.order_id and isinstance(order.status, Placed):
        status = status_after(event)
        return Order(
            order.id,
            order.customer_id,
            order.items,
            status,
            order.total_cents,
            order.created_at,
            updated_at=event.timestamp,
            version=order.version + 1,
        )
    raise CorruptStream(f"{type(event).__name__} of {event.order_id} cannot follow {order!r}")


def status_after(event: OrderShipped | OrderCancelled) -> Shipped | Cancelled:
    """Return the last status of an order, which this event gives it."""
    if isinstance(event, OrderShipped):
        return Shipped(event.tracking_number, event.timestamp)
    return Cancelled(event.reason, event.timestamp)


def unless_placed(order: Order | None, order_id: str) -> Rejection | None:
    """Refuse to cancel or ship anything but an order that is placed."""
    if order is None:
        return OrderNotFound(order_id)
    if not isinstance(order.status, Placed):
        return InvalidOrderState(order_id, order.status.name)
    return None


def reflects(order: Order, event: Event) -> bool:
    """Tell whether the order already shows this event, as when it is announced a second time."""
    if isinstance(event, OrderPlaced):
        shown = (order.id, order.customer_id, order.items, order.total_cents, order.created_at)
        return shown == (event.order_id, event.customer_id, event.items, event.total_cents, event.timestamp)
    return order.id == event.order_id and order.status == status_after(event)


def command_of(event: Event) -> Command:
    """Return the command that causes such an event: what a log's facts say of the commands that they answered.

    >>> command_of(OrderShipped("order-1", "TRACK-1", datetime.min))
    ShipOrder(order_id='order-1', tracking_number='TRACK-1')
    """
    match event:
        case OrderPlaced():
            return PlaceOrder(event.customer_id, event.items, event.order_id)
        case OrderShipped():
            return ShipOrder(event.order_id, event.tracking_number)
    return CancelOrder(event.order_id, event.reason)


# The rules for a command's own fields. Each returns the first thing wrong, as a sentence, or None.


def problem_with(command: Command) -> str | None:
    """Return what is wrong with a command whatever the order is like."""
    match command:
        case PlaceOrder():
            return (
                (None if command.order_id is None else problem_with_id(command.order_id))
                or problem_with_text("customer_id", command.customer_id)
                or problem_with_items(command.items)
            )
        case CancelOrder():
            return problem_with_id(command.order_id) or problem_with_text("reason", command.reason)
        case ShipOrder():
            return problem_with_id(command.order_id) or problem_with_text("tracking_number", command.tracking_number)


def problem_with_id(order_id: str) -> str | None:
    """An order id has 1 to 100 characters, of a kind that is safe in an address and a file name."""
    if type(order_id) is str and fullmatch(rf"[A-Za-z0-9._-]{{1,{MAX_ORDER_ID}}}", order_id):
        return None
    return f"order_id must be 1 to {MAX_ORDER_ID} letters, digits, dots, underscores or hyphens"


def problem_with_text(field: str, value: str) -> str | None:
    """A text has 1 to 200 characters, is not blank, and can be written as UTF-8."""
    if type(value) is not str:  # a subclass may not be writable as JSON
        return f"{field} must be text, not {type(value).__name__}"
    if not value.strip():
        return f"{field} must not be blank"
    if len(value) > MAX_TEXT:
        return f"{field} must have at most {MAX_TEXT} characters, not {len(value)}"
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        return f"{field} must be valid text, without half of a surrogate pair"
    return None


def problem_with_items(items: Sequence[OrderItem]) -> str | None:
    """An order has 1 to 1,000 items, and a total that every program can hold exactly."""
    if not isinstance(items, Sequence) or isinstance(items, str):
        return f"items must be a sequence of OrderItem, not {type(items).__name__}"
    if not 1 <= len(items) <= MAX_ITEMS:
        return f"items must hold 1 to {MAX_ITEMS} items, not {len(items)}"
    for index, item in enumerate(items):
        if type(item) is not OrderItem:
            return f"items[{index}] must be an OrderItem, not {type(item).__name__}"
        problem = problem_with_item(item)
        if problem is not None:
            return f"items[{index}].{problem}"
    if total_of(items) > MAX_TOTAL_CENTS:
        return f"items must cost at most {MAX_TOTAL_CENTS} cents in all, not {total_of(items)}"
    return None


def problem_with_item(item: OrderItem) -> str | None:
    """An item has a product, a name, a quantity and a price."""
    return (
        problem_with_text("product_id", item.product_id)
        or problem_with_text("name", item.name)
        or problem_with_number("quantity", item.quantity, MAX_QUANTITY)
        or problem_with_number("unit_price_cents", item.unit_price_cents, MAX_UNIT_PRICE_CENTS)
    )


def problem_with_number(field: str, value: int, largest: int) -> str | None:
    """A quantity and a price are whole numbers from 1."""
    if type(value) is not int:  # so that True is no quantity
        return f"{field} must be a whole number, not {type(value).__name__}"
    if 1 <= value <= largest:
        return None
    shown = str(value) if abs(value) < 2**64 else "a number that long"  # Python prints no number of 4,301 digits
    return f"{field} must be from 1 to {largest}, not {shown}"


def total_of(items: Sequence[OrderItem]) -> int:
    """Return what the items cost together, in cents."""
    return sum(item.total_cents for item in items)


ORDERS: Decider[Order] = Decider(
    name="order",
    decide=lambda command, order, *, key, at: decide(command, order, order_id=key, at=at),
    evolve=evolve,
    key_of=lambda action: action.order_id,
    commands=COMMANDS,
    events=EVENTS,
    rejections=REJECTIONS,
    reflects=reflects,
    state_name=lambda order: Draft.name if order is None else order.status.name,
    states=tuple(status.name for status in (Draft, Placed, Shipped, Cancelled)),
    command_of=command_of,
)
"""The domain as one value, for everything that works with any domain: runtime, replay, time travel."""
