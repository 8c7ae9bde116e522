import random
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orderlab.core.script import TimedCommand
from orderlab.datasets.report import Report, Script
from orderlab.datasets.table import from_frame
from orderlab.orders.actions import CancelOrder, PlaceOrder, ValidationFailed
from orderlab.orders.decider import decide
from orderlab.orders.model import OrderItem

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
COLUMNS = {
    "order_id": "order",
    "customer_id": "customer",
    "product_id": "sku",
    "name": "title",
    "quantity": "qty",
    "unit_price": "price",
    "time": "when",
}
LINE = {
    "order": "o-1",
    "customer": "ada",
    "sku": "p-1",
    "title": "Mug",
    "qty": 2,
    "price": 2.5,
    "when": "2025-01-01T12:00",
}


def lines(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**LINE, **change} for change in changes])


def script(*changes: dict[str, Any], **options: Any) -> Script:
    return from_frame(lines(*changes), columns=COLUMNS, **options)


def only_order(*changes: dict[str, Any], **options: Any) -> PlaceOrder:
    [timed] = script(*changes, **options).commands
    assert isinstance(timed.command, PlaceOrder)
    return timed.command


def test_a_row_becomes_an_order_of_one_line() -> None:
    placed = PlaceOrder("ada", (OrderItem("p-1", "Mug", 2, 250),), "o-1")
    assert script({}).commands == (TimedCommand(NOON, placed, "frame/o-1"),)


def test_the_rows_of_an_order_keep_their_order_though_others_stand_between_them() -> None:
    frame = lines({"sku": "p-2"}, {"order": "o-2"}, {"sku": "p-1"}, {"sku": "p-3"})
    [first, second] = from_frame(frame, columns=COLUMNS).commands
    assert [item.product_id for item in first.command.items] == ["p-2", "p-1", "p-3"]
    assert second.command.order_id == "o-2"


def test_the_time_of_an_order_is_the_earliest_of_its_rows() -> None:
    [timed] = script({"when": "2025-01-01 12:01"}, {"when": "2025-01-01 12:00"}).commands
    assert timed.at == NOON


def test_orders_come_in_the_order_of_their_times_and_keep_theirs_at_the_same_time() -> None:
    made = script({"order": "b"}, {"order": "a"}, {"order": "c", "when": "2024-12-31"})
    assert [timed.command.order_id for timed in made.commands] == ["c", "b", "a"]


def test_the_namespace_begins_every_key() -> None:
    assert [timed.key for timed in script({}, namespace="shop").commands] == ["shop/o-1"]


def test_the_columns_of_a_frame_that_are_not_asked_for_change_nothing() -> None:
    assert script({"colour": "red"}) == script({})


def test_a_whole_float_loses_its_point_in_an_id_and_text_keeps_it() -> None:
    placed = only_order({"order": 536365.0, "customer": 17850.0, "sku": "1.0"})
    assert (placed.order_id, placed.customer_id, placed.items[0].product_id) == ("536365", "17850", "1.0")


def test_a_column_of_ids_with_a_gap_keeps_the_others_whole() -> None:
    made = script({"customer": 17850}, {"customer": None})
    assert [timed.command.customer_id for timed in made.commands] == ["17850"]
    assert made.report.left_out == {"no customer_id": 1}


@pytest.mark.parametrize(
    ("price", "cents"),
    [(2.675, 268), (1.005, 101), (0.005, 1), (0.0049999, 0), ("2.675", 268), (Decimal("2.665"), 267), (3, 300)],
)
def test_half_a_cent_is_rounded_up_though_the_float_is_a_little_less(price: Any, cents: int) -> None:
    assert only_order({"price": price}).items[0].unit_price_cents == cents


def test_a_price_of_single_precision_is_taken_as_it_is_printed() -> None:
    frame = lines({"price": 2.675}).astype({"price": "float32"})
    [timed] = from_frame(frame, columns=COLUMNS).commands
    assert timed.command.items[0].unit_price_cents == 268


