"""Events in memory: for tests, for teaching, and for a server that starts empty."""

import threading
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from orderlab.core.codec import Codec
from orderlab.core.environment import Clock, IdGenerator
from orderlab.core.errors import AppendRefused
from orderlab.core.log import Appended, StoredEvent
from orderlab.eventstore.base import Columns
from orderlab.eventstore.ledger import Ledger, Place
from orderlab.eventstore.rows import RowEventStore, require_columns, require_range
from orderlab.eventstore.stored import EncodedAppend
from orderlab.orders.codec import ORDER_CODEC

_STRETCH = 50_000


class InMemoryEventStore(RowEventStore):
    """An event store that keeps its log in memory, as JSON, so that no reader can change what was written.

    May be used from several threads and event loops at once.

    Args:
        codec: How events become JSON and back; orders by default.
        clock: What stamps `recorded_at` where the writer does not.
        ids: What draws event ids where the writer does not.
    """

    def __init__(
        self, *, codec: Codec = ORDER_CODEC, clock: Clock | None = None, ids: IdGenerator | None = None
    ) -> None:
        super().__init__(codec=codec, clock=clock, ids=ids)
        self._lock = threading.Lock()
        self._rows: list[StoredEvent] = []
        self._streams: dict[str, list[StoredEvent]] = {}
        self._ledger = Ledger(_Ids())

    async def _write(self, batch: Sequence[EncodedAppend]) -> list[Appended | AppendRefused]:
        with self._lock:
            plan = self._ledger.plan(batch, self._clock.now(), self._ids)
            for row in plan.rows:
                self._streams.setdefault(row.stream_id, []).append(row)
            self._rows.extend(plan.rows)
            self._ledger.accept(plan)
        if plan.rows:
            self._bell.ring()
        return plan.answers

    async def _read_page(self, after: int, until: int) -> list[StoredEvent]:
        return self._rows[after:until]  # position n is at index n - 1

    async def _read_stream(self, stream_id: str, from_version: int) -> list[StoredEvent]:
        return self._streams.get(stream_id, [])[from_version - 1 :]

    async def read_columns(self, *names: str, after: int = 0, until: int | None = None) -> AsyncIterator[Columns]:
        """Iterate over large stretches of the log by column, undecoded."""
        self._require_open()
        require_columns(names)
        require_range(after, until=until)
        end = len(self._rows) if until is None else min(until, len(self._rows))
        for start in range(after, end, _STRETCH):
            columns = zip(*self._rows[start : min(end, start + _STRETCH)], strict=True)
            stretch = dict(zip(StoredEvent._fields, columns, strict=True))
            yield {name: list(stretch[name]) for name in names}

    async def list_streams(self) -> list[str]:
        """Return the id of every stream, in the order of their first events."""
        self._require_open()
        return list(self._streams)

    async def head(self) -> int:
        """Return the position of the last event; 0 for an empty log."""
        self._require_open()
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<InMemoryEventStore {len(self._rows)} events in {len(self._streams)} streams>"


class _Ids:
    def __init__(self) -> None:
        self._places: dict[UUID, Place] = {}

    def __contains__(self, event_id: UUID) -> bool:
        return event_id in self._places

    def locate(self, event_ids: Sequence[UUID]) -> dict[UUID, Place]:
        return {event_id: self._places[event_id] for event_id in event_ids}

    def add(self, rows: Sequence[StoredEvent]) -> None:
        self._places.update({row.event_id: Place(row.stream_id, row.version, row.position) for row in rows})
