from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderlab.exploration.strategies import events, item_tuples
from orderlab.orders.decider import evolve
from orderlab.orders.model import Cancelled, Draft, Order, OrderItem, Placed, Shipped
from orderlab.timeline.fields import ABSENT, DEPTH, WIDTH, fields_of, name_of, same, shown

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
MUG = OrderItem("p-1", "Mug", 2, 250)


class Colour(Enum):
    RED = 1


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Box:
    """Holds anything, itself as well."""

    content: Any = None


@dataclass
class Noted:
    """Keeps a note that it is not compared by."""

    number: int
    note: str = field(compare=False)


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("not to be shown")

    @property
    def name(self) -> str:
        raise RuntimeError("not to be asked")


class Silent:
    """Is shown as nothing."""

    def __str__(self) -> str:
        return ""


class Torn(Mapping[str, int]):
    """A mapping that cannot be read."""

    def __getitem__(self, key: str) -> int:
        raise RuntimeError("torn")

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("torn")

    def __len__(self) -> int:
        return 1


class Undecided:
    """Does not say whether it equals anything."""

    def __init__(self, name: str) -> None:
        self.text = name

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("undecided")

    __hash__ = None  # type: ignore[assignment] # what cannot be compared cannot be hashed

    def __repr__(self) -> str:
        return self.text


def order(status: Any = Placed()) -> Order:  # noqa: B008 - a frozen value
    return Order("order-1", "ada", (MUG, MUG), status, 1000, NOON, NOON, 1)


# Fields


def test_an_order_has_its_own_fields_and_those_of_its_status_under_it() -> None:
    assert fields_of(order(Shipped("TRACK-1", NOON))) == {
        "id": "order-1",
        "customer_id": "ada",
        "items": (MUG, MUG),
        "status": "shipped",
        "status.tracking_number": "TRACK-1",
        "status.shipped_at": NOON,
        "total_cents": 1000,
        "created_at": NOON,
        "updated_at": NOON,
        "version": 1,
    }


def test_a_deep_look_opens_the_items_of_an_order() -> None:
    deep = fields_of(order(), deep=True)
    assert "items" not in deep
    assert (deep["items[1]"], deep["items[1].quantity"]) == ("OrderItem", 2)


@pytest.mark.parametrize("deep", [False, True])
def test_no_entity_has_no_fields(deep: bool) -> None:
    assert fields_of(None, deep=deep) == {}


@pytest.mark.parametrize("value", [5, "text", 1.5, Colour.RED, frozenset({1}), (), [], NOON, Order], ids=str)
def test_a_value_without_fields_is_one_value(value: object) -> None:
    assert fields_of(value) == fields_of(value, deep=True) == {"value": value}


def test_a_sequence_is_one_value_until_it_is_opened() -> None:
    assert fields_of([1, 2]) == {"value": [1, 2]}
    assert fields_of([1, 2], deep=True) == {"[0]": 1, "[1]": 2}


def test_a_named_tuple_has_the_fields_that_it_names() -> None:
    assert fields_of(Point(1, 2)) == {"x": 1, "y": 2}
    assert fields_of(Box(Point(1, 2))) == {"content": "Point", "content.x": 1, "content.y": 2}


def test_a_mapping_has_its_keys_as_fields_and_opens_those_inside_only_for_a_deep_look() -> None:
    stock = {"mugs": {"red": 1}, "plates": {}}
    assert fields_of(stock) == stock
    assert fields_of(stock, deep=True) == {"mugs['red']": 1, "plates": {}}


def test_keys_that_could_be_taken_for_one_another_stay_apart() -> None:
    fields = fields_of({"a": Point(1, 2), "a.x": 3, 1: 4, "1": 5, "": 6})
    assert fields == {"a": "Point", "a.x": 1, "a.y": 2, "['a.x']": 3, "[1]": 4, "['1']": 5, "['']": 6}


def test_a_field_that_is_not_compared_is_no_field() -> None:
    assert fields_of(Noted(1, "a note")) == {"number": 1}


def test_a_slot_that_was_never_set_is_a_field_without_a_value() -> None:
    empty: Any = object.__new__(make_dataclass("Slotted", ["number"], slots=True))
    assert fields_of(empty) == {"number": ABSENT}


