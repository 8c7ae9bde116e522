import pytest

from orderlab.cli import console
from orderlab.cli.markdown import blocks, show_markdown

TABLE = """\
| what is asked | the answer |
|:---|---:|
| either | `refused(code, "no amount")` |
| **a sale** | |
| `a \\| b` | a row with | too much |
"""


def shown(text: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that a terminal of a width shows of a text."""
    monkeypatch.setattr(console.OUT, "width", width)
    show_markdown(text)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_table_is_shown_as_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    header, rule, *rows = shown(TABLE, 80, monkeypatch, capsys)
    assert header.split("  ")[0] == "what is asked"
    assert set(rule) == {"\u2500"}
    assert [[cell.strip() for cell in row.split("   ") if cell] for row in rows] == [
        ["either", '`refused(code, "no amount")`'],
        ["a sale"],
        ["`a | b`", "a row with"],
    ]


def test_where_the_terminal_is_narrow_a_table_is_folded_and_nothing_is_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown("| a | b |\n|---|---|\n| one | abcdefghijklmnopqrstuvwxyz |", 16, monkeypatch, capsys)
    assert all(len(line) <= 16 for line in lines)
    assert "".join(line.removeprefix("one").strip() for line in lines[2:]) == "abcdefghijklmnopqrstuvwxyz"


def test_a_table_may_stand_right_under_a_paragraph_and_above_one() -> None:
    assert [kind for kind, _ in blocks(f"Before.\n{TABLE}\nAfter.\n\n- An item")] == ["text", "table", "text", "item"]


def test_bars_without_a_rule_under_the_first_line_are_text() -> None:
    assert list(blocks("| no table\n| at all")) == [("text", "| no table | at all")]


def test_what_is_in_a_table_is_not_taken_for_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown("| `[bold]` |\n|---|\n| `dict[str, int]` |", 40, monkeypatch, capsys)
    assert [lines[0], lines[2]] == ["`[bold]`", "`dict[str, int]`"]
