"""Run many schedules on one event store, each on streams of its own, and many at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from orderlab.core.effects import AppendEvents
from orderlab.core.errors import AppendRefused
from orderlab.core.log import NO_STREAM, NewEvent, RecordedEvent
from orderlab.exploration.schedules.beginning import Beginning
from orderlab.exploration.schedules.judging import judged
from orderlab.exploration.schedules.mixing import orders_of, steps_of
from orderlab.exploration.schedules.running import Act, Runner
from orderlab.exploration.schedules.schedule import Schedule
from orderlab.exploration.schedules.tracing import Traced
from orderlab.exploration.schedules.writer import Writer

_AT_A_TIME = 256
"""Schedules that run side by side: what they append goes to disk together, and memory stays small."""

_running: set[tuple[int, str]] = set()
"""The names that are in use now, by the event store: of runs that go on at the same time."""


@dataclass(frozen=True, slots=True)
class Batches:
    """Runs every schedule of some writers.

    Args:
        runner: What runs one.
        writers: Who writes.
        beginning: What has happened before, in the streams of each.
    """

    runner: Runner
    writers: tuple[Writer, ...]
    beginning: Beginning

    async def schedules(self) -> AsyncIterator[Schedule]:
        """Yield what came of each order."""
        event_store = self.runner.event_store
        # The log has grown when the next run begins, so that its streams have other names than those of this one.
        with _name_of_run(event_store, await event_store.head()) as run:
            orders = enumerate(orders_of(len(self.writers)))
            while batch := list(islice(orders, _AT_A_TIME)):
                prefixes = [f"schedule-{run}-{number}-" for number, _ in batch]
                for schedule in await self._together([turns for _, turns in batch], prefixes):
                    yield schedule

    async def _together(self, orders: Sequence[tuple[int, ...]], prefixes: Sequence[str]) -> list[Schedule]:
        """Run some schedules side by side. Within each, every step waits for the one before."""
        event_store = self.runner.event_store
        head = await event_store.head()
        await self._prepare(prefixes)
        runs = [self.runner.run(self.writers, turns, prefix) for turns, prefix in zip(orders, prefixes, strict=True)]
        # Each is waited for, also when one fails, so that none goes on when the event store is closed.
        ended = await asyncio.gather(*runs, return_exceptions=True)
        logs: dict[str, list[RecordedEvent]] = {}
        async for recorded in event_store.read_all(after=head):
            logs.setdefault(recorded.stream_id, []).append(recorded)
        found = []
        for turns, prefix, acts in zip(orders, prefixes, ended, strict=True):
            if isinstance(acts, BaseException):
                raise acts
            found.append(self._schedule(turns, acts, self._streams(logs, prefix)))
        return found

    async def _prepare(self, prefixes: Sequence[str]) -> None:
        """Write what has happened before into the streams of each schedule."""
        stream_id = self.runner.reducer.decider.stream_id
        appends = [
            AppendEvents(
                prefix + stream_id(key), [NewEvent(each, recorded_at=self.runner.at) for each in events], NO_STREAM
            )
            for prefix in prefixes
            for key, events in self.beginning.events.items()
        ]
        if appends:
            for answer in await self.runner.event_store.append_many(appends):
                if isinstance(answer, AppendRefused):
                    raise answer

    def _streams(self, logs: dict[str, list[RecordedEvent]], prefix: str) -> dict[str, list[RecordedEvent]]:
        """Return the log of one schedule, by the keys of its entities."""
        stream_id = self.runner.reducer.decider.stream_id
        keys = [*self.beginning.events, *(each.key for each in self.writers if isinstance(each.key, str))]
        return {key: logs.get(prefix + stream_id(key), []) for key in dict.fromkeys(keys)}

    def _schedule(
        self, turns: tuple[int, ...], acts: Sequence[Act], streams: dict[str, list[RecordedEvent]]
    ) -> Schedule:
        """Return what came of one order."""
        reducer = self.runner.reducer
        attempts = [attempt for part, attempt in acts if part == "append"]  # in the order in which they were done with
        found = judged(attempts, streams, reducer.decider)
        return Schedule(
            tuple((self.writers[number].name, step) for number, step in steps_of(turns)),
            found.verdict,
            found.lost,
            found.broken,
            found.told,
            Traced(acts, self.beginning, reducer, self.runner.at, found.verdict),
        )


@contextmanager
def _name_of_run(event_store: Any, head: int) -> Iterator[str]:
    """Give a name for the streams of a run that no other run on this event store has, now or before."""
    number, name = 0, str(head)
    while (id(event_store), name) in _running:
        number += 1
        name = f"{head}.{number}"
    _running.add((id(event_store), name))
    try:
        yield name
    finally:
        _running.discard((id(event_store), name))