def test_a_price_may_be_in_cents_already() -> None:
    columns = {word: column for word, column in COLUMNS.items() if word != "unit_price"}
    made = from_frame(lines({"price": 250}, {"price": 2.5}), columns={**columns, "unit_price_cents": "price"})
    [timed] = made.commands
    assert timed.command.items == (OrderItem("p-1", "Mug", 2, 250),)
    assert made.report.left_out == {"unit_price_cents is not a whole number of at most 18 digits": 1}


@pytest.mark.parametrize(
    ("when", "zone", "utc"),
    [
        ("2025-07-01 12:00", "UTC", datetime(2025, 7, 1, 12, tzinfo=UTC)),
        ("2025-07-01 12:00", "Europe/London", datetime(2025, 7, 1, 11, tzinfo=UTC)),
        ("2025-07-01T12:00+05:00", "Europe/London", datetime(2025, 7, 1, 7, tzinfo=UTC)),
        (pd.Timestamp("2025-07-01 12:00"), "Asia/Tokyo", datetime(2025, 7, 1, 3, tzinfo=UTC)),
        (pd.Timestamp("2025-07-01 12:00", tz="Asia/Tokyo"), "UTC", datetime(2025, 7, 1, 3, tzinfo=UTC)),
        (pd.Timestamp("2025-07-01 12:00:00.123456789"), "UTC", datetime(2025, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2025-10-26 01:30", "Europe/London", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_taken_in_the_one_given(when: Any, zone: str, utc: datetime) -> None:
    [timed] = script({"when": when}, zone=zone).commands
    assert timed.at == utc
    assert timed.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"order": None}, "no order_id"),
        ({"customer": None}, "no customer_id"),
        ({"sku": None}, "no product_id"),
        ({"title": None}, "no name"),
        ({"title": b"Mug"}, "name is not text"),
        ({"qty": None}, "no quantity"),
        ({"qty": 2.5}, "quantity is not a whole number of at most 18 digits"),
        ({"qty": "two"}, "quantity is not a whole number of at most 18 digits"),
        ({"price": None}, "no unit_price"),
        ({"price": "1,234.50"}, "unit_price is not a number of at most 18 digits"),
        ({"price": np.inf}, "unit_price is not a number of at most 18 digits"),
        ({"price": "1e999999999"}, "unit_price is not a number of at most 18 digits"),
        ({"when": None}, "no time"),
        ({"when": "01/02/2025"}, "time is not an ISO 8601 time"),
        ({"when": "0001-01-01T00:00+05:00"}, "time is not an ISO 8601 time"),
    ],
)
def test_a_row_that_no_line_can_be_made_of_is_left_out_with_the_reason(change: dict[str, Any], reason: str) -> None:
    made = script({}, change)
    assert made.report == Report(2, {"order lines": 1}, {reason: 1}, {"orders": 1})
    assert [len(timed.command.items) for timed in made.commands] == [1]


def test_a_row_with_two_faults_is_counted_once_for_the_first_word() -> None:
    assert script({"qty": "two", "customer": None}).report.left_out == {"no customer_id": 1}


def test_a_row_of_another_customer_than_the_first_of_its_order_is_left_out() -> None:
    made = script({}, {"customer": "bob"}, {"order": "o-2", "customer": "bob"})
    assert made.report.left_out == {"customer_id is not that of the order's first row": 1}
    assert [timed.command.customer_id for timed in made.commands] == ["ada", "bob"]


def test_an_order_that_breaks_a_rule_is_kept_for_decide_to_refuse() -> None:
    made = script({"order": "o/1", "qty": -1}, {"order": "o-2", "title": " "}, {"order": "o-3", "price": 0.001})
    refused = [decide(timed.command, None, order_id="", at=timed.at) for timed in made.commands]
    assert [type(each) for each in refused] == [ValidationFailed] * 3
    assert made.report.rows_left_out == 0


