import asyncio
import pickle
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from accounts import ACCOUNTS, Account, Deposited, Withdrawn, account_reducer
from hypothesis import given
from hypothesis import strategies as st
from timeline_logs import MUG, account_timeline, minute, order_log, order_timeline, recorded, timelines

from orderlab.core.decider import DeciderReducer
from orderlab.core.effects import AppendEvents
from orderlab.core.errors import OrderlabError
from orderlab.core.log import RecordedEvent
from orderlab.drawing import tables
from orderlab.eventstore.duckdb import DuckDBEventStore
from orderlab.eventstore.duckdb_reader import DuckDBLogFile
from orderlab.orders.actions import OrderPlaced, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order
from orderlab.orders.reducer import OrderReducer
from orderlab.timeline import Timeline, parting
from orderlab.timeline.asof import loading
from orderlab.timeline.comparison import Change, EntityChange, changes_between
from orderlab.timeline.difference import Difference
from orderlab.timeline.fields import ABSENT, fields_of
from orderlab.timeline.unknown import UnknownKey


def watched(log: list[RecordedEvent]) -> tuple[Timeline[Any], list[str]]:
    """Return a timeline, and a list to which the order of each event that it folds is added."""
    folded: list[str] = []

    def evolve(order: Order | None, event: Any) -> Order:
        folded.append(event.order_id)
        return ORDERS.evolve(order, event)

    reducer = OrderReducer()
    reducer.decider = replace(ORDERS, evolve=evolve)
    return Timeline(log, reducer=reducer), folded


def write_log(path: Path, events: list[Any]) -> None:
    """Write events to the file of an event store."""

    async def append() -> None:
        async with DuckDBEventStore(path) as event_store:
            await event_store.append_many([AppendEvents(f"order-{each.order_id}", (each,), 0) for each in events])

    asyncio.run(append())


def entities(timeline: Timeline[Any], n: int) -> dict[str, Any]:
    return {key: timeline.entity(key, at=n) for key in timeline.keys(n)}


def applied(difference: Difference, before: dict[str, Any]) -> dict[str, Any]:
    """Change entities as a difference says."""
    after = {**before, **{key: change.after for key, change in difference.items()}}
    return {key: entity for key, entity in after.items() if entity is not None}


def patched(change: EntityChange) -> dict[str, Any]:
    """Change the fields of an entity as its changes say."""
    fields = fields_of(change.before, deep=change.kind == "changed")
    fields |= {each.field: each.after for each in change.changes}
    return {field: value for field, value in fields.items() if value is not ABSENT}


# Between two positions


def test_a_shipped_order_has_changed_field_by_field() -> None:
    [change] = order_timeline().diff(2, 3).values()

    assert change.kind == "changed"
    assert change.changes == (
        Change("status", "placed", "shipped"),
        Change("status.tracking_number", ABSENT, "TRACK-1"),
        Change("status.shipped_at", ABSENT, minute(3)),
        Change("updated_at", minute(1), minute(3)),
        Change("version", 1, 2),
    )


def test_an_order_that_was_placed_in_between_has_appeared() -> None:
    change = order_timeline().diff(1, 2)["bea"]

    assert (change.kind, change.before, change.before_name, change.after_name) == ("appeared", None, "draft", "placed")


def test_an_order_is_gone_when_one_goes_back_before_its_first_event() -> None:
    timeline = order_timeline()
    change = timeline.diff(2, 1)["bea"]

    assert (change.kind, change.before, change.after) == ("gone", timeline.entity("bea", at=2), None)


def test_entities_come_in_the_order_in_which_they_first_changed() -> None:
    assert list(order_timeline().diff(2, 5)) == ["ada", "cem", "bea"]
    assert list(order_timeline().diff(5, 2)) == ["ada", "cem", "bea"]


def test_an_entity_that_is_again_as_it_was_has_not_changed() -> None:
    events = [Deposited("ada", 5), Deposited("ada", 7), Withdrawn("ada", 7)]
    timeline: Timeline[Any] = Timeline(recorded(events, ACCOUNTS), reducer=account_reducer())

    assert not timeline.diff(1, 3)


def test_a_position_from_the_end_is_counted_back() -> None:
    assert order_timeline().diff(-2, -1) == order_timeline().diff(4, 5)
    assert repr(order_timeline().diff(-2, -1)).startswith("<Difference 4 → 5:")


def test_one_position_alone_is_compared_with_the_end() -> None:
    assert order_timeline().diff(2) == order_timeline().diff(2, 5)


def test_a_position_outside_the_log_is_refused() -> None:
    with pytest.raises(IndexError, match="6"):
        order_timeline().diff(0, 6)


def test_only_entities_with_events_in_between_are_looked_at() -> None:
    timeline, folded = watched(order_log())

    timeline.diff(2, 3)

    assert set(folded) == {"ada"}


