"""Every event store against the model that ships with the package: whatever is done to both, they agree."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.exploration.profiles import profile_of
from orderlab.exploration.stateful import EventStoreMachine, event_store_machine


def in_memory(folder: Path) -> type[EventStoreMachine]:
    return event_store_machine(InMemoryEventStore)


def in_files(folder: Path) -> type[EventStoreMachine]:
    """DuckDB files, each machine's its own; they may be closed and opened again at any time."""

    def opened(**options: Any) -> DuckDBEventStore:
        return DuckDBEventStore(folder / f"log-{sum(1 for _ in folder.glob('*.duckdb'))}.duckdb", **options)

    return event_store_machine(
        opened, reopen_event_store=lambda closed, **options: DuckDBEventStore(closed.path, **options)
    )


@pytest.mark.parametrize(("machine_in", "examples"), [(in_memory, 100), (in_files, 10)])
def test_an_event_store_agrees_with_a_list(machine_in: Any, examples: int, tmp_path: Path) -> None:
    run_state_machine_as_test(
        machine_in(tmp_path), settings=settings(profile_of("quick"), max_examples=examples, stateful_step_count=25)
    )