def test_a_frame_without_rows_gives_a_script_without_commands() -> None:
    assert from_frame(lines({}).iloc[:0], columns=COLUMNS) == Script(
        (), Report(0, {"order lines": 0}, {}, {"orders": 0})
    )


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"time": "date"}, "must have one column date, for time, not 0; it has: order, customer"),
        ({"colour": "title"}, "columns names colour, which is none of order_id"),
        ({"unit_price_cents": "price"}, "one of unit_price and unit_price_cents, not unit_price and unit_price_cents"),
    ],
)
def test_a_column_that_does_not_fit_is_named(columns: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        from_frame(lines({}), columns={**COLUMNS, **columns})


@pytest.mark.parametrize("word", COLUMNS)
def test_a_column_that_is_not_mapped_is_named(word: str) -> None:
    columns = {each: column for each, column in COLUMNS.items() if each != word}
    with pytest.raises(ValueError, match=word):
        from_frame(lines({}), columns=columns)


def test_a_column_that_is_there_twice_is_named() -> None:
    frame = lines({}).rename(columns={"title": "sku"})
    with pytest.raises(ValueError, match="one column sku, for product_id, not 2"):
        from_frame(frame, columns={**COLUMNS, "name": "sku"})


@pytest.mark.parametrize("zone", ["", "Europe", "../UTC", "Middle/Earth"])
def test_an_unknown_zone_is_named(zone: str) -> None:
    with pytest.raises(ValueError, match=f"zone must be an IANA name, such as Europe/London, not '{zone}'"):
        script({}, zone=zone)


def test_a_report_that_loses_a_row_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="3 rows were read, and the report accounts for 2: 1 used, 1 left out"):
        Report(3, {"order lines": 1}, {"no time": 1})


def test_a_report_is_shown_as_text_and_as_a_table() -> None:
    report = Report(2, {"order lines": 1}, {"no time": 1}, {"orders": 1}, ("Some <sentence>.",))
    assert str(report).splitlines() == [
        "           2 rows read",
        "           1 rows used: order lines",
        "           1 rows left out: no time",
        "           1 orders",
        "Some <sentence>.",
    ]
    assert "<p>Some &lt;sentence&gt;.</p>" in report._repr_html_()


def test_a_script_is_shown_by_its_length_and_its_days() -> None:
    made = script({})
    assert repr(made) == "<Script of 1 commands from 2025-01-01 to 2025-01-01>"
    assert "rows used: order lines" in made._repr_html_()


def test_a_script_finds_its_commands_by_type() -> None:
    made = script({})
    assert made.of_type(PlaceOrder) == list(made.commands)
    assert made.of_type(CancelOrder) == []


def test_a_script_out_of_time_order_or_with_a_key_twice_cannot_be_made() -> None:
    report = Report(0, {}, {})
    early, late = (TimedCommand(NOON + timedelta(days=day), CancelOrder("o-1"), f"day/{day}") for day in (0, 1))
    with pytest.raises(ValueError, match="command day/0 is earlier than day/1"):
        Script((late, early), report)
    with pytest.raises(ValueError, match="two commands have the key day/0"):
        Script((early, early), report)


def test_cents_agree_with_exact_arithmetic_for_any_price() -> None:
    draw = random.Random(1)
    prices = [round(draw.uniform(0, 100), draw.randint(0, 5)) for _ in range(5_000)]
    [timed] = from_frame(pd.DataFrame([LINE] * len(prices)).assign(price=prices), columns=COLUMNS).commands
    expected = [int((Decimal(str(price)) * 100).to_integral_value(ROUND_HALF_UP)) for price in prices]
    assert [item.unit_price_cents for item in timed.command.items] == expected


def test_half_a_million_rows_of_which_none_repeats_another_take_seconds() -> None:
    count = 541_909
    frame = pd.DataFrame(
        {
            "order": [f"o-{number // 20}" for number in range(count)],
            "customer": "ada",
            "sku": [f"p-{number}" for number in range(count)],
            "title": "Mug",
            "qty": 1,
            "price": np.arange(1, count + 1) / 100,
            "when": pd.date_range("2025-01-01", periods=count, freq="s"),
        }
    )
    began = perf_counter()
    made = from_frame(frame, columns=COLUMNS)
    assert perf_counter() - began < 30  # about 4 s; the bound only catches what is not done column by column
    assert made.report.rows_used == count
    assert made.commands[0].command.items[0].unit_price_cents == 1
