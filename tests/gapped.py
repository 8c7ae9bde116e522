"""An event store out of which somebody has taken events, by hand."""

from collections.abc import AsyncIterator
from itertools import compress

from orderlab.core.log import StoredEvent
from orderlab.eventstore.base import Columns
from orderlab.eventstore.memory import InMemoryEventStore


class Gapped(InMemoryEventStore):
    """Holds everything but the positions that are `missing`."""

    missing = range(0)

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        return [row for row in await super()._read_page(after, until) if row.position not in self.missing]

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        asked = dict.fromkeys((*names, "position"))
        async for columns in super().read_columns(*asked, after=after, until=until):
            kept = [position not in self.missing for position in columns["position"]]
            yield {name: list(compress(columns[name], kept)) for name in names}
