"""A log from one event store to another, as the same log: resumable, and verified by reading both again.

Nothing is decoded: every event keeps its position, version, id, time and causes, and its metadata and payload as text.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from orderlab.collector import collector_resting
from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import OrderlabError, Unwritable
from orderlab.core.log import StoredEvent
from orderlab.drawing.tables import AsTable
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.stretches import TOGETHER, read_ahead, stretches_of
from orderlab.eventstore.verbatim import Displaced, append_of, append_rows, difference

_TOGETHER = TOGETHER
"""Events read and written at a time, and between two reports of progress, at the most."""


class LogCopyError(OrderlabError):
    """A log that cannot be copied, or not to there; names the position."""


class Stage(StrEnum):
    """What a copy is at."""

    COMPARING = "Comparing"
    COPYING = "Copying"
    VERIFYING = "Verifying"


Progress = Callable[[Stage, int], object]
"""Called now and then with the stage, and the position up to which it has come."""


@dataclass(frozen=True, slots=True)
class Copied(AsTable):
    """A copy that was verified.

    Args:
        events: How many events both logs hold: those that the source held when the copy began.
        added: How many of them the target did not hold before.
        digest: The SHA-256 of either log up to there; see `digest_of`.
        newer: How many events the source got meanwhile, which are not copied: to copy again adds them.
    """

    events: int
    added: int
    digest: str
    newer: int


async def copy_log(
    source: EventStore, target: EventStore, *, progress: Progress = lambda stage, position: None
) -> Copied:
    """Copy a log to another event store, as it is, and make sure of it by reading both again.

    The target may hold the beginning of the same log, as after an interrupted copy; then the rest is added.

    Args:
        source: The log; what comes into it from now on is not copied.
        target: Where it goes; empty, or at some earlier point of the same log. Nobody else writes to it.
        progress: Called now and then with the stage and the position up to which it has come.

    Raises:
        LogCopyError: The target holds something else than the beginning of the source, at the start or because
            someone else writes to it; or the source holds what no event store takes.
    """
    held, until = await _compare(source, target, 0, progress)
    added = await _add(source, target, held, until, progress)
    digest = await _verify(source, target, until, progress)
    _, now = await _compare(source, target, until)
    return Copied(until, added, digest, now - until)


async def digest_of(event_store: EventStore, *, until: int | None = None, progress: Progress | None = None) -> str:
    """Return a SHA-256 over every field of every event of a log, as hexadecimal: two equal ones mean the same log.

    What it is taken of is a line for each event, in position order: a JSON array of the fields of `StoredEvent`,
    without spaces, the metadata and the payload as the text they are.

    Args:
        event_store: The log.
        until: The position of the last event; None for the end.
        progress: Called now and then, as by `copy_log`.
    """
    digest, encode = hashlib.sha256(), msgspec.json.Encoder().encode_lines
    end = await event_store.head() if until is None else until
    async with aclosing(_stretches(event_store, 0, end)) as stretches:
        async for rows in stretches:
            await asyncio.to_thread(lambda: digest.update(encode(rows)))  # noqa: B023 - run at once
            if progress is not None:
                progress(Stage.VERIFYING, rows[-1].position)
    return digest.hexdigest()


async def _compare(
    source: EventStore, target: EventStore, after: int, progress: Progress = lambda stage, position: None
) -> tuple[int, int]:
    """Make sure that what the target holds after a position is what the source holds there; return both heads."""
    held = await target.head()
    until = await source.head()  # read second, so that someone else who copies the same log is not taken to be ahead
    async with aclosing(_stretches(source, after, min(held, until))) as stretches:
        async for rows in stretches:
            await _require_same(rows, target)
            progress(Stage.COMPARING, rows[-1].position)
    if held > until:
        raise LogCopyError(
            f"the target holds {held:,} events and the source {until:,}, so that position {until + 1} is the first "
            "that differs: a log is copied to an empty one or to the beginning of a copy"
        )
    return held, until


async def _add(source: EventStore, target: EventStore, held: int, until: int, progress: Progress) -> int:
    """Append what the target does not hold yet, reading and preparing the next stretch while one is written."""
    added = 0
    async with aclosing(read_ahead(_prepared(source, held, until, target.codec))) as stretches:
        async for rows, appends in stretches:
            there = await target.head() - rows[0].position + 1  # unless someone else writes to the target, none is
            await _require_same(rows[: max(0, there)], target)
            try:
                added += await append_rows(rows, appends, target)
            except Displaced as error:
                raise _displaced(error) from error
            progress(Stage.COPYING, rows[-1].position)
    return added


async def _verify(source: EventStore, target: EventStore, until: int, progress: Progress) -> str:
    """Read both logs again, and return the digest of either."""
    reading = [
        asyncio.create_task(digest_of(source, until=until)),
        asyncio.create_task(digest_of(target, until=until, progress=progress)),
    ]
    try:
        of_source, of_target = await asyncio.gather(*reading)
    finally:
        for each in reading:  # if one fails the other is not left to read from what will be closed
            each.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    if of_source != of_target:
        async with aclosing(_stretches(source, 0, until)) as stretches:
            async for rows in stretches:
                await _require_same(rows, target)
        raise LogCopyError(f"the logs differed when they were read again: {of_source} and {of_target}")
    return of_source


async def _prepared(
    source: EventStore, after: int, until: int, codec: Codec
) -> AsyncGenerator[tuple[list[StoredEvent], list[AppendEvents]], None]:
    """Give the rows of a log with the appends that make them."""
    last = None
    async with aclosing(stretches_of(source, after=after, until=until, together=_TOGETHER)) as stretches:
        async for rows in stretches:
            yield rows, await asyncio.to_thread(_prepare, rows, last, codec)
            last = rows[-1]


def _prepare(rows: list[StoredEvent], last: StoredEvent | None, codec: Codec) -> list[AppendEvents]:
    """Make the appends for rows, all of which must be such that an event store takes them as they are.

    It is known before anything is written, for an event store that refuses one would take those after it, in the
    wrong places. Only the versions and ids of the whole log are left for the target to check, which has them anyway.
    """
    with collector_resting():
        appends = []
        for row in rows:
            try:
                if last is not None and row.recorded_at < last.recorded_at:
                    raise Unwritable("it was recorded before the one before it")
                appends.append(append_of(row, codec))
            except Unwritable as error:
                raise LogCopyError(
                    f"the source cannot be copied as it is, for position {row.position} is not as an event store "
                    f"writes it: {error}"
                ) from error
            last = row
        return appends


async def _require_same(rows: list[StoredEvent], target: EventStore) -> None:
    if (other := await difference(rows, target)) is not None:
        raise LogCopyError(
            f"the target holds another event than the source at position {other.position}: a log is copied to an empty "
            "one or to the beginning of a copy, and nobody else may write there"
        )


def _displaced(error: Displaced) -> LogCopyError:
    what, refusal = f"the event at position {error.row.position} of the source", error.refusal
    if refusal is not None:
        return LogCopyError(f"{what} was refused by the target, which is no copy now: {refusal}")
    return LogCopyError(
        f"{what} did not come to that place in the target, for someone else writes there, or it is in the source "
        "twice: copy to an empty log that nobody else writes to"
    )


def _stretches(event_store: EventStore, after: int, until: int) -> AsyncGenerator[list[StoredEvent], None]:
    return read_ahead(stretches_of(event_store, after=after, until=until, together=_TOGETHER))
