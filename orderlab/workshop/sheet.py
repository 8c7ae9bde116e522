"""What the workshop shows: a page in Markdown, and a table with a sentence over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orderlab.drawing import tables
from orderlab.drawing.svg import escape

if TYPE_CHECKING:
    import pandas as pd


class Sheet(str):
    """A text in Markdown: a notebook sets it, and everything else shows it as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True, repr=False)
class Overview:
    """A table, and what it comes to in a sentence.

    Args:
        sentence: What it comes to.
        header: What the columns are called.
        rows: The rows, each with a value for each column.
    """

    sentence: str
    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def frame(self) -> "pd.DataFrame":
        """The table as a DataFrame."""
        import pandas as pd  # noqa: PLC0415 - heavy

        return pd.DataFrame(list(self.rows), columns=list(self.header))

    def as_dicts(self) -> list[Mapping[str, Any]]:
        """Return the rows as mappings, for JSON."""
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.sentence}>"

    def __str__(self) -> str:
        return f"{self.sentence}\n\n{columns(self.header, self.rows)}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence)}</p>{table(self.header, self.rows)}"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as a table in HTML, with times as they are where the reader is."""
    return tables.rows(header, [[said(each) if isinstance(each, datetime) else each for each in row] for row in rows])


def columns(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as lines of text, in columns as wide as they need to be.

    >>> print(columns(["number", "tries"], [["1.1", 2], ["1.10", None]]))
    number  tries
    1.1         2
    1.10
    """
    lines = [list(map(str, header)), *([said(value) for value in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(header))]
    right = [any(isinstance(row[index], int | float) for row in rows) for index in range(len(header))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def said(value: Any) -> str:
    """Return a value as a cell of a table says it: a time is that of the clock on the reader's wall."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def ended(sentence: str) -> str:
    """Return a sentence with a full stop, unless it ends with a mark of its own.

    >>> ended("It is 1."), ended("It is 1"), ended("Is it 1?")
    ('It is 1.', 'It is 1.', 'Is it 1?')
    """
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."
