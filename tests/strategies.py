"""Random orders for hypothesis: values that keep every rule, and runs of commands of which many are refused."""

from datetime import UTC, datetime
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
from orderlab.orders.decider import MAX_QUANTITY, MAX_TOTAL_CENTS, MAX_UNIT_PRICE_CENTS, total_of
from orderlab.orders.model import OrderItem

MOST_ITEMS = 4

texts: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(
        ["a", "\x00", "\\u0000", '"', "\\", "</script>", "é", "e\u0301", "漢字", "עברית", "👩🏽‍🚀", "\U0010ffff"]
    ),
    st.text(min_size=1, max_size=200).filter(lambda text: text.strip() != ""),
)
"""Texts that are allowed: any script, control characters, emoji, what JSON must escape."""

order_ids: st.SearchStrategy[str] = st.text(ascii_letters + digits + "._-", min_size=1, max_size=100)
instants: st.SearchStrategy[datetime] = st.datetimes(timezones=st.just(UTC))


@st.composite
def items(draw: st.DrawFn) -> OrderItem:
    """Draw an item that is allowed, so cheap that `MOST_ITEMS` of them are allowed too."""
    quantity = draw(st.integers(1, MAX_QUANTITY))
    dearest = min(MAX_UNIT_PRICE_CENTS, MAX_TOTAL_CENTS // MOST_ITEMS // quantity)
    return OrderItem(draw(texts), draw(texts), quantity, draw(st.integers(1, dearest)))


item_tuples: st.SearchStrategy[tuple[OrderItem, ...]] = st.lists(items(), min_size=1, max_size=MOST_ITEMS).map(tuple)

commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(PlaceOrder, texts, st.one_of(item_tuples, item_tuples.map(list)), st.none() | order_ids),
    st.builds(CancelOrder, order_ids, texts),
    st.builds(ShipOrder, order_ids, texts),
)

events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        lambda order_id, customer_id, its, at: OrderPlaced(order_id, customer_id, its, total_of(its), at),
        order_ids,
        texts,
        item_tuples,
        instants,
    ),
    st.builds(OrderCancelled, order_ids, texts, instants),
    st.builds(OrderShipped, order_ids, texts, instants),
)

rejections: st.SearchStrategy[Rejection] = st.one_of(
    st.builds(OrderNotFound, order_ids),
    st.builds(InvalidOrderState, order_ids, st.sampled_from(["draft", "placed", "shipped", "cancelled"])),
    st.builds(ValidationFailed, texts, st.none() | st.text()),
)

actions: st.SearchStrategy[Action] = st.one_of(commands, events, rejections)

_FEW_IDS = st.sampled_from(["ada", "bea", "cem"])
_MUG = OrderItem("p-1", "Mug", 2, 250)

busy_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(PlaceOrder, st.just("customer-1"), st.sampled_from([(_MUG,), (_MUG, _MUG), ()]), st.none() | _FEW_IDS),
    st.builds(CancelOrder, _FEW_IDS, st.sampled_from(["changed my mind", ""])),
    st.builds(ShipOrder, _FEW_IDS, st.sampled_from(["TRACK-1", ""])),
)
"""Commands about a handful of orders, so that they meet each other, some of them against the rules."""

runs: st.SearchStrategy[list[Command]] = st.lists(busy_commands, max_size=12)
