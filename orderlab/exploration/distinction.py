"""What tells two domains, or two event stores, apart: the shortest run on which they differ, or the proof of none."""

from dataclasses import dataclass
from datetime import timedelta

from orderlab.drawing import svg, tables
from orderlab.exploration.differing.fields import FieldDifference
from orderlab.exploration.differing.operations import OPERATIONS
from orderlab.exploration.differing.storeanswers import STORE_ANSWERS
from orderlab.exploration.telling.words import action_in_words
from orderlab.exploration.trace import Trace
from orderlab.exploration.tracestep import TraceStep

_COMMAND = 90
_OUTCOME = 60
_LONG = timedelta(days=1)
_LEFT = 'style="text-align:left;vertical-align:top;width:50%"'
_WIDE = 'style="width:100%;table-layout:fixed"'
_FITTING = '<img style="max-width:100%" '


@dataclass(frozen=True, slots=True, repr=False)
class Distinction:
    """The shortest run on which two things differ, with what each makes of it; or how far they are the same.

    Args:
        trace: What the first does; None if they do not differ.
        other: What the second does with the same commands.
        what: One sentence that names what differs first; empty if nothing does.
        bound: One sentence on how far they were compared.
        exhaustive: Whether all that can be reached was compared: then they are proven to be the same.
        states: How many states were compared.
        compared: How many answers were compared.
        depth: How many commands the longest of the runs had.
        labels: What the two are called.
        field: The field that differs, where it is one.
    """

    trace: Trace | None
    other: Trace | None
    what: str
    bound: str
    exhaustive: bool
    states: int
    compared: int
    depth: int
    labels: tuple[str, str] = ("the first", "the second")
    field: FieldDifference | None = None

    @property
    def differs(self) -> bool:
        """Whether they differ."""
        return self.trace is not None

    @property
    def step(self) -> int:
        """The number of the command on which they differ, from 1: always the last one; 0 if they do not."""
        return 0 if self.trace is None else len(self.trace)

    @property
    def sentence(self) -> str:
        """All of it in one sentence: where they differ and in what, or how far they do not."""
        if self.trace is None:
            return f"no difference: {self.bound}"
        command = type(self.trace.commands[-1]).__name__
        return f"they differ in step {self.step}, {command}: {self.what}"

    def __repr__(self) -> str:
        return f"<Distinction: {self.sentence}>"

    @property
    def command(self) -> str:
        """The command on which they differ, in full; empty if they do not differ."""
        return "" if self.trace is None else repr(self.trace.commands[-1])

    def __str__(self) -> str:
        if self.trace is None:
            return self.sentence
        table = [("", "command", *self.labels), *self._rows()]
        widths = [max(len(row[column]) for row in table) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table]
        return "\n".join([self.sentence, "", *(line.rstrip() for line in lines), "", f"> {self.command}"])

    def _repr_html_(self) -> str:
        said = f"<p>{tables.cell(self.sentence)}</p>"
        if self.trace is None:
            return said
        table = tables.rows(["", "command", *self.labels], self._rows())
        return f"{said}{table}<p><code>{tables.cell(self.command)}</code></p>{self._pictures()}"

    def _pictures(self) -> str:
        """Return both runs as diagrams, side by side; of event stores the table says as much."""
        if self.trace is None or self.other is None or isinstance(self.trace.commands[-1], OPERATIONS):
            return ""
        names, pictures = "", ""
        for label, run in zip(self.labels, (self.trace, self.other), strict=True):
            picture = svg.image(run.to_svg(), alt=f"A sequence diagram: what {label} does")
            names += f"<th {_LEFT}>{tables.cell(label)}</th>"
            pictures += f"<td {_LEFT}>{picture.replace('<img ', _FITTING, 1)}</td>"
        return f"<table {_WIDE}><thead><tr>{names}</tr></thead><tbody><tr>{pictures}</tr></tbody></table>"

    def _rows(self) -> list[tuple[str, str, str, str]]:
        assert self.trace is not None
        assert self.other is not None
        steps = self.trace.steps
        rows = [
            (
                f"{'>' if number == self.step else ' '} {number}",
                command_text(one, steps[number - 2] if number > 1 else None),
                outcome_text(one),
                outcome_text(other),
            )
            for number, (one, other) in enumerate(zip(steps, self.other.steps, strict=True), start=1)
        ]
        if self.field is not None:
            rows.append(("", f"  {self.field.field}", *self.field.shown()))
        return rows


def outcome_text(step: TraceStep) -> str:
    """Return what came of a step in a few words; of a look at an event store what was seen."""
    answer = step.rejection or next(iter(step.events), None)
    return _cut(str(answer) if isinstance(answer, STORE_ANSWERS) else step.outcome, _OUTCOME)


def command_text(step: TraceStep, before: TraceStep | None = None) -> str:
    """Return a command on one line; with its time where that is long after the one before it."""
    if isinstance(step.command, OPERATIONS):
        return _cut(str(step.command), _COMMAND)
    late = before is not None and step.at - before.at >= _LONG
    return _cut(action_in_words(step.command, step.key), _COMMAND) + (f" ({step.at:%Y-%m-%d})" if late else "")


def _cut(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else f"{text[: width - 1]}…"
