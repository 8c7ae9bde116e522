"""Small HTML tables that look the same in every notebook viewer: no style sheet, no script."""

from collections.abc import Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import datetime
from typing import Any

from orderlab.drawing.svg import escape

ROWS = 20
"""How many rows a representation shows at the most."""

_DEPTH = 12
"""So many values inside one another are written out."""

_CELL = 'style="text-align:left;padding:2px 12px 2px 0"'


class AsTable:
    """Show a value in a notebook as a table: of its fields if it is a dataclass, else of its text alone."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return fields(_shown(self))


def cell(value: Any) -> str:
    """Return `value` as escaped text, whatever it is; a value that cannot be printed says so.

    >>> cell("<b>"), cell(None), cell(1234567)
    ('&lt;b&gt;', '', '1,234,567')
    """
    if value is None:
        return ""
    try:
        if isinstance(value, datetime):
            return escape(value.strftime("%Y-%m-%d %H:%M:%S"))
        if isinstance(value, int) and not isinstance(value, bool):
            return escape(f"{value:,}")  # a kind of number of somebody's own may be written as anything
        return escape(text_of(value))
    except Exception as error:  # noqa: BLE001 - a notebook shows this instead of the user's result
        return escape(f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>")


def text_of(value: Any) -> str:
    """Return `str(value)`, with what is in a set in an order of its own: that of Python is another at every start.

    >>> text_of({"pear", "fig"}), text_of([frozenset()])
    ("{'fig', 'pear'}", '[frozenset()]')
    """
    plain = str(value)
    return plain if isinstance(value, str) or "{" not in plain else _ordered(value, _DEPTH)


def _ordered(value: Any, depth: int) -> str:
    """Return `repr(value)` with sets in order, for the kinds of which it is known how they are written."""
    kind = type(value)
    if not depth:
        return "…"
    if kind in (set, frozenset) and value:
        inside = f"{{{', '.join(sorted(_ordered(each, depth - 1) for each in value))}}}"
        return inside if kind is set else f"frozenset({inside})"
    if kind in (list, tuple):
        inside = ", ".join(_ordered(each, depth - 1) for each in value)
        return f"[{inside}]" if kind is list else f"({inside}{',' * (len(value) == 1)})"
    if kind is dict:
        pairs = (f"{_ordered(key, depth - 1)}: {_ordered(each, depth - 1)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if _is_record(value) and "__create_fn__" in getattr(
        getattr(kind.__repr__, "__wrapped__", None), "__qualname__", ""
    ):
        parts = (
            f"{each.name}={_ordered(getattr(value, each.name), depth - 1)}"
            for each in dataclass_fields(value)
            if each.repr
        )
        return f"{kind.__qualname__}({', '.join(parts)})"
    return repr(value)


def fields(values: Mapping[str, Any]) -> str:
    """Return a table of two columns, a name and its value."""
    body = "".join(
        f"<tr><th {_CELL}>{cell(name)}</th><td {_CELL}>{_inside(value)}</td></tr>" for name, value in values.items()
    )
    return f"<table><tbody>{body}</tbody></table>"


def rows(header: Sequence[str], body: Sequence[Sequence[Any]], *, left_out: int = 0) -> str:
    """Return a table with a header; `left_out` says under it how many rows are not shown."""
    head = "".join(f'<th scope="col" {_CELL}>{cell(name)}</th>' for name in header)
    lines = "".join("<tr>" + "".join(f"<td {_CELL}>{cell(value)}</td>" for value in each) + "</tr>" for each in body)
    note = f"<p>and {cell(left_out)} more</p>" if left_out else ""
    empty = "" if body else f'<tr><td {_CELL} colspan="{len(header)}">none</td></tr>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}{empty}</tbody></table>{note}"


def _shown(value: Any) -> dict[str, Any]:
    if not _is_record(value):
        return {type(value).__name__: value}
    return {type(value).__name__: None, **{each.name: getattr(value, each.name) for each in dataclass_fields(value)}}


def _inside(value: Any) -> str:
    """Return what a cell holds: a table again for several values of one kind."""
    if not isinstance(value, tuple | list) or not value or not all(map(_is_record, value)):
        return cell(value)
    kinds = {type(each) for each in value}
    if len(kinds) > 1:
        return "<br>".join(map(cell, value[:ROWS]))
    names = [each.name for each in dataclass_fields(value[0])]
    body = [[getattr(each, name) for name in names] for each in value[:ROWS]]
    return rows(names, body, left_out=len(value) - len(body))


def _is_record(value: Any) -> bool:
    return is_dataclass(value) and not isinstance(value, type)
