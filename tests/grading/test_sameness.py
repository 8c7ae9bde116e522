from functools import partial
from typing import Any

import pytest

from orderlab.grading.answer import value_in
from orderlab.grading.sameness import is_blank, is_same


def same(one: str, other: str) -> bool:
    return is_same(*(value_in(each, "x", "<test>") for each in (one, other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def x(a): return a + 1", "# moved\n\n\ndef x(a):\n    'Add.'\n    return a + 1  # one"),
        ("def x(a, b=[1]): return a", "def x(a, b=[1]): return a"),
        ("def x(a): return [b for b in a if b > 1]", "\n\ndef x(a):\n    return [b for b in a if b > 1]"),
        (
            "def x(a):\n    def y(b): return b\n    return y",
            "def x(a):\n    'y'\n    def y(b):\n        return b\n    return y",
        ),
        ("x = lambda a: a", "x = (\n    lambda a: a\n)"),
        (
            "class x:\n    n = 1\n    def f(self): return 1",
            "class x:\n    'A class.'\n    n = 1\n\n    def f(self):\n        return 1",
        ),
        ("class x:\n    @property\n    def f(self): return 1", "class x:\n    @property\n    def f(self): return 1"),
        ("class x:\n    @staticmethod\n    def f(): return 1", "class x:\n    @staticmethod\n    def f(): return 1"),
        (
            "from dataclasses import dataclass\n@dataclass(frozen=True, slots=True)\nclass x:\n    n: int = 1",
            "from dataclasses import dataclass\n\n\n@dataclass(frozen=True, slots=True)\nclass x:\n    n: int = 1",
        ),
        ("class C:\n    def f(self): return 1\nx = C()", "class C:\n    def f(self): return 1\nx = C()"),
        ("x = [1, {'a': (2, 3)}]", "x = [1, {'a': (2, 3)}]"),
        ("def x(n): return x(n - 1)", "def x(n): return x(n - 1)"),
        ("def h(a): return 1\ndef x(a): return h(a)", "def h(a):\n    return 1\ndef x(a): return h(a)"),
        (
            "from functools import partial\nx = partial(lambda a, b: a, 1)",
            "from functools import partial\nx = partial(lambda a, b: a, 1)",
        ),
    ],
)
def test_the_same_code_elsewhere_is_the_same(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def x(a): return a + 1", "def x(a): return a + 2"),
        ("def x(a): return 1", "def x(a): return 1.0"),
        ("def x(a): return 1", "def x(a): return True"),
        ("def x(a): return a.b", "def x(a): return a.c"),
        ("def x(a): return a", "def x(b): return b"),
        ("def x(a, b=1): return a", "def x(a, b=2): return a"),
        ("def x(a, *, b=1): return a", "def x(a, *, b=2): return a"),
        ("def x(a): return [b for b in a if b > 1]", "def x(a): return [b for b in a if b > 2]"),
        ("def h(a): return 1\ndef x(a): return h(a)", "def h(a): return 2\ndef x(a): return h(a)"),
        ("def y(n):\n    return lambda: n\nx = y(1)", "def y(n):\n    return lambda: n\nx = y(2)"),
        ("class x:\n    n = 1", "class x:\n    n = 2"),
        ("class x:\n    n: int", "class x:\n    n: str"),
        ("class x:\n    def f(self): return 1", "class x:\n    def f(self): return 2"),
        ("class x: pass", "class x:\n    def f(self): return 2"),
        ("class C:\n    def f(self): return 1\nx = C()", "class C:\n    def f(self): return 2\nx = C()"),
        ("x = [1, 2]", "x = [2, 1]"),
        ("x = 1", "def x(): return 1"),
    ],
)
def test_any_other_code_is_another(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize("value", [..., [1, ...], {"a": (1, ...)}, value_in("def x(a): return ...", "x", "<test>")])
def test_three_dots_are_blank(value: Any) -> None:
    assert is_blank(value)


@pytest.mark.parametrize(
    "value", [None, [], 0, len, partial(len), int, value_in("def x(a): return None", "x", "<test>"), "..."]
)
def test_anything_else_is_an_attempt(value: Any) -> None:
    assert not is_blank(value)


def test_values_that_cannot_be_compared_are_not_the_same() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise ValueError("never")

        __hash__ = None  # type: ignore[assignment]

    assert not is_same(Odd(), Odd())
