"""What a benchmark of the running server gives back, and the table of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from statistics import median
from typing import Literal, Self

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.table import WIDTH

Figure = Literal["rate", "p50", "p99", "memory"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one contender.

    Args:
        p50: The seconds within which half of what was asked for was done.
        p99: The same for all but a hundredth.
        rate: What was done a second.
        memory: The most memory that the server had, in bytes.
    """

    p50: float
    p99: float
    rate: float | None = None
    memory: float | None = None

    @classmethod
    def of_seconds(cls, seconds: Sequence[float], *, rate: float | None = None, memory: float | None = None) -> Self:
        """Return the figures of many single times."""
        ordered = sorted(seconds)
        return cls(median(ordered), ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], rate, memory)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure as so many times that of another contender, in each round.

    The two were measured one after the other there, so what else the machine did met both: how far the rounds differ
    tells how much that was, and what a ratio is worth. A goal is the least ratio wanted of a rate, and the greatest of
    anything else.
    """

    figure: Figure
    ratios: tuple[float, ...]
    goal: float | None = None

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return median(self.ratios)

    @property
    def reached(self) -> bool:
        """Whether the goal was reached, if there is one."""
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.figure == "rate" else self.ratio <= self.goal


@dataclass(frozen=True, slots=True)
class Line:
    """One contender in one measure; `comparisons` hold it against the bare one, `told` is what no figure says."""

    measure: str
    contender: str
    figures: Figures
    comparisons: tuple[Comparison, ...] = ()
    told: str = ""


def compared(
    figure: Figure, ours: Sequence[Figures], other: Sequence[Figures], *, goal: float | None = None
) -> Comparison:
    """Hold one figure of ours against the same of another contender, round by round."""
    value = attrgetter(figure)
    return Comparison(figure, tuple(value(our) / value(its) for our, its in zip(ours, other, strict=True)), goal)


def median_figures(rounds: Sequence[Figures]) -> Figures:
    """Return the median of each figure over some rounds; of memory, the most."""
    rates = [each.rate for each in rounds if each.rate is not None]
    return Figures(
        median(each.p50 for each in rounds),
        median(each.p99 for each in rounds),
        median(rates) if rates else None,
        max((each.memory for each in rounds if each.memory is not None), default=None),
    )


def live_table(lines: Sequence[Line], *, title: str) -> Table:
    """Return lines as a table, those of one measure together."""
    told = "".join(f"\n{line.contender}: {line.told}" for line in lines if line.told)
    table = Table(title=title, caption=_CAPTION + told, box=box.HORIZONTALS)
    table.title_justify = table.caption_justify = "left"
    table.show_lines, table.collapse_padding, table.pad_edge = True, True, False
    table.add_column("Measure", min_width=18)
    groups = [(measure, _columns(group)) for measure, group in groupby(lines, key=attrgetter("measure"))]
    filled = [index for index in range(len(_COLUMNS)) if any(columns[index].strip() for _, columns in groups)]
    for index in filled:
        heading, justify = _COLUMNS[index]
        table.add_column(heading, justify=justify, no_wrap=True)
    for measure, columns in groups:
        table.add_row(measure, *(columns[index] for index in filled))
    return table


def show_live(lines: Iterable[Line], *, title: str) -> None:
    """Print lines as a table that fits `WIDTH` columns."""
    Console(width=WIDTH).print(live_table(list(lines), title=title))


_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("Contender", "left"),
    ("a second", "right"),
    ("p50 ms", "right"),
    ("p99 ms", "right"),
    ("MB", "right"),
    ("Ratio", "right"),
    ("Goal", "left"),
)
_CAPTION = (
    "Medians of all rounds. The ratios, to the bare or undisturbed contender of the same round, are what counts; "
    "± is how far the farthest round was from the median one."
)


def _columns(group: Iterable[Line]) -> list[str]:
    """Return the texts of a measure's columns."""
    rows = [row for line in group for row in _rows(line)]
    return ["\n".join(column) for column in zip(*rows, strict=True)]


def _rows(line: Line) -> list[tuple[str, ...]]:
    """Return the cells of a line, and of one more line for each further comparison."""
    figures = line.figures
    shown = (
        line.contender,
        "" if figures.rate is None else f"{figures.rate:,.0f}",
        _milliseconds(figures.p50),
        _milliseconds(figures.p99),
        "" if figures.memory is None else f"{figures.memory / 1e6:,.0f}",
    )
    compared_with = [(_ratio(each), _goal(each)) for each in line.comparisons] or [("", "")]
    blank = ("",) * len(shown)
    return [(*(blank if index else shown), *each) for index, each in enumerate(compared_with)]


def _milliseconds(seconds: float) -> str:
    milliseconds = seconds * 1e3
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.2f}"


def _ratio(comparison: Comparison) -> str:
    if len(comparison.ratios) == 1:
        return f"{comparison.ratio:.2f} x {comparison.figure}"
    farthest = max(abs(ratio - comparison.ratio) for ratio in comparison.ratios)
    return f"{comparison.ratio:.2f} ±{farthest:.2f} x {comparison.figure}"


def _goal(comparison: Comparison) -> str:
    if comparison.goal is None:
        return ""
    wanted = f"{'≥' if comparison.figure == 'rate' else '≤'} {comparison.goal:g}"
    return f"[green]{wanted} met[/]" if comparison.reached else f"[red]{wanted} missed[/]"
