import asyncio
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import loans
import pytest
from accounts import ACCOUNT_CODEC, ACCOUNTS, Deposit, Deposited, Withdraw
from broken_event_stores import NeverConflicts
from event_loop import in_event_loop
from postgres_servers import PostgresServer

from orderlab.core.decider import Decider
from orderlab.core.errors import Unwritable
from orderlab.core.log import RecordedEvent
from orderlab.eventstore.base import EventStoreError
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.memory import InMemoryEventStore
from orderlab.eventstore.postgres import PostgresEventStore
from orderlab.eventstore.urls import open_event_store
from orderlab.exploration.interleavings import Interleavings, Schedule, both_ways, interleavings
from orderlab.exploration.playing import AT
from orderlab.orders.actions import (
    CancelOrder,
    InvalidOrderState,
    OrderPlaced,
    OrderShipped,
    PlaceOrder,
    ShipOrder,
)
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import OrderItem
from orderlab.orders.reducer import OrderReducer

PLACE = PlaceOrder("ada", [OrderItem("p-1", "Mug", 2, 250)], "mug")
SHIP, CANCEL = ShipOrder("mug", "TRACK-1"), CancelOrder("mug", "Too late")
TWO = {"shop": SHIP, "customer": CANCEL}
THREE = [SHIP, CANCEL, CancelOrder("mug", "Found it cheaper")]
DEPOSITS = [Deposit("a", 1), Deposit("a", 1), Deposit("a", 1)]


def turns_of(schedule: Schedule) -> dict[tuple[str, str], int]:
    """Return at which place each writer does what."""
    return {turn: place for place, turn in enumerate(schedule.order)}


def answers(schedule: Schedule) -> list[tuple[str, str, str]]:
    """Return who did what, and what came of it."""
    return [(step.writer, step.part, step.answer) for step in schedule.trace.steps]


# Which schedules there are


@in_event_loop
async def test_every_order_of_two_writers_is_run_once() -> None:
    found = await interleavings(TWO, given=[PLACE])
    places = {tuple(place for place, (name, _) in enumerate(each.order) if name == "shop") for each in found}
    assert places == set(combinations(range(6), 3))
    assert len(found) == 20


@in_event_loop
async def test_each_writer_reads_decides_and_appends_in_this_order() -> None:
    for schedule in await interleavings(TWO.values(), given=[PLACE]):
        for name in "AB":
            assert [step for who, step in schedule.order if who == name] == ["read", "decide", "append"]


@in_event_loop
async def test_schedules_always_come_in_the_same_order() -> None:
    first, second = [await interleavings(TWO, given=[PLACE], check_versions=False) for _ in range(2)]
    assert first.schedules == second.schedules
    assert first[0].is_serial
    assert first[-1].is_serial


@in_event_loop
async def test_more_schedules_than_allowed_are_refused_with_their_number() -> None:
    with pytest.raises(ValueError, match=r"4 writers of 3 steps each can mix in 369,600 orders, more than the 1,680"):
        await interleavings([SHIP] * 4)
    with pytest.raises(ValueError, match="20 orders, more than the 19"):
        await interleavings(TWO, most=19)


@in_event_loop
async def test_one_writer_alone_has_one_schedule() -> None:
    found = await interleavings([SHIP], given=[PLACE], check_versions=False)
    assert [schedule.verdict for schedule in found] == ["A writes OrderShipped."]


# What is lost


@in_event_loop
async def test_without_versions_two_writers_lose_an_update_unless_one_comes_after_the_other() -> None:
    found = await interleavings(TWO, given=[PLACE], check_versions=False)
    assert found.lost == 18
    assert [each.lost for each in found] == [not each.is_serial for each in found]


@in_event_loop
async def test_with_versions_nothing_is_lost_and_somebody_is_told() -> None:
    found = await interleavings(TWO, given=[PLACE])
    assert found.lost == 0
    assert [bool(each.conflicts) for each in found] == [not each.is_serial for each in found]


@in_event_loop
async def test_three_deposits_lose_one_in_all_schedules_but_those_that_are_serial() -> None:
    found = await interleavings(DEPOSITS, domain=ACCOUNTS, check_versions=False)
    assert (len(found), found.lost) == (1_680, 1_674)
    assert [each.lost for each in found] == [not each.is_serial for each in found]