@given(timelines, st.data())
def test_a_difference_leads_from_the_one_position_to_the_other_and_its_opposite_back(
    timeline: Timeline[Any], data: st.DataObject
) -> None:
    m, n = (data.draw(st.integers(0, len(timeline))) for _ in "mn")
    there, back = timeline.diff(m, n), timeline.diff(n, m)

    assert applied(there, entities(timeline, m)) == entities(timeline, n)
    assert applied(back, entities(timeline, n)) == entities(timeline, m)
    assert list(there) == list(back)


@given(timelines, st.data())
def test_the_fields_of_a_difference_are_those_that_changed(timeline: Timeline[Any], data: st.DataObject) -> None:
    m, n = (data.draw(st.integers(0, len(timeline))) for _ in "mn")
    for change in timeline.diff(m, n).values():
        assert change.changes
        assert patched(change) == fields_of(change.after, deep=change.kind == "changed")


@given(timelines, st.data())
def test_nothing_is_different_between_a_position_and_itself(timeline: Timeline[Any], data: st.DataObject) -> None:
    n = data.draw(st.integers(0, len(timeline)))
    assert not timeline.diff(n, n)


# Between two timelines


def test_timelines_with_the_same_events_do_not_differ() -> None:
    assert not order_timeline().diff(order_timeline())


def test_an_entity_that_only_the_other_timeline_has_has_appeared() -> None:
    shorter: Timeline[Any] = Timeline(order_log()[:3])

    assert {key: change.kind for key, change in shorter.diff(order_timeline()).items()} == {
        "cem": "appeared",
        "bea": "changed",
    }
    assert shorter.diff(order_timeline())["bea"].changes[0] == Change("status", "placed", "cancelled")
    assert order_timeline().diff(shorter)["cem"].kind == "gone"


def test_an_event_that_is_another_in_the_other_timeline_shows_in_what_became_of_it() -> None:
    log = order_log()
    two = replace(MUG, quantity=3)
    log[3] = replace(log[3], event=OrderPlaced("cem", "customer-1", (two,), 750, minute(4)))

    [change] = order_timeline().diff(Timeline(log)).values()

    assert change.changes == (Change("items[0].quantity", 2, 3), Change("total_cents", 500, 750))


def test_entities_whose_events_are_equal_are_not_folded() -> None:
    timeline, folded = watched(order_log())

    timeline.diff(Timeline(order_log()[:4], reducer=timeline.reducer))

    assert set(folded) == {"bea"}


def test_timelines_of_two_domains_are_not_compared() -> None:
    with pytest.raises(TypeError, match="another timeline of kind order"):
        order_timeline().diff(account_timeline())


def test_a_position_does_not_go_with_another_timeline() -> None:
    with pytest.raises(TypeError, match="alone"):
        order_timeline().diff(order_timeline(), 3)


@pytest.mark.parametrize("other", ["4", None, 4.0])
def test_what_is_neither_a_position_nor_a_timeline_is_refused(other: Any) -> None:
    with pytest.raises(TypeError, match="two positions, or another timeline"):
        order_timeline().diff(other)


# As a mapping, as text, as a table


def test_a_key_that_is_no_different_says_which_ones_are() -> None:
    with pytest.raises(UnknownKey) as caught:
        order_timeline().diff(2, 4)["bea"]

    assert isinstance(caught.value, OrderlabError)
    assert str(caught.value) == "order bea is no different (2 → 4): changed are ada and cem"


def test_a_difference_is_empty_exactly_if_nothing_changed() -> None:
    assert (bool(order_timeline().diff(2, 2)), bool(order_timeline().diff(2, 3))) == (False, True)
    assert "ada" in order_timeline().diff(2, 3)
    assert len(order_timeline().diff(2, 5)) == 3


@pytest.mark.parametrize(
    ("m", "n", "text"),
    [
        (2, 2, "<Difference 2 → 2: nothing changed>"),
        (2, 3, "<Difference 2 → 3: 1 order changed>"),
        (2, 5, "<Difference 2 → 5: 1 order appeared, 2 changed>"),
        (5, 0, "<Difference 5 → 0: 3 orders gone>"),
    ],
)
def test_a_difference_says_in_a_line_how_much_changed(m: int, n: int, text: str) -> None:
    assert repr(order_timeline().diff(m, n)) == text


def test_what_became_of_one_entity_is_told_in_a_line_and_a_table() -> None:
    change = account_timeline().diff(1, 3)["ada"]

    assert repr(change) == "<ada changed: balance_cents 5 → 10>"
    assert "balance_cents" in change._repr_html_()


