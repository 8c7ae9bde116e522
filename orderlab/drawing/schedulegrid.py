"""Draw the orders in which several writers' steps mix: a row for each, a cell for each step, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from orderlab.drawing import svg
from orderlab.drawing.lettering import shortened, width_of
from orderlab.drawing.shapes import Point, number

MOST_ROWS = 120
"""So many rows are drawn: a picture of more is longer than anybody reads."""

_CELL, _ROW, _GAP, _MARGIN = 30.0, 20.0, 2.0, 12.0
_LINE, _NUMBER, _MARK, _COUNT, _NOTE, _APART = 18.0, 44.0, 26.0, 44.0, 640.0, 18.0
_ROWS_BESIDE = 45
_SIZE = 12
_LETTERS = 300  # there is never room for more
_INK, _QUIET = "#1f2933", "#52606d"

# Light grounds on which dark letters are read; those who tell red and green badly see them as different as well.
_GROUNDS = ("#cfe6ff", "#ffd9a0", "#c9efd8", "#ecd3f5", "#e3e3e3", "#fff3a6")
_MARKS = {"✓": "#0b6e4f", "!": "#8a5a00", "✗": "#a32116", "?": "#52606d"}


@dataclass(frozen=True, slots=True)
class Row:
    """An order of steps, or several of which the same came.

    Args:
        number: Which it is, the first one of several.
        cells: Whose turn it is, as a number from 0, and what is done, in time order.
        mark: What came of it, in one sign.
        note: What came of it, in words, which are shortened; for a row of several there is no room for that.
        count: How many orders it stands for.
    """

    number: int
    cells: tuple[tuple[int, str], ...]
    mark: str
    note: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class ScheduleGrid:
    """All orders of steps, to be drawn. Whose turn it is is said by colour and by letter.

    Args:
        letters: The letter of each writer.
        legend: What each of them wants.
        rows: The orders.
        title: What is to be seen, in one sentence.
        key: What the signs mean, line by line.
    """

    letters: tuple[str, ...]
    legend: tuple[str, ...]
    rows: tuple[Row, ...]
    title: str
    key: tuple[str, ...] = ()

    def to_svg(self) -> str:
        """Return the grid as an SVG document."""
        shown = self.rows[:MOST_ROWS]
        left_out = len(self.rows) - len(shown)
        lines = [*self._legend(), *self.key, *([f"and {left_out:,} rows more"] if left_out else [])]
        top = _MARGIN + _LINE * (len(lines) + 1) + 8
        is_noted = any(row.note for row in shown)
        beside = 1 if is_noted else max(1, ceil(len(shown) / _ROWS_BESIDE))
        high = max(1, ceil(len(shown) / beside))
        wide = _NUMBER + max((len(row.cells) for row in shown), default=0) * (_CELL + _GAP) + _MARK
        noted = min(max((width_of(row.note[:_LETTERS], _SIZE) for row in shown), default=0.0), _NOTE)
        wide += noted if is_noted else _COUNT + _APART
        grounds: dict[int, list[str]] = {}
        parts = [_text(self.title, Point(_MARGIN, _MARGIN + 12), font_weight="bold")]
        parts += [_text(line, Point(_MARGIN, _MARGIN + 12 + _LINE * place)) for place, line in enumerate(lines, 1)]
        for place, row in enumerate(shown):
            at = Point(_MARGIN + place // high * wide, top + place % high * (_ROW + _GAP))
            parts += self._drawn(row, at, grounds, is_noted=is_noted)
        painted = [
            svg.element("path", d="".join(paths), fill=_GROUNDS[writer % len(_GROUNDS)])
            for writer, paths in sorted(grounds.items())
        ]
        whole = svg.element("g", *painted, *parts, font_family="sans-serif", font_size=_SIZE, fill=_INK)
        widest = max(width_of(line, _SIZE, bold=True) for line in (self.title, *lines))
        width = max(beside * wide, widest) + 2 * _MARGIN
        return svg.document(round(width), round(top + high * (_ROW + _GAP) + _MARGIN), whole, title=self.title)

    def picture(self) -> str:
        """Return the grid as an HTML image that also untrusted notebooks show."""
        return svg.image(self.to_svg(), alt=f"{self.title}. {'; '.join(self._legend())}.")

    def _legend(self) -> list[str]:
        return [f"{letter}: {wanted}" for letter, wanted in zip(self.letters, self.legend, strict=True)]

    def _drawn(self, row: Row, at: Point, grounds: dict[int, list[str]], *, is_noted: bool) -> list[str]:
        """Return a row's texts, and add the grounds of its cells to those of their writers."""
        x, line = at.x + _NUMBER, at.y + _ROW / 2 + 4
        parts = [_text(f"[{row.number}]", Point(x - 6, line), fill=_QUIET, text_anchor="end")]
        cell = f"h{number(_CELL)}v{number(_ROW)}h-{number(_CELL)}z"
        for writer, step in row.cells:
            grounds.setdefault(writer, []).append(f"M{number(x)} {number(at.y)}{cell}")
            parts.append(_text(self.letters[writer] + step[:1], Point(x + _CELL / 2, line), text_anchor="middle"))
            x += _CELL + _GAP
        parts.append(_text(row.mark, Point(x + 6, line), font_weight="bold", fill=_MARKS.get(row.mark, _INK)))
        said = shortened(row.note[:_LETTERS], _NOTE, _SIZE) if is_noted else f"×{row.count:,}"
        parts.append(_text(said, Point(x + _MARK, line), fill=_QUIET))
        return parts


def grouped(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return rows without their notes, those put together that have the same cells and mark, by the first of each.

    >>> grouped([Row(0, (), "✓", "fine"), Row(1, (), "✓", "fine")])
    (Row(number=0, cells=(), mark='✓', note='', count=2),)
    """
    found: dict[tuple[object, str], Row] = {}
    for row in rows:
        first = found.get((row.cells, row.mark))
        together = replace(row, note="") if first is None else replace(first, count=first.count + row.count)
        found[row.cells, row.mark] = together
    return tuple(found.values())


def _text(content: str, at: Point, **attributes: object) -> str:
    return svg.element("text", svg.escape(content), x=number(at.x), y=number(at.y), **attributes)
