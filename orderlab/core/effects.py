"""Descriptions of work: what a reducer asks of the world, as frozen data.

Describing is not doing. Only the runtime performs an effect, and replay performs none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AppendEvents:
    """Append `events` to a stream, all or nothing.

    Args:
        stream_id: The stream, for example `order-order-1`.
        events: Domain values, or `NewEvent` where the writer brings an id or a time.
        expected_version: The version the stream must be at; 0 (`NO_STREAM`) for a new one, None for no check.
    """

    stream_id: str
    events: Sequence[Any]
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Emit:
    """Announce `action` to whoever follows, once its events are durable."""

    action: Any


@dataclass(frozen=True, slots=True)
class Delay:
    """Feed `action` back to the reducer after `seconds` on the environment's clock."""

    seconds: float
    action: Any


Effect = AppendEvents | Emit | Delay
