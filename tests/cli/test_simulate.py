import json
from pathlib import Path
from typing import Any

import pytest
from commandline import digest_of, done, events_of, widest


def simulated(url: str, cwd: Path, *more: str, seed: int = 3, orders: int = 60) -> dict[str, Any]:
    said = done("simulate", "--seed", str(seed), "--orders", str(orders), "--to", url, "--json", *more, cwd=cwd)
    result: dict[str, Any] = json.loads(said)
    return result


@pytest.mark.parametrize("columns", [80, 60])
def test_a_simulation_says_what_became_of_its_commands(columns: int, tmp_path: Path) -> None:
    arguments = ("simulate", "--seed", "3", "--orders", "60", "--to", "memory://")
    lines = done(*arguments, cwd=tmp_path, columns=columns).splitlines()
    counts = dict(line.rsplit(maxsplit=1) for line in lines[1:])

    assert lines[0] == "Into memory://"
    assert counts["events: OrderPlaced"] == "60"
    assert sum(int(counts[f"in the log now: {status}"]) for status in ("placed", "shipped", "cancelled")) == 60
    assert widest("\n".join(lines)) <= columns
    assert list(tmp_path.iterdir()) == []


def test_the_json_of_a_simulation_has_the_numbers_of_its_log(tmp_path: Path) -> None:
    said = simulated("duckdb:///desk.duckdb", tmp_path)
    types = [event_type for _, _, _, event_type, _ in events_of(tmp_path / "desk.duckdb")]

    events = {name.removeprefix("events: "): count for name, count in said["log"].items() if "events: " in name}
    refused = sum(count for name, count in said["log"].items() if "refused: " in name)
    assert events == {name: types.count(name) for name in set(types)}
    assert said["log"]["commands"] == len(types) + refused
    assert said["orders"] == {
        "placed": 60 - events["OrderShipped"] - events["OrderCancelled"],
        "shipped": events["OrderShipped"],
        "cancelled": events["OrderCancelled"],
    }


def test_the_same_simulation_again_adds_nothing_and_says_so(tmp_path: Path) -> None:
    first = simulated("duckdb:///desk.duckdb", tmp_path)
    before = digest_of(tmp_path / "desk.duckdb")
    again = simulated("duckdb:///desk.duckdb", tmp_path)

    assert digest_of(tmp_path / "desk.duckdb") == before
    assert again["orders"] == first["orders"]
    assert again["log"]["already there from an earlier run"] == len(events_of(tmp_path / "desk.duckdb"))
    assert not any(name.startswith("events: ") for name in again["log"])


def test_another_seed_adds_other_orders_to_the_same_log(tmp_path: Path) -> None:
    simulated("duckdb:///desk.duckdb", tmp_path, orders=20)
    both = simulated("duckdb:///desk.duckdb", tmp_path, orders=20, seed=4)

    assert sum(both["orders"].values()) == 40
    digest_of(tmp_path / "desk.duckdb")  # and it is whole
