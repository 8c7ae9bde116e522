from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest

from orderlab.drawing import tables


class Unprintable:
    """Raises when it is shown, or looked at in any other way that text comes from."""

    def __str__(self) -> str:
        raise RuntimeError("not to be shown")

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        raise RuntimeError("not to be shown")


class Mistyped:
    """Is shown as something that is no text."""

    def __str__(self) -> Any:
        return 5  # noqa: PLE0307 - the fault that a cell has to live with


class Endless:
    """Is shown by showing itself."""

    def __str__(self) -> str:
        return str(self)


class Outline(HTMLParser):
    """The tags of a fragment, its cells, and whether everything that was opened was closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a & b",
    "&lt;",
    "</td></table>",
    "漢字 👩🏽‍🚀",
]
PLAIN = {"table", "thead", "tbody", "tr", "th", "td", "p"}
ATTRIBUTES = {"style", "scope", "colspan"}


# Cells


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("", ""),
        ("mug", "mug"),
        (0, "0"),
        (-1, "-1"),
        (1234567, "1,234,567"),
        (True, "True"),
        (1.5, "1.5"),
        (datetime(2025, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "2025-01-02 03:04:05"),
        (["a", 1], "[&#x27;a&#x27;, 1]"),
    ],
)
def test_a_value_is_shown_as_text(value: object, shown: str) -> None:
    assert tables.cell(value) == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_text_in_a_cell_is_text_whatever_it_says(text: str) -> None:
    assert unescape(tables.cell(text)) == text
    assert not set(tables.cell(text)) & set("<>\"'")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Unprintable(), "<Unprintable that cannot be shown: RuntimeError>"),
        (Mistyped(), "<Mistyped that cannot be shown: TypeError>"),
        (Endless(), "<Endless that cannot be shown: RecursionError>"),
        (10**5000, "<int that cannot be shown: ValueError>"),
        ([Unprintable()], "<list that cannot be shown: RuntimeError>"),
    ],
    ids=["raises", "is no text", "recursion", "too many digits", "inside a list"],
)
def test_a_value_that_cannot_be_shown_says_so(value: object, shown: str) -> None:
    assert unescape(tables.cell(value)) == shown


# Tables of fields


def test_fields_are_shown_as_names_with_their_values() -> None:
    assert Outline(tables.fields({"order": "order-1", "items": 2})).cells == ["order", "order-1", "items", "2"]


def test_no_fields_are_a_table_without_rows() -> None:
    assert Outline(tables.fields({})).tags == ["table", "tbody"]


def test_fields_that_cannot_be_shown_are_a_table_all_the_same() -> None:
    html = tables.fields({"one": Unprintable(), "two": 2})
    assert Outline(html).cells == ["one", "<Unprintable that cannot be shown: RuntimeError>", "two", "2"]


# Tables of rows


@pytest.mark.parametrize("count", [1, 2, 30])
def test_rows_are_shown_under_their_header(count: int) -> None:
    cells = Outline(tables.rows(["id", "n"], [["a", 1]] * count)).cells
    assert cells == ["id", "n", *["a", "1"] * count]


def test_no_rows_are_shown_as_none() -> None:
    assert Outline(tables.rows(["id", "n"], [])).cells == ["id", "n", "none"]


def test_the_cell_that_says_none_is_as_wide_as_the_table() -> None:
    assert 'colspan="2">none</td>' in tables.rows(["id", "n"], [])


def test_rows_that_are_left_out_are_counted_under_the_table() -> None:
    assert tables.rows(["id"], [["a"]], left_out=1234).endswith("</table><p>and 1,234 more</p>")


def test_a_table_that_leaves_nothing_out_has_nothing_under_it() -> None:
    assert tables.rows(["id"], [["a"]]).endswith("</table>")


def test_rows_that_cannot_be_shown_are_a_table_all_the_same() -> None:
    cells = Outline(tables.rows(["id"], [[Unprintable()], ["b"]])).cells
    assert cells == ["id", "<Unprintable that cannot be shown: RuntimeError>", "b"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_is_plain_whatever_is_in_it(text: str) -> None:
    for html in (tables.rows([text], [[text]]), tables.fields({text: text})):
        outline = Outline(html)
        assert outline.cells == [text, text]
        assert set(outline.tags) <= PLAIN
        assert outline.attributes <= ATTRIBUTES
        assert outline.open == []


def test_half_a_pair_of_surrogates_can_be_written_to_a_file() -> None:
    assert tables.cell("a\ud800b").encode() == "a\ufffdb".encode()


class Loud(int):
    """A number that is written as markup."""

    def __format__(self, spec: str) -> str:
        return "<b>5</b>"


def test_a_number_of_somebodys_own_is_escaped() -> None:
    assert tables.cell(Loud(5)) == "&lt;b&gt;5&lt;/b&gt;"


@dataclass(frozen=True)
class Tagged:
    """A value with a set in it."""

    tags: frozenset[str]
    hidden: int = field(default=1, repr=False)


@dataclass(frozen=True)
class Told:
    """A value that says itself how it looks."""

    tags: frozenset[str]

    def __repr__(self) -> str:
        return f"<Told {{{len(self.tags)}}}>"


WORDS = frozenset({"pear", "fig", "plum", "date"})
IN_ORDER = "{'date', 'fig', 'pear', 'plum'}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (set(WORDS), IN_ORDER),
        (WORDS, f"frozenset({IN_ORDER})"),
        ([{"a": (set(WORDS),)}], f"[{{'a': ({IN_ORDER},)}}]"),
        (Tagged(WORDS), f"Tagged(tags=frozenset({IN_ORDER}))"),
        (Told(WORDS), "<Told {4}>"),
        ({}, "{}"),
        (set(), "set()"),
        ("{b, a}", "{b, a}"),
    ],
)
def test_what_is_in_a_set_is_shown_in_an_order_of_its_own(value: Any, text: str) -> None:
    assert tables.text_of(value) == text
    assert unescape(tables.cell(value)) == text


@pytest.mark.parametrize("value", [Tagged(frozenset()), {"a": [1, (2,), {3}]}, (), [()], frozenset({1}), {1: {}}])
def test_a_value_is_written_as_python_writes_it(value: Any) -> None:
    assert tables.text_of(value) == str(value)


def test_a_value_that_is_in_itself_is_shown() -> None:
    value: list[Any] = [{"a"}]
    value.append(value)

    assert "…" in tables.cell(value)
