"""An entity as named fields: what a table shows, a search reads and a difference compares, for values of any kind.

A field's name is the path to it, as Python would write it: `status.tracking_number`, `items[0].quantity`.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Any, Final

from orderlab.drawing.tables import text_of

DEPTH = 8
"""How many values inside one another are opened; what is deeper stays one value."""

WIDTH = 80
"""How many characters of a value are shown at the most."""

_NESTED = 3
"""How many values inside one another are shown."""


class Absent(Enum):
    """The kind of `ABSENT`."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT
"""Stands for the value of a field that an entity does not have, which is another thing than None."""


def fields_of(entity: Any, *, deep: bool = False) -> dict[str, Any]:
    """Return an entity as a flat mapping of field names to values; never raises.

    A dataclass or NamedTuple inside another gives its name (its `name` where it has one, else that of its class)
    and its own fields. Only the fields that a dataclass is compared by count. None, no entity, has no fields; a value
    that has none gives `{"value": it}`.

    Args:
        entity: Any value.
        deep: Open the sequences and mappings in it too, element by element, instead of giving each as one value.

    >>> from orderlab.orders.model import OrderItem
    >>> fields_of(OrderItem("p-1", "Mug", 2, 250))
    {'product_id': 'p-1', 'name': 'Mug', 'quantity': 2, 'unit_price_cents': 250}
    >>> fields_of({"size": (1, 2)}), fields_of({"size": (1, 2)}, deep=True), fields_of(5)
    ({'size': (1, 2)}, {'size[0]': 1, 'size[1]': 2}, {'value': 5})
    """
    if entity is None:
        return {}
    parts = own_fields(entity)
    if parts is None:
        parts = _keys(entity) if isinstance(entity, Mapping) else _elements(entity) if deep else None
    if parts is None:
        return {"value": entity}
    return {name: value for part, inner in parts.items() for name, value in _opened(part, inner, deep, (entity,))}


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal; values that cannot say so are the same if they look the same.

    >>> nan = float("nan")
    >>> same(nan, nan), same(1, 2)
    (True, False)
    """
    if one is other:  # as Python's own containers compare, so that a value is never different from itself
        return True
    if one is ABSENT or other is ABSENT:
        return False
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - an array, say, answers with an array; what is told of it still has to be right
        return shown(one) == shown(other)


def shown(value: Any) -> str:
    """Return a value as short text in one line; never raises.

    >>> from datetime import UTC
    >>> shown(datetime(2025, 1, 1, 0, 7, 31, 579, tzinfo=UTC)), shown(1234567), shown(None), shown(ABSENT)
    ('2025-01-01 00:07:31', '1,234,567', 'none', '—')
    >>> from orderlab.orders.model import OrderItem
    >>> shown((OrderItem("p-1", "Mug", 2, 250),) * 3), shown(["a", 1]), shown({"size": 2}), shown(())
    ('3 × OrderItem', '[a, 1]', '{size: 2}', 'empty')
    """
    try:
        text = " ".join(_text(value, _NESTED).split()) or "''"
    except Exception as error:  # noqa: BLE001 - what is wrong with one value must not hide all the others
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def name_of(value: Any) -> str:
    """Return what a value inside another is called: its `name` where its kind has one, else that of its class."""
    if "name" not in (own_fields(value) or {}):  # else it tells one from another of the same kind
        try:
            name = value.name
        except Exception:  # noqa: BLE001 - the class always has a name
            return type(value).__name__
        if isinstance(name, str):
            return name
    return type(value).__name__


def _opened(name: str, value: Any, deep: bool, around: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """Give the fields of a value that is inside others, under its name and with it."""
    if len(around) > DEPTH or any(value is outer for outer in around):
        yield name, value
        return
    parts = own_fields(value)
    if parts is not None:
        yield name, name_of(value)
        parts = {f".{part}": inner for part, inner in parts.items()}
    elif deep:
        parts = _elements(value)
    if parts is None:
        yield name, value
        return
    for part, inner in parts.items():
        yield from _opened(name + part, inner, deep, (*around, value))


def own_fields(value: Any) -> dict[str, Any] | None:
    """Return the compared fields of a dataclass or NamedTuple by name, or None for anything else."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _attribute(value, each.name) for each in fields(value) if each.compare}
    names = getattr(type(value), "_fields", None)
    if isinstance(value, tuple) and isinstance(names, tuple):
        return dict(zip(names, value, strict=False))
    return None


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name)
    except Exception:  # noqa: BLE001 - a slot that was never set is a field without a value
        return ABSENT


def _elements(value: Any) -> dict[str, Any] | None:
    """Return what a sequence or mapping holds by index or key; None for anything else, and for an empty one."""
    try:
        if isinstance(value, Mapping):
            return {f"[{key!r}]": value[key] for key in value} or None
        if isinstance(value, list | tuple):
            return {f"[{index}]": inner for index, inner in enumerate(value)} or None
    except Exception:  # noqa: BLE001 - it stays one value then
        return None
    return None


def _keys(mapping: Mapping[Any, Any]) -> dict[str, Any] | None:
    """Return what a mapping holds by its keys; a key that might be taken for a path is written as one."""
    try:
        plain = [isinstance(key, str) and key.isidentifier() for key in mapping]
        return {key if bare else f"[{key!r}]": mapping[key] for key, bare in zip(mapping, plain, strict=True)}
    except Exception:  # noqa: BLE001 - it stays one value then
        return None


def _text(value: Any, depth: int) -> str:
    match value:
        case None:
            text = "none"
        case Absent():
            text = "—"
        case str():
            text = str(value).lstrip()[: 2 * WIDTH] or repr(value[:WIDTH])  # a blank text must not look like none
        case datetime():
            text = value.isoformat(" ", "seconds")[:19]
        case Enum():
            text = value.name
        case int() if not isinstance(value, bool):
            text = f"{value:,}"
        case Mapping() | Set() | list() | tuple() if own_fields(value) is None:
            text = _collection(value, depth) if depth else "…"
        case _:
            text = text_of(value)
    return text


def _collection(value: Mapping[Any, Any] | Set[Any] | Sequence[Any], depth: int) -> str:
    if not value:
        return "empty"
    kinds = {type(inner) for inner in value}
    if len(kinds) == 1 and not isinstance(value, Mapping) and own_fields(next(iter(value))) is not None:
        return f"{len(value):,} × {kinds.pop().__name__}"
    if isinstance(value, Set):  # has no order of its own, and what is shown must be the same at every run
        return f"{{{', '.join(sorted(_text(inner, depth - 1) for inner in value))}}}"
    first = islice(value, WIDTH)  # the rest would be cut off anyway
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key, depth - 1)}: {_text(value[key], depth - 1)}' for key in first)}}}"
    return f"[{', '.join(_text(inner, depth - 1) for inner in first)}]"