@in_event_loop
async def test_three_writers_of_one_order_lose_nothing_where_all_others_read_after_the_first_append() -> None:
    # An order is shipped or cancelled once: who reads after that is rightly refused, however the rest mixes.
    found = await interleavings(THREE, given=[PLACE], check_versions=False)
    for each in found:
        at = turns_of(each)
        first = min("ABC", key=lambda name: at[name, "append"])
        reads_later = [at[name, "read"] > at[first, "append"] for name in "ABC" if name != first]
        assert each.lost == (not all(reads_later))
    assert found.lost == 1_620


@pytest.mark.parametrize(("writers", "given", "domain"), [(THREE, [PLACE], ORDERS), (DEPOSITS, [], ACCOUNTS)])
def test_with_versions_three_writers_lose_nothing(writers: list[Any], given: list[Any], domain: Decider[Any]) -> None:
    @in_event_loop
    async def check() -> None:
        found = await interleavings(writers, given=given, domain=domain)
        assert (len(found), found.lost) == (1_680, 0)

    check()


@in_event_loop
async def test_an_update_is_lost_also_where_both_events_can_follow_one_another() -> None:
    found = await interleavings([Deposit("a", 5), Deposit("a", 5)], domain=ACCOUNTS, check_versions=False)
    assert found.lost == 18
    assert found[1].verdict == "B wrote Deposited without knowing of Deposited of A."
    assert not found[1].broken


@in_event_loop
async def test_an_event_that_cannot_follow_is_named() -> None:
    found = await interleavings(TWO, given=[PLACE], check_versions=False)
    assert found[1].verdict == (
        "customer wrote OrderCancelled without knowing of OrderShipped of shop. "
        "OrderCancelled cannot follow OrderShipped."
    )
    assert found[1].broken


@in_event_loop
async def test_writers_about_different_entities_lose_nothing() -> None:
    pen = OrderPlaced("pen", "bea", (), 1, AT)
    found = await interleavings([SHIP, CancelOrder("pen")], given=[PLACE, pen], check_versions=False)
    assert (found.lost, found.conflicts) == (0, 0)
    assert {each.verdict for each in found} == {
        "A writes OrderShipped. B writes OrderCancelled.",
        "B writes OrderCancelled. A writes OrderShipped.",
    }


@in_event_loop
async def test_writers_whose_orders_are_yet_to_get_an_id_get_different_ones() -> None:
    new = PlaceOrder("ada", PLACE.items)
    found = await interleavings([new, new], given=[new], check_versions=False)
    assert found.lost == 0
    assert [event.order_id for event in found[0].trace.events] == ["order-2", "order-3"]


@in_event_loop
async def test_who_is_refused_appends_nothing_and_loses_nothing() -> None:
    found = await interleavings([SHIP, CANCEL], given=[PLACE, SHIP], check_versions=False)
    assert found.lost == 0
    assert {each.verdict for each in found} == {
        "A is refused: InvalidOrderState. B is refused: InvalidOrderState.",
        "B is refused: InvalidOrderState. A is refused: InvalidOrderState.",
    }
    assert all(each.trace.events == () for each in found)


@in_event_loop
async def test_who_decides_on_nothing_changes_nothing() -> None:
    found = await interleavings([Deposit("a", 0), Deposit("a", 1)], domain=ACCOUNTS, check_versions=False)
    assert found.lost == 0
    assert found[0].verdict == "A changes nothing. B writes Deposited."


@in_event_loop
async def test_a_command_with_several_events_is_one_decision() -> None:
    given = [loans.Buy(100, "b"), loans.Lend("b", "ada")]
    writers = {"Bea": loans.LendAgain("b", "bea"), "Cem": loans.LendAgain("b", "cem")}
    found = await both_ways(writers, given=given, domain=loans.LOANS)
    assert (found.unchecked.lost, found.checked.lost) == (18, 0)
    assert found.unchecked[1].verdict == "Cem wrote Returned and Lent without knowing of Returned and Lent of Bea."


