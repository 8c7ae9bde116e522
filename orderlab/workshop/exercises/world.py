"""Watch whether a function looks at the world: at a clock, at chance, or at a file; or waits for something."""

import _random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import FrameType
from typing import Any

_TIME = frozenset(
    ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime", "ctime")
)
_NOW = frozenset(("now", "utcnow", "today"))
_DRAWN = frozenset(("random", "getrandbits", "seed"))


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the world, which was stopped before it happened.

    Args:
        what: What was looked at: `the clock`, `chance`, `a file`; or `waits` for a function that waits.
        name: The function that looks, as the answer calls it: `datetime.now`, `uuid4`.
        line: The line of the answer in which it does; 0 where that cannot be told.
    """

    what: str
    name: str
    line: int

    def __str__(self) -> str:
        does = "waits" if self.what == "waits" else f"looks at {self.what}"
        return f"{does}, by calling {self.name}" + (f" in line {self.line}" if self.line else "")


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

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        answer = function(*values, **named)
    except _Stopped:
        answer = None
    finally:
        sys.setprofile(before)
    return (None, looks[0]) if looks else (answer, None)


def _what(called: Any) -> str:
    """Return what a function of the machine's looks at; empty for one that looks at nothing."""
    name, module, owner = (getattr(called, each, None) for each in ("__name__", "__module__", "__self__"))
    if name in _NOW and isinstance(owner, type) and issubclass(owner, date):
        return "the clock"
    if module == "time":
        return "waits" if name == "sleep" else "the clock" if name in _TIME else ""
    if name in ("urandom", "generate_time_safe") or (name in _DRAWN and isinstance(owner, _random.Random)):
        return "chance"
    if name == "open" and module in ("io", "_io"):
        return "a file"
    return "waits" if module == "_thread" and name in ("start_new_thread", "start_joinable_thread") else ""


def _look(what: str, called: Any, frame: FrameType | None, file: str) -> Look:
    """Tell a look by the innermost line that is the answer's own, and by what is called there."""
    name = called.__qualname__ if called.__module__ is None else f"{called.__module__}.{called.__name__}".lstrip("_")
    while frame is not None and frame.f_code.co_filename != file:
        name, frame = frame.f_code.co_name, frame.f_back
    return Look(what, name if frame is not None else called.__name__, 0 if frame is None else frame.f_lineno)
