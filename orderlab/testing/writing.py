"""Write values out so that they can be compared by eye: one field or element a line, or all of it in one line."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, NamedTuple

WIDTH = 160
"""How many characters of a value a sentence shows at the most."""

INDENT = "    "


class Part(NamedTuple):
    """A value inside another: under the name of its field or its key, or under none in a sequence."""

    label: str
    value: Any


class Apart(NamedTuple):
    """A value taken apart: how its text begins, its parts, and how it ends; all of it is in `opening` without parts."""

    opening: str
    parts: list[Part]
    closing: str


@dataclass(frozen=True, slots=True)
class Wording:
    """Words that stand where a value does, shown as they are: `nothing`."""

    words: str

    def __repr__(self) -> str:
        return self.words


def lines_of(part: Part, end: str = "") -> list[str]:
    r"""Write a value out, one field or element a line.

    >>> print(*lines_of(Part("", {"at": datetime(2025, 1, 1), "sizes": (1, 2), "rest": {}})), sep="\n")
    {
        'at': 2025-01-01T00:00:00,
        'rest': {},
        'sizes': (
            1,
            2,
        ),
    }
    """
    opening, parts, closing = taken_apart(part.value)
    if not parts:
        return f"{part.label}{opening}{closing}{end}".splitlines() or [""]
    inner = [f"{INDENT}{line}" for each in parts for line in lines_of(each, ",")]
    return [f"{part.label}{opening}", *inner, f"{closing}{end}"]


def brief(value: Any) -> str:
    """Return a value as one line that fits into a sentence.

    >>> brief({"at": datetime(2025, 1, 1), "sizes": (1, 2)})
    "{'at': 2025-01-01T00:00:00, 'sizes': (1, 2)}"
    """
    text = " ".join(in_line(value).split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def in_line(value: Any) -> str:
    """Return a value as one line, or as many as a part of it insists on."""
    opening, parts, closing = taken_apart(value)
    inside = ", ".join(part.label + in_line(part.value) for part in parts)
    lone = "," if opening.endswith("(") and len(parts) == 1 and not parts[0].label else ""
    return f"{opening}{inside}{lone}{closing}"


def shown(value: Any) -> str:
    """Return the `repr` of a value, or what is wrong with it; an instant as in JSON.

    >>> from datetime import UTC
    >>> shown(datetime(2025, 1, 1, tzinfo=UTC)), shown("Mug")
    ('2025-01-01T00:00:00Z', "'Mug'")
    """
    try:
        return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else repr(value)
    except Exception as error:  # noqa: BLE001 - what was to be told matters more
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def taken_apart(value: Any) -> Apart:
    """Take a value apart into what is to be compared, in an order that does not depend on chance.

    Of a dataclass these are the fields that it is compared by, whatever its own `repr` tells of them.
    """
    name = type(value).__name__
    if isinstance(value, type | Wording):
        return Apart(shown(value), [], "")
    if is_dataclass(value):
        compared = (each.name for each in fields(value) if each.compare)
        return Apart(f"{name}(", [Part(f"{field}=", getattr(value, field)) for field in compared], ")")
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        named = zip(value._fields, value, strict=True)
        return Apart(f"{name}(", [Part(f"{field}=", each) for field, each in named], ")")
    if not isinstance(value, Mapping | Set | list | tuple):
        return Apart(shown(value), [], "")
    opening, closing = "[]" if isinstance(value, list) else "()" if isinstance(value, tuple) else "{}"
    if type(value) not in (dict, list, tuple):  # else its brackets tell what it is
        opening, closing = f"{name}({opening}", f"{closing})"
    if isinstance(value, Mapping):
        parts = sorted((Part(f"{shown(key)}: ", value[key]) for key in value), key=lambda part: part.label)
    else:
        parts = [Part("", each) for each in (sorted(value, key=in_line) if isinstance(value, Set) else value)]
    return Apart(opening, parts, closing)