@in_event_loop
async def test_a_writer_who_cannot_read_the_log_any_more_fails_and_that_is_told() -> None:
    found = await interleavings(THREE, given=[PLACE], check_versions=False)
    verdicts = [each.verdict for each in found if "C fails" in each.verdict]
    assert verdicts
    assert all(
        "C fails: CorruptStream: OrderCancelled of mug cannot follow" in each for each in verdicts if "B wrote" in each
    )


# Being told


@in_event_loop
async def test_who_is_told_of_a_conflict_is_named_and_has_written_nothing() -> None:
    found = await interleavings(TWO, given=[PLACE])
    assert found[1].conflicts == ("customer",)
    assert found[1].verdict == ("shop writes OrderShipped. customer is told that the stream is at version 2, not 1.")
    assert answers(found[1])[-1] == ("customer", "append", "VersionConflict")
    assert [type(event) for event in found[1].trace.events] == [OrderShipped]


@in_event_loop
async def test_who_is_told_reads_and_decides_again_if_that_is_wanted() -> None:
    found = await interleavings(TWO, given=[PLACE], retry=True)
    assert found.lost == 0
    assert answers(found[1])[-4:] == [
        ("customer", "append", "VersionConflict"),
        ("customer", "read", "read"),
        ("customer", "decide", "InvalidOrderState"),
        ("customer", "append", "nothing"),
    ]


@in_event_loop
async def test_all_who_try_again_get_their_deposits_in() -> None:
    found = await interleavings(DEPOSITS[:2], domain=ACCOUNTS, retry=True)
    assert found.lost == 0
    assert {each.trace.state.entities["a"].balance_cents for each in found} == {2}


# Traces


@in_event_loop
async def test_a_trace_tells_what_each_writer_believed_and_what_the_log_says() -> None:
    [first, *_] = [each for each in await interleavings(TWO, given=[PLACE], check_versions=False) if each.lost]
    assert answers(first) == [
        ("shop", "read", "read"),
        ("shop", "decide", "OrderShipped"),
        ("customer", "read", "read"),
        ("shop", "append", "OrderShipped"),
        ("customer", "decide", "OrderCancelled"),
        ("customer", "append", "OrderCancelled"),
    ]
    shipped, decided, cancelled = first.trace.steps[3:]
    assert shipped.state.entities["mug"].status.name == "shipped"
    assert decided.before.entities["mug"].status.name == "placed"
    assert decided.state == cancelled.before == shipped.state
    assert cancelled.state.entities["mug"].status.name == "cancelled"
    assert cancelled.state.versions["mug"] == 3


@in_event_loop
async def test_a_trace_opens_as_a_timeline_with_what_was_given_also_where_its_log_breaks_the_rules() -> None:
    for each in await interleavings(TWO, given=[PLACE], check_versions=False):
        timeline = each.trace.to_timeline()
        assert len(timeline) == 1 + len(each.trace.events)


@in_event_loop
async def test_the_states_of_a_trace_are_those_of_the_log_where_it_can_be_folded() -> None:
    found = await interleavings([Deposit("a", 1), Deposit("a", 2)], domain=ACCOUNTS, check_versions=False)
    for each in found:
        assert each.trace.state.entities["a"].balance_cents == 3
        assert each.trace.state.versions["a"] == 2


@in_event_loop
async def test_a_reducer_with_a_state_of_its_own_makes_traces_of_it() -> None:
    found = await interleavings([PLACE, PLACE], domain=OrderReducer(), check_versions=False)
    assert found.lost == 18
    decided, appended = found[1].trace.steps[-2:]
    assert decided.before.orders.get("mug") is None
    assert decided.state.orders["mug"].status.name == "placed"
    assert appended.state.orders["mug"].status.name == "placed"


@in_event_loop
async def test_a_refused_writer_keeps_its_rejection() -> None:
    found = await interleavings(TWO, given=[PLACE])
    assert found[0].trace.steps[-2].rejection == InvalidOrderState("mug", "shipped")


def forgets(command: Any, entity: Any, *, key: str, at: Any) -> Any:
    raise KeyError(key)


@in_event_loop
async def test_a_decide_that_raises_is_told_of_and_loses_nothing() -> None:
    found = await interleavings(DEPOSITS[:2], domain=replace(ACCOUNTS, decide=forgets), check_versions=False)
    assert (found.lost, found[0].broken, found[0].mark) == (0, True, "?")
    assert found[0].verdict == "A fails: KeyError: 'a'. B fails: KeyError: 'a'."


