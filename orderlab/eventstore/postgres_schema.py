"""The tables of a log in PostgreSQL and the functions that append to it: how they are made and brought up to date.

Positions must be given in commit order. Numbers from a sequence are drawn earlier than that, and a reader who goes by
them passes over an event that is committed late. So appends take turns, by a lock that is held to the end of the
transaction; and an append is one message, so that nobody holds the lock while waiting for the network, unless what was
believed of the log is wrong: then the facts are asked for.
"""

import re
from zlib import crc32

import psycopg

from orderlab.eventstore.base import EventStoreError


class Connection(psycopg.Connection[tuple[object, ...]]):
    """A connection to the database of a log, which knows in which schema that is.

    Every statement names it. A search path would be shorter, and belongs to a session: behind a pooler that gives each
    transaction another one, appends would go to somebody else's log.
    """

    log = ""
    """The name of the log's schema, as it stands in statements."""

    def about_log(self, query: str) -> bytes:
        """Return a statement that names the schema where `{log}` stands."""
        return query.replace("{log}", self.log).encode()


DEFAULT_SCHEMA = "orderlab"

_LOCK_CLASS = 0x6F6C6162
"""What marks our locks among those of other programs in the database: the letters `olab`."""

_TABLE = """
CREATE TABLE "{schema}".events (
    position bigint PRIMARY KEY,
    stream_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL UNIQUE,
    event_type text NOT NULL,
    schema_version integer NOT NULL,
    recorded_at timestamptz NOT NULL,
    correlation_id text,
    causation_id text,
    metadata json NOT NULL,
    payload json NOT NULL,
    UNIQUE (stream_id, version)
);
COMMENT ON TABLE "{schema}".events IS 'The log of orderlab: events come to its end, and none is ever changed.';
CREATE FUNCTION "{schema}".take_turn() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock({lock_class}, '"{schema}".events'::regclass::oid::bigint::bit(32)::integer)
$$;
COMMENT ON FUNCTION "{schema}".take_turn() IS 'Wait for the turn to append; it lasts to the end of the transaction.';
"""
# `json` and not `jsonb`: a log keeps the text that was written. The order of "C" is that of the bytes, and quick.

_APPEND = """
CREATE FUNCTION "{schema}".{name}({parameters}OUT last_position bigint, OUT last_time timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    added bigint;
BEGIN
    PERFORM "{schema}".take_turn();
    SELECT e.position, e.recorded_at INTO last_position, last_time
        FROM "{schema}".events e ORDER BY e.position DESC LIMIT 1;
    last_position := coalesce(last_position, 0);
    IF EXISTS (
        SELECT FROM (SELECT stream_id, min(version) - 1 AS version FROM {rows} GROUP BY stream_id) believed
        WHERE believed.version > 0 AND NOT EXISTS (
            SELECT FROM "{schema}".events e WHERE e.stream_id = believed.stream_id AND e.version = believed.version)
    ) THEN
        last_position := NULL;
        RETURN;
    END IF;
    BEGIN
        INSERT INTO "{schema}".events
            SELECT last_position + place, stream_id, version, event_id, event_type, schema_version,
                greatest(recorded_at, last_time), correlation_id, causation_id, metadata::json, payload::json
            FROM {rows};
        GET DIAGNOSTICS added = ROW_COUNT;
    EXCEPTION WHEN unique_violation THEN
        last_position := NULL;
        RETURN;
    END;
    PERFORM pg_notify('{schema}', (last_position + added)::text);
END $$;
COMMENT ON FUNCTION "{schema}".{name} IS 'Add events to the end of the log. Their writer believes that each stream '
    'is at the version before theirs, and that their ids are new: if that is wrong nothing is added, and the answer is '
    'null. Else it is the last position and time before them.';
"""

_PARAMETERS = """
    stream_ids text[], versions integer[], event_ids uuid[], event_types text[], schema_versions integer[],
    times timestamptz[], correlation_ids text[], causation_ids text[], metadatas text[], payloads text[],
    """

