"""Rows of a log written to another event store as the same rows, or compared with what it holds."""

from collections.abc import Sequence

import msgspec

from orderlab.core.codec import Codec
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import AppendRefused, OrderlabError, Unwritable
from orderlab.core.log import EncodedEvent, NewEvent, StoredEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.stored import encode_append

_metadata = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Displaced(OrderlabError):
    """A row that did not come to its own place in another log, because that log refused it or grew meanwhile.

    Args:
        row: The row.
        refusal: Why the event store refused it; None if it went to another place.
    """

    def __init__(self, row: StoredEvent, refusal: AppendRefused | None) -> None:
        super().__init__(f"the event at position {row.position} went to another place: {refusal or 'the log grew'}")
        self.row = row
        self.refusal = refusal


def append_of(row: StoredEvent, codec: Codec) -> AppendEvents:
    """Return the append that makes this row, in a log that holds exactly the rows before it.

    The parts of its metadata go as the text they are: a number of any size or precision, an escape and the order of
    names stay what they were.

    Raises:
        Unwritable: No event store takes it, or its metadata is not written as our event stores write it (with spaces
            between its parts, say) and would be another text in the other log.
    """
    try:
        metadata = {} if row.metadata == "{}" else _metadata(row.metadata)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Unwritable(f"the metadata is no JSON object: {error}") from error
    encoded = EncodedEvent(row.event_type, row.schema_version, row.payload)
    new = NewEvent(encoded, row.event_id, row.recorded_at, row.correlation_id, row.causation_id, metadata)
    append = AppendEvents(row.stream_id, [new], max(0, row.version - 1))
    [(_, _, written)] = encode_append(append, codec).events
    if written != row.metadata:
        raise Unwritable(f"the metadata {row.metadata} would be written as {written}")
    return append


async def difference(rows: Sequence[StoredEvent], event_store: EventStore) -> StoredEvent | None:
    """Return the first of these rows, in position order, that the event store does not hold so; None if it does.

    The event store has a row at each of their positions, or none from some position on.
    """
    if not rows:
        return None
    expected = iter(rows)
    columns = event_store.read_columns(*StoredEvent._fields, after=rows[0].position - 1, until=rows[-1].position)
    async for stretch in columns:
        for held in zip(*(stretch[name] for name in StoredEvent._fields), strict=True):
            if held != (row := next(expected)):
                return row
    return next(expected, None)


async def append_rows(rows: Sequence[StoredEvent], appends: Sequence[AppendEvents], event_store: EventStore) -> int:
    """Append rows by the appends that make them, and return how many were not there yet.

    Each goes by itself, so that another who appends the same rows meanwhile does no harm: what he added already is
    answered as it is for a retry.

    Raises:
        Displaced: One did not come to its place. Those after it may be in wrong places too.
    """
    added = 0
    answers = await event_store.append_many(appends) if appends else []
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, AppendRefused):
            raise Displaced(row, answer)
        if (answer.version, answer.positions) != (row.version, (row.position,)):
            raise Displaced(row, None)
        added += not answer.repeated
    return added
