"""Logs in DuckDB files, written, read and refused in one line each."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.duckdb import DuckDBEventStore


def opened(path: Path, **options: Any) -> DuckDBEventStore:
    """Return an event store for the contract's events, in a file."""
    return DuckDBEventStore(path, **{"codec": CONTRACT_CODEC, **options})


def notes(*numbers: int) -> list[Noted]:
    """Return an event for each number."""
    return [Noted("x", number) for number in numbers]


def files_beside(path: Path) -> list[str]:
    """Return the names of all files in the folder of a log."""
    return sorted(each.name for each in path.parent.iterdir())


async def numbers_in(path: Path) -> list[int]:
    """Open a log and return the numbers of its events."""
    async with opened(path) as event_store:
        return [recorded.event.number async for recorded in event_store.read_all()]


def read(path: Path) -> list[int]:
    """Do the same outside of an event loop."""
    return asyncio.run(numbers_in(path))


def sentence_of(path: Path) -> str:
    """Open what cannot be opened, and return what is said of it after its name."""
    with pytest.raises(EventStoreError) as caught:
        read(path)
    return after_the_name(path, str(caught.value))


def read_or_sentence_of(path: Path) -> list[int] | str:
    """Read what may be damaged: return the numbers of its events, or what is said of it after its name."""
    try:
        return read(path)
    except EventStoreError as error:
        return after_the_name(path, str(error))


def after_the_name(path: Path, text: str) -> str:
    """Check that an error is one sentence that names the log, and return the rest of it."""
    assert text.startswith(str(path))
    assert "\n" not in text
    return text.removeprefix(str(path)).removeprefix(" ")


def write(path: Path, *numbers: int, text: str = "x") -> None:
    """Open a log, append an event for each number, and close it."""

    async def append() -> None:
        async with opened(path) as event_store:
            await event_store.append_events("a", [Noted(text, number) for number in numbers])

    asyncio.run(append())
