"""One log in a DuckDB file and in PostgreSQL, read there as asked: whatever is asked about it has one answer."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from event_loop import in_event_loop
from postgres_servers import PostgresServer
from timelines import ORDER_LOGS, appends, recorded

from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.logfile import import_lines
from orderlab.notebook.timetravel import TimeTravel
from orderlab.orders.actions import PlaceOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem
from orderlab.timeline import StateMachine, Timeline
from orderlab.timeline.asof import loading

DATA = Path(__file__).parents[2] / "data"
LOG, COMMANDS = DATA / "desk-small.jsonl", DATA / "desk-small-commands.jsonl"


@pytest.fixture(scope="module")
def timelines(postgres: PostgresServer) -> Iterator[tuple[Timeline[Any], Timeline[Any]]]:
    """Give a timeline of the log in a file, and one of the same log in PostgreSQL."""
    opened = AsyncExitStack()

    async def load(event_store: Any) -> Timeline[Any]:
        await import_lines(LOG, await opened.enter_async_context(event_store))
        return await Timeline.load(event_store, in_memory=False, commands=COMMANDS)

    with TemporaryDirectory() as folder:
        in_file = asyncio.run(load(DuckDBEventStore(Path(folder) / "log.duckdb")))
        in_database = asyncio.run(load(PostgresEventStore(postgres.url, schema=postgres.fresh_schema())))
        yield in_file, in_database
        asyncio.run(opened.aclose())


@pytest.mark.parametrize(
    "ask",
    [
        lambda timeline: [timeline[n] for n in (0, 20, len(timeline))],
        lambda timeline: [timeline.counts(n) for n in range(len(timeline) + 1)],
        lambda timeline: [timeline.page(n, size=7) for n in range(0, len(timeline), 10)],
        lambda timeline: timeline.keys(),
        lambda timeline: list(timeline.events()),
        lambda timeline: timeline.at("2025-01-01 10:00"),
        lambda timeline: [timeline.story(key) for key in timeline.keys()[:5]],
        lambda timeline: timeline.diff(10, 30),
        lambda timeline: str(timeline.blame(timeline.keys()[0], "status")),
        lambda timeline: timeline.search("TORTOISE").positions,
        lambda timeline: timeline.search(where=lambda order: order.total_cents > 2000).positions,
        lambda timeline: timeline.what_if(drop=1).explained,
        lambda timeline: timeline.what_if().explained,
        lambda timeline: StateMachine.of(ORDERS, timeline=timeline),
        lambda timeline: TimeTravel(timeline)._repr_html_(),
        lambda timeline: timeline.fork(10).timeline[-1],
    ],
    ids=[
        "states", "counts", "pages", "keys", "events", "at a time", "stories", "difference", "blame", "text", "search",
        "what if", "all again", "state machine", "view", "branch",
    ],
)  # fmt: skip
def test_an_answer_is_the_same_from_both(
    ask: Callable[[Timeline[Any]], Any], timelines: tuple[Timeline[Any], Timeline[Any]]
) -> None:
    in_file, in_database = timelines
    assert ask(in_database) == ask(in_file)


def test_both_are_written_as_the_file_that_was_read(
    timelines: tuple[Timeline[Any], Timeline[Any]], tmp_path: Path
) -> None:
    for name, timeline in zip("ab", timelines, strict=True):
        timeline.to_file(tmp_path / f"{name}.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes() == LOG.read_bytes()


@in_event_loop
async def test_a_large_log_stays_in_the_database_and_a_small_one_outlives_its_event_store(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = OrderItem("p-1", "Mug", 2, 250)
    async with PostgresEventStore(postgres.url, schema=postgres.fresh_schema()) as event_store:
        placed = recorded(ORDER_LOGS, [(PlaceOrder("customer-1", (mug,), key), 1) for key in ("ada", "bea")])
        await event_store.append_many(appends(placed))
        in_memory = await Timeline.load(event_store)
        monkeypatch.setattr(loading, "LARGEST_IN_MEMORY", 1)
        in_database = await Timeline.load(event_store)
        assert in_database.order("ada") == in_memory.order("ada")
    assert in_memory.order("bea").version == 1
    assert in_database.counts(-1) == {"OrderPlaced": 2}
    with pytest.raises(EventStoreError, match="is closed, and a timeline of its log reads from it: keep it open"):
        in_database.order("bea")
