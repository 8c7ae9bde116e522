"""Run a packed function in a world: start an interpreter there, wait for its answer, and never for longer than said."""

import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from orderlab.exploration.worlds.describing import Description
from orderlab.exploration.worlds.world import World

_CHILD = Path(__file__).with_name("child.py")

Calls = tuple[Description, ...]
"""What two calls in one world came to, one right after the other; then a third, a second later, if there was one."""


class NoAnswer(Exception):
    """There is no answer from a world, and why."""


def visited(packed: bytes, worlds: tuple[World, ...], *, seconds: float, later: bool = False) -> list[Calls]:
    """Return what two calls of a packed function came to in each of these worlds, which are visited all at once.

    Args:
        packed: The function with its arguments.
        worlds: Where to call it.
        seconds: How long it may take in each.
        later: Whether one that uses numpy is called once more in the first of them, a second later.

    Raises:
        NoAnswer: There is none from one of them: it took too long, ended its interpreter, or could not be loaded.
    """
    with ThreadPoolExecutor(len(worlds)) as threads:
        return list(threads.map(lambda world: _visited(packed, world, seconds, later and world is worlds[0]), worlds))


def _visited(packed: bytes, world: World, seconds: float, later: bool) -> Calls:
    answer = json.loads(_answer(packed, world, seconds, later))
    if "failed" in answer:
        raise NoAnswer(f"cannot be loaded in a fresh interpreter, which raises {answer['failed']}")
    calls = tuple(answer["calls"])
    for call in calls:
        if call[0] == "cannot":
            raise NoAnswer(f"gives what cannot be compared: {call[1]}")
    return calls


def _answer(packed: bytes, world: World, seconds: float, later: bool) -> bytes:
    task = {
        "path": sys.path,
        "seed": world.seed,
        "now": world.now,
        "goes_on": world.goes_on,
        "function": packed,
        "later": later,
    }
    child = subprocess.Popen(  # noqa: S603 - this interpreter, and a program of ours
        [sys.executable, "-P", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": str(world.hash_seed), "TZ": world.zone},
        start_new_session=True,
    )
    try:
        answer, _ = child.communicate(pickle.dumps(task), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NoAnswer(
            f"did not end within {seconds:g} s: give it more by seconds=…, or less to do (the wall clock stands still "
            "there, so who waits for it waits for ever)"
        ) from None
    finally:
        _end(child)
    if not answer:
        raise NoAnswer(f"ended its interpreter (exit code {child.returncode})")
    return answer


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Make sure that a child and what it has started are gone."""
    if child.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    child.communicate()
