"""Run a function in a world, in an interpreter of its own: the program that `check_determinism` starts.

It is started by its path and imports nothing of orderlab, so that it begins at once. What it is to do comes in on the
standard input, pickled; what came of it goes out as JSON, described in plain values (see `describing`).
"""

import json
import os
import pickle
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from typing import Any

_MOST_ITEMS = 100_000
_A_SECOND = 1.01


def main() -> None:
    """Do what comes in on the standard input, twice, and write what came of it."""
    out = os.fdopen(os.dup(1), "wb")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # what the function prints is not the answer
    os.dup2(silence, 2)
    task = pickle.load(sys.stdin.buffer)  # noqa: S301 - written a moment ago by the process that started this one
    sys.path[:] = task["path"]
    chance(task["seed"])
    with clock(task["now"], goes_on=task["goes_on"]):
        answer = done(task["function"], later=task["later"])
    out.write(json.dumps(answer).encode())
    out.close()
    os._exit(0)  # not to wait for what the function may have left running


def done(packed: bytes, *, later: bool = False) -> dict[str, Any]:
    """Return what two calls of a packed function came to, and of one that uses numpy also a third.

    numpy asks the machine itself what time it is, where the clock that is set here is not looked at. So the third call
    comes when a second has gone by.

    Args:
        packed: The function with its arguments.
        later: Whether to make the third call.
    """
    try:
        function, arguments = pickle.loads(packed)  # noqa: S301 - as above
    except BaseException as error:  # noqa: BLE001 - whatever its modules raise when they are imported
        return {"failed": f"{type(error).__name__}: {error}"}
    described = _describing()
    calls = [described(*called(function, arguments)) for _ in range(2)]
    if later and "numpy" in sys.modules:
        time.sleep(_A_SECOND)
        calls.append(described(*called(function, arguments)))
    return {"calls": calls}


def _describing() -> Callable[[str, Any], list[Any]]:
    """Return the function that describes a value; its module lies beside this one and is found by its path."""
    spec = spec_from_file_location("_orderlab_describing", os.path.join(os.path.dirname(__file__), "describing.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.described  # type: ignore[no-any-return] # a module of ours


def called(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """Call a function to its very end, and return `result` or `error` with what came of it."""
    try:
        result = function(*arguments)
        if hasattr(result, "__await__"):
            import asyncio  # noqa: PLC0415 - slow, and most functions do without

            result = asyncio.run(_awaited(result))
        if isinstance(result, Iterator):
            result = list(islice(result, _MOST_ITEMS))
    except BaseException as error:  # noqa: BLE001 - an error that is raised is a result too
        return "error", error
    return "result", result


async def _awaited(result: Any) -> Any:
    return await result


def clock(now: float, *, goes_on: bool) -> AbstractContextManager[Any]:
    """Set the wall clock to a time, at which it stands or from which it goes on."""
    # What time_machine has for those who use it together with these takes half a second to load.
    missing = [name for name in ("pytest", "dateutil.parser") if name not in sys.modules]
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(missing))
    import time_machine  # noqa: PLC0415 - it changes the interpreter, so only here

    for name in missing:
        del sys.modules[name]
    return time_machine.travel(now, tick=goes_on)


def chance(seed: int) -> None:
    """Make all chance that Python draws follow from a seed."""
    source = random.Random(seed)  # noqa: S311 - to be repeatable is the purpose

    def urandom(size: int) -> bytes:
        return source.randbytes(size)

    os.urandom = urandom
    random._urandom = urandom  # type: ignore[attr-defined] # what SystemRandom, and so `secrets`, draws from
    random.seed(seed)


if __name__ == "__main__":
    main()
