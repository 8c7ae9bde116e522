"""Run a coroutine function as an ordinary test, for which no plugin is needed; and hold threads up while it looks."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")

PATIENCE_SECONDS = 30.0


def in_event_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Give a test an event loop of its own, and not for ever."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), PATIENCE_SECONDS))

    return run


class Gate:
    """Holds the thread that passes through it until it is let go; and counts what passes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self._reached, self._open = threading.Event(), threading.Event()

    def pass_through(self, size: int) -> None:
        self.sizes.append(size)
        self._reached.set()
        assert self._open.wait(PATIENCE_SECONDS / 3)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, PATIENCE_SECONDS / 3)

    def let_go(self) -> None:
        self._open.set()
