"""Time travel: questions about a log as of any position.

Ours is `Timeline`: its index from arrays in memory, then how many orders were where, one order, and the fifty that
changed last, each at positions drawn at random over the whole log. The times are held against the targets that time
travel was built for, and against the same in a log of a tenth of the size: nothing of it may grow with the log.

The logs are made by the engine itself, for ten million events would take hours one by one: orders are placed, and each
is shipped or cancelled when a thousand others have been placed. In memory the rows are JSON, as everywhere, so an
answer contains decoding; from the file it contains the query. The large log's memory is the most that its process ever
had, its loading and libraries included.
"""

import random
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.raw import raw_log
from benchmarks.sample import CUSTOMER, ITEMS, LATER, REASON, TOTAL_CENTS, TRACKING_NUMBER
from benchmarks.table import Row, against_limit
from benchmarks.timing import Run
from orderlab.orders.actions import Event, OrderCancelled, OrderPlaced, OrderShipped
from orderlab.orders.codec import ORDER_CODEC
from orderlab.timeline import Timeline
from orderlab.timeline.asof import loading
from orderlab.timeline.asof.index import Index
from orderlab.timeline.asof.outlining import instant

INDEX, COUNTS, ORDER, PAGE, MEMORY = "index", "counts", "order", "page", "memory"
TARGET = "the target"
TARGETS = {INDEX: 0.5e-6, COUNTS: 10e-6, ORDER: 50e-6, PAGE: 1e-3}
TARGETS_OF_FILE = {COUNTS: 10e-6, ORDER: 5e-3, PAGE: 20e-3}
IN_WORDS = {
    INDEX: "Index a log (µs an event)",
    COUNTS: "Count orders as of any position",
    ORDER: "One order as of any position",
    PAGE: "The last 50 orders as of any position",
}
QUESTIONS = 500

Seconds = dict[str, float]


def rows(run: Run) -> list[Row]:
    """Time answers about a million events in memory."""
    return _rows(run, run.size(1_000_000, run.events), TARGETS, in_file=False)


def large_rows(run: Run) -> list[Row]:
    """Time answers about ten million events in a file."""
    return _rows(run, run.size(10_000_000, run.events), TARGETS_OF_FILE, in_file=True)


def _rows(run: Run, count: int, targets: Seconds, *, in_file: bool) -> list[Row]:
    ours, tenth = (f"{size / 1e6:g} M events" for size in (count, count // 10))
    with run.fresh_folder() as logs:
        paths = {ours: logs / "ours.duckdb", tenth: logs / "tenth.duckdb"}
        for (name, path), size in zip(paths.items(), (count, count // 10), strict=True):
            run.progress(f"a log of {name}")
            write_log(path, size)
        turns = run.turns({name: partial(_answers, path, not in_file) for name, path in paths.items()}, once=in_file)
    found: dict[str, Seconds] = {
        name: {key: median(turn[key] for turn in of) for key in of[0]} for name, of in turns.items()
    }
    told = f", in a file: {found[ours][MEMORY] / 1e6:,.0f} MB of memory in all" if in_file else ""
    table = []
    for question, target in targets.items():
        words = f"{IN_WORDS[question]}{told}"
        seconds = {name: answers[question] for name, answers in found.items()}
        table.append(against_limit(words, {**seconds, TARGET: target}, ours, TARGET, goal=1))
        # The index is made by going through the log, so it grows with it, and more than that as it outgrows the caches.
        table.append(against_limit(words, seconds, ours, tenth, goal=None if question == INDEX else 2))
    return table


def _answers(path: Path, in_memory: bool, folder: Path) -> Seconds:
    loading.LARGEST_IN_MEMORY = 2**31 if in_memory else 0
    timeline = Timeline.from_file(path)
    start = perf_counter()
    Index(timeline._outline)
    index = (perf_counter() - start) / len(timeline)
    chance = random.Random(len(timeline))
    keys = timeline.keys(min(len(timeline), 200_000))
    seconds = {
        INDEX: index,
        COUNTS: _median(timeline.counts, lambda: chance.randint(0, len(timeline))),
        ORDER: _median(timeline.order, lambda: chance.choice(keys)),
        PAGE: _median(timeline.page, lambda: chance.randint(0, len(timeline))),
    }
    assert sum(timeline.counts(-1).values()) == timeline._index.existing(len(timeline))
    return {**seconds, MEMORY: _peak()}


def _median(answer: Callable[[Any], object], argument: Callable[[], Any]) -> float:
    answer(argument())  # what is made at the first question, once for all
    times = []
    for _ in range(QUESTIONS):
        asked = argument()
        start = perf_counter()
        answer(asked)
        times.append(perf_counter() - start)
    return median(times)


def _peak() -> float:
    """Return the most memory that this process ever had, in bytes."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes * (1 if sys.platform == "darwin" else 1024)


def write_log(path: Path, count: int) -> None:
    """Write a log of so many events, by one statement."""
    at = instant(0)
    placed = _payload(OrderPlaced("ORDER", CUSTOMER, ITEMS, TOTAL_CENTS, at))
    shipped = _payload(OrderShipped("ORDER", TRACKING_NUMBER, at))
    cancelled = _payload(OrderCancelled("ORDER", REASON, at))
    with raw_log(path) as raw:
        raw.connection.execute(_WRITE, {"count": count, "placed": placed, "shipped": shipped, "cancelled": cancelled})
        raw.connection.execute("CHECKPOINT")


def _payload(event: Event) -> str:
    return ORDER_CODEC.encode(event).payload


_WRITE = f"""
INSERT INTO events SELECT
    i + 1, 'order-' || id, CASE WHEN is_placed THEN 1 ELSE 2 END, md5('event' || i)::UUID,
    CASE WHEN is_placed THEN 'OrderPlaced' WHEN k % 5 = 0 THEN 'OrderCancelled' ELSE 'OrderShipped' END, 2,
    TIMESTAMP '2025-01-01' + to_milliseconds(i), NULL, NULL, '{{}}',
    replace(CASE WHEN is_placed THEN $placed WHEN k % 5 = 0 THEN $cancelled ELSE $shipped END, 'ORDER', id)
FROM (
    SELECT i, is_placed, k, 'order-' || md5(k::VARCHAR) AS id FROM (
        SELECT i, is_placed, CASE
            WHEN i < {LATER} THEN i
            WHEN is_placed THEN {LATER} + (i - {LATER}) // 2
            ELSE (i - {LATER} - 1) // 2
        END AS k FROM (SELECT i, i < {LATER} OR i % 2 = 0 AS is_placed FROM range($count) AS numbers(i))
    )
)
"""
"""At first `LATER` orders are placed; then in turns one more is placed and the oldest that is still open ends."""
