"""Open a fresh event store, or a log again, by what somebody hands over for it."""

from contextlib import AsyncExitStack
from inspect import isawaitable, signature
from typing import Any

from orderlab.core.environment import FixedClock, SeededIds
from orderlab.exploration.playing import AT
from orderlab.orders.codec import ORDER_CODEC


async def opened(stack: AsyncExitStack, open_event_store: Any, *closed: Any) -> Any:
    """Open an event store with the options that the opener takes, so that nothing in its log is left to chance.

    Raises:
        TypeError: What is opened is no event store, or cannot be opened like this.
        ValueError: It is not empty, though none was given to open again.
    """
    options = {"codec": ORDER_CODEC, "clock": FixedClock(AT), "ids": SeededIds(1)}
    name = name_of(open_event_store)
    try:
        taken = signature(open_event_store).parameters
        event_store = open_event_store(*closed, **{each: options[each] for each in options if each in taken})
        event_store = await event_store if isawaitable(event_store) else event_store
        if not callable(getattr(event_store, "append_events", None)) and hasattr(event_store, "__aenter__"):
            event_store = await stack.enter_async_context(event_store)
    except TypeError as error:
        raise TypeError(f"{name} must open a fresh event store when it is called, and raised: {error}") from error
    if not callable(getattr(event_store, "append_events", None)):
        raise TypeError(
            f"{name} must give an event store when it is called, such as InMemoryEventStore does, not {event_store!r}; "
            "to compare rules hand over deciders, such as replace(ORDERS, decide=…)"
        )
    if not closed and (head := await event_store.head()):
        await event_store.close()
        raise ValueError(f"{name} must open a fresh, empty event store each time, and this one has {head} events")
    return event_store


def reopener(open_event_store: Any) -> Any:
    """Return what opens a closed event store's log again; None if that cannot be done."""
    reopen = getattr(open_event_store, "reopen", None)
    return reopen if callable(reopen) else None


def name_of(value: Any) -> str:
    """Return what a function or a class is called."""
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else repr(value)
