from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract import DurableEventStoreContract, event_store_contract
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore

TestInMemoryEventStore = event_store_contract(InMemoryEventStore)


class TestDuckDBEventStore(DurableEventStoreContract):
    folder: Path

    @pytest.fixture(autouse=True)
    def _in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def open_event_store(
        self, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        number = sum(1 for _ in self.folder.glob("*.duckdb"))
        return DuckDBEventStore(self.folder / f"log-{number}.duckdb", codec=codec, clock=clock, ids=ids)

    def reopen_event_store(
        self, closed: EventStore, *, codec: Codec, clock: Clock, ids: IdGenerator
    ) -> AbstractAsyncContextManager[EventStore, bool | None]:
        assert isinstance(closed, DuckDBEventStore)
        return DuckDBEventStore(closed.path, codec=codec, clock=clock, ids=ids)


def test_an_event_store_is_put_through_the_contract_by_two_functions(tmp_path: Path) -> None:
    contract = event_store_contract(
        lambda **options: DuckDBEventStore(tmp_path / "log.duckdb", **options),
        reopen_event_store=lambda closed, **options: DuckDBEventStore(closed.path, **options),
    )
    assert issubclass(contract, DurableEventStoreContract)
    contract().test_a_retry_after_opening_again_changes_nothing()
