from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from orderlab.core.script import TimedCommand
from orderlab.datasets.online_retail import Cancellations, script_of
from orderlab.datasets.report import Script, UnreadableFile
from orderlab.datasets.retail_file import read_online_retail
from orderlab.orders.actions import CancelOrder, InvalidOrderState, PlaceOrder, ShipOrder
from orderlab.orders.decider import ORDERS
from orderlab.orders.model import Order, OrderItem

NOON = datetime(2010, 12, 1, 12)  # noqa: DTZ001 - published without a zone
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINE = {
    "invoice_no": "1",
    "stock_code": "A",
    "description": "MUG",
    "quantity": 2,
    "invoice_date": NOON,
    "unit_price": 2.5,
    "customer_id": "17850",
    "country": "France",
}
CREDIT = {"invoice_no": "C9", "quantity": -2, "invoice_date": NOON + timedelta(hours=1)}


def frame(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**LINE, **change} for change in changes])


def run(script: Script) -> tuple[dict[str, Order], list[Any]]:
    """Give the commands to the domain; return the orders after it, and the refusals."""
    orders: dict[str, Order] = {}
    refusals = []
    for timed in script.commands:
        key = str(ORDERS.key_of(timed.command))
        answer = ORDERS.decide(timed.command, orders.get(key), key=key, at=timed.at)
        if not isinstance(answer, tuple):
            refusals.append(answer)
            continue
        for event in answer:
            orders[key] = ORDERS.evolve(orders.get(key), event)
    return orders, refusals


def cancelled(script: Script) -> list[tuple[str, str]]:
    return [(timed.key.removeprefix("online-retail/"), timed.command.order_id) for timed in script.of_type(CancelOrder)]


# Orders


def test_an_invoice_becomes_an_order_at_its_published_minute_taken_as_utc() -> None:
    placed = PlaceOrder("17850", (OrderItem("A", "MUG", 2, 250),), "1")
    made = script_of(frame({}), cancellations="exact")
    assert made.commands == (TimedCommand(NOON.replace(tzinfo=UTC), placed, "online-retail/1"),)
    assert made.report.notes == ("Times are UK local minutes without a zone, taken as UTC as published.",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"customer_id": None}, "no customer"),
        ({"quantity": 0}, "quantity not above 0"),
        ({"quantity": -2}, "quantity not above 0"),
        ({"unit_price": 0.0}, "price not above 0"),
        ({"unit_price": 0.0049}, "price below half a cent"),
        ({"invoice_no": "A7", "customer_id": None, "unit_price": -11062.06}, "bad-debt adjustment"),
        ({**CREDIT, "customer_id": None}, "line of a credit note without a customer"),
        ({**CREDIT, "stock_code": "B"}, "line of a credit note that could cancel no order"),
        ({"invoice_no": None}, "no order_id"),
        ({"description": None}, "no name"),
    ],
)
def test_a_row_that_is_not_used_is_left_out_with_one_reason(change: dict[str, Any], reason: str) -> None:
    made = script_of(frame({}, change), cancellations="exact")
    assert made.report.left_out == {reason: 1}
    assert made.report.used == {"order lines": 1}


def test_a_row_without_a_customer_is_left_out_with_that_reason_whatever_else_is_wrong() -> None:
    assert script_of(frame({"customer_id": None, "quantity": -1}), cancellations="exact").report.left_out == {
        "no customer": 1
    }


def test_half_a_cent_is_a_cent() -> None:
    [timed] = script_of(frame({"unit_price": 0.005}), cancellations="exact").commands
    assert timed.command.items[0].unit_price_cents == 1


def test_a_frame_without_rows_gives_no_commands() -> None:
    assert script_of(frame({}).iloc[:0], cancellations="exact").commands == ()


# Credit notes


def test_a_credit_note_for_just_what_was_ordered_cancels_the_order_and_names_itself() -> None:
    made = script_of(frame({}, CREDIT), cancellations="exact")
    at = NOON.replace(tzinfo=UTC) + timedelta(hours=1)
    assert made.commands[1] == TimedCommand(at, CancelOrder("1", "Credit note C9"), "online-retail/C9")
    assert made.report.used == {"order lines": 1, "lines of credit notes that cancel an order": 1}


