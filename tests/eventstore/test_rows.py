import pytest
from event_loop import in_event_loop
from gapped import Gapped

from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.contract import CONTRACT_CODEC, Noted
from orderlab.eventstore.memory import InMemoryEventStore

EVENTS = 300


async def without(missing: range) -> Gapped:
    event_store = Gapped(codec=CONTRACT_CODEC)
    await event_store.append_events("a", [Noted("x", number) for number in range(1, EVENTS + 1)])
    event_store.missing = missing
    return event_store


@pytest.mark.parametrize(
    "missing",
    [range(1, 2), range(1, EVENTS), range(64, 65), range(65, 66), range(65, 250), range(100, 101), range(299, 300)],
    ids=str,
)
@in_event_loop
async def test_whoever_reads_a_log_with_a_gap_is_told_after_what_is_before_it(missing: range) -> None:
    event_store = await without(missing)
    for reading in (event_store.read_all(), event_store.subscribe()):
        for position in range(1, missing[0]):
            assert (await anext(reading)).position == position
        with pytest.raises(EventStoreError, match=f"is damaged: it holds no position {missing[0]}, and goes on behind"):
            await anext(reading)


@in_event_loop
async def test_what_is_written_while_the_end_is_read_is_no_gap() -> None:
    class Growing(InMemoryEventStore):
        """An event store to which somebody appends whenever its end was read."""

        async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
            page = await super()._read_page(after, until)
            if len(page) < until - after and until < EVENTS:
                await self.append_events("a", [Noted("x", until)])
            return page

    event_store = Growing(codec=CONTRACT_CODEC)
    positions = [recorded.position async for recorded in event_store.read_all()]
    assert positions == list(range(1, len(positions) + 1))
    assert len(positions) > 1
