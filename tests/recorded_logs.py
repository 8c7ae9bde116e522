"""The log of a busy order desk, made without an event store."""

from collections import Counter
from functools import cache
from typing import Any
from uuid import UUID

from orderlab.core.log import RecordedEvent
from orderlab.datasets.desk import simulate
from orderlab.orders.decider import ORDERS


@cache
def desk_log(orders: int = 500, *, seed: int = 1) -> tuple[RecordedEvent, ...]:
    """Return the events of so many simulated orders, about twice as many."""
    log: list[RecordedEvent] = []
    entities: dict[str, Any] = {}
    versions: Counter[str] = Counter()
    for timed in simulate(seed=seed, orders=orders):
        key = str(ORDERS.key_of(timed.command))
        decision = ORDERS.decide(timed.command, entities.get(key), key=key, at=timed.at)
        for event in decision if isinstance(decision, tuple) else ():
            entities[key] = ORDERS.evolve(entities.get(key), event)
            versions[key] += 1
            position = len(log) + 1
            place = (UUID(int=position), ORDERS.stream_id(key), versions[key], position)
            log.append(RecordedEvent(*place, type(event).__name__, 2, event, timed.at, timed.key, timed.key, {}))
    return tuple(log)
