"""What became of a table: the commands made of it, and an account of every row that was read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any

from orderlab.core.errors import OrderlabError
from orderlab.core.script import TimedCommand
from orderlab.drawing import tables


class UnreadableFile(OrderlabError):
    """A file that is not the table it was taken for; the text names the file and, if it is one, the column."""


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """An account of every row read: used, and for what, or left out, and why.

    It is checked when it is made, so a reader who drops a row without a word cannot make one.

    Args:
        rows_read: How many rows the table had.
        used: Rows by what they became part of.
        left_out: Rows by the reason for which they were not used.
        counts: Whatever else was counted, by what it is: orders, credit notes.
        notes: Sentences that whoever uses the commands should know.

    Raises:
        ValueError: The rows used and left out are not as many as were read.

    >>> Report(rows_read=3, used={"order lines": 2}, left_out={"no customer_id": 1})
    <Report 3 rows read: 2 used, 1 left out>
    >>> Report(rows_read=3, used={"order lines": 2}, left_out={})
    Traceback (most recent call last):
        ...
    ValueError: 3 rows were read, and the report accounts for 2: 2 used, 0 left out
    """

    rows_read: int
    used: Mapping[str, int]
    left_out: Mapping[str, int]
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        used, left_out = self.rows_used, self.rows_left_out
        if used + left_out != self.rows_read:
            raise ValueError(
                f"{self.rows_read} rows were read, and the report accounts for {used + left_out}: "
                f"{used} used, {left_out} left out"
            )

    @property
    def rows_used(self) -> int:
        """How many rows became part of a command."""
        return sum(self.used.values())

    @property
    def rows_left_out(self) -> int:
        """How many rows did not."""
        return sum(self.left_out.values())

    def __repr__(self) -> str:
        return f"<Report {self.rows_read} rows read: {self.rows_used} used, {self.rows_left_out} left out>"

    def __str__(self) -> str:
        counted = [f"{count:>12,} {name}" for name, count in self.counted().items()]
        return "\n".join([*counted, *self.notes])

    def _repr_html_(self) -> str:
        return tables.fields(self.counted()) + "".join(f"<p>{escape(note)}</p>" for note in self.notes)

    def counted(self) -> dict[str, int]:
        """Return every count with what it counts."""
        return {
            "rows read": self.rows_read,
            **{f"rows used: {what}": count for what, count in self.used.items()},
            **{f"rows left out: {reason}": count for reason, count in self.left_out.items()},
            **self.counts,
        }


@dataclass(frozen=True, slots=True, repr=False)
class Script:
    """Commands in the order of their times, and the account of the table that they were made of.

    Raises:
        ValueError: A command is earlier than the one before it, or has the key of another.
    """

    commands: tuple[TimedCommand, ...]
    report: Report

    def __post_init__(self) -> None:
        for before, after in pairwise(self.commands):
            if after.at < before.at:
                raise ValueError(f"command {after.key} is earlier than {before.key}, which stands before it")
        keys: set[str] = set()
        for command in self.commands:
            if command.key in keys:
                raise ValueError(f"two commands have the key {command.key}")
            keys.add(command.key)

    def __iter__(self) -> Iterator[TimedCommand]:
        return iter(self.commands)

    def __contains__(self, command: object) -> bool:
        return command in self.commands

    def __len__(self) -> int:
        return len(self.commands)

    def of_type(self, command_type: type[Any]) -> list[TimedCommand]:
        """Return the commands of one type, in the order of their times."""
        return [timed for timed in self.commands if isinstance(timed.command, command_type)]

    def __repr__(self) -> str:
        span = f" from {self.commands[0].at:%F} to {self.commands[-1].at:%F}" if self.commands else ""
        return f"<Script of {len(self.commands)} commands{span}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.report._repr_html_()}"
