"""An archive of cancellations in three shapes."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from orderlab.drawing.tables import AsTable
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import NOTE
from orderlab.orders.actions import OrderCancelled
from orderlab.orders.decider import ORDERS
from orderlab.workshop.exercises.recording import Recording
from orderlab.workshop.exercises.runs import order_commands

PLACE, *_ = order_commands(1)
REASON = "Cancelled by customer"
RECORDED = datetime(2025, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stored(AsTable):
    """A cancellation as the log keeps it: the version of its shape, its JSON text, and when it was recorded."""

    version: int
    payload: str
    recorded_at: datetime

    def __str__(self) -> str:
        return f"has, in version {self.version}, {self.payload}"


def in_todays_shape(version: int, payload: dict[str, Any], recorded_at: datetime) -> dict[str, Any]:
    """Return a payload in today's shape."""
    if version < 2:  # noqa: PLR2004 - the versions are told in the question
        payload = {"order_id": payload["order"], "reason": payload.get("why", REASON)}
    if version < 3:  # noqa: PLR2004
        payload = {"timestamp": recorded_at, **payload}
    return payload


def runs() -> tuple[Trace, ...]:
    """Return runs that end in reading a payload of the archive."""
    mind, broken = "Changed my mind", "The mug is broken"
    earlier = "2025-02-28T09:30:00Z"
    cases: tuple[tuple[str, int, dict[str, Any]], ...] = (
        ("Today's shape", 3, {"order_id": "order-1", "reason": mind, "timestamp": earlier}),
        ("Version 2 without a time", 2, {"order_id": "order-1", "reason": mind}),
        ("Version 2 with a time", 2, {"order_id": "order-1", "reason": broken, "timestamp": earlier}),
        ("Version 1 with a reason", 1, {"order": "order-1", "why": broken}),
        ("Version 1 without a reason", 1, {"order": "order-1"}),
        ("Version 2 of another order", 2, {"order_id": "order-7", "reason": mind}),
        ("Version 1 of another order", 1, {"order": "order-7"}),
    )
    return tuple(_run(title, Stored(version, json.dumps(payload), RECORDED)) for title, version, payload in cases)


def _run(title: str, stored: Stored) -> Trace:
    recording = Recording(ORDERS, title)
    today = in_todays_shape(stored.version, json.loads(stored.payload), stored.recorded_at)
    key, at = today["order_id"], today["timestamp"]
    place = replace(PLACE, order_id=key)
    recording.tell("shop", place, ORDERS.decide(place, None, key=key, at=recording.at), key=key)
    happened = datetime.fromisoformat(at) if isinstance(at, str) else at
    event = OrderCancelled(key, today["reason"], happened)
    recording.tell("archive", stored, (event,), key=key, part=NOTE)
    return recording.trace()
