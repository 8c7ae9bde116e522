"""The orders as lists: a projection of the log, newest first, by status and by customer.

The state is a map without an order that means anything. This read model keeps the order in which they were placed; it
is told of each commit before the sender is answered, so that whoever placed an order finds it listed.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from orderlab.core.log import RecordedEvent
from orderlab.orders.actions import OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.model import Order, OrderState, Placed

_STATUS_AFTER = {OrderPlaced: "placed", OrderShipped: "shipped", OrderCancelled: "cancelled"}


class OrderListing:
    """Which orders there are, in the order in which they were placed.

    Args:
        order_ids: The ids of all orders, in the order in which they were placed.
        state: The orders.
        position: The position of the last event that the state shows.
    """

    def __init__(self, order_ids: Iterable[str], state: OrderState, position: int) -> None:
        self.position = position
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self._by_status: dict[str, list[int]] = {name: [] for name in state.counts()}
        self._by_customer: dict[str, list[int]] = {}
        for order_id in order_ids:
            order = state.orders[order_id]
            self._add(order.id, order.customer_id, order.status.name)

    def take_in(self, events: Sequence[RecordedEvent]) -> None:
        """Follow what was committed."""
        for recorded in events:
            self.position = recorded.position
            event = recorded.event
            if isinstance(event, OrderPlaced):
                self._add(event.order_id, event.customer_id, Placed.name)
            else:
                number = self._numbers[event.order_id]
                placed = self._by_status[Placed.name]
                del placed[bisect_left(placed, number)]
                insort(self._by_status[_STATUS_AFTER[type(event)]], number)

    def counts(self) -> dict[str, int]:
        """Return how many orders there are in each status."""
        return {name: len(numbers) for name, numbers in self._by_status.items()}

    def page(
        self, state: OrderState, *, status: str | None, customer_id: str | None, after: str | None, limit: int
    ) -> tuple[list[Order], str | None]:
        """Return some orders, newest first, and the id to go on after; None at the end.

        Args:
            state: The orders.
            status: Only those in this status; None for all.
            customer_id: Only those of this customer; None for all.
            after: The id of the last order of the page before; None for the first page.
            limit: How many at the most.

        Raises:
            KeyError: There is no order `after`.
        """
        start = len(self._ids) if after is None else self._numbers[after]
        newest_first = (state.orders[self._ids[number]] for number in self._before(start, status, customer_id))
        if status is not None and customer_id is not None:
            newest_first = (order for order in newest_first if order.status.name == status)
        found = list(islice(newest_first, limit + 1))
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    def _before(self, start: int, status: str | None, customer_id: str | None) -> Iterator[int]:
        """Give the numbers below `start` of one customer, or in one status, or all, from the highest down."""
        numbers: Sequence[int] = range(len(self._ids))
        if customer_id is not None:
            numbers = self._by_customer.get(customer_id, ())
        elif status is not None:
            numbers = self._by_status[status]
        return (numbers[index] for index in range(bisect_left(numbers, start) - 1, -1, -1))

    def __contains__(self, order_id: str) -> bool:
        return order_id in self._numbers

    def _add(self, order_id: str, customer_id: str, status: str) -> None:
        number = len(self._ids)
        self._ids.append(order_id)
        self._numbers[order_id] = number
        self._by_status[status].append(number)
        self._by_customer.setdefault(customer_id, []).append(number)

    def __repr__(self) -> str:
        return f"<OrderListing {len(self._ids)} orders>"