def test_the_text_of_a_difference_has_what_was_after_a_minus_and_what_is_after_a_plus() -> None:
    assert str(account_timeline().diff(1, 3)).splitlines() == [
        "1 → 3: 1 account appeared, 1 changed",
        "+ bea",
        "+     id: bea",
        "+     balance_cents: 7",
        "  ada",
        "-     balance_cents: 5",
        "+     balance_cents: 10",
    ]


def test_the_text_of_a_large_difference_is_cut() -> None:
    events = [OrderPlaced(f"order-{number}", "ada", (MUG,), 500, minute(1)) for number in range(100)]
    text = str(Timeline(recorded(events)).diff(0, 100)).splitlines()

    assert (len(text), text[-1]) == (202, "... and 700 lines more")


def test_the_table_of_a_difference_names_each_field_with_both_values() -> None:
    html = order_timeline().diff(3, 5)._repr_html_()

    for text in ("cem", "appeared", "status.reason", "changed my mind", "cancelled"):
        assert text in html


def test_the_table_of_a_large_difference_is_cut() -> None:
    events = [OrderPlaced(f"order-{number}", "ada", (MUG,), 500, minute(1)) for number in range(100)]
    html = Timeline(recorded(events)).diff(0, 100)._repr_html_()

    assert html.count("<tr>") == 1 + tables.ROWS
    assert "and 80 more" in html


@pytest.mark.parametrize("timeline", [Timeline([]), order_timeline(), account_timeline()])
def test_every_difference_has_a_text_and_a_table(timeline: Timeline[Any]) -> None:
    for n in range(len(timeline) + 1):
        difference = timeline.diff(0, n)
        assert all((repr(difference), str(difference), difference._repr_html_()))


def test_a_difference_can_be_pickled() -> None:
    difference = order_timeline().diff(0, 5)
    assert pickle.loads(pickle.dumps(difference)) == difference
    error = pickle.loads(pickle.dumps(UnknownKey("there is none")))
    assert str(error) == "there is none"


# Comparing two values


class Twin:
    """Equal to itself alone."""


def test_values_that_do_not_compare_have_only_their_fields_to_differ_in() -> None:
    twin = Twin()
    assert changes_between(twin, twin) == ()
    assert changes_between({"a": 1}, {"a": 1}) == ()


def test_a_value_without_fields_is_one_field() -> None:
    assert changes_between(5, 6) == (Change("value", 5, 6),)
    assert changes_between(None, 5) == (Change("value", ABSENT, 5),)
    assert changes_between([1, 2], [1]) == (Change("[1]", 2, ABSENT),)


def test_values_that_differ_in_no_field_differ_as_a_whole() -> None:
    assert changes_between((1,), [1]) == (Change("value", (1,), [1]),)


def doubled(account: Account | None, event: Any) -> Account:
    """Evolve by other rules."""
    return Account(event.account_id, (account.balance_cents if account else 0) + 2 * event.cents)


def test_two_timelines_of_the_same_events_and_other_rules_differ() -> None:
    log = recorded([Deposited("ada", 5), Deposited("bea", 0)], ACCOUNTS)
    one = Timeline(log, reducer=account_reducer())
    other: Timeline[Any] = Timeline(log, reducer=DeciderReducer(replace(ACCOUNTS, evolve=doubled)))

    assert [str(each) for each in one.diff(other)["ada"].changes] == ["balance_cents 5 → 10"]
    assert list(one.diff(other)) == ["ada"]


def test_a_log_in_a_file_is_compared_with_its_branch_by_a_few_queries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "LARGEST_IN_MEMORY", 0)
    write_log(
        tmp_path / "log.duckdb", [OrderPlaced(f"o-{n}", "customer-1", (MUG,), 500, minute(1)) for n in range(200)]
    )
    timeline = Timeline.from_file(tmp_path / "log.duckdb")
    fork = timeline.fork()
    fork.send(ShipOrder("o-7", "TRACK-1"))
    branch = fork.timeline
    queries = []
    run = DuckDBLogFile.run

    def counting(file: DuckDBLogFile, query: Any) -> Any:
        queries.append(query)
        return run(file, query)

    monkeypatch.setattr(DuckDBLogFile, "run", counting)
    timeline._source._reader._run = partial(counting, timeline._source._reader._run.__self__)  # type: ignore[attr-defined]

    assert list(timeline.diff(branch)) == ["o-7"]
    assert 0 < len(queries) < 10


def test_logs_that_part_early_are_compared_to_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "_TOGETHER", 2)
    monkeypatch.setattr(parting, "_FEW", 1)
    log = [OrderPlaced(key, "customer-1", (MUG,), 500, minute(1)) for key in "abcdefg"]
    one, other = Timeline(recorded(log)), Timeline(recorded([*log[:3], *log[4:]]))

    assert [str(each).splitlines()[0] for each in one.diff(other).values()] == [repr(one.diff(other)["d"])]
