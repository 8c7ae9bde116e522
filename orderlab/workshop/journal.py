"""A learner's log: one file or schema, opened for each thing that is recorded, so that several kernels can share it."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import quote

from platformdirs import user_data_dir

from orderlab.eventstore.base import EventStore, EventStoreError
from orderlab.eventstore.urls import is_postgres, open_event_store, path_of
from orderlab.logfile import export_lines
from orderlab.orders.reducer import OrderEnvironment
from orderlab.outcome import Outcome
from orderlab.replay import load_state
from orderlab.runtime import Store
from orderlab.system import RandomIds, SystemClock
from orderlab.workshop.learning import LEARNING_CODEC, Studies, Study, learning_reducer

T = TypeVar("T")

VARIABLE = "ORDERLAB_WORKSHOP"
"""The environment variable that says where progress is kept: a path, or the address of an event store."""

_PATIENCE, _PAUSE = 10.0, 0.02
"""Seconds for which another process may hold the file, and after which it is tried again."""


def address() -> str:
    """Return where progress is kept: what the environment says, else a file in the user's data folder.

    Raises:
        EventStoreError: What the environment says could keep nothing.
    """
    said = os.environ.get(VARIABLE, "").strip()
    if said.startswith("memory:"):
        raise EventStoreError(f"{VARIABLE}={said} would keep nothing: name a file")
    if "://" in said:
        if not (said.startswith("duckdb:") or is_postgres(said)):
            raise EventStoreError(
                f"{VARIABLE} names no file: name one, such as progress.duckdb, or postgresql://user@host/database"
            )
        return said
    path = Path(said).expanduser() if said else Path(user_data_dir("orderlab", appauthor=False)) / "workshop.duckdb"
    if path.is_dir():
        path /= "workshop.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    return address_of(path)


def address_of(path: Path) -> str:
    """Return the address of the event store in a file."""
    return f"duckdb:///{quote(path.absolute().as_posix(), safe='/:')}"


def record(command: Any) -> tuple[Outcome, Study | None]:
    """Record what a learner did, and return what became of that, and all that was done with the exercise since.

    Raises:
        OrderlabError: It could not be; one sentence says why.
    """
    return _performed(partial(_recorded, command))


def studies() -> Mapping[str, Study]:
    """Return what was done with each exercise that was touched, by number.

    Raises:
        OrderlabError: It cannot be read; one sentence says why.
    """
    return _performed(_read)


def export(path: str | PathLike[str]) -> int:
    """Write the log to a file of JSON lines, and return how many events it has.

    Raises:
        OrderlabError: It cannot be read, or written.
    """
    return _performed(partial(_exported, path))


def _opened() -> AbstractAsyncContextManager[EventStore]:
    """Open the log, and make it only where there is nothing: a database of something else stays as it is."""
    url = address()
    is_there = not is_postgres(url) and path_of(url.partition("://")[2], url).exists()
    return open_event_store(url, codec=LEARNING_CODEC, create=not is_there)


async def _recorded(command: Any) -> tuple[Outcome, Study | None]:
    env = OrderEnvironment(SystemClock(), RandomIds())
    reducer = learning_reducer()
    async with (
        _opened() as event_store,
        Store(reducer, reducer.initial_state(), env, event_store) as store,
    ):
        outcome = await store.send(command)
        return outcome, store.state.entities.get(command.number)


async def _read() -> Mapping[str, Study]:
    async with _opened() as event_store:
        state: Studies = await load_state(event_store, reducer=learning_reducer())
    return dict(state.entities)


async def _exported(path: str | PathLike[str]) -> int:
    async with _opened() as event_store:
        return await export_lines(event_store, path)


def _performed(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do a piece of work with the file to its end, in a thread of its own: a notebook's own loop runs already."""
    with ThreadPoolExecutor(1, thread_name_prefix="orderlab workshop") as threads:
        return threads.submit(asyncio.run, _patiently(work)).result()


async def _patiently(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Try again while another process, or another thread of this one, has the file open: each has it for a moment."""
    until = monotonic() + _PATIENCE
    while True:
        try:
            return await work()
        except EventStoreError as error:
            if " is open in " not in str(error) or monotonic() >= until:
                raise
        except OSError as error:
            where = f" in {error.filename}" if error.filename else ""
            raise EventStoreError(f"progress cannot be kept{where}: {error.strerror or error}") from error
        await asyncio.sleep(_PAUSE)
