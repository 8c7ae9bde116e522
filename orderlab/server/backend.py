"""What stands behind the routes: the store with its log, and the read models that follow it."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self, assert_never

from starlette.requests import HTTPConnection, Request

from orderlab.core.environment import Environment
from orderlab.core.errors import CorruptStream, UnreadableEvent, VersionConflict
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore, EventStoreError, Unreachable
from orderlab.idempotency import IdempotencyKeyReused
from orderlab.orders.actions import Command, InvalidOrderState, OrderNotFound, Rejection, ValidationFailed
from orderlab.orders.decider import MAX_ORDER_ID, ORDERS
from orderlab.orders.model import Order, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.outcome import Outcome
from orderlab.runtime import Store, StoreClosed
from orderlab.server.hub import Hub
from orderlab.server.listing import OrderListing
from orderlab.server.problems import Problem
from orderlab.server.reading import idempotency_key_of
from orderlab.system import RandomIds, SystemClock

logger = logging.getLogger(__name__)

_HEALTH_SECONDS = 5.0

LOG_TROUBLE = (EventStoreError, CorruptStream, UnreadableEvent)
"""What a log may fail by: it cannot be reached, or holds what cannot be read or followed."""


class Backend:
    """A store over an event store, with the order listing and the hub of WebSocket clients; use it with `async with`.

    Args:
        event_store: The log; whoever opened it closes it.
        env: The clock and the ids; the real ones by default.
    """

    listing: OrderListing
    hub: Hub

    def __init__(self, event_store: EventStore, *, env: Environment | None = None) -> None:
        self.event_store = event_store
        self._env = env or OrderEnvironment(SystemClock(), RandomIds())
        self.store = Store(OrderReducer(), OrderState(), self._env, event_store)
        self._unlisted: list[RecordedEvent] | None = []
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            await opening.enter_async_context(self.store)
            await self._begin()
            self._open = opening.pop_all()
        return self

    async def _begin(self) -> None:
        """Have everything follow the log that is beside the state."""
        # Nothing is awaited in these lines, so no commit can come between the state and those who follow it.
        state, position = self.store.state, self.store.position
        self.hub = Hub(self.event_store, position)
        self.store.observe(self.hub.publish)
        self.store.observe(self._list)
        streams = await self.event_store.list_streams()
        order_ids = [order_id for order_id in map(ORDERS.key_in, streams) if order_id in state.orders]
        self.listing = OrderListing(order_ids, state, position)
        unlisted, self._unlisted = self._unlisted, None
        self._list(unlisted or ())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    def _list(self, events: Sequence[RecordedEvent]) -> None:
        """Have the listing follow what was committed; what others write before there is one waits for it."""
        if self._unlisted is None:
            self.listing.take_in(events)
        else:
            self._unlisted += events

    def new_correlation_id(self) -> str:
        """Draw an id for a request that brings none."""
        return self._env.ids.new_id("request")

    def order(self, order_id: str) -> Order:
        """Return an order.

        Raises:
            Problem: There is none.
        """
        order = self.store.state.orders.get(order_id)
        if order is None:
            raise no_order(order_id)
        return order

    async def send(self, request: Request, command: Command, *, expected_version: int | None = None) -> Outcome:
        """Have a request's command done, under the request's correlation id and idempotency key.

        Raises:
            Problem: It was refused, or could not be done.
        """
        key = idempotency_key_of(request)
        try:
            outcome = await self.perform(
                command, correlation_id(request), expected_version=expected_version, idempotency_key=key
            )
        except VersionConflict as conflict:
            if expected_version is None:
                raise Problem("version_conflict", f"others kept writing first: {conflict}; try again") from conflict
            detail = f"order {command.order_id} is at version {conflict.actual}, not at {expected_version}"
            raise Problem("version_mismatch", detail, current_version=conflict.actual) from conflict
        except IdempotencyKeyReused as reused:
            raise Problem("idempotency_key_reused", str(reused)) from reused
        if outcome.rejection is not None:
            raise refusal(outcome.rejection)
        return outcome

    async def perform(
        self,
        command: Command,
        correlation_id: str | None,
        *,
        expected_version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Outcome:
        """Send a command to the store, unless too many wait already.

        Raises:
            Problem: The server is too busy, is closing, or cannot write.
            VersionConflict: As `Store.send` says.
            IdempotencyKeyReused: As `Store.send` says.
        """
        if self.store.is_full:
            raise Problem("overloaded", "too many commands are waiting: try again in a moment")
        try:
            return await self.store.send(
                command,
                expected_version=expected_version,
                correlation_id=correlation_id,
                idempotency_key=idempotency_key,
            )
        except StoreClosed as closed:
            raise closing() from closed
        except LOG_TROUBLE as error:
            raise unreachable(error, of_command=True) from error

    async def catch_up(self) -> None:
        """Wait until the state and the listing show all that is in the log now, whichever server wrote it.

        Whoever was told by one server that something is done, finds it so at any other.

        Raises:
            Problem: The event store cannot be reached, holds what no state can follow, or the server is closing.
        """
        try:
            await self.store.catch_up()
        except StoreClosed as closed:
            raise closing() from closed
        except LOG_TROUBLE as error:
            raise unreachable(error) from error

    async def require_reachable(self) -> None:
        """Read the last event of the log, and make sure that the state follows it.

        Raises:
            Problem: The event store cannot be reached, or holds what no state can follow.
        """
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                head = await self.event_store.head()
                async for _ in self.event_store.read_columns("position", after=max(0, head - 1), until=head):
                    pass
                await self.catch_up()
        except (*LOG_TROUBLE, TimeoutError) as error:
            raise unreachable(error) from error


def backend_of(connection: HTTPConnection) -> Backend:
    """Return what stands behind the application that a request came to."""
    backend: Backend = connection.app.state.backend
    return backend


def correlation_id(connection: HTTPConnection) -> str:
    """Return the id that the guard has given a request."""
    given: str = connection.scope["state"]["correlation_id"]
    return given


def no_order(order_id: str) -> Problem:
    """Say that an order is not there; what is too long for an id is not repeated in full."""
    shown = order_id if len(order_id) <= MAX_ORDER_ID else f"{order_id[:MAX_ORDER_ID]}…"
    return Problem("order_not_found", f"there is no order {shown}")


def closing() -> Problem:
    """Say that the server does nothing more."""
    return Problem("overloaded", "the server is closing: try again in a moment")


def unreachable(error: BaseException, *, of_command: bool = False) -> Problem:
    """Say that the event store failed, in its own words; where a database is, is for the server's log alone.

    Args:
        error: What it failed by.
        of_command: It was to be done what a command says, and may have been.
    """
    detail = str(error) or "the event store takes too long to answer"
    logger.info("a client is told to come again: %s", detail)
    if isinstance(error, EventStoreError) and error.where:
        detail = detail.replace(error.where, "the event store")
    if isinstance(error, Unreachable):
        detail = "the event store cannot be reached now: try again in some seconds"
        if of_command:
            detail += "; whether the command was done is not known, and with one Idempotency-Key it is done once"
    return Problem("event_store_unavailable", detail)


def refusal(rejection: Rejection) -> Problem:
    """Return a rejection as the problem that HTTP tells of."""
    match rejection:
        case OrderNotFound(order_id):
            return no_order(order_id)
        case InvalidOrderState(order_id, current_status):
            detail = f"order {order_id} is {current_status}, which does not allow this"
            return Problem("invalid_order_state", detail, current_status=current_status)
        case ValidationFailed(error):
            return Problem("validation_failed", error)
    assert_never(rejection)
