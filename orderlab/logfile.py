"""A log as a file of JSON lines: out, and in again as the same log.

One event a line, in position order, with ids, times, schema versions and raw payloads: nothing is decoded on the way
out, so a payload of an old shape stays what it is.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple
from uuid import UUID

import msgspec

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import CodecError, OrderlabError, Unwritable
from orderlab.core.log import EncodedEvent, StoredEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.stored import as_utc
from orderlab.eventstore.stretches import TOGETHER, stretches_of
from orderlab.eventstore.succession import Succession
from orderlab.eventstore.verbatim import Displaced, append_of, append_rows, difference
from orderlab.orders.codec import ORDER_CODEC
from orderlab.replacing import replacing

_TOGETHER = TOGETHER
"""Events written in one transaction, and between two reports of progress, at the most."""

_COMMANDS = (
    "this is a command that was given, and no event of a log: a file of such is what `commands=` of a timeline takes"
)


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
    """A line that an event store can take: what it will be there, and the append that makes it."""

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
    written = 0
    with _replacing(Path(path)) as file:
        async for lines in lines_of(event_store):
            await asyncio.to_thread(file.write, b"".join(lines))
            written += len(lines)
            progress(written)
    return written


def write_lines(rows: Iterable[StoredEvent], path: str | PathLike[str]) -> int:
    """Write rows, of a log that is in no event store, to a file as `export_lines` does; return how many there are."""
    written, encode = 0, msgspec.json.Encoder().encode
    with _replacing(Path(path)) as file:
        for row in rows:
            file.write(encode(_line(row)) + b"\n")
            written += 1
    return written


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a file to write that takes its name when it is whole, and replaces one that was there before only then."""
    try:
        with replacing(target) as partial, partial.open("wb") as file:
            yield file
    except OSError as error:
        raise LogFileError(f"{target} cannot be written: {error.strerror}") from error


async def lines_of(event_store: EventStore) -> AsyncIterator[list[bytes]]:
    """Give a log as encoded lines, a stretch at a time."""
    encode = msgspec.json.Encoder().encode
    async for rows in stretches_of(event_store, until=await event_store.head(), together=_TOGETHER):
        yield [encode(_line(row)) + b"\n" for row in rows]


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


def read_lines(path: str | PathLike[str]) -> Iterator[StoredEvent]:
    """Give the rows of an exported log, of which each is checked to follow those before it; no payload is decoded.

    Raises:
        LogFileError: The file cannot be read, or a line is no event or does not follow; those before it were given.
    """
    path, succession = Path(path), Succession()
    for number, line in _lines(path):
        try:
            row = _row(line, bytes(line.metadata).decode())
        except Unwritable as error:
            raise LogFileError(f"{path}, line {number}: {error}") from error
        if problem := succession.problem_with(row):
            raise LogFileError(f"{path}, line {number}: {problem}")
        yield row


def _lines(path: Path) -> Iterator[tuple[int, Line]]:
    """Give each line of a file with its number."""
    decode = msgspec.json.Decoder(Line).decode
    try:
        with path.open("rb") as file:
            for number, text in enumerate(file, start=1):
                try:
                    line = decode(text)
                except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                    problem = _COMMANDS if b'"action":' in text and b'"payload":' not in text else error
                    raise LogFileError(f"{path}, line {number}: {problem}") from error
                yield number, line
    except OSError as error:
        raise LogFileError(f"{path} cannot be read: {error.strerror}") from error


def _line(row: StoredEvent) -> Line:
    # A line break in JSON is nothing but a space between two parts of it, and would break the line here.
    metadata, payload = (text.replace("\n", " ").encode() for text in (row.metadata, row.payload))
    return Line(*row[:9], msgspec.Raw(metadata), msgspec.Raw(payload))


def _read(path: Path, codec: Codec) -> Iterator[_Checked]:
    """Read and check every line; what no event store would take, or no reader could use later, is not let in."""
    succession = Succession()
    for number, line in _lines(path):
        try:
            checked = _checked(number, line, codec)
            codec.decode(EncodedEvent(*checked.row[4:6], checked.row.payload), checked.row.recorded_at)
        except (msgspec.DecodeError, CodecError, Unwritable, UnicodeError, RecursionError) as error:
            raise LogFileError(f"{path}, line {number}: {error}") from error
        if problem := succession.problem_with(checked.row):
            raise LogFileError(f"{path}, line {number}: {problem}")
        yield checked


def _checked(number: int, line: Line, codec: Codec) -> _Checked:
    msgspec.json.decode(line.metadata, type=dict[str, Any])  # or no reader could use it later
    # Files are written elsewhere too, with spaces between the parts of the metadata; the parts stay the text they are.
    metadata = msgspec.json.encode(msgspec.json.decode(line.metadata, type=dict[str, msgspec.Raw]))
    row = _row(line, metadata.decode())
    return _Checked(number, row, append_of(row, codec))


def _row(line: Line, metadata: str) -> StoredEvent:
    try:
        recorded_at = as_utc(line.recorded_at)
    except OverflowError as error:
        raise Unwritable(f"recorded_at {line.recorded_at} is beyond the calendar in UTC") from error
    place = (line.position, line.stream_id, line.version, line.event_id)
    causes = (line.correlation_id, line.causation_id)
    payload = bytes(line.payload).decode()
    return StoredEvent(*place, line.event_type, line.schema_version, recorded_at, *causes, metadata, payload)


async def _require_same(checked: list[_Checked], event_store: EventStore, path: Any) -> None:
    """Make sure that what the event store holds already is what the file says."""
    other = await difference([each.row for each in checked], event_store)
    for number, row, _ in checked:
        if row is other:
            raise LogFileError(f"{path}, line {number}: the log holds another event at position {row.position}")


async def _append(checked: list[_Checked], event_store: EventStore, path: Any) -> int:
    try:
        added = await append_rows([each.row for each in checked], [each.append for each in checked], event_store)
    except Displaced as error:
        [number] = (each.number for each in checked if each.row is error.row)
        raise LogFileError(
            f"{path}, line {number}: the log grew meanwhile, and another event may be in its place"
        ) from error
    if added < len(checked):  # someone else imported the same log meanwhile
        await _require_same(checked, event_store, path)
    return added
