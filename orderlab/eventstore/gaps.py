"""Positions that a log does not hold though it goes on behind them: somebody has changed it by hand."""

from collections.abc import Sequence

from orderlab.eventstore.base import EventStore, EventStoreError


def damaged(event_store: EventStore, position: int) -> EventStoreError:
    """Return the error of a log that goes on behind a position which it does not hold, as none that is whole does."""
    return EventStoreError(f"{event_store!r} is damaged: it holds no position {position:,}, and goes on behind it")


def gap_in(positions: Sequence[int], after: int) -> int | None:
    """Return the first position that is missing among those that should follow another; None if there is none.

    >>> gap_in([6, 7, 9], after=5)
    8
    """
    if list(positions) == list(range(after + 1, after + len(positions) + 1)):
        return None
    return next(place for place, position in enumerate(positions, start=after + 1) if place != position)


async def require_whole(event_store: EventStore, after: int, until: int) -> None:
    """Make sure that a log holds every position of a part of it.

    Raises:
        EventStoreError: It does not, and names the first that is missing.
    """
    async for columns in event_store.read_columns("position", after=after, until=until):
        missing = gap_in(columns["position"], after)
        if missing is not None:
            raise damaged(event_store, missing)
        after += len(columns["position"])
    if after < until:
        raise damaged(event_store, after + 1)
