"""Markdown as a terminal can show it: paragraphs wrapped, code as it is, without the marks that only a page sets."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from orderlab.cli.console import OUT, show_text

Kind = Literal["text", "item", "code", "table"]

_UNDER_A_HEADER = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)+(\s*:?-+:?\s*)?")


def show_markdown(text: str) -> None:
    """Print a text in Markdown."""
    for number, (kind, block) in enumerate(blocks(text)):
        if number and kind != "item":
            OUT.print()
        if kind == "code":
            OUT.print(block, markup=False, soft_wrap=True)
        elif kind == "table":
            header, *rows = rows_of(block)
            _show_table(header, rows)
        else:
            show_text(block, indent=2 if kind == "item" else 0)


def blocks(text: str) -> Iterator[tuple[Kind, str]]:
    r"""Give the paragraphs, list items, tables and pieces of code of a text, and what each is.

    >>> list(blocks("One\nparagraph.\n\n- An item\n- **another**\n\n```python\nx = 1\n```"))
    [('text', 'One paragraph.'), ('item', '- An item'), ('item', '- another'), ('code', 'x = 1')]
    """
    for index, part in enumerate(re.split(r"^```.*$", text.strip(), flags=re.MULTILINE)):
        if index % 2:
            yield "code", part.strip("\n")
            continue
        for is_there, lines in groupby(part.splitlines(), key=lambda line: bool(line.strip())):
            if is_there:
                yield from _of_lines(list(lines))


def rows_of(table: str) -> list[list[str]]:
    r"""Return the cells of a table, row by row, the header first; each row has as many as the header.

    >>> rows_of("| a | b |\n|---|---|\n| `x \\| y` | **z** |\n| 1 |")
    [['a', 'b'], ['`x | y`', 'z'], ['1', '']]
    """
    header, _, *others = table.splitlines()
    names = _cells(header)
    return [names, *([*_cells(line), *[""] * len(names)][: len(names)] for line in others)]


def _of_lines(lines: list[str]) -> Iterator[tuple[Kind, str]]:
    """Give what lines without an empty one between them are: a table may begin or end among them."""
    for in_bars, some in groupby(lines, key=lambda line: line.lstrip().startswith("|")):
        together = list(some)
        if in_bars and len(together) > 1 and _UNDER_A_HEADER.fullmatch(together[1]):
            yield "table", "\n".join(together)
            continue
        for paragraph in re.split(r"\n(?=\s*(?:[-*]|\d+\.) )", "\n".join(together)):
            said = re.sub(r"^\s*\* ", "- ", " ".join(paragraph.replace("**", "").split()))
            yield "item" if said.startswith("- ") else "text", said


def _cells(line: str) -> list[str]:
    inside = re.sub(r"(?<!\\)\|$", "", line.strip().removeprefix("|"))
    return [each.replace(r"\|", "|").replace("**", "").strip() for each in re.split(r"(?<!\\)\|", inside)]


def _show_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table, folded where the terminal is narrow; nothing in it is cut, for it is part of a question."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for name in header:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    OUT.print(table)
