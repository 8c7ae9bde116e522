"""Give the garbage collector a rest while very many objects are made and none is dropped."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_resting = 0


@contextmanager
def collector_resting() -> Iterator[None]:
    """Pause the garbage collector, and restore it as it was.

    Going through all the live objects again and again takes longer than decoding them. What was made meanwhile is
    moved straight to the oldest generation: as young objects it would all be gone through at once, a third of a
    replay's time. Rests may overlap, in several threads; the last to end wakes the collector.
    """
    global _resting  # noqa: PLW0603 - the collector is one for the process
    with _lock:
        if _resting == 0 and not gc.isenabled():
            resting = False  # somebody else's choice, which stays
        else:
            resting = True
            _resting += 1
            gc.disable()
    try:
        yield
    finally:
        if resting:
            with _lock:
                _resting -= 1
                if _resting == 0:
                    if gc.get_freeze_count() == 0:  # else somebody else's frozen objects would be thawed too
                        gc.freeze()
                        gc.unfreeze()
                    gc.enable()
