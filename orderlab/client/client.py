"""`connect(url)`: the words of the store, said to a server in another process."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from html import escape
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode
from weakref import WeakSet

from orderlab.client.address import address_of
from orderlab.client.errors import ServerUnreachable
from orderlab.client.following import Subscription
from orderlab.client.line import PAGE, Line
from orderlab.client.patience import seconds_of
from orderlab.client.sending import Sending, order_path
from orderlab.client.shapes import EventsPage, OrdersPage, OrderView, Summary, columns_of, order_of, recorded_event
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import Columns
from orderlab.eventstore.rows import require_range
from orderlab.orders.actions import Command
from orderlab.orders.decider import problem_with_id
from orderlab.orders.model import Order
from orderlab.outcome import Outcome
from orderlab.system import RandomIds

if TYPE_CHECKING:
    import pandas as pd

PATIENCE_SECONDS = 10.0
"""How long a request may take in all: a person waits for it."""

FOLLOWING_PATIENCE_SECONDS = 300.0
"""How long a server may be away from its followers: a restart, or a lost network, is nothing to give up for."""


def connect(url: str, *, token: str | None = None, patience: float | timedelta = PATIENCE_SECONDS) -> "Client":
    """Return a client of an orderlab server; nothing is asked of the server yet.

    Args:
        url: The server's address, or the link with a token that it printed.
        token: The token, if it is not in the url.
        patience: How long a request may take with all its attempts, in seconds or as a timedelta.

    Raises:
        ValueError: The url is no address, or the token cannot be one.

    >>> connect("http://127.0.0.1:3000/?token=sesame")
    <orderlab client of http://127.0.0.1:3000>
    """
    return Client(Line(address_of(url, token), seconds_of(patience)))


class Client:
    """Send commands to a server, and read and follow its log; made by `connect`, closed by `async with` or `close`.

    Args:
        line: The line to the server.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._ids = RandomIds()
        self._subscriptions: WeakSet[Subscription] = WeakSet()
        self._starting: set[asyncio.Future[int]] = set()

    async def send(
        self,
        command: Command,
        *,
        expected_version: int | None = None,
        correlation_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Outcome:
        """Have a command decided by the server, and return what became of it once that is durable.

        It is sent again while no answer comes, always under one idempotency key: it is done once. `repeated` tells of
        an earlier send under another correlation id than this one's.

        Args:
            command: The command; over HTTP a `PlaceOrder` cannot choose its order id.
            expected_version: The version that the order must be at.
            correlation_id: Marks every event that this leads to; drawn if None.
            idempotency_key: Makes a later retry harmless as well: under one key a command causes its events once.

        Raises:
            VersionConflict: The order is not at `expected_version`.
            IdempotencyKeyReused: The key was used for another command.
            ServerUnreachable: No answer came in time; a note says if the command may have been done all the same.
            ServerError: The server did not do it for another reason than the rules.
            ClientClosed: The client is closed.
        """
        self._line.require_open()
        key = str(self._ids.new_uuid()) if idempotency_key is None else idempotency_key
        correlation_id = correlation_id or str(self._ids.new_uuid())
        sending = Sending(command, expected_version, correlation_id, key, idempotency_key is not None)
        await self._have_started()
        return await sending.perform(self._line)

    async def events(self, after: int = 0, limit: int | None = None) -> AsyncIterator[RecordedEvent]:
        """Iterate over the log as it is now, in position order; `metadata` is empty, for the server keeps it.

        Args:
            after: The position before the first event wanted.
            limit: How many events at the most; None for all.
        """
        require_range(after, limit=limit)
        async for page in self._line.pages(after, limit):
            for view in page:
                yield recorded_event(view)

    def subscribe(
        self, after: int | None = None, *, patience: float | timedelta = FOLLOWING_PATIENCE_SECONDS
    ) -> Subscription:
        """Iterate over committed events in position order, until the client closes, whatever becomes of connections.

        Args:
            after: Begin with what was committed after this position, and go on live; None for what comes from now on,
                which includes whatever this client sends after this call.
            patience: How long the server may be away, in seconds or as a timedelta.
        """
        if after is not None and (type(after) is not int or after < 0):
            raise ValueError(f"after must be None or a position from 0, not {after!r}")
        seconds = seconds_of(patience)
        self._line.require_open()
        start: asyncio.Future[int]
        if after is None:
            start = asyncio.ensure_future(self._head(seconds))
            self._starting.add(start)
            start.add_done_callback(self._has_started)
        else:
            start = asyncio.get_running_loop().create_future()
            start.set_result(after)
        subscription = Subscription(self._line, start, seconds)
        self._subscriptions.add(subscription)
        return subscription

    async def order(self, order_id: str) -> Order:
        """Return an order as it stands.

        Raises:
            ServerError: There is none (`order_not_found`).
            ValueError: No order can have this id.
        """
        answer = await self._line.ask("GET", order_path(_order_id(order_id)))
        return order_of(self._line.read(answer, OrderView))  # type: ignore[arg-type] # a union is no type to mypy

    async def orders(
        self, status: str | None = None, customer_id: str | None = None, limit: int | None = 100
    ) -> list[Order]:
        """Return orders, newest first.

        Args:
            status: Only those in this status: placed, shipped or cancelled.
            customer_id: Only those of this customer.
            limit: How many at the most; None for all.
        """
        require_range(0, limit=limit)
        given = {"status": status, "customer_id": customer_id}
        query: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        orders: list[Order] = []
        while limit is None or len(orders) < limit:
            query["limit"] = PAGE if limit is None else min(limit - len(orders), PAGE)
            answer = await self._line.ask("GET", f"/api/v1/orders?{urlencode(query)}")
            page = self._line.read(answer, OrdersPage)
            orders += map(order_of, page.orders)
            if page.next is None:
                break
            query["after"] = page.next
        return orders

    async def story(self, order_id: str) -> list[RecordedEvent]:
        """Return all events of an order, in order.

        Raises:
            ServerError: There is no such order (`order_not_found`).
            ValueError: No order can have this id.
        """
        answer = await self._line.ask("GET", f"{order_path(_order_id(order_id))}/events")
        return [recorded_event(view) for view in self._line.read(answer, EventsPage).events]

    async def frame(self, *, after: int = 0, until: int | None = None) -> "pd.DataFrame":
        """Return the log as a DataFrame, as `orderlab.logtable.frame_of` gives it.

        An event of an old shape is shown in the present one, as the server reads it.

        Args:
            after: The position before the first row.
            until: The position of the last row; None for the end.
        """
        from orderlab.logtable import frame_from  # noqa: PLC0415 - pandas is for those who want a table

        require_range(after, until=until)
        return await frame_from(self._stretches(after, until))

    async def close(self) -> None:
        """End every subscription, and ask no more; closing twice is harmless."""
        self._line.over.set()
        await asyncio.gather(*(subscription.aclose() for subscription in self._subscriptions))
        await self._line.close()

    async def __aenter__(self) -> Self:
        self._line.require_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _head(self, patience: float) -> int:
        answer = await self._line.ask("GET", "/api/v1/summary", patience=patience)
        return self._line.read(answer, Summary).position

    async def _have_started(self) -> None:
        """Wait until new subscriptions know where they begin: who subscribes, and then sends, is to find what was sent.

        Raises:
            ServerUnreachable: They do not get to know it.
        """
        if self._starting:
            _, pending = await asyncio.wait(tuple(self._starting), timeout=self._line.patience)
            if pending:
                raise ServerUnreachable(self._line.address.url, f"no answer within {self._line.patience:.3g} seconds")

    def _has_started(self, start: "asyncio.Future[int]") -> None:
        self._starting.discard(start)
        if not start.cancelled():
            start.exception()  # whoever iterates is told; nobody may

    async def _stretches(self, after: int, until: int | None) -> AsyncIterator[Columns]:
        async for page in self._line.pages(after, None if until is None else until - after):
            yield columns_of(page)

    def __repr__(self) -> str:
        return f"<orderlab client{', closed,' if self._line.over.is_set() else ''} of {self._line.address.url}>"

    def _repr_html_(self) -> str:
        url = escape(self._line.address.url)
        state = "closed client of" if self._line.over.is_set() else "client of"
        return f'<p>orderlab {state} <a href="{url}" target="_blank" rel="noopener">{url}</a></p>'


def _order_id(order_id: str) -> str:
    problem = problem_with_id(order_id)
    if problem is not None:
        raise ValueError(problem)
    return order_id