@dataclass
class Till:
    """A faulty entity: evolve changes the one that it is given."""

    cents: int = 0


def put_in(till: Any, event: Any) -> Any:
    till = Till() if till is None else till
    till.cents += event.cents
    return till


@in_event_loop
async def test_an_evolve_that_changes_what_it_is_given_does_not_spoil_other_schedules() -> None:
    tills: Decider[Any] = replace(ACCOUNTS, evolve=put_in, decide=lambda command, _, *, key, at: (Deposited(key, 1),))
    found = await interleavings(DEPOSITS[:2], given=[Deposited("a", 1)], domain=tills, check_versions=False)
    assert {each.trace.state.entities["a"].cents for each in found} == {3}
    assert found.lost == 18


# On which event store


@in_event_loop
async def test_a_file_gives_the_same_verdicts_as_memory(tmp_path: Path) -> None:
    for check_versions in (False, True):
        in_memory = await interleavings(TWO, given=[PLACE], check_versions=check_versions)
        in_file = await interleavings(
            TWO, given=[PLACE], check_versions=check_versions, event_store=tmp_path / "log.duckdb"
        )
        assert in_file.schedules == in_memory.schedules
        assert in_file.summary == in_memory.summary


def test_postgresql_gives_the_same_verdicts_as_memory(postgres: PostgresServer) -> None:
    def opens() -> PostgresEventStore:
        return PostgresEventStore(postgres.url, schema=postgres.fresh_schema())

    @in_event_loop
    async def check() -> None:
        for check_versions, event_store in ((False, postgres.fresh_url()), (True, postgres.fresh_url()), (True, opens)):
            in_memory = await interleavings(TWO, given=[PLACE], check_versions=check_versions)
            in_database = await interleavings(
                TWO, given=[PLACE], check_versions=check_versions, event_store=event_store
            )
            assert in_database.schedules == in_memory.schedules
            assert in_database.summary == in_memory.summary

    check()


@in_event_loop
async def test_an_event_store_that_is_opened_here_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "log.duckdb"
    made: list[DuckDBEventStore] = []

    def make() -> DuckDBEventStore:
        made.append(DuckDBEventStore(path))
        return made[-1]

    await interleavings(TWO, given=[PLACE], event_store=make)
    with pytest.raises(EventStoreError, match="closed"):
        await made[0].head()
    async with DuckDBEventStore(path) as event_store:
        assert await event_store.head() == 20 * 2


@in_event_loop
async def test_an_open_event_store_stays_open_and_several_runs_on_it_do_not_meet() -> None:
    event_store = InMemoryEventStore()
    runs = [await interleavings(TWO, given=[PLACE], event_store=event_store) for _ in range(2)]
    assert runs[0].schedules == runs[1].schedules
    assert len(await event_store.list_streams()) == 2 * 20


@in_event_loop
async def test_runs_at_the_same_time_on_one_event_store_do_not_meet() -> None:
    import asyncio  # noqa: PLC0415 - for this test alone

    event_store = InMemoryEventStore(codec=ACCOUNT_CODEC)
    runs = [interleavings(DEPOSITS[:2], domain=ACCOUNTS, event_store=event_store) for _ in range(3)]
    alone = await interleavings(DEPOSITS[:2], domain=ACCOUNTS)
    assert [each.schedules for each in await asyncio.gather(*runs)] == [alone.schedules] * 3


@pytest.mark.parametrize(
    "form",
    [str, lambda path: f"duckdb:///{path}", lambda path: lambda: open_event_store(f"duckdb:///{path}")],
    ids=["a path", "an address", "what opens one"],
)
def test_an_event_store_may_be_named_in_several_ways(tmp_path: Path, form: Callable[[Path], Any]) -> None:
    @in_event_loop
    async def check() -> None:
        found = await interleavings([SHIP], given=[PLACE], event_store=form(tmp_path / "log.duckdb"))
        assert found[0].verdict == "A writes OrderShipped."

    check()
    assert (tmp_path / "log.duckdb").exists()


