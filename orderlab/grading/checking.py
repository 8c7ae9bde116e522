"""Check an answer in a judge process, which an answer can neither keep, nor fill, nor change for the next one."""

import linecache
import pickle
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from orderlab.grading.asked import Reply, Request
from orderlab.grading.judge import JUDGE, CheckFailed
from orderlab.grading.sending import pickled
from orderlab.grading.verdict import Problem, Result, Verdict

if TYPE_CHECKING:
    from orderlab.grading.exercise import Exercise


def check(exercise: "Exercise", answer: Any, seconds: float) -> Verdict:
    """Check an answer in the judge process; whatever it does there, a verdict comes back.

    Raises:
        CheckFailed: There is no judge process, or the exercise itself has a mistake.
    """
    if not seconds > 0:
        raise ValueError(f"seconds must be more than 0, not {seconds!r}")
    try:
        request = _request(exercise, answer, seconds)
    except Exception as error:  # noqa: BLE001 - a lock, a connection: the learner's own, and told to the learner
        return Verdict(exercise.number, Result.INCORRECT, _unsent(exercise.answer, error))
    reply = JUDGE.ask(request, seconds)
    if reply.verdict is not None:
        load = pickle.loads  # its functions are the learner's own
        verdict: Verdict = load(reply.verdict)
        return verdict
    if reply.sentence:
        raise CheckFailed(reply.sentence)
    return Verdict(exercise.number, Result.INCORRECT, _ended(exercise.answer, reply, seconds))


def warm_up(*modules: str) -> None:
    """Start the judge process if there is none, so that it imports while its first answer is still being written.

    Args:
        modules: Modules of this package that it will need.
    """
    JUDGE.start(*modules)


def _request(exercise: "Exercise", answer: Any, seconds: float) -> Request:
    return Request(
        pickled((exercise, answer)),
        seconds,
        [each or str(Path.cwd()) for each in sys.path],
        str(Path.cwd()),
        {file: linecache.getlines(file) for file in _files(answer, set())},
    )


def _unsent(name: str, error: Exception) -> Problem:
    return Problem(
        f"{name} cannot be sent to the process that checks it, for it uses something that belongs to this one: {error}",
        "make what it uses inside it, or do without",
    )


def _files(value: Any, met: set[int]) -> Iterator[str]:
    """Give the names of the sources that an answer stands in: its own, and those of the functions that it uses."""
    if id(value) in met:
        return
    met.add(id(value))
    if isinstance(value, FunctionType):
        yield value.__code__.co_filename
        for name in value.__code__.co_names:
            used = value.__globals__.get(name)
            if isinstance(used, FunctionType | type) and used.__module__ == value.__module__:
                yield from _files(used, met)
    elif isinstance(value, type):
        for each in vars(value).values():
            yield from _files(getattr(each, "__func__", each), met)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _files(getattr(value, field.name, None), met)
    elif type(value).__module__ == "__main__":
        yield from _files(type(value), met)


def _ended(name: str, reply: Reply, seconds: float) -> Problem:
    """Return what is wrong with an answer of which no verdict came."""
    if reply.ended is None:
        return Problem(
            f"{name} does not come to an end: it was stopped after {seconds:g} s",
            "it is in a loop, or waits for something that does not come",
        )
    if reply.ended < 0:
        return Problem(
            f"{name} was ended by the system (signal {-reply.ended}), as when memory runs out",
            "nothing more is known of where",
        )
    return Problem(
        f"{name} ends the process that checks it (exit code {reply.ended}), and should return its answer instead",
        "where it leaves Python, such as by os._exit",
    )
