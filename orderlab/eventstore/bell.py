"""Wake those who wait for the log to grow, whichever thread and event loop they wait in."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """A bell that any thread may ring and any event loop may listen to.

    It carries no data: who is woken reads the log by position, so that a ring too many costs a look and a ring
    between two looks is not lost.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def ring(self) -> None:
        """Wake every listener."""
        with self._lock:
            listeners = list(self._listeners.items())
        for rung, loop in listeners:
            try:
                loop.call_soon_threadsafe(rung.set)
            except RuntimeError:  # its loop was closed under it, so nobody waits there any more
                with self._lock:
                    self._listeners.pop(rung, None)

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Give an event that is set at each ring from now on; the listener clears it before it looks."""
        rung = asyncio.Event()
        with self._lock:
            self._listeners[rung] = asyncio.get_running_loop()
        try:
            yield rung
        finally:
            with self._lock:
                self._listeners.pop(rung, None)