@in_event_loop
async def test_another_domain_writes_with_the_codec_of_its_event_store() -> None:
    found = await interleavings(
        DEPOSITS[:2], domain=ACCOUNTS, event_store=lambda: InMemoryEventStore(codec=ACCOUNT_CODEC)
    )
    assert found.conflicts == 18
    with pytest.raises(Unwritable, match="Deposited"):
        await interleavings(DEPOSITS[:2], domain=ACCOUNTS, event_store=InMemoryEventStore())


@in_event_loop
async def test_an_event_store_that_ignores_versions_loses_updates_with_versions_too() -> None:
    found = await interleavings(TWO, given=[PLACE], event_store=NeverConflicts)
    assert (found.lost, found.conflicts) == (18, 0)


class Lags(InMemoryEventStore):
    """A stream is read without its last event, once there are two."""

    async def load_events(self, stream_id: str, *, from_version: int = 1) -> list[RecordedEvent]:
        loaded = await super().load_events(stream_id, from_version=from_version)
        return loaded[:-1] if len(loaded) > 1 else loaded


@in_event_loop
async def test_an_event_store_that_is_read_late_loses_updates_even_one_after_the_other() -> None:
    found = await interleavings(TWO, given=[PLACE], event_store=Lags, check_versions=False)
    assert found.lost == 20


class Forgets(InMemoryEventStore):
    """It says that it has written, and drops the second event of a stream."""

    async def append_events(self, stream_id: str, events: Any, *, expected_version: int | None = None) -> int:
        return 2 if self._streams.get(stream_id) else await super().append_events(stream_id, events)


@in_event_loop
async def test_an_accepted_event_that_is_not_in_the_log_is_lost() -> None:
    found = await interleavings([SHIP], given=[PLACE], event_store=Forgets)
    assert found[0].lost
    assert found[0].verdict == "A wrote OrderShipped, and that is not in the log."


class Fails(InMemoryEventStore):
    """Its disk is full at the second event of a stream."""

    closed = 0

    async def append_events(self, stream_id: str, events: Any, *, expected_version: int | None = None) -> int:
        raise EventStoreError("the disk is full")

    async def close(self) -> None:
        type(self).closed += 1
        await super().close()


@in_event_loop
async def test_an_event_store_that_fails_ends_it_and_is_closed() -> None:
    with pytest.raises(EventStoreError, match="the disk is full"):
        await interleavings(TWO, given=[PLACE], event_store=Fails)
    assert Fails.closed == 1


# What may be given


@in_event_loop
async def test_events_may_be_given_as_well_as_commands() -> None:
    placed = OrderPlaced("mug", "ada", PLACE.items, 500, AT)  # type: ignore[arg-type] # made a tuple by PlaceOrder
    by_events, by_commands = [await interleavings(TWO, given=[each]) for each in (placed, PLACE)]
    assert by_events.schedules == by_commands.schedules
    assert by_events[0].trace == by_commands[0].trace


@in_event_loop
async def test_the_same_may_have_happened_twice() -> None:
    found = await interleavings([Withdraw("a", 4)], given=[Deposited("a", 2)] * 2, domain=ACCOUNTS)
    assert found[0].verdict == "A writes Withdrawn."
    assert found[0].trace.given == (Deposited("a", 2), Deposited("a", 2))


