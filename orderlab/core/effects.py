"""Descriptions of work: what a reducer asks of the world, as frozen data.

Describing is not doing. Only the runtime performs an effect, and replay performs none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

from orderlab.drawing.tables import AsTable


@dataclass(frozen=True, slots=True)
class AppendEvents(AsTable):
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
class Emit(AsTable):
    """Announce `action` to whoever follows, once its events are durable."""

    action: Any


@dataclass(frozen=True, slots=True)
class Delay(AsTable):
    """Feed `action` back to the reducer after `seconds` on the environment's clock."""

    seconds: float
    action: Any


Effect = AppendEvents | Emit | Delay


def instant_after(since: datetime, seconds: float, name: str = "the seconds of a Delay") -> datetime:
    """Return the instant so many seconds after another; the one rule for what is a length of time.

    Raises:
        ValueError: `seconds` is no length of time, or goes beyond the calendar; `name` says whose seconds they are.

    >>> from datetime import UTC
    >>> print(instant_after(datetime(2025, 1, 1, tzinfo=UTC), 90))
    2025-01-01 00:01:30+00:00
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < inf:
        raise ValueError(f"{name} must be a number from 0, not {seconds!r}")
    try:
        return since + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"{name} must end within the calendar") from None
