"""Values as Python source, with the imports that they need."""

from collections.abc import Callable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from keyword import iskeyword
from math import isfinite
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from orderlab.timeline.scenario.python_imports import Imports, NoPythonSource
from orderlab.timeline.scenario.python_layout import Call, Code, Named, flat

_DEEPEST = 50
_LARGEST = 10**600
_PLAIN = (type(None), bool, int, float, complex, str, bytes)


def code_of(value: Any, imports: Imports, *, depth: int = 0) -> Code:
    """Return the source of a value, and note what it needs imported.

    Dataclasses, named tuples, enumerations and collections of each other are written, and the values of the standard
    library that events are made of: texts, numbers, times, ids.

    Raises:
        NoPythonSource: It is, or holds, something else.

    >>> from orderlab.orders.model import OrderItem
    >>> imports = Imports()
    >>> print(flat(code_of((OrderItem("p-1", "Mug", 2, 250),), imports)), *imports.lines(), sep="; ")
    (OrderItem(product_id="p-1", name="Mug", quantity=2, unit_price_cents=250),); from orderlab import OrderItem
    """
    if depth > _DEEPEST:
        raise NoPythonSource(f"a value that is nested more than {_DEEPEST} deep is not written as source")

    def inside(each: Any) -> Code:
        return code_of(each, imports, depth=depth + 1)

    kind = type(value)
    plain = _plain(value) if kind in _PLAIN else _standard(value, imports)
    if plain is not None:
        return plain
    if is_dataclass(value) and not isinstance(value, type):
        made = [each for each in fields(value) if each.init]
        parts = tuple(Named(f"{each.name}=", inside(getattr(value, each.name))) for each in made)
        return Call(f"{imports.name_of(kind)}(", parts, ")")
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        pairs = zip(kind._fields, value, strict=True)
        return Call(f"{imports.name_of(kind)}(", tuple(Named(f"{name}=", inside(each)) for name, each in pairs), ")")
    bare = _collection(value, inside)
    if bare is None:
        raise NoPythonSource(f"a value of type {kind.__name__} cannot be written as Python source")
    if kind in (list, tuple, dict) or (kind is set and value):
        return bare
    if kind in (set, frozenset) and not value:
        return f"{kind.__name__}()"
    named = imports.name_for("types", "MappingProxyType") if kind is MappingProxyType else imports.name_of(kind)
    return Call(f"{named}(", (bare,), ")")


def text_literal(text: str) -> str:
    r"""Return a text as a formatter writes it: in double quotes, unless that needs more backslashes.

    >>> print(text_literal("it's"), text_literal('a "b"'), text_literal("a\n"))
    "it's" 'a "b"' "a\n"
    """
    return _double_quoted(repr(text), text.count('"') > text.count("'"))


def _double_quoted(literal: str, more_double: bool) -> str:
    """Return what `repr` makes of a text or bytes, in the quotes that a formatter prefers."""
    start = literal.index(literal[-1])
    if literal[-1] == '"' or more_double:
        return literal
    body = literal[start + 1 : -1].replace("\\'", "'").replace('"', '\\"')
    return f'{literal[:start]}"{body}"'


def _plain(value: Any) -> str:
    """Return the source of a value that needs no import."""
    if isinstance(value, int) and abs(value) > _LARGEST:  # Python does not write longer numbers in decimal
        return f"{'-' * (value < 0)}0x{abs(value):X}"
    literal = repr(value)
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, bytes):
        return _double_quoted(literal, value.count(b'"') > value.count(b"'"))
    if isinstance(value, float | complex):
        return _number(value)
    return literal


def _number(value: float | complex) -> str:
    if value != value:  # noqa: PLR0124 - the point
        raise _not_itself(value)
    if isinstance(value, float):
        return repr(value) if isfinite(value) else f'float("{value}")'
    whole = isfinite(value.real) and isfinite(value.imag)
    return repr(value) if whole else f"complex({_number(value.real)}, {_number(value.imag)})"


def _not_itself(value: Any) -> NoPythonSource:
    return NoPythonSource(f"{value} is not equal to itself, so that no test can state it")


