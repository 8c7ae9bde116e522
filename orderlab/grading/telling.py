"""How a verdict is told: as lines of text, and as HTML that can be read in the dark, and without colours."""

import re
from collections.abc import Sequence
from typing import Any

from orderlab.drawing.svg import escape

_SIGNS = {"correct": ("✓", "#1a7f37"), "incorrect": ("✗", "#b42318"), "not attempted": ("○", "#57606a")}
"""A sign and a background for white letters, by result."""

_STEPS = 12
"""Steps of a run that are written out."""

_WIDE = 100

HERE = "_"
"""What a notebook calls that which a cell has just shown."""

_PLAY = "from orderlab import TimeTravel; TimeTravel"


class Told(str):
    """A text that shows itself as it is, lines and all, also where a prompt or a notebook shows a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return _pre(self)


def sentence(text: str) -> str:
    """Return a text as a sentence: with a capital, unless it begins with a name in code, and a full stop.

    >>> sentence("the count is wrong"), sentence("total_of gives 3"), sentence("Line 3: x = 1")
    ('The count is wrong.', 'total_of gives 3.', 'Line 3: x = 1')
    """
    head = text.split(" ", 1)[0]
    if head.isalpha() and head.islower() and head in _WORDS:
        text = text[0].upper() + text[1:]
    return text if "\n" in text or text.endswith((".", "!", "?", "…", ")", ":")) or _is_code(text) else f"{text}."


def in_code(code: str, named: str) -> str:
    """Return code as a sentence has it: between backticks where it is set, and as it is in a printed text."""
    return f"`{code}`" if named == HERE else code


def text_of(number: str, result: str, sentences: Sequence[str], trace: Any, wanted: Any, *, named: str) -> str:
    """Return all that is said to an answer, as lines of text; the run is played by what the verdict is `named`."""
    lines = [f"{number} {result}"]
    for each in sentences:
        lines += [f"  {line}" for line in each.splitlines()]
    if _says_something(trace):
        lines.append(f"  {_introduced(trace, named)}")
        lines += [f"    {line}" for line in _lines(trace)]
    if wanted is not None:
        lines += ["  And as it should be:", *(f"    {line}" for line in _lines(wanted))]
    return "\n".join(lines)


def html_of(number: str, result: str, sentences: Sequence[str], trace: Any, wanted: Any) -> str:
    """Return all that is said to an answer, as HTML; colours say nothing that words do not."""
    sign, colour = _SIGNS.get(result, ("", "#57606a"))
    badge = (
        f'<span style="background:{colour};color:#ffffff;padding:1px 8px;border-radius:3px;font-weight:600">'
        f'<span aria-hidden="true">{sign} </span>{escape(result)}</span>'
    )
    parts = [f'<p style="margin:0 0 4px 0"><b>{escape(number)}</b> {badge}</p>', *map(_paragraph, sentences)]
    if _says_something(trace):
        parts += [_paragraph(_introduced(trace, HERE)), _shown(trace)]
    if wanted is not None:
        parts += [_paragraph("And as it should be:"), _shown(wanted)]
    return f'<div style="border-left:4px solid {colour};padding:2px 0 2px 12px">{"".join(parts)}</div>'


_WORDS = frozenset(
    {"a", "after", "an", "at", "before", "in", "it", "its", "make", "not", "nothing", "running", "the", "there", "this"}
    | {"what", "when", "where", "with", "write"}
)


def _is_code(text: str) -> bool:
    return text.startswith(("In line ", "Line "))


def _says_something(trace: Any) -> bool:
    """Tell whether a run is a clue: an answer that fails at once does so on the empty run, of which nobody learns."""
    return trace is not None and not _is(trace, "is_blank")


def _is(trace: Any, name: str) -> bool:
    try:
        return getattr(trace, name, False) is True
    except Exception:  # noqa: BLE001 - what a learner's domain made may not be comparable to its own beginning
        return False


def _introduced(trace: Any, named: str) -> str:
    try:
        size = len(trace)
    except TypeError:
        return "This shows it:"
    if not size:
        return "It shows before any command:"
    run = f"The shortest run that shows it, of {size:,} step{'s' * (size > 1)}"
    if not named or not _is(trace, "is_its_log"):
        return f"{run}:"  # a log shows events, and what is wrong may be in what happens between them
    return f"{run}. To play it, run next: {in_code(f'{_PLAY}({named}.trace)', named)}"


def _lines(trace: Any) -> list[str]:
    """Return a run as lines: told by itself where it can, else step by step."""
    try:
        story = getattr(trace, "story", None)
        if callable(story):
            return [line for line in str(story()).splitlines() if line.strip()]
        steps = list(trace.steps)
        lines = [f"{number}. {_line(step)}" for number, step in enumerate(steps[:_STEPS], 1)]
        return [*lines, f"and {len(steps) - _STEPS:,} more"] if len(steps) > _STEPS else lines
    except Exception:  # noqa: BLE001 - what a learner's domain made may not know how to write itself
        return [_said_of(trace)]


def _line(step: Any) -> str:
    writer = f"{step.writer}: " if step.writer else ""
    line = f"{writer}{step.command!r} → {step.outcome}"
    return line if len(line) <= _WIDE else f"{writer}{type(step.command).__name__} → {step.outcome}"


def _said_of(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - see above
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _shown(trace: Any) -> str:
    try:
        html = trace._repr_html_()
    except Exception:  # noqa: BLE001 - a notebook shows the text instead
        html = None
    return html if isinstance(html, str) else _pre("\n".join(_lines(trace)))


def _paragraph(text: str) -> str:
    head, _, rest = text.partition("\n")
    if _is_code(head):
        head = re.sub("^([^:]+: )([^`]+)$", r"\1`\2`", head)
    return f'<p style="margin:0 0 4px 0">{_with_code(head)}</p>' + (_pre(rest) if rest else "")


def _with_code(text: str) -> str:
    """Return a text as HTML, with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _pre(text: str) -> str:
    return f'<pre style="margin:0 0 4px 0;white-space:pre-wrap">{escape(text)}</pre>'
