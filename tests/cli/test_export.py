import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from commandline import done, events_of, orderlab

from orderlab.core.log import StoredEvent

LOG = "duckdb:///desk.duckdb"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a log."""
    with TemporaryDirectory() as name:
        done("simulate", "--seed", "3", "--orders", "60", "--to", LOG, cwd=Path(name))
        yield Path(name)


def test_an_exported_log_is_a_line_an_event(folder: Path) -> None:
    said = json.loads(done("export", LOG, "--to", "desk.jsonl", "--json", cwd=folder))
    lines = [json.loads(line) for line in (folder / "desk.jsonl").read_text(encoding="utf-8").splitlines()]
    events = events_of(folder / "desk.duckdb")

    assert said == {"file": "desk.jsonl", "events": len(events)}
    assert [(line["position"], line["stream_id"], line["version"], line["event_type"]) for line in lines] == [
        event[:4] for event in events
    ]


def test_an_exported_log_is_a_parquet_file_that_sql_can_ask(folder: Path) -> None:
    said = done("export", LOG, "--to", "DESK.PARQUET", cwd=folder, columns=60)
    found = duckdb.read_parquet(str(folder / "DESK.PARQUET"))

    assert tuple(found.columns) == StoredEvent._fields
    assert found.project("position, stream_id, version, event_type, payload").order("position").fetchall() == (
        events_of(folder / "desk.duckdb")
    )
    assert said.splitlines()[0] == "Into DESK.PARQUET"


def test_an_export_that_fails_leaves_the_earlier_file_and_nothing_else(folder: Path) -> None:
    (folder / "kept.jsonl").write_text("precious", encoding="utf-8")
    before = sorted(folder.iterdir())
    failed = orderlab("export", "duckdb:///absent.duckdb", "--to", "kept.jsonl", cwd=folder)

    assert failed.returncode == 1
    assert (folder / "kept.jsonl").read_text(encoding="utf-8") == "precious"
    assert sorted(folder.iterdir()) == before
