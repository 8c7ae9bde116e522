"""A log as a file of JSON lines: out, and in again as the same log.

One event a line, in position order, with ids, times, schema versions and raw payloads: nothing is decoded on the way
out, so a payload of an old shape stays what it is.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import CodecError, OrderlabError
from orderlab.core.log import Appended, EncodedEvent, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.stored import StoredEvent

_TOGETHER = 5_000
"""Events written in one transaction, and between two reports of progress."""


class LogFileError(OrderlabError):
    """A file that is no exported log, or not a continuation of the log it is imported to; names the line."""


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """A line of the file: the fields of a stored event, the payload and metadata as they are."""

    position: int
    stream_id: str
    version: int
    event_id: UUID
    event_type: str
    schema_version: int
    recorded_at: Annotated[datetime, msgspec.Meta(tz=True)]
    correlation_id: str | None
    causation_id: str | None
    metadata: msgspec.Raw
    payload: msgspec.Raw


class _Numbered(NamedTuple):
    number: int
    line: Line


async def export_lines(
    event_store: EventStore, path: str | PathLike[str], *, progress: Callable[[int], object] = lambda done: None
) -> int:
    """Write a log to a file, and return how many events it has.

    The file appears when it is whole; one that was there before is replaced only then.

    Args:
        event_store: The log.
        path: The file.
        progress: Called now and then with the number of events written.
    """
    target, written = Path(path), 0
    partial = target.with_name(f".{target.name}.partial")
    try:
        with await asyncio.to_thread(partial.open, "wb") as file:
            async for lines in lines_of(event_store):
                await asyncio.to_thread(file.write, b"".join(lines))
                written += len(lines)
                progress(written)
        await asyncio.to_thread(os.replace, partial, target)
    except OSError as error:
        raise LogFileError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        await asyncio.to_thread(partial.unlink, missing_ok=True)
    return written


async def lines_of(event_store: EventStore) -> AsyncIterator[list[bytes]]:
    """Give a log as encoded lines, a stretch at a time."""
    encode = msgspec.json.Encoder().encode
    head = await event_store.head()
    for after in range(0, head, _TOGETHER):
        stretch = event_store.read_columns(*StoredEvent._fields, after=after, until=min(head, after + _TOGETHER))
        async for columns in stretch:
            rows = zip(*(columns[name] for name in StoredEvent._fields), strict=True)
            yield [encode(_line(StoredEvent._make(row))) + b"\n" for row in rows]


async def import_lines(
    path: str | PathLike[str], event_store: EventStore, *, progress: Callable[[int], object] = lambda done: None
) -> int:
    """Append an exported log to an event store, as it is, and return how many events are new there.

    The event store may hold the beginning of the same log, as after an interrupted import; then the rest is added.

    Args:
        path: The file.
        event_store: Where the log goes; empty, or at some earlier point of the same log.
        progress: Called now and then with the number of events read.

    Raises:
        LogFileError: A line is no event, or the event store holds another log; everything before it was added.
    """
    head = await event_store.head()
    added = 0
    recorded_at: datetime | None = None
    numbered = _read(Path(path), event_store)
    while together := await asyncio.to_thread(lambda: list(islice(numbered, _TOGETHER))):
        for number, line in together:
            if recorded_at is not None and line.recorded_at < recorded_at:
                raise LogFileError(f"{path}, line {number}: recorded_at is earlier than on the line before")
            recorded_at = line.recorded_at
        await _require_same([each for each in together if each.line.position <= head], event_store, path)
        added += await _append([each for each in together if each.line.position > head], event_store, path)
        progress(together[-1].number)
    return added


def _line(row: StoredEvent) -> Line:
    return Line(*row[:9], msgspec.Raw(row.metadata.encode()), msgspec.Raw(row.payload.encode()))


def _read(path: Path, event_store: EventStore) -> Iterator[_Numbered]:
    """Read and check every line; an event that no reader could use later is not let in."""
    decoder = msgspec.json.Decoder(Line)
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    line = decoder.decode(text)
                    event_store.codec.decode(_encoded(line), line.recorded_at)
                except (msgspec.DecodeError, CodecError, UnicodeError) as error:
                    raise LogFileError(f"{path}, line {number}: {error}") from error
                if line.position != number:
                    raise LogFileError(f"{path}, line {number}: position is {line.position}, and {number} is next")
                yield _Numbered(number, line)
    except OSError as error:
        raise LogFileError(f"{path} cannot be read: {error.strerror}") from error


async def _require_same(numbered: list[_Numbered], event_store: EventStore, path: Any) -> None:
    """Make sure that what the event store holds already is what the file says."""
    if not numbered:
        return
    after, until = numbered[0].number - 1, numbered[-1].number
    index = 0
    async for columns in event_store.read_columns("event_id", "payload", after=after, until=until):
        for event_id, payload in zip(columns["event_id"], columns["payload"], strict=True):
            number, line = numbered[index]
            if (event_id, payload) != (line.event_id, bytes(line.payload).decode()):
                raise LogFileError(f"{path}, line {number}: the log holds another event at position {line.position}")
            index += 1


async def _append(numbered: list[_Numbered], event_store: EventStore, path: Any) -> int:
    appends = [AppendEvents(line.stream_id, [_new(line)], line.version - 1) for _, line in numbered]
    answers = await event_store.append_many(appends) if appends else []
    for (number, line), answer in zip(numbered, answers, strict=True):
        if not isinstance(answer, Appended):
            raise LogFileError(f"{path}, line {number}: {answer}") from answer
        if answer.positions != (line.position,):
            raise LogFileError(f"{path}, line {number}: the log grew meanwhile, and position {line.position} was taken")
    return len(appends)


def _new(line: Line) -> NewEvent:
    metadata = msgspec.json.decode(line.metadata, type=dict[str, Any])
    causes = (line.correlation_id, line.causation_id)
    return NewEvent(_encoded(line), line.event_id, line.recorded_at, *causes, metadata)


def _encoded(line: Line) -> EncodedEvent:
    return EncodedEvent(line.event_type, line.schema_version, bytes(line.payload).decode())
