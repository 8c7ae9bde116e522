"""Judge one answer in a process that ends after that: confined, with what it prints heard, and a reply in any case."""

import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from linecache import cache as remembered_lines
from typing import Any

from orderlab.grading.asked import Reply, Request
from orderlab.grading.confining import Ear, confine, give, listen, release
from orderlab.grading.judging import judge
from orderlab.grading.raising import TimeOver
from orderlab.grading.sending import pickled
from orderlab.grading.verdict import Problem, Result, Verdict

LOADING = 20.0
"""Seconds for making the exercise and the answer again, with all that they import, on a busy machine."""


_READY = {"orderlab", "duckdb", "hypothesis", "immutables", "msgspec", "numpy", "pandas", *sys.stdlib_module_names}
"""What exercises import, and what starts nothing when it is imported: a fork of a process with threads may hang."""


class _Unreadable(Exception):
    """An exercise or an answer that this process cannot make again."""


def judged(request: Request, begin: Callable[[], None]) -> Reply:
    """Judge an answer in this process, which is to end after that.

    Args:
        request: The exercise and the answer.
        begin: Called when both are there, and the answer's time begins.
    """
    ear, ready, places = listen(), set(sys.modules), tuple(each for each in sys.path if each)
    sys.path[:] = request.path
    with suppress(OSError):  # a folder that is no longer there
        os.chdir(request.folder)
    for file, lines in request.lines.items():
        remembered_lines[file] = sum(map(len, lines)), None, lines, file
    try:
        confine()
        reply = _pickled(_verdict(request, ear, begin))
    except _Unreadable as error:
        return Reply(sentence=str(error))
    except TimeOver:
        return Reply()
    except BaseException as error:  # noqa: BLE001 - a mistake in the exercise: whoever asked is told
        return Reply(sentence=f"the check itself failed: {type(error).__name__}: {error}")
    return reply._replace(used=tuple(name for name in _installed(places) if name not in ready))


def _installed(places: tuple[str, ...]) -> Iterator[str]:
    """Give the modules that were imported from where this program has its own; a learner's stand elsewhere."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(places) and name.partition(".")[0] in _READY:
            yield name


def _verdict(request: Request, ear: Ear, begin: Callable[[], None]) -> Verdict:
    load: Callable[[bytes], Any] = pickle.loads
    give(LOADING)
    try:
        exercise, answer = load(request.content)
    except Exception as error:
        raise _Unreadable(f"the answer could not be made again in the judge process: {error}") from error
    begin()
    give(request.seconds)
    try:
        verdict = judge(exercise, answer, begin=ear.forget)
    except KeyboardInterrupt:  # nobody can press Ctrl-C here
        problem = Problem(f"{exercise.answer} raises KeyboardInterrupt, as if somebody had ended it", "nobody did")
        return Verdict(exercise.number, Result.INCORRECT, problem)
    finally:
        release()
    return replace(verdict, printed=ear.heard()) if verdict.result is Result.INCORRECT else verdict


def _pickled(verdict: Verdict) -> Reply:
    try:
        return Reply(pickled(verdict))
    except Exception as error:
        if verdict.problem is None:
            raise
        # A learner's value cannot be sent, but what is said about it can.
        bare = replace(verdict.problem, trace=None, wanted=None)
        note = f"The run cannot be shown here, for something in it cannot be sent: {error}"
        return Reply(pickled(replace(verdict, problem=bare, note=note)))
