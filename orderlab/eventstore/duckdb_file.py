"""A log's DuckDB file: how it is opened and laid out, and its failures in words."""

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orderlab.eventstore.base import EventStoreError

SCHEMA_VERSION = 1

_CREATE = """
CREATE TABLE orderlab_schema (version INTEGER NOT NULL);
INSERT INTO orderlab_schema VALUES (1);
CREATE TABLE events (
    position BIGINT NOT NULL,
    stream_id VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    event_id UUID NOT NULL,
    event_type VARCHAR NOT NULL,
    schema_version INTEGER NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    correlation_id VARCHAR,
    causation_id VARCHAR,
    metadata JSON NOT NULL,
    payload JSON NOT NULL
);
"""
# No constraint is declared: the file lock makes this process the only writer, whose ledger checks every version, and
# a unique index would slow batches by more than half. `recorded_at` is UTC: a TIMESTAMP WITH TIME ZONE would be read
# back in the zone of whoever reads.

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,  # a single appended row gains nothing from more, and they would take the reducer's processor
    "checkpoint_threshold": "1GB",  # the default of 16 MB stalls appends for 100 ms now and then; see `duckdb_writer`
    "autoinstall_known_extensions": False,  # opening a file never reaches for the network
}

_open_files: dict[tuple[int, int], Path] = {}
"""The files that this process has open, by device and number, for one file may have several names."""


def open_file(path: Path, *, create: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a log's file for this process, which must `release` it in the end.

    Args:
        path: The file, resolved.
        create: Make a log if there is none.

    Raises:
        EventStoreError: It cannot be opened; one sentence says why and what to do. The file is left as it is.
    """
    try:
        if create and not path.exists():
            _make(path)
        _claim(path)
    except (duckdb.Error, OSError) as error:
        raise failure(path, error) from error
    try:
        return connect(path, create=create)
    except BaseException:
        release(path)
        raise


def open_for_reading(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a log's file without ever writing to it; this process must `release` it in the end.

    Unlike a writer, a reader knows no stream's version, so that ten million events are open at once; and what it has
    read of the file it lets go again.

    Args:
        path: The file, resolved.

    Raises:
        EventStoreError: It cannot be opened, or is no log; one sentence says why and what to do.
    """
    try:
        _claim(path)
    except OSError as error:
        raise failure(path, error) from error
    try:
        return connect(path, create=False, config={**_CONFIG, "access_mode": "READ_ONLY", "memory_limit": "256MB"})
    except BaseException:
        release(path)
        raise


def connect(path: Path, *, create: bool, config: Mapping[str, Any] = _CONFIG) -> duckdb.DuckDBPyConnection:
    """Connect to a log's file that this process has claimed already."""
    try:
        _require_duckdb(path)
        connection = duckdb.connect(str(path), config=dict(config))
        try:
            _require_schema(connection, path, create=create)
        except BaseException:
            connection.close()
            raise
    except (duckdb.Error, OSError) as error:
        raise failure(path, error) from error
    return connection


def release(path: Path) -> None:
    """Let this process open the path again."""
    for file in [file for file, its_path in list(_open_files.items()) if its_path is path]:
        _open_files.pop(file, None)


def failure(path: Path, error: Exception) -> EventStoreError:
    """Return a database error as one sentence for a person."""
    text = str(error).replace("\n", " ")
    if held := re.search(r"Conflicting lock is held in (.+?) \(PID (\d+)\)", text):
        program, process = Path(held[1]).name, held[2]
        return EventStoreError(
            f"{path} is open in another process ({program}, process {process}), and DuckDB allows one at a time: "
            "close it there, or give this one another file"
        )
    for pattern, sentence in _SENTENCES.items():
        if found := re.search(pattern, text, re.IGNORECASE):
            return EventStoreError(f"{path} {sentence.format(found[0])}")
    return EventStoreError(f"{path}: {text}")


_SENTENCES = {
    "could not set lock": "is open in another process, and DuckDB allows one at a time: close it there first",
    "not a valid DuckDB database file": "is not a DuckDB file; it was left as it is",
    "could not read enough bytes|checksum": "is damaged or cut short ({0}); restore it from a copy",
    "trying to read a database file with version": "was written by a newer DuckDB: try `pip install -U duckdb`",
    "no space left on device|disk quota exceeded|file too large": (
        "could not be written ({0}): nothing of this append is in the log; free some space and try again"
    ),
    "permission denied|read-only file system": "cannot be opened for writing ({0}): check who may write to it",
    "no such file or directory": "cannot be made: its folder does not exist",
    "is a directory": "is a folder; name a file in it",
    "database has been invalidated": "failed earlier and is opened again with the next append; the log is as it was",
}


def _claim(path: Path) -> None:
    """Hold the file for one event store in this process: DuckDB's own lock is between processes only."""
    if not path.exists():
        raise EventStoreError(f"there is no log at {path}")
    file = path.stat()
    # One step, and not a lock: the collector may close a dropped event store, which waits for its thread, at any point.
    if _open_files.setdefault((file.st_dev, file.st_ino), path) is not path:
        raise EventStoreError(f"{path} is open in this process already: close that event store first, or use it")


def _make(path: Path) -> None:
    """Make an empty log beside the path and give it its name when it is whole: it may be killed at any moment."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")  # two threads may make one log
    fresh.unlink(missing_ok=True)  # left by an earlier process of these numbers, killed here
    try:
        with duckdb.connect(str(fresh), config=_CONFIG) as connection:
            connection.execute(f"BEGIN; {_CREATE} COMMIT; CHECKPOINT;")
        try:
            os.link(fresh, path)  # unlike a renaming this never replaces a log that somebody else made meanwhile
        except FileExistsError:
            return
        except OSError:  # a file system without links
            fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)


def _require_duckdb(path: Path) -> None:
    """Look at the file's mark before DuckDB does, which would try to fetch a reader for other databases."""
    if not path.exists():
        raise EventStoreError(f"there is no log at {path}")
    if path.is_dir():
        raise EventStoreError(f"{path} is a folder; name a file in it")
    with path.open("rb") as file:
        if file.read(12)[8:] != b"DUCK":
            raise EventStoreError(f"{path} is not a DuckDB file; it was left as it is")


def _require_schema(connection: duckdb.DuckDBPyConnection, path: Path, *, create: bool) -> None:
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "orderlab_schema" not in tables:
        if "events" in tables:
            raise EventStoreError(f"{path} has a table `events` that orderlab did not make; it was left as it is")
        if not create:
            raise EventStoreError(f"there is no log in {path}, which is a database of something else")
        connection.execute("BEGIN; " + _CREATE + " COMMIT;")
        return
    [(version,)] = connection.execute("SELECT coalesce(max(version), 0) FROM orderlab_schema").fetchall()
    if version > SCHEMA_VERSION:
        raise EventStoreError(
            f"{path} has log format {version}, and this orderlab knows up to {SCHEMA_VERSION}: use a newer orderlab"
        )
    [(count, last)] = connection.execute("SELECT count(*), coalesce(max(position), 0) FROM events").fetchall()
    if count != last:
        raise EventStoreError(f"{path} is damaged: it holds {count} events, but the last one is number {last}")