def test_credit_notes_are_left_out_when_they_are_not_asked_for() -> None:
    made = script_of(frame({}, CREDIT), cancellations="none")
    assert cancelled(made) == []
    assert made.report.left_out == {"line of a credit note, and cancellations were not asked for": 1}
    assert made.report.counts == {"orders": 1}


@pytest.mark.parametrize(
    ("note", "exact", "any_"),
    [
        ({}, True, True),
        ({"quantity": -1}, False, True),
        ({"quantity": -3}, False, False),
        ({"stock_code": "B"}, False, False),
        ({"customer_id": "2"}, False, False),
        ({"invoice_date": NOON}, True, True),
        ({"invoice_date": NOON - timedelta(minutes=1)}, False, False),
        ({"quantity": 0}, False, False),
    ],
)
def test_a_candidate_is_of_the_same_customer_not_later_and_holds_what_is_returned(
    note: dict[str, Any], exact: bool, any_: bool
) -> None:
    rows = frame({}, {**CREDIT, **note})
    assert cancelled(script_of(rows, cancellations="exact")) == [("C9", "1")] * exact
    assert cancelled(script_of(rows, cancellations="any")) == [("C9", "1")] * any_


def test_an_order_with_another_product_is_no_exact_candidate() -> None:
    rows = frame({}, {"stock_code": "B"}, CREDIT)
    assert cancelled(script_of(rows, cancellations="exact")) == []
    assert cancelled(script_of(rows, cancellations="any")) == [("C9", "1")]


def test_lines_of_one_product_are_summed_on_both_sides() -> None:
    rows = frame({"quantity": 1}, {"quantity": 3}, CREDIT, CREDIT)
    assert cancelled(script_of(rows, cancellations="exact")) == [("C9", "1")]


def test_the_latest_candidate_is_taken_and_in_the_same_minute_the_one_with_the_later_id() -> None:
    later = {"invoice_no": "2", "invoice_date": NOON + timedelta(minutes=1)}
    assert cancelled(script_of(frame(later, {}, CREDIT), cancellations="exact")) == [("C9", "2")]
    assert cancelled(script_of(frame({"invoice_no": "2"}, {}, CREDIT), cancellations="exact")) == [("C9", "2")]


def test_any_takes_an_exact_candidate_before_a_later_one() -> None:
    later = {"invoice_no": "2", "quantity": 5, "invoice_date": NOON + timedelta(minutes=1)}
    assert cancelled(script_of(frame({}, later, CREDIT), cancellations="any")) == [("C9", "1")]


def test_any_says_that_it_overstates_and_exact_does_not() -> None:
    assert any("overstated" in note for note in script_of(frame({}), cancellations="any").report.notes)
    assert not any("overstated" in note for note in script_of(frame({}), cancellations="exact").report.notes)


def test_a_second_note_for_an_order_stays_in_the_script_and_is_refused() -> None:
    made = script_of(frame({}, CREDIT, {**CREDIT, "invoice_no": "C8"}), cancellations="exact")
    assert cancelled(made) == [("C8", "1"), ("C9", "1")]
    assert run(made)[1] == [InvalidOrderState("1", "cancelled")]
    assert made.report.counts["of these, for an order that an earlier one cancels"] == 1


def test_an_unknown_policy_is_named() -> None:
    with pytest.raises(ValueError, match="cancellations must be one of none, exact, any, not 'all'"):
        script_of(frame({}), cancellations="all")  # type: ignore[arg-type]


def test_a_frame_without_a_column_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="the frame has no column stock_code"):
        script_of(frame({}).drop(columns="stock_code"), cancellations="exact")


# Shipping


def test_shipping_is_synthetic_and_says_so() -> None:
    made = script_of(frame({}), shipping_seed=7, cancellations="exact")
    [shipped] = made.of_type(ShipOrder)
    assert shipped.key == "online-retail/ship/1"
    assert shipped.command.tracking_number.startswith("SYN-")
    assert any("Shipping is synthetic, drawn with seed 7" in note for note in made.report.notes)
    assert made.report.counts["synthetic shipments"] == 1


def test_without_a_seed_nothing_is_shipped() -> None:
    assert script_of(frame({}), cancellations="exact").of_type(ShipOrder) == []


