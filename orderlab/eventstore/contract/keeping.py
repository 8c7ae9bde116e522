"""Keeping: what is read is what was written, to the letter, and nobody can change it afterwards."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

from orderlab.core.effects import AppendEvents
from orderlab.core.environment import SeededIds, TestClock
from orderlab.core.errors import Unwritable
from orderlab.core.log import EncodedEvent, NewEvent
from orderlab.eventstore.base import EventStore
from orderlab.eventstore.contract.kit import (
    CONTRACT_CODEC,
    ContractCase,
    Gathered,
    Noted,
    everything,
    expect,
    in_event_loop,
    notes,
    scenario,
)
from orderlab.eventstore.contract.retries import brought
from orderlab.eventstore.memory import InMemoryEventStore

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)

TEXTS = (
    "",
    " ",
    "\0 \x01 \x7f",
    "'; DROP TABLE events; --",
    '"quoted" \\ backslash \\u0041',
    "line\nbreak\r\n\ttab\u2028\u2029",
    "ﬁ é e\u0301 ß İ",
    "漢字 עברית العربية",
    "👩🏽‍🚀 🏳️‍🌈 \U0010ffff",
    "null",
    "x" * 100_000,
)

NUMBERS = (0, -1, 2**31, -(2**31) - 1, 2**53 - 1, -(2**53) + 1)

METADATA: dict[str, Any] = {
    "who": "ada",
    "née": [1, 2.5, None, True, {"a": {}}],
    "": "",
    "emoji 👍": "\0",
    "n": 2**53 - 1,
}


class Keeping(ContractCase):
    """A log is kept for ever, so it must be exactly what was said: no rounding, no trimming, no second thoughts."""

    @scenario
    async def test_texts_and_numbers_come_back_as_they_were(self, event_store: EventStore) -> None:
        """Every script, control characters, what SQL and JSON give a meaning to, and the largest exact integers."""
        said = [Noted(text, number) for text in TEXTS for number in NUMBERS]
        await event_store.append_events("a", said)
        expect([recorded.event for recorded in await event_store.load_events("a")], said, "the stream's events")
        expect([recorded.event async for recorded in event_store.read_all()], said, "the log's events")

    @scenario
    async def test_stream_ids_come_back_as_they_were(self, event_store: EventStore) -> None:
        """A name is compared to the letter, of which it may have 500: no folding of case, no trimming, no pattern."""
        longest = "".join(chr(0x20000 + 83 * number) for number in range(500))
        names = [name for name in TEXTS if 0 < len(name) <= len(longest) and "\0" not in name]
        names += ["X", "x", "%", "_", "e\u0301", "é", " x", "x ", longest, longest[:-1]]
        for name in names:
            await event_store.append_events(name, [Noted(name)], expected_version=0)
        expect(await event_store.list_streams(), names, "the streams")
        for name in names:
            found = [recorded.event.text for recorded in await event_store.load_events(name)]
            expect(found, [name], f"the events of stream {name[:20]!r}")

    @scenario
    async def test_what_the_writer_brings_is_kept_exactly(self, event_store: EventStore) -> None:
        """Its id, its time, and what it says about cause and circumstance."""
        event_id = UUID("01234567-89ab-7def-8123-456789abcdef")
        at = NOON + timedelta(microseconds=123_457)
        brings = NewEvent(Noted("x"), event_id, at, "correlation é", "causation 'x'", METADATA)
        await event_store.append_events("a", [brings])
        [found] = await event_store.load_events("a")
        expect((found.event_id, found.recorded_at), (event_id, at), "event id and time")
        expect((found.correlation_id, found.causation_id), ("correlation é", "causation 'x'"), "the causes")
        expect(dict(found.metadata), METADATA, "the metadata")

    @in_event_loop
    async def test_what_the_writer_does_not_bring_is_filled_in(self) -> None:
        """Id and time come from the environment the event store was opened with; the rest is empty."""
        ids = SeededIds(7)
        async with self.fresh(clock=TestClock(NOON), ids=ids) as event_store:
            await event_store.append_events("a", notes([1, 2]))
            first, second = await event_store.load_events("a")
        expect([first.event_id, second.event_id], [SeededIds(7).new_uuid(), second.event_id], "the first id drawn")
        assert first.event_id != second.event_id, "no two events have one id"
        expect([first.recorded_at, second.recorded_at], [NOON, NOON], "the clock's time")
        found = (first.correlation_id, first.causation_id, dict(first.metadata))
        expect(found, (None, None, {}), "correlation, causation and metadata that nobody gave")

    @scenario
    async def test_a_time_from_another_zone_is_kept_as_the_same_instant_in_utc(self, event_store: EventStore) -> None:
        """Seven in New York is noon in UTC, not seven."""
        there = NOON.astimezone(timezone(timedelta(hours=-5)))
        await event_store.append_events("a", [NewEvent(Noted("x"), recorded_at=there)])
        [found] = [recorded.recorded_at async for recorded in event_store.read_all()]
        expect((found, found.utcoffset()), (NOON, timedelta(0)), "the instant, in UTC")
        [row] = await everything(event_store)
        expect((row.recorded_at, row.recorded_at.utcoffset()), (NOON, timedelta(0)), "the same by column")

    @in_event_loop
    async def test_times_never_decrease_though_the_clock_goes_backwards(self) -> None:
        """Then the last position recorded not later than a time is found by halving, and an as-of means something."""
        async with self.fresh(clock=_SteppingClock([30, 10, 20, 40])) as event_store:
            for number in range(4):
                await event_store.append_events("a", notes([number]))
            found = [_minute(recorded.recorded_at) async for recorded in event_store.read_all()]
        expect(found, [30, 30, 30, 40], "the minutes recorded by a clock that went 30, 10, 20, 40")

    @scenario
    async def test_a_time_before_that_of_the_last_event_is_raised_to_it(self, event_store: EventStore) -> None:
        """Within an append, from one to the next, and from one stream to another."""
        times = [[20, 10], [15, 30], [30, 29]]
        for number, minutes in enumerate(times):
            brings = [NewEvent(Noted("x"), recorded_at=NOON + timedelta(minutes=minute)) for minute in minutes]
            await event_store.append_events(f"stream-{number}", brings)
        found = [_minute(recorded.recorded_at) async for recorded in event_store.read_all()]
        expect(found, [20, 20, 20, 30, 30, 30], f"the minutes recorded of {times}")

    @scenario
    async def test_an_encoded_event_is_written_verbatim(self, event_store: EventStore) -> None:
        """A copied log is the same log: type, schema version and JSON text, its spaces and escapes included."""
        said = [
            EncodedEvent("Noted", 1, '{ "number" : 7,\n"text":"caf\\u00e9 \\u0000 \\/" }'),
            EncodedEvent("Noted", 1, '{"text":"more than it knows","number":1.0,"colour":null,"colour":2}'),
            EncodedEvent("OfAnotherProgram", 12, "[]"),
        ]
        await event_store.append_events("a", said)
        found = [EncodedEvent(row.event_type, row.schema_version, row.payload) for row in await everything(event_store)]
        expect(found, said, "what was written verbatim")

    @scenario
    async def test_what_no_log_can_keep_is_refused_before_anything_is_written(self, event_store: EventStore) -> None:
        """One event store must not take what another cannot keep: logs are copied between them."""
        half_a_pair = "\ud800"
        good, bad = (
            AppendEvents("good", notes([1])),
            (
                AppendEvents("a", [EncodedEvent("Noted", 1, "{ not JSON")]),
                AppendEvents("a", [EncodedEvent("Noted", 0, "{}")]),
                AppendEvents("a", [EncodedEvent("", 1, "{}")]),
                AppendEvents("a", [Noted(half_a_pair)]),
                AppendEvents(f"a{half_a_pair}", notes([1])),
                AppendEvents("a\0", notes([1])),
                AppendEvents("a", [NewEvent(Noted("x"), correlation_id="")]),
                AppendEvents("a", [NewEvent(Noted("x"), recorded_at=NOON.replace(tzinfo=None))]),
                AppendEvents("a", [NewEvent(Noted("x"), metadata={"a": object()})]),
            ),
        )
        for number, append in enumerate(bad, start=1):
            refused, _ = await event_store.append_many([append, good])
            assert isinstance(refused, Unwritable), f"{append} must be refused as Unwritable, and was {refused!r}"
            expect(await event_store.head(), number, "only the good append of each batch is in the log")

    @scenario
    async def test_changing_what_was_handed_in_does_not_change_the_log(self, event_store: EventStore) -> None:
        """An event store keeps what was said when it was said, not a reference to whoever said it."""
        things, metadata = ["pen"], {"tags": ["new"]}
        events = [NewEvent(Gathered(things), metadata=metadata)]
        await event_store.append_events("a", events)
        things.append("stolen")
        metadata["tags"].append("stolen")
        metadata["more"] = []
        events.clear()
        await self._expect_untouched(event_store)

    @scenario
    async def test_changing_what_was_read_does_not_change_the_log(self, event_store: EventStore) -> None:
        """Every reader gets values of its own, and so does the same reader the next time."""
        [answer] = answers = await event_store.append_many(
            [AppendEvents("a", [NewEvent(Gathered(["pen"]), metadata={"tags": ["new"]})])]
        )
        answers.clear()
        assert not isinstance(answer, Exception), f"the append was refused: {answer!r}"
        loaded = await event_store.load_events("a")
        subscription = event_store.subscribe()
        for recorded in (*loaded, *[each async for each in event_store.read_all()], await anext(subscription)):
            recorded.event.things.append("stolen")
            recorded.metadata["tags"].append("stolen")
        loaded.clear()
        (await event_store.list_streams()).clear()
        async for columns in event_store.read_columns("payload", "position"):
            for column in columns.values():
                column.clear()
        await self._expect_untouched(event_store)

    @in_event_loop
    async def test_the_same_appends_give_the_same_log_on_every_event_store(self) -> None:
        """With the same clock and seed, byte for byte: a simulated log can be compared across event stores.

        So ids are drawn, and the clock is read, for what is accepted only, in the order of the log.
        """
        clock, reference_clock = TestClock(), TestClock()
        async with (
            self.fresh(clock=clock, ids=SeededIds(3)) as event_store,
            InMemoryEventStore(codec=CONTRACT_CODEC, clock=reference_clock, ids=SeededIds(3)) as reference,
        ):
            for batch in _script():
                answers = [repr(answer) for answer in await event_store.append_many(batch)]
                expect(answers, [repr(answer) for answer in await reference.append_many(batch)], "the answers")
                clock.advance(0.1)
                reference_clock.advance(0.1)
            expect(await everything(event_store), await everything(reference), "the rows, in all columns")
            expect(await event_store.list_streams(), await reference.list_streams(), "the streams")

    async def _expect_untouched(self, event_store: EventStore) -> None:
        loaded = await event_store.load_events("a")
        for recorded in (*loaded, *[each async for each in event_store.read_all()]):
            found = (recorded.event, dict(recorded.metadata))
            expect(found, (Gathered(["pen"]), {"tags": ["new"]}), "event and metadata, after others changed theirs")
        expect(len(loaded), 1, "the stream's length")
        expect(await event_store.list_streams(), ["a"], "the streams")
        expect([row.payload for row in await everything(event_store)], ['{"things":["pen"]}'], "the column of payloads")


class _SteppingClock:
    """A clock that tells given minutes after noon, one after the other, and then stays at the last."""

    def __init__(self, minutes: Iterable[int]) -> None:
        self._minutes = list(minutes)

    def now(self) -> datetime:
        minute = self._minutes.pop(0) if len(self._minutes) > 1 else self._minutes[0]
        return NOON + timedelta(minutes=minute)


def _minute(at: datetime) -> int:
    return (at - NOON) // timedelta(minutes=1)


def _script() -> list[list[AppendEvents]]:
    """Return batches with something of everything: conflicts, retries, brought times, encoded and unwritable events."""
    hour = timedelta(hours=1)
    return [
        [AppendEvents("a", notes([1, 2]), 0), AppendEvents("b", notes([3]), 0)],
        [AppendEvents("a", notes([4]), 0), AppendEvents("c", brought(5, 6)), AppendEvents("a", notes([7]), 2)],
        [AppendEvents("c", brought(5, 6), 0), AppendEvents("c", brought(6, 7))],
        [AppendEvents("d", [EncodedEvent("Noted", 1, '{"text": "é"}'), Gathered(["x"])])],
        [AppendEvents("e", [object()]), AppendEvents("e", [NewEvent(Noted("x"), metadata=METADATA)])],
        [AppendEvents("b", [NewEvent(Noted("y"), recorded_at=NOON + hour), NewEvent(Noted("z"), recorded_at=NOON)])],
        [AppendEvents(f"order-{number % 5}", notes([number])) for number in range(50)],
    ]
