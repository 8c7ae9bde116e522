"""A log as a file of JSON lines: out, and in again as the same log.

One event a line, in position order, with ids, times, schema versions and raw payloads: nothing is decoded on the way
out, so a payload of an old shape stays what it is.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import CodecError, OrderlabError, Unwritable
from orderlab.core.log import Appended, EncodedEvent, NewEvent, StoredEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.stored import encode_append
from orderlab.orders.codec import ORDER_CODEC

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


class _Checked(NamedTuple):
    """A line that an event store can take: what it will be there, and the append that brings it about."""

    number: int
    row: StoredEvent
    append: AppendEvents


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
        with suppress(OSError):  # it is not there if all went well, or if nothing did
            await asyncio.to_thread(partial.unlink)
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
        LogFileError: A line is no event, does not follow from those before it, or is not what the event store holds
            in its place. Nothing of that line or after it was added; what is before it may have been.
    """
    head = await event_store.head()
    added = 0
    checked = _read(Path(path), event_store.codec)
    while together := await asyncio.to_thread(lambda: list(islice(checked, _TOGETHER))):
        await _require_same([each for each in together if each.row.position <= head], event_store, path)
        added += await _append([each for each in together if each.row.position > head], event_store, path)
        progress(together[-1].number)
    return added


def require_lines(path: str | PathLike[str], codec: Codec = ORDER_CODEC) -> None:
    """Make sure that a file can be read and begins like an exported log, before a log is made for it.

    Raises:
        LogFileError: It cannot be read, or its first line is no event.
    """
    next(_read(Path(path), codec), None)


def _line(row: StoredEvent) -> Line:
    # A line break in JSON is nothing but a space between two parts of it, and would break the line here.
    metadata, payload = (text.replace("\n", " ").encode() for text in (row.metadata, row.payload))
    return Line(*row[:9], msgspec.Raw(metadata), msgspec.Raw(payload))


def _read(path: Path, codec: Codec) -> Iterator[_Checked]:
    """Read and check every line; what no event store would take, or no reader could use later, is not let in."""
    decoder, sequence = msgspec.json.Decoder(Line), _Sequence()
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    line = decoder.decode(text)
                    checked = _checked(number, line, codec)
                    codec.decode(EncodedEvent(*checked.row[4:6], checked.row.payload), checked.row.recorded_at)
                except (msgspec.DecodeError, CodecError, Unwritable, UnicodeError, RecursionError) as error:
                    raise LogFileError(f"{path}, line {number}: {error}") from error
                if problem := sequence.problem_with(checked.row):
                    raise LogFileError(f"{path}, line {number}: {problem}")
                yield checked
    except OSError as error:
        raise LogFileError(f"{path} cannot be read: {error.strerror}") from error


class _Sequence:
    """What the lines so far leave to the next one: places, a time not earlier, an id of its own.

    All of it is known before anything is written: an event store refuses an event that does not follow, but then takes
    those after it, in the wrong places.
    """

    def __init__(self) -> None:
        self._position = 0
        self._recorded_at = datetime.min.replace(tzinfo=UTC)
        self._versions: dict[str, int] = {}
        self._ids: set[int] = set()

    def problem_with(self, row: StoredEvent) -> str | None:
        """Say why a row cannot be the next, or take it in."""
        version = self._versions.get(row.stream_id, 0) + 1
        if row.position != self._position + 1:
            return f"position is {row.position}, and {self._position + 1} is next"
        if row.version != version:
            return f"version is {row.version}, and {version} is next in stream {row.stream_id}"
        if row.recorded_at < self._recorded_at:
            return "recorded_at is earlier than on the line before"
        if row.event_id.int in self._ids:
            return f"event_id {row.event_id} is that of an earlier line"
        self._position, self._recorded_at, self._versions[row.stream_id] = row.position, row.recorded_at, version
        self._ids.add(row.event_id.int)
        return None


def _checked(number: int, line: Line, codec: Codec) -> _Checked:
    encoded = EncodedEvent(line.event_type, line.schema_version, bytes(line.payload).decode())
    metadata = msgspec.json.decode(line.metadata, type=dict[str, Any])
    new = NewEvent(encoded, line.event_id, line.recorded_at, line.correlation_id, line.causation_id, metadata)
    append = AppendEvents(line.stream_id, [new], max(0, line.version - 1))
    [(_, new, written)] = encode_append(append, codec).events
    place = (line.position, line.stream_id, line.version, line.event_id)
    causes = (line.correlation_id, line.causation_id)
    row = StoredEvent(*place, *encoded[:2], new.recorded_at or line.recorded_at, *causes, written, encoded.payload)
    return _Checked(number, row, append)


async def _require_same(checked: list[_Checked], event_store: EventStore, path: Any) -> None:
    """Make sure that what the event store holds already is what the file says."""
    if not checked:
        return
    expected = iter(checked)
    after, until = checked[0].row.position - 1, checked[-1].row.position
    async for columns in event_store.read_columns(*StoredEvent._fields, after=after, until=until):
        for held in zip(*(columns[name] for name in StoredEvent._fields), strict=True):
            number, row, _ = next(expected)
            if held != row:
                raise LogFileError(f"{path}, line {number}: the log holds another event at position {row.position}")


async def _append(checked: list[_Checked], event_store: EventStore, path: Any) -> int:
    answers = await event_store.append_many([each.append for each in checked]) if checked else []
    for (number, row, _), answer in zip(checked, answers, strict=True):
        if answer != Appended(row.version, (row.position,)):
            raise LogFileError(f"{path}, line {number}: the log grew meanwhile, and another event may be in its place")
    return len(checked)