def test_an_order_is_shipped_4_to_72_hours_later_or_on_the_monday_after() -> None:
    rows = frame(*({"invoice_no": str(day), "invoice_date": NOON + timedelta(days=day)} for day in range(200)))
    made = script_of(rows, shipping_seed=7, cancellations="exact")
    placed = {timed.command.order_id: timed.at for timed in made.of_type(PlaceOrder)}
    for timed in made.of_type(ShipOrder):
        waited = timed.at - placed[timed.command.order_id]
        over_a_weekend = timedelta(days=2) if timed.at.weekday() == 0 else timedelta(0)
        assert timed.at.weekday() < 5
        assert timedelta(hours=4) <= waited <= timedelta(hours=72) + over_a_weekend


def test_the_shipping_of_an_order_depends_on_the_seed_and_its_id_alone() -> None:
    alone = script_of(frame({}), shipping_seed=7, cancellations="exact").of_type(ShipOrder)
    [among] = [
        timed
        for timed in script_of(frame({"invoice_no": "2"}, {}), shipping_seed=7, cancellations="exact").of_type(
            ShipOrder
        )
        if timed.command.order_id == "1"
    ]
    [other_seed] = script_of(frame({}), shipping_seed=8, cancellations="exact").of_type(ShipOrder)
    assert [among] == alone
    assert other_seed.command.tracking_number != among.command.tracking_number
    # Written down, so that a change of the rule, or of what it draws with, is seen.
    assert among.at == datetime(2010, 12, 1, 19, 45, tzinfo=UTC)
    assert among.command.tracking_number == "SYN-8D43D633"


def test_an_order_cancelled_by_the_time_of_its_shipping_is_not_shipped() -> None:
    [shipped] = script_of(frame({}), shipping_seed=7, cancellations="exact").of_type(ShipOrder)
    at_that_time = {**CREDIT, "invoice_date": shipped.at.replace(tzinfo=None)}
    assert script_of(frame({}, at_that_time), shipping_seed=7, cancellations="exact").of_type(ShipOrder) == []


def test_an_order_cancelled_later_is_shipped_and_the_cancellation_refused() -> None:
    [shipped] = script_of(frame({}), shipping_seed=7, cancellations="exact").of_type(ShipOrder)
    later = {**CREDIT, "invoice_date": (shipped.at + timedelta(minutes=1)).replace(tzinfo=None)}
    assert run(script_of(frame({}, later), shipping_seed=7, cancellations="exact"))[1] == [
        InvalidOrderState("1", "shipped")
    ]


# Files


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "orders[1].csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_csv_as_published_is_read_with_ids_as_text_and_exact_prices(tmp_path: Path) -> None:
    row = "536365,22423,CAKESTAND,-6,2010-12-01 08:26:00,0.005,17850.0,France\n"
    [line] = read_online_retail(write(tmp_path, HEADER + row)).itertuples(index=False, name=None)
    assert line == ("536365", "22423", "CAKESTAND", -6, pd.Timestamp("2010-12-01 08:26"), 0.005, "17850", "France")


def test_a_csv_in_latin_1_with_american_dates_is_read(tmp_path: Path) -> None:
    row = '1,NA,"JAR, £2",6,12/31/2010 8:26,2.55,,EIRE\n'
    table = read_online_retail(write(tmp_path, (HEADER + row).encode("latin-1")))
    assert table["description"].tolist() == ["JAR, £2"]
    assert table["invoice_date"].tolist() == [pd.Timestamp("2010-12-31 08:26")]
    assert table["customer_id"].isna().tolist() == [True]
    assert table["stock_code"].tolist() == ["NA"]


def test_a_csv_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert read_online_retail(write(tmp_path, "\ufeff" + HEADER)).empty


