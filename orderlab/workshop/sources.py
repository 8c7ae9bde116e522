"""An answer as it was written: the notebook's cell, or the lines of the function."""

import inspect
import re
import sys
from textwrap import dedent
from typing import Any


def source_of(name: str, answer: Any) -> str:
    """Return the source of an answer as far as it can be found; else the value as Python would show it.

    In a notebook it is the last cell that was run and gives the name a value: helpers stand beside the answer there.

    Args:
        name: What the answer is called.
        answer: The answer.
    """
    defines = re.compile(
        rf"^(?:async def|def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\b[^=\n]*=(?!=)", re.MULTILINE
    )
    for cell in reversed(_cells()):
        if defines.search(cell):
            return cell
    try:
        return dedent(inspect.getsource(answer))
    except (OSError, TypeError):  # a value, or a function whose lines nobody kept
        return _written(answer)


def _cells() -> list[str]:
    """Return what was run in this notebook, in order."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    cells = getattr(getattr(shell, "history_manager", None), "input_hist_raw", ())
    return [each for each in cells if isinstance(each, str)]


def _written(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a learner's class may not know how to write itself
        return f"a {type(value).__name__} whose repr raises {type(error).__name__}"