_ARRAYS = """unnest(stream_ids, versions, event_ids, event_types, schema_versions, times, correlation_ids,
                causation_ids, metadatas, payloads) WITH ORDINALITY AS new(stream_id, version, event_id, event_type,
                schema_version, recorded_at, correlation_id, causation_id, metadata, payload, place)"""

INCOMING = """
CREATE TEMPORARY TABLE orderlab_incoming (
    place bigint, stream_id text COLLATE "C", version integer, event_id uuid, event_type text, schema_version integer,
    recorded_at timestamptz, correlation_id text, causation_id text, metadata text, payload text
) ON COMMIT DROP
"""
"""Where the events of a large append are put by COPY; `append_incoming` adds them to the log."""

_MIGRATIONS = (
    _TABLE
    + _APPEND.replace("{name}", "append").replace("{parameters}", _PARAMETERS).replace("{rows}", _ARRAYS)
    + _APPEND.replace("{name}", "append_incoming")
    .replace("{parameters}", "")
    .replace("{rows}", "pg_temp.orderlab_incoming"),
)
"""What brings a log from each version of its tables to the next, from none on. One that was released never changes.

A function whose result changes gets a new name: connections of older processes have the old one prepared, and would
fail for good.
"""

_HISTORY = """
CREATE TABLE "{schema}".migrations (version integer PRIMARY KEY, done_at timestamptz NOT NULL DEFAULT now());
"""


def require_schema_name(schema: str) -> None:
    """Refuse a name that PostgreSQL would not take as it is: a log's schema is also the channel that tells of it."""
    if not isinstance(schema, str) or not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema) or schema.startswith("pg_"):
        raise ValueError(
            f"schema must be up to 63 lower-case letters, digits and _, beginning with no digit nor pg_, not {schema!r}"
        )


def prepare_schema(connection: Connection, schema: str, called: str, *, create: bool) -> None:
    """Make a log's tables, or bring them up to date; several processes may do so at once.

    Args:
        connection: One in autocommit mode.
        schema: The schema.
        called: What messages call the log.
        create: Make a log that is not there.

    Raises:
        EventStoreError: There is no log, or it is a newer orderlab's, or the schema holds something else.
    """
    if _version_of(connection, schema, called) == len(_MIGRATIONS):
        return
    if not create and _version_of(connection, schema, called) == 0:
        raise EventStoreError(f"there is no log in {called}")
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_CLASS, crc32(schema.encode()) - 2**31])
        version = _version_of(connection, schema, called)
        if version == 0:
            if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone():
                connection.execute(f'CREATE SCHEMA "{schema}"'.encode())
            connection.execute(_HISTORY.format(schema=schema).encode())
        for number, migration in enumerate(_MIGRATIONS[version:], start=version + 1):
            connection.execute(migration.format(schema=schema, lock_class=_LOCK_CLASS).encode())
            connection.execute(connection.about_log("INSERT INTO {log}.migrations (version) VALUES (%s)"), [number])


def _version_of(connection: Connection, schema: str, called: str) -> int:
    """Return the version of a log's tables; 0 if there are none."""
    # Not by to_regclass: it may remember that a table was not there, whatever was committed while this waited.
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)"
        " AND relname IN ('events', 'migrations')",
        [schema],
    ).fetchall()
    if not found:
        return 0
    if len(found) != 2:  # noqa: PLR2004 - the two of them
        raise EventStoreError(f"{called} has tables that orderlab did not make; they were left as they are")
    # With the schema's name: who may not use it is told so, and not that there is no such table.
    [(version,)] = connection.execute(f'SELECT max(version) FROM "{schema}".migrations'.encode()).fetchall()  # noqa: S608
    if not isinstance(version, int) or version > len(_MIGRATIONS):
        raise EventStoreError(
            f"{called} has log format {version}, and this orderlab knows up to {len(_MIGRATIONS)}: use a newer orderlab"
        )
    return version
