import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.clients import Audience, Client
from benchmarks.command import BENCHMARKS, SERVER_BENCHMARKS, main
from benchmarks.live import Figure, Figures, Line, compared, median_figures, show_live
from benchmarks.table import WIDTH, Row, against_limit, against_rival, show
from event_loop import in_event_loop

ROOT = Path(__file__).parents[1]
WITH_WRK = ["Place an order"] if shutil.which("wrk") else ["Left out: http"]
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
    measures = [
        "Replay",
        "One stream",
        "Append one",
        "Append 51 events",
        "64 writers",
        "Import 20 orders",
        "Index a log",
        "Explore 64 states",
    ]
    assert len(measures) == len(BENCHMARKS)
    of_server = [*WITH_WRK, "Broadcast to 20", "Broadcast to 3 of 4"]
    assert len(of_server) == len(SERVER_BENCHMARKS)
    for measure in measures + of_server:
        assert any(line.startswith(f" {measure}") for line in lines), measure
    assert max(map(len, lines)) <= WIDTH
    assert list(tmp_path.iterdir()) == []


def test_a_large_benchmark_runs_when_it_is_named(tmp_path: Path) -> None:
    lines = run("tests/benchmarks", "--quick", "--only", "timeline-large", "--folder", str(tmp_path))
    assert any(line.startswith(" One order as of any") for line in lines)
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


def test_a_benchmark_that_needs_what_is_not_there_is_left_out_and_says_what(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["--quick", "--only", "http"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Left out: http, which needs wrk: `apt install wrk`")


@pytest.mark.parametrize(
    ("figure", "goal", "reached"), [("rate", 2, True), ("rate", 3, False), ("p50", 0.5, True), ("p50", 0.4, False)]
)
def test_a_rate_is_to_be_high_and_a_latency_low(figure: Figure, goal: float, reached: bool) -> None:
    comparison = compared(figure, [Figures(p50=1, p99=1, rate=20)], [Figures(p50=2, p99=2, rate=10)], goal=goal)
    assert comparison.reached is reached


def test_a_ratio_is_the_median_of_those_of_each_round() -> None:
    ours, bare = [Figures(3, 3), Figures(8, 8), Figures(9, 9)], [Figures(1, 1), Figures(4, 4), Figures(9, 9)]
    assert compared("p50", ours, bare).ratio == 2


def test_the_median_of_rounds_is_that_of_each_figure() -> None:
    rounds = [Figures(3, 5, 10), Figures(1, 9, 30), Figures(2, 7, 20)]
    assert median_figures(rounds) == Figures(2, 7, 20)


def test_half_of_the_times_are_within_p50_and_all_but_a_hundredth_within_p99() -> None:
    assert Figures.of_seconds([float(number) for number in range(1, 201)]) == Figures(100.5, 199)


def test_the_live_table_fits_its_width_with_the_longest_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    slow = Figures(p50=99.9, p99=99.9, rate=99_999, memory=999e6)
    ratios = tuple(compared(each, [slow] * 2, [slow] * 2, goal=0.55) for each in ("rate", "p50", "memory"))
    show_live([Line("measure " * 5, "none stalled", slow, ratios, "told")], title="title")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert [line for line in lines if line.rstrip().endswith(("0.55 met", "0.55 missed"))]
    assert not [line for line in lines if "0.55" in line and not line.rstrip().endswith(("met", "missed"))]
    assert lines[-1] == "none stalled: told".ljust(len(lines[-1]))


def test_columns_that_no_line_fills_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_live([Line("measure", "bare", Figures(1, 2))], title="title")
    assert "a second" not in capsys.readouterr().out


@in_event_loop
async def test_a_client_reads_messages_however_they_are_cut_into_pieces() -> None:
    messages = [b"", b"short", b"l" * 300, b"m" * 70_000]
    stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"".join(map(text_frame, messages))
    for size in (1, 7, len(stream)):
        heard: dict[int, bytes] = {}
        client = Client(3000, heard.__setitem__)
        for start in range(0, len(stream), size):
            client.data_received(stream[start : start + size])
        assert list(heard.items()) == list(enumerate(messages))


@in_event_loop
async def test_an_audience_has_a_message_when_the_last_of_it_has() -> None:
    audience = Audience(2)
    audience.hear(0, b"first")
    assert not audience.times
    audience.hear(1, b"second")
    audience.hear(0, b"first")
    assert len(audience.times) == 1


def text_frame(payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    longer = bytes((126,)) + length.to_bytes(2) if length < 2**16 else bytes((127,)) + length.to_bytes(8)
    return b"\x81" + longer + payload
