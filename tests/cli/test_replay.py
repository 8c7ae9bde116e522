import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from commandline import REAL_DATA, done, orderlab, retail_row, widest, write_csv

LOG = "duckdb:///shop.duckdb"
ROWS = [
    retail_row("1", 0),  # 08:00
    retail_row("2", 60, CustomerID="13047.0", UnitPrice=1, Quantity=1),
    retail_row("2", 60, CustomerID="13047.0", UnitPrice=2, Quantity=3, StockCode="22728", Description="ALARM CLOCK"),
    retail_row("3", 120, CustomerID="12583.0"),
    retail_row("C4", 180, CustomerID="12583.0", Quantity=-6),  # 11:00, cancels 3
]
DAY = "2010-12-01"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a log: three orders placed at 8, 9 and 10, the last of them cancelled at 11."""
    with TemporaryDirectory() as name:
        write_csv(Path(name) / "shop.csv", ROWS)
        done("import", "shop.csv", "--to", LOG, "--cancellations", "exact", cwd=Path(name))
        yield Path(name)


def replayed(folder: Path, *arguments: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(done("replay", LOG, *arguments, "--json", cwd=folder))
    return result


def test_a_replay_gives_the_state_at_the_end(folder: Path) -> None:
    assert replayed(folder) == {
        "position": 4,
        "recorded_at": f"{DAY}T11:00:00Z",
        "total_cents": 1530 + 700 + 1530,
        "orders": 3,
        "placed": 2,
        "shipped": 0,
        "cancelled": 1,
    }


@pytest.mark.parametrize(
    ("until", "position"),
    [
        ("4", 4),
        (f"{DAY}T08:59:59.999999", 1),
        (f"{DAY}T09:00:00Z", 2),
        (f"{DAY}T10:00+01:00", 2),
    ],
)
def test_a_replay_stops_at_a_position_or_a_time(until: str, position: int, folder: Path) -> None:
    assert replayed(folder, "--until", until)["position"] == position


def test_a_position_beyond_the_end_is_told(folder: Path) -> None:
    ran = orderlab("replay", LOG, "--until", "1000", cwd=folder)
    assert (ran.returncode, ran.stderr) == (1, "orderlab: the log ends at position 4, and 1000 is beyond it\n")


def test_before_the_first_event_there_is_nothing(folder: Path) -> None:
    said = done("replay", LOG, "--until", "0", cwd=folder)

    assert replayed(folder, "--until", "0") == {
        "position": 0,
        "recorded_at": None,
        "total_cents": 0,
        "orders": 0,
        "placed": 0,
        "shipped": 0,
        "cancelled": 0,
    }
    assert said.splitlines()[0] == "The state at position 0 of 4"
    assert "last changed" not in said


@pytest.mark.parametrize("columns", [80, 60])
def test_the_state_is_told_with_its_newest_orders_first(columns: int, folder: Path) -> None:
    said = done("replay", LOG, "--until", "3", cwd=folder, columns=columns)
    title, *counts = said.partition("\n\n")[0].replace("recorded\n", "recorded ").splitlines()
    newest = [line.split()[:4] for line in said.partition("last changed")[2].splitlines()[1:] if line[0] != " "]

    assert title == f"The state at position 3 of 4, recorded {DAY} 10:00:00Z"
    assert [line.split() for line in counts] == [
        ["orders", "placed", "3"],
        ["orders", "shipped", "0"],
        ["orders", "cancelled", "0"],
        ["cents", "in", "all", "3,760"],
    ]
    assert newest == [
        ["3", "placed", "12583", "1,530"],
        ["2", "placed", "13047", "700"],
        ["1", "placed", "17850", "1,530"],
    ]
    assert widest(said) <= columns


@pytest.mark.parametrize("columns", [80, 60])
def test_the_story_of_an_order_is_told_event_by_event(columns: int, folder: Path) -> None:
    said = done("replay", LOG, "--order", "3", cwd=folder, columns=columns)

    assert said.split()[:4] == ["position", "recorded", "event", "what"]
    assert said.index("OrderPlaced") < said.index("OrderCancelled")
    assert said.splitlines()[-1] == "<Order 3 cancelled 1530 cents v2>"
    assert widest(said) <= columns


def test_the_json_of_a_story_has_every_event_and_exact_times(folder: Path) -> None:
    story = replayed(folder, "--order", "3")

    assert (story["status"], story["order"]["version"]) == ("cancelled", 2)
    assert [(event["position"], event["recorded_at"], list(event["action"])) for event in story["events"]] == [
        (3, f"{DAY}T10:00:00Z", ["OrderPlaced"]),
        (4, f"{DAY}T11:00:00Z", ["OrderCancelled"]),
    ]
    assert story["events"][1]["action"]["OrderCancelled"] == {
        "order_id": "3",
        "reason": "Credit note C4",
        "timestamp": f"{DAY}T11:00:00Z",
    }


def test_the_story_of_an_order_can_be_told_up_to_a_point(folder: Path) -> None:
    assert replayed(folder, "--order", "3", "--until", "3")["status"] == "placed"


def test_the_times_in_json_are_exact(tmp_path: Path) -> None:
    done("simulate", "--seed", "7", "--orders", "1", "--to", "duckdb:///desk.duckdb", cwd=tmp_path)
    said = json.loads(done("replay", "duckdb:///desk.duckdb", "--until", "1", "--json", cwd=tmp_path))

    assert said["recorded_at"] == "2025-01-01T00:32:45.891000Z"


def test_a_replay_changes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done("replay", LOG, cwd=folder)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("CREATE TABLE birds (name VARCHAR)")
    before = (tmp_path / "other.duckdb").read_bytes()
    ran = orderlab("replay", "duckdb:///other.duckdb", cwd=tmp_path)

    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert (tmp_path / "other.duckdb").read_bytes() == before


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the real order data is not here")
def test_a_state_in_the_middle_is_what_sql_finds_in_the_source_file(tmp_path: Path) -> None:
    source, noon = REAL_DATA / "online_retail_2010-12-01.csv", datetime(2010, 12, 1, 12, tzinfo=UTC)
    done("import", str(source), "--to", "duckdb:///day.duckdb", cwd=tmp_path)
    until = noon.replace(tzinfo=None).isoformat()
    said = json.loads(done("replay", "duckdb:///day.duckdb", "--until", until, "--json", cwd=tmp_path))

    with duckdb.connect() as connection:
        lines = connection.read_csv(str(source), all_varchar=True)
        [(orders, cents)] = connection.execute(
            """
            SELECT count(DISTINCT InvoiceNo), sum(Quantity::BIGINT * round(UnitPrice::DECIMAL(18, 3) * 100)::BIGINT)
            FROM lines WHERE InvoiceNo NOT LIKE 'C%' AND InvoiceNo NOT LIKE 'A%' AND CustomerID IS NOT NULL
                AND Quantity::BIGINT > 0 AND UnitPrice::DOUBLE > 0 AND InvoiceDate::TIMESTAMP <= ?
            """,
            [noon.replace(tzinfo=None)],
        ).fetchall()
    assert lines is not None
    assert (said["orders"], said["total_cents"]) == (orders, cents)
    assert 0 < orders < 100
