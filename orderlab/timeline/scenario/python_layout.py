"""Python source as a tree of brackets, laid out as a formatter would: a line where it fits, else a part a line."""

from dataclasses import dataclass
from unicodedata import east_asian_width

WIDTH = 120
"""How long a line may be."""

_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Call:
    """Source with brackets: it is one line where that fits, and else has a part a line.

    Args:
        opening: What comes first, with the bracket: `Order(`.
        parts: The source of each part, perhaps with a name before it: `quantity=2`.
        closing: The bracket that closes it.
        lone: Whether a single part is followed by a comma, as in a tuple.
    """

    opening: str
    parts: tuple["str | Call | Named", ...]
    closing: str
    lone: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A part with something before it: a field's name, or a key."""

    label: str
    value: "Code"


Code = str | Call
"""The source of a value: a text that is never broken, or a bracket with parts."""


def flat(part: "Code | Named") -> str:
    """Return source as one line.

    >>> flat(Call("Point(", (Named("x=", "1"), Named("y=", Call("(", ("2",), ")", lone=True))), ")"))
    'Point(x=1, y=(2,))'
    """
    if isinstance(part, str):
        return part
    if isinstance(part, Named):
        return part.label + flat(part.value)
    comma = "," if part.lone and len(part.parts) == 1 else ""
    return f"{part.opening}{', '.join(map(flat, part.parts))}{comma}{part.closing}"


def laid_out(part: "Code | Named", *, indent: int = 0, before: str = "", after: str = "") -> str:
    r"""Return source in as few lines as fit into the width.

    Args:
        part: The source.
        indent: How far its last line is indented.
        before: What stands before it on its first line.
        after: What stands after it on its last line.
    """
    line = before + flat(part) + after
    if isinstance(part, Named):
        return laid_out(part.value, indent=indent, before=before + part.label, after=after)
    if isinstance(part, str) or not part.parts or indent + width_of(line) <= WIDTH:
        return line
    inner = indent + len(_INDENT)
    lines = [" " * inner + laid_out(each, indent=inner, after=",") for each in part.parts]
    return "\n".join([before + part.opening, *lines, " " * indent + part.closing + after])


def width_of(line: str) -> int:
    """Return how wide a line is, in columns of a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)
