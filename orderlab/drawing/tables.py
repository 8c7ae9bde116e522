"""Small HTML tables that look the same in every notebook viewer: no style sheet, no script."""

from collections.abc import Mapping, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import datetime
from html import escape
from typing import Any

ROWS = 20
"""How many rows a representation shows at the most."""

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
            return f"{value:,}"
        return escape(str(value))
    except Exception as error:  # noqa: BLE001 - a notebook shows this instead of the user's result
        return escape(f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>")


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