def test_a_value_that_holds_itself_is_opened_once() -> None:
    box = Box()
    box.content = box
    assert fields_of(box) == {"content": box}


def test_values_inside_one_another_are_opened_to_a_bounded_depth() -> None:
    nested: Any = 0
    for _ in range(1000):
        nested = Box(nested)
    assert len(fields_of(nested)) == DEPTH + 1


@pytest.mark.parametrize("deep", [False, True])
def test_what_cannot_be_looked_at_is_one_value(deep: bool) -> None:
    torn, unprintable = Torn(), Unprintable()
    assert fields_of(torn, deep=deep) == {"value": torn}
    assert fields_of(Box(torn), deep=deep) == {"content": torn}
    assert fields_of(Box(unprintable), deep=deep) == {"content": unprintable}


@pytest.mark.parametrize(
    ("value", "name"),
    [(Placed(), "placed"), (Draft(), "draft"), (MUG, "OrderItem"), (5, "int"), (Unprintable(), "Unprintable")],
)
def test_a_value_is_called_by_its_name_or_that_of_its_class(value: object, name: str) -> None:
    assert name_of(value) == name


@given(events())
def test_two_orders_are_equal_exactly_if_their_fields_are(event: Any) -> None:
    one = order(Cancelled("late", NOON)) if getattr(event, "items", None) is None else evolve(None, event)
    for deep in (False, True):
        assert (one == order()) == (fields_of(one, deep=deep) == fields_of(order(), deep=deep))


@given(item_tuples())
def test_a_deep_look_has_every_field_of_every_item(items: tuple[OrderItem, ...]) -> None:
    deep = fields_of(Box(items), deep=True)
    assert [deep[f"content[{index}].name"] for index in range(len(items))] == [item.name for item in items]


# Comparing


@pytest.mark.parametrize(
    ("one", "other", "are_the_same"),
    [
        (1, 1, True),
        (1, 2, False),
        (None, ABSENT, False),
        (ABSENT, ABSENT, True),
        (Undecided("a"), Undecided("a"), True),
        (Undecided("a"), Undecided("b"), False),
    ],
)
def test_values_are_compared_whatever_they_are(one: object, other: object, are_the_same: bool) -> None:
    assert same(one, other) == are_the_same


def test_not_a_number_is_the_same_as_itself() -> None:
    nan = float("nan")
    assert same(nan, nan)


# Showing


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "none"),
        (ABSENT, "—"),
        ("Mug", "Mug"),
        ("", "''"),
        (" ", "' '"),
        ("\r", "'\\r'"),
        (Silent(), "''"),
        ("two\nlines", "two lines"),
        (1234567, "1,234,567"),
        (-1, "-1"),
        (True, "True"),
        (1.5, "1.5"),
        (NOON, "2025-01-01 12:00:00"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00:00"),
        (Colour.RED, "RED"),
        ((MUG,), "1 × OrderItem"),
        ((MUG,) * 1000, "1,000 × OrderItem"),
        ({MUG}, "1 × OrderItem"),
        ((MUG, 1), "[OrderItem(product_id='p-1', name='Mug', quantity=2, unit_price_cents=250), 1]"),
        ([], "empty"),
        ({}, "empty"),
        (["a", 1, None], "[a, 1, none]"),
        ({"size": [1, 2]}, "{size: [1, 2]}"),
        ({3, 1, 2}, "{1, 2, 3}"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (Unprintable(), "<Unprintable that cannot be shown: RuntimeError>"),
        (Torn(), "<Torn that cannot be shown: RuntimeError>"),
        pytest.param(10**5000, "<int that cannot be shown: ValueError>", id="too many digits"),
    ],
)
def test_a_value_is_shown_in_a_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_list_that_holds_itself_is_shown_in_a_line() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert shown(endless) == "[[[…]]]"


@pytest.mark.parametrize("value", ["a" * 10_000, list(range(10_000)), {number: number for number in range(10_000)}])
def test_a_long_value_is_cut(value: object) -> None:
    assert len(shown(value)) == WIDTH
    assert shown(value).endswith("…")


@given(
    st.recursive(st.none() | st.text() | st.floats(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_value_is_shown_in_one_short_line(value: object) -> None:
    assert len(shown(value)) <= WIDTH
    assert len(shown(value).splitlines()) == 1
