"""Every value of the order domain for Hypothesis: what keeps all rules, of any script and size, simplest first."""

from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits

from hypothesis import strategies as st

from orderlab.orders.actions import (
    Action,
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
from orderlab.orders.decider import (
    MAX_ORDER_ID,
    MAX_QUANTITY,
    MAX_TEXT,
    MAX_TOTAL_CENTS,
    MAX_UNIT_PRICE_CENTS,
    evolve,
    total_of,
)
from orderlab.orders.model import Cancelled, Draft, Order, OrderItem, OrderState, Placed, Shipped

MOST_ITEMS = 4
_NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
_HOURS = st.integers(0, 1_000)
_AWKWARD = [
    "a",
    "\x00",
    "\\u0000",
    '"',
    "\\",
    "</script>",
    "é",
    "e\u0301",
    "漢字",
    "עברית",
    "👩🏽\u200d🚀",
    "\U0010ffff",
]


def texts() -> st.SearchStrategy[str]:
    """Return a strategy for texts that are allowed: any script, control characters, emoji, what JSON must escape.

    >>> from hypothesis import find
    >>> find(texts(), lambda text: True)
    'a'
    """
    text = st.text(min_size=1, max_size=MAX_TEXT).filter(lambda text: text.strip() != "")
    return st.one_of(st.just("a"), st.sampled_from(_AWKWARD), text)


def order_ids() -> st.SearchStrategy[str]:
    """Return a strategy for order ids that are allowed; the first are `order-1` and its like."""
    numbered = st.integers(1, 20).map(lambda number: f"order-{number}")
    return numbered | st.text(ascii_letters + digits + "._-", min_size=1, max_size=MAX_ORDER_ID)


def instants() -> st.SearchStrategy[datetime]:
    """Return a strategy for times in UTC, of the whole calendar; many of them are the same."""
    return st.just(_NEW_YEAR) | st.datetimes(timezones=st.just(UTC))


def items() -> st.SearchStrategy[OrderItem]:
    """Return a strategy for items that are allowed, so cheap that four of them are allowed together.

    >>> from hypothesis import find
    >>> find(items(), lambda item: item.quantity > 1)
    OrderItem(product_id='a', name='a', quantity=2, unit_price_cents=1)
    """
    # The plain one first, as a choice of its own: what holds many items is shrunk by leaps.
    return st.just(OrderItem("a", "a", 1, 1)) | _items()


@st.composite
def _items(draw: st.DrawFn) -> OrderItem:
    quantity = draw(st.integers(1, MAX_QUANTITY))
    dearest = min(MAX_UNIT_PRICE_CENTS, MAX_TOTAL_CENTS // MOST_ITEMS // quantity)
    return OrderItem(draw(texts()), draw(texts()), quantity, draw(st.integers(1, dearest)))


def item_tuples() -> st.SearchStrategy[tuple[OrderItem, ...]]:
    """Return a strategy for the items of an order, one to four."""
    return st.tuples(items()) | st.lists(items(), min_size=1, max_size=MOST_ITEMS).map(tuple)


def place_commands() -> st.SearchStrategy[PlaceOrder]:
    """Return a strategy for commands that place an order, all their fields right; some leave the id to be drawn."""
    of_items = st.one_of(item_tuples(), item_tuples().map(list))
    return st.builds(PlaceOrder, texts(), of_items, order_ids() | st.none())


def cancel_commands() -> st.SearchStrategy[CancelOrder]:
    """Return a strategy for commands that call an order off, all their fields right."""
    return st.builds(CancelOrder, order_ids(), texts())


def ship_commands() -> st.SearchStrategy[ShipOrder]:
    """Return a strategy for commands that hand an order to the carrier, all their fields right."""
    return st.builds(ShipOrder, order_ids(), texts())


def valid_commands() -> st.SearchStrategy[Command]:
    """Return a strategy for commands whose fields keep all rules; whether they are allowed is for the order to say.

    >>> from hypothesis import find
    >>> find(valid_commands(), lambda command: isinstance(command, ShipOrder))
    ShipOrder(order_id='order-1', tracking_number='a')
    """
    return st.one_of(place_commands(), cancel_commands(), ship_commands())


def placed_events() -> st.SearchStrategy[OrderPlaced]:
    """Return a strategy for events that an order begins with, their totals right."""

    def placed(order_id: str, customer_id: str, of: tuple[OrderItem, ...], at: datetime) -> OrderPlaced:
        return OrderPlaced(order_id, customer_id, of, total_of(of), at)

    return st.builds(placed, order_ids(), texts(), item_tuples(), instants())


def cancelled_events() -> st.SearchStrategy[OrderCancelled]:
    """Return a strategy for events that an order was called off."""
    return st.builds(OrderCancelled, order_ids(), texts(), instants())


def shipped_events() -> st.SearchStrategy[OrderShipped]:
    """Return a strategy for events that an order was handed to the carrier."""
    return st.builds(OrderShipped, order_ids(), texts(), instants())


def events() -> st.SearchStrategy[Event]:
    """Return a strategy for events of all types, each right by itself; `events_for` gives some that can follow."""
    return st.one_of(placed_events(), cancelled_events(), shipped_events())


def rejections() -> st.SearchStrategy[Rejection]:
    """Return a strategy for rejections."""
    names = [status.name for status in (Draft, Placed, Shipped, Cancelled)]
    return st.one_of(
        st.builds(OrderNotFound, order_ids()),
        st.builds(InvalidOrderState, order_ids(), st.sampled_from(names)),
        st.builds(ValidationFailed, texts(), st.none() | st.text()),
    )


def actions() -> st.SearchStrategy[Action]:
    """Return a strategy for all actions: valid commands, events and rejections."""
    return st.one_of(valid_commands(), events(), rejections())


def placed_orders(order_id: str | None = None) -> st.SearchStrategy[Order]:
    """Return a strategy for orders that are placed.

    Args:
        order_id: The id that they have; any if None.

        @given(placed_orders("order-7"))
        def test_a_placed_order_can_be_shipped(order): ...
    """
    return placed_events().map(lambda event: evolve(None, _with_id(event, order_id)))


def shipped_orders(order_id: str | None = None) -> st.SearchStrategy[Order]:
    """Return a strategy for orders that are shipped; see `placed_orders`."""
    return st.builds(_shipped, placed_orders(order_id), texts(), _HOURS)


def cancelled_orders(order_id: str | None = None) -> st.SearchStrategy[Order]:
    """Return a strategy for orders that are cancelled; see `placed_orders`."""
    return st.builds(_cancelled, placed_orders(order_id), texts(), _HOURS)


def orders(order_id: str | None = None) -> st.SearchStrategy[Order]:
    """Return a strategy for orders in every status that an order can have; see `placed_orders`."""
    return st.one_of(placed_orders(order_id), shipped_orders(order_id), cancelled_orders(order_id))


def order_states(*, max_size: int = 4) -> st.SearchStrategy[OrderState]:
    """Return a strategy for the state of a few orders.

    Args:
        max_size: How many there are at the most.

        @given(order_states())
        def test_counts_add_up(state): ...
    """
    few = st.lists(orders(), max_size=max_size, unique_by=lambda order: order.id)
    return few.map(lambda found: OrderState({order.id: order for order in found}))


def _with_id(event: OrderPlaced, order_id: str | None) -> OrderPlaced:
    if order_id is None:
        return event
    return OrderPlaced(order_id, event.customer_id, event.items, event.total_cents, event.timestamp)


def _shipped(order: Order, tracking_number: str, hours: int) -> Order:
    return evolve(order, OrderShipped(order.id, tracking_number, _later(order.updated_at, hours)))


def _cancelled(order: Order, reason: str, hours: int) -> Order:
    return evolve(order, OrderCancelled(order.id, reason, _later(order.updated_at, hours)))


def _later(at: datetime, hours: int) -> datetime:
    """Return a time some hours later, or the same where the calendar ends."""
    try:
        return at + timedelta(hours=hours)
    except OverflowError:
        return at
