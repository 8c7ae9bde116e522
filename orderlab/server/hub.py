"""Every committed event as one piece of text, which all WebSocket clients share.

The newest frames are kept in one ring, and a client is no more than a place in it: a slow one costs no memory of its
own, and one who has fallen out of the ring has to come back and read the log.
"""

from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStore

FRAMES = 10_000
"""Frames in the ring at the most."""

FRAME_CHARACTERS = 32 * 1024 * 1024
"""Characters in all of them at the most: an order may have a thousand items."""

_SLICE = 64
"""Frames a client holds at a time while it sends them, so that it keeps no more than these from being let go."""


class Follower(Protocol):
    """A client that follows the ring."""

    def wake(self) -> None:
        """Know that there is something new."""
        ...


class Hub:
    """Encode each event once, and wake those who follow.

    Args:
        event_store: Where older events are read.
        position: That of the last event so far.
        frames: Frames to keep at the most.
        characters: Characters to keep at the most.
    """

    def __init__(
        self, event_store: EventStore, position: int, *, frames: int = FRAMES, characters: int = FRAME_CHARACTERS
    ) -> None:
        self.position = position
        self.followers: set[Follower] = set()
        self._event_store = event_store
        self._ring: deque[str] = deque()
        self._most_frames = frames
        self._most_characters = characters
        self._characters = 0

    @property
    def first(self) -> int:
        """The position of the oldest frame in the ring; one more than `position` if it is empty."""
        return self.position - len(self._ring) + 1

    def publish(self, events: Sequence[RecordedEvent]) -> None:
        """Put committed events into the ring, and let the oldest go as far as there is no room."""
        if not self.followers:  # whoever comes next reads them from the log
            self._ring.clear()
            self._characters = 0
            self.position = events[-1].position
            return
        for recorded in events:
            frame = frame_of(recorded)
            self._ring.append(frame)
            self._characters += len(frame)
        self.position = events[-1].position
        while len(self._ring) > self._most_frames or (self._characters > self._most_characters and len(self._ring) > 1):
            self._characters -= len(self._ring.popleft())
        for follower in self.followers:
            follower.wake()

    def after(self, position: int) -> list[str] | None:
        """Return some frames after a position; None if they are in the ring no more."""
        start = position + 1 - self.first
        if start < 0:
            return None
        return [self._ring[index] for index in range(start, min(start + _SLICE, len(self._ring)))]

    async def history(self, after: int) -> AsyncIterator[str]:
        """Give frames from the log, until the ring has what comes next."""
        while after + 1 < self.first:
            async for recorded in self._event_store.read_all(after=after, limit=self.first - 1 - after):
                after = recorded.position
                yield frame_of(recorded)


def frame_of(recorded: RecordedEvent) -> str:
    """Return an event as clients are sent it."""
    return msgspec.json.encode(
        {
            "type": "event",
            "action": {recorded.event_type: recorded.event},
            "position": recorded.position,
            "correlation_id": recorded.correlation_id,
        }
    ).decode()
