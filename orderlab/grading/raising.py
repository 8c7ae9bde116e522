"""What an answer raises, told as a problem: what it was, and on which line of the learner's source."""

import linecache
from dataclasses import FrozenInstanceError
from pathlib import Path
from traceback import TracebackException, walk_tb
from types import FrameType, FunctionType, TracebackType
from typing import Any

from orderlab.grading.verdict import Problem

_PACKAGE = str(Path(__file__).parent.parent)


class TimeOver(BaseException):
    """The time that an answer is given is over; no answer's `except Exception` catches it.

    Args:
        limit: The time, as it is said.
    """


_INSTEAD = {
    TimeOver: "{name} does not come to an end: it was stopped after {said}",
    SystemExit: "{name} ends the program, and should return its answer instead",
    RecursionError: "{name} calls itself without end",
    MemoryError: "{name} uses more memory than an answer is given",
}

_BESIDES = (
    (TypeError, "exceptions must derive from BaseException", "a refusal is returned, not raised"),
    (TypeError, "must return a tuple of events", "a tuple of one has a comma: `(event,)`"),
    (FrozenInstanceError, "cannot ", "a value stays as it is, and `replace(value, …)` of dataclasses makes another"),
)
"""What is said besides to mistakes that nearly everybody makes: the kind of exception, words of it, the sentence."""


def problem_raised(name: str, answer: Any, error: BaseException, run: Any) -> Problem:
    """Return what an answer raised as a problem, which names the line of the learner's source.

    Args:
        name: What the answer is called.
        answer: The answer.
        error: What was raised.
        run: The run on which it was.
    """
    begins = _at_the_learners(error.__traceback__, answer)
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(begins) if _is_learners(frame, answer)]
    detail = "".join(TracebackException(type(error), error, begins or error.__traceback__, limit=-20).format())
    if frames:
        return Problem(told(name, error, f"{name} raises"), line_of(*frames[-1]), run, detail=detail)
    if isinstance(error, AttributeError) and type(error.obj).__module__ == "__main__":
        return Problem(f"{_kind_of(error.obj)} has no `{error.name}`", "the check looks for it", run, detail=detail)
    if isinstance(error, TypeError) and "cannot pickle" in str(error):
        what = f"{name} uses something that cannot be copied, and the check begins anew with a copy: {error}"
        return Problem(what, "make what it uses inside it, or do without", run, detail=detail)
    what = told(name, error, f"what {name} gives cannot be used:")
    return Problem(what, f"not in a line of {name}, but in the check that used it", run, detail=detail)


def told(name: str, error: BaseException, raises: str) -> str:
    """Say what was raised, as a sentence that a newcomer understands where there is one.

    Args:
        name: What raised it.
        error: What was raised.
        raises: How the sentence begins where there is none better.
    """
    said = str(error)
    better = next((text for kind, text in _INSTEAD.items() if isinstance(error, kind)), "")
    if better:
        return better.format(name=name, said=said)
    besides = next((text for kind, words, text in _BESIDES if isinstance(error, kind) and words in said), "")
    return f"{raises} {type(error).__name__}{f': {said}' * bool(said)}{f'; {besides}' * bool(besides)}"


def _kind_of(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


def line_of(file: str, line: int) -> str:
    """Name a line of a source, with its text where that is known."""
    text = linecache.getline(file, line).strip()
    place = "" if file.startswith("<") or "ipykernel" in file else f" of {Path(file).name}"
    return f"in line {line}{place}" + (f": {text}" if text else "")


def _at_the_learners(trace: TracebackType | None, answer: Any) -> TracebackType | None:
    """Return a traceback from where it comes to the learner's source; what called that is of no use to them."""
    while trace is not None and not _is_learners(trace.tb_frame, answer):
        trace = trace.tb_next
    return trace


def _is_learners(frame: FrameType, answer: Any) -> bool:
    """Tell whether a frame runs the learner's source: what stands in a notebook, a script, or beside the answer."""
    file = frame.f_code.co_filename
    if file.startswith(_PACKAGE):
        return False
    if isinstance(answer, FunctionType) and frame.f_globals is answer.__globals__:
        return True
    return frame.f_globals.get("__name__") == "__main__" and "site-packages" not in file
