"""A command as a request, and its answer as what the store would have said."""

import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from orderlab.client.errors import ServerError, ServerUnreachable
from orderlab.client.line import Line, page_path
from orderlab.client.shapes import CancelledAnswer, PlacedAnswer, ShippedAnswer
from orderlab.core.errors import VersionConflict
from orderlab.core.log import NO_STREAM
from orderlab.idempotency import IdempotencyKeyReused
from orderlab.orders.actions import (
    COMMANDS,
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
from orderlab.orders.decider import ORDERS, problem_with
from orderlab.outcome import Outcome

_TAG = re.compile(r'"([0-9]+)"')
_POSITION = re.compile(r"[0-9]+")
_VISIBLE = re.compile(r"[!-~]+")
_MOST_CORRELATION_ID, _MOST_KEY = 128, 200


@dataclass(frozen=True, slots=True)
class Sending:
    """A command on its way to a server, with all that its sender said about it; the ids are the same at every attempt.

    Args:
        command: The command.
        expected_version: The version its order must be at; None for no check.
        correlation_id: The request that it belongs to.
        key: Its idempotency key.
        key_is_given: Whether the sender chose the key, and so may have used it before.
    """

    command: Command
    expected_version: int | None
    correlation_id: str
    key: str
    key_is_given: bool

    def __post_init__(self) -> None:
        if not isinstance(self.command, COMMANDS):
            raise TypeError(f"{self.command!r} is no command of {ORDERS.name}, and only commands are sent")
        if self.expected_version is not None and type(self.expected_version) is not int:
            raise TypeError(f"expected_version must be None or a whole number, not {self.expected_version!r}")
        _require_header("correlation_id", self.correlation_id, _MOST_CORRELATION_ID)
        _require_header("idempotency_key", self.key, _MOST_KEY)
        if isinstance(self.command, PlaceOrder):
            if self.command.order_id is not None:
                raise ValueError("order_id of a PlaceOrder cannot be chosen over HTTP: leave it out, and one is drawn")
            if self.expected_version not in (None, NO_STREAM):
                raise ValueError("expected_version of a PlaceOrder must be None or 0: a new order has no events")

    async def perform(self, line: Line) -> Outcome:
        """Have the command done, and return what became of it; see `Client.send`."""
        # What breaks a rule by itself is refused here, by the very function that the server asks: it may have no JSON
        # form, or no place in an address.
        problem = problem_with(self.command)
        if problem is not None:
            return self._refused(ValidationFailed(problem, self.command.order_id))
        path, body = _request_for(self.command)
        try:
            answer = await line.ask("POST", path, content=msgspec.json.encode(body), headers=self._headers())
        except (ServerUnreachable, ServerError) as error:
            if error.in_doubt:
                error.add_note(
                    "The command may have been done, or not; "
                    f"sent again with idempotency_key={self.key!r} it is done once in any case."
                )
            if isinstance(error, ServerUnreachable):
                raise
            return self._judge(error)
        outcome = self._outcome(line, answer)
        return await self._as_in_log(outcome, line) if self.key_is_given else outcome

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": self.key,
            "X-Correlation-ID": self.correlation_id,
        }
        if self.expected_version is not None and not isinstance(self.command, PlaceOrder):
            headers["If-Match"] = f'"{self.expected_version}"'
        return headers

    def _outcome(self, line: Line, answer: httpx.Response) -> Outcome:
        """Return what an answer says, the event made of it and of the command."""
        tag, position = answer.headers.get("ETag", ""), answer.headers.get("X-Event-Position", "")
        version = _TAG.fullmatch(tag)
        if version is None or not _POSITION.fullmatch(position):
            raise line.unexpected(answer.status_code, "it does not say where the event is")
        event = _event_in(line, answer, self.command)
        stream_id = ORDERS.stream_id(event.order_id)
        return Outcome(self.correlation_id, (event,), None, stream_id, (int(version[1]),), (int(position),))

    async def _as_in_log(self, outcome: Outcome, line: Line) -> Outcome:
        """Look up the correlation id that the event was recorded under: one that is not ours is of an earlier send."""
        [position] = outcome.positions
        answer = await line.ask("GET", page_path(position - 1, 1))
        for view in line.page_in(answer, position - 1):
            if view.correlation_id not in (None, self.correlation_id):
                return replace(outcome, correlation_id=view.correlation_id, repeated=True)
        return outcome

    def _judge(self, error: ServerError) -> Outcome:
        """Return the outcome of a refused command; raise what else a problem means."""
        order_id = self.command.order_id
        if error.code == "idempotency_key_reused":
            raise IdempotencyKeyReused(error.detail) from error
        if error.code == "version_mismatch" and order_id is not None and self.expected_version is not None:
            actual = error.members.get("current_version")
            if isinstance(actual, int):
                raise VersionConflict(ORDERS.stream_id(order_id), self.expected_version, actual) from error
        rejection = _rejection_in(error, order_id)
        if rejection is None:
            raise error
        return self._refused(rejection)

    def _refused(self, rejection: Rejection) -> Outcome:
        return Outcome(self.correlation_id, rejection=rejection)


def _request_for(command: Command) -> tuple[str, dict[str, Any]]:
    """Return the path and the body that say a command."""
    match command:
        case PlaceOrder():
            return "/api/v1/orders", {"customer_id": command.customer_id, "items": tuple(command.items)}
        case CancelOrder():
            return f"{order_path(command.order_id)}/cancel", {"reason": command.reason}
        case ShipOrder():
            return f"{order_path(command.order_id)}/ship", {"tracking_number": command.tracking_number}


def order_path(order_id: str) -> str:
    """Return where an order is; `.` and `..` would be steps in the address if they were not escaped.

    >>> order_path("order-1"), order_path("..")
    ('/api/v1/orders/order-1', '/api/v1/orders/%2E%2E')
    """
    return f"/api/v1/orders/{order_id.replace('.', '%2E') if order_id.strip('.') == '' else quote(order_id, safe='')}"


def _event_in(line: Line, answer: httpx.Response, command: Command) -> Event:
    match command:
        case PlaceOrder(customer_id, items):
            placed = line.read(answer, PlacedAnswer)
            return OrderPlaced(placed.order_id, customer_id, tuple(items), placed.total_cents, placed.placed_at)
        case CancelOrder(order_id, reason):
            return OrderCancelled(order_id, reason, line.read(answer, CancelledAnswer).cancelled_at)
        case ShipOrder(order_id, tracking_number):
            return OrderShipped(order_id, tracking_number, line.read(answer, ShippedAnswer).shipped_at)


def _rejection_in(error: ServerError, order_id: str | None) -> Rejection | None:
    """Return the rejection that a problem tells of; None if it tells of something else."""
    if error.code == "validation_failed":
        return ValidationFailed(error.detail, order_id)
    if order_id is not None and error.code == "order_not_found":
        return OrderNotFound(order_id)
    status = error.members.get("current_status")
    if order_id is not None and error.code == "invalid_order_state" and isinstance(status, str):
        return InvalidOrderState(order_id, status)
    return None


def _require_header(name: str, value: Any, most: int) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, not {value!r}")
    if len(value) > most or not _VISIBLE.fullmatch(value):
        raise ValueError(f"{name} must be 1 to {most} visible ASCII characters without spaces over HTTP, not {value!r}")