def _standard(value: Any, imports: Imports) -> Code | None:
    """Return the source of a type, of a member of an enumeration, of a value of the standard library; else None."""
    if isinstance(value, type):
        return imports.name_of(value)
    if isinstance(value, Enum):
        return _enum(value, imports)
    writer = _WRITERS.get(type(value))
    return None if writer is None else writer(value, imports)


def _enum(value: Enum, imports: Imports) -> Code:
    name = imports.name_of(type(value))
    if value.name in type(value).__members__:
        is_attribute = value.name.isidentifier() and not iskeyword(value.name)
        return f"{name}.{value.name}" if is_attribute else f"{name}[{text_literal(value.name)}]"
    return Call(f"{name}(", (code_of(value.value, imports),), ")")  # a flag of several


def _instant(value: datetime, imports: Imports) -> Code:
    parts: list[Code | Named] = [*map(str, value.timetuple()[:5])]
    if value.second or value.microsecond:
        parts.append(str(value.second))
    if value.microsecond:
        parts.append(str(value.microsecond))
    return Call(f"{imports.name_for('datetime', 'datetime')}(", (*parts, *_zone(value, imports)), ")")


def _time(value: time, imports: Imports) -> Code:
    parts = tuple(map(str, (value.hour, value.minute, value.second, value.microsecond)))
    return Call(f"{imports.name_for('datetime', 'time')}(", (*parts, *_zone(value, imports)), ")")


def _zone(value: datetime | time, imports: Imports) -> tuple[Named, ...]:
    zone = () if value.tzinfo is None else (Named("tzinfo=", code_of(value.tzinfo, imports)),)
    return (*zone, *((Named("fold=", "1"),) if value.fold else ()))


def _date(value: date, imports: Imports) -> Code:
    return f"{imports.name_for('datetime', 'date')}({value.year}, {value.month}, {value.day})"


def _span(value: timedelta, imports: Imports) -> Code:
    parts = [f"{name}={getattr(value, name)}" for name in ("days", "seconds", "microseconds") if getattr(value, name)]
    return f"{imports.name_for('datetime', 'timedelta')}({', '.join(parts)})"


def _timezone(value: timezone, imports: Imports) -> Code:
    if value is UTC:
        return imports.name_for("datetime", "UTC")
    offset = value.utcoffset(None)
    named = () if value == timezone(offset) and str(value) == str(timezone(offset)) else (text_literal(str(value)),)
    return Call(f"{imports.name_for('datetime', 'timezone')}(", (_span(offset, imports), *named), ")")


def _quoted(module: str, name: str) -> "Callable[[Any, Imports], Code]":
    return lambda value, imports: f"{imports.name_for(module, name)}({text_literal(str(value))})"


def _decimal(value: Decimal, imports: Imports) -> Code:
    if value.is_nan():
        raise _not_itself(value)
    return _quoted("decimal", "Decimal")(value, imports)


def _fraction(value: Fraction, imports: Imports) -> Code:
    parts = (_plain(value.numerator), _plain(value.denominator))
    return Call(f"{imports.name_for('fractions', 'Fraction')}(", parts, ")")


def _zone_info(value: ZoneInfo, imports: Imports) -> Code:
    if value.key is None:
        raise NoPythonSource("a ZoneInfo without a key cannot be written as Python source")
    return _quoted("zoneinfo", "ZoneInfo")(value.key, imports)


_WRITERS: Mapping[type, Callable[[Any, Imports], Code]] = {
    datetime: _instant,
    date: _date,
    time: _time,
    timedelta: _span,
    timezone: _timezone,
    ZoneInfo: _zone_info,
    UUID: _quoted("uuid", "UUID"),
    Decimal: _decimal,
    Fraction: _fraction,
}


def _collection(value: Any, inside: Callable[[Any], Code]) -> Call | None:
    if isinstance(value, Mapping):
        pairs = [(inside(key), inside(each)) for key, each in value.items()]
        return Call("{", tuple(Named(f"{flat(key)}: ", each) for key, each in pairs), "}")
    if isinstance(value, Set):  # in an order that is the same at every run
        return Call("{", tuple(sorted((inside(each) for each in value), key=flat)), "}")
    if isinstance(value, list):
        return Call("[", tuple(map(inside, value)), "]")
    if isinstance(value, tuple):
        return Call("(", tuple(map(inside, value)), ")", lone=True)
    return None
