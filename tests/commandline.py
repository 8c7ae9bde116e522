"""The command line as its users have it: real processes, and files made for them."""

import csv
import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

import orderlab as package

COMMAND = [sys.executable, "-m", "orderlab"]
"""What starts the command line."""

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Where the real order data is, if it is there."""

_DECEMBER = datetime(2010, 12, 1, 8)  # noqa: DTZ001 - the file is published without a zone


def environment(*, columns: int = 80, **more: str) -> dict[str, str]:
    """Return the environment for a process with a terminal of this width that is no terminal."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONUNBUFFERED", "FORCE_COLOR")}
    found_at = str(Path(package.__file__).parents[1])
    return {**kept, "PYTHONPATH": found_at, "COLUMNS": str(columns), **more}


def orderlab(
    *arguments: str, cwd: Path, columns: int = 80, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `orderlab` to its end in a folder."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(columns=columns, **(env or {})),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


def done(*arguments: str, cwd: Path, columns: int = 80) -> str:
    """Run `orderlab` in a folder, make sure that it had nothing to complain of, and return what it said."""
    ran = orderlab(*arguments, cwd=cwd, columns=columns)
    assert (ran.returncode, ran.stderr) == (0, ""), (arguments, ran.stderr)
    return ran.stdout


def widest(text: str) -> int:
    """Return the length of the longest line, spaces at its end not counted."""
    return max((len(line.rstrip()) for line in text.splitlines()), default=0)


def retail_row(invoice: object, minutes: int, **changes: object) -> dict[str, object]:
    """Return a line of an invoice, in the columns of Online Retail as published."""
    return {
        "InvoiceNo": invoice,
        "StockCode": "85123A",
        "Description": "HEART T-LIGHT HOLDER",
        "Quantity": 6,
        "InvoiceDate": f"{_DECEMBER + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}",
        "UnitPrice": 2.55,
        "CustomerID": "17850.0",
        "Country": "United Kingdom",
        **changes,
    }


def write_csv(path: Path, rows: list[dict[str, object]]) -> Path:
    """Write rows as a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def events_of(log: Path) -> list[tuple[Any, ...]]:
    """Return position, stream, version, type and payload of every event in a log's file, in position order."""
    with duckdb.connect(str(log)) as connection:
        return connection.execute(
            "SELECT position, stream_id, version, event_type, payload FROM events ORDER BY position"
        ).fetchall()


def digest_of(log: Path) -> str:
    """Return a digest of the events of a log that is whole: no gap in the positions, nor in any stream's versions."""
    events = events_of(log)
    assert [position for position, *_ in events] == list(range(1, len(events) + 1))
    by_stream = groupby(sorted(events, key=lambda event: event[1:3]), key=lambda event: event[1])
    for stream_id, its in by_stream:
        versions = [version for _, _, version, *_ in its]
        assert versions == list(range(1, len(versions) + 1)), stream_id
    return hashlib.sha256(repr(events).encode()).hexdigest()