@pytest.mark.parametrize(
    ("writers", "options", "error", "match"),
    [
        ([], {}, ValueError, "writers must hold at least one command"),
        (SHIP, {}, TypeError, "writers must be one command each"),
        ("ship", {}, TypeError, "writers must be one command each"),
        ([Deposit("a", 1)], {}, TypeError, "writers must hold commands of order, and that of A is Deposit"),
        ({1: SHIP}, {}, TypeError, "the names of writers must be text"),
        ([SHIP], {"given": PLACE}, TypeError, "given must be a sequence of commands or events"),
        ([SHIP], {"given": [PLACE, PLACE]}, ValueError, r"given\[1\] must be accepted, .* gives InvalidOrderState"),
        ([SHIP], {"given": [3]}, TypeError, r"given\[0\] must be a command or an event of order, not 3"),
        ([SHIP], {"given": [OrderShipped("mug", "T", AT)]}, ValueError, r"given\[0\] cannot follow what is before it"),
        ([SHIP], {"domain": 3}, TypeError, "a Decider or a reducer is wanted"),
        ([SHIP], {"event_store": 3}, TypeError, "event_store must be an open event store, what makes one"),
        ([SHIP], {"at": AT.replace(tzinfo=None)}, ValueError, "at must"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(
    writers: Any, options: dict[str, Any], error: type[Exception], match: str
) -> None:
    @in_event_loop
    async def check() -> None:
        with pytest.raises(error, match=match):
            await interleavings(writers, **options)

    check()


# How it shows itself


@in_event_loop
async def test_both_ways_are_told_in_one_sentence() -> None:
    found = await both_ways(TWO, given=[PLACE])
    assert found.summary == ("18 of 20 schedules lose an update without expected versions, 0 of 20 with")
    assert repr(found) == f"<BothWays of 2 writers: {found.summary}>"
    assert found._repr_html_().count("<img ") == 2


@in_event_loop
async def test_they_show_themselves_in_one_line_and_as_a_picture() -> None:
    found = await interleavings(TWO, given=[PLACE], check_versions=False)
    assert repr(found) == "<Interleavings of 2 writers: 18 of 20 schedules lose an update without expected versions>"
    assert repr(found[1]) == (
        "<Schedule ✗ shop reads, shop decides, customer reads, shop appends, customer decides, customer appends>"
    )
    html = found._repr_html_()
    assert html.startswith("<img ")
    assert "<td" in html
    assert found[1].verdict in found[1]._repr_html_()


@in_event_loop
async def test_all_of_three_writers_are_a_picture_of_less_than_200_kilobytes() -> None:
    found = await interleavings(THREE, given=[PLACE], check_versions=False)
    assert len(found._repr_html_()) < 200_000
    rows = found.grid.rows
    assert len(rows) == 90
    assert sum(row.count for row in rows) == 1_680
    assert sum(row.count for row in rows if row.mark == "✗") == found.lost
    assert all(found[row.number].mark == row.mark for row in rows)


@in_event_loop
async def test_it_is_a_sequence_of_schedules() -> None:
    found = await interleavings(TWO, given=[PLACE], check_versions=False)
    assert isinstance(found, Interleavings)
    assert found[-1] == list(found)[19]
    assert found[:2] == tuple(found)[:2]
    assert len(found.losing) == found.lost


# What is pickled, what cannot be meant, and the words of one.


@in_event_loop
async def test_all_that_is_found_can_be_pickled() -> None:
    both = await both_ways([SHIP, CANCEL], given=[PLACE])
    again = pickle.loads(pickle.dumps(both))
    assert again == both
    assert again.unchecked[3].trace == both.unchecked[3].trace
    assert not again.unchecked[3].trace.reducer.check_versions


@in_event_loop
async def test_one_writer_is_told_of_in_the_singular() -> None:
    both = await both_ways([CANCEL], given=[PLACE])
    alone = "the only schedule does not lose an update"
    assert repr(both) == f"<BothWays of 1 writer: {alone}, with expected versions or without them>"
    assert repr(both.checked) == f"<Interleavings of 1 writer: {alone} with expected versions>"


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"event_store": DuckDBEventStore}, TypeError, r"event_store must be .* write lambda: DuckDBEventStore\(…\)"),
        ({"most": "x"}, TypeError, "most must be a whole number, not 'x'"),
        ({"most": None}, TypeError, "most must be a whole number, not None"),
        ({"most": 0}, ValueError, "most must be at least 1, not 0"),
        ({"check_versions": "no"}, TypeError, "check_versions must be True or False, not 'no'"),
        ({"retry": 1}, TypeError, "retry must be True or False, not 1"),
        ({"at": 3}, TypeError, "at must be a datetime, not 3"),
        ({"writers": {"b\n\x00c": CANCEL}}, ValueError, "the names of writers must be text that can be printed"),
    ],
)
def test_the_argument_that_cannot_be_meant_is_named(arguments: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        asyncio.run(interleavings(**{"writers": [CANCEL], **arguments}))


@pytest.mark.parametrize(("name", "value"), [("given", 3), ("writers", 3)])
def test_what_cannot_be_gone_through_is_named_both_ways(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} must be"):
        asyncio.run(both_ways(**{"writers": [CANCEL], name: value}))