def test_a_parquet_is_known_by_its_content_and_read_like_the_csv(tmp_path: Path) -> None:
    row = "536365,22423,CAKESTAND,6,2010-12-01 08:26:00,2.55,17850.0,France\n"
    from_csv = read_online_retail(write(tmp_path, HEADER + row))
    plain = tmp_path / "plain"
    with duckdb.connect() as connection:
        connection.register("orders", from_csv)
        connection.execute(
            "COPY (SELECT * REPLACE (CAST(unit_price AS DECIMAL(12, 4)) AS unit_price, "
            f"CAST(customer_id AS DOUBLE) AS customer_id) FROM orders) TO '{plain}' (FORMAT parquet)"
        )
    from_parquet = read_online_retail(write(tmp_path, plain.read_bytes()))
    pd.testing.assert_frame_equal(from_parquet, from_csv)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is neither Parquet nor CSV: No columns to parse from file"),
        ('a\n"b', "is neither Parquet nor CSV: Error tokenizing data"),
        (b"PAR1 and no more", "begins like Parquet and cannot be read as such"),
        (b"PK\x03\x04\xff\x00", "has no column InvoiceNo, or invoice_no: it is not Online Retail's table"),
        (HEADER.replace("UnitPrice", "Price"), "has no column UnitPrice, or unit_price"),
        (HEADER + "1,A,MUG,2.5,2010-12-01,1,2,UK", "has '2.5' in its column Quantity, which is not a whole number"),
        (HEADER + f"1,A,MUG,{10**18},2010-12-01,1,2,UK", "in its column Quantity, which is not a whole number"),
        (HEADER + "1,A,MUG,2,2010-12-01,£1,2,UK", "has '£1' in its column UnitPrice, which is not a number"),
        (HEADER + "1,A,MUG,2,13/13/2010 8:26,1,2,UK", "in its column InvoiceDate, which is not a time without a zone"),
        (HEADER + "1,A,MUG,2,2010-12-01T08:26Z,1,2,UK", "in its column InvoiceDate, which is not a time without a"),
        (HEADER + "1,A,MUG,,2010-12-01,1,2,UK", "has nan in its column Quantity"),
    ],
)
def test_a_file_that_is_something_else_is_named_in_one_sentence(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(UnreadableFile) as caught:
        read_online_retail(path)
    assert str(caught.value).startswith(str(path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"absent\.csv cannot be read: No such file"):
        read_online_retail(tmp_path / "absent.csv")


# The real file, against counts made by SQL over the Parquet

DATA = Path(__file__).parents[2].parent / "shared" / "data"
PARQUET = DATA / "online_retail.parquet"
real = pytest.mark.skipif(not PARQUET.exists(), reason="the Online Retail data is not at ../shared/data")

VIEWS = f"""
CREATE VIEW retail AS SELECT * FROM read_parquet('{PARQUET}');
CREATE VIEW lines AS SELECT *, CAST(round(unit_price * 100) AS BIGINT) AS cents FROM retail
    WHERE NOT regexp_matches(invoice_no, '^[AC]') AND customer_id IS NOT NULL AND quantity > 0 AND unit_price >= 0.005;
CREATE VIEW credits AS SELECT * FROM retail WHERE invoice_no LIKE 'C%' AND customer_id IS NOT NULL;
"""
LINKS = """
WITH o AS (SELECT invoice_no AS id, customer_id AS who, min(invoice_date) AS minute, count(DISTINCT stock_code) AS codes
           FROM lines GROUP BY ALL),
     n AS (SELECT invoice_no AS id, customer_id AS who, min(invoice_date) AS minute, count(DISTINCT stock_code) AS codes
           FROM credits GROUP BY ALL),
     od AS (SELECT invoice_no AS id, stock_code AS code, sum(quantity) AS quantity FROM lines GROUP BY ALL),
     nd AS (SELECT invoice_no AS id, stock_code AS code, -sum(quantity) AS quantity FROM credits GROUP BY ALL),
     candidate AS (
        SELECT n.id AS note, o.id AS id, o.minute AS minute,
               count(*) = o.codes AND bool_and(od.quantity = nd.quantity) AS exact
        FROM n JOIN o ON o.who = n.who AND o.minute <= n.minute
               JOIN nd ON nd.id = n.id
               JOIN od ON od.id = o.id AND od.code = nd.code AND od.quantity >= nd.quantity
        GROUP BY n.id, n.codes, o.id, o.minute, o.codes HAVING count(*) = n.codes)
SELECT note, id FROM candidate WHERE exact OR $inexact
QUALIFY row_number() OVER (PARTITION BY note ORDER BY exact DESC, minute DESC, id DESC) = 1
"""


def asked(question: str, values: Mapping[str, Any] | None = None) -> list[Any]:
    with duckdb.connect() as connection:
        connection.execute(VIEWS)
        return connection.execute(question, values).fetchall()


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_online_retail(PARQUET)


@real
def test_the_whole_table_gives_the_orders_that_sql_counts(table: pd.DataFrame) -> None:
    placed = script_of(table, cancellations="none").of_type(PlaceOrder)
    lines = [item for timed in placed for item in timed.command.items]
    counted = (len(placed), len(lines), sum(item.total_cents for item in lines))
    assert counted == (18_532, 397_880, 891_140_790)
    assert [counted] == asked("SELECT count(DISTINCT invoice_no), count(*), sum(quantity * cents)::BIGINT FROM lines")


@real
def test_each_order_of_the_whole_table_has_the_time_customer_and_total_that_sql_gives(table: pd.DataFrame) -> None:
    placed = script_of(table, cancellations="none").of_type(PlaceOrder)
    made = {
        (timed.command.order_id, timed.command.customer_id, timed.at.replace(tzinfo=None), len(timed.command.items))
        for timed in placed
    }
    assert made == set(asked("SELECT invoice_no, customer_id, min(invoice_date), count(*) FROM lines GROUP BY 1, 2"))


@real
@pytest.mark.parametrize(
    ("policy", "expected"),
    [("exact", (146, 143, 3, 3_508)), ("any", (2_699, 2_439, 260, 955))],
)
def test_each_policy_links_the_notes_that_sql_links_and_the_domain_refuses_the_second_ones(
    table: pd.DataFrame, policy: Cancellations, expected: tuple[int, int, int, int]
) -> None:
    made = script_of(table, cancellations=policy)
    links = cancelled(made)
    assert dict(links) == dict(asked(LINKS, {"inexact": policy == "any"}))
    after, refusals = run(made)
    assert {type(refusal) for refusal in refusals} == {InvalidOrderState}
    orders = Counter(order.status.name for order in after.values())["cancelled"]
    without = made.report.counts["credit notes that could cancel no order"]
    assert (len(links), orders, len(refusals), without) == expected


@real
def test_the_report_of_the_whole_table_accounts_for_each_row_as_sql_does(table: pd.DataFrame) -> None:
    report = script_of(table, cancellations="exact").report
    assert report.rows_read == 541_909
    assert report.used == {"order lines": 397_880, "lines of credit notes that cancel an order": 1_032}
    assert report.left_out == {
        "no customer": 134_694,
        "price not above 0": 40,
        "price below half a cent": 4,
        "bad-debt adjustment": 3,
        "line of a credit note without a customer": 383,
        "line of a credit note that could cancel no order": 7_873,
    }
    by_sql = asked("""SELECT CASE WHEN invoice_no LIKE 'A%' THEN 'adjustment' WHEN invoice_no LIKE 'C%' THEN 'credit'
        ELSE 'plain' END AS kind, customer_id IS NULL, count(*) FROM retail GROUP BY ALL ORDER BY ALL""")
    assert by_sql == [
        ("adjustment", True, 3),
        ("credit", False, 1_032 + 7_873),
        ("credit", True, 383),
        ("plain", False, 397_880 + 40 + 4),
        ("plain", True, 134_694),
    ]


@real
def test_with_shipping_the_whole_script_runs_and_only_second_or_late_notes_are_refused(table: pd.DataFrame) -> None:
    made = script_of(table, shipping_seed=7, cancellations="exact")
    after, refusals = run(made)
    statuses = Counter(order.status.name for order in after.values())
    assert statuses["shipped"] == len(made.of_type(ShipOrder)) == made.report.counts["synthetic shipments"]
    assert statuses["cancelled"] + len(refusals) == 146
    assert sum(statuses.values()) == 18_532
    assert script_of(table, shipping_seed=7, cancellations="exact") == made


@real
def test_the_first_day_as_published_is_the_first_day_of_the_parquet(table: pd.DataFrame) -> None:
    day = read_online_retail(DATA / "online_retail_2010-12-01.csv")
    pd.testing.assert_frame_equal(day, table[table["invoice_date"] < "2010-12-02"])
