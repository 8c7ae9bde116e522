"""What a benchmark gives back, and the table of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table

WIDTH = 100


@dataclass(frozen=True, slots=True)
class Row:
    """Two contenders in one measure.

    Args:
        measure: What was done.
        ours: The name of our contender.
        ours_seconds: What it took, an event.
        other: The name of the contender it is held against.
        other_seconds: What that took, an event.
        is_limit: The other does the least there is to do: the ratio tells how many times its time we take. Otherwise
            it is a rival: the ratio tells how many times as fast we are.
        goal: The least ratio wanted against a rival, the greatest against a limit.
    """

    measure: str
    ours: str
    ours_seconds: float
    other: str
    other_seconds: float
    is_limit: bool
    goal: float | None

    @property
    def ratio(self) -> float:
        """How many times as fast as a rival, or how many times the limit's time."""
        if self.is_limit:
            return self.ours_seconds / self.other_seconds
        return self.other_seconds / self.ours_seconds

    @property
    def reached(self) -> bool:
        """Whether the goal was reached, if there is one."""
        if self.goal is None:
            return True
        return self.ratio <= self.goal if self.is_limit else self.ratio >= self.goal


def against_rival(
    measure: str, seconds: Mapping[str, float], ours: str, rival: str, *, goal: float | None = None
) -> Row:
    """Hold one contender against another that does the same work."""
    return Row(measure, ours, seconds[ours], rival, seconds[rival], False, goal)


def against_limit(
    measure: str, seconds: Mapping[str, float], ours: str, limit: str, *, goal: float | None = None
) -> Row:
    """Hold one contender against the least that has to be done."""
    return Row(measure, ours, seconds[ours], limit, seconds[limit], True, goal)


def table_of(rows: Iterable[Row], *, title: str) -> Table:
    """Return rows as a table, those of one measure together."""
    table = Table(title=title, caption=_CAPTION, title_justify="left", caption_justify="left", box=box.HORIZONTALS)
    table.show_lines, table.collapse_padding, table.pad_edge = True, True, False
    table.add_column("Measure", min_width=24)
    for heading, justify in _COLUMNS:
        table.add_column(heading, justify=justify, no_wrap=True)
    for measure, group in groupby(rows, key=attrgetter("measure")):
        columns = zip(*map(_cells, group), strict=True)
        table.add_row(measure, *map("\n".join, columns))
    return table


def show(rows: Iterable[Row], *, title: str) -> None:
    """Print rows as a table that fits `WIDTH` columns."""
    Console(width=WIDTH).print(table_of(rows, title=title))


_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("Ours", "left"),
    ("µs", "right"),
    ("Against", "left"),
    ("µs", "right"),
    ("Ratio", "right"),
    ("Goal", "left"),
)
_CAPTION = "µs: microseconds an event, or an answer, the median of all rounds. The ratios are what counts."


def _cells(row: Row) -> tuple[str, ...]:
    ratio = f"{row.ratio:.{1 if row.ratio >= 10 else 2}f} x as {'long' if row.is_limit else 'fast'}"
    return (row.ours, _microseconds(row.ours_seconds), row.other, _microseconds(row.other_seconds), ratio, _goal(row))


def _microseconds(seconds: float) -> str:
    microseconds = seconds * 1e6
    return f"{microseconds:,.0f}" if microseconds >= 100 else f"{microseconds:.1f}"


def _goal(row: Row) -> str:
    if row.goal is None:
        return ""
    wanted = f"{'≤' if row.is_limit else '≥'} {row.goal:g}"
    return f"[green]{wanted} met[/]" if row.reached else f"[red]{wanted} missed[/]"
