"""How values are written out: by their fields, in an order that does not depend on chance, and never failing."""

from collections import OrderedDict, namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import immutables
import pytest

from orderlab.orders.model import Order, OrderItem, OrderState, Placed
from orderlab.testing.writing import WIDTH, Part, Wording, brief, lines_of, shown

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
Pair = namedtuple("Pair", "left right")


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("not to be shown")


class InTwoLines:
    def __repr__(self) -> str:
        return "one\ntwo"


class Silent:
    def __repr__(self) -> str:
        return ""


class Names(list[str]):
    pass


@dataclass(frozen=True)
class Noted:
    text: str
    note: str = field(default="", compare=False)
    hidden: int = field(default=0, repr=False)


def written(value: Any) -> Sequence[str]:
    return lines_of(Part("", value))


def test_an_order_is_written_by_its_fields_and_not_as_it_shows_itself() -> None:
    order = Order("order-1", "ada", (OrderItem("p-1", "Mug", 2, 250),), Placed(), 500, NEW_YEAR, NEW_YEAR, 1)
    assert written(OrderState({"order-1": order})) == [
        "OrderState(",
        "    orders=Map({",
        "        'order-1': Order(",
        "            id='order-1',",
        "            customer_id='ada',",
        "            items=(",
        "                OrderItem(",
        "                    product_id='p-1',",
        "                    name='Mug',",
        "                    quantity=2,",
        "                    unit_price_cents=250,",
        "                ),",
        "            ),",
        "            status=Placed(),",
        "            total_cents=500,",
        "            created_at=2025-01-01T00:00:00Z,",
        "            updated_at=2025-01-01T00:00:00Z,",
        "            version=1,",
        "        ),",
        "    }),",
        ")",
    ]


def test_a_dataclass_is_written_by_what_it_is_compared_by() -> None:
    assert written(Noted("a", note="b", hidden=3)) == ["Noted(", "    text='a',", "    hidden=3,", ")"]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        (Noted, [repr(Noted)]),
        (Pair(1, 2), ["Pair(", "    left=1,", "    right=2,", ")"]),
        ({"b": 1, "a": 2}, ["{", "    'a': 2,", "    'b': 1,", "}"]),
        (immutables.Map({"b": 1, "a": 2}), ["Map({", "    'a': 2,", "    'b': 1,", "})"]),
        (OrderedDict(a=1), ["OrderedDict({", "    'a': 1,", "})"]),
        (set("dbca"), ["set({", "    'a',", "    'b',", "    'c',", "    'd',", "})"]),
        (frozenset({3, 1}), ["frozenset({", "    1,", "    3,", "})"]),
        (Names("a"), ["Names([", "    'a',", "])"]),
        ([(), {}, set()], ["[", "    (),", "    {},", "    set({}),", "]"]),
        ({1: InTwoLines()}, ["{", "    1: one", "    two,", "}"]),
        ("one\ntwo", [r"'one\ntwo'"]),
        (Silent(), [""]),
        (Wording("nothing"), ["nothing"]),
    ],
)
def test_values_of_every_kind(value: Any, lines: list[str]) -> None:
    assert written(value) == lines


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (NEW_YEAR, "2025-01-01T00:00:00Z"),
        (NEW_YEAR.replace(microsecond=5), "2025-01-01T00:00:00.000005Z"),
        (NEW_YEAR.replace(tzinfo=None), "2025-01-01T00:00:00"),
        (NEW_YEAR.replace(tzinfo=timezone(timedelta(hours=2))), "2025-01-01T00:00:00+02:00"),
    ],
)
def test_an_instant_is_written_as_in_json(instant: datetime, text: str) -> None:
    assert shown(instant) == text


def test_what_cannot_be_shown_says_so() -> None:
    assert written([Unprintable()]) == ["[", "    <Unprintable that cannot be shown: RuntimeError>,", "]"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Noted("a"), "Noted(text='a', hidden=0)"),
        ((1,), "(1,)"),
        ([1], "[1]"),
        ({"a": (1, 2)}, "{'a': (1, 2)}"),
        (InTwoLines(), "one two"),
        (Unprintable(), "<Unprintable that cannot be shown: RuntimeError>"),
    ],
)
def test_a_value_in_one_line(value: Any, text: str) -> None:
    assert brief(value) == text


def test_a_long_value_is_cut_to_fit_into_a_sentence() -> None:
    text = brief("a" * 1_000)
    assert len(text) == WIDTH
    assert text.endswith("a...")
