"""Which cell made something that goes on, so that it ends when the cell is run again."""

from typing import Protocol
from weakref import WeakSet

from IPython.core.getipython import get_ipython


class Going(Protocol):
    """What goes on until it is stopped."""

    def stop(self) -> None:
        """Stop it."""


_MADE: dict[str, tuple[str, WeakSet[Going]]] = {}
"""By cell: the run of it that made them, and what it made."""


def stop_those_of_this_cell(made: Going) -> None:
    """Stop what earlier runs of the present cell have made, and remember what this one makes."""
    where = _present()
    if where is None:
        return
    cell, run = where
    run_before, going = _MADE.get(cell, ("", WeakSet()))
    if run != run_before:
        for each in going:
            each.stop()
        going = WeakSet()
    going.add(made)
    _MADE[cell] = run, going


def _present() -> tuple[str, str] | None:
    """Return the ids of the present cell and of this run of it; None outside a notebook, or in one without ids."""
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return None
    parent = kernel.get_parent() or {}
    cell, run = parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")
    return (cell, run) if isinstance(cell, str) and isinstance(run, str) else None
