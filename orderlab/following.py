"""Follow what others write to the same log: as it grows, and at once for a reader who must not see less than there is.

Whoever reads a state after another process has said that something is done must find it there. So before such a read
the log is asked how far it goes, and the answer is given when the state has come that far: the read index of Raft
(Ongaro, "Consensus: Bridging Theory and Practice", section 6.4). All who ask at the same time share one question.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from orderlab.committing import Committer
from orderlab.core.errors import OrderlabError
from orderlab.eventstore.base import EventStore

logger = logging.getLogger(__name__)

_SOON, _SELDOM = 0.1, 2.0
"""Seconds after which a log that could not be read is looked at again: at first, and in the long run."""


class Look:
    """A sign to the worker that the log goes farther than followers were told; it says when that was taken in.

    Args:
        head: How far the log goes, as far as is known.
    """

    def __init__(self, head: int) -> None:
        self.head = head
        self.urgent = False
        """Whether somebody waits for it, so that it goes before the commands that came with it."""
        self.begun = False
        self._ended = asyncio.Event()
        self._error: Exception | None = None

    def begin(self) -> int:
        """Return how far to go; whoever learns of more from now on needs another look."""
        self.begun = True
        return self.head

    def end(self, error: Exception | None = None) -> None:
        """Tell those who wait for it, also of what kept the log from being taken in."""
        self._error = error
        self._ended.set()

    async def wait(self) -> None:
        """Wait for its end.

        Raises:
            Exception: What kept the log from being taken in.
        """
        await self._ended.wait()
        if self._error is not None:
            raise self._error


class Follower:
    """Have the worker look at the log whenever others have written to it.

    Args:
        event_store: The log.
        committer: Knows how far the state has come.
        put: Hands a look to the worker.
    """

    def __init__(self, event_store: EventStore, committer: Committer[Any], put: Callable[[Look], None]) -> None:
        self._event_store = event_store
        self._committer = committer
        self._put = put
        self._end = _End(event_store)
        self._next: Look | None = None

    async def follow(self) -> None:
        """Follow the log without an end.

        While it cannot be read, that is tried again and again: else followers would stay behind until somebody writes.
        """
        pause = 0.0
        while True:
            try:
                head = await self._event_store.wait_past(self._committer.told)
                # A store that has written has mostly told of it already.
                if not self._committer.is_at(head):
                    await self._taken_in(head)
                pause = 0.0
            except Exception as error:
                if not pause:
                    unexpected = not isinstance(error, OrderlabError)
                    logger.warning("what others write cannot be taken in now: %s", error, exc_info=unexpected)
                pause = min(max(2 * pause, _SOON), _SELDOM)
                await asyncio.sleep(pause)

    async def catch_up(self, require_open: Callable[[], None]) -> None:
        """Wait until the state shows all that is in the log now.

        Args:
            require_open: Called before a look is asked for; raises if nobody will look any more.

        Raises:
            Exception: What kept the log from being taken in.
        """
        head = await self._end.position()
        while not self._committer.is_at(head):
            require_open()
            await self._taken_in(head, urgent=True)

    async def _taken_in(self, head: int, *, urgent: bool = False) -> None:
        """Have the log taken in up to a position; who asks before that has begun is served with it."""
        look = self._next
        if look is None or look.begun:
            look = self._next = Look(head)
            self._put(look)
        look.head, look.urgent = max(look.head, head), look.urgent or urgent
        await look.wait()


class _End:
    """Ask where the log ends, once for all who ask at the same time.

    An answer is good for whoever asked before the question was put: what others were told of before that is in it.
    """

    def __init__(self, event_store: EventStore) -> None:
        self._event_store = event_store
        self._turn = asyncio.Lock()
        self._put = 0
        self._answered = 0
        self._position = 0
        self._error: Exception | None = None

    async def position(self) -> int:
        """Return a position at which the log was seen to end after this was called.

        Raises:
            Exception: The log could not be asked.
        """
        before = self._put
        async with self._turn:
            if self._answered <= before:
                await self._ask()
            if self._error is not None:
                raise self._error
            return self._position

    async def _ask(self) -> None:
        self._put = number = self._put + 1
        self._error = None
        try:
            self._position = await self._event_store.head()
        except Exception as error:  # noqa: BLE001 - raised to each of those who share the question
            self._error = error
        self._answered = number  # not if whoever put the question has given up waiting: then the next one puts it again
