import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from commandline import done

from orderlab.commandfile import read_commands
from orderlab.core.environment import SequentialIds, TestClock
from orderlab.core.log import StoredEvent
from orderlab.datasets.desk import simulate
from orderlab.datasets.play import Played, play
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.logfile import import_lines
from orderlab.orders.model import MACHINE, OrderState
from orderlab.orders.reducer import OrderEnvironment, OrderReducer
from orderlab.replay import load_state
from orderlab.runtime import Store

DATA = Path(__file__).parents[2] / "data"
README = (DATA / "README.md").read_text(encoding="utf-8")
SCRIPT = DATA / "desk-small-commands.jsonl"
LOGS = sorted(set(DATA.glob("*.jsonl")) - {SCRIPT})

each_log = pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)


def lines_of(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


async def replayed(log: Path) -> OrderState:
    async with InMemoryEventStore() as event_store:
        await import_lines(log, event_store)
        return await load_state(event_store)


def row_of(log: Path) -> list[str]:
    """Return the cells of the log's row in the table of the README."""
    [row] = [line for line in README.splitlines() if line.startswith(f"| `{log.name}`")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_the_commands_in_the_readme_make_the_same_bytes_again(tmp_path: Path) -> None:
    [block] = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for command in block.splitlines():
        done(*command.removeprefix("orderlab ").split(), cwd=tmp_path)

    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.jsonl")}
    assert {log.name for log in LOGS} == set(made)
    for log in LOGS:
        assert made[log.name] == log.read_bytes(), log.name


def test_the_code_in_the_readme_writes_the_script_of_the_small_log_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [code] = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "write_commands" in block]
    monkeypatch.chdir(tmp_path)
    exec(code, {})

    assert (tmp_path / SCRIPT.name).read_bytes() == SCRIPT.read_bytes()


def test_the_script_has_as_many_commands_as_the_readme_says_and_every_one_that_was_refused() -> None:
    commands, log = read_commands(SCRIPT), lines_of(DATA / "desk-small.jsonl")

    assert f"all {len(commands)} commands" in README
    assert str(len(commands) - len(log)) == row_of(DATA / "desk-small.jsonl")[-1]
    assert {line["correlation_id"] for line in log} < {timed.key for timed in commands}


@each_log
def test_a_bundled_log_has_orders_of_every_status_as_many_as_the_readme_says(log: Path) -> None:
    counts = asyncio.run(replayed(log)).counts()

    _, _, orders, events, statuses, _ = row_of(log)
    assert all(counts.values())
    assert statuses == f"{counts['placed']:,}, {counts['shipped']:,}, {counts['cancelled']:,}"
    assert orders == f"{sum(counts.values()):,}"
    assert events == f"{len(lines_of(log)):,}"


@each_log
def test_what_a_desk_refused_is_not_in_its_log(log: Path) -> None:
    last = Counter(line["stream_id"] for line in lines_of(log))

    assert set(last.values()) == {1, 2}  # placed, and then at most shipped or cancelled: whichever came first


@each_log
def test_a_bundled_log_has_the_columns_that_the_readme_explains(log: Path) -> None:
    explained = re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)

    assert tuple(explained) == StoredEvent._fields
    assert {tuple(line) for line in lines_of(log)} == {StoredEvent._fields}


@each_log
def test_a_bundled_log_is_written_with_line_feeds_alone(log: Path) -> None:
    assert b"\r" not in log.read_bytes()


def test_the_picture_shows_the_week_as_it_ended() -> None:
    counts = asyncio.run(replayed(DATA / "desk-week.jsonl")).counts()

    assert (DATA / "desk-week.svg").read_text(encoding="utf-8") == MACHINE.to_svg(counts=counts) + "\n"


def test_the_bundled_logs_are_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) <= 2_000_000


def test_the_script_of_a_bundled_log_finds_all_of_its_events_there() -> None:
    small = DATA / "desk-small.jsonl"

    async def play_again() -> Played:
        env = OrderEnvironment(TestClock(), SequentialIds())
        async with InMemoryEventStore() as event_store:
            await import_lines(small, event_store)
            async with Store(OrderReducer(), OrderState(), env, event_store) as store:
                return await play(simulate(seed=9, orders=60), store)

    played = asyncio.run(play_again())
    assert (played.events, played.already_there) == ({}, len(lines_of(small)))
    assert f"{sum(played.refused.values())}" == row_of(small)[-1]
