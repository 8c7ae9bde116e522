"""Run somebody's test on one thing, for a limited time, and tell what came of it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from inspect import isawaitable, unwrap
from threading import Thread
from time import monotonic
from types import FrameType
from typing import Any


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of running a test.

    Args:
        error: What it raised, in one line; empty if it passed.
        is_endless: Whether it was ended because it took too long.
        returned: What it returned; a test returns nothing.
    """

    error: str = ""
    is_endless: bool = False
    returned: Any = None

    @property
    def passed(self) -> bool:
        """Whether it came to its end and raised nothing."""
        return not self.error and not self.is_endless


class _TooLong(BaseException):
    """Ends a test in the middle of a loop; nothing that a test would catch."""


def attempt(test: Callable[[Any], Any], subject: Any, seconds: float) -> Attempt:
    """Run a test in a thread of its own, where an event loop may be running already, and end it when it takes too long.

    Args:
        test: A function of one argument, or a coroutine function.
        subject: The argument.
        seconds: How long it may take.
    """
    outcome: Future[Attempt] = Future()
    Thread(target=lambda: outcome.set_result(_run(test, subject, seconds)), daemon=True).start()
    try:
        return outcome.result(2 * seconds)
    except FutureTimeout:  # it waits in something that is not Python, where it cannot be ended: it is left behind
        return Attempt(is_endless=True)


def _run(test: Callable[[Any], Any], subject: Any, seconds: float) -> Attempt:
    end = monotonic() + seconds
    file = getattr(getattr(unwrap(test), "__code__", None), "co_filename", None)

    def watch(frame: FrameType, event: str, argument: Any) -> Any:
        if monotonic() > end:
            raise _TooLong
        return watch if frame.f_code.co_filename == file else None  # of others' code each call is enough, and quick

    sys.settrace(watch)  # of this thread alone
    try:
        returned = test(subject)
        if isawaitable(returned):
            returned = asyncio.run(_awaited(returned, seconds))
        return Attempt(returned=returned)
    except _TooLong:
        return Attempt(is_endless=True)
    except BaseException as error:  # noqa: BLE001 - a test fails by whatever it raises; pytest's are no Exceptions
        if type(error).__name__ == "Skipped":
            return Attempt(returned=None)
        return Attempt(error=" ".join(f"{type(error).__name__}: {error}".split()).rstrip(": "))
    finally:
        sys.settrace(None)


async def _awaited(returned: Awaitable[Any], seconds: float) -> Any:
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await returned
    except TimeoutError:
        if limit.expired():
            raise _TooLong from None
        raise  # the test's own
