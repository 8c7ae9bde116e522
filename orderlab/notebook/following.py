"""The task of a live board: it follows a log through whatever happens to it, and tells a view in batches."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from orderlab.broadcast import Lagged
from orderlab.client.errors import LogReplaced
from orderlab.core.decider import Decider
from orderlab.core.log import RecordedEvent
from orderlab.notebook.growing import GrowingLog
from orderlab.notebook.recording import Way
from orderlab.notebook.sources import Source

_BATCH_SECONDS = 0.05
"""There is no more than one message in this time: more pictures than that nobody sees."""

_SOON, _SELDOM = 0.2, 5.0
"""Seconds after which a log that could not be followed is looked at again: at first, and in the long run."""

_TURN = 200
"""Events that are taken in before others have their turn."""


class View(Protocol):
    """What a board shows."""

    def show(self, log: GrowingLog) -> None:
        """Show a log from its beginning, another one than before."""

    def draw(self, log: GrowingLog) -> None:
        """Draw the machine anew, with all ways that a log went."""

    def keep(self, log: GrowingLog) -> None:
        """Keep a log as far as it has come, for who opens the view now; who has it open has all of it."""

    def add(self, after: int, messages: Sequence[dict[str, Any]]) -> None:
        """Add what came after a position."""

    def say(self, words: str) -> None:
        """Say what is the matter."""

    def can_show(self, way: Way) -> bool:
        """Tell whether there is an arrow for how an event went."""


class Following:
    """Follow a log in a task of its own, until it ends or is told to stop.

    Args:
        source: The log.
        decider: Its domain.
        view: Where it is shown.
    """

    def __init__(self, source: Source, decider: Decider[Any], view: View) -> None:
        self._source, self._decider, self._view = source, decider, view
        self.log = GrowingLog(decider)
        self.shown = 0
        """The position of the last event that the view was told of."""
        self.trouble = ""
        """What went wrong last, as a sentence."""
        self.is_live = False
        """Whether it has the log so far, and what comes is shown as it comes."""
        self._logs = 1
        self._is_begun = False  # whether the view shows this log
        self._has_new_way = False
        self._flush: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._moved = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="orderlab live board")
        self._task.add_done_callback(_retrieve)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._task.done()

    def stop(self) -> None:
        """Let go of the log; it may be called in any thread, and any number of times."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._task.cancel()

    async def caught_up(self) -> None:
        """Wait until the view was told of what is committed now.

        Raises:
            RuntimeError: It is over, and has not come so far.
            OrderlabError: The log cannot be reached.
        """
        number, head = 0, 0
        while True:
            self._moved.clear()
            if number != self._logs:
                number, head = self._logs, await self._source.head(self.shown)
            if self._is_begun and self.shown >= head and number == self._logs:
                return
            if self.is_over:
                raise RuntimeError(f"the board has stopped at position {self.shown:,}, and the log goes on to {head:,}")
            await self._moved.wait()

    async def _run(self) -> None:
        pause = _SOON
        try:
            while True:
                try:
                    await self._follow()
                    self._tell("The log was closed: nothing more comes.")
                    return
                except Lagged as lagged:
                    self._tell(f"{lagged.missed:,} events came too quickly, and are read from the log.")
                except LogReplaced:
                    self._begin_anew("The server has another log now: this is the new one.")
                except Exception as error:  # noqa: BLE001 - told in the view; a board goes on trying, whatever it is
                    pause = _SOON if self.is_live else min(2 * pause, _SELDOM)
                    self._tell(f"{_sentence(error)} The board goes on trying.")
                    self.is_live = False
                    await asyncio.sleep(pause)
        finally:
            self._flush_now()
            self._moved.set()

    async def _follow(self) -> None:
        """Read the log so far, if it was not read, and then what comes."""
        if not self._is_begun:
            await self._read_so_far()
        elif not self.is_live:
            await self._source.check(self.log.position)
            self._tell("The log could not be followed for a while; nothing was missed.")
        self.is_live = True
        self._moved.set()
        async for recorded in self._source.live(self.log.position):
            self._take(recorded)
            if recorded.position % _TURN == 0:
                await asyncio.sleep(0)

    async def _read_so_far(self) -> None:
        self._view.say("Reading the log.")
        self.log = GrowingLog(self._decider)
        async for recorded in self._source.so_far():
            self.log.take(recorded, is_live=False)
            if recorded.position % _TURN == 0:
                await asyncio.sleep(0)
        self._show()
        self._view.say(self.trouble)

    def _begin_anew(self, words: str) -> None:
        self._is_begun = self.is_live = False
        self.shown = 0
        self._logs += 1
        self._tell(words)

    def _take(self, recorded: RecordedEvent) -> None:
        way = self.log.take(recorded, is_live=True)
        self._has_new_way = self._has_new_way or not self._view.can_show(way)
        if self._flush is None:
            due = self._flushed + _BATCH_SECONDS
            self._flush = self._loop.call_at(due, self._flush_now)

    def _flush_now(self) -> None:
        """Tell the view of what has come since it was last told."""
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        messages = self.log.since(self.shown) if self._is_begun else None
        if messages and self._has_new_way:
            self._has_new_way = False
            self._view.draw(self.log)  # and not all of it: whoever reads stays where he is
        if messages:
            self._view.add(self.shown, messages)
            self.shown = self.log.position
            if self.log.is_due:
                self._view.keep(self.log)
        self._flushed = self._loop.time()
        self._moved.set()

    def _show(self) -> None:
        self._has_new_way = False
        self._view.show(self.log)
        self._is_begun, self.shown = True, self.log.position

    def answer(self, after: int) -> None:
        """Tell the view what came after a position, for who has just opened it."""
        if not self._is_begun or after >= self.shown:
            return
        messages = self.log.since(after)
        if messages is None:
            self._show()
        else:
            self._view.add(after, messages[: self.shown - after])

    def _tell(self, words: str) -> None:
        self.trouble = words
        self._view.say(words)
        self._moved.set()


def _sentence(error: Exception) -> str:
    words = str(error) or type(error).__name__
    return f"{words[0].upper()}{words[1:]}".rstrip(".") + "."


def _retrieve(task: "asyncio.Task[None]") -> None:
    """Read how a task ended: nobody waits for it."""
    if not task.cancelled():
        task.exception()
