import json
import os
import select
import signal
import subprocess
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from commandline import (
    COMMAND,
    digest_of,
    done,
    environment,
    events_of,
    orderlab,
    retail_row,
    widest,
    write_csv,
)

LOG = "duckdb:///shop.duckdb"
SHOP = [
    retail_row("1", 0),
    retail_row("1", 0, StockCode="22728", Description="ALARM CLOCK", Quantity=1, UnitPrice=3.75),
    retail_row("2", 60, CustomerID="13047.0", Quantity=10),
    retail_row("3", 120, CustomerID="", Quantity=1),
    retail_row("C4", 180, CustomerID="13047.0", Quantity=-10),  # all of 2
    retail_row("C5", 240, Quantity=-1),  # a part of 1
    retail_row("C6", 300, CustomerID="13047.0", Quantity=-10),  # all of 2, again
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a small shop's year."""
    write_csv(tmp_path / "shop.csv", SHOP)
    return tmp_path


def imported(folder: Path, *more: str, file: str = "shop.csv") -> dict[str, Any]:
    result: dict[str, Any] = json.loads(done("import", file, "--to", LOG, "--json", *more, cwd=folder))
    return result


@pytest.mark.parametrize("columns", [80, 60])
def test_an_import_accounts_for_every_row_and_every_command(columns: int, shop: Path) -> None:
    said = done("import", "shop.csv", "--to", LOG, "--cancellations", "any", cwd=shop, columns=columns)
    counts = dict(line.rsplit(maxsplit=1) for line in said.splitlines() if line.strip()[-1:].isdigit())

    assert said.splitlines()[0] == "shop.csv, row by row"
    assert counts["rows read"] == "7"
    assert sum(int(count) for name, count in counts.items() if name.startswith(("rows used", "rows left"))) == 7
    assert counts["refused: CancelOrder, InvalidOrderState (cancelled)"] == "1"
    assert counts["in the log now: cents"] == f"{6 * 255 + 375 + 10 * 255:,}"
    assert "overstated" in said
    assert widest(said) <= columns


def test_credit_notes_cancel_only_where_they_are_asked_to(shop: Path) -> None:
    placed, more = imported(shop), imported(shop, "--cancellations", "exact")

    assert placed["log"] == {"commands": 2, "events: OrderPlaced": 2}
    assert placed["orders"] == {"placed": 2, "shipped": 0, "cancelled": 0}
    assert more["log"] == {
        "commands": 4,
        "events: OrderCancelled": 1,
        "refused: CancelOrder, InvalidOrderState (cancelled)": 1,
        "already there from an earlier run": 2,
    }
    assert more["orders"] == {"placed": 1, "shipped": 0, "cancelled": 1}
    assert placed["file"]["counts"]["rows read"] == more["file"]["counts"]["rows read"] == len(SHOP)


def test_shipping_is_drawn_by_a_seed_and_said_to_be_made_up(shop: Path) -> None:
    said = imported(shop, "--shipping-seed", "1")

    assert said["log"]["events: OrderShipped"] == said["orders"]["shipped"] == 2
    assert any("synthetic" in note for note in said["file"]["notes"])


def test_another_file_with_the_same_invoices_is_refused_in_one_sentence(shop: Path) -> None:
    imported(shop)
    before = digest_of(shop / "shop.duckdb")
    write_csv(shop / "other.csv", [retail_row("2", 60, Quantity=11)])
    ran = orderlab("import", "other.csv", "--to", LOG, cwd=shop)

    assert ran.returncode == 1
    assert ran.stderr.startswith("orderlab: idempotency key 'online-retail/2' was used for another command")
    assert ran.stderr.count("\n") == 1
    assert digest_of(shop / "shop.duckdb") == before


def test_an_exported_log_is_imported_as_it_is_and_again_adds_nothing(shop: Path) -> None:
    imported(shop)
    done("export", LOG, "--to", "shop.jsonl", cwd=shop)
    arguments = ("import", "shop.jsonl", "--to", "duckdb:///copy.duckdb", "--json")
    first, again = (json.loads(done(*arguments, cwd=shop)) for _ in range(2))

    assert first == {"events added": 2, "events in the log": 2}
    assert again == {"events added": 0, "events in the log": 2}
    assert digest_of(shop / "copy.duckdb") == digest_of(shop / "shop.duckdb")


# Ctrl-C

MANY = 9_000


class Watched:
    """A running import whose standard error is a terminal, so that it shows how far it is."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.screen, terminal = os.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            env=environment(TERM="xterm"),
            stdout=subprocess.DEVNULL,
            stderr=terminal,
            stdin=subprocess.DEVNULL,
        )
        os.close(terminal)
        self.seen = ""

    def until(self, text: str, *, seconds: float = 60) -> None:
        """Read the screen until a text is on it; an end of the process before that fails."""
        end = monotonic() + seconds
        while text not in self.seen:
            assert select.select([self.screen], [], [], end - monotonic())[0], f"no {text!r} in {self.seen!r}"
            self.seen += os.read(self.screen, 4096).decode(errors="replace")

    def interrupted(self) -> int:
        """Send what Ctrl-C sends, read the screen to its end, and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        while True:
            try:
                more = os.read(self.screen, 4096)
            except OSError:  # on Linux the end of a terminal is an error
                break
            if not more:
                break
            self.seen += more.decode(errors="replace")
        os.close(self.screen)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a large file, and a log made of it undisturbed."""
    folder = tmp_path_factory.mktemp("crowd")
    rows = [retail_row(number, number, CustomerID=f"{number % 400}.0") for number in range(100_000, 100_000 + MANY)]
    write_csv(folder / "crowd.csv", rows)
    done("import", "crowd.csv", "--to", "duckdb:///undisturbed.duckdb", cwd=folder)
    return folder


def test_ctrl_c_leaves_a_valid_log_and_the_same_command_completes_it(crowd: Path) -> None:
    watched = Watched(crowd, "import", "crowd.csv", "--to", "duckdb:///crowd.duckdb")
    watched.until(f"000/{MANY}")  # some thousands are done
    code = watched.interrupted()
    left = len(events_of(crowd / "crowd.duckdb"))
    digest_of(crowd / "crowd.duckdb")  # which also makes sure that it is whole
    beginning = events_of(crowd / "crowd.duckdb") == events_of(crowd / "undisturbed.duckdb")[:left]
    completed = json.loads(done("import", "crowd.csv", "--to", "duckdb:///crowd.duckdb", "--json", cwd=crowd))

    assert code == 130
    assert "orderlab: interrupted; the log is whole" in watched.seen
    assert "Traceback" not in watched.seen
    assert 0 < left < MANY
    assert beginning
    assert completed["log"]["already there from an earlier run"] == left
    assert digest_of(crowd / "crowd.duckdb") == digest_of(crowd / "undisturbed.duckdb")


def test_ctrl_c_before_the_first_command_is_played_makes_no_log_at_all(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "simulate", "--orders", "500000", "--to", "duckdb:///never.duckdb")
    watched.until("Simulating")
    code = watched.interrupted()

    assert code == 130
    assert "Traceback" not in watched.seen
    assert not (tmp_path / "never.duckdb").exists()
