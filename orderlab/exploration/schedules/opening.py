"""Open the event store that is asked for, and close it again if it was opened here."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from inspect import signature
from os import PathLike, fspath
from typing import Any

from orderlab.core.codec import Codec
from orderlab.core.decider import DeciderReducer
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.urls import open_event_store
from orderlab.timeline.asof.given import codec_of


@asynccontextmanager
async def opened(given: Any, reducer: DeciderReducer[Any, Any]) -> AsyncIterator[EventStore]:
    """Give an event store, and close it at the end unless it was open before.

    Args:
        given: An open event store; what makes one, such as a class; the path of a DuckDB file; or an address.
        reducer: The domain's reducer. Where only a path or an address is given, its events are written by the codec
            that their types give; an event store that somebody else makes has its own.

    Raises:
        TypeError: It is none of these.
        EventStoreError: It cannot be opened.
    """
    if given is InMemoryEventStore:
        given = InMemoryEventStore(codec=_codec(reducer))
    elif isinstance(given, PathLike) or (isinstance(given, str) and "://" not in given):
        from orderlab.eventstore.duckdb import DuckDBEventStore  # noqa: PLC0415 - a log in memory needs no duckdb

        given = DuckDBEventStore(fspath(given), codec=_codec(reducer))
    elif isinstance(given, str):
        given = open_event_store(given, codec=_codec(reducer))
    elif _is_event_store(given):
        yield given
        return
    elif callable(given):
        given = _made(given)
    if _is_event_store(given):
        try:
            yield given
        finally:
            await given.close()
    elif hasattr(given, "__aenter__"):
        async with given as event_store:
            yield event_store
    else:
        raise TypeError(
            "event_store must be an open event store, what makes one, such as InMemoryEventStore, a path or an address "
            f"such as duckdb:///file.duckdb or postgresql://user@host/database, not {given!r}"
        )


def _made(opens: Callable[[], Any]) -> Any:
    """Call what makes an event store, which may want to be told where."""
    name = getattr(opens, "__name__", None) or repr(opens)
    try:
        signature(opens).bind()
    except ValueError:  # of a class that Python cannot look into it is found out by calling it
        return opens()
    except TypeError as error:
        raise TypeError(
            f"event_store must be what makes an event store without being told anything more, and {name} wants more "
            f"({error}): write lambda: {name}(…)"
        ) from error
    return opens()


def _is_event_store(given: Any) -> bool:
    return not isinstance(given, type) and hasattr(given, "append_events") and hasattr(given, "load_events")


def _codec(reducer: DeciderReducer[Any, Any]) -> Codec:
    return codec_of(reducer, None)()
