"""What came of all orders in which several writers' steps can mix."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import overload

from orderlab.drawing import tables
from orderlab.drawing.schedulegrid import Row, ScheduleGrid, grouped
from orderlab.exploration.schedules.schedule import BROKEN, FINE, LOST, TOLD, Schedule
from orderlab.exploration.schedules.writer import Writer
from orderlab.timeline.unknown import counted

_MOST_ROWS = 60
"""So many orders are drawn one by one; of more, those that differ only in when a writer decides are one row."""

_LONGEST = 60

_MEANINGS = {
    FINE: "every writer knew of all that was before its own",
    TOLD: "somebody was told of a conflict",
    LOST: "an update is lost",
    BROKEN: "something fails, though no update is lost",
}


@dataclass(frozen=True, slots=True, repr=False)
class Interleavings:
    """What came of all orders in which several writers' steps can mix; as a sequence, its schedules.

    Args:
        writers: Who wrote.
        schedules: What came of each order, always in the same order.
        check_versions: Whether each append expected the version that its writer had read.
        retry: Whether a writer that was told of a conflict read and decided again.
    """

    writers: tuple[Writer, ...]
    schedules: tuple[Schedule, ...]
    check_versions: bool
    retry: bool = False

    @property
    def lost(self) -> int:
        """In how many schedules an update is lost."""
        return sum(each.lost for each in self.schedules)

    @property
    def conflicts(self) -> int:
        """In how many schedules somebody was told of a conflict."""
        return sum(bool(each.conflicts) for each in self.schedules)

    @property
    def losing(self) -> tuple[Schedule, ...]:
        """The schedules in which an update is lost."""
        return tuple(each for each in self.schedules if each.lost)

    @property
    def summary(self) -> str:
        """What came of them, in one sentence."""
        how = "with expected versions" if self.check_versions else "without expected versions"
        said = f"{self.losses} {how}"
        if not self.check_versions or len(self) == 1:
            return said
        return f"{said}; in {self.conflicts:,} somebody is told of a conflict"

    @property
    def losses(self) -> str:
        """In how many schedules of all an update is lost, in words."""
        if len(self) == 1:
            return f"the only schedule {'loses' if self.lost else 'does not lose'} an update"
        return f"{self.lost:,} of {len(self):,} schedules lose an update"

    @property
    def grid(self) -> ScheduleGrid:
        """The picture of all schedules: a row for each, or one for all that differ only where nothing depends on it."""
        is_whole = len(self) <= _MOST_ROWS
        numbers = {writer.name: number for number, writer in enumerate(self.writers)}
        rows = [_row(number, each, numbers, is_whole=is_whole) for number, each in enumerate(self.schedules)]
        steps = "r reads, d decides, a appends" if is_whole else "r reads, a appends; when it decides changes nothing"
        signs = "; ".join(f"{mark} {_MEANINGS[mark]}" for mark in _MEANINGS if any(row.mark == mark for row in rows))
        return ScheduleGrid(
            tuple(writer.letter for writer in self.writers),
            tuple(_wanted(writer) for writer in self.writers),
            tuple(rows) if is_whole else grouped(rows),
            self.summary,
            (steps, signs),
        )

    def __len__(self) -> int:
        return len(self.schedules)

    def __iter__(self) -> Iterator[Schedule]:
        return iter(self.schedules)

    @overload
    def __getitem__(self, number: int) -> Schedule: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Schedule, ...]: ...

    def __getitem__(self, number: int | slice) -> Schedule | tuple[Schedule, ...]:
        return self.schedules[number]

    def __repr__(self) -> str:
        return f"<Interleavings of {counted(len(self.writers), 'writer')}: {self.summary}>"

    def _repr_html_(self) -> str:
        return self.grid.picture() + verdicts_table(self)


def verdicts_table(found: Interleavings) -> str:
    """Return what came of the schedules as a table: how often, and where the first of each is."""
    counts = Counter((each.mark, each.verdict) for each in found)
    first: dict[tuple[str, str], int] = {}
    for number, each in enumerate(found):
        first.setdefault((each.mark, each.verdict), number)
    body = [[mark, verdict, times, f"[{first[mark, verdict]}]"] for (mark, verdict), times in counts.most_common()]
    shown = body[: tables.ROWS]
    return tables.rows(["", "what comes of it", "schedules", "the first"], shown, left_out=len(body) - len(shown))


def _row(number: int, schedule: Schedule, numbers: dict[str, int], *, is_whole: bool) -> Row:
    cells = tuple((numbers[name], step) for name, step in schedule.order if is_whole or step != "decide")
    return Row(number, cells, schedule.mark, schedule.verdict)


def _wanted(writer: Writer) -> str:
    wanted = type(writer.command).__name__
    return wanted if writer.name == writer.letter else f"{writer.name[:_LONGEST]}, {wanted}"
