"""Watch what a function does besides its work: looks at a clock, at chance or at a file, waits, or has others do it."""

import _random
import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from types import FrameType
from typing import Any

from orderlab.orders.decider import decide, evolve

_TIME = frozenset(
    ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime", "ctime")
)
_NOW = frozenset(("now", "utcnow", "today"))
_DRAWN = frozenset(("random", "getrandbits", "seed"))
_ENVIRONMENT = type(os.environ).__getitem__.__code__
_OWN = {decide.__code__: "decide", evolve.__code__: "evolve"}


_LOGGED = " (a log line has the time in it: leave it out)"


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the world, which was stopped before it happened.

    Args:
        what: What was looked at: `the clock`, `chance`, `a file`, `the environment`; or `waits` for a function that
            waits.
        name: The function that looks, as the answer calls it: `datetime.now`, `uuid4`.
        line: The line of the answer in which it does; 0 where that cannot be told.
        is_logging: It is in a line that is logged.
    """

    what: str
    name: str
    line: int
    is_logging: bool = False

    def __str__(self) -> str:
        does = "waits" if self.what == "waits" else f"looks at {self.what}"
        line = f" in line {self.line}" if self.line else ""
        return f"{does}, by calling {self.name}{line}{_LOGGED if self.is_logging else ''}"


class _Stopped(BaseException):
    """Ends a function that looks at the world; no `except Exception` holds it up."""


def watched(function: Callable[..., Any], *values: Any, its: Any = None, **named: Any) -> tuple[Any, Look | None]:
    """Call a function, and return its answer and None; or None and the look at the world at which it was stopped.

    A look is found by the function of the machine's that it ends in, so also through another library, and under any
    name that it was imported by.

    Args:
        function: The function.
        *values: What it is called with.
        its: The answer, if that is another function which this one calls; its lines are told.
        **named: What it is called with by name.

    >>> from uuid import uuid4
    >>> watched(sorted, [2, 1])
    ([1, 2], None)
    >>> print(watched(lambda: f"order-{uuid4()}")[1])
    looks at chance, by calling uuid4 in line 1
    """
    looks: list[Look] = []
    file = getattr(getattr(its or function, "__code__", None), "co_filename", "")

    def profile(frame: FrameType, event: str, called: Any) -> None:
        what = _what(called) if event == "c_call" else ""
        if what:
            looks.append(_look(what, called, frame, file))
            raise _Stopped
        if event == "call" and frame.f_code is _ENVIRONMENT:
            looks.append(replace(_look("the environment", os.getenv, frame, file), name="os.environ"))
            raise _Stopped

    before, collecting = sys.getprofile(), gc.isenabled()
    gc.disable()  # others are told of collections, such as Hypothesis, which looks at the clock then
    sys.setprofile(profile)
    try:
        answer = function(*values, **named)
    except _Stopped:
        answer = None
    finally:
        sys.setprofile(before)
        if collecting:
            gc.enable()
    return (None, looks[0]) if looks else (answer, None)


def handed_on(function: Callable[..., Any], *values: Any, **named: Any) -> tuple[Any, str]:
    """Call a function, and return its answer, and a sentence if orderlab's own rules did its work; else an empty text.

    Args:
        function: The function.
        *values: What it is called with.
        **named: What it is called with by name.

    >>> from orderlab.orders.actions import ShipOrder
    >>> handed_on(decide, ShipOrder("order-1", " "), None, order_id="order-1", at=None)[1]
    "You handed on orderlab's own decide: now write it yourself."
    >>> handed_on(len, "")
    (0, '')
    """
    met: list[str] = []

    def profile(frame: FrameType, event: str, called: Any) -> None:
        if event == "call" and frame.f_code in _OWN:
            met.append(_OWN[frame.f_code])

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        answer = function(*values, **named)
    finally:
        sys.setprofile(before)
    return answer, f"You handed on orderlab's own {met[0]}: now write it yourself." if met else ""


def _what(called: Any) -> str:
    """Return what a function of the machine's looks at; empty for one that looks at nothing."""
    name, module, owner = (getattr(called, each, None) for each in ("__name__", "__module__", "__self__"))
    if name in _NOW and isinstance(owner, type) and issubclass(owner, date):
        return "the clock"
    if module == "time":
        return "waits" if name == "sleep" else "the clock" if name in _TIME else ""
    if name in ("urandom", "generate_time_safe") or (name in _DRAWN and isinstance(owner, _random.Random)):
        return "chance"
    if name == "open" and module in ("io", "_io", "posix", "nt"):
        return "a file"
    return "waits" if module == "_thread" and name in ("start_new_thread", "start_joinable_thread") else ""


def _look(what: str, called: Any, frame: FrameType | None, file: str) -> Look:
    """Tell a look by the innermost line that is the answer's own, and by what is called there."""
    name = called.__qualname__ if called.__module__ is None else f"{called.__module__}.{called.__name__}".lstrip("_")
    is_logging = False
    while frame is not None and frame.f_code.co_filename != file:
        is_logging = is_logging or frame.f_globals.get("__name__") == "logging"
        name, frame = frame.f_code.co_name, frame.f_back
    if frame is None:
        return Look(what, called.__name__, 0, is_logging)
    return Look(what, name, frame.f_lineno, is_logging)
