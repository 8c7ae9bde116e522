"""What a writer says to the database of a log; all of it on a connection that knows the log's schema."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.pq import TransactionStatus

from orderlab.core.log import StoredEvent
from orderlab.eventstore.ledger import Place, Plan
from orderlab.eventstore.postgres_schema import INCOMING, Connection

Last = tuple[int, datetime | None]
"""The last position and time of a log; 0 and None if it is empty."""

_MANY_ROWS, _MANY_CHARACTERS = 5_000, 200_000_000
"""Rows, or characters, beyond which they go by COPY: a message of other kinds holds a gigabyte at the most."""

_APPEND = """
SELECT * FROM {log}.append(%b::text[], %b::int[], %b::uuid[], %b::text[], %b::int[], %b::timestamptz[],
    %b::text[], %b::text[], %b::text[], %b::text[])
"""
_ADD = "SELECT * FROM {log}.append_incoming()"
_ADD_AND_COMMIT = f"{_ADD}; COMMIT"  # in one message: whoever stands still after it does not keep the turn to append
_COPY = "COPY pg_temp.orderlab_incoming FROM STDIN (FORMAT BINARY)"
_TYPES = ["int8", "text", "int4", "uuid", "text", "int4", "timestamptz", "text", "text", "text", "text"]
_LAST = "SELECT position, recorded_at FROM {log}.events ORDER BY position DESC LIMIT 1"
_VERSIONS = """
SELECT wanted, (SELECT version FROM {log}.events e WHERE e.stream_id = wanted ORDER BY version DESC LIMIT 1)
FROM unnest(%b::text[]) wanted
"""
_ROWS = """
SELECT stream_id, version, event_id, event_type, schema_version, correlation_id, causation_id,
    metadata::text, payload::text
FROM {log}.events WHERE position > %b AND position <= %b ORDER BY position
"""
_PLACES = "SELECT event_id, stream_id, version, position FROM {log}.events WHERE event_id = ANY(%b::uuid[])"


def is_large(rows: Sequence[StoredEvent]) -> bool:
    """Tell whether rows go by COPY, which takes its time on the network."""
    return len(rows) > _MANY_ROWS or sum(len(row.payload) + len(row.metadata) for row in rows) > _MANY_CHARACTERS


def append_rows(connection: Connection, rows: Sequence[StoredEvent]) -> Last | None:
    """Add rows to the end of the log, wherever that is; return its last position and time before them.

    None if a stream is not at the version before its rows', or an event id is there already: then nothing is added.
    """
    if is_large(rows):
        return _append_by_copy(connection, rows)
    _, *columns = map(list, zip(*rows, strict=True))
    return _last(connection.execute(connection.about_log(_APPEND), columns, prepare=True, binary=True).fetchone())


def _append_by_copy(connection: Connection, rows: Sequence[StoredEvent]) -> Last | None:
    first, own = rows[0].position, connection.info.transaction_status == TransactionStatus.IDLE
    try:
        if own:
            connection.execute("BEGIN")
        connection.execute(INCOMING)
        with connection.cursor(binary=True) as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row((row.position - first + 1, *row[1:]))
        return _last(connection.execute(connection.about_log(_ADD_AND_COMMIT if own else _ADD)).fetchone())
    except BaseException:
        if own and not connection.broken:
            connection.rollback()
        raise


def take_turn(connection: Connection) -> Last:
    """Wait until nobody else appends, for as long as the transaction lasts; return the log's last place."""
    connection.execute(connection.about_log("SELECT {log}.take_turn()"))
    return _last(connection.execute(connection.about_log(_LAST), binary=True).fetchone()) or (0, None)


def place_before(connection: Connection, plan: Plan) -> Last | None:
    """Return the last place before a plan's rows if they are in the log; they are looked for by the ids drawn for them.

    The rows themselves decide, for a generator that counts, or has a seed, may have drawn the same ids in another
    process. For a plan without drawn ids the facts tell the rest: its events are retries then, if they are there.
    """
    found = places_of(connection, [UUID(int=number) for number in plan.drawn])
    if not found:
        return None
    index, row = next((index, row) for index, row in enumerate(plan.rows) if row.event_id in found)
    position = found[row.event_id].position - index - 1
    stretch: Any = connection.execute(
        connection.about_log(_ROWS), [position, position + len(plan.rows)], binary=True
    ).fetchall()
    if stretch != [(*row[1:6], *row[7:]) for row in plan.rows]:
        return None
    before = connection.execute(
        connection.about_log("SELECT recorded_at FROM {log}.events WHERE position = %s"), [position], binary=True
    ).fetchone()
    return _last((position, before[0] if before else None))


def versions_of(connection: Connection, streams: Sequence[str]) -> dict[str, int]:
    """Return the version of each of these streams that is there."""
    found: Any = connection.execute(connection.about_log(_VERSIONS), [streams], binary=True).fetchall()
    return {stream: version for stream, version in found if version is not None}


def places_of(connection: Connection, event_ids: Sequence[UUID]) -> dict[UUID, Place]:
    """Return the place of each of these ids that is in the log."""
    if not event_ids:
        return {}
    found: Any = connection.execute(connection.about_log(_PLACES), [event_ids], binary=True).fetchall()
    return {event_id: Place(*place) for event_id, *place in found}


def _last(row: Any) -> Last | None:
    return None if row is None or row[0] is None else (row[0], row[1])
