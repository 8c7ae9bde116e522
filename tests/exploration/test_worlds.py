"""Two values are compared part by part, and the first difference is told by its path."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import immutables
import numpy as np
import pandas as pd
import pytest

from orderlab.exploration.worlds.comparing import difference
from orderlab.exploration.worlds.describing import described


class Pair(NamedTuple):
    left: int
    right: int


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass(frozen=True)
class Held:
    value: Any
    seen: int = field(default=0, compare=False)


class Plain:
    def __init__(self, value: Any) -> None:
        self.value = value


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def told(one: Any, other: Any) -> str:
    found = difference(described("result", one), described("result", other))
    return "" if found is None else f"{found.path}: {found.one} | {found.other}"


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        (1, 2, "result: 1 | 2"),
        (1, True, "result: 1 | True"),
        (1, 1.0, "result: 1 | 1.0"),
        (Held([1, 2]), Held([1, 3]), "result.value[1]: 2 | 3"),
        (Held([1]), Held([1, 3]), "the length of result.value: 1 | 2"),
        (Pair(1, 2), Pair(1, 3), "result.right: 2 | 3"),
        (Plain(1), Plain(2), "result.value: 1 | 2"),
        (Slotted(1), Slotted(2), "result.value: 1 | 2"),
        ({"a": 1}, {"a": 1, "b": 2}, "result['b']: nothing | 2"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "the order of the keys of result: 'a', 'b' | 'b', 'a'"),
        ({1, 2}, {1, 3}, "result: 2 in it | 3 in it"),
        ({1}, {1, 3}, "result: nothing more in it | 3 in it"),
        (immutables.Map({"a": 1}), immutables.Map({"a": 2}), "result['a']: 1 | 2"),
        (deque([1]), deque([2]), "result[0]: 1 | 2"),
        (Colour.RED, Colour.BLUE, "result: Colour.RED | Colour.BLUE"),
        (Path("a"), Path("b"), "result: PosixPath('a') | PosixPath('b')"),
        (ValueError("a"), ValueError("b"), "result.args[0]: 'a' | 'b'"),
        (np.array([1, 2]), np.array([1, 3]), "result[1]: 2 | 3"),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 3]}), "result.a[1]: 2 | 3"),
        (pd.Series([1, 2]), pd.Series([1, 3]), "result.values[1]: 2 | 3"),
        (lambda: 1, Plain, "result: test_worlds.<lambda>() | <class 'test_worlds.Plain'>"),
    ],
)
def test_the_first_difference_is_told_by_its_path(one: Any, other: Any, difference: str) -> None:
    assert told(one, other).replace(f"{__name__}.", "test_worlds.") == difference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Held(1, 2), Held(1, 3)),
        ({"ada", "bea"}, {"bea", "ada"}),
        (float("nan"), float("nan")),
        (UUID(int=1), UUID(int=1)),
        (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
        (Plain([Plain(1)]), Plain([Plain(1)])),
    ],
)
def test_what_is_the_same_has_no_difference(one: Any, other: Any) -> None:
    assert told(one, other) == ""


def test_a_value_that_holds_itself_is_told() -> None:
    one: list[Any] = [1]
    one.append(one)
    assert told(one, one) == ""


def test_long_texts_are_shown_where_they_differ() -> None:
    found = told("x" * 500 + "a", "x" * 500 + "b")
    assert len(found) < 200
    assert "a' | …" in found


def test_what_cannot_be_told_is_named_with_its_place() -> None:
    assert described("result", [Held(threading.Lock())])[1].startswith("result[0].value is a lock, whose contents")


def test_what_is_nested_too_deep_is_said() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert described("result", deep) == ["cannot", "result is nested too deep"]


class Listed(list[int]):
    pass


class Mapped(dict[str, int]):
    pass


class Text(str):
    __slots__ = ("__dict__",)


class Few(set[int]):
    __slots__ = ("number",)


class Raised(ValueError):
    pass


def numbered(value: Any, number: int) -> Any:
    value.number = number
    return value


@pytest.mark.parametrize("kind", [Listed, Mapped, Text, Few, Raised])
def test_what_is_held_besides_the_items_is_compared(kind: Any) -> None:
    assert told(numbered(kind(), 1), numbered(kind(), 2)) == "result.number: 1 | 2"
    assert told(numbered(kind(), 1), numbered(kind(), 1)) == ""


def test_the_text_of_a_kind_of_text_is_compared_too() -> None:
    assert told(numbered(Text("a"), 1), numbered(Text("b"), 1)) != ""
