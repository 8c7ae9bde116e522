import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.command import BENCHMARKS
from benchmarks.table import WIDTH, Row, against_limit, against_rival, show

ROOT = Path(__file__).parents[1]
SECONDS = {"ours": 2e-6, "other": 6e-6}


def run(*arguments: str) -> list[str]:
    """Run the benchmarks as a person does, and return the lines they print."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_every_benchmark_runs_and_cleans_up_after_itself(tmp_path: Path) -> None:
    lines = run("tests/benchmarks", "--quick", "--events", "51", "--folder", str(tmp_path))
    measures = ("Replay", "One stream", "Append one", "Append 51 events", "64 writers", "Import 20 orders")
    assert len(measures) == len(BENCHMARKS)
    for measure in measures:
        assert any(line.startswith(f" {measure}") for line in lines)
    assert max(map(len, lines)) <= WIDTH
    assert list(tmp_path.iterdir()) == []


def test_one_benchmark_can_be_run_and_the_package_as_a_module() -> None:
    lines = run("-m", "tests.benchmarks", "--quick", "--only", "writers")
    assert any(line.startswith(" 64 writers") for line in lines)
    assert not any(line.startswith(" Replay") for line in lines)


@pytest.mark.parametrize(
    ("row", "ratio", "reached"),
    [
        (against_rival("measure", SECONDS, "ours", "other"), 3, True),
        (against_rival("measure", SECONDS, "ours", "other", goal=3), 3, True),
        (against_rival("measure", SECONDS, "ours", "other", goal=4), 3, False),
        (against_limit("measure", SECONDS, "other", "ours"), 3, True),
        (against_limit("measure", SECONDS, "other", "ours", goal=3), 3, True),
        (against_limit("measure", SECONDS, "other", "ours", goal=2), 3, False),
    ],
)
def test_a_rival_is_to_be_outrun_and_a_limit_to_be_kept_near(row: Row, ratio: float, reached: bool) -> None:
    assert row.ratio == pytest.approx(ratio)
    assert row.reached is reached


def test_the_table_fits_its_width_with_the_longest_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    slow = {"play, DuckDB": 9.9999, "raw, uncoalesced": 99.9999}
    show([against_rival("measure " * 5, slow, "play, DuckDB", "raw, uncoalesced", goal=20)], title="title")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert "…" not in "".join(lines)
