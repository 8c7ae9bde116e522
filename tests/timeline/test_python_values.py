"""Values as Python source: read again they are the same values, and a formatter finds nothing to do."""

import subprocess
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag, auto
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import immutables
import pytest
from accounts import Deposit
from hypothesis import given
from hypothesis import strategies as st

from orderlab.exploration.strategies import actions
from orderlab.orders.model import OrderItem, OrderState
from orderlab.timeline.fields import shown
from orderlab.timeline.scenario.python_imports import Imports, NoPythonSource
from orderlab.timeline.scenario.python_layout import flat, laid_out
from orderlab.timeline.scenario.python_values import code_of


class Colour(Enum):
    RED = "red"


Size = Enum("Size", {"extra large": 1, "class": 2, "S": 3})


Elsewhere: Any = type("Nowhere", (), {})


class Right(Flag):
    READ = auto()
    WRITE = auto()


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True)
class Outer:
    inner: "Outer | None"
    tags: tuple[str, ...]
    counted: int = field(init=False, default=7)

    @dataclass(frozen=True)
    class Part:
        size: int


def source_of(value: Any) -> str:
    """Return a value's source as a module that has it as `value`."""
    imports = Imports()
    code = laid_out(code_of(value, imports), before="value = ")
    return "\n".join([*imports.lines(), "", code, ""]).lstrip()


def read_again(value: Any) -> Any:
    contents: dict[str, Any] = {}
    exec(source_of(value), contents)
    return contents["value"]


VALUES: list[Any] = [
    None,
    True,
    -5,
    2.5,
    float("inf"),
    1j,
    b"a\x00'\"",
    b"plain",
    "it's",
    'a "quoted" word',
    "both ' and \"",
    "back\\slash\n\t\x00\u2028",
    "漢字 👩🏽‍🚀",
    "\ud800",
    (),
    (1,),
    (1, (2, [3])),
    [],
    {},
    {"a": (1,), 2: {"b": None}},
    set(),
    {3, 1, 2},
    frozenset({1}),
    frozenset(),
    datetime(2025, 1, 1, tzinfo=UTC),
    datetime(2025, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2025, 1, 1, 12, 0, 5, tzinfo=timezone(timedelta(hours=-2))),
    datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=2), "here")),
    datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("UTC")),
    datetime(2025, 1, 1),  # noqa: DTZ001 - the point
    date(2025, 1, 1),
    time(12, 0, tzinfo=UTC),
    timedelta(0),
    timedelta(days=-1, microseconds=5),
    UUID(int=7),
    Decimal("2.50"),
    Fraction(1, 3),
    Colour.RED,
    Size["extra large"],
    Size["class"],
    Size["S"],
    type(None),
    int,
    10**5000,
    -(10**5000),
    Fraction(10**5000, 3),
    complex(0, float("inf")),
    Right.READ | Right.WRITE,
    Point(1, 2),
    OrderItem,
    Outer(Outer(None, ("a",)), ()),
    Outer.Part(3),
    MappingProxyType({"a": 1}),
    OrderedDict(a=1),
    immutables.Map({"a": 1}),
    OrderState(),
]


@pytest.mark.parametrize("value", VALUES, ids=shown)
def test_a_value_is_read_again_as_the_same(value: Any) -> None:
    assert read_again(value) == value
    assert type(read_again(value)) is type(value)


@given(actions())
def test_every_action_is_read_again_as_the_same(action: Any) -> None:
    assert read_again(action) == action


@given(st.text())
def test_every_text_is_read_again_as_the_same(text: str) -> None:
    assert read_again(text) == text


@pytest.mark.parametrize("value", [float("nan"), complex(float("nan"), 1), Decimal("NaN"), Decimal("sNaN")], ids=repr)
def test_a_number_that_is_not_equal_to_itself_is_refused(value: Any) -> None:
    with pytest.raises(NoPythonSource, match="is not equal to itself, so that no test can state it"):
        code_of(value, Imports())


def test_a_type_that_goes_by_another_name_in_its_module_is_refused() -> None:
    with pytest.raises(NoPythonSource, match=r"Nowhere is not what the module \S+ has under that name, so no import"):
        code_of(Elsewhere, Imports())


def test_a_type_of_a_notebook_that_the_module_for_it_does_not_have_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Point, "__module__", "__main__")

    with pytest.raises(NoPythonSource, match="Point is defined in a notebook or script, and accounts has no such name"):
        code_of(Point(1, 2), Imports(stand_in="accounts"))


def test_a_type_that_pytest_would_collect_is_imported_under_another_name() -> None:
    imports = Imports()

    assert imports.name_for("shop", "TestTaken") == "_TestTaken"
    assert imports.lines() == ["from shop import TestTaken as _TestTaken"]


@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        [[each] * 40 for each in VALUES],
        {"a" * 60: ("b" * 70, "c"), "d": Point(1, 2)},
        [(("x" * 110),), ["y"] * 9],
    ],
    ids=["short", "long", "deep", "too long"],
)
def test_a_formatter_finds_nothing_to_do(values: Any) -> None:
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length=120", "--stdin-filename=v.py", "-"],
        input=source_of(values).encode("utf-8", "surrogatepass"),
        capture_output=True,
        check=True,
    )
    assert formatted.stdout.decode() == source_of(values)


def test_imports_are_sorted_and_those_of_the_standard_library_come_first() -> None:
    imports = Imports()
    code_of((OrderState(), Deposit("a", 1), datetime(2025, 1, 1, tzinfo=UTC), Decimal(1)), imports)

    assert imports.lines() == [
        "from datetime import UTC, datetime",
        "from decimal import Decimal",
        "",
        "from accounts import Deposit",
        "from immutables import Map",
        "from orderlab import OrderState",
    ]


def test_many_names_of_one_module_are_imported_a_name_a_line() -> None:
    imports = Imports()
    for number in range(30):
        imports.name_for("shop", f"Thing{number:02}")

    assert imports.lines()[:2] == ["from shop import (", "    Thing00,"]
    assert imports.lines()[-1] == ")"


def test_two_types_of_one_name_are_told_apart() -> None:
    imports = Imports()
    assert imports.name_for("one", "Thing") == "Thing"
    assert imports.name_for("two", "Thing") == "Thing_2"
    assert imports.name_for("one", "Thing") == "Thing"
    assert imports.lines() == ["from one import Thing", "from two import Thing as Thing_2"]


def test_a_type_inside_a_function_cannot_be_imported_and_that_is_said() -> None:
    @dataclass
    class Local:
        size: int

    with pytest.raises(NoPythonSource, match=r"<locals>\.Local is defined inside a function"):
        code_of(Local(1), Imports())


def test_what_a_notebook_defines_is_looked_for_in_the_module_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Point, "__module__", "__main__")
    imports = Imports(stand_in="shop.points")

    assert flat(code_of(Point(1, 2), imports)) == "Point(x=1, y=2)"
    assert imports.lines() == ["from shop.points import Point"]
    with pytest.raises(NoPythonSource, match='as decider="module:NAME"'):
        code_of(Point(1, 2), Imports())


@pytest.mark.parametrize("value", [object(), range(3), lambda: None], ids=["an object", "a range", "a function"])
def test_a_value_of_another_kind_is_refused_by_its_type(value: Any) -> None:
    with pytest.raises(NoPythonSource, match=f"a value of type {type(value).__name__} cannot be written"):
        code_of([value], Imports())


def test_a_value_without_an_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(NoPythonSource, match="nested more than 50 deep"):
        code_of(endless, Imports())
